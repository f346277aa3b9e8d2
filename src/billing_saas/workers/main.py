"""`billing-saas work`: relay, scheduler and worker threads in one process, until told to stop."""

import asyncio
import functools
import signal
import threading
from collections.abc import Sequence
from datetime import timedelta

import dramatiq

from billing_saas.kit import logs
from billing_saas.kit.db import Database, Urls
from billing_saas.kit.protocols import KeyProvider
from billing_saas.kit.settings import Settings
from billing_saas.outbox.jobs import Queue
from billing_saas.outbox.leasing import LEASE
from billing_saas.workers import broker, relay, schedule

GRACE = timedelta(seconds=20)
"""How long running jobs may go on after SIGTERM; then they give their leases back."""


def serve(
    settings: Settings,
    urls: Urls,
    keys: KeyProvider,
    *,
    threads: int = 8,
    queues: Sequence[Queue] | None = None,
    lease: timedelta = LEASE,
    grace: timedelta = GRACE,
) -> None:
    """Work until SIGTERM or SIGINT. Call from the main thread.

    `queues` limits which jobs this process runs (it relays all), so that interactive work can have
    processes of its own.
    """
    bench = broker.Bench(functools.partial(Database, urls, keys, pool_size=threads), lease)
    bells = broker.connect(settings.broker_url, urls.platform, bench)
    worker = dramatiq.Worker(
        bells, queues=None if queues is None else set(queues), worker_threads=threads
    )
    worker.start()
    logs.get().info("worker ready", workers=threads)
    try:
        asyncio.run(_relay_until_told(Database(urls, keys, pool_size=2), bells))
    finally:
        _stop(worker, bench, grace)
        bells.close()
        logs.get().info("worker stopped")


async def _relay_until_told(database: Database, bells: dramatiq.Broker) -> None:
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    going = [
        asyncio.create_task(relay.run(database, functools.partial(broker.ring, bells))),
        asyncio.create_task(schedule.run(database)),
        asyncio.create_task(told.wait()),
    ]
    try:
        done, _ = await asyncio.wait(going, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()  # a relay that ended by itself ends the process: better seen than missing
    finally:
        for task in going:
            task.cancel()
        await asyncio.gather(*going, return_exceptions=True)
        await database.close()


def _stop(worker: dramatiq.Worker, bench: broker.Bench, grace: timedelta) -> None:
    hurry = threading.Timer(grace.total_seconds(), bench.hurry)
    hurry.start()
    try:
        worker.stop(timeout=int((grace + timedelta(seconds=5)).total_seconds() * 1000))
    finally:
        hurry.cancel()
