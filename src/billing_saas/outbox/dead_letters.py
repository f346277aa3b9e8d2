"""Jobs that a person must look at: listed, explained, owed again, or discarded.

`db` decides the reach: a practice sees its own jobs, the platform all of them. A dead letter is never
removed by itself; what was replayed or discarded is kept as long as what was done.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, insert, literal_column, select, true, update

from billing_saas.audit import trail
from billing_saas.kit import logs
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import PlatformSession, TenantSession
from billing_saas.kit.ids import new_id
from billing_saas.kit.paging import Page, PageRequest, encode
from billing_saas.outbox import jobs, leasing, rules
from billing_saas.outbox.errors import JobNotDead, JobNotFound
from billing_saas.outbox.tables import JobRow

READ = "jobs.read"
REPLAY = "jobs.replay"

# Written out, not bound: a plan made for any state could not use the index of one.
_DEAD = JobRow.state == literal_column("'dead'")
_PARKED = ("dead", "replayed", "discarded")


@dataclass(frozen=True, slots=True)
class DeadLetter:
    id: UUID
    tenant_id: UUID | None
    kind: str
    about: str
    arguments: Mapping[str, str | int]
    """Ids, whole numbers and short codes: a job carries nothing else."""
    queue: str
    state: str
    attempts: int
    most_attempts: int
    lost: int
    """Attempts that ended without a word, because the worker died or froze."""
    error: str
    explanation: str
    request_id: str
    created_at: datetime
    parked_at: datetime


async def listed(
    db: TenantSession | PlatformSession, actor: Actor, page: PageRequest
) -> Page[DeadLetter]:
    """Those that wait for a person, newest first."""
    actor.must(READ)
    wanted = select(JobRow).where(_reach(db), _DEAD)
    if page.after is not None:
        wanted = wanted.where(JobRow.id < page.after)
    rows = list(await db.scalars(wanted.order_by(JobRow.id.desc()).limit(page.limit + 1)))
    more = len(rows) > page.limit
    rows = rows[: page.limit]
    known = jobs.known()
    return Page([_told(row, known) for row in rows], encode(rows[-1].id) if more else None)


async def shown(db: TenantSession | PlatformSession, actor: Actor, job_id: UUID) -> DeadLetter:
    """One that waits, or that was dealt with."""
    actor.must(READ)
    wanted = select(JobRow).where(JobRow.id == job_id, _reach(db), JobRow.state.in_(_PARKED))
    row = (await db.scalars(wanted)).one_or_none()
    if row is None:
        raise JobNotFound("There is no such dead letter.")
    return _told(row, jobs.known())


async def replay(db: TenantSession | PlatformSession, actor: Actor, job_id: UUID) -> UUID:
    """Owe the same again as a new job; the dead one stays, as evidence, and cannot be replayed twice."""
    dead = await _taken(db, actor, job_id, "replayed")
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
    await _told_of(db, actor, "job.replay", dead)
    return again


async def discard(db: TenantSession | PlatformSession, actor: Actor, job_id: UUID) -> None:
    """It will not be done: someone has seen to it otherwise."""
    dead = await _taken(db, actor, job_id, "discarded")
    await _told_of(db, actor, "job.discard", dead)


async def _taken(
    db: TenantSession | PlatformSession, actor: Actor, job_id: UUID, state: str
) -> JobRow:
    actor.must(REPLAY)
    wanted = select(JobRow).where(JobRow.id == job_id, _reach(db)).with_for_update()
    dead = (await db.scalars(wanted)).one_or_none()
    if dead is None:
        raise JobNotFound("There is no such job.")
    if dead.state != "dead":
        raise JobNotDead("Only a dead letter is replayed or discarded.", state=dead.state)
    await db.execute(update(JobRow).where(JobRow.id == job_id, _reach(db)).values(state=state))
    return dead


async def _told_of(
    db: TenantSession | PlatformSession, actor: Actor, action: str, dead: JobRow
) -> None:
    if isinstance(db, TenantSession):
        await trail.record(db, actor, action, object_type="job", object_id=dead.id)
    else:  # the platform's own jobs have no practice, and so no trail
        logs.get().warning("dead letter dealt with", job=dead.id, job_kind=dead.kind, step=action)


def _told(row: JobRow, known: dict[str, type[jobs.Job]]) -> DeadLetter:
    failure = rules.Failure(row.last_error or "", row.attempts, row.lost)
    return DeadLetter(
        id=row.id,
        tenant_id=row.tenant_id,
        kind=row.kind,
        about=rules.about(row.kind, known),
        arguments=row.arguments,
        queue=row.queue,
        state=row.state,
        attempts=row.attempts,
        most_attempts=row.most_attempts,
        lost=row.lost,
        error=failure.error,
        explanation=rules.explain(failure, known.get(row.kind)),
        request_id=row.request_id,
        created_at=row.created_at,
        parked_at=row.finished_at or row.created_at,
    )


def _reach(db: TenantSession | PlatformSession) -> ColumnElement[Any]:
    return JobRow.tenant_id == db.tenant_id if isinstance(db, TenantSession) else true()
