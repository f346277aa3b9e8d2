"""Rings the bell for jobs that are due. The broker may lose any bell, and ring any of them twice.

Each pass looks at what is due, queue by queue, in turns: of each practice the job that is due longest,
then of each the next. It rings for those that were not rung for, or not heard. A practice's share and
the queue's window bound what the broker holds, whatever is owed, so that whoever asks next stands behind
a few jobs of each other practice and not behind all of one. Several relays share the work by
`SKIP LOCKED`.
"""

import asyncio
import contextlib
import functools
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, NamedTuple, get_args
from uuid import UUID

import asyncpg
from sqlalchemy import text

from billing_saas.kit import addresses, clock, logs, points
from billing_saas.kit.db import Database
from billing_saas.outbox import leasing
from billing_saas.outbox.jobs import Queue

Ring = Callable[[Sequence[tuple[str, UUID]]], None]
"""Called in a thread with (queue, job id) pairs."""

WINDOW = 200
SHARE = 25
"""Of one practice in a queue. More would not be done sooner: a full share is looked at again at once."""
RING_AGAIN = timedelta(seconds=10)
_IDLE_SECONDS = 1.0
_DEAF_SECONDS = 0.25
_BUSY_SECONDS = 0.05
_TAKE_BACK_SECONDS = 1.0
_LISTEN_AGAIN_SECONDS = 5.0
CHANNEL = "job_due"

# The mark commits before the bell rings: a worker that hears it must find the row unlocked. A crash
# in between is a lost bell. Practices are found by stepping through job_turn_idx, one probe for each
# that is owed something; there is no query per practice. The platform's own jobs take turns as one.
_MARK = text(
    """
    WITH RECURSIVE moment AS MATERIALIZED (
      SELECT coalesce(CAST(:held AS timestamptz), clock_timestamp()) AS now
    ), owed AS (
      SELECT one.queue, first.tenant_id
      FROM unnest(CAST(:queues AS text[])) AS one (queue)
      CROSS JOIN LATERAL (
        SELECT tenant_id FROM job
        WHERE state = 'queued' AND job.queue = one.queue AND tenant_id IS NOT NULL
        ORDER BY tenant_id LIMIT 1
      ) AS first
      UNION ALL
      SELECT owed.queue, next.tenant_id
      FROM owed CROSS JOIN LATERAL (
        SELECT tenant_id FROM job
        WHERE state = 'queued' AND job.queue = owed.queue AND job.tenant_id > owed.tenant_id
        ORDER BY tenant_id LIMIT 1
      ) AS next
    ), share AS MATERIALIZED (
      SELECT owed.queue, due.id, due.rung_at, due.run_at,
             row_number() OVER (PARTITION BY owed.queue, owed.tenant_id ORDER BY due.run_at) AS turn
      FROM moment, owed CROSS JOIN LATERAL (
        SELECT id, rung_at, run_at FROM job
        WHERE state = 'queued' AND job.queue = owed.queue AND job.tenant_id = owed.tenant_id
          AND run_at <= moment.now
        ORDER BY run_at LIMIT :share
      ) AS due
      UNION ALL
      SELECT one.queue, due.id, due.rung_at, due.run_at,
             row_number() OVER (PARTITION BY one.queue ORDER BY due.run_at)
      FROM moment, unnest(CAST(:queues AS text[])) AS one (queue)
      CROSS JOIN LATERAL (
        SELECT id, rung_at, run_at FROM job
        WHERE state = 'queued' AND job.queue = one.queue AND job.tenant_id IS NULL
          AND run_at <= moment.now
        ORDER BY run_at LIMIT :share
      ) AS due
    ), near AS MATERIALIZED (
      SELECT id, turn, run_at
      FROM (SELECT *, row_number() OVER (PARTITION BY queue ORDER BY turn, run_at) AS place
            FROM share) AS placed
      WHERE place <= :window
    ), unheard AS (
      SELECT job.id FROM job, moment
      WHERE job.id IN (SELECT id FROM near) AND state = 'queued'
        AND (rung_at IS NULL OR rung_at < moment.now - CAST(:again AS interval))
      FOR UPDATE OF job SKIP LOCKED
    ), marked AS (
      UPDATE job SET rung_at = moment.now FROM unheard, moment WHERE job.id = unheard.id
      RETURNING job.queue, job.id
    )
    SELECT (SELECT coalesce(max(turn), 0) FROM share) >= :share AS more_of_one,
           (SELECT count(*) FROM share) > (SELECT count(*) FROM near) AS more_of_all,
           array_agg(marked.queue ORDER BY near.turn, near.run_at) AS queues,
           array_agg(marked.id ORDER BY near.turn, near.run_at) AS ids
    FROM marked JOIN near USING (id)
    """
)


class Answers:
    """Counted by the workers of this process, from their own loop: half a share answered is room for as
    many, and the relay need not pause before it looks."""

    def __init__(self) -> None:
        self._count = 0
        self._look: Callable[[], object] = lambda: None

    def listen(self, loop: asyncio.AbstractEventLoop, wake: asyncio.Event) -> None:
        self._look = functools.partial(loop.call_soon_threadsafe, wake.set)

    def one(self) -> None:
        self._count += 1
        if self._count % (SHARE // 2) == 0:
            self._look()


async def run(database: Database, ring: Ring, answers: Answers | None = None) -> None:
    """Relay until cancelled."""
    wake = asyncio.Event()
    if answers is not None:
        answers.listen(asyncio.get_running_loop(), wake)
    # Behind a pooler nobody hears a notification: look more often instead.
    deaf = database.urls.pooled
    beside = [asyncio.create_task(_take_back(database, wake))]
    if not deaf:
        beside.append(asyncio.create_task(_listen(database.urls.platform, wake)))
    idle = _DEAF_SECONDS if deaf else _IDLE_SECONDS
    pause = _BUSY_SECONDS
    try:
        while True:
            wake.clear()
            seen = Pass(0, False)
            try:
                seen = await one_pass(database, ring)
            except Exception as error:
                logs.get().warning("relay pass failed", exc_info=error)
            # While workers keep up with a long queue look often; while they do not, less and less.
            pause = _BUSY_SECONDS if seen.rung else min(2 * pause, idle)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(wake.wait(), pause if seen.more else idle)
    finally:
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)


async def _take_back(database: Database, wake: asyncio.Event) -> None:
    """Jobs whose lease has ended. Beside the passes: nobody who waits waits for this."""
    while True:
        try:
            async with database.platform() as db:
                recovered = await leasing.recover(db)
            for job_id in recovered.parked:
                logs.get().error("job parked", job=job_id, step="worker_lost")
            if recovered.queued:
                wake.set()
        except Exception as error:
            logs.get().warning("relay pass failed", step="leases", exc_info=error)
        await asyncio.sleep(_TAKE_BACK_SECONDS)


class Pass(NamedTuple):
    rung: int
    more: bool
    """Was due than is rung for at a time."""


async def one_pass(database: Database, ring: Ring) -> Pass:
    """Ring for what is due."""
    queues = list(get_args(Queue))
    async with database.platform() as db:
        marked = (
            await db.execute(
                _MARK,
                {
                    "held": clock.held(),
                    "queues": queues,
                    "window": WINDOW,
                    "share": SHARE,
                    "again": RING_AGAIN,
                },
            )
        ).one()
    points.reach("workers.relay.marked")
    ids = marked.ids or []
    if ids:
        await asyncio.to_thread(ring, list(zip(marked.queues, ids, strict=True)))
        points.reach("workers.relay.rung")
    return Pass(len(ids), marked.more_of_one or marked.more_of_all)


async def _listen(url: str, wake: asyncio.Event) -> None:
    """Wake the relay when a job that someone waits for is committed; without it, it wakes by itself."""
    while True:
        try:
            await _listen_once(url, wake)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            logs.get().warning("relay does not hear", exc_info=error)
        await asyncio.sleep(_LISTEN_AGAIN_SECONDS)


async def _listen_once(url: str, wake: asyncio.Event) -> None:
    ended = asyncio.Event()

    def heard(*_: Any) -> None:
        wake.set()

    address, context = addresses.for_asyncpg(url)
    connection = await asyncpg.connect(address, ssl=context)
    try:
        connection.add_termination_listener(lambda _: ended.set())
        await connection.add_listener(CHANNEL, heard)
        wake.set()  # for what came before we listened
        await ended.wait()
    finally:
        await connection.close(timeout=2)
