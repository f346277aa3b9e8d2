"""Gauges of what all processes share, looked at by the process that has the schedule.

A look asks the platform's session for counts, and gets no practice and no id to tell. What is not
there to be looked at any more is not shown (`meters.Latest`): the alarm is that it is absent.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable

from sqlalchemy import text

from billing_saas.kit import clock, logs, meters
from billing_saas.kit.db import Database, PlatformSession
from billing_saas.kit.meters import Measure
from billing_saas.outbox import queries
from billing_saas.reports import queries as reports
from billing_saas.seals import sealing

Look = Callable[[PlatformSession], Awaitable[Iterable[Measure]]]

_LOOK_EVERY_SECONDS = 15.0
_PATIENCE_SECONDS = 10.0


async def queues(db: PlatformSession) -> list[Measure]:
    found = []
    for owed in await queries.backlog(db):
        for name, told, value in (
            ("queue_due", "Jobs that could run now.", owed.due),
            ("queue_waiting", "Jobs asked for later, or to be tried again.", owed.waiting),
            ("queue_leased", "Jobs at work.", owed.leased),
            ("queue_oldest_seconds", "How long the oldest is due.", owed.oldest_due_seconds),
            ("dead_letters", "Jobs that a person must look at.", owed.dead),
        ):
            found.append(Measure(f"billing_saas_{name}", told, {"queue": owed.queue}, value))
    return found


_ARRIVALS = text(
    """
    WITH moment AS MATERIALIZED (
      SELECT coalesce(CAST(:held AS timestamptz), clock_timestamp()) AS now
    )
    SELECT one.state, found.open, found.lately,
           CAST(greatest(extract(epoch FROM moment.now - found.oldest), 0) AS double precision)
    FROM (VALUES ('received'), ('handled'), ('held'), ('unreadable')) AS one (state)
    CROSS JOIN moment
    CROSS JOIN LATERAL (
      SELECT count(*) FILTER (WHERE received_at > moment.now - interval '1 hour') AS lately,
             count(*) AS open, min(received_at) AS oldest
      FROM arrival
      -- What is handled is only counted for the last hour: there are many, and they are well.
      WHERE arrival.state = one.state
        AND (one.state IN ('received', 'held') OR received_at > moment.now - interval '1 hour')
    ) AS found
    """
)


async def arrivals(db: PlatformSession) -> list[Measure]:
    found = []
    for state, open_, lately, age in await db.execute(_ARRIVALS, {"held": clock.held()}):
        label = {"state": state}
        told = "Files that arrived within the last hour, by what became of them."
        found.append(Measure("billing_saas_arrivals_last_hour", told, label, lately))
        if state in ("received", "held"):
            told = "Files that wait: for a worker (received), or for a person (held)."
            found.append(Measure("billing_saas_arrivals_open", told, label, open_))
        if state == "received":
            told = "Age of the oldest file that nobody has handled; 0 when there is none."
            found.append(Measure("billing_saas_posting_lag_seconds", told, {}, age or 0.0))
    return found


async def invariants(db: PlatformSession) -> list[Measure]:
    found = []
    for one in await reports.standing(db):
        for name, told, value in (
            ("invariant_broken", "Findings of the last check, over all practices.", one.broken),
            (
                "invariant_broken_practices",
                "Practices where something was found.",
                one.broken_practices,
            ),
            (
                "invariant_check_age_seconds",
                "Since the practice checked longest ago.",
                one.oldest_seconds,
            ),
        ):
            label = {"invariant": one.invariant}
            found.append(Measure(f"billing_saas_{name}", told, label, value))
    return found


async def seals(db: PlatformSession) -> list[Measure]:
    told = "Age of the oldest audit event that no seal holds yet."
    return [Measure("billing_saas_seal_lag_seconds", told, {}, await sealing.lag_seconds(db))]


# One line per thing that is watched.
LOOKS: tuple[Look, ...] = (queues, arrivals, invariants, seals)


async def run(database: Database, looks: Iterable[Look] = LOOKS) -> None:
    """Look every quarter of a minute until cancelled."""
    latest = meters.Latest(good_for=4 * _LOOK_EVERY_SECONDS)
    with meters.shown(latest):
        while True:
            for look in looks:
                await _look(database, look, latest)
            await asyncio.sleep(_LOOK_EVERY_SECONDS)


async def _look(database: Database, look: Look, latest: meters.Latest) -> None:
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS), database.platform() as db:
            latest.saw(look.__name__, await look(db))
    except Exception as error:
        meters.LOOKS_FAILED.labels(look.__name__).inc()
        logs.get().warning("look failed", step=look.__name__, exc_info=error)
