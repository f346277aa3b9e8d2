"""Disputes: a patient asked his bank for the money back. Inquiries move no money; chargebacks do."""

from typing import Any

from billing_sandbox.stripe import balance, errors
from billing_sandbox.stripe.cards import Card
from billing_sandbox.stripe.clock import DAY
from billing_sandbox.stripe.listing import matching, page
from billing_sandbox.stripe.routing import LISTED, Call, changed, route
from billing_sandbox.stripe.store import Book, Obj, World, new_id

EVIDENCE = [
    "access_activity_log",
    "billing_address",
    "cancellation_policy",
    "cancellation_policy_disclosure",
    "cancellation_rebuttal",
    "customer_communication",
    "customer_email_address",
    "customer_name",
    "customer_purchase_ip",
    "customer_signature",
    "duplicate_charge_documentation",
    "duplicate_charge_explanation",
    "duplicate_charge_id",
    "product_description",
    "receipt",
    "refund_policy",
    "refund_policy_disclosure",
    "refund_refusal_explanation",
    "service_date",
    "service_documentation",
    "shipping_address",
    "shipping_carrier",
    "shipping_date",
    "shipping_documentation",
    "shipping_tracking_number",
    "uncategorized_file",
    "uncategorized_text",
]
_OPEN = ("needs_response", "under_review", "warning_needs_response", "warning_under_review")
_NETWORK_CODE = {"fraudulent": "10.4", "product_not_received": "13.1"}


def as_the_number_says(world: World, book: Book, charge: Obj) -> None:
    card: Card | None = charge["_card"]
    if card and card.dispute:
        reason, inquiry = card.dispute, card.inquiry

        def opens() -> None:
            open_one(world, book, charge, reason=reason, inquiry=inquiry)

        if world.timing.dispute:
            world.clock.after(world.timing.dispute, opens)
        else:
            opens()


def open_one(
    world: World,
    book: Book,
    charge: Obj,
    *,
    reason: str = "general",
    inquiry: bool = False,
    amount: int | None = None,
) -> Obj:
    amount = amount or charge["amount_captured"] - charge["amount_refunded"]
    if charge["_dispute"] or not charge["paid"] or amount <= 0:
        raise errors.refused("This charge cannot be disputed (again).")
    now = world.clock.now()
    due = (now // DAY + 9) * DAY - 1
    kind = charge["payment_method_details"]["type"]
    dispute: Obj = book.put(
        {
            "id": new_id("du" if kind == "card" else "pdp"),
            "object": "dispute",
            "amount": amount,
            "balance_transactions": [],
            "charge": charge["id"],
            "created": now,
            "currency": charge["currency"],
            "enhanced_eligibility_types": [],
            "evidence": dict.fromkeys(EVIDENCE) | {"enhanced_evidence": {}},
            "evidence_details": {
                # The end of the eighth day after it was opened.
                "due_by": due,
                "enhanced_eligibility": {},
                "has_evidence": False,
                "past_due": False,
                "submission_count": 0,
                "submission_method": "not_submitted",
            },
            "is_charge_refundable": inquiry,
            "livemode": False,
            "metadata": {},
            "payment_intent": charge["payment_intent"],
            "payment_method_details": _details(charge, reason, inquiry=inquiry),
            "reason": reason,
            "status": "warning_needs_response" if inquiry else "needs_response",
        }
    )
    charge["_dispute"] = dispute["id"]
    charge["disputed"] = True
    if not inquiry:
        _withdraw(world, book, charge, dispute)
    world.emit(book, "charge.dispute.created", dispute)
    if not inquiry:
        world.emit(book, "charge.dispute.funds_withdrawn", dispute)
    world.clock.after(due + 1 - now, lambda: _overdue(world, book, dispute))
    return dispute


def _details(charge: Obj, reason: str, *, inquiry: bool) -> Obj:
    kind = charge["payment_method_details"]["type"]
    if kind != "card":
        return {"type": kind, kind: {}} if kind == "us_bank_account" else {"type": kind}
    return {
        "card": {
            "brand": charge["payment_method_details"]["card"]["brand"],
            "case_type": "inquiry" if inquiry else "chargeback",
            "network": charge["payment_method_details"]["card"]["brand"],
            "network_reason_code": "10" if inquiry else _NETWORK_CODE.get(reason, "13.7"),
        },
        "type": "card",
    }


def _withdraw(world: World, book: Book, charge: Obj, dispute: Obj) -> None:
    charge["_charged_back"] = True
    dispute["is_charge_refundable"] = False
    moved = balance.move(
        world,
        book,
        "adjustment",
        dispute,
        -dispute["amount"],
        fee=balance.DISPUTE_FEE,
        description=f"Chargeback withdrawal for {charge['id']}",
        category="dispute",
        at_once=True,
    )
    moved["fee_details"][0]["description"] = "Dispute fee"
    dispute["balance_transactions"].append(moved)


def escalate(world: World, book: Book, dispute: Obj) -> Obj:
    """The inquiry becomes a chargeback."""
    if not dispute["status"].startswith("warning_") or dispute["status"] == "warning_closed":
        raise errors.refused("Only an open inquiry can be escalated.")
    charge = book.get("charge", dispute["charge"])
    previous = changed(dispute, {"status": "needs_response"})
    if dispute["payment_method_details"].get("card"):
        dispute["payment_method_details"]["card"]["case_type"] = "chargeback"
    _withdraw(world, book, charge, dispute)
    world.emit(book, "charge.dispute.updated", dispute, previous)
    world.emit(book, "charge.dispute.funds_withdrawn", dispute)
    return dispute


def decide(world: World, book: Book, dispute: Obj, *, won: bool) -> Obj:
    """The bank has decided. An inquiry closes without money either way."""
    if dispute["status"] not in _OPEN:
        raise errors.refused("This dispute is already closed")
    charge = book.get("charge", dispute["charge"])
    if dispute["status"].startswith("warning_"):
        status = "warning_closed"
    else:
        status = "won" if won else "lost"
    previous = changed(dispute, {"status": status})
    dispute["is_charge_refundable"] = status != "lost"
    if status == "won":
        charge["_charged_back"] = False
        moved = balance.move(
            world,
            book,
            "adjustment",
            dispute,
            dispute["amount"],
            description=f"Chargeback reversal for {charge['id']}",
            category="dispute_reversal",
            at_once=True,
        )
        dispute["balance_transactions"].append(moved)
        world.emit(book, "charge.dispute.funds_reinstated", dispute)
    world.emit(book, "charge.dispute.closed", dispute, previous)
    world.emit(book, "charge.updated", charge, {})
    return dispute


def _overdue(world: World, book: Book, dispute: Obj) -> None:
    """Nobody answered in time: as Stripe's banks decide then."""
    if dispute["status"] in ("needs_response", "warning_needs_response"):
        dispute["evidence_details"]["past_due"] = True
        decide(world, book, dispute, won=False)


@route("GET", "/v1/disputes", f"{LISTED} charge payment_intent")
def everyone(call: Call) -> Obj:
    rows = matching(call.book.of("dispute"), call.params, "charge", "payment_intent")
    return page(call.params, rows, "/v1/disputes")


@route("GET", "/v1/disputes/{id}")
def one(call: Call) -> Obj:
    return call.book.get("dispute", call.id, "dispute")


@route("POST", "/v1/disputes/{id}", "evidence metadata submit")
def update(call: Call) -> Obj:
    """Evidence is kept; unless `submit=false` it is on its way to the bank with this call."""
    world, book, params = call.world, call.book, call.params
    dispute = book.get("dispute", call.id, "dispute")
    submits = params.flag("submit", default=True)
    given = params.inner("evidence")
    given.only(EVIDENCE)
    said = {name: given.text(name) for name in given.values}
    if sum(len(text or "") for text in said.values()) > 150_000:
        raise errors.invalid("Evidence has up to 150,000 characters in all.", "evidence")
    updates: dict[str, Any] = {"metadata": params.metadata(dispute["metadata"])}
    if said:
        if dispute["status"] not in _OPEN:
            raise errors.refused("This dispute is already closed")
        if dispute["evidence_details"]["submission_count"] and submits:
            raise errors.refused("This dispute has already been responded to.")
        evidence = dispute["evidence"] | said
        updates["evidence"] = evidence
        updates["evidence_details"] = dispute["evidence_details"] | {
            "has_evidence": any(value for name, value in evidence.items() if name in EVIDENCE)
        }
    if said and submits:
        updates["evidence_details"] |= {"submission_count": 1, "submission_method": "manual"}
        warning = dispute["status"].startswith("warning_")
        updates["status"] = "warning_under_review" if warning else "under_review"
    call.emit("charge.dispute.updated", dispute, changed(dispute, updates))
    if said and submits:
        call.emit("charge.updated", call.book.get("charge", dispute["charge"]), {})
    if said and submits:
        _as_the_text_says(world, book, dispute)
    return dispute


def _as_the_text_says(world: World, book: Book, dispute: Obj) -> None:
    """The three texts that Stripe's test mode knows; with another the bank stays silent."""
    text = dispute["evidence"]["uncategorized_text"]

    def decides() -> None:
        if dispute["status"] not in _OPEN:
            return
        if text == "escalate_inquiry_evidence":
            escalate(world, book, dispute)
        else:
            decide(world, book, dispute, won=text == "winning_evidence")

    if text in ("winning_evidence", "losing_evidence", "escalate_inquiry_evidence"):
        world.clock.after(world.timing.dispute_decision, decides)


@route("POST", "/v1/disputes/{id}/close")
def close(call: Call) -> Obj:
    """Accepting it: lost, or for an inquiry closed."""
    dispute = call.book.get("dispute", call.id, "dispute")
    return decide(call.world, call.book, dispute, won=False)
