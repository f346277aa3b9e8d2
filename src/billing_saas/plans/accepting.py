"""The guarantor agrees: what was shown, when, by whom and through what is kept, word by word.

Callable by a patient (an actor of kind `patient` whose id is the guarantor's) and by the office, for whom the
guarantor agreed at the desk or by phone.
"""

from typing import Literal
from uuid import UUID

import msgspec
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from billing_saas.audit import trail
from billing_saas.kept_cards import saving
from billing_saas.kept_cards.saving import Saving
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor, ActorKind
from billing_saas.kit.db import Database, TenantSession
from billing_saas.kit.ids import new_id
from billing_saas.links import issuing
from billing_saas.messages import sending
from billing_saas.messages.rules import Words
from billing_saas.payments.errors import SavedCardEnded
from billing_saas.plans import moving, queries, reckoning, rules, watching, words
from billing_saas.plans.errors import (
    ConsentMissing,
    DebtChanged,
    NotTheirs,
    PlanStands,
    TermsChanged,
)
from billing_saas.plans.rules import State
from billing_saas.plans.tables import PaymentPlan, PlanConsent

WRITE = "plans.write"
Through = Literal["portal", "desk", "phone"]


class Consent(msgspec.Struct, frozen=True, kw_only=True):
    """`digest` (hex) is the disclosure's, as it was shown. `future_charges`: agreed to having the card
    charged, which a plan by autopay needs, and needs as a yes of its own."""

    digest: str
    future_charges: bool = False
    through: Through = "portal"


async def accept(db: TenantSession, actor: Actor, plan_id: UUID, consent: Consent) -> None:
    """Agreed. Without autopay the plan is active at once; with it, once a card is saved.

    `TermsChanged` when something else was shown; `DebtChanged` when less is owed than the plan says;
    `ConsentMissing` when the card may not be charged.
    """
    row = await queries.row_for(db, actor, plan_id, lock=True, permission=WRITE)
    if (actor.kind is ActorKind.PATIENT) != (consent.through == "portal"):
        raise NotTheirs(
            "Guarantors agree in the portal; the office records the desk and the phone."
        )
    rules.check_move(State(row.state), State.ACCEPTED)
    terms = await queries.terms_of(db, row)
    text = words.full_text(terms)
    shown = row.terms_digest or b""
    if consent.digest != shown.hex() or words.digest(text) != shown:
        raise TermsChanged("What was shown is not what the plan says now: show it again.")
    if row.autopay and not consent.future_charges:
        raise ConsentMissing("Charging a card each month needs a yes of its own.")
    still_owed = (await reckoning.still_owed_on(db, [row])).get(row.id, 0)
    if still_owed < row.total_cents:
        raise DebtChanged("Less is owed now than the plan says: propose another.")
    await _end_superseded(db, actor, row)
    await _keep(db, actor, row, "agreement", text, consent)
    if row.autopay:
        await _keep(db, actor, row, "future_charges", words.future_charges(terms), consent)
    try:
        async with db.begin_nested():
            await moving.move(db, actor, row, State.ACCEPTED, f"agreed.{consent.through}")
    except IntegrityError as error:
        if "payment_plan_standing_idx" in str(error.orig):
            raise PlanStands("A plan stands already: change that one.") from None
        raise
    if not row.autopay:
        await moving.move(db, actor, row, State.ACTIVE, "without_card")
    link = await issuing.issue(db, actor, "plan", row.guarantor_id, row.id)
    await sending.ask(db, actor, row.guarantor_id, "plan_agreed", Words(link=link))


async def give_card(database: Database, tenant_id: UUID, actor: Actor, plan_id: UUID) -> Saving:
    """The page of the processor where the card for this plan is given, or another instead of one that was
    declined. The consent to charge it was given with the plan. `ConsentMissing` where it was not."""
    async with database.tenant(tenant_id) as db:
        row = await queries.row_for(db, actor, plan_id, lock=True, permission=WRITE)
        if State(row.state) not in rules.STANDING:
            rules.check_move(State(row.state), State.ACTIVE)  # names both states
        if not row.autopay:
            raise ConsentMissing("This plan charges no card: propose one that does.")
        guarantor_id, version = row.guarantor_id, row.terms_version
    return await saving.begin(
        database, tenant_id, actor, guarantor_id, consent=f"plan-autopay-{version}"
    )


async def use_card(db: TenantSession, actor: Actor, plan_id: UUID, saved_method_id: UUID) -> None:
    """A card that the guarantor keeps: charged from now on, and asked again if another was declined."""
    row = await queries.row_for(db, actor, plan_id, lock=True, permission=WRITE)
    card = await saving.card_of(db, row.guarantor_id, saved_method_id)
    if not row.autopay or State(row.state) not in rules.STANDING:
        raise ConsentMissing("This plan charges no card: propose one that does.")
    if row.autopay_stopped == rules.WITHDRAWN and actor.kind is not ActorKind.PATIENT:
        raise ConsentMissing("The guarantor took the consent back, and alone gives it again.")
    if card.state != "active":
        raise SavedCardEnded("This card is not kept (any more).")
    row.saved_method_id, row.autopay_stopped = card.id, ""
    await db.flush()
    await trail.record(
        db,
        actor,
        "plan.card",
        object_type="payment_plan",
        object_id=row.id,
        subjects=[row.guarantor_id],
    )
    await watching.look_at(db, actor, [row.id])


async def stop_charging(db: TenantSession, actor: Actor, plan_id: UUID) -> None:
    """The guarantor withdraws the consent to future charges: the plan goes on and is paid by hand."""
    row = await queries.row_for(db, actor, plan_id, lock=True, permission=WRITE)
    if row.autopay and not row.autopay_stopped:
        row.autopay_stopped = rules.WITHDRAWN
        await db.flush()
        await trail.record(
            db,
            actor,
            "plan.stop_charging",
            object_type="payment_plan",
            object_id=row.id,
            subjects=[row.guarantor_id],
        )


async def decline(db: TenantSession, actor: Actor, plan_id: UUID) -> None:
    """The guarantor does not want it."""
    row = await queries.row_for(db, actor, plan_id, lock=True, permission=WRITE)
    if State(row.state) in rules.STANDING:
        rules.check_move(State(row.state), State.DISCLOSED)  # names both states
    await moving.move(db, actor, row, State.CANCELLED, "declined")


async def _end_superseded(db: TenantSession, actor: Actor, row: PaymentPlan) -> None:
    """A change takes the place of what stood, in the same transaction."""
    if row.supersedes is None:
        return
    before = await db.scalar(
        select(PaymentPlan)
        .where(PaymentPlan.tenant_id == db.tenant_id, PaymentPlan.id == row.supersedes)
        .with_for_update()
    )
    if before is not None and State(before.state) in rules.STANDING:
        await moving.move(db, actor, before, State.CANCELLED, "superseded")


async def _keep(
    db: TenantSession, actor: Actor, row: PaymentPlan, kind: str, text: str, consent: Consent
) -> None:
    consent_id = new_id()
    await db.execute(
        insert(PlanConsent).values(
            tenant_id=db.tenant_id,
            id=consent_id,
            payment_plan_id=row.id,
            kind=kind,
            words=text,
            words_version=row.terms_version,
            words_digest=words.digest(text),
            language=row.language,
            given_through=consent.through,
            given_by_kind=actor.kind.value,
            given_by=actor.id,
            given_at=clock.now(),
            ip_prefix=actor.ip_prefix,
        )
    )
    await trail.record(
        db,
        actor,
        "plan.consent",
        object_type="plan_consent",
        object_id=consent_id,
        subjects=[row.guarantor_id],
        detail={"kind": kind},
    )
