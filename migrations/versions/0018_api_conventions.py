"""What the API remembers of requests: which were done already, how many came, and the key for both."""

from migrations.security import APP, PLATFORM, platform_table, practice_table, run

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run(
        # The platform's own, as the key of the row MAC: limits count before a practice is known.
        """
        CREATE TABLE request_key (
          version smallint PRIMARY KEY,
          wrapped bytea NOT NULL,
          created_at timestamptz NOT NULL
        )""",
        "ALTER TABLE request_key ENABLE ROW LEVEL SECURITY",
        "ALTER TABLE request_key FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY everyone_reads ON request_key FOR SELECT TO {APP}, {PLATFORM} USING (true)",
        f"CREATE POLICY platform_makes ON request_key FOR INSERT TO {PLATFORM} WITH CHECK (true)",
        f"GRANT SELECT ON request_key TO {APP}, {PLATFORM}",
        f"GRANT INSERT ON request_key TO {PLATFORM}",
        # tenant_id has no foreign key: what the platform is asked for is of its own log, no practice.
        # Neither the key nor the body is here, only what recognises them.
        """
        CREATE TABLE done_request (
          tenant_id uuid NOT NULL,
          key_digest bytea NOT NULL CHECK (length(key_digest) = 32),
          fingerprint bytea NOT NULL CHECK (length(fingerprint) = 32),
          status smallint NOT NULL,
          resource_id uuid,
          done_at timestamptz NOT NULL,
          PRIMARY KEY (tenant_id, key_digest)
        )""",
        "CREATE INDEX done_request_done_at_idx ON done_request (done_at)",
    )
    practice_table("done_request", updates=("resource_id",), platform="SELECT, INSERT, DELETE")
    run(
        # Lost in a crash and worth no disk: a bucket that is gone is a full one. Instants are
        # microseconds since 1970, because an interval cannot be divided by an interval.
        """
        CREATE UNLOGGED TABLE rate_bucket (
          bucket bytea PRIMARY KEY CHECK (length(bucket) BETWEEN 16 AND 32),
          empty_until bigint NOT NULL,
          taken_at bigint NOT NULL,
          granted integer NOT NULL,
          step bigint NOT NULL CHECK (step > 0),
          depth bigint NOT NULL CHECK (depth >= step)
        ) WITH (fillfactor = 50)""",
    )
    platform_table("rate_bucket", "SELECT, INSERT, UPDATE, DELETE")
    run(
        # Lists that billers narrow, newest first (ids are ordered by birth).
        "CREATE INDEX claim_service_idx ON claim (tenant_id, service_from, id)",
        "CREATE INDEX claim_work_idx ON claim (tenant_id, work, id)",
        "CREATE INDEX claim_receivable_idx ON claim (tenant_id, receivable, id)",
        "CREATE INDEX claim_coverage_payer_idx ON claim_coverage (tenant_id, payer_id, claim_id)",
        "CREATE INDEX remittance_payer_idx ON remittance (tenant_id, payer_id, id)",
        "CREATE INDEX remittance_payment_on_idx ON remittance (tenant_id, payment_on, id)",
        "CREATE INDEX remittance_trace_idx ON remittance (tenant_id, trace_number, id)",
        "CREATE INDEX card_list_idx ON card (tenant_id, state, id)",
        "CREATE INDEX card_claim_idx ON card (tenant_id, claim_id, id)",
        "CREATE INDEX card_subject_idx ON card (tenant_id, subject_id)",
        "CREATE INDEX arrival_state_idx ON arrival (tenant_id, state, id)",
    )
