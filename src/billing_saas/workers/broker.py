"""The doorbell: the only file that knows dramatiq.

A message is `{job_id}` and nothing else. dramatiq's own retries, results and delays are off: the job
table owns attempts, back-off and dead letters, so a broker may lose or repeat what it likes.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import dramatiq
from dramatiq.asyncio import get_event_loop_thread
from dramatiq.middleware import AsyncIO, Middleware
from dramatiq_postgres import PostgresBroker
from psycopg.conninfo import conninfo_to_dict

from billing_saas.kit.db import Database
from billing_saas.kit.settings import BadSettings
from billing_saas.workers import running

# Lower goes first among the messages that a process holds.
PRIORITIES = {"interactive": 0, "files": 50, "bulk": 100}

# A poll is a round trip per queue; a shorter interval would only move the wait to the relay.
_BY_LOOKING: dict[str, Any] = {"listen": False, "notify": False, "poll_interval": 0.25}


class _Doorbell(PostgresBroker):  # type: ignore[misc]  # the library has no types
    """Without the delay queues: each would cost a connection, and `run_at` lives in the job table."""

    def declare_queue(self, queue_name: str) -> None:
        if queue_name not in self.queues:
            self.emit_before("declare_queue", queue_name)
            self.queues[queue_name] = True
            self.emit_after("declare_queue", queue_name)


class Bench(Middleware):
    """Where jobs run: one `Database` per process, on the loop of dramatiq's AsyncIO middleware."""

    def __init__(self, make_database: Callable[[], Database], lease: timedelta) -> None:
        self._make_database = make_database
        self._lease = lease
        self._at_work: set[asyncio.Task[Any]] = set()
        self._database: Database | None = None

    async def run(self, job_id: UUID) -> None:
        task = asyncio.current_task()
        if task is None or self._database is None:
            raise RuntimeError("the worker has not booted")
        self._at_work.add(task)
        try:
            await running.run_job(self._database, job_id, lease=self._lease)
        except asyncio.CancelledError:
            pass  # told to hurry: the lease was given back
        finally:
            self._at_work.discard(task)

    def hurry(self) -> None:
        """Break off what is still running; each job gives its lease back. From any thread."""
        thread = get_event_loop_thread()
        if thread is not None:
            thread.loop.call_soon_threadsafe(self._cancel)

    def _cancel(self) -> None:
        for task in self._at_work:
            task.cancel()

    # --- called by dramatiq, in this order around AsyncIO's own (which is first in the list) ---

    def before_worker_boot(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        self._on_loop(self._open())

    def after_worker_shutdown(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        if self._database is not None:
            self._on_loop(self._database.close())

    async def _open(self) -> None:
        self._database = self._make_database()

    def _on_loop(self, work: Any) -> None:
        thread = get_event_loop_thread()
        if thread is None:
            raise RuntimeError("the AsyncIO middleware must come first")
        thread.run_coroutine(work)


def connect(
    broker_url: str, platform_url: str, bench: Bench | None = None, *, pooled: bool = False
) -> dramatiq.Broker:
    """The broker of `BILLING_BROKER_URL`; empty: tables in the same database (migration 0012).

    With a bench the process also works; without, it only rings. `pooled`: `platform_url` leads to a
    pooler, behind which nobody hears a notification.
    """
    url = broker_url or platform_url
    if not url.startswith("postgresql://"):
        raise BadSettings(["BILLING_BROKER_URL: must start with postgresql://"])
    middleware = [] if bench is None else [AsyncIO(), bench]
    made: dramatiq.Broker
    if pooled and not broker_url:
        made = _Doorbell(url=_unprepared(url), middleware=middleware, results=False, **_BY_LOOKING)
    else:
        made = _Doorbell(url=url, results=False, middleware=middleware)
    if bench is not None:
        _declare_actors(made, bench)
    return made


def _unprepared(url: str) -> dict[str, Any]:
    """psycopg prepares what it has sent five times; the next transaction may be on another connection."""
    return {**conninfo_to_dict(url), "prepare_threshold": None}


def _declare_actors(broker: dramatiq.Broker, bench: Bench) -> None:
    async def answer(job_id: str) -> None:
        await bench.run(UUID(job_id))

    for queue, priority in PRIORITIES.items():
        declare = dramatiq.actor(
            broker=broker, actor_name=queue, queue_name=queue, priority=priority
        )
        declare(answer)


def ring(broker: dramatiq.Broker, bells: Sequence[tuple[str, UUID]]) -> None:
    """Ring for (queue, job id) pairs. The message has the job's id: a repeated bell replaces itself."""
    for queue, job_id in bells:
        broker.enqueue(
            dramatiq.Message(
                queue_name=queue,
                actor_name=queue,
                args=(),
                kwargs={"job_id": str(job_id)},
                options={},
                message_id=str(job_id),
            )
        )
