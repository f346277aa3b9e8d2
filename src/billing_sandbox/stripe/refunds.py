"""Refunds: at once, later, or taken back when the patient's bank does not want them."""

from typing import Any

from billing_sandbox.stripe import balance, errors
from billing_sandbox.stripe.cards import Card
from billing_sandbox.stripe.listing import matching, page
from billing_sandbox.stripe.routing import LISTED, Call, changed, route
from billing_sandbox.stripe.store import Book, Obj, World, new_id

_REASONS = ("duplicate", "fraudulent", "requested_by_customer")


@route(
    "POST",
    "/v1/refunds",
    "amount charge payment_intent reason metadata refund_application_fee instructions_email",
)
def create(call: Call) -> Obj:
    params, book = call.params, call.book
    reason = params.one_of("reason", _REASONS)
    asked = params.whole("amount")
    metadata = params.metadata()
    charge = _charge(call)
    if asked is not None and asked <= 0:
        raise errors.at_least_one("amount")
    left = charge["amount_captured"] - charge["amount_refunded"]
    if not charge["paid"]:
        raise errors.refused(
            f"This charge ({charge['id']}) does not have a successful charge to refund.",
            param="charge",
        )
    if charge["_charged_back"]:
        raise errors.refused(
            f"Charge {charge['id']} has been charged back; cannot issue a refund.",
            "charge_disputed",
        )
    if left <= 0:
        raise errors.refused(
            f"Charge {charge['id']} has already been refunded.", "charge_already_refunded"
        )
    amount = asked or left
    if amount > left:
        raise errors.refused(
            f"Refund amount (${amount / 100:.2f}) is greater than unrefunded amount on charge "
            f"(${left / 100:.2f})",
            param="amount",
        )
    return make(call.world, book, charge, amount, reason=reason, metadata=metadata)


def _charge(call: Call) -> Obj:
    if name := call.params.text("charge"):
        return call.book.get("charge", name)
    if name := call.params.text("payment_intent"):
        intent = call.book.get("payment_intent", name)
        if intent["status"] not in ("succeeded", "processing") or not intent["latest_charge"]:
            raise errors.refused(
                f"This PaymentIntent ({name}) does not have a successful charge to refund.",
                param="payment_intent",
            )
        return call.book.get("charge", intent["latest_charge"])
    raise errors.invalid(
        "One of the following params should be provided for this request: payment_intent or charge."
    )


def make(
    world: World,
    book: Book,
    charge: Obj,
    amount: int,
    *,
    reason: str | None = None,
    metadata: dict[str, str] | None = None,
) -> Obj:
    card: Card | None = charge["_card"]
    way = card.refund if card else "at_once"
    bank = charge["payment_method_details"]["type"] != "card"
    refund: Obj = {
        "id": new_id("pyr" if bank else "re"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": world.clock.now(),
        "currency": charge["currency"],
        "destination_details": {
            "type": "us_bank_transfer",
            "us_bank_transfer": {"reference": None, "reference_status": "pending"},
        }
        if bank
        else {
            "card": {
                "reference_status": "pending",
                "reference_type": "acquirer_reference_number",
                "type": "refund",
            },
            "type": "card",
        },
        "customer": charge["customer"],
        "customer_account": None,
        "description": None,
        "instructions_email": None,
        "metadata": metadata or {},
        "next_action": None,
        "payment_intent": charge["payment_intent"],
        "payment_method": charge["payment_method"],
        "reason": reason,
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "pending" if way == "succeeds_later" else "succeeded",
        "transfer_reversal": None,
    }
    if way == "succeeds_later":
        refund["pending_reason"] = "processing"
    book.put(refund)
    moved = balance.move(
        world,
        book,
        "payment_refund" if bank else "refund",
        refund,
        -amount,
        description=f"REFUND FOR {'PAYMENT' if bank else 'CHARGE'}"
        + (f" ({charge['description']})" if charge["description"] else ""),
    )
    refund["balance_transaction"] = moved["id"]
    _recount(book, charge)
    world.emit(book, "refund.created", refund)
    world.emit(book, "charge.refunded", charge)
    if way == "succeeds_later":
        world.clock.after(world.timing.refund, lambda: succeed(world, book, refund))
    elif way == "fails_later":
        world.clock.after(world.timing.refund, lambda: fail(world, book, refund))
    return refund


def _recount(book: Book, charge: Obj) -> None:
    """What of the charge is refunded, by the refunds that stand."""
    standing = [
        each["amount"]
        for each in book.of("refund")
        if each["charge"] == charge["id"]
        and each["status"] in ("pending", "succeeded", "requires_action")
    ]
    charge["amount_refunded"] = sum(standing)
    charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]


def _told(world: World, book: Book, refund: Obj, previous: Obj) -> None:
    world.emit(book, "refund.updated", refund, previous)
    world.emit(book, "charge.refund.updated", refund, previous)


def succeed(world: World, book: Book, refund: Obj) -> None:
    if refund["status"] != "pending":
        return
    previous = changed(refund, {"status": "succeeded"})
    refund.pop("pending_reason", None)
    _told(world, book, refund, previous)


def fail(world: World, book: Book, refund: Obj, reason: str = "expired_or_canceled_card") -> None:
    """The money comes back to the account: one more balance transaction."""
    if refund["status"] not in ("pending", "succeeded", "requires_action"):
        return
    previous = changed(refund, {"status": "failed", "failure_reason": reason})
    refund.pop("pending_reason", None)
    _give_back(world, book, refund)
    _told(world, book, refund, previous)
    world.emit(book, "refund.failed", refund)


def _give_back(world: World, book: Book, refund: Obj) -> None:
    moved = balance.move(
        world,
        book,
        "refund_failure",
        refund,
        refund["amount"],
        description="REFUND FAILURE",
    )
    refund["failure_balance_transaction"] = moved["id"]
    _recount(book, book.get("charge", refund["charge"]))


@route("GET", "/v1/refunds", f"{LISTED} charge payment_intent")
def everyone(call: Call) -> Obj:
    rows = matching(call.book.of("refund"), call.params, "charge", "payment_intent")
    return page(call.params, rows, "/v1/refunds")


@route("GET", "/v1/charges/{id}/refunds", LISTED)
def of_charge(call: Call) -> Obj:
    call.book.get("charge", call.id)
    rows = [row for row in call.book.of("refund") if row["charge"] == call.id]
    return page(call.params, rows, f"/v1/charges/{call.id}/refunds")


@route("GET", "/v1/refunds/{id}")
def one(call: Call) -> Obj:
    return call.book.get("refund", call.id)


@route("POST", "/v1/refunds/{id}", "metadata")
def update(call: Call) -> Obj:
    refund = call.book.get("refund", call.id)
    updates: dict[str, Any] = {"metadata": call.params.metadata(refund["metadata"])}
    _told(call.world, call.book, refund, changed(refund, updates))
    return refund


@route("POST", "/v1/refunds/{id}/cancel")
def cancel(call: Call) -> Obj:
    """Stripe allows this only while a refund waits for the patient (requires_action)."""
    refund = call.book.get("refund", call.id)
    if refund["status"] != "requires_action":
        raise errors.refused(
            "Canceling this refund is unsupported.",
        )
    previous = changed(refund, {"status": "canceled"})
    _give_back(call.world, call.book, refund)
    _told(call.world, call.book, refund, previous)
    return refund
