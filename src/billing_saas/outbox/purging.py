"""What was done, replayed or discarded long ago goes; what is dead stays until a person sees to it."""

from datetime import timedelta

from sqlalchemy import delete, func, literal_column, select

from billing_saas.kit import ids
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import PlatformSession
from billing_saas.outbox import leasing, queue
from billing_saas.outbox.jobs import PurgeJobs
from billing_saas.outbox.tables import JobRow

MOST = 20_000
"""Per transaction; what is left is asked for again."""


async def purge(db: PlatformSession, actor: Actor, job: PurgeJobs, *, most: int = MOST) -> int:
    """Remove what ended more than `job.days` days ago; says how many."""
    now = (await db.scalars(select(leasing.instant()))).one()
    before = now - timedelta(days=job.days)
    # Ids rise with time, so what ended before then lies at the beginning of the primary key.
    ended = (
        select(JobRow.id)
        .where(
            JobRow.id < ids.first_at(before),
            JobRow.state.in_(literal_column(f"'{state}'") for state in _ENDED),
            JobRow.finished_at < before,
        )
        .order_by(JobRow.id)
        .limit(most)
    )
    gone = delete(JobRow).where(JobRow.id.in_(ended)).returning(JobRow.id).cte("gone")
    removed = (await db.scalars(select(func.count()).select_from(gone))).one()
    if removed == most:
        await queue.add_for_platform(db, job, request_id=actor.request_id)
    return removed


_ENDED = ("done", "replayed", "discarded")
