"""Posting a remittance of 10,000 claims, beside writing the same rows and nothing else.

Claims are brought onto the books by the real acts first (not measured): an 837P is imported, sent and
answered by the sandbox payer. The floor writes exactly the rows that ours wrote, into a clone of the
same database, as the application's role with policies, constraints and triggers on.
"""

import asyncio
import datetime
import json
import os
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import Table

from benchmarks import measuring
from benchmarks.registry import Figure, case
from billing_saas.claims import queries as claims
from billing_saas.claims import submitting
from billing_saas.demo.cast import COMPANY, ELM, OPERATOR, Cast
from billing_saas.gateways.key_folder import KeyFolder
from billing_saas.identity.rules import permissions_of
from billing_saas.imports import receiving as imports
from billing_saas.kit import bulk, logs
from billing_saas.kit.actor import Actor, ActorKind
from billing_saas.kit.db import Database
from billing_saas.kit.embedded import SUPERUSER
from billing_saas.kit.ids import new_id
from billing_saas.ledger import journal
from billing_saas.schema import metadata
from billing_saas.tenants import provisioning
from billing_saas.workers import running
from billing_sandbox import payer, practice_system
from tests import cluster as clusters

CLAIMS = int(os.environ.get("BENCH_CLAIMS", "10000"))
TODAY = datetime.date(2026, 11, 20)
MOST_OF_FLOOR = 4.0
LEAST_RATE = 1_000
MOST_MEMORY = 300
ACTOR = Actor(
    kind=ActorKind.SYSTEM, id=UUID(int=3), permissions=permissions_of(["biller", "supervisor"])
)

# What a posting writes, in the order of its foreign keys, and the column that tells its rows.
_WRITTEN = (
    ("blob", "id"),
    ("blob_chunk", "blob_id"),
    ("arrival", "id"),
    ("remittance", "id"),
    ("ledger_entry", "id"),
    ("ledger_line", "entry_id"),
    ("claim_payment", "id"),
    ("service_payment", "id"),
    ("adjustment", "claim_payment_id"),
    ("provider_adjustment", "id"),
    ("line_adjudication", "id"),
    ("claim_event", "id"),
    ("card", "id"),
    ("audit_event", "id"),
    ("audit_subject", "event_id"),
    ("audit_content", "event_id"),
)
# The database's own to give.
_GIVEN = {"xid", "seq"}


@case("ledger.post_remittance")
def post_remittance() -> list[Figure]:
    logs.configure("ERROR")
    cluster = clusters.start()
    try:
        with _keys() as keys:
            ready = clusters.clone()
            tenant, remittance = asyncio.run(_claims_on_the_books(ready, KeyFolder(keys)))
            path = keys / "bench.835"
            path.write_bytes(remittance)
            repeats = min(3, measuring.REPEATS)
            runs = [_one_run(ready, tenant, path, keys) for _ in range(repeats)]
    finally:
        clusters.stop(cluster)
    ours, floor, rows = min(runs, key=lambda run: float(run[0]["seconds"]) / run[1])
    ratio = float(ours["seconds"]) / floor
    rate = CLAIMS / float(ours["seconds"])
    return [
        Figure(
            name="ledger.post_remittance",
            ours=round(rate),
            floor=round(CLAIMS / floor),
            ratio=round(ratio, 2),
            unit="claims per second",
            required=f"<= {MOST_OF_FLOOR} times the floor's time, > {LEAST_RATE} claims/s",
            met=ratio <= MOST_OF_FLOOR and rate > LEAST_RATE,
            note=f"ratio is our time to the floor's; {rows:,} rows written",
        ),
        Figure(
            name="ledger.post_remittance.memory",
            ours=round(float(ours["peak_mb"])),
            unit="MB at the peak",
            required=f"< {MOST_MEMORY}",
            met=float(ours["peak_mb"]) < MOST_MEMORY,
        ),
    ]


@contextmanager
def _keys() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="billing-bench-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def _one_run(
    ready: clusters.Clone, tenant: UUID, path: Path, keys: Path
) -> tuple[dict[str, Any], float, int]:
    """Ours, the floor's seconds, and how many rows both wrote."""
    real, bare = clusters.clone(ready.name), clusters.clone(ready.name)
    try:
        marker = new_id()
        os.environ.update(real.environment)
        ours = measuring.run_once("posting_ours.py", tenant, path, keys)
        written = _rows_since(real, marker)
        seconds = asyncio.run(_write(bare, KeyFolder(keys), tenant, written))
        return ours, seconds, sum(len(next(iter(c.values()), [])) for _, c in written)
    finally:
        clusters.drop(real)
        clusters.drop(bare)


async def _claims_on_the_books(clone: clusters.Clone, keys: KeyFolder) -> tuple[UUID, bytes]:
    """A practice whose claims were imported and sent, and the 835 that answers them."""
    database = Database(clone.urls, keys, pool_size=2)
    await provisioning.initialise(database)
    company = await provisioning.add_company(database, COMPANY)
    tenant = await provisioning.add_practice(
        database, OPERATOR, company, ELM.new, journal.open_book
    )
    file = practice_system.claims_file(
        ELM.identity,
        seed=1,
        month=TODAY.replace(day=1),
        claims=CLAIMS,
        today=TODAY,
        delivery=practice_system.Delivery(usage="P"),
    )
    async with database.tenant(tenant) as db:
        await imports.receive_claims(db, ACTOR, "bench.837", _whole(file))
    await running.drain(database)
    batch = await _sent(database, tenant, ELM)
    await database.close()
    check = payer.Check(trace_prefix="B", paid_on=TODAY)
    return tenant, payer.pay(batch, ELM.payee, check, seed=1)


async def _whole(content: bytes) -> AsyncIterator[bytes]:
    yield content


async def _sent(database: Database, tenant: UUID, cast: Cast) -> bytes:
    control = submitting.Control(
        sender_id=cast.identity.npi,
        sender_name=cast.identity.name,
        sender_phone=cast.identity.contact_phone,
        receiver_id="SANDBOXPAYER",
        receiver_name="SANDBOX PAYER",
        number=1,
        usage="P",
    )
    async with database.tenant(tenant) as db:
        queued = await claims.queued(db, ACTOR, CLAIMS)
        if len(queued) != CLAIMS:
            raise RuntimeError(f"{len(queued)} of {CLAIMS} claims were imported")
        batch = await submitting.batch_837p(db, ACTOR, queued, control=control)
        await submitting.mark_sent(db, ACTOR, queued)
    return batch


Columns = dict[str, Sequence[Any]]


def _rows_since(clone: clusters.Clone, marker: UUID) -> list[tuple[Table, Columns]]:
    """The rows of each table that were written after `marker`, column by column."""
    found: list[tuple[Table, Columns]] = []
    with psycopg.connect(clone.url(SUPERUSER)) as connection:
        for name, key in _WRITTEN:
            table = metadata.tables[name]
            columns = [column.name for column in table.columns if column.name not in _GIVEN]
            rows = connection.execute(
                f"SELECT {', '.join(columns)} FROM {name} WHERE {key} > %s",
                [marker],
            ).fetchall()
            found.append(
                (
                    table,
                    {
                        column: [_plain(row[place]) for row in rows]
                        for place, column in enumerate(columns)
                    },
                )
            )
    return found


def _plain(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, (dict, list)) else value


async def _write(
    clone: clusters.Clone, keys: KeyFolder, tenant: UUID, written: list[tuple[Table, Columns]]
) -> float:
    """Seconds for the same rows, by one INSERT per table."""
    database = Database(clone.urls, keys, pool_size=1)
    started = time.perf_counter()
    async with database.tenant(tenant) as db:
        for table, columns in written:
            await bulk.insert(db, table, columns)
    seconds = time.perf_counter() - started
    await database.close()
    return seconds
