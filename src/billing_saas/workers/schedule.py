"""What is asked for by the clock, of each practice by its own: each due time is answered once.

`schedule_due` says what is due next. Who answers holds the row, owes the jobs and writes the next due
time in one transaction, so that any number of schedulers may look, and any of them may die. What
became due while nobody looked is caught up when someone does.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select, text

from billing_saas.agencies.jobs import WatchPlacements
from billing_saas.carriage.jobs import SweepMessages
from billing_saas.clients.jobs import ForgetTokens
from billing_saas.collections.jobs import ProposePlacements
from billing_saas.custody.jobs import FindWornKeys
from billing_saas.documents.jobs import SweepFiles
from billing_saas.emergencies.jobs import TellOfEmergencies, WatchEmergencies
from billing_saas.hardship.jobs import ExpireHardship
from billing_saas.kit import logs
from billing_saas.kit.db import Database, PlatformSession
from billing_saas.kit.settings import Settings
from billing_saas.outbox import jobs, leasing, queue
from billing_saas.outbox.jobs import Job, PurgeJobs
from billing_saas.payments.jobs import FindSilentPayments
from billing_saas.plans.jobs import ChargePlans, WatchPlans
from billing_saas.portal_office.jobs import ForgetPortal
from billing_saas.reports.jobs import CheckInvariants, CountReceivables
from billing_saas.requests.jobs import ForgetRequests
from billing_saas.signin.jobs import ForgetSignIns
from billing_saas.statement_runs.jobs import RunStatements
from billing_saas.statements.jobs import FollowStatements
from billing_saas.workers import times
from billing_saas.workers.times import Daily, Every, Times

_LOOK_EVERY_SECONDS = 15.0
_AT_A_TIME = 500
_MOST_CAUGHT_UP = 400
"""Of one schedule in one pass; the next pass goes on from there."""
PLATFORM_ZONE = "UTC"


class CatchUp(StrEnum):
    ONCE = "once"
    """However many times were missed, the newest is answered."""
    EACH = "each"
    """Every missed time is answered, the oldest first."""


@dataclass(frozen=True, slots=True)
class Schedule:
    name: str
    times: Times
    job: Job | type[Job]
    """Asked of every practice, or once if it is the platform's own. A class is asked with the `day`
    it is due for, by the practice's calendar, such as 2026-03-08."""
    catch_up: CatchUp = CatchUp.ONCE

    def __post_init__(self) -> None:
        if self.catch_up is CatchUp.EACH and not isinstance(self.job, type):
            raise ValueError(f"{self.name}: catching up each day needs a job that is told the day")

    def job_for(self, day: date) -> Job:
        if isinstance(self.job, type):
            return jobs.read(self.job, {"day": day.isoformat()})
        return self.job


# Of every practice, and of the platform; what depends on settings is added by `schedules`.
SCHEDULES: tuple[Schedule, ...] = (
    Schedule("invariants.check", Daily(time(4, 30)), CheckInvariants()),
    Schedule("receivables.count", Every(60), CountReceivables()),
    Schedule("keys.find_worn", Daily(time(3, 40)), FindWornKeys()),
    Schedule("requests.forget", Daily(time(3, 20)), ForgetRequests()),
    Schedule("statements.follow", Every(15), FollowStatements()),
    Schedule("statements.run", Daily(time(7, 0)), RunStatements()),
    Schedule("sign_ins.forget", Daily(time(3, 30)), ForgetSignIns()),
    Schedule("tokens.forget", Daily(time(3, 35)), ForgetTokens()),
    Schedule("portal.forget", Daily(time(3, 45)), ForgetPortal()),
    Schedule("emergencies.tell", Every(5), TellOfEmergencies()),
    Schedule("emergencies.watch", Daily(time(6, 0)), WatchEmergencies()),
    Schedule("messages.sweep", Every(60), SweepMessages()),
    Schedule("payments.find_silent", Every(2), FindSilentPayments()),
    Schedule("plans.watch", Every(30), WatchPlans()),
    # In the morning of the practice: who is declined can answer on the same day.
    Schedule("plans.charge", Daily(time(10, 0)), ChargePlans()),
    Schedule("hardship.expire", Daily(time(5, 0)), ExpireHardship()),
    Schedule("placements.watch", Daily(time(5, 10)), WatchPlacements()),
    Schedule("placements.propose", Daily(time(5, 20)), ProposePlacements()),
    Schedule("files.sweep", Daily(time(3, 50)), SweepFiles()),
)


def schedules(settings: Settings) -> tuple[Schedule, ...]:
    purge = Schedule("jobs.purge", Daily(time(3, 0)), PurgeJobs(settings.jobs_kept_days))
    return (*SCHEDULES, purge)


async def run(database: Database, wanted: Sequence[Schedule]) -> None:
    """Answer due times until cancelled."""
    while True:
        try:
            await answer_due(database, wanted)
        except Exception as error:
            logs.get().warning("schedule failed", exc_info=error)
        await asyncio.sleep(_LOOK_EVERY_SECONDS)


async def answer_due(database: Database, wanted: Sequence[Schedule]) -> int:
    """Owe the jobs of every due time that nobody answered; says how many jobs."""
    owed = 0
    by_name = {schedule.name: schedule for schedule in wanted}
    async with database.platform() as db:
        await _plan(db, by_name)
    while True:
        async with database.platform() as db:
            rows, asked = await _answer(db, by_name)
        owed += asked
        if rows < _AT_A_TIME:
            return owed


# --- what is due next ---

# `left` practices are done with; `suspended` ones are asked again when they are not.
_STANDING = "practice.status IN ('onboarding', 'active', 'leaving')"

_UNPLANNED = text(
    f"""
    WITH wanted AS (
      SELECT schedule.name, schedule.rhythm, practice.tenant_id, practice.time_zone
      FROM unnest(CAST(:names AS text[]), CAST(:rhythms AS text[]), CAST(:platform AS boolean[]))
           AS schedule (name, rhythm, platform)
      JOIN practice ON NOT schedule.platform AND {_STANDING}
      UNION ALL
      SELECT schedule.name, schedule.rhythm, NULL, :platform_zone
      FROM unnest(CAST(:names AS text[]), CAST(:rhythms AS text[]), CAST(:platform AS boolean[]))
           AS schedule (name, rhythm, platform)
      WHERE schedule.platform
    )
    SELECT wanted.name, wanted.tenant_id, wanted.time_zone, due.last_due_at
    FROM wanted LEFT JOIN schedule_due AS due
      ON due.name = wanted.name AND due.tenant_id IS NOT DISTINCT FROM wanted.tenant_id
    WHERE due.name IS NULL OR (due.rhythm, due.time_zone) <> (wanted.rhythm, wanted.time_zone)
    """  # noqa: S608  # a constant of ours
)
_WRITE_PLAN = text(
    """
    INSERT INTO schedule_due (name, tenant_id, rhythm, time_zone, due_at)
    SELECT * FROM unnest(CAST(:names AS text[]), CAST(:tenants AS uuid[]), CAST(:rhythms AS text[]),
                         CAST(:zones AS text[]), CAST(:due AS timestamptz[]))
    ON CONFLICT (name, tenant_id) DO UPDATE
      SET rhythm = excluded.rhythm, time_zone = excluded.time_zone, due_at = excluded.due_at
    """
)


async def _plan(db: PlatformSession, by_name: dict[str, Schedule]) -> None:
    """Due times of what is new, or has another rhythm or time zone than they were reckoned with."""
    asked = {
        "names": list(by_name),
        "rhythms": [schedule.times.rhythm for schedule in by_name.values()],
        "platform": [schedule.job.platform for schedule in by_name.values()],
        "platform_zone": PLATFORM_ZONE,
    }
    now = await _now(db)
    unplanned = (await db.execute(_UNPLANNED, asked)).all()
    if not unplanned:
        return
    planned: dict[str, list[object]] = {
        "names": [row.name for row in unplanned],
        "tenants": [row.tenant_id for row in unplanned],
        "rhythms": [by_name[row.name].times.rhythm for row in unplanned],
        "zones": [row.time_zone for row in unplanned],
        "due": [
            times.first(by_name[row.name].times, now, row.time_zone, row.last_due_at)
            for row in unplanned
        ],
    }
    await db.execute(_WRITE_PLAN, planned)


# --- what is due now ---

_DUE = text(
    f"""
    SELECT due.name, due.tenant_id, due.time_zone, due.due_at
    FROM schedule_due AS due
    WHERE due.name = ANY (CAST(:names AS text[])) AND due.due_at <= :now
      AND (due.tenant_id IS NULL OR EXISTS (
        SELECT FROM practice WHERE practice.tenant_id = due.tenant_id AND {_STANDING}))
    ORDER BY due.due_at LIMIT :most
    FOR UPDATE OF due SKIP LOCKED
    """  # noqa: S608  # a constant of ours
)
_ANSWERED = text(
    """
    UPDATE schedule_due AS due SET due_at = answered.following, last_due_at = answered.last
    FROM unnest(CAST(:names AS text[]), CAST(:tenants AS uuid[]), CAST(:following AS timestamptz[]),
                CAST(:last AS timestamptz[])) AS answered (name, tenant_id, following, last)
    WHERE due.name = answered.name AND due.tenant_id IS NOT DISTINCT FROM answered.tenant_id
    """
)


async def _answer(db: PlatformSession, by_name: dict[str, Schedule]) -> tuple[int, int]:
    """How many due rows were answered, and by how many jobs."""
    now = await _now(db)
    asked = {"names": list(by_name), "now": now, "most": _AT_A_TIME}
    rows = (await db.execute(_DUE, asked)).all()
    owed: list[tuple[UUID | None, Job]] = []
    answered: dict[str, list[object]] = {"names": [], "tenants": [], "following": [], "last": []}
    for row in rows:
        schedule = by_name[row.name]
        missed = _missed(schedule, row.due_at, now, row.time_zone)
        owed += [(row.tenant_id, schedule.job_for(_day(due, row.time_zone))) for due in missed]
        answered["names"].append(row.name)
        answered["tenants"].append(row.tenant_id)
        answered["following"].append(schedule.times.following(missed[-1], row.time_zone))
        answered["last"].append(missed[-1])
    if rows:
        await queue.add_owed(db, owed)
        await db.execute(_ANSWERED, answered)
        for name in sorted({row.name for row in rows}):
            count = sum(row.name == name for row in rows)
            logs.get().info("schedule answered", schedule=name, count=count)
    return len(rows), len(owed)


def _missed(schedule: Schedule, due: datetime, now: datetime, time_zone: str) -> list[datetime]:
    """The due times to answer; `due` is not after `now`."""
    if schedule.catch_up is CatchUp.ONCE:
        return [max(due, schedule.times.newest(now, time_zone))]
    found: list[datetime] = []
    while due <= now and len(found) < _MOST_CAUGHT_UP:
        found.append(due)
        due = schedule.times.following(due, time_zone)
    return found


def _day(due: datetime, time_zone: str) -> date:
    return due.astimezone(ZoneInfo(time_zone)).date()


async def _now(db: PlatformSession) -> datetime:
    now: datetime = (await db.scalars(select(leasing.instant()))).one()
    return now
