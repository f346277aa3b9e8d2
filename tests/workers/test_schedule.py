"""Each due time is answered once, whoever looks, and a missed one is made good."""

import asyncio
from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from billing_saas.kit import clock
from billing_saas.kit.db import Database
from billing_saas.kit.ids import new_id
from billing_saas.outbox.tables import JobRow, ScheduleRun
from billing_saas.workers import schedule
from billing_saas.workers.schedule import Daily, Every, Schedule
from tests.workers.acts import MarkEveryone

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
QUARTER = Schedule("tests.quarter", Every(15), MarkEveryone(new_id()))
NIGHTLY = Schedule("tests.nightly", Daily(time(2, 30), "America/Chicago"), MarkEveryone(new_id()))


async def jobs(database: Database) -> int:
    async with database.platform() as db:
        return await db.scalar(select(func.count()).select_from(JobRow)) or 0


async def test_a_due_time_is_answered_once(database: Database) -> None:
    with clock.frozen(NOON):
        assert await schedule.fire_due(database, [QUARTER]) == ["tests.quarter"]
        assert await schedule.fire_due(database, [QUARTER]) == []
    with clock.frozen(NOON + timedelta(minutes=14, seconds=59)):
        assert await schedule.fire_due(database, [QUARTER]) == []
    with clock.frozen(NOON + timedelta(minutes=15)):
        assert await schedule.fire_due(database, [QUARTER]) == ["tests.quarter"]
    async with database.platform() as db:
        due = list(await db.scalars(select(ScheduleRun.due_at).order_by(ScheduleRun.due_at)))
    assert due == [NOON, NOON + timedelta(minutes=15)]


async def test_missed_times_are_made_good_once(database: Database) -> None:
    with clock.frozen(NOON):
        await schedule.fire_due(database, [QUARTER, NIGHTLY])
    with clock.frozen(NOON + timedelta(days=2, minutes=7)):
        assert await schedule.fire_due(database, [QUARTER, NIGHTLY]) == [
            "tests.quarter",
            "tests.nightly",
        ]
        assert await schedule.fire_due(database, [QUARTER, NIGHTLY]) == []
    assert await jobs(database) == 4


async def test_a_clock_that_steps_back_answers_nothing_again(database: Database) -> None:
    with clock.frozen(NOON):
        await schedule.fire_due(database, [QUARTER])
    with clock.frozen(NOON - timedelta(minutes=5)):
        assert await schedule.fire_due(database, [QUARTER]) == []


async def test_two_schedulers_fire_once(database: Database) -> None:
    with clock.frozen(NOON):
        fired = await asyncio.gather(
            *(schedule.fire_due(database, [QUARTER, NIGHTLY]) for _ in range(4))
        )
    assert sorted(name for names in fired for name in names) == ["tests.nightly", "tests.quarter"]
    assert await jobs(database) == 2


@pytest.mark.parametrize(
    ("now", "due"),
    [
        # Before and after the hour that Chicago skips on 2026-03-08 (02:30 becomes 03:30 CDT).
        ("2026-03-08T07:59:00+00:00", "2026-03-07T08:30:00+00:00"),
        ("2026-03-08T08:30:00+00:00", "2026-03-08T08:30:00+00:00"),
        ("2026-03-09T07:30:00+00:00", "2026-03-09T07:30:00+00:00"),
        # 2026-11-01 has 25 hours there.
        ("2026-11-01T08:29:00+00:00", "2026-10-31T07:30:00+00:00"),
        ("2026-11-01T08:30:00+00:00", "2026-11-01T08:30:00+00:00"),
        ("2028-02-29T23:59:59+00:00", "2028-02-29T08:30:00+00:00"),
    ],
)
def test_a_nightly_time_follows_the_local_clock(now: str, due: str) -> None:
    newest = NIGHTLY.times.newest(datetime.fromisoformat(now))
    assert newest == datetime.fromisoformat(due)


ZONES = st.sampled_from(["America/New_York", "America/Chicago", "Pacific/Honolulu", "UTC"])
INSTANTS = st.datetimes(
    datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC), allow_imaginary=False
)


@given(ZONES, st.times(), INSTANTS)
def test_every_day_has_exactly_one_time(zone: str, at: time, now: datetime) -> None:
    daily = Daily(at.replace(microsecond=0), zone)
    newest = daily.newest(now)
    assert newest <= now
    assert now - newest < timedelta(hours=25, seconds=1)
    assert daily.newest(newest) == newest
    assert daily.newest(newest - timedelta(seconds=1)) < newest


@given(st.sampled_from([1, 5, 15, 60, 1440]), INSTANTS)
def test_a_rhythm_has_no_gaps(minutes: int, now: datetime) -> None:
    every = Every(minutes)
    assert timedelta(0) <= now - every.newest(now) < timedelta(minutes=minutes)


def test_a_rhythm_must_divide_the_day() -> None:
    with pytest.raises(ValueError):
        Every(7)
