"""Every cent moves here: post entries, or reverse entries. Nothing is edited.

All acts are set-based: a posting of 10,000 entries is four statements. The database checks each of
these rules again (migration 0007); here they are refused first, in business words, and before
anything is written.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, Row, bindparam, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from billing_saas.kit import clock, points
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.kit.errors import DomainError
from billing_saas.kit.ids import new_ids
from billing_saas.ledger import periods, rules
from billing_saas.ledger.errors import AlreadyPosted, AlreadyReversed, EntryNotFound
from billing_saas.ledger.rules import Entry
from billing_saas.ledger.tables import LedgerBook

_STANDING = text(
    """
    SELECT source FROM ledger_entry
    WHERE tenant_id = :tenant_id AND source = ANY (cast(:sources AS text[])) ORDER BY source LIMIT 20
    """
)

_INSERT_ENTRIES = text(
    """
    INSERT INTO ledger_entry (tenant_id, id, source, kind, effective_on, recorded_at,
      recorded_by_kind, recorded_by, reverses, corrects)
    SELECT :tenant_id, id, source, kind, effective_on, :recorded_at, :recorded_by_kind, :recorded_by,
      reverses, corrects
    FROM unnest(cast(:ids AS uuid[]), cast(:sources AS text[]), cast(:kinds AS text[]),
      cast(:days AS date[]), cast(:reverses AS uuid[]), cast(:corrects AS uuid[]))
      AS new (id, source, kind, effective_on, reverses, corrects)
    """
)

# Lines name their entry by its place, which is shorter to send than its id and day.
_INSERT_LINES = text(
    """
    INSERT INTO ledger_line (tenant_id, recorded_at, entry_id, n, effective_on, account,
      amount_cents, party_kind, party_id, patient_id, claim_id, charge_id, group_code, reason_code)
    SELECT :tenant_id, :recorded_at, (cast(:ids AS uuid[]))[place], n, (cast(:days AS date[]))[place],
      account, amount_cents, party_kind, party_id, patient_id, claim_id, charge_id, group_code,
      reason_code
    FROM unnest(cast(:places AS integer[]), cast(:ns AS smallint[]), cast(:accounts AS text[]),
      cast(:amounts AS bigint[]), cast(:party_kinds AS text[]), cast(:parties AS uuid[]),
      cast(:patients AS uuid[]), cast(:claims AS uuid[]), cast(:charges AS uuid[]),
      cast(:groups AS text[]), cast(:reasons AS text[]))
      AS new (place, n, account, amount_cents, party_kind, party_id, patient_id, claim_id, charge_id,
        group_code, reason_code)
    """
)

# What undoes an entry may itself be undone (a posting with a payer's reversal in it is taken back), and
# then the entry stands again: the end of the chain is what a further reversal undoes.
_CHAINS = text(
    """
    WITH RECURSIVE chain AS (
      SELECT id AS asked, id, recorded_at, 0 AS reversals FROM ledger_entry
      WHERE tenant_id = :tenant_id AND id = ANY (cast(:ids AS uuid[]))
      UNION ALL
      SELECT chain.asked, reversal.id, reversal.recorded_at, chain.reversals + 1
      FROM chain CROSS JOIN LATERAL (
        SELECT id, recorded_at FROM ledger_entry
        WHERE tenant_id = :tenant_id AND reverses = chain.id LIMIT 1
      ) reversal
    )
    SELECT DISTINCT ON (asked) asked, id, recorded_at, reversals
    FROM chain ORDER BY asked, reversals DESC
    """
)

# The bounds are written into the statement, so that it is planned for the partitions of these months
# as they are today: a plan that was kept from when one was empty joins it row by row.
_INSERT_OPPOSITES = text(
    """
    INSERT INTO ledger_line (tenant_id, recorded_at, entry_id, n, effective_on, account,
      amount_cents, party_kind, party_id, patient_id, claim_id, charge_id, group_code, reason_code)
    SELECT :tenant_id, :recorded_at, new.id, line.n, :effective_on, line.account,
      -line.amount_cents, line.party_kind, line.party_id, line.patient_id, line.claim_id,
      line.charge_id, line.group_code, line.reason_code
    FROM unnest(cast(:ids AS uuid[]), cast(:originals AS uuid[]), cast(:recorded AS timestamptz[]))
      AS new (id, original, recorded_at)
    JOIN ledger_line line ON line.tenant_id = :tenant_id AND line.entry_id = new.original
      AND line.recorded_at = new.recorded_at
    WHERE line.recorded_at BETWEEN :first AND :last
    """
).bindparams(
    bindparam("first", type_=DateTime(timezone=True), literal_execute=True),
    bindparam("last", type_=DateTime(timezone=True), literal_execute=True),
)

# A statement's parameters are held in memory on both sides: so many lines at a time.
_LINES_AT_A_TIME = 100_000

_REFUSALS: dict[str, tuple[type[DomainError], str]] = {
    "ledger_entry_tenant_id_source_key": (
        AlreadyPosted,
        "Another posting of the same source came first.",
    ),
    "ledger_entry_tenant_id_reverses_key": (
        AlreadyReversed,
        "Another reversal of the same entry came first.",
    ),
    "ledger_entry_tenant_id_reverses_fkey": (EntryNotFound, "There is no such entry to reverse."),
    "ledger_entry_tenant_id_corrects_fkey": (EntryNotFound, "There is no such entry to correct."),
}


async def open_book(db: TenantSession) -> None:
    """Before a practice's first entry. Safe to repeat."""
    await db.execute(insert(LedgerBook).values(tenant_id=db.tenant_id).on_conflict_do_nothing())


async def post(db: TenantSession, actor: Actor, entries: Sequence[Entry]) -> list[UUID]:
    """Journal `entries`, all or none, and return their ids in the same order.

    Raises `Unbalanced`, `AmountOutOfRange`, `AlreadyPosted`, `MonthClosed`, `NoBook` or
    `EntryNotFound` (what an entry reverses or corrects). All entries and their lines share one
    `recorded_at`. Whether the actor may is for the act that posts to ask.
    """
    if not entries:
        return []
    rules.check(entries)
    await periods.hold_open(db, min(entry.effective_on for entry in entries))
    await _check_unposted(db, [entry.source for entry in entries])
    ids = new_ids(len(entries))
    recorded_at = clock.now()
    await _insert_entries(db, actor, entries, ids, recorded_at)
    points.reach("ledger.journal.entries_written")
    for start, stop in _batches(entries):
        await db.execute(
            _INSERT_LINES,
            {
                "tenant_id": db.tenant_id,
                "recorded_at": recorded_at,
                "ids": ids[start:stop],
                "days": [entry.effective_on for entry in entries[start:stop]],
                **_line_columns(entries[start:stop]),
            },
        )
    points.reach("ledger.journal.lines_written")
    return ids


async def reverse(
    db: TenantSession,
    actor: Actor,
    entry_ids: Sequence[UUID],
    *,
    effective_on: date,
    source_of: Callable[[UUID], str] | None = None,
) -> list[UUID]:
    """Write the opposite of each entry and return the new ids in the same order.

    `source_of` names a reversal's source, given the id from `entry_ids`; without it, that is
    `reversal:<id of what it undoes>`. An entry whose reversal was reversed stands again, and can be
    reversed again. Raises `EntryNotFound`, `AlreadyReversed`, `AlreadyPosted`, `MonthClosed`.
    """
    if not entry_ids:
        return []
    await periods.hold_open(db, effective_on)
    standing = await _standing(db, entry_ids)
    reversals = [
        Entry(
            source=source_of(asked) if source_of else rules.source_reversal(tip.id),
            kind=rules.REVERSAL,
            effective_on=effective_on,
            lines=(),  # copied from what is undone, where it lies
            reverses=tip.id,
        )
        for asked, tip in zip(entry_ids, standing, strict=True)
    ]
    await _check_unposted(db, [reversal.source for reversal in reversals])
    ids = new_ids(len(entry_ids))
    recorded_at = clock.now()
    await _insert_entries(db, actor, reversals, ids, recorded_at)
    await db.execute(
        _INSERT_OPPOSITES,
        {
            "tenant_id": db.tenant_id,
            "recorded_at": recorded_at,
            "effective_on": effective_on,
            "ids": ids,
            "originals": [tip.id for tip in standing],
            "recorded": [tip.recorded_at for tip in standing],
            "first": min(tip.recorded_at for tip in standing),
            "last": max(tip.recorded_at for tip in standing),
        },
    )
    return ids


async def _check_unposted(db: TenantSession, sources: list[str]) -> None:
    if len(set(sources)) < len(sources):
        twice = sorted(source for source, times in Counter(sources).items() if times > 1)
        raise AlreadyPosted("A source is named twice in one posting.", sources=twice[:20])
    standing = await db.scalars(_STANDING, {"tenant_id": db.tenant_id, "sources": sources})
    found = list(standing)
    if found:
        raise AlreadyPosted("This was journalled already.", sources=found)


async def _standing(db: TenantSession, entry_ids: Sequence[UUID]) -> list[Row[Any]]:
    """For each id, the end of its chain (`id`, `recorded_at`): the entry itself, or what restored it."""
    rows = await db.execute(_CHAINS, {"tenant_id": db.tenant_id, "ids": list(entry_ids)})
    chains = {row.asked: row for row in rows}
    for entry_id in entry_ids:
        chain = chains.get(entry_id)
        if chain is None:
            raise EntryNotFound("There is no such entry.", entry=str(entry_id))
        if chain.reversals % 2:
            raise AlreadyReversed("The entry is reversed already.", entry=str(entry_id))
    if len(chains) < len(entry_ids):
        raise AlreadyReversed("An entry is named twice in one reversal.")
    return [chains[entry_id] for entry_id in entry_ids]


async def _insert_entries(
    db: TenantSession,
    actor: Actor,
    entries: Sequence[Entry],
    ids: Sequence[UUID],
    recorded_at: datetime,
) -> None:
    # In the order of their sources: two postings that share some wait for, but never deadlock on,
    # each other.
    order = sorted(range(len(entries)), key=lambda place: entries[place].source)
    try:
        await db.execute(
            _INSERT_ENTRIES,
            {
                "tenant_id": db.tenant_id,
                "recorded_at": recorded_at,
                "recorded_by_kind": actor.kind.value,
                "recorded_by": actor.id,
                "ids": [ids[place] for place in order],
                "sources": [entries[place].source for place in order],
                "kinds": [entries[place].kind for place in order],
                "days": [entries[place].effective_on for place in order],
                "reverses": [entries[place].reverses for place in order],
                "corrects": [entries[place].corrects for place in order],
            },
        )
    except IntegrityError as error:
        constraint = getattr(getattr(error.orig, "driver_exception", None), "constraint_name", None)
        if constraint not in _REFUSALS:
            raise
        refusal, message = _REFUSALS[constraint]
        raise refusal(message) from error


def _batches(entries: Sequence[Entry]) -> Iterator[tuple[int, int]]:
    """Ranges of whole entries, each with at most so many lines (or one entry that has more)."""
    start = lines = 0
    for place, entry in enumerate(entries):
        if lines + len(entry.lines) > _LINES_AT_A_TIME and lines:
            yield start, place
            start, lines = place, 0
        lines += len(entry.lines)
    yield start, len(entries)


def _line_columns(entries: Sequence[Entry]) -> dict[str, object]:
    lines = [line for entry in entries for line in entry.lines]
    return {
        "places": [place for place, entry in enumerate(entries, 1) for _ in entry.lines],
        "ns": [n for entry in entries for n in range(1, len(entry.lines) + 1)],
        "accounts": [line.account for line in lines],
        "amounts": [line.amount_cents for line in lines],
        "party_kinds": [line.party_kind for line in lines],
        "parties": [line.party_id for line in lines],
        "patients": [line.patient_id for line in lines],
        "claims": [line.claim_id for line in lines],
        "charges": [line.charge_id for line in lines],
        "groups": [line.group_code for line in lines],
        "reasons": [line.reason_code for line in lines],
    }
