"""One job, one act, one transaction: done, retried or parked, and nothing in between."""

import asyncio
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from billing_saas.kit import clock
from billing_saas.kit.db import Database
from billing_saas.kit.ids import new_id
from billing_saas.outbox import leasing, queue
from billing_saas.outbox.jobs import Job
from billing_saas.outbox.tables import JobRow
from billing_saas.workers import registry, running
from billing_saas.workers.claiming import Claims
from billing_saas.workers.running import Outcome
from tests.cast import Tenant
from tests.workers.acts import Chain, Mark, MarkEveryone, Stumble, marks

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


async def owe(database: Database, tenant: Tenant, *jobs: Job) -> list[UUID]:
    async with database.tenant(tenant.id) as db:
        return await queue.add_many(db, jobs)


async def row_of(database: Database, job_id: UUID) -> JobRow:
    async with database.platform() as db:
        return (await db.scalars(select(JobRow).where(JobRow.id == job_id))).one()


async def test_a_job_is_done_once_whatever_rings(database: Database, elm: Tenant) -> None:
    note = new_id()
    (job_id,) = await owe(database, elm, Mark(note, 20))
    outcomes = await asyncio.gather(*(running.run_job(database, job_id) for _ in range(6)))
    assert Counter(outcomes) == {Outcome.DONE: 1, Outcome.NOT_OURS: 5}
    assert await marks(database, elm.id, note) == 1
    assert (await row_of(database, job_id)).state == "done"


@pytest.mark.parametrize(
    ("how", "name"), [("answer", "test-conflict"), ("permission", "not-permitted")]
)
async def test_an_answer_is_never_retried(
    database: Database, elm: Tenant, how: str, name: str
) -> None:
    note = new_id()
    (job_id,) = await owe(database, elm, Stumble(note, how))
    assert await running.run_job(database, job_id) == Outcome.DEAD
    row = await row_of(database, job_id)
    assert (row.state, row.last_error, row.attempts) == ("dead", name, 1)
    assert await marks(database, elm.id, note) == 0


@pytest.mark.parametrize(
    ("how", "name"),
    [("weather", "RuntimeError"), ("timeout", "TimeoutError"), ("database", "DBAPIError")],
)
async def test_weather_is_retried_and_its_work_rolled_back(
    database: Database, elm: Tenant, how: str, name: str
) -> None:
    note = new_id()
    now = NOON
    with clock.frozen(now):
        (job_id,) = await owe(database, elm, Stumble(note, how))
        assert await running.run_job(database, job_id) == Outcome.RETRIED
        row = await row_of(database, job_id)
        assert (row.state, row.last_error) == ("queued", name)
        assert await running.run_job(database, job_id) == Outcome.NOT_OURS  # not before its time
    with clock.frozen(row.run_at):
        assert await running.run_job(database, job_id) == Outcome.DEAD
    assert (await row_of(database, job_id)).state == "dead"
    assert await marks(database, elm.id, note) == 0


async def test_a_kind_that_this_process_does_not_know_waits_for_one_that_does(
    database: Database, elm: Tenant
) -> None:
    @dataclass(frozen=True, slots=True)
    class FromTheFuture(Job):
        kind = "tests.from_the_future"

    (job_id,) = await owe(database, elm, FromTheFuture())
    assert await running.run_job(database, job_id) == Outcome.RETRIED
    assert (await row_of(database, job_id)).last_error == "UnknownJob"


async def test_draining_follows_what_the_jobs_ask_for(database: Database, elm: Tenant) -> None:
    note = new_id()
    await owe(database, elm, Chain(note, 4))
    assert await running.drain(database) == {Outcome.DONE: 5}
    assert await marks(database, elm.id, note) == 5


async def test_draining_leaves_what_is_not_due(database: Database, elm: Tenant) -> None:
    note = new_id()
    with clock.frozen(NOON):
        async with database.tenant(elm.id) as db:
            await queue.add(db, Mark(note), run_at=NOON + timedelta(days=7))
        assert await running.drain(database) == {}
    with clock.frozen(NOON + timedelta(days=7)):
        assert await running.drain(database) == {Outcome.DONE: 1}


async def test_the_platforms_own_job_reaches_every_practice(
    database: Database, elm: Tenant, oak: Tenant
) -> None:
    note = new_id()
    async with database.platform() as db:
        await queue.add_for_platform(db, MarkEveryone(note))
    assert await running.drain(database) == {Outcome.DONE: 3}
    assert await marks(database, elm.id, note) == 1
    assert await marks(database, oak.id, note) == 1


async def test_told_to_stop_a_job_gives_its_lease_back(database: Database, elm: Tenant) -> None:
    note = new_id()
    (job_id,) = await owe(database, elm, Mark(note, 60_000))
    at_work = asyncio.create_task(running.run_job(database, job_id))
    while (await row_of(database, job_id)).state != "leased":
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.05)
    at_work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await at_work
    row = await row_of(database, job_id)
    assert (row.state, row.attempts, row.leased_until) == ("queued", 0, None)
    assert await marks(database, elm.id, note) == 0


async def test_a_long_job_keeps_its_lease(database: Database, elm: Tenant) -> None:
    note = new_id()
    (job_id,) = await owe(database, elm, Mark(note, 900))
    at_work = asyncio.create_task(
        running.run_job(database, job_id, lease=timedelta(milliseconds=300))
    )
    for _ in range(4):
        await asyncio.sleep(0.2)
        async with database.platform() as db:
            assert (await leasing.recover(db)).queued == []
    assert await at_work == Outcome.DONE


async def test_a_worker_that_froze_past_its_lease_writes_nothing(
    database: Database, elm: Tenant
) -> None:
    note = new_id()
    with clock.frozen(NOON):
        (job_id,) = await owe(database, elm, Mark(note, 400))
        frozen = asyncio.create_task(running.run_job(database, job_id))
        while (await row_of(database, job_id)).state != "leased":
            await asyncio.sleep(0.01)
    with clock.frozen(NOON + timedelta(minutes=2)):
        assert await running.drain(database) == {}  # taken back; its turn comes in a moment
    with clock.frozen(NOON + timedelta(minutes=3)):
        second = asyncio.create_task(running.run_job(database, job_id))
        assert await frozen == Outcome.LEASE_LOST
        assert await second == Outcome.DONE
    assert await marks(database, elm.id, note) == 1


async def test_suspects_run_one_at_a_time(database: Database, elm: Tenant) -> None:
    notes = [new_id() for _ in range(3)]
    with clock.frozen(NOON):
        ids = await owe(database, elm, *(Mark(note, 150) for note in notes))
        async with database.platform() as db:
            for job_id in ids:
                assert await leasing.claim(db, job_id)  # by a worker that dies
    with clock.frozen(NOON + timedelta(minutes=2)):
        async with database.platform() as db:
            assert len((await leasing.recover(db)).queued) == 3
    with clock.frozen(NOON + timedelta(minutes=3)):
        claims = Claims(database, leasing.LEASE)
        at_work = [asyncio.create_task(running.run_asked(claims, job_id)) for job_id in ids]
        while not all(task.done() for task in at_work):
            async with database.platform() as db:
                leased = await db.scalars(select(JobRow.id).where(JobRow.state == "leased"))
                assert len(leased.all()) <= 1
            await asyncio.sleep(0.02)
    assert [task.result() for task in at_work] == [Outcome.DONE] * 3


def test_a_job_that_could_carry_more_than_ids_is_not_registered() -> None:
    @dataclass(frozen=True, slots=True)
    class Letter(Job):
        kind = "tests.letter"
        lines: list[str]

    async def send(db: object, actor: object, job: Letter) -> None:
        raise AssertionError

    with pytest.raises(ValueError, match=r"tests\.letter: lines must be"):
        registry.add(registry.practice_act(Letter, send))


def test_a_kind_has_one_job() -> None:
    @dataclass(frozen=True, slots=True)
    class Impostor(Job):
        kind = "tests.mark"

    async def act(db: object, actor: object, job: Impostor) -> None:
        raise AssertionError

    with pytest.raises(ValueError, match=r"two jobs are called tests\.mark"):
        registry.add(registry.practice_act(Impostor, act))
