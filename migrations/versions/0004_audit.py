"""The audit trail: events, whom they concern, and the wrapped keys of the row MAC."""

from migrations.security import append_only, by_month, practice_table, run

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run(
        # The platform's own: it must outlive a practice whose keys are destroyed.
        """
        CREATE TABLE audit_key (
          version smallint PRIMARY KEY,
          wrapped bytea NOT NULL,
          created_at timestamptz NOT NULL
        )""",
        "ALTER TABLE audit_key ENABLE ROW LEVEL SECURITY",
        "ALTER TABLE audit_key FORCE ROW LEVEL SECURITY",
        "CREATE POLICY everyone_reads ON audit_key FOR SELECT"
        " TO billing_app, billing_platform, billing_sealer USING (true)",
        "CREATE POLICY platform_makes ON audit_key FOR INSERT TO billing_platform WITH CHECK (true)",
        "GRANT SELECT ON audit_key TO billing_app, billing_platform, billing_sealer",
        "GRANT INSERT ON audit_key TO billing_platform",
        # tenant_id has no foreign key here: the trail also has logs of companies and of the platform,
        # and outlives all of them.
        """
        CREATE TABLE audit_event (
          id uuid NOT NULL,
          seq bigint GENERATED ALWAYS AS IDENTITY,
          xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
          tenant_id uuid NOT NULL,
          at timestamptz NOT NULL,
          actor_kind text NOT NULL,
          actor_id uuid NOT NULL,
          on_behalf_of uuid,
          session_id uuid,
          action text NOT NULL,
          object_type text NOT NULL,
          object_id uuid,
          purpose text NOT NULL,
          outcome text NOT NULL CHECK (outcome IN ('done', 'denied', 'failed')),
          request_id text NOT NULL,
          ip_prefix text NOT NULL,
          classes_read smallint NOT NULL DEFAULT 0,
          content_hash bytea,
          subjects_hash bytea,
          detail jsonb NOT NULL DEFAULT '{}',
          mac_key smallint NOT NULL,
          mac bytea NOT NULL CHECK (length(mac) = 32),
          PRIMARY KEY (at, id)
        ) PARTITION BY RANGE (at)""",
        "CREATE INDEX audit_event_tenant_idx ON audit_event (tenant_id, at, id)",
        "CREATE INDEX audit_event_xid_idx ON audit_event (xid, seq)",
        """
        CREATE TABLE audit_subject (
          tenant_id uuid NOT NULL,
          patient_id uuid NOT NULL,
          at timestamptz NOT NULL,
          event_id uuid NOT NULL,
          PRIMARY KEY (tenant_id, patient_id, at, event_id)
        ) PARTITION BY RANGE (at)""",
    )
    by_month("audit_event")
    by_month("audit_subject")
    practice_table("audit_event", app="SELECT")
    practice_table("audit_subject")
    run(
        # seq and xid are the database's to give: a writer cannot claim another transaction's place.
        "GRANT INSERT (id, tenant_id, at, actor_kind, actor_id, on_behalf_of, session_id, action,"
        " object_type, object_id, purpose, outcome, request_id, ip_prefix, classes_read,"
        " content_hash, subjects_hash, detail, mac_key, mac) ON audit_event TO billing_app",
    )
    append_only("audit_event")
    append_only("audit_subject")
