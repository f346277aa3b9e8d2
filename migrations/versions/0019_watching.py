"""What a watch may count: how far the schema is, and how many files wait, of whom is not told."""

from migrations.security import PLATFORM, run

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run(
        f"GRANT SELECT ON alembic_version TO {PLATFORM}",
        # The two columns and no more: counts over all practices, without a word about any of them.
        f"CREATE POLICY platform_watches ON arrival FOR SELECT TO {PLATFORM} USING (true)",
        f"GRANT SELECT (state, received_at) ON arrival TO {PLATFORM}",
        "CREATE INDEX arrival_watch_idx ON arrival (state, received_at)",
    )
