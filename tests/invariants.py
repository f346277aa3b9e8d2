"""What must be true of every practice whatever happened: asked after each chaos story.

The product asks most of it by night (`billing_saas.reports`); here is what is asked in tests only, because
it reads every event, or holds only where nobody else works.

    async def test_posting_survives(database, elm, ...):
        ...strike...
        await invariants.check_all(database, [elm.id])

or ask for the fixture `invariants_hold`, which looks at every practice when the story is over.
"""

from collections.abc import AsyncIterator, Collection, Iterable
from uuid import UUID

import pytest
from sqlalchemy import select, text

from billing_saas import schema  # noqa: F401  # every room's keys are asked for
from billing_saas.audit import attesting
from billing_saas.audit import queries as audit
from billing_saas.kit.actor import Actor, ActorKind
from billing_saas.kit.db import Database, TenantSession
from billing_saas.outbox import queries as outbox
from billing_saas.reports import asking, traces
from billing_saas.reports import invariants as product
from billing_saas.reports.invariants import Invariant
from billing_saas.tenants.tables import Practice


async def check_all(
    database: Database,
    tenants: Iterable[UUID],
    *,
    dead_letters: int = 0,
    let_off: Collection[Invariant] = (),
) -> None:
    """Fail with everything that is not as it must be. `dead_letters` are those the story parked."""
    found = await violations(database, tenants, dead_letters=dead_letters, let_off=let_off)
    assert not found, "\n".join(found)


async def violations(
    database: Database,
    tenants: Iterable[UUID],
    *,
    dead_letters: int = 0,
    let_off: Collection[Invariant] = (),
) -> list[str]:
    found = []
    for tenant_id in tenants:
        for invariant in INVARIANTS:
            if invariant not in let_off:
                async with database.tenant(tenant_id) as db:
                    found += [
                        f"{invariant.__name__}: {what}" for what in await invariant(db, _READER)
                    ]
    return found + await _owed(database, dead_letters)


@pytest.fixture
async def invariants_hold(database: Database) -> AsyncIterator[None]:
    yield
    async with database.platform() as platform:
        practices = list(await platform.scalars(select(Practice.tenant_id)))
    await check_all(database, practices)


# --- everything is told ---


async def every_step_is_told(db: TenantSession, actor: Actor) -> list[str]:
    """What an event must name: the practice set up, each file received, each posting and its undoing."""
    return await asking.found(
        db,
        """
        WITH told AS (
          SELECT action, object_id, count(*) AS times FROM audit_event
          WHERE tenant_id = :tenant AND outcome = 'done' GROUP BY action, object_id
        )
        SELECT 'practice ' || tenant_id || ' was set up and nobody was told' FROM practice
        WHERE tenant_id = :tenant AND status <> 'onboarding' AND NOT EXISTS (
          SELECT FROM told WHERE action = 'practice.provision' AND object_id = tenant_id)
        UNION ALL
        SELECT 'arrival ' || a.id || ' was received and nobody was told' FROM arrival a
        WHERE tenant_id = :tenant AND NOT EXISTS (
          SELECT FROM told WHERE action = 'arrival.receive' AND object_id = a.id)
        UNION ALL
        SELECT 'arrival ' || a.id || ' was handled and nobody was told' FROM arrival a
        WHERE tenant_id = :tenant AND state <> 'received' AND NOT EXISTS (
          SELECT FROM told WHERE action = 'arrival.take_in' AND object_id = a.id)
        UNION ALL
        SELECT 'remittance ' || r.id || ' is ' || r.state || ' after ' || coalesce(p.times, 0)
               || ' postings and ' || coalesce(u.times, 0) || ' undoings told'
        FROM remittance r
        LEFT JOIN told p ON p.action = 'remittance.post' AND p.object_id = r.id
        LEFT JOIN told u ON u.action = 'remittance.unpost' AND u.object_id = r.id
        WHERE tenant_id = :tenant AND (coalesce(p.times, 0) <> r.posting_number
          OR coalesce(p.times, 0) - coalesce(u.times, 0)
             <> CASE WHEN r.state IN ('posted', 'reconciled', 'closed') THEN 1 ELSE 0 END)""",
    )


async def every_file_belongs_somewhere(db: TenantSession, actor: Actor) -> list[str]:
    """To whatever refers to files: an arrival, a document, an agreement, a statement."""
    owners = [
        f"SELECT {column} FROM {table} WHERE tenant_id = :tenant"
        for table, column, parent, _ in (await db.execute(_REFERENCES)).all()
        if parent == "blob" and table != "blob_chunk"
    ]
    return await asking.found(
        db,
        f"""
        WITH owned (id) AS ({" UNION ".join(owners)})
        SELECT 'blob ' || b.id || ' belongs to nothing' FROM blob b
        WHERE tenant_id = :tenant AND NOT EXISTS (SELECT FROM owned WHERE owned.id = b.id)""",
    )


async def no_event_was_edited(db: TenantSession, actor: Actor) -> list[str]:
    return [
        f"event {event_id} is not as it was written" for event_id in await audit.broken_rows(db)
    ]


async def every_sealed_cell_is_as_told(db: TenantSession, actor: Actor) -> list[str]:
    verdict = await attesting.verify(db)
    found = [f"event {event} does not hold what it was told with" for event in verdict.unfaithful]
    for checked in verdict.checked:
        found += [f"{checked.cell.name} of {row} was put there" for row in checked.changed]
        if checked.unattested:
            found.append(f"of {checked.unattested} cells {checked.cell.name} nobody was told")
    return found


# --- no row of another practice within reach ---


async def references_stay_at_home(db: TenantSession, actor: Actor) -> list[str]:
    """What a row refers to, by a foreign key or only by name (`claim_id`), is a row of this practice."""
    tables = await asking.practice_tables(db)
    filled = await _filled(db, tables)
    found = []
    for child, column, parent, key in (await db.execute(_REFERENCES)).all():
        if child in traces.AS_ASKED or parent not in tables or child not in filled:
            continue
        astray = await db.scalar(
            text(
                f"SELECT count(*) FROM {child} child WHERE child.tenant_id = :tenant"
                f" AND child.{column} IS NOT NULL AND NOT EXISTS (SELECT FROM {parent} parent"
                f" WHERE parent.tenant_id = :tenant AND parent.{key} = child.{column})"
            ),
            {"tenant": db.tenant_id},
        )
        if astray:
            found.append(f"{astray} rows of {child} refer by {column} to no {parent} of theirs")
    return found


async def _filled(db: TenantSession, tables: Collection[str]) -> set[str]:
    """Where the practice has a row at all: most stories leave most tables empty."""
    asked = " UNION ALL ".join(
        f"SELECT '{table}' WHERE EXISTS (SELECT FROM {table} WHERE tenant_id = :tenant)"
        for table in tables
    )
    return set(await db.scalars(text(asked), {"tenant": db.tenant_id}))


_REFERENCES = text(
    """
    SELECT k.conrelid::regclass::text, a.attname::text, k.confrelid::regclass::text, b.attname::text
    FROM pg_constraint k CROSS JOIN LATERAL unnest(k.conkey, k.confkey) AS pair (ours, theirs)
    JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = pair.ours
    JOIN pg_attribute b ON b.attrelid = k.confrelid AND b.attnum = pair.theirs
    JOIN pg_class child ON child.oid = k.conrelid
    WHERE k.contype = 'f' AND NOT child.relispartition AND a.attname <> 'tenant_id'
    UNION
    SELECT child.oid::regclass::text, a.attname::text, parent.oid::regclass::text, 'id'
    FROM pg_class child JOIN pg_attribute a ON a.attrelid = child.oid AND NOT a.attisdropped
    JOIN pg_class parent ON a.attname = parent.relname || '_id'
      AND parent.relnamespace = child.relnamespace
    WHERE child.relnamespace = 'public'::regnamespace AND child.relkind IN ('r', 'p')
      AND NOT child.relispartition AND parent.relkind IN ('r', 'p') AND a.attname <> 'tenant_id'
    ORDER BY 1, 2
    """
)


# --- nothing owed ---


async def _owed(database: Database, dead_letters: int) -> list[str]:
    async with database.platform() as platform:
        backlog = await outbox.backlog(platform)
    found = [
        f"nothing_is_owed: {queue.due} due, {queue.waiting} waiting, {queue.leased} leased"
        f" in {queue.queue}"
        for queue in backlog
        if queue.due or queue.waiting or queue.leased
    ]
    dead = sum(queue.dead for queue in backlog)
    if dead != dead_letters:
        found.append(f"nothing_is_owed: {dead} dead letters, not {dead_letters}")
    return found


INVARIANTS: tuple[Invariant, ...] = (
    *product.INVARIANTS,
    *(every_step_is_told, no_event_was_edited, every_sealed_cell_is_as_told),
    every_file_belongs_somewhere,
    references_stay_at_home,
)

_READER = Actor(
    kind=ActorKind.SYSTEM, id=UUID(int=2), permissions=frozenset({"audit.read", "ledger.read"})
)
