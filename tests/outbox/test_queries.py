"""The backlog counts what is owed; what was done long ago goes."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from billing_saas.kit import clock
from billing_saas.kit.actor import Actor, ActorKind
from billing_saas.kit.db import Database
from billing_saas.kit.ids import new_id
from billing_saas.outbox import leasing, purging, queries, queue
from billing_saas.outbox.jobs import PurgeJobs
from billing_saas.outbox.tables import JobRow
from tests.cast import Tenant
from tests.outbox.notes import Jot

PLATFORM = Actor(kind=ActorKind.SYSTEM, id=new_id(), request_id="r-9")


async def test_the_backlog_counts_what_is_owed(
    database: Database, elm: Tenant, oak: Tenant
) -> None:
    await ended(database, elm, "dead", "dead")
    async with database.tenant(oak.id) as db:
        await queue.add(db, Jot(new_id()))
        taken = await queue.add(db, Jot(new_id()))
        await queue.add(db, Jot(new_id()), run_at=datetime(2100, 1, 1, tzinfo=UTC))
    async with database.platform() as platform:
        assert await leasing.claim(platform, taken)
        by_queue = {owed.queue: owed for owed in await queries.backlog(platform)}
    backlog = by_queue["interactive"]
    assert (backlog.due, backlog.waiting, backlog.leased, backlog.dead) == (1, 1, 1, 2)
    assert 0 <= backlog.oldest_due_seconds < 60
    assert by_queue["bulk"] == queries.Backlog("bulk", 0, 0, 0, 0, 0.0)


async def ended(database: Database, tenant: Tenant, *states: str) -> None:
    """Jobs that were claimed, and done or parked."""
    async with database.tenant(tenant.id) as db:
        ids = await queue.add_many(db, [Jot(new_id()) for _ in states])
    async with database.platform() as db:
        for job_id, state in zip(ids, states, strict=True):
            mine = await leasing.claim(db, job_id)
            assert mine is not None
            if state == "dead":
                await leasing.park(db, mine, "already-posted")
            else:
                await leasing.finish(db, mine)


async def test_what_was_done_long_ago_goes_and_what_is_dead_stays(
    database: Database, elm: Tenant
) -> None:
    await ended(database, elm, *["done"] * 5, "dead")
    now = datetime.now(UTC)
    async with database.platform() as db:
        assert await purging.purge(db, PLATFORM, PurgeJobs(14)) == 0
    with clock.frozen(now + timedelta(days=14, minutes=5)):
        async with database.platform() as db:
            await queue.add_for_platform(db, PurgeJobs(99))  # owed: not to be removed
            assert await purging.purge(db, PLATFORM, PurgeJobs(14), most=3) == 3
        async with database.platform() as db:
            again = select(JobRow.arguments).where(JobRow.request_id == "r-9")
            assert list(await db.scalars(again)) == [{"days": 14}]
            assert await purging.purge(db, PLATFORM, PurgeJobs(14), most=3) == 2
    async with database.platform() as db:
        left = list(await db.scalars(select(JobRow.state).order_by(JobRow.id)))
    assert left == ["dead", "queued", "queued"]
