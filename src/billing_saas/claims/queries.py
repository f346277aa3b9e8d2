"""Claims as those who may see them see them: one with all that hangs on it, its history, and lists."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import TypeVar
from uuid import UUID

import msgspec
from sqlalchemy import Select, exists, select, text

from billing_saas.audit import trail
from billing_saas.audit.rules import Classes
from billing_saas.claims import rules
from billing_saas.claims.errors import ClaimNotFound
from billing_saas.claims.rules import AccountNumber
from billing_saas.claims.tables import (
    Claim,
    ClaimCoverage,
    ClaimEvent,
    LineAdjudication,
    Submission,
)
from billing_saas.duties import visibility
from billing_saas.duties.visibility_rules import Field, Sight
from billing_saas.encounters import queries as encounters
from billing_saas.encounters.queries import Visit
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.kit.paging import Page, PageRequest, encode
from billing_saas.patients import queries as patients
from billing_saas.patients.rules import NameOnly
from billing_saas.phi import keyring, masking
from billing_saas.phi.registry import CLAIM_PHI_DEMO


class ClaimMoney(msgspec.Struct, frozen=True, kw_only=True):
    """A claim's money by the ledger, in cents. `balance_cents` is what is still owed, by anyone."""

    charged_cents: int = 0
    paid_cents: int = 0
    adjusted_cents: int = 0
    payer_balance_cents: int = 0
    patient_balance_cents: int = 0

    @property
    def balance_cents(self) -> int:
        return self.payer_balance_cents + self.patient_balance_cents

    @property
    def state(self) -> str:
        """unpaid, partial, paid, credit or written_off."""
        return rules.money_state(
            self.charged_cents, self.paid_cents, self.adjusted_cents, self.balance_cents
        )


_SHOWN = (Field.IDENTIFIERS, Field.DIAGNOSES, Field.PROCEDURES, Field.AMOUNTS)


class ClaimRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One claim with its visit, lines, payers, submissions and what the payers said of its lines.

    `masked` names the classes of field that are blank because of who asks. Nothing of them was opened.
    """

    claim: Claim
    account_number: str
    patient_name: NameOnly
    visit: Visit
    payers: Sequence[ClaimCoverage]
    submissions: Sequence[Submission]
    adjudications: Sequence[LineAdjudication]
    money: ClaimMoney
    masked: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"<ClaimRecord {self.claim.id}>"


class ClaimLine(msgspec.Struct, frozen=True, kw_only=True):
    """One claim in a list."""

    claim: Claim
    patient_name: NameOnly
    money: ClaimMoney
    masked: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"<ClaimLine {self.claim.id}>"


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    """Empty: no matter. `denied`: some line of it was denied and still is."""

    work: str = ""
    receivable: str = ""
    next_action_owner: str = ""
    patient_id: UUID | None = None
    payer_id: UUID | None = None
    service_from: date | None = None
    service_to: date | None = None
    denied: bool = False


async def claim(db: TenantSession, actor: Actor, claim_id: UUID) -> ClaimRecord:
    actor.must("claims.read")
    found = await _find(db, actor, claim_id)
    sight = await visibility.of(db, actor, *_SHOWN)
    record = await shown(db, found, sight)
    await trail.record(
        db,
        actor,
        "claim.read",
        object_type="claim",
        object_id=found.id,
        subjects=[found.patient_id],
        classes=opened_classes(sight),
    )
    return record


async def shown(db: TenantSession, found: Claim, sight: Sight) -> ClaimRecord:
    """The record as `sight` sees it, for acts that check who asks and tell the trail themselves."""
    visits = await encounters.visits(db, [found.encounter_id], sight)
    names = await patients.names(db, [found.patient_id])
    amounts = sight.sees(Field.AMOUNTS)
    return ClaimRecord(
        claim=_claim_shown(found, sight),
        account_number=await _account_number(db, found) if sight.sees(Field.IDENTIFIERS) else "",
        patient_name=names[found.patient_id],
        visit=visits[found.encounter_id],
        payers=await _payers(db, found.id),
        submissions=[
            one if amounts else masking.without(one, "charge_cents")
            for one in await db.scalars(_of_claim(Submission, db, found.id))
        ],
        adjudications=[
            one if amounts else _without_amounts(one)
            for one in await db.scalars(_of_claim(LineAdjudication, db, found.id))
        ],
        money=(await money_of(db, [found.id]))[found.id] if amounts else ClaimMoney(),
        masked=sight.masked(*_SHOWN),
    )


_AMOUNTS_OF_A_LINE = ("charge_cents", "allowed_cents", "paid_cents", "patient_responsibility_cents")


def _without_amounts(said: LineAdjudication) -> LineAdjudication:
    """Why a payer denied or reduced a line is what a coder corrects by: the codes stay."""
    copied = masking.without(said, *_AMOUNTS_OF_A_LINE)
    copied.adjustments = [
        [group, reason, None, quantity] for group, reason, _, quantity in said.adjustments
    ]
    return copied


def opened_classes(sight: Sight) -> Classes:
    clinical = Classes.CLINICAL if sight.sees(Field.DIAGNOSES) else Classes.NONE
    return Classes.DEMOGRAPHIC | clinical


def _claim_shown(found: Claim, sight: Sight) -> Claim:
    return found if sight.sees(Field.AMOUNTS) else masking.without(found, "charge_cents")


async def _account_number(db: TenantSession, found: Claim) -> str:
    ring = await keyring.of(db, found.key_ver)
    return ring.open(CLAIM_PHI_DEMO, found.id, found.phi_demo, AccountNumber).account_number


async def must_exist(db: TenantSession, actor: Actor, claim_id: UUID) -> None:
    """For what hangs on a claim; opens nothing, so there is nothing to record."""
    actor.must("claims.read")
    await _find(db, actor, claim_id)


async def timeline(db: TenantSession, actor: Actor, claim_id: UUID) -> Sequence[ClaimEvent]:
    """Every move of the claim and its submissions, oldest first."""
    actor.must("claims.read")
    found = await _find(db, actor, claim_id)
    events = await moves(db, claim_id)
    await trail.record(
        db,
        actor,
        "claim.timeline",
        object_type="claim",
        object_id=found.id,
        subjects=[found.patient_id],
        detail={"count": len(events)},
    )
    return events


async def moves(db: TenantSession, claim_id: UUID) -> Sequence[ClaimEvent]:
    """For acts that check who asks and tell the trail themselves."""
    return (await db.scalars(_of_claim(ClaimEvent, db, claim_id))).all()


async def claims(
    db: TenantSession, actor: Actor, page: PageRequest, filters: Filters | None = None
) -> Page[ClaimLine]:
    """Newest first."""
    actor.must("claims.read")
    query = _filtered(
        select(Claim).where(Claim.tenant_id == db.tenant_id), db, filters or Filters()
    )
    if actor.only_patient is not None:
        query = query.where(Claim.patient_id == actor.only_patient)
    if page.after is not None:
        query = query.where(Claim.id < page.after)
    sight = await visibility.of(db, actor, Field.AMOUNTS)
    found = (await db.scalars(query.order_by(Claim.id.desc()).limit(page.limit + 1))).all()
    shown = found[: page.limit]
    names = await patients.names(db, {row.patient_id for row in shown})
    amounts = sight.sees(Field.AMOUNTS)
    money = await money_of(db, [row.id for row in shown] if amounts else [])
    await trail.record(
        db,
        actor,
        "claim.list",
        object_type="claim",
        subjects=[row.patient_id for row in shown],
        classes=Classes.DEMOGRAPHIC if shown else Classes.NONE,
        detail={"count": len(shown)},
    )
    lines = [
        ClaimLine(
            claim=_claim_shown(row, sight),
            patient_name=names[row.patient_id],
            money=money.get(row.id, ClaimMoney()),
            masked=sight.masked(Field.AMOUNTS),
        )
        for row in shown
    ]
    return Page(lines, encode(shown[-1].id) if len(found) > page.limit else None)


async def queued(db: TenantSession, actor: Actor, limit: int = 5_000) -> list[UUID]:
    """Submissions that wait to be sent, oldest first."""
    actor.must("claims.read")
    found = await db.scalars(
        select(Submission.id)
        .where(Submission.tenant_id == db.tenant_id, Submission.delivery == "queued")
        .order_by(Submission.id)
        .limit(limit)
    )
    return list(found)


_Part = TypeVar("_Part", Submission, LineAdjudication, ClaimEvent)


def _of_claim(table: type[_Part], db: TenantSession, claim_id: UUID) -> Select[_Part]:
    """In the order they came."""
    return (
        select(table)
        .where(table.tenant_id == db.tenant_id, table.claim_id == claim_id)
        .order_by(table.id)
    )


async def _payers(db: TenantSession, claim_id: UUID) -> Sequence[ClaimCoverage]:
    """In their order: P, S, T."""
    return (
        await db.scalars(
            select(ClaimCoverage)
            .where(ClaimCoverage.tenant_id == db.tenant_id, ClaimCoverage.claim_id == claim_id)
            .order_by(ClaimCoverage.sequence)
        )
    ).all()


async def by_id(db: TenantSession, claim_id: UUID) -> Claim:
    """For acts that check who asks."""
    found = await db.scalar(
        select(Claim).where(Claim.tenant_id == db.tenant_id, Claim.id == claim_id)
    )
    if found is None:
        raise ClaimNotFound("There is no such claim.")
    return found


async def _find(db: TenantSession, actor: Actor, claim_id: UUID) -> Claim:
    found = await by_id(db, claim_id)
    if not actor.may_see(found.patient_id):
        raise ClaimNotFound("There is no such claim.")
    return found


def _filtered(query: Select[Claim], db: TenantSession, filters: Filters) -> Select[Claim]:
    if filters.work:
        query = query.where(Claim.work == filters.work)
    if filters.receivable:
        query = query.where(Claim.receivable == filters.receivable)
    if filters.next_action_owner:
        query = query.where(Claim.next_action_owner == filters.next_action_owner)
    if filters.patient_id is not None:
        query = query.where(Claim.patient_id == filters.patient_id)
    if filters.service_from is not None:
        query = query.where(Claim.service_from >= filters.service_from)
    if filters.service_to is not None:
        query = query.where(Claim.service_from <= filters.service_to)
    if filters.payer_id is not None:
        query = query.where(
            exists().where(
                ClaimCoverage.tenant_id == db.tenant_id,
                ClaimCoverage.claim_id == Claim.id,
                ClaimCoverage.payer_id == filters.payer_id,
            )
        )
    if filters.denied:
        query = query.where(
            exists().where(
                LineAdjudication.tenant_id == db.tenant_id,
                LineAdjudication.claim_id == Claim.id,
                LineAdjudication.denied,
                LineAdjudication.reversed_by.is_(None),
            )
        )
    return query


_MONEY = text(
    """
    SELECT line.claim_id,
      -coalesce(sum(line.amount_cents) FILTER (WHERE line.account = 'gross_charges'), 0) AS charged,
      coalesce(sum(line.amount_cents) FILTER (WHERE line.account IN ('bank', 'payer_cash',
        'patient_cash', 'processor_clearing')), 0) AS paid,
      coalesce(sum(line.amount_cents) FILTER (WHERE line.account IN ('contractual_adjustment',
        'bad_debt') OR starts_with(line.account, 'write_off_')), 0) AS adjusted,
      coalesce(sum(line.amount_cents) FILTER (WHERE line.account IN ('payer_receivable',
        'other_party_receivable')), 0) AS payer_balance,
      coalesce(sum(line.amount_cents) FILTER (WHERE line.account IN ('patient_receivable',
        'agency')), 0) AS patient_balance
    FROM ledger_line line
    WHERE line.tenant_id = :tenant_id AND line.claim_id = ANY (CAST(:claim_ids AS uuid[]))
    GROUP BY line.claim_id
    """
)


async def money_of(db: TenantSession, claim_ids: Iterable[UUID]) -> Mapping[UUID, ClaimMoney]:
    """Each claim's money, from the journal; a claim of which nothing is journalled has none."""
    ids = list(claim_ids)
    found = dict.fromkeys(ids, ClaimMoney())
    if not ids:
        return found
    rows = await db.execute(_MONEY, {"tenant_id": db.tenant_id, "claim_ids": ids})
    for row in rows:
        found[UUID(str(row.claim_id))] = ClaimMoney(
            charged_cents=int(row.charged),
            paid_cents=int(row.paid),
            adjusted_cents=int(row.adjusted),
            payer_balance_cents=int(row.payer_balance),
            patient_balance_cents=int(row.patient_balance),
        )
    return found
