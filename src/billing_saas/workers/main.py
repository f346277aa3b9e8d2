"""`billing-saas work`: relay, scheduler and worker threads in one process, until told to stop."""

import asyncio
import contextlib
import functools
import signal
import threading
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

import dramatiq

from billing_saas.gateways import anchors, blob_store, carriers, mail_server, processor
from billing_saas.kit import collecting, logs, meters, tracing
from billing_saas.kit.db import Database, Urls
from billing_saas.kit.protocols import KeyProvider
from billing_saas.kit.settings import BadSettings, Settings
from billing_saas.outbox.jobs import Queue
from billing_saas.outbox.leasing import LEASE
from billing_saas.workers import broker, relay, schedule, sealing, watching
from billing_saas.workers.bench import Bench

GRACE = timedelta(seconds=20)
"""How long running jobs may go on after SIGTERM; then they give their leases back."""
_BEAT_SECONDS = 5.0
AT_A_TIME: Mapping[Queue, int] = {"interactive": 4, "files": 3, "bulk": 1}
"""Jobs of each queue that a process runs at a time, each on its own: none waits for another queue's."""
_MOST_AT_A_TIME = 64


@dataclass(frozen=True, slots=True)
class Part:
    """Which part of the work a process does. Every one relays: a bell is never one process's duty."""

    queues: frozenset[Queue] = frozenset()
    """Run the jobs of these only; empty: of all. So interactive work can have its own processes."""
    schedule: bool = True
    jobs: bool = True

    @property
    def working(self) -> list[Queue]:
        if not self.jobs:
            return []
        return [queue for queue in get_args(Queue) if queue in (self.queues or get_args(Queue))]


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


def threads_named(text: str) -> dict[Queue, int]:
    """Jobs at a time: `4` of each queue, or by queue, such as `interactive=4,bulk=1`."""
    if "=" not in text:
        return dict.fromkeys(get_args(Queue), _at_a_time(text))
    found = dict(AT_A_TIME)
    for part in text.split(","):
        name, _, number = part.partition("=")
        if not name.strip():
            raise BadSettings([f"{part}: must be a queue and a number, such as interactive=4"])
        found |= dict.fromkeys(queues_named(name), _at_a_time(number))
    return found


def _at_a_time(number: str) -> int:
    plain = number.strip()
    if not (plain.isascii() and plain.isdigit() and 1 <= int(plain[:4]) <= _MOST_AT_A_TIME):
        raise BadSettings([f"{number}: jobs at a time must be 1 to {_MOST_AT_A_TIME}"])
    return int(plain)


def serve(
    settings: Settings,
    urls: Urls,
    keys: KeyProvider,
    *,
    threads: Mapping[Queue, int] = AT_A_TIME,
    part: Part | None = None,
    lease: timedelta = LEASE,
    grace: timedelta = GRACE,
) -> None:
    """Work until SIGTERM or SIGINT. Call from the main thread."""
    part = part or Part()
    at_a_time = {queue: threads[queue] for queue in part.working}
    tracing.configure(settings.tracing, "worker")
    collecting.seldom()
    watched = contextlib.ExitStack()

    def open_database() -> Database:
        objects = blob_store.opened(settings.blobs)
        database = Database(
            urls,
            keys,
            objects=objects,
            mailer=mail_server.opened(settings),
            carriers=carriers.opened(settings),
            processor=processor.opened(settings),
            pool_size=sum(at_a_time.values()),
        )
        pools = meters.Asked(functools.partial(meters.pools, database))
        watched.enter_context(meters.shown(pools))
        return database

    answers = relay.Answers()
    bench = Bench(open_database, lease, answers.one)
    bells = broker.connect(
        settings.broker_url, urls.platform, bench if part.jobs else None, pooled=urls.pooled
    )
    workers = _start(bells, at_a_time)
    logs.get().info("worker ready", workers=sum(at_a_time.values()))
    try:
        watched.enter_context(meters.served(settings.metrics_address, settings.metrics_port))
        ring = functools.partial(broker.ring, bells)
        relaying = functools.partial(relay.run, ring=ring, answers=answers)
        asyncio.run(_until_told(Database(urls, keys, pool_size=2), relaying, part, settings))
    finally:
        _stop(workers, bench, grace)
        bells.close()
        watched.close()
        tracing.stop()
        logs.get().info("worker stopped")


async def _until_told(
    database: Database,
    relaying: Callable[[Database], Coroutine[Any, Any, None]],
    part: Part,
    settings: Settings,
) -> None:
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    going = [
        asyncio.create_task(relaying(database)),
        asyncio.create_task(told.wait()),
    ]
    if part.schedule:
        going.append(asyncio.create_task(schedule.run(database, schedule.schedules(settings))))
        going.append(asyncio.create_task(watching.run(database)))
        if database.sealer_engine is not None:
            anchor = anchors.anchor_at(settings.audit_anchor) if settings.audit_anchor else None
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


def _start(bells: dramatiq.Broker, at_a_time: Mapping[Queue, int]) -> list[dramatiq.Worker]:
    """A worker per queue: its threads are its own, whatever floods another queue."""
    workers = [
        dramatiq.Worker(
            bells,
            queues={queue},
            worker_threads=threads,
            worker_timeout=broker.patience(bells, queue),
        )
        for queue, threads in at_a_time.items()
    ]
    for worker in workers:
        worker.start()
    return workers


def _stop(workers: list[dramatiq.Worker], bench: Bench, grace: timedelta) -> None:
    hurry = threading.Timer(grace.total_seconds(), bench.hurry)
    hurry.start()
    patience = int((grace + timedelta(seconds=5)).total_seconds() * 1000)
    stopping = [threading.Thread(target=worker.stop, args=(patience,)) for worker in workers]
    try:
        for thread in stopping:
            thread.start()
        for thread in stopping:
            thread.join()
    finally:
        hurry.cancel()
