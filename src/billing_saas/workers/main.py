"""`billing-saas work`: relay, scheduler and worker threads in one process, until told to stop."""

import asyncio
import contextlib
import functools
import signal
import threading
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import get_args

import dramatiq

from billing_saas.gateways.anchors import anchor_at
from billing_saas.kit import logs, meters, tracing
from billing_saas.kit.db import Database, Urls
from billing_saas.kit.protocols import KeyProvider
from billing_saas.kit.settings import BadSettings, Settings
from billing_saas.outbox.jobs import Queue
from billing_saas.outbox.leasing import LEASE
from billing_saas.workers import broker, relay, schedule, sealing, watching

GRACE = timedelta(seconds=20)
"""How long running jobs may go on after SIGTERM; then they give their leases back."""
_BEAT_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Part:
    """Which part of the work a process does. Every one relays: a bell is never one process's duty."""

    queues: frozenset[Queue] = frozenset()
    """Run the jobs of these only; empty: of all. So interactive work can have its own processes."""
    schedule: bool = True
    jobs: bool = True


def queues_named(text: str) -> frozenset[Queue]:
    """Of a list such as `interactive,files`."""
    names = {name.strip() for name in text.split(",") if name.strip()}
    known = get_args(Queue)
    unknown = names - set(known)
    if unknown:
        raise BadSettings(
            [f"{name}: no such queue ({', '.join(known)})" for name in sorted(unknown)]
        )
    return frozenset(queue for queue in known if queue in names)


def serve(
    settings: Settings,
    urls: Urls,
    keys: KeyProvider,
    *,
    threads: int = 8,
    part: Part | None = None,
    lease: timedelta = LEASE,
    grace: timedelta = GRACE,
) -> None:
    """Work until SIGTERM or SIGINT. Call from the main thread."""
    part = part or Part()
    tracing.configure(settings.tracing, "worker")
    watched = contextlib.ExitStack()

    def open_database() -> Database:
        database = Database(urls, keys, pool_size=threads)
        pools = meters.Asked(functools.partial(meters.pools, database))
        watched.enter_context(meters.shown(pools))
        return database

    bench = broker.Bench(open_database, lease)
    bells = broker.connect(
        settings.broker_url, urls.platform, bench if part.jobs else None, pooled=urls.pooled
    )
    worker = None
    if part.jobs:
        worker = dramatiq.Worker(bells, queues=set(part.queues) or None, worker_threads=threads)
        worker.start()
    logs.get().info("worker ready", workers=threads if part.jobs else 0)
    try:
        watched.enter_context(meters.served(settings.metrics_address, settings.metrics_port))
        asyncio.run(
            _relay_until_told(
                Database(urls, keys, pool_size=2), bells, part, settings
            )
        )
    finally:
        if worker is not None:
            _stop(worker, bench, grace)
        bells.close()
        watched.close()
        tracing.stop()
        logs.get().info("worker stopped")


async def _relay_until_told(
    database: Database, bells: dramatiq.Broker, part: Part, settings: Settings
) -> None:
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    going = [
        asyncio.create_task(relay.run(database, functools.partial(broker.ring, bells))),
        asyncio.create_task(told.wait()),
    ]
    if part.schedule:
        going.append(asyncio.create_task(schedule.run(database)))
        going.append(asyncio.create_task(watching.run(database)))
        if database.sealer_engine is not None:
            anchor = anchor_at(settings.audit_anchor) if settings.audit_anchor else None
            going.append(asyncio.create_task(sealing.run(database, anchor)))
        else:
            logs.get().warning("audit trail is not sealed here")
    if settings.heartbeat_file is not None:
        going.append(asyncio.create_task(_beat(settings.heartbeat_file)))
    try:
        done, _ = await asyncio.wait(going, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()  # a relay that ended by itself ends the process: better seen than missing
    finally:
        for task in going:
            task.cancel()
        await asyncio.gather(*going, return_exceptions=True)
        await database.close()


async def _beat(path: Path) -> None:
    """Touch `path` for as long as this loop turns: what a probe of a process without a port reads."""
    while True:
        await asyncio.to_thread(path.touch)
        await asyncio.sleep(_BEAT_SECONDS)


def _stop(worker: dramatiq.Worker, bench: broker.Bench, grace: timedelta) -> None:
    hurry = threading.Timer(grace.total_seconds(), bench.hurry)
    hurry.start()
    try:
        worker.stop(timeout=int((grace + timedelta(seconds=5)).total_seconds() * 1000))
    finally:
        hurry.cancel()
