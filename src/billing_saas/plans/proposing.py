"""Propose a plan within the practice's rules, and lay its terms open: on paper, sealed, in one language."""

import secrets
from collections.abc import AsyncIterator
from datetime import date
from uuid import UUID

import msgspec
from sqlalchemy import insert, select

from billing_saas.audit import contents, trail
from billing_saas.audit.rules import Classes
from billing_saas.blobs import storing
from billing_saas.kit import bulk, clock
from billing_saas.kit.actor import Actor, ActorKind
from billing_saas.kit.db import TenantSession
from billing_saas.kit.ids import new_id
from billing_saas.patients import guarantors
from billing_saas.patients import queries as patients
from billing_saas.patients.errors import PatientNotFound
from billing_saas.phi.registry import BLOB_SEALED_KEY
from billing_saas.plans import agreement_pdf, moving, queries, reckoning, rules, settings, words
from billing_saas.plans.errors import (
    DebtChanged,
    NothingOwed,
    NotTheirs,
    NotWhoPays,
    PlanStands,
)
from billing_saas.plans.rules import Arithmetic, Language, Settings, State
from billing_saas.plans.tables import PaymentPlan, PlanInstalment, PlanItem
from billing_saas.statements import owing
from billing_saas.statements.rules import OpenItem

WRITE = "plans.write"
_MOST_OPEN = 3
"""Plans of one guarantor that wait for a yes."""
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """`supersedes` is the plan that stands and is to be changed: it ends when this one is accepted."""

    guarantor_id: UUID
    instalments: int
    first_due_on: date
    autopay: bool = False
    language: Language = "en"
    supersedes: UUID | None = None


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """What may be paid in parts now, and every plan the practice offers for it."""

    guarantor_id: UUID
    owed_cents: int
    offers: list[Arithmetic]
    settings: Settings


async def offers(db: TenantSession, actor: Actor, guarantor_id: UUID) -> Offer:
    await _must_be_theirs(db, actor, guarantor_id, queries.READ)
    offered = await settings.of(db)
    owed = sum(item.cents for item in await owing.owed_by(db, guarantor_id))
    await trail.record(
        db, actor, "plan.offers", object_type="patient", object_id=guarantor_id,
        subjects=[guarantor_id],
    )  # fmt: skip
    return Offer(
        guarantor_id=guarantor_id,
        owed_cents=owed,
        offers=rules.offers(owed, offered) if owed > 0 else [],
        settings=offered,
    )


async def propose(db: TenantSession, actor: Actor, proposal: Proposal) -> UUID:
    """A draft over all that the guarantor owes now, oldest first. The guarantor may propose it himself."""
    await _must_be_theirs(db, actor, proposal.guarantor_id, WRITE)
    offered = await settings.of(db)
    owed = await owing.owed_by(db, proposal.guarantor_id)
    total = sum(item.cents for item in owed)
    if total <= 0:
        raise NothingOwed("Nothing is owed now.")
    await _must_not_stand_beside(db, proposal)
    rules.check_wanted(
        total, proposal.instalments, proposal.first_due_on, await reckoning.today(db), offered
    )
    plan_id = await _write(db, actor, proposal, offered, owed, total)
    await trail.record(
        db,
        actor,
        "plan.propose",
        object_type="payment_plan",
        object_id=plan_id,
        subjects=sorted({proposal.guarantor_id, *(item.patient_id for item in owed)}),
        detail={"count": proposal.instalments},
    )
    return plan_id


async def disclose(db: TenantSession, actor: Actor, plan_id: UUID) -> None:
    """Lay the terms open: their words get a digest, and the paper is drawn and kept sealed."""
    row = await _draft(db, actor, plan_id)
    terms = await queries.terms_of(db, row)
    name = (await patients.names(db, [row.guarantor_id]))[row.guarantor_id]
    paper = agreement_pdf.drawn(terms, f"{name.first_name} {name.last_name}".strip())
    stored = await storing.store(db, _once(paper))
    text = words.full_text(terms)
    row.terms_version, row.terms_digest = words.VERSION, words.digest(text)
    row.agreement_blob_id = stored.id
    await db.flush()
    await trail.record(
        db,
        actor,
        "plan.disclose",
        object_type="payment_plan",
        object_id=row.id,
        subjects=[row.guarantor_id],
        classes=Classes.DEMOGRAPHIC,
        sealed=[contents.of(BLOB_SEALED_KEY, stored.id, stored.sealed_key)],
    )
    await moving.move(db, actor, row, State.DISCLOSED, "disclosed")
    await _withdraw_older(db, actor, row)


async def _withdraw_older(db: TenantSession, actor: Actor, row: PaymentPlan) -> None:
    """Who looks at offers leaves a few behind, and no heap of papers."""
    older = await db.scalars(
        select(PaymentPlan)
        .where(
            PaymentPlan.tenant_id == db.tenant_id,
            PaymentPlan.guarantor_id == row.guarantor_id,
            PaymentPlan.state == State.DISCLOSED,
        )
        .order_by(PaymentPlan.id.desc())
        .offset(_MOST_OPEN)
        .with_for_update()
    )
    for one in older.all():
        await moving.move(db, actor, one, State.CANCELLED, "proposed_anew")


async def propose_and_disclose(db: TenantSession, actor: Actor, proposal: Proposal) -> UUID:
    """As the guarantor does it alone: what is proposed is shown at once."""
    plan_id = await propose(db, actor, proposal)
    await disclose(db, actor, plan_id)
    return plan_id


async def _draft(db: TenantSession, actor: Actor, plan_id: UUID) -> PaymentPlan:
    if actor.kind is not ActorKind.PATIENT:
        return await queries.row_for(db, actor, plan_id, lock=True, permission=WRITE)
    # A draft is the office's, but for the moment in which a guarantor's own is laid open.
    row = await db.scalar(
        select(PaymentPlan)
        .where(
            PaymentPlan.tenant_id == db.tenant_id,
            PaymentPlan.id == plan_id,
            PaymentPlan.guarantor_id == actor.id,
            PaymentPlan.proposed_by == actor.id,
        )
        .with_for_update()
    )
    if row is None:
        raise NotTheirs("Only who proposed a plan lays it open.")
    return row


async def _must_be_theirs(
    db: TenantSession, actor: Actor, guarantor_id: UUID, permission: str
) -> None:
    """Of the guarantor himself, or for somebody of the office; and it is a guarantor."""
    if actor.kind is ActorKind.PATIENT:
        if actor.id != guarantor_id:
            raise NotTheirs("A plan is made for what one owes oneself.")
    else:
        actor.must(permission)
    if not actor.may_see(guarantor_id):
        raise PatientNotFound("There is no such patient.")
    payer = (await guarantors.guarantor_of(db, [guarantor_id])).get(guarantor_id)
    if payer is None:
        raise PatientNotFound("There is no such patient.")
    if payer != guarantor_id:
        raise NotWhoPays("Somebody else pays for this patient: the plan is theirs.")


async def _must_not_stand_beside(db: TenantSession, proposal: Proposal) -> None:
    """One plan at a time: another is a change of it."""
    standing = await db.scalar(
        select(PaymentPlan.id).where(
            PaymentPlan.tenant_id == db.tenant_id,
            PaymentPlan.guarantor_id == proposal.guarantor_id,
            PaymentPlan.state.in_(sorted(rules.STANDING)),
        )
    )
    if standing != proposal.supersedes:
        if standing is None:
            raise DebtChanged("The plan that is to be changed does not stand.")
        raise PlanStands("A plan stands already: change that one.")


async def _write(
    db: TenantSession,
    actor: Actor,
    proposal: Proposal,
    offered: Settings,
    owed: list[OpenItem],
    total: int,
) -> UUID:
    plan_id, now = new_id(), clock.now()
    await db.execute(
        insert(PaymentPlan).values(
            tenant_id=db.tenant_id,
            id=plan_id,
            number="P" + "".join(secrets.choice(_ALPHABET) for _ in range(9)),
            guarantor_id=proposal.guarantor_id,
            state=State.DRAFT,
            total_cents=total,
            instalments=proposal.instalments,
            first_due_on=proposal.first_due_on,
            grace_days=offered.grace_days,
            notice_days=offered.notice_days,
            truth_in_lending=proposal.instalments > rules.MOST_WITHOUT_DISCLOSURES,
            autopay=proposal.autopay,
            language=proposal.language,
            supersedes=proposal.supersedes,
            proposed_by_kind=actor.kind.value,
            proposed_by=actor.id,
            proposed_at=now,
            changed_at=now,
        )
    )
    parts = rules.schedule(total, proposal.instalments, proposal.first_due_on)
    of_plan = {"payment_plan_id": plan_id}
    await bulk.insert_rows(
        db,
        PlanInstalment,
        [
            {**of_plan, "id": new_id(), "n": one.n, "due_on": one.due_on, "amount_cents": one.cents}
            for one in parts
        ],
    )
    await bulk.insert_rows(
        db,
        PlanItem,
        [
            {
                **of_plan,
                "n": n,
                "patient_id": item.patient_id,
                "claim_id": item.claim_id,
                "charge_id": item.charge_id,
                "amount_cents": item.cents,
            }
            for n, item in enumerate(owed, 1)
        ],
    )
    return plan_id


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content
