"""Sealing a practice's rows again under its new key, beside nothing but opening, sealing and updating.

Both run in one process on clones of one database, as the application's role with policies on. Ours walks
the table by id with a checkpoint, holds every cell against the audit trail before it is touched, and
tells the trail of every cell; the floor reads the rows, opens and seals them, and writes them by one
`UPDATE … FROM unnest(…)` per batch of the same size.
"""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import text

from benchmarks import measuring
from benchmarks.registry import Figure, case
from billing_saas.custody import rotating
from billing_saas.custody.jobs import RotateKeys
from billing_saas.demo.cast import COMPANY, ELM, OPERATOR
from billing_saas.identity.rules import permissions_of
from billing_saas.kit import clock, logs
from billing_saas.kit.actor import Actor, ActorKind
from billing_saas.kit.db import Database
from billing_saas.ledger import journal
from billing_saas.patients import registering
from billing_saas.patients.rules import Demographics
from billing_saas.phi import keyring, resealing
from billing_saas.tenants import provisioning
from tests import cluster as clusters
from tests.fakes import MemoryKeys

ROWS = int(os.environ.get("BENCH_ROWS", "20000"))
ACTOR = Actor(
    kind=ActorKind.SYSTEM,
    id=UUID(int=3),
    permissions=permissions_of(["biller"]) | {rotating.ROTATE},
)


@case("phi.rotate")
def rotate() -> list[Figure]:
    logs.configure("ERROR")
    cluster = clusters.start()
    try:
        keys = MemoryKeys()
        ready = clusters.clone()
        tenant = asyncio.run(_people_on_file(ready, keys))
        repeats = min(3, measuring.REPEATS)
        ours = min(asyncio.run(_on_a_copy(ready, keys, tenant, _ours)) for _ in range(repeats))
        floor = min(asyncio.run(_on_a_copy(ready, keys, tenant, _floor)) for _ in range(repeats))
    finally:
        clusters.stop(cluster)
    return [
        Figure(
            name="phi.rotate",
            ours=round(ROWS / ours),
            floor=round(ROWS / floor),
            ratio=round(floor / ours, 2),
            unit="rows per CPU second of the worker",
            note="ratio is our rate to the floor's; two cells a row; ours also checks and tells each cell",
        )
    ]


async def _people_on_file(clone: clusters.Clone, keys: MemoryKeys) -> UUID:
    """With a key that was just made the primary: every row is under the one before."""
    database = Database(clone.urls, keys, pool_size=1)
    await provisioning.initialise(database)
    company = await provisioning.add_company(database, COMPANY)
    tenant = await provisioning.add_practice(
        database, OPERATOR, company, ELM.new, journal.open_book
    )
    for first in range(0, ROWS, 1_000):
        people = [
            Demographics(last_name=f"Garcia{n}", first_name="Ana", birth_date=date(1980, 1, 31))
            for n in range(first, min(first + 1_000, ROWS))
        ]
        async with database.tenant(tenant) as db:
            await registering.register_many(db, ACTOR, people)
    begun = clock.now() - timedelta(hours=1)
    with clock.frozen(begun):
        async with database.tenant(tenant) as db:
            rotation_id = (await rotating.start(db, ACTOR)).id
    with clock.frozen(begun + timedelta(minutes=11)):
        await _step(database, tenant, rotation_id)
    await database.close()
    return tenant


async def _on_a_copy(
    clone: clusters.Clone,
    keys: MemoryKeys,
    tenant: UUID,
    work: Callable[[Database, UUID], Awaitable[None]],
) -> float:
    copy = clusters.clone(clone.name)
    fresh = MemoryKeys()
    fresh.keys = keys.keys
    database = Database(copy.urls, fresh, pool_size=1)
    try:
        async with database.tenant(tenant) as db:  # keys unwrapped, connection warm
            await keyring.of(db)
        started = time.process_time()
        await work(database, tenant)
        return time.process_time() - started
    finally:
        await database.close()
        clusters.drop(copy)


async def _ours(database: Database, tenant: UUID) -> None:
    async with database.tenant(tenant) as db:
        rotation_id = (await db.scalars(text("SELECT id FROM key_rotation"))).one()
    while await _step(database, tenant, rotation_id) == "resealing":
        pass
    async with database.tenant(tenant) as db:
        resealed = (await db.scalars(text("SELECT resealed FROM key_rotation"))).one()
    if resealed != ROWS:
        raise RuntimeError(f"{resealed} of {ROWS} rows were sealed again")


async def _step(database: Database, tenant: UUID, rotation_id: UUID) -> str:
    async with database.tenant(tenant) as db:
        step = (await db.scalars(text("SELECT step FROM key_rotation"))).one()
        await rotating.step(db, ACTOR, RotateKeys(rotation_id, step))
        state: str = (await db.scalars(text("SELECT state FROM key_rotation"))).one()
        return state


async def _floor(database: Database, tenant: UUID) -> None:
    (sheet,) = (s for s in resealing.sheets(keyring.DOCUMENTS) if s.table == "patient")
    after, done = UUID(int=0), 0
    while True:
        async with database.tenant(tenant) as db:
            ring = await keyring.of(db)
            rows = await resealing.old(db, sheet, ring.key_ver, after)
            if not rows:
                break
            again = {row.row_id: resealing.sealed_again(ring, sheet, row) or () for row in rows}
            await resealing.write(db, sheet, ring.key_ver, again)
        after, done = rows[-1].row_id, done + len(rows)
    if done != ROWS:
        raise RuntimeError(f"{done} of {ROWS} rows were sealed again")
