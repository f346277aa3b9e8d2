"""A job is owed exactly when the change that asks for it is committed."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from billing_saas.kit import clock
from billing_saas.kit.db import Database
from billing_saas.kit.ids import new_id
from billing_saas.outbox import queue
from billing_saas.outbox.errors import NotAnId
from billing_saas.outbox.jobs import Job, read
from billing_saas.outbox.tables import JobRow
from tests.cast import Tenant
from tests.outbox.notes import Jot, Sweep

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


async def owed(database: Database) -> list[JobRow]:
    async with database.platform() as db:
        return list(await db.scalars(select(JobRow).order_by(JobRow.id)))


async def test_a_job_is_committed_with_the_change_that_asks_for_it(
    database: Database, elm: Tenant
) -> None:
    jot = Jot(new_id(), 7, "2026-03-02")
    with clock.frozen(NOON):
        async with database.tenant(elm.id) as db:
            job_id = await queue.add(db, jot, request_id="r-1")
    (row,) = await owed(database)
    assert row.id == job_id
    assert (row.tenant_id, row.kind, row.queue, row.state) == (
        elm.id,
        "tests.jot",
        "interactive",
        "queued",
    )
    assert (row.run_at, row.created_at, row.request_id, row.most_attempts) == (NOON, NOON, "r-1", 3)
    assert read(Jot, row.arguments) == jot


async def test_a_rolled_back_change_leaves_no_job(database: Database, elm: Tenant) -> None:
    async def fail_after_asking() -> None:
        async with database.tenant(elm.id) as db:
            await queue.add(db, Jot(new_id()))
            raise RuntimeError("the change fails")

    with pytest.raises(RuntimeError):
        await fail_after_asking()
    assert await owed(database) == []


async def test_many_jobs_are_one_statement(database: Database, elm: Tenant) -> None:
    jots = [Jot(new_id(), number) for number in range(3_000)]
    async with database.tenant(elm.id) as db:
        ids = await queue.add_many(db, jots, run_at=NOON)
    rows = await owed(database)
    assert [row.id for row in rows] == ids
    assert [read(Jot, row.arguments) for row in rows] == jots


async def test_a_job_of_elm_is_invisible_to_oak(
    database: Database, elm: Tenant, oak: Tenant
) -> None:
    async with database.tenant(elm.id) as db:
        await queue.add(db, Jot(new_id()))
    count = select(func.count()).select_from(JobRow)
    async with database.tenant(oak.id) as db:
        assert await db.scalar(count) == 0
    async with database.tenant(elm.id) as db:
        assert await db.scalar(count) == 1


async def test_a_practice_cannot_ask_for_a_job_of_the_platform(
    database: Database, elm: Tenant
) -> None:
    async with database.platform() as db:
        await queue.add_for_platform(db, Sweep())
        await queue.add_for_practice(db, elm.id, [Jot(new_id())])
    async with database.platform() as db:
        with pytest.raises(NotAnId):
            await queue.add_for_platform(db, Jot(new_id()))
        with pytest.raises(NotAnId):
            await queue.add_for_practice(db, elm.id, [Sweep()])
    async with database.tenant(elm.id) as db:
        with pytest.raises(NotAnId):
            await queue.add(db, Sweep())
    assert [row.tenant_id for row in await owed(database)] == [None, elm.id]


@pytest.mark.parametrize(
    "value",
    [
        "Jane Q. Public",
        "jane@example.test",
        "x" * 41,
        "",
        True,
        None,
        1.5,
        2**60,
        ["a"],
        datetime(2026, 1, 1, tzinfo=UTC),
    ],
)
async def test_a_job_carries_nothing_but_ids(database: Database, elm: Tenant, value: Any) -> None:
    @dataclass(frozen=True, slots=True)
    class Tell(Job):
        kind = "tests.tell"
        what: Any

    with pytest.raises(NotAnId) as refused:
        async with database.tenant(elm.id) as db:
            await queue.add(db, Tell(value))
    assert str(refused.value) == "tests.tell: what must be a UUID, a whole number or a short token"
    assert await owed(database) == []


async def test_without_a_time_the_databases_clock_counts(database: Database, elm: Tenant) -> None:
    async with database.tenant(elm.id) as db:
        await queue.add(db, Jot(new_id()))
    (row,) = await owed(database)
    assert abs(row.run_at - datetime.now(UTC)) < timedelta(minutes=1)
