"""From owing a job to its commit, by a real worker process; beside the least a queue in PostgreSQL can do.

The floor is written by hand and keeps the same promises: the job is committed with its NOTIFY, who hears it
claims it with a lease in a commit of its own, and the work commits together with the job's end, fenced by the
lease. One process, as many jobs at a time. It has no practices in turns, no retries, dead letters or schedules,
no broker, no log line and no ORM. The bare figure beside it is the least a queue can do: a DELETE that commits.
"""

import asyncio
import os
import shutil
import statistics
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

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
from tests.workers.acts import Bare, Urgent

TRIPS = int(os.environ.get("BENCH_TRIPS", "60"))
FLOOD = int(os.environ.get("BENCH_JOBS", "1000"))
AT_A_TIME = 4  # of `chaos.work`
MOST_P95_MS = 50.0


@case("jobs.round_trip")
def round_trip() -> list[Figure]:
    logs.configure("ERROR")
    cluster = clusters.start()
    valkey = Valkey()
    valkey.start()
    folder = Path(tempfile.mkdtemp(prefix="billing-bench-"))
    try:
        floor = asyncio.run(_floor(clusters.clone()))
        figures = []
        for broker, url in (("postgresql", ""), ("valkey", valkey.url)):
            ours = asyncio.run(_ours(clusters.clone(), folder / broker, url))
            figures += _figures(broker, ours, floor)
    finally:
        shutil.rmtree(folder)
        valkey.stop()
        clusters.stop(cluster)
    return figures


class Ours(NamedTuple):
    p50: float
    p95: float
    rate: float
    processor: float
    """Milliseconds of a core that the worker's process takes for a job."""


class Floor(NamedTuple):
    p95: float
    rate: float
    bare: float


def _figures(broker: str, ours: Ours, floor: Floor) -> list[Figure]:
    return [
        Figure(
            name=f"jobs.round_trip.{broker}",
            ours=round(ours.p95, 1),
            floor=round(floor.p95, 1),
            ratio=round(ours.p95 / floor.p95, 1),
            unit="ms from commit to commit, p95, idle",
            required=f"< {MOST_P95_MS:.0f}",
            met=ours.p95 < MOST_P95_MS,
            note=f"p50 {ours.p50:.1f} ms",
        ),
        Figure(
            name=f"jobs.rate.{broker}",
            ours=round(ours.rate),
            floor=round(floor.rate),
            ratio=round(ours.rate / floor.rate, 2),
            peers={"bare": round(floor.bare)},
            unit="jobs per second, one process",
            note=f"{FLOOD} jobs of one practice, {AT_A_TIME} at a time,"
            f" {ours.processor:.1f} ms of a core each",
        ),
    ]


async def _ours(clone: clusters.Clone, keys: Path, url: str) -> Ours:
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
            await queue.add_many(db, [Bare(note) for note in new_ids(FLOOD)])
        worked, started = _processor(worker), time.perf_counter()
        await chaos.until_nothing_is_owed(database)
        seconds = time.perf_counter() - started
        worked = _processor(worker) - worked
    await database.close()
    p95 = trips[int(len(trips) * 0.95)]
    return Ours(statistics.median(trips), p95, FLOOD / seconds, 1000 * worked / FLOOD)


def _processor(worker: chaos.Worker) -> float:
    """Seconds that the process has had of a core, as the system counts them."""
    told = Path(f"/proc/{worker.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")


_CLAIM = """
    UPDATE floor_job SET state = 'leased', lease = lease + 1,
                         leased_until = clock_timestamp() + interval '1 minute'
    WHERE id = (SELECT id FROM floor_job WHERE state = 'queued' ORDER BY id LIMIT 1
                FOR UPDATE SKIP LOCKED)
    RETURNING id, lease
    """
_END = "UPDATE floor_job SET state = 'done' WHERE id = $1 AND lease = $2 AND state = 'leased'"


async def _work(working: asyncpg.Connection) -> bool:
    """One job: the claim's commit, then the work's with the job's end."""
    claimed = await working.fetchrow(_CLAIM)
    if claimed is None:
        return False
    async with working.transaction():
        await working.execute("INSERT INTO floor_mark VALUES ($1)", claimed["id"])
        if await working.execute(_END, claimed["id"], claimed["lease"]) != "UPDATE 1":
            raise RuntimeError("the lease was lost")
    return True


async def _floor(clone: clusters.Clone) -> Floor:
    url = clone.url("postgres")
    working = [await asyncpg.connect(url) for _ in range(AT_A_TIME)]
    asking, listening = await asyncpg.connect(url), await asyncpg.connect(url)
    await asking.execute(
        "CREATE TABLE floor_job (id uuid PRIMARY KEY, state text NOT NULL DEFAULT 'queued',"
        " lease int NOT NULL DEFAULT 0, leased_until timestamptz);"
        "CREATE INDEX ON floor_job (id) WHERE state = 'queued';"
        "CREATE TABLE floor_mark (id uuid PRIMARY KEY)"
    )
    heard = asyncio.Event()
    await listening.add_listener("floor", lambda *_: heard.set())

    async def trip() -> float:
        started = time.perf_counter()
        async with asking.transaction():
            await asking.execute("INSERT INTO floor_job VALUES ($1)", new_id())
            await asking.execute("NOTIFY floor")
        await heard.wait()
        heard.clear()
        await _work(working[0])
        return (time.perf_counter() - started) * 1000

    async def until_none_is_left(connection: asyncpg.Connection) -> None:
        while await _work(connection):
            pass

    trips = sorted([await trip() for _ in range(TRIPS)])
    await _owe(asking)
    started = time.perf_counter()
    await asyncio.gather(*(until_none_is_left(connection) for connection in working))
    rate = FLOOD / (time.perf_counter() - started)
    await asking.execute("DELETE FROM floor_job")
    await _owe(asking)
    bare = await _bare(asking)
    for connection in (asking, listening, *working):
        await connection.close()
    return Floor(trips[int(len(trips) * 0.95)], rate, bare)


async def _owe(asking: asyncpg.Connection) -> None:
    rows = [(one,) for one in new_ids(FLOOD)]
    await asking.executemany("INSERT INTO floor_job VALUES ($1)", rows)


async def _bare(connection: asyncpg.Connection) -> float:
    started = time.perf_counter()
    for _ in range(FLOOD):
        await connection.execute(
            "DELETE FROM floor_job WHERE id ="
            " (SELECT id FROM floor_job ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)"
        )
    return FLOOD / (time.perf_counter() - started)
