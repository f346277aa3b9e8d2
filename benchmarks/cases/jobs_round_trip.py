"""From owing a job to its commit, by a real worker process; beside the least a queue in PostgreSQL can do.

The floor is written by hand: INSERT with NOTIFY, a listener in a process's own thread that runs a DELETE and
commits. It has no attempts, leases, fences, practices or schedules. Ours claims, works in a session of the
practice and ends the job in the same transaction, fenced: three commits where the floor has one.
"""

import asyncio
import os
import shutil
import statistics
import tempfile
import time
from pathlib import Path

import asyncpg
from sqlalchemy import func, select

from benchmarks.registry import Figure, case
from billing_saas.demo.cast import COMPANY, ELM, OPERATOR
from billing_saas.gateways.key_folder import KeyFolder
from billing_saas.kit import logs
from billing_saas.kit.db import Database
from billing_saas.kit.ids import new_id, new_ids
from billing_saas.ledger import journal
from billing_saas.outbox import queue
from billing_saas.outbox.tables import JobRow
from billing_saas.tenants import provisioning
from tests import chaos
from tests import cluster as clusters
from tests.doorbells import Valkey
from tests.workers.acts import Mark, Urgent

TRIPS = int(os.environ.get("BENCH_TRIPS", "60"))
FLOOD = int(os.environ.get("BENCH_JOBS", "600"))
MOST_P95_MS = 50.0


@case("jobs.round_trip")
def round_trip() -> list[Figure]:
    logs.configure("ERROR")
    cluster = clusters.start()
    valkey = Valkey()
    valkey.start()
    folder = Path(tempfile.mkdtemp(prefix="billing-bench-"))
    try:
        floor_p95, floor_rate = asyncio.run(_floor(clusters.clone()))
        figures = []
        for broker, url in (("postgresql", ""), ("valkey", valkey.url)):
            p50, p95, rate = asyncio.run(_ours(clusters.clone(), folder / broker, url))
            figures += _figures(broker, (p50, p95, rate), (floor_p95, floor_rate))
    finally:
        shutil.rmtree(folder)
        valkey.stop()
        clusters.stop(cluster)
    return figures


def _figures(
    broker: str, ours: tuple[float, float, float], floor: tuple[float, float]
) -> list[Figure]:
    p50, p95, rate = ours
    return [
        Figure(
            name=f"jobs.round_trip.{broker}",
            ours=round(p95, 1),
            floor=round(floor[0], 1),
            ratio=round(p95 / floor[0], 1),
            unit="ms from commit to commit, p95, idle",
            required=f"< {MOST_P95_MS:.0f}",
            met=p95 < MOST_P95_MS,
            note=f"p50 {p50:.1f} ms",
        ),
        Figure(
            name=f"jobs.rate.{broker}",
            ours=round(rate),
            floor=round(floor[1]),
            ratio=round(rate / floor[1], 2),
            unit="jobs per second, one process",
            note=f"{FLOOD} jobs of one practice, four at a time",
        ),
    ]


async def _ours(clone: clusters.Clone, keys: Path, url: str) -> tuple[float, float, float]:
    """p50 and p95 in milliseconds, and jobs per second."""
    database = Database(clone.urls, KeyFolder(keys), pool_size=2)
    await provisioning.initialise(database)
    company = await provisioning.add_company(database, COMPANY)
    tenant = await provisioning.add_practice(
        database, OPERATOR, company, ELM.new, journal.open_book
    )
    with chaos.Worker(clone, keys, broker_url=url) as worker:
        await worker.wait_until_logged("worker ready")
        await asyncio.sleep(2)
        for _ in range(TRIPS):
            async with database.tenant(tenant) as db:
                await queue.add(db, Urgent(new_id()))
            await asyncio.sleep(0.1)
        await chaos.until_nothing_is_owed(database)
        trip = func.extract("epoch", JobRow.finished_at - JobRow.created_at) * 1000
        async with database.platform() as platform:
            trips = sorted(float(one) for one in await platform.scalars(select(trip)))
        async with database.tenant(tenant) as db:
            await queue.add_many(db, [Mark(note) for note in new_ids(FLOOD)])
        started = time.perf_counter()
        await chaos.until_nothing_is_owed(database)
        seconds = time.perf_counter() - started
    await database.close()
    return statistics.median(trips), trips[int(len(trips) * 0.95)], FLOOD / seconds


async def _floor(clone: clusters.Clone) -> tuple[float, float]:
    """p95 in milliseconds, and jobs per second."""
    asking = await asyncpg.connect(clone.url("postgres"))
    working = await asyncpg.connect(clone.url("postgres"))
    listening = await asyncpg.connect(clone.url("postgres"))
    await asking.execute("CREATE TABLE floor_job (id uuid PRIMARY KEY)")
    heard = asyncio.Event()
    await listening.add_listener("floor", lambda *_: heard.set())

    async def one() -> float:
        started = time.perf_counter()
        async with asking.transaction():
            await asking.execute("INSERT INTO floor_job VALUES ($1)", new_id())
            await asking.execute("NOTIFY floor")
        await heard.wait()
        heard.clear()
        await working.execute("DELETE FROM floor_job")
        return (time.perf_counter() - started) * 1000

    trips = sorted([await one() for _ in range(TRIPS)])
    await asking.executemany(
        "INSERT INTO floor_job VALUES ($1)", [(one,) for one in new_ids(FLOOD)]
    )
    started = time.perf_counter()
    for _ in range(FLOOD):
        await working.execute(
            "DELETE FROM floor_job WHERE id ="
            " (SELECT id FROM floor_job ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)"
        )
    rate = FLOOD / (time.perf_counter() - started)
    for connection in (asking, working, listening):
        await connection.close()
    return trips[int(len(trips) * 0.95)], rate
