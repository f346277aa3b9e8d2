"""Who has a job now: claimed for a while, fenced by a number, given back, retried or parked.

A claim counts the attempt and raises the lease number before any work is done, in a transaction
before it (several jobs may be claimed in one); the work ends with `finish` in its own transaction, which holds only while the number is
still the claimer's. A worker that froze past its lease therefore cannot write anything.

All instants are the database's: workers whose clocks differ must agree on when a lease has ended.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, literal, literal_column, or_, select, text, update
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.ext.asyncio import AsyncConnection

from billing_saas.kit import backoff, clock
from billing_saas.kit.db import PlatformSession, TenantSession
from billing_saas.outbox.errors import LeaseLost
from billing_saas.outbox.rules import WORKER_LOST
from billing_saas.outbox.tables import JobRow

LEASE = timedelta(seconds=60)
"""Renewed every third of it while the work goes on, so it only bounds how late a death is noticed."""
MOST_LOST = 3
"""So often may a job's worker die or freeze before the job is held to be the cause."""

# Written out, not bound: a plan made for any state could not use the indexes of one.
_QUEUED = JobRow.state == literal_column("'queued'")
_LEASED = JobRow.state == literal_column("'leased'")


@dataclass(frozen=True, slots=True)
class Claim:
    id: UUID
    tenant_id: UUID | None
    kind: str
    arguments: dict[str, Any]
    request_id: str
    attempt: int
    most_attempts: int
    lease: int


def instant() -> ColumnElement[Any]:
    """Now: the database's clock, or where the clock is held."""
    held = clock.held()
    return func.clock_timestamp() if held is None else literal(held, TIMESTAMP(timezone=True))


# Written out: built anew for each job, these would take more of a worker than the job's own statements.
# Locked in the order of the ids, so that two workers that were rung twice wait for each other in turn.
_CLAIM = text(
    """
    WITH moment AS MATERIALIZED (
      SELECT coalesce(CAST(:held AS timestamptz), clock_timestamp()) AS now
    ), free AS (
      SELECT job.id FROM job, moment
      WHERE job.id = ANY(CAST(:ids AS uuid[])) AND state = 'queued' AND run_at <= moment.now
        AND (lost > 0) = :suspect
      ORDER BY job.id
      FOR UPDATE OF job
    )
    UPDATE job SET state = 'leased', attempts = attempts + 1, lease = lease + 1,
                   leased_until = moment.now + CAST(:lease AS interval)
    FROM free, moment WHERE job.id = free.id
    RETURNING job.id, tenant_id, kind, arguments, request_id, attempts, most_attempts, lease
    """
).columns(arguments=JSONB)
_SUSPECTS = text(
    """
    SELECT id FROM job
    WHERE id = ANY(CAST(:ids AS uuid[])) AND state = 'queued' AND lost > 0
      AND run_at <= coalesce(CAST(:held AS timestamptz), clock_timestamp())
    """
)
_EXTEND = text(
    """
    WITH ours AS (
      SELECT job.id FROM job
      JOIN unnest(CAST(:ids AS uuid[]), CAST(:leases AS bigint[])) AS mine (id, lease)
        ON mine.id = job.id AND mine.lease = job.lease
      WHERE state = 'leased'
      FOR UPDATE OF job SKIP LOCKED
    )
    UPDATE job
    SET leased_until = coalesce(CAST(:held AS timestamptz), clock_timestamp())
                       + CAST(:lease AS interval)
    FROM ours WHERE job.id = ours.id
    RETURNING job.id
    """
)
_FINISH = """
    UPDATE job SET state = 'done', leased_until = NULL,
                   finished_at = coalesce(CAST(:held AS timestamptz), clock_timestamp())
    WHERE id = :id AND state = 'leased' AND lease = :lease
    """
_FINISH_PLATFORMS = text(f"{_FINISH} RETURNING id")
_FINISH_PRACTICES = text(f"{_FINISH} AND tenant_id = :tenant_id RETURNING id")


async def claim(
    db: PlatformSession, job_id: UUID, *, lease: timedelta = LEASE, suspect: bool = False
) -> Claim | None:
    """Take the job, or nothing: it is not due, someone has it, or it is not of the asked sort."""
    claimed = await claim_many(db, [job_id], lease=lease, suspect=suspect)
    return claimed[0] if claimed else None


async def claim_many(
    db: PlatformSession | AsyncConnection,
    job_ids: Collection[UUID],
    *,
    lease: timedelta = LEASE,
    suspect: bool = False,
) -> list[Claim]:
    """Take of these what is due, is nobody's, and is of the asked sort.

    A suspect is a job whose worker was lost before; `workers.running` claims those one at a time.
    """
    asked = {"held": clock.held(), "ids": list(job_ids), "lease": lease, "suspect": suspect}
    return [Claim(*row) for row in (await db.execute(_CLAIM, asked)).all()]


async def suspects(db: PlatformSession | AsyncConnection, job_ids: Collection[UUID]) -> set[UUID]:
    """Which of these are due, but a worker was lost over them before."""
    asked = {"held": clock.held(), "ids": list(job_ids)}
    return set((await db.scalars(_SUSPECTS, asked)).all())


async def due(db: PlatformSession, *, most: int = 200) -> list[UUID]:
    """Jobs to be run now, the longest due first."""
    found = (
        select(JobRow.id)
        .where(_QUEUED, JobRow.run_at <= instant())
        .order_by(JobRow.run_at, JobRow.id)
        .limit(most)
    )
    return list(await db.scalars(found))


async def extend(
    db: PlatformSession | AsyncConnection, held: Sequence[Claim], *, lease: timedelta = LEASE
) -> set[UUID]:
    """Say that the work on these goes on; answers which of them are still ours.

    Nobody waits here: a job that is locked is being ended.
    """
    asked = {
        "held": clock.held(),
        "ids": [mine.id for mine in held],
        "leases": [mine.lease for mine in held],
        "lease": lease,
    }
    return set((await db.scalars(_EXTEND, asked)).all())


async def finish(db: TenantSession | PlatformSession, mine: Claim) -> None:
    """Done, if the transaction of the work commits; `LeaseLost` when it must not."""
    asked = {"held": clock.held(), "id": mine.id, "lease": mine.lease}
    if isinstance(db, TenantSession):
        ended = await db.execute(_FINISH_PRACTICES, {**asked, "tenant_id": db.tenant_id})
    else:
        ended = await db.execute(_FINISH_PLATFORMS, asked)
    if ended.first() is None:
        raise LeaseLost


async def retry(db: PlatformSession, mine: Claim, error: str) -> bool:
    """After weather: queued again later, or a dead letter after the last attempt (then False)."""
    if mine.attempt >= mine.most_attempts:
        await park(db, mine, error)
        return False
    await _change(
        db,
        mine,
        state="queued",
        run_at=instant() + backoff.delay(mine.attempt),
        rung_at=None,
        leased_until=None,
        last_error=error,
    )
    return True


async def park(db: PlatformSession, mine: Claim, error: str) -> None:
    """A dead letter: a person must look. `error` is a type's name or a business word, no message."""
    await _change(
        db, mine, state="dead", finished_at=instant(), leased_until=None, last_error=error
    )


async def give_back(db: PlatformSession, mine: Claim) -> None:
    """The worker is told to stop: another may have the job at once, and no attempt is counted."""
    await _change(
        db,
        mine,
        state="queued",
        attempts=JobRow.attempts - 1,
        run_at=instant(),
        rung_at=None,
        leased_until=None,
    )


@dataclass(frozen=True, slots=True)
class Recovered:
    queued: list[UUID]
    parked: list[UUID]


async def recover(db: PlatformSession, *, most: int = 200) -> Recovered:
    """Jobs whose lease ended without a word: queued again, or parked when it is their own doing.

    The delay is random, so that the neighbors of a job that kills its process come back apart from it.
    """
    expired = (
        select(JobRow.id)
        .where(_LEASED, JobRow.leased_until < instant())
        .order_by(JobRow.leased_until)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    is_last = or_(JobRow.lost + 1 >= MOST_LOST, JobRow.attempts >= JobRow.most_attempts)
    left = {"leased_until": None, "lost": JobRow.lost + 1, "last_error": WORKER_LOST}
    # Two statements see the same rows: the first leaves locked, in this transaction, what it found.
    found = (await db.execute(expired.add_columns(is_last))).all()
    parked = [row[0] for row in found if row[1]]
    queued = [row[0] for row in found if not row[1]]
    if parked:
        await db.execute(
            update(JobRow)
            .where(JobRow.id.in_(parked))
            .values(state="dead", finished_at=instant(), **left)
        )
    if queued:
        later = instant() + func.random() * timedelta(seconds=2)
        await db.execute(
            update(JobRow)
            .where(JobRow.id.in_(queued))
            .values(state="queued", run_at=later, rung_at=None, **left)
        )
    return Recovered(queued, parked)


async def _change(db: PlatformSession, mine: Claim, **values: Any) -> bool:
    statement = (
        update(JobRow)
        .where(JobRow.id == mine.id, _LEASED, JobRow.lease == mine.lease)
        .values(**values)
        .returning(JobRow.id)
    )
    return (await db.execute(statement)).first() is not None
