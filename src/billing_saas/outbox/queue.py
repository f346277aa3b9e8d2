"""Ask for something to be done later, in the transaction of the change that asks for it."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from billing_saas.kit import clock
from billing_saas.kit.db import PlatformSession, TenantSession
from billing_saas.kit.ids import new_ids
from billing_saas.outbox.errors import NotAnId
from billing_saas.outbox.jobs import Job, arguments_of

# One statement whatever the number. The database's clock is the one that all processes share: a job
# added by a process whose clock runs ahead must not wait for it.
_ADD = text(
    """
    INSERT INTO job (id, tenant_id, kind, arguments, queue, most_attempts, request_id, run_at,
                     created_at)
    SELECT added.id, added.tenant_id, added.kind, CAST(added.arguments AS jsonb),
           added.queue, added.most_attempts, :request_id,
           coalesce(CAST(:run_at AS timestamptz), CAST(:held AS timestamptz), clock_timestamp()),
           coalesce(CAST(:held AS timestamptz), clock_timestamp())
    FROM unnest(CAST(:ids AS uuid[]), CAST(:tenants AS uuid[]), CAST(:kinds AS text[]),
                CAST(:arguments AS text[]), CAST(:queues AS text[]), CAST(:most AS smallint[]))
         AS added (id, tenant_id, kind, arguments, queue, most_attempts)
    """
)


async def add(
    db: TenantSession, job: Job, *, run_at: datetime | None = None, request_id: str = ""
) -> UUID:
    """Owe `job` from the commit of `db` on, not before `run_at` (now, if none is given)."""
    return (await add_many(db, [job], run_at=run_at, request_id=request_id))[0]


async def add_many(
    db: TenantSession, jobs: Sequence[Job], *, run_at: datetime | None = None, request_id: str = ""
) -> list[UUID]:
    for job in jobs:
        if job.platform:
            raise NotAnId(f"{job.kind} is the platform's own: a practice cannot ask for it")
    return await _insert(db, [(db.tenant_id, job) for job in jobs], run_at, request_id)


async def add_for_platform(
    db: PlatformSession, job: Job, *, run_at: datetime | None = None, request_id: str = ""
) -> UUID:
    """Owe one of the platform's own jobs."""
    return (await add_owed(db, [(None, job)], run_at=run_at, request_id=request_id))[0]


async def add_for_practice(
    db: PlatformSession,
    tenant_id: UUID,
    jobs: Sequence[Job],
    *,
    run_at: datetime | None = None,
    request_id: str = "",
) -> list[UUID]:
    """What the platform's own job asks of one practice."""
    owed = [(tenant_id, job) for job in jobs]
    return await add_owed(db, owed, run_at=run_at, request_id=request_id)


async def add_owed(
    db: PlatformSession,
    owed: Sequence[tuple[UUID | None, Job]],
    *,
    run_at: datetime | None = None,
    request_id: str = "",
) -> list[UUID]:
    """Jobs of many practices at once, and the platform's own (None): how a schedule asks."""
    for tenant_id, job in owed:
        if job.platform and tenant_id is not None:
            raise NotAnId(f"{job.kind} is the platform's own: it has no practice")
        if not job.platform and tenant_id is None:
            raise NotAnId(f"{job.kind} belongs to a practice: say which")
    return await _insert(db, owed, run_at, request_id)


async def _insert(
    db: AsyncSession,
    owed: Sequence[tuple[UUID | None, Job]],
    run_at: datetime | None,
    request_id: str,
) -> list[UUID]:
    ids = new_ids(len(owed))
    if ids:
        jobs = [job for _, job in owed]
        await db.execute(
            _ADD,
            {
                "tenants": [tenant_id for tenant_id, _ in owed],
                "request_id": request_id,
                "run_at": run_at,
                "held": clock.held(),
                "ids": ids,
                "kinds": [job.kind for job in jobs],
                "arguments": [msgspec.json.encode(arguments_of(job)).decode() for job in jobs],
                "queues": [job.queue for job in jobs],
                "most": [job.most_attempts for job in jobs],
            },
        )
    return ids
