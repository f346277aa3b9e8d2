"""Balances, now or as of any past day, and the entries behind them. Nothing here opens sealed data.

Cents are as journalled: a debit positive, a credit negative. A balance of zero is left out.
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    DateTime,
    Select,
    Uuid,
    any_,
    cast,
    func,
    select,
)
from sqlalchemy.orm import InstrumentedAttribute, aliased

from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.kit.paging import Page, PageRequest, encode
from billing_saas.ledger.rules import Account, Line, PartyKind
from billing_saas.ledger.tables import LedgerEntry, LedgerLine


class AsOf(msgspec.Struct, frozen=True):
    """What counted on a day (`effective_on`), as far as it was known at an instant (`recorded_at`)."""

    effective_on: date | None = None
    recorded_at: datetime | None = None


NOW = AsOf()


class PartyBalance(msgspec.Struct, frozen=True):
    party_kind: PartyKind
    party_id: UUID | None
    account: Account
    cents: int


class TrialRow(msgspec.Struct, frozen=True):
    account: Account
    debit_cents: int
    credit_cents: int


class TrialBalance(msgspec.Struct, frozen=True):
    """Every account on the side it stands on; the two totals are equal, or the journal is broken."""

    rows: tuple[TrialRow, ...]
    debit_cents: int
    credit_cents: int


class OpenBalance(msgspec.Struct, frozen=True):
    payer_cents: int
    patient_cents: int


class PostedEntry(msgspec.Struct, frozen=True):
    id: UUID
    source: str
    kind: str
    effective_on: date
    recorded_at: datetime
    recorded_by_kind: str
    recorded_by: UUID
    reverses: UUID | None
    reversed_by: UUID | None
    corrects: UUID | None
    lines: tuple[Line, ...]


# The sum of bigints is numeric: given back as what it is, whole cents.
_CENTS = cast(func.sum(LedgerLine.amount_cents), BigInteger)


async def balances(db: TenantSession, actor: Actor, as_of: AsOf = NOW) -> dict[Account, int]:
    """The practice's balance of each account."""
    actor.must("ledger.read")
    rows = await db.execute(_summed(db, as_of, LedgerLine.account))
    return {Account(row.account): row.cents for row in rows}


async def trial_balance(db: TenantSession, actor: Actor, as_of: AsOf = NOW) -> TrialBalance:
    """In the order of the chart of accounts."""
    standing = await balances(db, actor, as_of)
    rows = tuple(
        TrialRow(account, max(standing[account], 0), max(-standing[account], 0))
        for account in Account
        if account in standing
    )
    return TrialBalance(
        rows,
        debit_cents=sum(row.debit_cents for row in rows),
        credit_cents=sum(row.credit_cents for row in rows),
    )


async def claim_balances(
    db: TenantSession, actor: Actor, claim_ids: Collection[UUID], as_of: AsOf = NOW
) -> dict[UUID, dict[Account, int]]:
    """By claim, then account. A claim without balances, or of another practice, is left out."""
    actor.must("ledger.read")
    return await _grouped(db, as_of, LedgerLine.claim_id, claim_ids)


async def patient_balances(
    db: TenantSession, actor: Actor, patient_ids: Collection[UUID], as_of: AsOf = NOW
) -> dict[UUID, dict[Account, int]]:
    """By patient, then account: what the journal holds about their claims, and their unapplied money."""
    actor.must("ledger.read")
    return await _grouped(db, as_of, LedgerLine.patient_id, patient_ids)


async def party_balances(
    db: TenantSession, actor: Actor, accounts: Sequence[Account], as_of: AsOf = NOW
) -> list[PartyBalance]:
    """Who owes or is owed what in `accounts`: each payer, patient and other party, largest debit first."""
    actor.must("ledger.read")
    parties = (LedgerLine.party_kind, LedgerLine.party_id, LedgerLine.account)
    rows = await db.execute(
        _summed(db, as_of, *parties, where=[LedgerLine.account.in_(accounts)]).order_by(
            _CENTS.desc(), LedgerLine.party_id, LedgerLine.account
        )
    )
    return [
        PartyBalance(row.party_kind, row.party_id, Account(row.account), row.cents) for row in rows
    ]


async def open_balances(
    db: TenantSession, claim_ids: Collection[UUID]
) -> dict[UUID, dict[UUID | None, OpenBalance]]:
    """What payer and patient still owe: by claim, then charge (None: of the claim as a whole).

    For acts, which have asked for their own permission. Claims and charges that stand at zero are
    left out.
    """
    # Not in WHERE: there, an index of the whole account may look better than that of the claims.
    payer_cents = _sum_of(Account.PAYER_RECEIVABLE)
    patient_cents = _sum_of(Account.PATIENT_RECEIVABLE)
    rows = await db.execute(
        select(
            LedgerLine.claim_id,
            LedgerLine.charge_id,
            payer_cents.label("payer_cents"),
            patient_cents.label("patient_cents"),
        )
        .where(LedgerLine.tenant_id == db.tenant_id, LedgerLine.claim_id == _any_of(claim_ids))
        .group_by(LedgerLine.claim_id, LedgerLine.charge_id)
        .having((payer_cents != 0) | (patient_cents != 0))
    )
    found: dict[UUID, dict[UUID | None, OpenBalance]] = {}
    for row in rows:
        by_charge = found.setdefault(row.claim_id, {})
        by_charge[row.charge_id] = OpenBalance(row.payer_cents, row.patient_cents)
    return found


async def owed_by_party(
    db: TenantSession, claim_ids: Collection[UUID]
) -> dict[UUID, dict[UUID, int]]:
    """What each payer and the patient still owe: by claim, then party. For acts, as above."""
    owed = _sum_of(Account.PAYER_RECEIVABLE) + _sum_of(Account.PATIENT_RECEIVABLE)
    rows = await db.execute(
        select(LedgerLine.claim_id, LedgerLine.party_id, owed.label("cents"))
        .where(LedgerLine.tenant_id == db.tenant_id, LedgerLine.claim_id == _any_of(claim_ids))
        .group_by(LedgerLine.claim_id, LedgerLine.party_id)
        .having(owed != 0)
    )
    found: dict[UUID, dict[UUID, int]] = {}
    for row in rows:
        found.setdefault(row.claim_id, {})[row.party_id] = row.cents
    return found


async def claim_entries(
    db: TenantSession, actor: Actor, claim_id: UUID, page: PageRequest
) -> Page[PostedEntry]:
    """The entries that touch a claim, newest first, each with all of its lines."""
    actor.must("ledger.read")
    touching = select(LedgerLine.entry_id).where(
        LedgerLine.tenant_id == db.tenant_id, LedgerLine.claim_id == claim_id
    )
    if page.after is not None:
        touching = touching.where(LedgerLine.entry_id < page.after)
    ids = list(
        await db.scalars(
            touching.distinct().order_by(LedgerLine.entry_id.desc()).limit(page.limit + 1)
        )
    )
    entries = await _entries(db, ids[: page.limit])
    return Page(entries, encode(ids[page.limit - 1]) if len(ids) > page.limit else None)


def _summed(
    db: TenantSession,
    as_of: AsOf,
    *by: InstrumentedAttribute[Any],
    where: Sequence[ColumnElement[bool]] = (),
) -> Select[Any]:
    query = select(*by, _CENTS.label("cents")).where(LedgerLine.tenant_id == db.tenant_id, *where)
    if as_of.effective_on is not None:
        query = query.where(LedgerLine.effective_on <= as_of.effective_on)
    if as_of.recorded_at is not None:
        query = query.where(LedgerLine.recorded_at <= as_of.recorded_at)
    return query.group_by(*by).having(_CENTS != 0)


async def _grouped(
    db: TenantSession, as_of: AsOf, column: InstrumentedAttribute[Any], ids: Collection[UUID]
) -> dict[UUID, dict[Account, int]]:
    query = _summed(db, as_of, column, LedgerLine.account, where=[column == _any_of(ids)])
    found: dict[UUID, dict[Account, int]] = {}
    for subject_id, account, cents in await db.execute(query):
        found.setdefault(subject_id, {})[Account(account)] = cents
    return found


def _any_of(ids: Collection[UUID]) -> ColumnElement[Any]:
    """One array, however many: a list of 10,000 parameters would be another statement each time."""
    return any_(cast(list(ids), ARRAY(Uuid)))


def _sum_of(account: Account) -> ColumnElement[int]:
    cents = func.sum(LedgerLine.amount_cents).filter(LedgerLine.account == account)
    return cast(func.coalesce(cents, 0), BigInteger)


async def _entries(db: TenantSession, ids: Sequence[UUID]) -> list[PostedEntry]:
    """The entries of `ids`, newest first, with their lines."""
    reversal = aliased(LedgerEntry)
    found = await db.execute(
        select(LedgerEntry, reversal.id)
        .outerjoin(
            reversal,
            (reversal.tenant_id == LedgerEntry.tenant_id) & (reversal.reverses == LedgerEntry.id),
        )
        .where(LedgerEntry.tenant_id == db.tenant_id, LedgerEntry.id == _any_of(ids))
        .order_by(LedgerEntry.id.desc())
    )
    heads = [(entry, reversed_by) for entry, reversed_by in found]
    lines = await _lines(db, [entry for entry, _ in heads])
    return [_posted(entry, reversed_by, lines[entry.id]) for entry, reversed_by in heads]


async def _lines(db: TenantSession, entries: Sequence[LedgerEntry]) -> dict[UUID, list[Line]]:
    # `recorded_at` too: it names the partitions, and comes before the entry in the key.
    instants = list({entry.recorded_at for entry in entries})
    rows = await db.scalars(
        select(LedgerLine)
        .where(
            LedgerLine.tenant_id == db.tenant_id,
            LedgerLine.recorded_at == any_(cast(instants, ARRAY(DateTime(timezone=True)))),
            LedgerLine.entry_id == _any_of([entry.id for entry in entries]),
        )
        .order_by(LedgerLine.entry_id, LedgerLine.n)
    )
    found: dict[UUID, list[Line]] = {}
    for row in rows:
        found.setdefault(row.entry_id, []).append(_line(row))
    return found


def _line(row: LedgerLine) -> Line:
    return Line(
        account=Account(row.account),
        amount_cents=row.amount_cents,
        party_kind=row.party_kind,
        party_id=row.party_id,
        patient_id=row.patient_id,
        claim_id=row.claim_id,
        charge_id=row.charge_id,
        group_code=row.group_code,
        reason_code=row.reason_code,
    )


def _posted(entry: LedgerEntry, reversed_by: UUID | None, lines: Sequence[Line]) -> PostedEntry:
    return PostedEntry(
        id=entry.id,
        source=entry.source,
        kind=entry.kind,
        effective_on=entry.effective_on,
        recorded_at=entry.recorded_at,
        recorded_by_kind=entry.recorded_by_kind,
        recorded_by=entry.recorded_by,
        reverses=entry.reverses,
        reversed_by=reversed_by,
        corrects=entry.corrects,
        lines=tuple(lines),
    )
