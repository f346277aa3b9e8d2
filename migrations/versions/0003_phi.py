"""A practice's wrapped keys, and the posting table of its blind indexes."""

from migrations.security import practice_table, run

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run(
        """
        CREATE TABLE tenant_key (
          tenant_id uuid NOT NULL REFERENCES practice,
          purpose text NOT NULL CHECK (purpose IN ('dek', 'dekr', 'bik')),
          version integer NOT NULL CHECK (version > 0),
          wrapped bytea NOT NULL,
          kek_name text NOT NULL,
          state text NOT NULL CHECK (state IN ('pending', 'primary', 'decrypt_only', 'destroyed')),
          messages bigint NOT NULL DEFAULT 0,
          created_at timestamptz NOT NULL,
          PRIMARY KEY (tenant_id, purpose, version)
        )""",
        "CREATE UNIQUE INDEX tenant_key_primary_key ON tenant_key (tenant_id, purpose)"
        " WHERE state = 'primary'",
        """
        CREATE TABLE blind_index (
          tenant_id uuid NOT NULL REFERENCES practice,
          field smallint NOT NULL,
          version smallint NOT NULL,
          token bytea NOT NULL,
          row_id uuid NOT NULL,
          PRIMARY KEY (tenant_id, field, version, token, row_id)
        )""",
        "CREATE INDEX blind_index_row_idx ON blind_index (tenant_id, row_id)",
    )
    practice_table("tenant_key", updates=["wrapped", "state", "messages"])
    # A value that changed leaves its old token behind: the pair may be deleted, nothing else.
    practice_table("blind_index", app="SELECT, INSERT, DELETE")
