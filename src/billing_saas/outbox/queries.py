"""Dead letters: listed for who may see them, and replayed. Backlog for who watches.

`db` decides the reach: a practice sees its own jobs, the platform all of them.
"""

from dataclasses import dataclass
from typing import Any, get_args
from uuid import UUID

from sqlalchemy import ColumnElement, insert, literal_column, select, text, true, update

from billing_saas.audit import trail
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import PlatformSession, TenantSession
from billing_saas.kit.ids import new_id
from billing_saas.kit.paging import Page, PageRequest, encode
from billing_saas.outbox import leasing
from billing_saas.outbox.errors import JobNotDead, JobNotFound
from billing_saas.outbox.jobs import Queue
from billing_saas.outbox.tables import JobRow

READ = "jobs.read"
REPLAY = "jobs.replay"


async def dead_letters(
    db: TenantSession | PlatformSession, actor: Actor, page: PageRequest
) -> Page[JobRow]:
    """Jobs that a person must look at, newest first."""
    actor.must(READ)
    wanted = select(JobRow).where(_reach(db), JobRow.state == literal_column("'dead'"))
    if page.after is not None:
        wanted = wanted.where(JobRow.id < page.after)
    rows = list(await db.scalars(wanted.order_by(JobRow.id.desc()).limit(page.limit + 1)))
    more = len(rows) > page.limit
    rows = rows[: page.limit]
    return Page(rows, encode(rows[-1].id) if more else None)


async def replay(db: TenantSession | PlatformSession, actor: Actor, job_id: UUID) -> UUID:
    """Owe the same again as a new job; the dead one stays, as evidence, and cannot be replayed twice."""
    actor.must(REPLAY)
    dead = (
        await db.scalars(select(JobRow).where(JobRow.id == job_id, _reach(db)).with_for_update())
    ).one_or_none()
    if dead is None:
        raise JobNotFound("There is no such job.")
    if dead.state != "dead":
        raise JobNotDead("Only a dead letter can be replayed.", state=dead.state)
    await db.execute(update(JobRow).where(JobRow.id == job_id, _reach(db)).values(state="replayed"))
    again = new_id()
    await db.execute(
        insert(JobRow).values(
            id=again,
            tenant_id=dead.tenant_id,
            kind=dead.kind,
            arguments=dead.arguments,
            queue=dead.queue,
            most_attempts=dead.most_attempts,
            request_id=actor.request_id,
            run_at=leasing.instant(),
            created_at=leasing.instant(),
        )
    )
    if isinstance(db, TenantSession):
        await trail.record(db, actor, "job.replay", object_type="job", object_id=job_id)
    return again


@dataclass(frozen=True, slots=True)
class Backlog:
    queue: str
    due: int
    waiting: int
    """Queued for a later time: asked for so, or to be tried again."""
    leased: int
    dead: int
    oldest_due_seconds: float


_BACKLOG = text(
    """
    WITH moment AS MATERIALIZED (
      SELECT coalesce(CAST(:held AS timestamptz), clock_timestamp()) AS now
    )
    SELECT one.queue, due.count, waiting.count, leased.count, dead.count,
           CAST(coalesce(extract(epoch FROM moment.now - due.oldest), 0) AS double precision)
    FROM unnest(CAST(:queues AS text[])) AS one (queue)
    CROSS JOIN moment
    CROSS JOIN LATERAL (SELECT count(*), min(run_at) AS oldest FROM job
      WHERE state = 'queued' AND job.queue = one.queue AND run_at <= moment.now) AS due
    CROSS JOIN LATERAL (SELECT count(*) FROM job
      WHERE state = 'queued' AND job.queue = one.queue AND run_at > moment.now) AS waiting
    CROSS JOIN LATERAL (SELECT count(*) FROM job
      WHERE state = 'leased' AND job.queue = one.queue) AS leased
    CROSS JOIN LATERAL (SELECT count(*) FROM job
      WHERE state = 'dead' AND job.queue = one.queue) AS dead
    """
)


async def backlog(db: PlatformSession) -> list[Backlog]:
    """What is owed per queue, for health checks and alarms."""
    queues = list(get_args(Queue))
    rows = await db.execute(_BACKLOG, {"held": clock.held(), "queues": queues})
    return [Backlog(*row) for row in rows]


def _reach(db: TenantSession | PlatformSession) -> ColumnElement[Any]:
    return JobRow.tenant_id == db.tenant_id if isinstance(db, TenantSession) else true()
