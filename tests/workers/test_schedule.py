"""Each due time of each practice is answered once, whoever looks, and missed ones are made good."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text

from billing_saas.kit import clock, settings
from billing_saas.kit.db import Database
from billing_saas.kit.ids import new_id
from billing_saas.outbox import queries
from billing_saas.outbox.tables import JobRow
from billing_saas.workers import schedule
from billing_saas.workers.schedule import CatchUp, Schedule
from billing_saas.workers.times import Daily, Every
from tests.cast import Tenant
from tests.workers.acts import CloseDay, Mark, MarkEveryone

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
QUARTER = Schedule("tests.quarter", Every(15), MarkEveryone(new_id()))
AT_SIX = Schedule("tests.at_six", Daily(time(6, 0)), Mark(new_id()))
NIGHTLY = Schedule("tests.nightly", Daily(time(2, 30)), Mark(new_id()))
CLOSING = Schedule("tests.closing", Daily(time(23, 0)), CloseDay, CatchUp.EACH)


async def look(database: Database, at: datetime, *wanted: Schedule) -> int:
    with clock.frozen(at):
        return await schedule.answer_due(database, wanted)


async def asked(database: Database, tenant: Tenant | None) -> list[tuple[datetime, dict[str, Any]]]:
    """When each job of the practice was asked for, and with what."""
    async with database.platform() as db:
        rows = await db.execute(
            select(JobRow.run_at, JobRow.arguments)
            .where(JobRow.tenant_id == tenant.id if tenant else JobRow.tenant_id.is_(None))
            .order_by(JobRow.run_at, JobRow.id)
        )
        return [(run_at, arguments) for run_at, arguments in rows]


async def test_a_new_schedule_waits_for_its_time_and_is_answered_once(database: Database) -> None:
    assert await look(database, NOON + timedelta(minutes=1), QUARTER) == 0
    assert await look(database, NOON + timedelta(minutes=14, seconds=59), QUARTER) == 0
    assert await look(database, NOON + timedelta(minutes=15), QUARTER) == 1
    assert await look(database, NOON + timedelta(minutes=15), QUARTER) == 0
    assert await look(database, NOON + timedelta(minutes=30), QUARTER) == 1
    assert len(await asked(database, None)) == 2


async def test_six_oclock_is_each_practices_own(
    database: Database, elm: Tenant, oak: Tenant
) -> None:
    """Elm is in Chicago, Oak in New York."""
    await look(database, NOON, AT_SIX)  # 06:00 in Chicago at this very moment
    assert len(await asked(database, elm)) == 1
    assert await asked(database, oak) == []
    assert await look(database, NOON + timedelta(hours=22, minutes=59), AT_SIX) == 0
    assert await look(database, NOON + timedelta(hours=23), AT_SIX) == 1
    assert len(await asked(database, oak)) == 1


@pytest.mark.parametrize(
    ("at", "begin", "instants"),
    [
        # 23 hours: 02:30 does not exist in the night to 2026-03-08, so it is 03:30 (08:30 UTC).
        (time(2, 30), "2026-03-07", ["03-07T08:30", "03-08T08:30", "03-09T07:30"]),
        (time(6, 0), "2026-03-07", ["03-07T12:00", "03-08T11:00", "03-09T11:00"]),
        # 25 hours: 01:30 comes twice in the night to 2026-11-01, and the first is meant.
        (time(1, 30), "2026-10-31", ["10-31T06:30", "11-01T06:30", "11-02T07:30"]),
        (time(6, 0), "2026-10-31", ["10-31T11:00", "11-01T12:00", "11-02T12:00"]),
    ],
)
async def test_a_run_is_neither_skipped_nor_doubled_when_the_clock_changes(
    database: Database, elm: Tenant, at: time, begin: str, instants: Sequence[str]
) -> None:
    daily = Schedule("tests.daily", Daily(at), Mark(new_id()))
    now = datetime.fromisoformat(f"{begin}T05:30:00+00:00")
    for _ in range(2 * 24 * 3 - 8):
        await look(database, now, daily)
        now += timedelta(minutes=30)
    found = [f"{run_at:%m-%dT%H:%M}" for run_at, _ in await asked(database, elm)]
    assert found == list(instants)


async def test_after_a_week_without_a_scheduler_each_kind_is_caught_up_in_its_way(
    database: Database, elm: Tenant
) -> None:
    await look(database, NOON, NIGHTLY, CLOSING, QUARTER)
    later = NOON + timedelta(days=7, minutes=7)
    assert await look(database, later, NIGHTLY, CLOSING, QUARTER) == 1 + 7 + 1
    assert await look(database, later, NIGHTLY, CLOSING, QUARTER) == 0
    found = await asked(database, elm)
    assert {run_at for run_at, _ in found if run_at != NOON} == {later}
    closed = [arguments["day"] for _, arguments in found if "day" in arguments]
    assert closed == [f"2026-03-{day:02}" for day in range(2, 9)]


async def test_a_clock_that_steps_back_answers_nothing_again(database: Database) -> None:
    await look(database, NOON, QUARTER)
    assert len(await asked(database, None)) == 1
    assert await look(database, NOON - timedelta(minutes=5), QUARTER) == 0
    assert await look(database, NOON, QUARTER) == 0


async def test_schedulers_side_by_side_answer_once(
    database: Database, elm: Tenant, oak: Tenant
) -> None:
    await look(database, NOON, QUARTER, NIGHTLY)
    with clock.frozen(NOON + timedelta(days=1)):
        owed = await asyncio.gather(
            *(schedule.answer_due(database, [QUARTER, NIGHTLY]) for _ in range(4))
        )
    assert sum(owed) == 3
    assert len(await asked(database, elm)) == len(await asked(database, oak)) == 1


async def test_a_practice_that_moves_or_leaves_is_asked_accordingly(
    database: Database, elm: Tenant, oak: Tenant
) -> None:
    await look(database, NOON, AT_SIX)  # Elm's of today is answered
    await change(database, elm.id, "time_zone", "America/Denver")
    await change(database, oak.id, "status", "left")
    assert await look(database, NOON + timedelta(hours=1), AT_SIX) == 0  # 06:00 in Denver
    assert await look(database, NOON + timedelta(hours=25), AT_SIX) == 1
    assert await asked(database, oak) == []


async def test_another_rhythm_counts_from_the_next_look(database: Database, elm: Tenant) -> None:
    await look(database, NOON, AT_SIX)
    at_seven = Schedule(AT_SIX.name, Daily(time(7, 0)), AT_SIX.job)
    assert await look(database, NOON + timedelta(hours=1), at_seven) == 0  # today's was at six
    assert await look(database, NOON + timedelta(hours=25), at_seven) == 1
    async with database.platform() as db:
        (due,) = [one for one in await queries.due_times(db) if one.tenant_id == elm.id]
    assert (due.rhythm, due.time_zone) == ("daily at 07:00", "America/Chicago")
    assert due.due_at == NOON + timedelta(hours=49)


async def test_what_the_product_asks_for_by_the_clock(database: Database, elm: Tenant) -> None:
    wanted = schedule.schedules(settings.read({"BILLING_JOBS_KEPT_DAYS": "30"}))
    await look(database, NOON, *wanted)
    await look(database, NOON + timedelta(days=1), *wanted)
    async with database.platform() as db:
        rows = (await db.execute(select(JobRow.kind, JobRow.arguments))).all()
    kinds = {row.kind: row.arguments for row in rows}
    assert kinds["outbox.purge"] == {"days": 30}
    assert kinds["reports.check_invariants"] == {}


async def change(database: Database, practice: UUID, column: str, value: str) -> None:
    async with database.platform() as db:
        await db.execute(
            text(f"UPDATE practice SET {column} = :value WHERE tenant_id = :practice"),
            {"value": value, "practice": practice},
        )
