"""Paying in parts: what is offered, the terms before agreeing, the plan that stands; and cards that are kept."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from billing_saas.api.portal import frame, inside, typing
from billing_saas.api.portal.visiting import Asked, Visit, Visitor
from billing_saas.kit import clock
from billing_saas.kit.errors import DomainError
from billing_saas.payments.errors import PaymentUnderWay, SavedCardEnded
from billing_saas.plans import accepting, paying, proposing, queries
from billing_saas.plans.accepting import Consent
from billing_saas.plans.errors import (
    ConsentMissing,
    DebtChanged,
    NothingOwed,
    NotTheirs,
    NotWhoPays,
    PlanRefused,
    PlanStands,
    TermsChanged,
)
from billing_saas.plans.proposing import Proposal
from billing_saas.plans.rules import FURTHEST_FIRST_DAYS, STANDING, State
from billing_saas.portal import cards
from billing_saas.tenants import queries as tenants

Id = FromPath[UUID]
_UNDER = "/portal/bills"


@get("/portal/plans")
async def show_plans(visit: Visitor) -> Response[str]:
    return await _plans(visit)


@post("/portal/plans")
async def propose_plan(visit: Visitor) -> Response[Any]:
    """What is proposed is laid open at once, and agreed to on the next page."""
    visitor = visit.verified
    first_on = typing.day(visit.form.get("first_day", ""))
    count = typing.whole(visit.form.get("count", ""))
    if first_on is None or count is None:
        return await _plans(visit, "plans.faulty")
    proposal = Proposal(
        guarantor_id=visitor.guarantor_id,
        instalments=count,
        first_due_on=first_on,
        autopay=visit.form.get("how", "") == "card",
        language="es" if visit.language == "es" else "en",
    )
    try:
        async with inside.practice(visit) as (db, actor):
            plan_id = await proposing.propose_and_disclose(db, actor, proposal)
    except (PlanRefused, PlanStands, NothingOwed, NotTheirs, NotWhoPays, DebtChanged):
        return await _plans(visit, "plans.faulty")
    return frame.go(f"/portal/plans/{plan_id}")


@get("/portal/plans/{plan_id:uuid}")
async def show_plan(visit: Visitor, plan_id: Id) -> Response[str]:
    return await _plan(visit, plan_id)


@post("/portal/plans/{plan_id:uuid}/agreement")
async def agree(visit: Visitor, plan_id: Id) -> Response[Any]:
    """With what was shown: terms that changed meanwhile are shown again."""
    form = visit.form
    if form.get("agree") != "yes":
        return await _plan(visit, plan_id, "plan.must_agree")
    consent = Consent(
        digest=form.get("digest", ""), future_charges=form.get("future_charges") == "yes"
    )
    try:
        async with inside.practice(visit) as (db, actor):
            await accepting.accept(db, actor, plan_id, consent)
            autopay = (await queries.plan(db, actor, plan_id)).autopay
    except (ConsentMissing, TermsChanged, DebtChanged, PlanStands) as error:
        return await _plan(visit, plan_id, _FAULTS[type(error)])
    return await _give_card(visit, plan_id) if autopay else frame.go(f"/portal/plans/{plan_id}")


@post("/portal/plans/{plan_id:uuid}/card")
async def give_card(visit: Visitor, plan_id: Id) -> Response[Any]:
    """One that is kept already, or another, given on the processor's page."""
    _ = visit.verified
    kept = typing.identifier(visit.form.get("card", ""))
    if kept is None:
        return await _give_card(visit, plan_id)
    try:
        async with inside.practice(visit) as (db, actor):
            await accepting.use_card(db, actor, plan_id, kept)
    except (ConsentMissing, SavedCardEnded):
        return await _plan(visit, plan_id, "plan.card.unusable")
    return frame.go(f"/portal/plans/{plan_id}")


@post("/portal/plans/{plan_id:uuid}/charging-stop")
async def stop_charging(visit: Visitor, plan_id: Id) -> Response[None]:
    async with inside.practice(visit) as (db, actor):
        await accepting.stop_charging(db, actor, plan_id)
    return frame.go(f"/portal/plans/{plan_id}")


@post("/portal/plans/{plan_id:uuid}/refusal")
async def refuse(visit: Visitor, plan_id: Id) -> Response[None]:
    async with inside.practice(visit) as (db, actor):
        await accepting.decline(db, actor, plan_id)
    return frame.go("/portal/plans")


@post("/portal/plans/{plan_id:uuid}/payment")
async def pay(visit: Visitor, plan_id: Id) -> Response[Any]:
    """What is due now, or all that is left."""
    visitor = visit.verified
    what: paying.What = "all" if visit.form.get("what") == "all" else "due"
    try:
        started = await paying.pay(visit.database, visitor.tenant_id, visit.actor, plan_id, what)
    except (NothingOwed, PaymentUnderWay):
        return await _plan(visit, plan_id, "plan.nothing_to_pay")
    except inside.CANNOT_PAY:
        return await _plan(visit, plan_id, "plan.cannot_pay")
    if started.url is None:
        return frame.go(f"/portal/payments/{started.payment_id}")
    return inside.to_processor(visit, started.url)


@get("/portal/plans/{plan_id:uuid}/paper")
async def save_agreement(visit: Visitor, plan_id: Id) -> Response[bytes]:
    async with inside.practice(visit) as (db, actor):
        content = await queries.agreement(db, actor, plan_id)
    return inside.file(content, "agreement")


@get("/portal/cards")
async def show_cards(visit: Visitor, request: Asked) -> Response[str]:
    async with inside.practice(visit) as (db, actor):
        kept = await cards.kept(db, actor)
    return inside.page(
        visit, "cards", "cards.title", cards=kept, under=_UNDER, done=inside.done(request)
    )


@get("/portal/cards/{card_id:uuid}/returned")
async def card_returned(visit: Visitor, card_id: Id) -> Response[str]:
    """The way back from the processor: what became of the card is its word, which may be on its way."""
    async with inside.practice(visit) as (db, actor):
        is_kept = await cards.is_kept(db, actor, card_id)
        kept = await cards.kept(db, actor)
    done = "cards.kept" if is_kept else "cards.coming"
    return inside.page(visit, "cards", "cards.title", cards=kept, under=_UNDER, done=done)


@post("/portal/cards/{card_id:uuid}/removal")
async def remove_card(visit: Visitor, card_id: Id) -> Response[None]:
    async with inside.practice(visit) as (db, actor):
        await cards.end(db, actor, card_id)
    return frame.go("/portal/cards?done=removed")


_FAULTS: dict[type[DomainError], str] = {
    ConsentMissing: "plan.must_allow",
    TermsChanged: "plan.changed",
    DebtChanged: "plan.debt_changed",
    PlanStands: "plans.offers.standing",
}


async def _give_card(visit: Visit, plan_id: UUID) -> Response[Any]:
    tenant_id = visit.verified.tenant_id
    try:
        begun = await accepting.give_card(visit.database, tenant_id, visit.actor, plan_id)
    except inside.CANNOT_PAY:
        return await _plan(visit, plan_id, "plan.cannot_pay")
    if begun.url is None:
        return await _plan(visit, plan_id, "plan.cannot_pay")
    return inside.to_processor(visit, begun.url)


async def _plans(visit: Visit, fault: str = "") -> Response[str]:
    async with inside.practice(visit) as (db, actor):
        found = await queries.plans_of(db, actor, actor.id)
        offer = await proposing.offers(db, actor, actor.id)
        today = clock.today((await tenants.this_practice(db)).time_zone)
    filled: dict[str, Any] = {
        "plans": found,
        "offer": offer,
        "stands": any(one.state in STANDING for one in found),
        "today": today,
        "latest": today + timedelta(days=FURTHEST_FIRST_DAYS),
        "furthest": FURTHEST_FIRST_DAYS,
        "typed": visit.form,
        "under": _UNDER,
    }
    if fault:
        return inside.faulty(visit, "plans", "plans.title", fault, **filled)
    return inside.page(visit, "plans", "plans.title", **filled)


async def _plan(visit: Visit, plan_id: UUID, fault: str = "") -> Response[str]:
    async with inside.practice(visit) as (db, actor):
        shown = await queries.plan(db, actor, plan_id)
        disclosed = None
        if shown.state is State.DISCLOSED:
            disclosed = await queries.disclosure_of(db, actor, plan_id)
        kept = await cards.kept(db, actor)
    filled: dict[str, Any] = {
        "plan": shown,
        "disclosed": disclosed,
        "cards": kept,
        "stands": shown.state in STANDING,
        "under": _UNDER,
        "at": f"/portal/plans/{plan_id}",
    }
    if fault:
        return inside.faulty(visit, "plan", "plan.title", fault, **filled)
    return inside.page(visit, "plan", "plan.title", **filled)


HANDLERS = [
    *(show_plans, propose_plan, show_plan, agree, give_card, stop_charging, refuse, pay),
    *(save_agreement, show_cards, card_returned, remove_card),
]
