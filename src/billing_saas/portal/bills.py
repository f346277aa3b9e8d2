"""Bills, why anything is owed, and what was paid: as the one who pays sees them.

Of those one pays for: a first name, days and amounts. What was done, and why a plan left something to
them, is told to the patient alone (45 CFR 164.502(b): no more than paying needs).
"""

from collections.abc import Iterable, Sequence
from uuid import UUID

import msgspec
from sqlalchemy import select

from billing_saas.audit.rules import Classes
from billing_saas.blobs import storing
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.kit.errors import NotFound
from billing_saas.patients import guarantors
from billing_saas.payments import queries as payments
from billing_saas.payments.queries import PaymentShown
from billing_saas.plans import queries as plans
from billing_saas.plans.queries import PlanShown
from billing_saas.plans.rules import STANDING, State
from billing_saas.portal import own
from billing_saas.portal.errors import NoPaper
from billing_saas.statements import explaining, following, owing
from billing_saas.statements import queries as statements
from billing_saas.statements.explaining import ClaimExplanation
from billing_saas.statements.queries import Bill
from billing_saas.statements.rules import OpenItem
from billing_saas.statements.tables import Statement, StatementLine


class Home(msgspec.Struct, frozen=True, kw_only=True):
    """Where the visitor stands today. `plan` is the one that stands, or waits for a yes."""

    name: str
    owed_cents: int
    credit_cents: int
    latest: Bill | None
    plan: PlanShown | None

    def __repr__(self) -> str:
        return "<Home>"


class BillShown(msgspec.Struct, frozen=True, kw_only=True):
    """`names` are of those whom its lines are for."""

    bill: Bill
    lines: Sequence[StatementLine]
    names: dict[UUID, str]
    has_paper: bool

    def __repr__(self) -> str:
        return f"<BillShown {self.bill.id}>"


class Why(msgspec.Struct, frozen=True, kw_only=True):
    """What the visitor owes, claim by claim; `others` is owed without one (brought over from other books);
    of `waiting` they owe nothing yet. `owed_cents` is all of it."""

    own_id: UUID
    owed_cents: int
    owing: tuple[ClaimExplanation, ...]
    others: tuple[OpenItem, ...]
    waiting: tuple[ClaimExplanation, ...]
    names: dict[UUID, str]

    def __repr__(self) -> str:
        return "<Why>"


class WhyClaim(msgspec.Struct, frozen=True, kw_only=True):
    claim: ClaimExplanation
    name: str
    is_own: bool

    def __repr__(self) -> str:
        return f"<WhyClaim {self.claim.claim_id}>"


async def home(db: TenantSession, actor: Actor) -> Home:
    guarantor_id = own.must_be_verified(actor)
    owed = await owing.owed_by(db, guarantor_id)
    credit = (await owing.credits_of(db, [guarantor_id])).get(guarantor_id, 0)
    bills = await statements.bills_for(db, guarantor_id)
    names = await own.first_names(db, [guarantor_id])
    await own.tell(db, actor, "statement.home", object_type="patient", classes=Classes.DEMOGRAPHIC)
    return Home(
        name=names.get(guarantor_id, ""),
        owed_cents=sum(item.cents for item in owed),
        credit_cents=credit,
        latest=bills[0] if bills else None,
        plan=_standing(await plans.plans_of(db, actor, guarantor_id)),
    )


async def bills(db: TenantSession, actor: Actor) -> tuple[list[Bill], int]:
    """Newest first, and what is owed in all: bills repeat what is still open."""
    guarantor_id = own.must_be_verified(actor)
    found = await statements.bills_for(db, guarantor_id)
    owed = sum(item.cents for item in await owing.owed_by(db, guarantor_id))
    await own.tell(db, actor, "statement.list", object_type="statement", count=len(found))
    return found, owed


async def bill(db: TenantSession, actor: Actor, statement_id: UUID) -> BillShown:
    guarantor_id = own.must_be_verified(actor)
    await statements.payable_bill(db, guarantor_id, statement_id)
    await following.viewed(db, actor, statement_id)
    found = await statements.payable_bill(db, guarantor_id, statement_id)
    lines = (await statements.lines_of(db, [statement_id])).get(statement_id, [])
    people = {line.patient_id for line in lines}
    await own.tell(
        db,
        actor,
        "statement.read",
        object_type="statement",
        object_id=statement_id,
        subjects=sorted(people),
        classes=Classes.DEMOGRAPHIC,
    )
    return BillShown(
        bill=found,
        lines=lines,
        names=await own.first_names(db, sorted(people | {guarantor_id})),
        has_paper=await _paper_of(db, statement_id) is not None,
    )


async def paper(db: TenantSession, actor: Actor, statement_id: UUID) -> bytes:
    """The bill as it was sent, opened from its seal."""
    guarantor_id = own.must_be_verified(actor)
    await statements.payable_bill(db, guarantor_id, statement_id)
    blob_id = await _paper_of(db, statement_id)
    if blob_id is None:
        raise NoPaper("This bill has no file.")
    lines = (await statements.lines_of(db, [statement_id])).get(statement_id, [])
    await own.tell(
        db,
        actor,
        "statement.open",
        object_type="statement",
        object_id=statement_id,
        subjects=sorted({line.patient_id for line in lines}),
        classes=Classes.FILE,
    )
    return b"".join([chunk async for chunk in storing.read(db, blob_id)])


async def why(db: TenantSession, actor: Actor) -> Why:
    guarantor_id = own.must_be_verified(actor)
    whole = await explaining.explain_guarantor(db, guarantor_id)
    shown = tuple(_for(guarantor_id, one) for one in whole.claims)
    items = await owing.owed_by(db, guarantor_id)
    others = tuple(item for item in items if item.claim_id is None)
    people = {one.patient_id for one in shown} | {item.patient_id for item in others}
    await own.tell(
        db,
        actor,
        "patient.explanation",
        object_type="patient",
        object_id=guarantor_id,
        subjects=sorted(people),
        classes=Classes.DEMOGRAPHIC,
        count=len(shown),
    )
    return Why(
        own_id=guarantor_id,
        owed_cents=whole.owed_cents,
        owing=tuple(one for one in shown if one.told.sums.patient_owes_cents),
        others=others,
        waiting=tuple(one for one in shown if not one.told.sums.patient_owes_cents),
        names=await own.first_names(db, sorted(people)),
    )


async def why_claim(db: TenantSession, actor: Actor, claim_id: UUID) -> WhyClaim:
    """Of a claim of one's own, or of whom one pays for; any other is not found."""
    guarantor_id = own.must_be_verified(actor)
    explained = (await explaining.explain_claims(db, [claim_id])).get(claim_id)
    paid_for = await guarantors.dependants_of(db, guarantor_id)
    if explained is None or explained.patient_id not in paid_for:
        raise NotFound("There is no such claim.")
    await own.tell(
        db,
        actor,
        "claim.explanation",
        object_type="claim",
        object_id=claim_id,
        subjects=[explained.patient_id],
        classes=Classes.DEMOGRAPHIC,
    )
    names = await own.first_names(db, [explained.patient_id])
    return WhyClaim(
        claim=_for(guarantor_id, explained),
        name=names.get(explained.patient_id, ""),
        is_own=explained.patient_id == guarantor_id,
    )


async def paid(db: TenantSession, actor: Actor) -> list[PaymentShown]:
    """Every payment that was made or begun, newest first."""
    guarantor_id = own.must_be_verified(actor)
    found = await payments.payments_of(db, guarantor_id)
    await own.tell(db, actor, "payment.list", object_type="payment", count=len(found))
    return found


def _for(guarantor_id: UUID, claim: ClaimExplanation) -> ClaimExplanation:
    """Another's claim, without what was done and what their plan said of it."""
    if claim.patient_id == guarantor_id:
        return claim
    told = msgspec.structs.replace(claim.told, plans=(), shares=(), write_offs=())
    return msgspec.structs.replace(claim, told=told, charges=())


async def _paper_of(db: TenantSession, statement_id: UUID) -> UUID | None:
    found: UUID | None = await db.scalar(
        select(Statement.blob_id).where(
            Statement.tenant_id == db.tenant_id, Statement.id == statement_id
        )
    )
    return found


def _standing(found: Iterable[PlanShown]) -> PlanShown | None:
    shown = STANDING | {State.DISCLOSED}
    return next((one for one in found if one.state in shown), None)
