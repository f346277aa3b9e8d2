"""What is asked for by the clock: named schedules, each due time answered once.

A schedule that missed its time (no scheduler ran) catches up when one runs again: the newest missed
time is answered, once, not every time in between.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from billing_saas.custody.jobs import FindWornKeys
from billing_saas.kit import logs
from billing_saas.kit.db import Database, PlatformSession
from billing_saas.outbox import leasing, queue
from billing_saas.outbox.jobs import Job
from billing_saas.outbox.tables import ScheduleRun

_LOOK_EVERY_SECONDS = 15.0


class Times(Protocol):
    def newest(self, now: datetime) -> datetime:
        """The last due time that is not after `now`, in UTC."""


@dataclass(frozen=True, slots=True)
class Every:
    """Every so many minutes, counted from midnight UTC; a day is a whole number of them."""

    minutes: int

    def __post_init__(self) -> None:
        if self.minutes < 1 or 1440 % self.minutes:
            raise ValueError("the minutes must divide a day")

    def newest(self, now: datetime) -> datetime:
        midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        step = timedelta(minutes=self.minutes)
        return midnight + (now - midnight) // step * step


@dataclass(frozen=True, slots=True)
class Daily:
    """Once each calendar day of a time zone.

    An hour that the clock skips is taken as if it had not been skipped, and of an hour that comes
    twice the first is meant (`fold=0`), so that each day has exactly one time.
    """

    at: time
    time_zone: str

    def newest(self, now: datetime) -> datetime:
        zone = ZoneInfo(self.time_zone)
        day = now.astimezone(zone).date()
        today = datetime.combine(day, self.at, zone).astimezone(UTC)
        if today <= now:
            return today
        return datetime.combine(day - timedelta(days=1), self.at, zone).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Schedule:
    name: str
    times: Times
    job: Job
    """One of the platform's own; it reaches the practices by `queue.add_for_practice`."""


SCHEDULES: tuple[Schedule, ...] = (
    Schedule("worn keys", Daily(time(3, 40), "UTC"), FindWornKeys()),
)


class _AnsweredAlready(Exception):
    pass


async def run(database: Database, schedules: Sequence[Schedule] = SCHEDULES) -> None:
    """Fire schedules until cancelled."""
    while True:
        try:
            await fire_due(database, schedules)
        except Exception as error:
            logs.get().warning("schedule failed", exc_info=error)
        await asyncio.sleep(_LOOK_EVERY_SECONDS)


async def fire_due(database: Database, schedules: Sequence[Schedule] = SCHEDULES) -> list[str]:
    """Owe the job of each schedule whose newest due time nobody answered; their names."""
    fired = []
    for schedule in schedules:
        try:
            async with database.platform() as db:
                await _fire(db, schedule)
        except _AnsweredAlready:
            continue
        fired.append(schedule.name)
        logs.get().info("schedule fired", schedule=schedule.name)
    return fired


async def _fire(db: PlatformSession, schedule: Schedule) -> None:
    now = (await db.scalars(select(leasing.instant()))).one()
    due_at = schedule.times.newest(now)
    answered = select(ScheduleRun.job_id).where(
        ScheduleRun.name == schedule.name, ScheduleRun.due_at >= due_at
    )
    if (await db.scalar(answered.limit(1))) is not None:
        raise _AnsweredAlready
    job_id = await queue.add_for_platform(db, schedule.job)
    won = await db.scalar(
        insert(ScheduleRun)
        .values(name=schedule.name, due_at=due_at, job_id=job_id)
        .on_conflict_do_nothing()
        .returning(ScheduleRun.job_id)
    )
    if won is None:  # another scheduler was first: its job stands, ours is rolled back
        raise _AnsweredAlready
