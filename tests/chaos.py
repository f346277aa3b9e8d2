"""Workers as processes of their own, to be struck: killed at a named point, frozen, started again.

    async def test_posting_survives(clone, database, key_folder, ...):
        ...owe the job...
        with chaos.Worker(clone, key_folder, fault="remittances.posting.journalled:1") as worker:
            worker.wait_until_killed()
        with chaos.Worker(clone, key_folder):
            await chaos.until_nothing_is_owed(database)

Processes fork from a server that has imported the product, so that a hundred of them are cheap.
Where jobs open sealed data, override the fixture `keys` by `KeyFolder(key_folder)`: processes share it.
"""

import asyncio
import functools
import importlib
import multiprocessing
import os
import signal
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import TracebackType

import dramatiq

from billing_saas.gateways.key_folder import KeyFolder
from billing_saas.kit import logs, points, settings
from billing_saas.kit.db import Database, Urls
from billing_saas.outbox import queries
from billing_saas.workers import broker, main, relay, running
from billing_saas.workers.bench import Bench
from tests.cluster import Clone

LEASE = timedelta(seconds=1)
RING_AGAIN = timedelta(seconds=1)
"""As short as the lease: what a test waits for is that a bell is rung again, not how long that takes."""
PATIENCE = 180.0
"""Seconds within which the outbox empties after any blow (invariant I5)."""

_forking = multiprocessing.get_context("forkserver")
_forking.set_forkserver_preload(["tests.chaos"])


# --- what a process does; each runs in the child until it is told to stop ---


def work(urls: Urls, keys: KeyFolder) -> None:
    """As `billing-saas work` does, with a short lease so that a death is soon noticed."""
    main.serve(
        settings.load(),
        urls,
        keys,
        threads=main.threads_named("4"),
        lease=LEASE,
        grace=timedelta(seconds=2),
    )


def relay_only(urls: Urls, keys: KeyFolder) -> None:
    bells = broker.connect(settings.load().broker_url, urls.platform)
    ring = functools.partial(broker.ring, bells)
    asyncio.run(relay.run(Database(urls, keys, pool_size=2), ring))


def work_without_relay(urls: Urls, keys: KeyFolder) -> None:
    bench = Bench(lambda: Database(urls, keys, pool_size=4), LEASE)
    bells = broker.connect(settings.load().broker_url, urls.platform, bench)
    dramatiq.Worker(bells, worker_threads=4, worker_timeout=100).start()
    signal.pause()


def drain(urls: Urls, keys: KeyFolder) -> None:
    """Run what is due and end: the cheapest process to strike in the middle of an act."""
    asyncio.run(_drain(urls, keys))


async def _drain(urls: Urls, keys: KeyFolder) -> None:
    database = Database(urls, keys, pool_size=2)
    await running.drain(database)
    await database.close()


def _child(
    task: Callable[[Urls, KeyFolder], None],
    environ: dict[str, str],
    urls: Urls,
    keys: Path,
    acts: Sequence[str],
    log: str,
) -> None:
    descriptor = os.open(log, os.O_WRONLY | os.O_APPEND)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.environ.update(environ)
    importlib.reload(points)  # it reads BILLING_FAULT_POINT when imported
    logs.configure()
    relay.RING_AGAIN = RING_AGAIN
    dramatiq.worker.CONSUMER_RESTART_DELAY_SECS = RING_AGAIN.total_seconds()
    for module in acts:
        importlib.import_module(module)
    task(urls, KeyFolder(keys))


# --- the hand that strikes ---


class Worker:
    """One such process. Leaving the `with` kills what is left of it."""

    def __init__(
        self,
        clone: Clone,
        key_folder: Path,
        *,
        fault: str = "",
        broker_url: str = "",
        task: Callable[[Urls, KeyFolder], None] = work,
        acts: Sequence[str] = ("tests.workers.acts",),
    ) -> None:
        descriptor, self._log = tempfile.mkstemp(prefix="chaos-", suffix=".log")
        os.close(descriptor)
        environ = {
            **clone.environment,
            "BILLING_FAULT_POINT": fault,
            "BILLING_BROKER_URL": broker_url,
        }
        self.process: BaseProcess = _forking.Process(
            target=_child, args=(task, environ, clone.urls, key_folder, acts, self._log)
        )

    def __enter__(self) -> "Worker":
        self.process.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.process.kill()
        self.process.join()
        Path(self._log).unlink()

    @property
    def log(self) -> str:
        return Path(self._log).read_text()

    @property
    def alive(self) -> bool:
        return self.process.is_alive()

    def signal(self, number: signal.Signals) -> None:
        assert self.process.pid is not None
        os.kill(self.process.pid, number)

    def terminate(self) -> int | None:
        """SIGTERM, and the exit code once it has ended in good order."""
        self.signal(signal.SIGTERM)
        return self._ended()

    def wait_until_killed(self) -> None:
        """Until the fault point has struck. A process that ends otherwise fails the test."""
        code = self._ended()
        assert code == -signal.SIGKILL, f"exit code {code}, not killed:\n{self.log[-3000:]}"

    async def wait_until_logged(self, phrase: str) -> None:
        await until(lambda: phrase in self.log, lambda: f"{phrase!r} in:\n{self.log[-3000:]}")

    def _ended(self) -> int | None:
        self.process.join(PATIENCE)
        return self.process.exitcode


async def until(
    condition: Callable[[], bool], what: Callable[[], str] = lambda: "the condition"
) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"waited {PATIENCE} s for {what()}"
        await asyncio.sleep(0.05)


async def until_nothing_is_owed(database: Database) -> None:
    """Every job done or parked. The lease of a dead process must end first."""
    deadline = time.monotonic() + PATIENCE
    while True:
        async with database.platform() as db:
            backlog = await queries.backlog(db)
        if not any(owed.due or owed.leased or owed.waiting for owed in backlog):
            return
        assert time.monotonic() < deadline, f"still owed after {PATIENCE} s: {backlog}"
        await asyncio.sleep(0.1)
