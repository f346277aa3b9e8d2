"""What must be true of every practice whatever happened: asked after each chaos story.

    async def test_posting_survives(database, elm, ...):
        ...strike...
        await invariants.check_all(database, [elm.id])

or ask for the fixture `invariants_hold`, which looks at every practice when the story is over.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import PrimaryKeyConstraint, TextClause, UniqueConstraint, select, text

from billing_saas import schema
from billing_saas.audit import queries as audit
from billing_saas.kit.actor import Actor, ActorKind
from billing_saas.kit.db import Database, TenantSession
from billing_saas.ledger import queries as ledger
from billing_saas.outbox import queries as outbox
from billing_saas.tenants.tables import Practice
from tests.ledger import causes

Invariant = Callable[[TenantSession], Awaitable[list[str]]]

# Written by the platform, or counted and leased beside the work.
NOT_BUSINESS = {"agreement", "membership", "practice", "job", "tenant_key"}
# Whom an event concerns is what was asked for, which need not exist.
AS_ASKED = {"audit_event", "audit_subject"}


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
                    found += [f"{invariant.__name__}: {what}" for what in await invariant(db)]
    return found + await _owed(database, dead_letters)


@pytest.fixture
async def invariants_hold(database: Database) -> AsyncIterator[None]:
    yield
    async with database.platform() as platform:
        practices = list(await platform.scalars(select(Practice.tenant_id)))
    await check_all(database, practices)


# --- I1: the books ---


async def books_balance(db: TenantSession) -> list[str]:
    """Every entry sums to zero over at least two lines of its own day and instant; so do its reversals."""
    return [
        *await _found(
            db,
            """
            SELECT 'entry ' || e.id || ' has ' || count(l.n) || ' lines that sum to '
                   || coalesce(sum(l.amount_cents), 0)
            FROM ledger_entry e LEFT JOIN ledger_line l
              ON l.tenant_id = e.tenant_id AND l.entry_id = e.id
            WHERE e.tenant_id = :tenant GROUP BY e.id
            HAVING count(l.n) < 2 OR sum(l.amount_cents) <> 0""",
        ),
        *await _found(
            db,
            """
            SELECT 'line ' || l.n || ' of ' || l.entry_id || ' is not of its entry'
            FROM ledger_line l LEFT JOIN ledger_entry e ON e.tenant_id = l.tenant_id
              AND e.id = l.entry_id AND e.recorded_at = l.recorded_at
              AND e.effective_on = l.effective_on
            WHERE l.tenant_id = :tenant AND e.id IS NULL""",
        ),
        *await _found(
            db,
            """
            SELECT 'entry ' || e.id || ' does not undo ' || e.reverses
            FROM ledger_entry e JOIN ledger_line l ON l.tenant_id = e.tenant_id
              AND l.entry_id IN (e.id, e.reverses)
            WHERE e.tenant_id = :tenant AND e.reverses IS NOT NULL
            GROUP BY e.id, e.reverses, l.account, l.party_kind, l.party_id, l.patient_id,
                     l.claim_id, l.charge_id
            HAVING sum(l.amount_cents) <> 0""",
        ),
    ]


async def trial_balance_is_the_sum_of_lines(db: TenantSession) -> list[str]:
    balance = await ledger.trial_balance(db, _READER)
    told = {row.account.value: row.debit_cents - row.credit_cents for row in balance.rows}
    lines = await db.execute(
        text("SELECT account, amount_cents FROM ledger_line WHERE tenant_id = :tenant"),
        {"tenant": db.tenant_id},
    )
    summed: dict[str, int] = {}
    for account, cents in lines:
        summed[account] = summed.get(account, 0) + cents
    found = [] if balance.debit_cents == balance.credit_cents else ["debits are not credits"]
    return found + [
        f"{account} stands at {told.get(account, 0)}, its lines sum to {summed.get(account, 0)}"
        for account in sorted(told.keys() | summed.keys())
        if told.get(account, 0) != summed.get(account, 0)
    ]


async def posted_is_what_was_paid(db: TenantSession) -> list[str]:
    """The cash of a posted remittance's entries is BPR02; what is not posted has moved nothing."""
    entries = await causes.entries(db)
    payments = await db.execute(
        text("SELECT id, remittance_id FROM claim_payment WHERE tenant_id = :tenant"),
        {"tenant": db.tenant_id},
    )
    remittance_of = {str(payment): str(remittance) for payment, remittance in payments}
    moved: dict[str, int] = {}
    for entry in entries.values():
        caused = causes.cause(entries, entry)
        if caused is not None:
            kind, _, rest = caused.source.partition(":")
            name = rest.partition(":")[0]
            remittance = remittance_of.get(name, "") if kind == "claim-payment" else name
            moved[remittance] = moved.get(remittance, 0) + entry.payer_cash
    remittances = await db.execute(
        text("SELECT id, state, payment_cents FROM remittance WHERE tenant_id = :tenant"),
        {"tenant": db.tenant_id},
    )
    posted = ("posted", "reconciled", "closed")
    return [
        f"remittance {r.id} is {r.state}, paid {r.payment_cents} and moved {moved.get(str(r.id), 0)}"
        for r in remittances
        if moved.get(str(r.id), 0) != (r.payment_cents if r.state in posted else 0)
    ]


# --- I2: nothing twice ---


async def nothing_stands_twice(db: TenantSession) -> list[str]:
    """Every unique key of the schema, asked again; and one standing entry per payment and visit."""
    found = []
    for table, columns, where in _BUSINESS_KEYS:
        given = " AND ".join(f"{column} IS NOT NULL" for column in columns)
        listed = ", ".join(columns)
        twice = await db.execute(
            text(
                f"SELECT count(*) FROM {table} WHERE tenant_id = :tenant AND {given} AND {where}"
                f" GROUP BY {listed} HAVING count(*) > 1"
            ),
            {"tenant": db.tenant_id},
        )
        found += [f"{table} ({listed}) stands {count} times" for (count,) in twice]
    return found + await _found(
        db,
        """
        WITH RECURSIVE chain AS (
          SELECT id, source, id AS tip, 0 AS undone FROM ledger_entry
          WHERE tenant_id = :tenant AND reverses IS NULL
          UNION ALL
          SELECT chain.id, chain.source, e.id, undone + 1 FROM chain
          JOIN ledger_entry e ON e.tenant_id = :tenant AND e.reverses = chain.tip
        ), standing AS (
          SELECT id, source FROM chain GROUP BY id, source HAVING max(undone) % 2 = 0
        )
        SELECT split_part(source, ':', 1) || ':' || split_part(source, ':', 2) || ' is journalled '
               || count(*) || ' times' FROM standing
        WHERE split_part(source, ':', 1) IN ('claim-payment', 'charge')
        GROUP BY split_part(source, ':', 1), split_part(source, ':', 2) HAVING count(*) > 1""",
    )


# As the rooms map them, so that a key which the database lost is asked for all the same.
_BUSINESS_KEYS = [
    (table.name, [column.name for column in key.columns], "true")
    for table in schema.metadata.sorted_tables
    if "tenant_id" in table.columns
    for key in table.constraints
    if isinstance(key, (PrimaryKeyConstraint, UniqueConstraint))
] + [
    # TRN02 plus the payer identifies an 835, but for those that are held as duplicates.
    ("remittance", ["payer_id", "trace_number"], "state <> 'duplicate'"),
    ("tenant_key", ["purpose"], "state = 'primary'"),
]


# --- I3: everything is told ---


async def every_change_is_told(db: TenantSession) -> list[str]:
    """The transaction that wrote a row last also wrote an audit event of this practice.

    PostgreSQL knows which transaction wrote a row; in a savepoint that is another number, but with the
    same instant of commit (the tests' cluster keeps those).
    """
    found = []
    for table in await _practice_tables(db):
        if table in NOT_BUSINESS | AS_ASKED:
            continue
        untold = await db.scalar(
            text(
                "WITH told AS MATERIALIZED (SELECT DISTINCT pg_xact_commit_timestamp(xid::xid)"
                " FROM audit_event WHERE tenant_id = :tenant)"
                f" SELECT count(*) FROM {table} WHERE tenant_id = :tenant"
                " AND pg_xact_commit_timestamp(xmin) NOT IN (SELECT * FROM told)"
            ),
            {"tenant": db.tenant_id},
        )
        if untold:
            found.append(f"{untold} rows of {table} were written in transactions without an event")
    return found


async def every_step_is_told(db: TenantSession) -> list[str]:
    """What an event must name: the practice set up, each file received, each posting and its undoing."""
    return await _found(
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
        SELECT 'blob ' || b.id || ' belongs to no arrival' FROM blob b
        WHERE tenant_id = :tenant AND NOT EXISTS (
          SELECT FROM arrival a WHERE a.tenant_id = :tenant AND a.blob_id = b.id)
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


async def no_event_was_edited(db: TenantSession) -> list[str]:
    return [
        f"event {event_id} is not as it was written" for event_id in await audit.broken_rows(db)
    ]


# --- I4: no row of another practice within reach ---


async def references_stay_at_home(db: TenantSession) -> list[str]:
    """What a row refers to, by a foreign key or only by name (`claim_id`), is a row of this practice."""
    tables = await _practice_tables(db)
    found = []
    for child, column, parent, key in (await db.execute(_REFERENCES)).all():
        if child in AS_ASKED or parent not in tables or child not in tables:
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


# --- I5: nothing owed ---


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
    *(books_balance, trial_balance_is_the_sum_of_lines, posted_is_what_was_paid),
    *(nothing_stands_twice, every_change_is_told, every_step_is_told, no_event_was_edited),
    references_stay_at_home,
)

_READER = Actor(
    kind=ActorKind.SYSTEM, id=UUID(int=2), permissions=frozenset({"audit.read", "ledger.read"})
)
_PRACTICE_TABLES: TextClause = text(
    """
    SELECT c.oid::regclass::text FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
      AND NOT c.relispartition AND has_table_privilege(c.oid, 'SELECT') AND EXISTS (
        SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id')
    ORDER BY 1
    """
)


async def _practice_tables(db: TenantSession) -> list[str]:
    return list(await db.scalars(_PRACTICE_TABLES))


async def _found(db: TenantSession, query: str) -> list[str]:
    rows: Any = await db.scalars(text(query), {"tenant": db.tenant_id})
    return [str(what) for what in rows]
