"""Contract: `schedule_run`, which no release ever wrote to. Turns by practice, due times, and what was checked.

The version before had no schedule, so it misses nothing; everything else here only adds.
"""

from migrations.security import PLATFORM, practice_table, run

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _turns_and_ends()
    _due_times()
    _checks()


def _turns_and_ends() -> None:
    run(
        # The relay steps from practice to practice in this index, and takes a few jobs of each.
        "CREATE INDEX job_turn_idx ON job (queue, tenant_id, run_at) WHERE state = 'queued'",
        "ALTER TABLE job DROP CONSTRAINT job_state_check",
        "ALTER TABLE job ADD CONSTRAINT job_state_check CHECK"
        " (state IN ('queued', 'leased', 'done', 'dead', 'replayed', 'discarded'))",
        "DROP TABLE schedule_run",  # its reference would keep each job for ever
        f"GRANT DELETE ON job TO {PLATFORM}",
    )


def _due_times() -> None:
    run(
        # No practice: a schedule of the platform's own. `rhythm` and `time_zone` are those that
        # due_at was reckoned with: when either changes, it is reckoned again, after last_due_at,
        # the last due time that was answered.
        """
        CREATE TABLE schedule_due (
          name text NOT NULL,
          tenant_id uuid REFERENCES practice,
          rhythm text NOT NULL,
          time_zone text NOT NULL,
          due_at timestamptz NOT NULL,
          last_due_at timestamptz,
          UNIQUE NULLS NOT DISTINCT (name, tenant_id)
        )""",
    )
    practice_table(
        "schedule_due",
        app="SELECT",
        platform="SELECT, INSERT, UPDATE (rhythm, time_zone, due_at, last_due_at)",
    )


def _checks() -> None:
    run(
        # The latest answer only. `broken` is empty where the server cannot be asked.
        """
        CREATE TABLE invariant_check (
          tenant_id uuid NOT NULL REFERENCES practice,
          invariant text NOT NULL,
          checked_at timestamptz NOT NULL,
          broken bigint CHECK (broken >= 0),
          PRIMARY KEY (tenant_id, invariant)
        )""",
    )
    practice_table("invariant_check", updates=["checked_at", "broken"], platform="SELECT")
