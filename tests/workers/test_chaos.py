"""Whatever is killed, frozen or lost: each job's effect once, and nothing owed for ever."""

import asyncio
import random
import signal
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import select

from billing_saas.kit.db import Database
from billing_saas.kit.embedded import SUPERUSER
from billing_saas.kit.ids import new_id, new_ids
from billing_saas.outbox import leasing, queue, rules
from billing_saas.outbox.jobs import Job
from billing_saas.outbox.tables import JobRow
from tests import chaos
from tests.cast import Tenant
from tests.cluster import Clone
from tests.doorbells import Doorbell, Valkey
from tests.workers.acts import Chain, Mark, Poison, Stumble, Urgent, marks

POINTS = [
    "workers.running.claimed",
    "workers.running.acted",
    "workers.running.finished",
    "workers.running.committed",
    "workers.relay.marked",
    "workers.relay.rung",
]


async def owe(database: Database, tenant: Tenant, *jobs: Job) -> list[UUID]:
    async with database.tenant(tenant.id) as db:
        return await queue.add_many(db, jobs)


async def states(database: Database) -> dict[UUID, JobRow]:
    async with database.platform() as db:
        return {row.id: row for row in await db.scalars(select(JobRow))}


@pytest.mark.slow
async def test_a_worker_runs_what_is_owed_and_stops_in_good_order(
    clone: Clone, key_folder: Path, database: Database, elm: Tenant, doorbell: Doorbell
) -> None:
    note, late = new_ids(2)
    await owe(database, elm, Chain(note, 3), Mark(note))
    with chaos.Worker(clone, key_folder, broker_url=doorbell.url) as worker:
        await worker.wait_until_logged("worker ready")
        await chaos.until_nothing_is_owed(database)
        # The process has 2 s of grace: this one takes longer and gives its lease back.
        (job_id,) = await owe(database, elm, Mark(late, 60_000))
        while (await states(database))[job_id].state != "leased":
            await asyncio.sleep(0.05)
        assert await asyncio.to_thread(worker.terminate) == 0
        assert "worker stopped" in worker.log
    assert await marks(database, elm.id, note) == 5
    row = (await states(database))[job_id]
    assert (row.state, row.attempts, row.lost) == ("queued", 0, 0)
    assert await marks(database, elm.id, late) == 0


async def test_someone_who_waits_does_not_wait_long(
    clone: Clone, key_folder: Path, database: Database, elm: Tenant, doorbell: Doorbell
) -> None:
    with chaos.Worker(clone, key_folder, broker_url=doorbell.url) as worker:
        await worker.wait_until_logged("worker ready")
        await asyncio.sleep(1)
        ids = []
        for _ in range(5):
            ids += await owe(database, elm, Urgent(new_id()))
            await chaos.until_nothing_is_owed(database)
    rows = await states(database)
    waits = sorted(
        (rows[job_id].finished_at - rows[job_id].created_at).total_seconds()  # type: ignore[operator]  # all are done
        for job_id in ids
    )
    assert waits[2] < 0.5, waits  # the notification, not the pass of each second


@pytest.mark.slow
@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize(
    ("doorbell", "nth"), [("postgresql", 3), ("valkey", 1)], indirect=["doorbell"]
)
async def test_a_worker_killed_anywhere_leaves_the_same(
    clone: Clone,
    key_folder: Path,
    database: Database,
    elm: Tenant,
    doorbell: Doorbell,
    point: str,
    nth: int,
) -> None:
    note = new_id()
    await owe(database, elm, *(Chain(note, 4) for _ in range(3)))
    with chaos.Worker(clone, key_folder, broker_url=doorbell.url, fault=f"{point}:{nth}") as worker:
        await asyncio.to_thread(worker.wait_until_killed)
    with chaos.Worker(clone, key_folder, broker_url=doorbell.url):
        await chaos.until_nothing_is_owed(database)
    assert await marks(database, elm.id, note) == 15
    assert {row.state for row in (await states(database)).values()} == {"done"}


@pytest.mark.slow
async def test_poison_is_parked_after_three_and_the_others_go_on(
    clone: Clone, key_folder: Path, database: Database, elm: Tenant, doorbell: Doorbell
) -> None:
    poison, note = new_ids(2)
    innocents = [Mark(note, 150) for _ in range(12)]
    ids = await owe(database, elm, *innocents[:6], Poison(poison), *innocents[6:])
    deaths = 0
    while any(row.state in ("queued", "leased") for row in (await states(database)).values()):
        with chaos.Worker(clone, key_folder, broker_url=doorbell.url) as worker:
            owed = asyncio.create_task(chaos.until_nothing_is_owed(database))
            while worker.alive and not owed.done():
                await asyncio.sleep(0.1)
            owed.cancel()
            deaths += not worker.alive
            log = worker.log
    rows = await states(database)
    assert deaths == leasing.MOST_LOST
    assert (rows[ids[6]].state, rows[ids[6]].last_error) == ("dead", rules.WORKER_LOST)
    assert {row.state for row in rows.values() if row.id != ids[6]} == {"done"}
    assert max(row.lost for row in rows.values() if row.id != ids[6]) <= 1
    assert await marks(database, elm.id, note) == len(innocents)
    assert await marks(database, elm.id, poison) == 0
    assert "job parked" in log


@pytest.mark.slow
async def test_a_frozen_worker_that_wakes_is_fenced(
    clone: Clone, key_folder: Path, database: Database, elm: Tenant, doorbell: Doorbell
) -> None:
    note = new_id()
    (job_id,) = await owe(database, elm, Mark(note, 3_000))
    with chaos.Worker(clone, key_folder, broker_url=doorbell.url) as zombie:
        while (await states(database))[job_id].state != "leased":
            await asyncio.sleep(0.05)
        await asyncio.sleep(0.5)
        zombie.signal(signal.SIGSTOP)
        await asyncio.sleep(chaos.LEASE.total_seconds())
        with chaos.Worker(clone, key_folder, broker_url=doorbell.url):
            await chaos.until_nothing_is_owed(database)
        assert await marks(database, elm.id, note) == 1
        zombie.signal(signal.SIGCONT)
        await zombie.wait_until_logged("lease-lost")
    assert await marks(database, elm.id, note) == 1
    assert (await states(database))[job_id].lease == 2


@pytest.mark.slow
async def test_a_broker_that_forgets_everything_loses_no_job(
    clone: Clone, key_folder: Path, database: Database, elm: Tenant, doorbell: Doorbell
) -> None:
    note = new_id()
    await owe(database, elm, *(Mark(note, 20) for _ in range(200)))
    with chaos.Worker(clone, key_folder, broker_url=doorbell.url) as worker:
        await worker.wait_until_logged("job run")
        for _ in range(5):
            await asyncio.to_thread(doorbell.forget)
            await asyncio.sleep(0.2)
        await chaos.until_nothing_is_owed(database)
    assert await marks(database, elm.id, note) == 200


@pytest.mark.slow
async def test_a_valkey_that_dies_and_comes_back_empty_loses_no_job(
    clone: Clone, key_folder: Path, database: Database, elm: Tenant
) -> None:
    server, note = Valkey(), new_id()
    server.start()
    try:
        await owe(database, elm, *(Mark(note, 20) for _ in range(150)))
        with chaos.Worker(clone, key_folder, broker_url=server.url) as worker:
            await worker.wait_until_logged("job run")
            server.stop()
            await owe(database, elm, *(Mark(note) for _ in range(150)))  # nobody needs it to owe
            await worker.wait_until_logged("relay pass failed")
            server.start()
            await chaos.until_nothing_is_owed(database)
            assert worker.alive
    finally:
        server.stop()
    assert await marks(database, elm.id, note) == 300


@pytest.mark.slow
async def test_a_database_that_drops_every_connection_loses_no_job(
    clone: Clone, key_folder: Path, database: Database, elm: Tenant, doorbell: Doorbell
) -> None:
    note = new_id()
    await owe(database, elm, *(Mark(note, 50) for _ in range(200)))
    with chaos.Worker(clone, key_folder, broker_url=doorbell.url) as worker:
        await worker.wait_until_logged("job run")
        for _ in range(4):
            await asyncio.to_thread(clone_loses_its_connections, clone)
            await asyncio.sleep(0.7)
        await database.close()  # our own connections were dropped as well
        await chaos.until_nothing_is_owed(database)
    assert await marks(database, elm.id, note) == 200
    assert {row.state for row in (await states(database)).values()} == {"done"}


def clone_loses_its_connections(clone: Clone) -> None:
    address = f"postgresql://{SUPERUSER}:{clone.passwords[SUPERUSER]}@127.0.0.1:{clone.port}"
    with psycopg.connect(f"{address}/postgres", autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
            [clone.name],
        )


@pytest.mark.slow
async def test_what_an_error_says_is_not_told(
    clone: Clone, key_folder: Path, database: Database, elm: Tenant, doorbell: Doorbell
) -> None:
    """The error's message names a patient: neither the log nor the job may."""
    (job_id,) = await owe(database, elm, Stumble(new_id(), "weather"))
    with chaos.Worker(clone, key_folder, broker_url=doorbell.url) as worker:
        await chaos.until_nothing_is_owed(database)
        log = worker.log
    row = (await states(database))[job_id]
    assert (row.state, row.last_error) == ("dead", "RuntimeError")
    assert "job parked" in log
    assert "RuntimeError" in log
    assert "Jane" not in log


@pytest.mark.slow
@pytest.mark.parametrize(
    ("doorbell", "deaths"), [("postgresql", 100), ("valkey", 25)], indirect=["doorbell"]
)
async def test_a_relay_killed_a_hundred_times_still_rings_for_each(
    clone: Clone,
    key_folder: Path,
    database: Database,
    elm: Tenant,
    doorbell: Doorbell,
    deaths: int,
) -> None:
    note = new_id()
    chance = random.Random(20)
    with chaos.Worker(clone, key_folder, broker_url=doorbell.url, task=chaos.work_without_relay):
        for _ in range(deaths):
            await owe(database, elm, *(Mark(note) for _ in range(3)))
            with chaos.Worker(
                clone, key_folder, broker_url=doorbell.url, task=chaos.relay_only
            ) as relay:
                await asyncio.to_thread(relay.process.join, chance.uniform(0.05, 0.25))
                assert relay.alive, relay.log
        with chaos.Worker(clone, key_folder, broker_url=doorbell.url, task=chaos.relay_only):
            await chaos.until_nothing_is_owed(database)
    assert await marks(database, elm.id, note) == 3 * deaths
