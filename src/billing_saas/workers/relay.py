"""Rings the bell for jobs that are due. The broker may lose any bell, and ring any of them twice.

Each pass looks at the jobs that are due longest, a window per queue, and rings for those that were
not rung for, or not heard. The window bounds what the broker holds, whatever is owed. Several relays
share the work by `SKIP LOCKED`.
"""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, get_args
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
RING_AGAIN = timedelta(seconds=10)
_IDLE_SECONDS = 1.0
_DEAF_SECONDS = 0.25
_BUSY_SECONDS = 0.1
_LISTEN_AGAIN_SECONDS = 5.0
CHANNEL = "job_due"

# The mark commits before the bell rings: a worker that hears it must find the row unlocked. A crash
# in between is a lost bell.
_MARK = text(
    """
    WITH moment AS MATERIALIZED (
      SELECT coalesce(CAST(:held AS timestamptz), clock_timestamp()) AS now
    ), near AS MATERIALIZED (
      SELECT near.id, near.rung_at
      FROM moment, unnest(CAST(:queues AS text[])) AS one (queue)
      CROSS JOIN LATERAL (
        SELECT id, rung_at FROM job
        WHERE state = 'queued' AND job.queue = one.queue AND run_at <= moment.now
        ORDER BY run_at LIMIT :window
      ) AS near
    ), unheard AS (
      SELECT job.id FROM job, moment
      WHERE job.id IN (SELECT id FROM near) AND state = 'queued'
        AND (rung_at IS NULL OR rung_at < moment.now - CAST(:again AS interval))
      FOR UPDATE OF job SKIP LOCKED
    ), marked AS (
      UPDATE job SET rung_at = moment.now FROM unheard, moment WHERE job.id = unheard.id
      RETURNING job.queue, job.id, job.run_at
    )
    SELECT (SELECT count(*) FROM near) AS near,
           (SELECT array_agg(queue ORDER BY run_at, id) FROM marked) AS queues,
           (SELECT array_agg(id ORDER BY run_at, id) FROM marked) AS ids
    """
)


async def run(database: Database, ring: Ring) -> None:
    """Relay until cancelled."""
    wake = asyncio.Event()
    # Behind a pooler nobody hears a notification: look more often instead.
    deaf = database.urls.pooled
    listening = None if deaf else asyncio.create_task(_listen(database.urls.platform, wake))
    idle = _DEAF_SECONDS if deaf else _IDLE_SECONDS
    try:
        while True:
            wake.clear()
            busy = False
            try:
                busy = await one_pass(database, ring)
            except Exception as error:
                logs.get().warning("relay pass failed", exc_info=error)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(wake.wait(), _BUSY_SECONDS if busy else idle)
    finally:
        if listening is not None:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)


async def one_pass(database: Database, ring: Ring) -> bool:
    """Take back expired leases, ring for what is due; True when a window was full."""
    async with database.platform() as db:
        recovered = await leasing.recover(db)
    for job_id in recovered.parked:
        logs.get().error("job parked", job=job_id, step="worker_lost")
    queues = list(get_args(Queue))
    async with database.platform() as db:
        marked = (
            await db.execute(
                _MARK,
                {
                    "held": clock.held(),
                    "queues": queues,
                    "window": WINDOW,
                    "again": RING_AGAIN,
                },
            )
        ).one()
    points.reach("workers.relay.marked")
    if marked.ids:
        await asyncio.to_thread(ring, list(zip(marked.queues, marked.ids, strict=True)))
        points.reach("workers.relay.rung")
    return bool(marked.near >= WINDOW)


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
