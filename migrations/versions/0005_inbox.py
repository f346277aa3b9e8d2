"""Sealed files, and the arrivals they came as."""

from migrations.security import practice_table, run

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run(
        """
        CREATE TABLE blob (
          tenant_id uuid NOT NULL REFERENCES practice,
          id uuid NOT NULL,
          bytes bigint NOT NULL CHECK (bytes >= 0),
          chunks integer NOT NULL CHECK (chunks >= 0),
          sealed_key bytea NOT NULL,
          key_ver integer NOT NULL,
          created_at timestamptz NOT NULL,
          PRIMARY KEY (tenant_id, id)
        )""",
        # Chunks arrive before the length is known, so a chunk names its blob only when both commit.
        """
        CREATE TABLE blob_chunk (
          tenant_id uuid NOT NULL,
          blob_id uuid NOT NULL,
          n integer NOT NULL,
          sealed bytea NOT NULL,
          PRIMARY KEY (tenant_id, blob_id, n),
          FOREIGN KEY (tenant_id, blob_id) REFERENCES blob DEFERRABLE INITIALLY DEFERRED
        )""",
        # Ciphertext does not compress: keep it out of line and leave it alone.
        "ALTER TABLE blob_chunk ALTER COLUMN sealed SET STORAGE EXTERNAL",
        """
        CREATE TABLE arrival (
          tenant_id uuid NOT NULL REFERENCES practice,
          id uuid NOT NULL,
          source text NOT NULL,
          external_id text NOT NULL,
          kind text NOT NULL DEFAULT 'unknown',
          state text NOT NULL DEFAULT 'received'
            CHECK (state IN ('received', 'handled', 'held', 'unreadable')),
          blob_id uuid NOT NULL,
          bytes bigint NOT NULL,
          received_at timestamptz NOT NULL,
          received_by_kind text NOT NULL,
          received_by uuid NOT NULL,
          handled_at timestamptz,
          errors integer NOT NULL DEFAULT 0,
          warnings integer NOT NULL DEFAULT 0,
          phi_demo bytea,
          key_ver integer NOT NULL,
          PRIMARY KEY (tenant_id, id),
          UNIQUE (tenant_id, source, external_id),
          FOREIGN KEY (tenant_id, blob_id) REFERENCES blob
        )""",
        "CREATE INDEX arrival_open_idx ON arrival (tenant_id, received_at) WHERE state = 'received'",
        """
        CREATE TABLE arrival_finding (
          tenant_id uuid NOT NULL,
          arrival_id uuid NOT NULL,
          n integer NOT NULL,
          severity text NOT NULL CHECK (severity IN ('error', 'warning')),
          level text NOT NULL,
          code text NOT NULL,
          message text NOT NULL,
          interchange integer NOT NULL,
          functional_group integer NOT NULL,
          transaction integer NOT NULL,
          segment_position integer NOT NULL,
          loop text NOT NULL,
          segment text NOT NULL,
          element smallint NOT NULL,
          component smallint NOT NULL,
          element_reference text NOT NULL,
          value text NOT NULL,
          PRIMARY KEY (tenant_id, arrival_id, n),
          FOREIGN KEY (tenant_id, arrival_id) REFERENCES arrival
        )""",
    )
    practice_table("blob")
    practice_table("blob_chunk")
    practice_table("arrival", updates=["kind", "state", "handled_at", "errors", "warnings"])
    practice_table("arrival_finding")
