"""What is owed and what is due, over all practices: for who watches."""

from dataclasses import dataclass
from datetime import datetime
from typing import get_args
from uuid import UUID

from sqlalchemy import select, text

from billing_saas.kit import clock
from billing_saas.kit.db import PlatformSession
from billing_saas.outbox.jobs import Queue
from billing_saas.outbox.tables import schedule_due


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


@dataclass(frozen=True, slots=True)
class Due:
    name: str
    tenant_id: UUID | None
    rhythm: str
    time_zone: str
    due_at: datetime
    last_due_at: datetime | None


async def due_times(db: PlatformSession, *, most: int = 200) -> list[Due]:
    """When each schedule is due next, the soonest first."""
    columns = (getattr(schedule_due.c, name) for name in Due.__slots__)
    found = select(*columns).order_by(schedule_due.c.due_at, schedule_due.c.name).limit(most)
    return [Due(*row) for row in await db.execute(found)]
