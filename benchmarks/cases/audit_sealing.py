"""Sealing and verifying the audit trail: what a second of the processor does, and what writers lose.

CPU seconds are those of the sealing process and of its server process together. Writing with the sealer
at work is measured beside writing without it, by turns, on one server.
"""

import asyncio
import os
import time
from pathlib import Path
from uuid import UUID

from sqlalchemy import text

from benchmarks.registry import Figure, case
from billing_saas.audit import trail
from billing_saas.kit import logs
from billing_saas.kit.actor import Actor, ActorKind
from billing_saas.kit.db import Database
from billing_saas.kit.ids import new_id
from billing_saas.seals import verifying
from billing_saas.seals.sealing import Sealer
from billing_saas.tenants import provisioning
from tests import cluster as clusters
from tests.fakes import MemoryKeys

EVENTS = int(os.environ.get("BENCH_EVENTS", "100000"))
SECONDS = float(os.environ.get("BENCH_WRITE_SECONDS", "3"))
WRITERS = 4
TURNS = 4
PRACTICES = 20
LEAST_RATE = 100_000
LEAST_SHARE = 0.95
ACTOR = Actor(kind=ActorKind.SYSTEM, id=UUID(int=3))

# Many events at once, as real ones are: the MAC is copied, so they verify by leaf and not by MAC.
_MANY = text(
    """
    INSERT INTO audit_event (id, tenant_id, at, actor_kind, actor_id, action, object_type, object_id,
      purpose, outcome, request_id, ip_prefix, classes_read, detail, mac_key, mac)
    SELECT gen_random_uuid(), :tenant, now(), actor_kind, actor_id, action, object_type,
      gen_random_uuid(), purpose, outcome, request_id, ip_prefix, classes_read, detail, mac_key, mac
    FROM audit_event CROSS JOIN generate_series(1, :count)
    WHERE tenant_id = :tenant AND id = :id
    """
)


@case("audit.seal")
def seal() -> list[Figure]:
    logs.configure("ERROR")
    cluster = clusters.start()
    try:
        return asyncio.run(_sealing())
    finally:
        clusters.stop(cluster)


async def _sealing() -> list[Figure]:
    clone = clusters.clone()
    database = Database(clone.urls, MemoryKeys(), pool_size=WRITERS)
    try:
        await provisioning.initialise(database)
        practices = [new_id() for _ in range(PRACTICES)]
        for practice in practices:
            await _fill(database, practice, EVENTS // PRACTICES)
        cpu, count = await _seal_all(database)
        checked, read = await _verify_all(database)
        rates: dict[bool, list[float]] = {True: [], False: []}
        for turn in range(2 * TURNS):
            await _seal_all(database)  # what was written without the sealer is not its load now
            sealing = turn % 4 in (1, 2)  # off, on, on, off: a machine that slows down slows both
            rates[sealing].append(await _written(database, practices, sealing=sealing))
    finally:
        await database.close()
        clusters.drop(clone)
    on, off = (sum(rates[sealing]) / TURNS for sealing in (True, False))
    share = on / off
    rate = count / cpu
    return [
        Figure(
            name="audit.seal",
            ours=round(rate),
            unit="rows per CPU second",
            required=f">= {LEAST_RATE:,}",
            met=rate >= LEAST_RATE,
            note=f"{count:,} events of {PRACTICES} practices; client and server process together",
        ),
        Figure(
            name="audit.seal.writers",
            ours=round(on),
            floor=round(off),
            ratio=round(share, 3),
            unit="events per second",
            required=f">= {LEAST_SHARE} of the rate without sealing",
            met=share >= LEAST_SHARE,
            note=f"{WRITERS} writers, mean of {TURNS} turns each",
        ),
        Figure(
            name="audit.verify",
            ours=round(count / checked),
            floor=round(count / read),
            ratio=round(checked / read, 2),
            unit="events per second",
            note="the floor only reads the same rows; ratio is our time to the floor's",
        ),
    ]


async def _fill(database: Database, practice: UUID, count: int) -> None:
    async with database.tenant(practice) as db:
        event = await trail.record(
            db, ACTOR, "claim.read", object_type="claim", detail={"count": 1}
        )
        await db.execute(_MANY, {"tenant": practice, "id": event, "count": count - 1})


async def _seal_all(database: Database) -> tuple[float, int]:
    """CPU seconds, ours and the server's for our connection, and the events sealed."""
    sealer, count, cpu = Sealer(), 0, 0.0
    while True:
        async with database.sealer() as db:
            server = Path(f"/proc/{await db.scalar(text('SELECT pg_backend_pid()'))}/stat")
            before = time.process_time() + _cpu_of(server)
            sealed = await sealer.seal(db)
            await db.commit()
            cpu += time.process_time() + _cpu_of(server) - before
        if sealed is None:
            return cpu, count
        count += sealed.events


def _cpu_of(stat: Path) -> float:
    try:
        fields = stat.read_text().rpartition(")")[2].split()
    except OSError:  # no /proc: our own part alone
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def _verify_all(database: Database) -> tuple[float, float]:
    async with database.sealer() as db:
        started = time.perf_counter()
        await db.execute(text("SELECT * FROM audit_event ORDER BY xid, seq"))
        read = time.perf_counter() - started
        started = time.perf_counter()
        await verifying.verify(db)
        return time.perf_counter() - started, read


async def _written(database: Database, practices: list[UUID], *, sealing: bool) -> float:
    """Events per second of several writers, each event in a transaction of its own."""
    ends = time.perf_counter() + SECONDS
    count = 0

    async def write(practice: UUID) -> None:
        nonlocal count
        while time.perf_counter() < ends:
            async with database.tenant(practice) as db:
                await trail.record(
                    db, ACTOR, "claim.read", object_type="claim", subjects=[new_id()]
                )
            count += 1

    async def seal() -> None:
        sealer = Sealer()
        while time.perf_counter() < ends:
            async with database.sealer() as db:
                await sealer.seal(db)
            await asyncio.sleep(min(1.0, max(0.0, ends - time.perf_counter())))

    started = time.perf_counter()
    writers = [write(practice) for practice in practices[:WRITERS]]
    await asyncio.gather(*writers, *([seal()] if sealing else []))
    return count / (time.perf_counter() - started)
