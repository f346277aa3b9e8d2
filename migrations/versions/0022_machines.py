"""Machines of a practice: clients, their secrets, access tokens, and assertions that were used."""

from migrations.security import PLATFORM, practice_table, run

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run(
        # Scopes are words of the permissions table and networks are CIDR blocks, each list in one
        # text: nothing asks by them. `public_keys` is a JWK set, given by value.
        """
        CREATE TABLE client (
          tenant_id uuid NOT NULL REFERENCES practice,
          id uuid NOT NULL UNIQUE,
          name text NOT NULL CHECK (name <> ''),
          scopes text NOT NULL CHECK (scopes <> ''),
          networks text NOT NULL,
          public_keys jsonb NOT NULL,
          created_by uuid NOT NULL,
          created_at timestamptz NOT NULL,
          updated_at timestamptz NOT NULL,
          expires_at timestamptz NOT NULL CHECK (expires_at <= created_at + interval '366 days'),
          revoked_at timestamptz,
          PRIMARY KEY (tenant_id, id)
        )""",
        """
        CREATE TABLE client_secret (
          tenant_id uuid NOT NULL,
          id uuid NOT NULL,
          client_id uuid NOT NULL,
          secret_hash bytea NOT NULL UNIQUE CHECK (length(secret_hash) = 32),
          created_by uuid NOT NULL,
          created_at timestamptz NOT NULL,
          expires_at timestamptz NOT NULL,
          ended_at timestamptz,
          PRIMARY KEY (tenant_id, id),
          FOREIGN KEY (tenant_id, client_id) REFERENCES client (tenant_id, id)
        )""",
        "CREATE INDEX client_secret_client_idx ON client_secret (client_id) WHERE ended_at IS NULL",
        # `secret_id`: by which it was asked for; without one, by an assertion under a key.
        """
        CREATE TABLE client_token (
          tenant_id uuid NOT NULL,
          id uuid NOT NULL,
          client_id uuid NOT NULL,
          secret_id uuid,
          token_hash bytea NOT NULL UNIQUE CHECK (length(token_hash) = 32),
          scopes text NOT NULL CHECK (scopes <> ''),
          created_at timestamptz NOT NULL,
          expires_at timestamptz NOT NULL,
          revoked_at timestamptz,
          PRIMARY KEY (tenant_id, id),
          FOREIGN KEY (tenant_id, client_id) REFERENCES client (tenant_id, id)
        )""",
        "CREATE INDEX client_token_client_idx ON client_token (tenant_id, client_id)",
        "CREATE INDEX client_token_expires_idx ON client_token (expires_at)",
        # An assertion is good once, whichever process sees it first.
        """
        CREATE TABLE client_assertion (
          tenant_id uuid NOT NULL,
          client_id uuid NOT NULL,
          jti_digest bytea NOT NULL CHECK (length(jti_digest) = 32),
          expires_at timestamptz NOT NULL,
          PRIMARY KEY (tenant_id, client_id, jti_digest),
          FOREIGN KEY (tenant_id, client_id) REFERENCES client (tenant_id, id)
        )""",
        "CREATE INDEX client_assertion_expires_idx ON client_assertion (expires_at)",
    )
    # The platform looks credentials up before a practice is known, and ends those that leaked.
    practice_table(
        "client",
        updates=(
            *("name", "scopes", "networks", "public_keys"),
            *("updated_at", "expires_at", "revoked_at"),
        ),
        platform="SELECT",
    )
    practice_table("client_secret", updates=("expires_at", "ended_at"), platform="SELECT")
    practice_table("client_token", updates=("revoked_at",), platform="SELECT, DELETE")
    practice_table("client_assertion", platform="SELECT, DELETE")
    run(
        f"GRANT UPDATE (ended_at) ON client_secret TO {PLATFORM}",
        f"GRANT UPDATE (revoked_at) ON client_token TO {PLATFORM}",
    )
