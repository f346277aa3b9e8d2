"""Run one job: claim it, do its act and end it in one transaction of its practice.

Needs no broker: `drain` runs all that is due in this process, for tests and the demo.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from enum import StrEnum
from uuid import UUID

from billing_saas.kit import clock, logs, meters, points, tracing
from billing_saas.kit.actor import Actor, ActorKind
from billing_saas.kit.db import Database, PlatformSession, TenantSession
from billing_saas.kit.errors import DomainError
from billing_saas.outbox import jobs, leasing
from billing_saas.outbox.errors import LeaseLost
from billing_saas.outbox.leasing import LEASE, Claim
from billing_saas.workers import registry
from billing_saas.workers.claiming import Claims
from billing_saas.workers.registry import Act


class Outcome(StrEnum):
    DONE = "done"
    RETRIED = "retried"
    DEAD = "dead"
    LEASE_LOST = "lease-lost"
    NOT_OURS = "not-ours"
    """Not due, done already, or another worker has it: a bell may ring more than once."""


async def run_job(database: Database, job_id: UUID, *, lease: timedelta = LEASE) -> Outcome:
    """A job by itself."""
    return await run_asked(Claims(database, lease), job_id)


async def run_asked(claims: Claims, job_id: UUID) -> Outcome:
    """Claim the job and run it to its outcome. Raises only when the outcome cannot be written."""
    mine, suspect = await claims.claim(job_id)
    if mine is not None:
        return await _run(claims, mine)
    if not suspect:
        return Outcome.NOT_OURS
    # Suspects run one at a time, so that a job which kills its process takes no other suspect with
    # it. Each job that it does take becomes a suspect itself, and so is taken only once.
    async with claims.one_suspect:
        mine = await claims.claim_suspect(job_id)
        return Outcome.NOT_OURS if mine is None else await _run(claims, mine)


async def drain(database: Database) -> Counter[Outcome]:
    """Run everything that is due, one by one, until nothing is; say what became of it."""
    outcomes: Counter[Outcome] = Counter()
    while True:
        async with database.platform() as db:
            await leasing.recover(db)
            due = await leasing.due(db)
        if not due:
            return outcomes
        for job_id in due:
            outcomes[await run_job(database, job_id)] += 1


async def _run(claims: Claims, mine: Claim) -> Outcome:
    started = clock.now()
    points.reach("workers.running.claimed")
    with tracing.job(mine.kind, mine.attempt) as span:
        with claims.kept(mine):
            outcome = await _outcome(claims.database, mine)
        span.ended(outcome.value)
    taken = clock.now() - started
    meters.JOBS.labels(mine.kind, outcome.value).inc()
    meters.JOB_SECONDS.labels(mine.kind).observe(taken.total_seconds())
    logs.get().info(
        "job run",
        job=mine.id,
        job_kind=mine.kind,
        tenant=mine.tenant_id,
        attempt=mine.attempt,
        state=outcome.value,
        milliseconds=taken // timedelta(milliseconds=1),
        request_id=mine.request_id,
    )
    return outcome


async def _outcome(database: Database, mine: Claim) -> Outcome:
    try:
        await _work(database, mine)
    except LeaseLost:
        return Outcome.LEASE_LOST
    except DomainError as error:
        async with database.platform() as db:
            await leasing.park(db, mine, error.name)
        return _parked(mine, error)
    except asyncio.CancelledError:
        async with database.platform() as db:
            await leasing.give_back(db, mine)
        raise
    except Exception as error:
        async with database.platform() as db:
            again = await leasing.retry(db, mine, type(error).__name__)
        if not again:
            return _parked(mine, error)
        logs.get().warning("job failed", job=mine.id, job_kind=mine.kind, exc_info=error)
        return Outcome.RETRIED
    points.reach("workers.running.committed")
    return Outcome.DONE


def _parked(mine: Claim, error: Exception) -> Outcome:
    logs.get().error(
        "job parked", job=mine.id, job_kind=mine.kind, attempts=mine.attempt, exc_info=error
    )
    return Outcome.DEAD


async def _work(database: Database, mine: Claim) -> None:
    act = registry.act_for(mine.kind)
    job = jobs.read(act.job, mine.arguments)
    # The actor's id is the job's, so that the audit trail leads to what asked for it.
    actor = Actor(
        kind=ActorKind.SYSTEM, id=mine.id, permissions=act.may, request_id=mine.request_id
    )
    async with asyncio.timeout(act.job.most_minutes * 60):
        if act.vendor:
            if mine.tenant_id is None:
                raise registry.UnknownJob
            await act.run(database, mine.tenant_id, actor, job)
            points.reach("workers.running.called")
            async with database.tenant(mine.tenant_id) as db:
                await leasing.finish(db, mine)
            return
        await _in_one(database, mine, act, actor, job)


async def _in_one(database: Database, mine: Claim, act: Act, actor: Actor, job: jobs.Job) -> None:
    async with _session(database, mine, act) as db:
        await act.run(db, actor, job)
        points.reach("workers.running.acted")
        await leasing.finish(db, mine)
        points.reach("workers.running.finished")


@asynccontextmanager
async def _session(
    database: Database, mine: Claim, act: Act
) -> AsyncIterator[TenantSession | PlatformSession]:
    if act.job.platform != (mine.tenant_id is None):
        raise registry.UnknownJob  # the kind changed hands between two versions
    if mine.tenant_id is None:
        async with database.platform() as platform:
            yield platform
    else:
        async with database.tenant(mine.tenant_id) as db:
            yield db
