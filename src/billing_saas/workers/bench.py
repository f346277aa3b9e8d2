"""Where jobs run: one `Database` per process, on one loop, whatever the number of dramatiq's workers."""

import asyncio
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import dramatiq
from dramatiq.asyncio import EventLoopThread, get_event_loop_thread
from dramatiq.middleware import AsyncIO

from billing_saas.kit.db import Database
from billing_saas.workers import running
from billing_saas.workers.claiming import Claims


class Bench(AsyncIO):
    """dramatiq's own AsyncIO makes a loop per worker; we have a worker per queue, and one loop."""

    def __init__(
        self,
        make_database: Callable[[], Database],
        lease: timedelta,
        answered: Callable[[], None] = lambda: None,
    ) -> None:
        """`answered` is called after each job, on this loop."""
        super().__init__()
        self._answered = answered
        self._make_database = make_database
        self._lease = lease
        self._workers = 0
        self._counting = threading.Lock()
        self._at_work: set[asyncio.Task[Any]] = set()
        self._claims: Claims | None = None

    async def run(self, job_id: UUID) -> None:
        task = asyncio.current_task()
        if task is None or self._claims is None:
            raise RuntimeError("the worker has not booted")
        self._at_work.add(task)
        try:
            await running.run_asked(self._claims, job_id)
        except asyncio.CancelledError:
            pass  # told to hurry: the lease was given back
        finally:
            self._at_work.discard(task)
            self._answered()

    def hurry(self) -> None:
        """Break off what is still running; each job gives its lease back. From any thread."""
        thread = get_event_loop_thread()
        if thread is not None:
            thread.loop.call_soon_threadsafe(self._cancel)

    def _cancel(self) -> None:
        for task in self._at_work:
            task.cancel()

    # --- called by dramatiq, once per worker; workers stop in threads of their own ---

    def before_worker_boot(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        with self._counting:
            if self._workers == 0:
                super().before_worker_boot(broker, worker)  # type: ignore[no-untyped-call]  # the library's
                _loop().run_coroutine(self._open())
            self._workers += 1

    def after_worker_shutdown(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        with self._counting:
            self._workers -= 1
            if self._workers == 0 and self._claims is not None:
                _loop().run_coroutine(self._claims.database.close())
                super().after_worker_shutdown(broker, worker)  # type: ignore[no-untyped-call]  # same

    async def _open(self) -> None:
        self._claims = Claims(self._make_database(), self._lease)


def _loop() -> EventLoopThread:
    thread = get_event_loop_thread()
    if thread is None:
        raise RuntimeError("the loop has not started")
    return thread
