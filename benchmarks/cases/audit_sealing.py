"""Sealing and verifying the audit trail: what a second of the processor does, and what writers lose.

CPU seconds are those of the sealing process and of its server process together. Writers write beside a
sealer in a process of its own, as in production, and beside one that rests: by turns, on one server.
"""

import asyncio
import multiprocessing
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.synchronize import Event as Signal
from pathlib import Path
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb
from sqlalchemy import select, text

from benchmarks.registry import Figure, case
from billing_saas.audit import macs, rules, trail
from billing_saas.audit.tables import AuditEvent
from billing_saas.gateways.key_folder import KeyFolder
from billing_saas.kit import logs
from billing_saas.kit.actor import Actor, ActorKind
from billing_saas.kit.db import Database, Urls
from billing_saas.kit.ids import new_id
from billing_saas.seals import sealing as seals
from billing_saas.seals import verifying
from billing_saas.seals.sealing import Sealer
from billing_saas.tenants import provisioning
from billing_saas.workers import sealing
from tests import cluster as clusters
from tests.cluster import Clone

EVENTS = int(os.environ.get("BENCH_EVENTS", "100000"))
SECONDS = float(os.environ.get("BENCH_WRITE_SECONDS", "3"))
WRITERS = 4
PAIRS = 12
PRACTICES = 20
LEAST_RATE = 100_000
LEAST_SHARE = 0.95
ACTOR = Actor(kind=ActorKind.SYSTEM, id=UUID(int=3))


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
    with tempfile.TemporaryDirectory() as folder:
        keys = KeyFolder(Path(folder) / "keys")
        database = Database(clone.urls, keys, pool_size=WRITERS)
        try:
            await provisioning.initialise(database)
            practices = [new_id() for _ in range(PRACTICES)]
            for practice in practices:
                await _fill(database, clone, practice, EVENTS // PRACTICES)
            cpu, count = await _seal_all(database)
            checked, read = await _verify_all(database)
            with _sealer_apart(clone.urls, keys) as work:
                pairs = [
                    await _pair(database, clone, practices, work, turn) for turn in range(PAIRS)
                ]
        finally:
            await database.close()
            clusters.drop(clone)
    share = statistics.median(pair.on / pair.off for pair in pairs)
    spent = sum(pair.sealer_cpu for pair in pairs) / sum(pair.cpu for pair in pairs)
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
            ours=round(statistics.median(pair.on for pair in pairs)),
            floor=round(statistics.median(pair.off for pair in pairs)),
            ratio=round(share, 3),
            unit="events per second",
            required=f">= {LEAST_SHARE} of the rate without sealing",
            met=share >= LEAST_SHARE,
            note=f"{WRITERS} writers, the sealer in a process of its own; medians of {PAIRS} paired turns;"
            f" of the CPU seconds of both, client and server, the sealer spends {spent:.3f}",
        ),
        Figure(
            name="audit.verify",
            ours=round(count / checked),
            floor=round(count / read),
            ratio=round(checked / read, 2),
            unit="rows per CPU second",
            note="leaf, MAC and subjects of each; the floor only reads the same rows; ratio is our time to its",
        ),
    ]


async def _fill(database: Database, clone: Clone, practice: UUID, count: int) -> None:
    """One event as the trail writes it, and many like it, each with a patient and a MAC of its own."""
    async with database.tenant(practice) as db:
        event_id = await trail.record(
            db,
            ACTOR,
            "claim.read",
            object_type="claim",
            object_id=new_id(),
            subjects=[new_id()],
            detail={"count": 1},
        )
        event = await db.scalar(select(AuditEvent).where(AuditEvent.id == event_id))
        columns = {name: getattr(event, name) for name in trail.COLUMNS}
        key = (await macs.current(db)).key
    events, subjects = [], []
    for _ in range(count - 1):
        event_id, patient = new_id(), new_id()
        columns["id"], columns["object_id"] = event_id, new_id()
        columns["subjects_hash"] = rules.subjects_hash([patient])
        plain = {**columns, "detail": Jsonb(columns["detail"])}
        events.append((*plain.values(), rules.mac(key, list(columns.values()))))
        subjects.append((practice, patient, columns["at"], event_id))
    with psycopg.connect(clone.url("postgres")) as connection, connection.cursor() as cursor:
        names = ", ".join((*trail.COLUMNS, "mac"))
        for statement, rows in (
            (f"COPY audit_event ({names}) FROM STDIN", events),
            ("COPY audit_subject (tenant_id, patient_id, at, event_id) FROM STDIN", subjects),
        ):
            with cursor.copy(statement.encode()) as copy:
                for row in rows:
                    copy.write_row(row)


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
    """CPU seconds, ours and our server's: of verifying, and of reading the same rows."""
    async with database.sealer() as db:
        server = Path(f"/proc/{await db.scalar(text('SELECT pg_backend_pid()'))}/stat")
        started = time.process_time() + _cpu_of(server)
        await db.execute(text("SELECT * FROM audit_event ORDER BY xid, seq"))
        read = time.process_time() + _cpu_of(server) - started
        started = time.process_time() + _cpu_of(server)
        verdict = await verifying.verify(db)
        if verdict.faults:
            raise RuntimeError(f"the log of the benchmark is not whole: {verdict.faults[0]}")
        return time.process_time() + _cpu_of(server) - started, read


@dataclass(frozen=True)
class Pair:
    """Events per second with the sealer at work, and with it at rest."""

    on: float
    off: float
    cpu: float
    """Seconds of the turn with the sealer at work: writers' and sealer's, ours and their servers'."""
    sealer_cpu: float


async def _pair(
    database: Database,
    clone: Clone,
    practices: list[UUID],
    work: Callable[[bool], None],
    turn: int,
) -> Pair:
    rates: dict[bool, float] = {}
    spent: dict[bool, dict[str, float]] = {}
    # One pair begins with, the next without it: a machine that slows down favors neither.
    for is_sealing in (True, False) if turn % 2 else (False, True):
        work(True)
        # What was written without the sealer is not its load now.
        while await _lag(database):  # noqa: ASYNC110  # another process ends it
            await asyncio.sleep(0.1)
        work(is_sealing)
        before = _cpu_by_role(clone)
        rates[is_sealing] = await _written(database, practices)
        after = _cpu_by_role(clone)
        spent[is_sealing] = {role: after[role] - before.get(role, 0) for role in after}
    return Pair(
        on=rates[True],
        off=rates[False],
        cpu=sum(spent[True].values()),
        sealer_cpu=spent[True]["billing_sealer"],
    )


async def _lag(database: Database) -> float:
    async with database.platform() as db:
        return await seals.lag_seconds(db)


def _cpu_by_role(clone: Clone) -> dict[str, float]:
    """CPU seconds so far of who writes and of who seals: the processes, and the servers they talk to."""
    spent = {"billing_app": time.process_time(), "billing_sealer": 0.0}
    for child in multiprocessing.active_children():
        spent["billing_sealer"] += _cpu_of(Path(f"/proc/{child.pid}/stat"))
    with psycopg.connect(clone.url("postgres")) as connection:
        servers = connection.execute(
            "SELECT usename, pid FROM pg_stat_activity WHERE datname = %s AND usename = ANY (%s)",
            [clone.name, list(spent)],
        )
        for role, server in servers:
            spent[role] += _cpu_of(Path(f"/proc/{server}/stat"))
    return spent


@contextmanager
def _sealer_apart(urls: Urls, keys: KeyFolder) -> Iterator[Callable[[bool], None]]:
    """A sealer as `billing-saas work` has it, which works or rests when told."""
    spawning = multiprocessing.get_context("spawn")
    at_work, over = spawning.Event(), spawning.Event()
    process = spawning.Process(target=_seal_apart, args=(urls, keys, at_work, over))
    process.start()
    try:
        yield lambda is_sealing: at_work.set() if is_sealing else at_work.clear()
    finally:
        over.set()
        process.join()


def _seal_apart(urls: Urls, keys: KeyFolder, at_work: Signal, over: Signal) -> None:
    async def seal() -> None:
        watch = sealing.Watch(Database(urls, keys, pool_size=1), None)
        while not over.is_set():
            if at_work.wait(timeout=0.1):
                await watch.round()
                await asyncio.sleep(sealing.SEAL_EVERY_SECONDS)

    logs.configure("ERROR")
    asyncio.run(seal())


async def _written(database: Database, practices: list[UUID]) -> float:
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

    started = time.perf_counter()
    await asyncio.gather(*(write(practice) for practice in practices[:WRITERS]))
    return count / (time.perf_counter() - started)
