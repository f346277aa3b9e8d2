"""One worker has a job at a time, and what a frozen one writes does not count."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from billing_saas.kit import clock
from billing_saas.kit.db import Database
from billing_saas.kit.ids import new_id
from billing_saas.outbox import leasing, queue, rules
from billing_saas.outbox.errors import LeaseLost
from billing_saas.outbox.leasing import LEASE, MOST_LOST, Claim
from billing_saas.outbox.tables import JobRow
from tests.cast import Tenant
from tests.outbox.notes import Jot

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
LATER = NOON + LEASE + timedelta(seconds=1)


async def added(database: Database, tenant: Tenant) -> UUID:
    async with database.tenant(tenant.id) as db:
        return await queue.add(db, Jot(new_id()))


async def claimed(database: Database, job_id: UUID, *, suspect: bool = False) -> Claim:
    async with database.platform() as db:
        mine = await leasing.claim(db, job_id, suspect=suspect)
    assert mine is not None
    return mine


async def row_of(database: Database, job_id: UUID) -> JobRow:
    async with database.platform() as db:
        return (await db.scalars(select(JobRow).where(JobRow.id == job_id))).one()


async def test_only_one_gets_a_job(database: Database, elm: Tenant) -> None:
    job_id = await added(database, elm)
    mine = await claimed(database, job_id)
    assert (mine.tenant_id, mine.attempt, mine.lease) == (elm.id, 1, 1)
    async with database.platform() as db:
        assert await leasing.claim(db, job_id) is None


async def test_a_job_is_not_run_before_its_time(database: Database, elm: Tenant) -> None:
    with clock.frozen(NOON):
        async with database.tenant(elm.id) as db:
            job_id = await queue.add(db, Jot(new_id()), run_at=NOON + timedelta(days=3))
        async with database.platform() as db:
            assert await leasing.claim(db, job_id) is None
    with clock.frozen(NOON + timedelta(days=3)):
        assert (await claimed(database, job_id)).id == job_id


async def test_work_and_its_end_commit_together(database: Database, elm: Tenant) -> None:
    job_id = await added(database, elm)
    mine = await claimed(database, job_id)

    async def fail_after_the_end() -> None:
        async with database.tenant(elm.id) as db:
            await leasing.finish(db, mine)
            raise RuntimeError("the commit never comes")

    with pytest.raises(RuntimeError):
        await fail_after_the_end()
    assert (await row_of(database, job_id)).state == "leased"
    async with database.tenant(elm.id) as db:
        await leasing.finish(db, mine)
    done = await row_of(database, job_id)
    assert done.state == "done"
    assert done.finished_at is not None
    assert done.leased_until is None


async def test_a_zombie_is_fenced(database: Database, elm: Tenant) -> None:
    async def work_and_finish(mine: Claim) -> None:
        async with database.tenant(elm.id) as db:
            await queue.add(db, Jot(new_id()))
            await leasing.finish(db, mine)

    with clock.frozen(NOON):
        job_id = await added(database, elm)
        zombie = await claimed(database, job_id)
    with clock.frozen(LATER):
        async with database.platform() as db:
            assert (await leasing.recover(db)).queued == [job_id]
    with clock.frozen(LATER + timedelta(minutes=1)):
        with pytest.raises(LeaseLost):  # nobody has it yet, and still the zombie's time is over
            await work_and_finish(zombie)
        second = await claimed(database, job_id, suspect=True)
        assert (second.lease, second.attempt) == (2, 2)
        with pytest.raises(LeaseLost):
            await work_and_finish(zombie)
        async with database.platform() as db:
            assert await leasing.extend(db, [zombie]) == set()
            await leasing.park(db, zombie, "Ignored")
            await leasing.give_back(db, zombie)
        async with database.tenant(elm.id) as practice:
            await leasing.finish(practice, second)
    async with database.platform() as db:
        (only,) = await db.scalars(select(JobRow))
    assert (only.state, only.last_error) == ("done", rules.WORKER_LOST)


async def test_a_renewed_lease_does_not_expire(database: Database, elm: Tenant) -> None:
    with clock.frozen(NOON):
        mine = await claimed(database, await added(database, elm))
    with clock.frozen(LATER - timedelta(seconds=2)):
        async with database.platform() as db:
            assert await leasing.extend(db, [mine]) == {mine.id}
    with clock.frozen(LATER):
        async with database.platform() as db:
            assert (await leasing.recover(db)).queued == []


async def test_weather_is_retried_later_and_later_then_parked(
    database: Database, elm: Tenant
) -> None:
    now = NOON
    waits = []
    with clock.frozen(now):
        job_id = await added(database, elm)
    for _ in range(Jot.most_attempts):
        with clock.frozen(now):
            mine = await claimed(database, job_id)
            async with database.platform() as db:
                again = await leasing.retry(db, mine, "TimeoutError")
            row = await row_of(database, job_id)
            assert row.last_error == "TimeoutError"
            assert again == (row.state == "queued")
            waits.append((row.run_at - now).total_seconds())
            now = row.run_at
    assert row.state == "dead"
    assert 1 <= waits[0] <= 2
    assert 2 <= waits[1] <= 4


async def test_a_lease_given_back_counts_no_attempt(database: Database, elm: Tenant) -> None:
    job_id = await added(database, elm)
    async with database.platform() as db:
        mine = await leasing.claim(db, job_id)
        assert mine is not None
        await leasing.give_back(db, mine)
    second = await claimed(database, job_id)
    assert (second.attempt, second.lease) == (1, 2)


async def test_a_job_that_loses_its_worker_three_times_is_parked(
    database: Database, elm: Tenant
) -> None:
    now = NOON
    with clock.frozen(now):
        job_id = await added(database, elm)
    for loss in range(1, MOST_LOST + 1):
        with clock.frozen(now):
            await claimed(database, job_id, suspect=loss > 1)
        now += LEASE + timedelta(seconds=1)
        with clock.frozen(now):
            async with database.platform() as db:
                recovered = await leasing.recover(db)
        assert (recovered.parked == [job_id]) == (loss == MOST_LOST)
        now += timedelta(seconds=3)
    row = await row_of(database, job_id)
    assert (row.state, row.last_error, row.lost) == ("dead", rules.WORKER_LOST, 3)


async def test_two_sweeps_do_not_count_one_loss_twice(database: Database, elm: Tenant) -> None:
    with clock.frozen(NOON):
        job_id = await added(database, elm)
        await claimed(database, job_id)
    with clock.frozen(LATER):
        async with database.platform() as one, database.platform() as other:
            assert (await leasing.recover(one)).queued == [job_id]
            assert (await leasing.recover(other)).queued == []
    assert (await row_of(database, job_id)).lost == 1
