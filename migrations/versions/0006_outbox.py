"""Jobs owed, and when the schedule last ran."""

from migrations.security import platform_table, practice_table, run

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run(
        # `lost` counts attempts that ended without a word: their worker died or froze.
        # tenant_id is empty for the platform's own jobs; the policy hides those from practices.
        """
        CREATE TABLE job (
          id uuid PRIMARY KEY,
          tenant_id uuid REFERENCES practice,
          kind text NOT NULL,
          arguments jsonb NOT NULL,
          queue text NOT NULL CHECK (queue IN ('interactive', 'files', 'bulk')),
          state text NOT NULL DEFAULT 'queued'
            CHECK (state IN ('queued', 'leased', 'done', 'dead', 'replayed')),
          run_at timestamptz NOT NULL,
          rung_at timestamptz,
          attempts smallint NOT NULL DEFAULT 0,
          most_attempts smallint NOT NULL,
          lost smallint NOT NULL DEFAULT 0,
          lease bigint NOT NULL DEFAULT 0,
          leased_until timestamptz,
          last_error text,
          request_id text NOT NULL DEFAULT '',
          created_at timestamptz NOT NULL,
          finished_at timestamptz
        )""",
        "CREATE INDEX job_due_idx ON job (queue, run_at) WHERE state = 'queued'",
        "CREATE INDEX job_leased_idx ON job (leased_until) WHERE state = 'leased'",
        "CREATE INDEX job_dead_idx ON job (tenant_id, id) WHERE state = 'dead'",
        "CREATE INDEX job_tenant_idx ON job (tenant_id, id)",
        """
        CREATE TABLE schedule_run (
          name text NOT NULL,
          due_at timestamptz NOT NULL,
          job_id uuid NOT NULL REFERENCES job,
          PRIMARY KEY (name, due_at)
        )""",
    )
    practice_table(
        "job",
        # The worker ends its job in the transaction of the job's own work, fenced by the lease.
        updates=["state", "finished_at", "leased_until", "last_error"],
        platform="SELECT, INSERT",
    )
    platform_table("schedule_run", "SELECT, INSERT")
    run(
        "GRANT UPDATE (state, run_at, rung_at, attempts, lost, lease, leased_until, last_error,"
        " finished_at) ON job TO billing_platform",
    )
