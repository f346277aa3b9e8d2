"""Sealing of the audit trail: signed heads, what each added per practice, and the key that signs.

The sealer's role reads events and writes heads; it can change or remove nothing.
"""

from migrations.security import APP, PLATFORM, SEALER, append_only, practice_table, run

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_TOLD = (
    "id, tenant_id, at, actor_kind, actor_id, on_behalf_of, session_id, action, object_type,"
    " object_id, purpose, outcome, request_id, ip_prefix, classes_read, content_hash,"
    " subjects_hash, detail, mac_key, mac"
)


def upgrade() -> None:
    _heads()
    _seals()
    _events()
    run(
        # The names of those who ever worked in a practice, for its accounting of disclosures.
        f"CREATE POLICY members ON app_user FOR SELECT TO {APP}"
        " USING (id IN (SELECT user_id FROM membership WHERE tenant_id = app_tenant()))",
        f"GRANT SELECT (id, display_name) ON app_user TO {APP}",
    )


def _heads() -> None:
    run(
        """
        CREATE TABLE audit_seal_key (
          version smallint PRIMARY KEY,
          public_key bytea NOT NULL CHECK (length(public_key) = 32),
          wrapped bytea NOT NULL,
          created_at timestamptz NOT NULL
        )""",
        # Transaction ids as plain numbers: a head outlives the cluster that they belong to.
        """
        CREATE TABLE audit_head (
          number bigint PRIMARY KEY,
          epoch bigint NOT NULL,
          cluster text NOT NULL,
          from_xid bigint NOT NULL,
          to_xid bigint NOT NULL,
          first_seq bigint NOT NULL,
          last_seq bigint NOT NULL,
          practices bigint NOT NULL,
          root bytea NOT NULL CHECK (length(root) = 32),
          at timestamptz NOT NULL,
          previous bytea NOT NULL CHECK (length(previous) = 32),
          key_version smallint NOT NULL REFERENCES audit_seal_key,
          signature bytea NOT NULL CHECK (length(signature) = 64)
        )""",
        "CREATE INDEX audit_head_at_idx ON audit_head (at)",
    )
    for table in ("audit_seal_key", "audit_head"):
        run(
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
            f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        )
        append_only(table)
    run(
        f"CREATE POLICY everyone_reads ON audit_seal_key FOR SELECT TO {PLATFORM}, {SEALER}"
        " USING (true)",
        f"CREATE POLICY platform_makes ON audit_seal_key FOR INSERT TO {PLATFORM} WITH CHECK (true)",
        f"GRANT SELECT, INSERT ON audit_seal_key TO {PLATFORM}",
        f"GRANT SELECT ON audit_seal_key TO {SEALER}",
        f"CREATE POLICY everyone_reads ON audit_head FOR SELECT TO {PLATFORM}, {SEALER} USING (true)",
        f"CREATE POLICY sealer_makes ON audit_head FOR INSERT TO {SEALER} WITH CHECK (true)",
        f"GRANT SELECT ON audit_head TO {PLATFORM}",
        f"GRANT SELECT, INSERT ON audit_head TO {SEALER}",
    )


def _seals() -> None:
    run(
        # What a head added to a practice's tree: id and leaf hash of each event, 48 bytes, in their
        # order; and the tree's size, root and frontier after it.
        """
        CREATE TABLE audit_seal (
          tenant_id uuid NOT NULL,
          head bigint NOT NULL REFERENCES audit_head,
          size bigint NOT NULL,
          root bytea NOT NULL CHECK (length(root) = 32),
          frontier bytea NOT NULL,
          leaves bytea NOT NULL CHECK (length(leaves) > 0 AND length(leaves) % 48 = 0),
          PRIMARY KEY (tenant_id, head)
        )""",
        # Hashes do not compress: do not try.
        "ALTER TABLE audit_seal ALTER COLUMN leaves SET STORAGE EXTERNAL",
        "CREATE INDEX audit_seal_head_idx ON audit_seal (head)",
    )
    practice_table("audit_seal", app="SELECT")
    append_only("audit_seal")
    run(
        f"CREATE POLICY sealer ON audit_seal TO {SEALER} USING (true) WITH CHECK (true)",
        f"GRANT SELECT, INSERT ON audit_seal TO {SEALER}",
    )


def _events() -> None:
    run(
        f"CREATE POLICY sealer ON audit_event FOR SELECT TO {SEALER} USING (true)",
        f"CREATE POLICY sealer ON audit_subject FOR SELECT TO {SEALER} USING (true)",
        f"GRANT SELECT ON audit_event, audit_subject TO {SEALER}",
        # How far sealing lags is asked by those who watch: where an event stands, nothing of it.
        f"CREATE POLICY platform_watches ON audit_event FOR SELECT TO {PLATFORM} USING (true)",
        f"GRANT SELECT (xid, seq, at) ON audit_event TO {PLATFORM}",
        # Who gives a role or a token tells it in the same transaction; of patients it cannot tell.
        f"CREATE POLICY platform_tells ON audit_event FOR INSERT TO {PLATFORM}"
        " WITH CHECK (subjects_hash IS NULL AND classes_read = 0)",
        f"GRANT INSERT ({_TOLD}) ON audit_event TO {PLATFORM}",
    )
