"""Charges: one attempt to take money, as a payment intent makes it."""

from typing import Any

from billing_sandbox.stripe import balance, errors, receipts
from billing_sandbox.stripe.cards import Card, Decline
from billing_sandbox.stripe.listing import left_out, matching, page
from billing_sandbox.stripe.routing import LISTED, Call, changed, route
from billing_sandbox.stripe.store import Book, Obj, World, new_id

_APPROVED = {
    "advice_code": None,
    "network_advice_code": None,
    "network_decline_code": None,
    "network_status": "approved_by_network",
    "reason": None,
    "risk_level": "normal",
    "risk_score": 24,
    "seller_message": "Payment complete.",
    "type": "authorized",
}


def _details(method: Obj, amount: int, *, authenticated: bool, mandate: str | None) -> Obj:
    kind = method["type"]
    if kind == "us_bank_account":
        bank = method["us_bank_account"]
        return {
            "type": kind,
            kind: {
                "account_holder_type": bank["account_holder_type"],
                "account_type": bank["account_type"],
                "bank_name": bank["bank_name"],
                "fingerprint": bank["fingerprint"],
                "last4": bank["last4"],
                "mandate": mandate,
                "payment_reference": None,
                "routing_number": bank["routing_number"],
            },
        }
    if kind == "sepa_debit":
        details = {name: each for name, each in method[kind].items() if name != "generated_from"}
        return {"type": kind, kind: details | {"mandate": mandate}}
    card = method["card"]
    shown = {
        name: card[name]
        for name in ("brand", "country", "exp_month", "exp_year", "fingerprint", "funding", "last4")
    }
    return {
        "type": "card",
        "card": shown
        | {
            "amount_authorized": amount,
            "authorization_code": None,
            "checks": dict(card["checks"]) | {"cvc_check": "pass"},
            "extended_authorization": {"status": "disabled"},
            "incremental_authorization": {"status": "unavailable"},
            "installments": None,
            "mandate": mandate,
            "multicapture": {"status": "unavailable"},
            "network": card["brand"],
            "network_token": {"used": False},
            "network_transaction_id": None,
            "overcapture": {"maximum_amount_capturable": amount, "status": "unavailable"},
            "regulated_status": "unregulated",
            "three_d_secure": {
                "authentication_flow": "challenge",
                "electronic_commerce_indicator": "05",
                "exemption_indicator": None,
                "result": "authenticated",
                "result_reason": None,
                "transaction_id": new_id("3ds"),
                "version": "2.2.0",
            }
            if authenticated
            else None,
            "wallet": None,
        },
    }


# What a charge of this sandbox never has.
_NEVER: Obj = {
    "application": None,
    "failure_balance_transaction": None,
    "livemode": False,
    "on_behalf_of": None,
    "review": None,
    "source": None,
    "source_transfer": None,
    "transfer_data": None,
}


def _outcome(decline: Decline | None, card: Card | None) -> Obj:
    outcome = dict(_APPROVED)
    if decline is not None:
        outcome |= {
            "network_status": "not_sent_to_network" if decline.blocked else "declined_by_network",
            "reason": "highest_risk_level" if decline.blocked else decline.decline_code,
            "seller_message": "Stripe blocked this payment as too risky."
            if decline.blocked
            else "The bank did not return any further details with this decline.",
            "type": "blocked" if decline.blocked else "issuer_declined",
            "network_decline_code": None if decline.blocked else "01",
        }
    if card:
        outcome["risk_level"] = card.risk
    return outcome


def make(
    world: World,
    book: Book,
    intent: Obj,
    method: Obj,
    *,
    decline: Decline | None,
    pending: bool = False,
    captured: bool = True,
    authenticated: bool = False,
    mandate: str | None = None,
) -> Obj:
    """The charge of this attempt; `take_money` enters it in the balance."""
    amount = intent["amount"]
    card: Card | None = method.get("_card")
    name = new_id("ch" if method["type"] == "card" else "py")
    paid = decline is None and not pending
    charge: Obj = book.put(
        _NEVER
        | {
            "id": name,
            "object": "charge",
            "amount": amount,
            "amount_captured": amount if paid and captured else 0,
            "amount_refunded": 0,
            "application_fee": None,
            "application_fee_amount": intent["application_fee_amount"],
            "balance_transaction": None,
            "billing_details": method["billing_details"],
            "calculated_statement_descriptor": "SANDBOX",
            "captured": captured and decline is None,
            "created": world.clock.now(),
            "currency": intent["currency"],
            "customer": intent["customer"],
            "description": intent["description"],
            "disputed": False,
            "failure_code": decline.code if decline else None,
            "failure_message": decline.message if decline else None,
            "fraud_details": {},
            "metadata": dict(intent["metadata"]),
            "outcome": _outcome(decline, card),
            "paid": paid,
            "payment_intent": intent["id"],
            "payment_method": method["id"],
            "payment_method_details": _details(
                method, amount, authenticated=authenticated, mandate=mandate
            ),
            "radar_options": {},
            "receipt_email": intent["receipt_email"],
            "receipt_number": None,
            "receipt_url": receipts.url(world, book, name) if decline is None else None,
            "refunded": False,
            "shipping": intent["shipping"],
            "statement_descriptor": intent["statement_descriptor"],
            "statement_descriptor_suffix": intent["statement_descriptor_suffix"],
            "status": "failed" if decline else "pending" if pending else "succeeded",
            "transfer_group": intent["transfer_group"],
            "_dispute": None,
            "_charged_back": False,
            "_card": card,
            "_bank": method.get("_bank"),
        }
    )
    return charge


def take_money(world: World, book: Book, charge: Obj, *, amount: int | None = None) -> None:
    """Enter the charge in the balance, less the fees."""
    amount = charge["amount"] if amount is None else amount
    kind = charge["payment_method_details"]["type"]
    card: Card | None = charge["_card"]
    own = charge["application_fee_amount"] or 0
    moved = balance.move(
        world,
        book,
        "charge" if kind == "card" else "payment",
        charge,
        amount,
        fee=balance.fee_of(amount, kind),
        application_fee=own,
        description=charge["description"],
        at_once=bool(card and card.bypasses_pending),
    )
    charge.update(balance_transaction=moved["id"], amount_captured=amount, captured=True, paid=True)
    if moved["status"] == "available":
        world.emit(book, "balance.available", balance.state(world, book))
    if own:
        charge["application_fee"] = _application_fee(world, book, charge, own)


def _application_fee(world: World, book: Book, charge: Obj, amount: int) -> str:
    """What the platform keeps of a direct charge; it stands in the platform's own book."""
    fee: Obj = world.platform.put(
        {
            "id": new_id("fee"),
            "object": "application_fee",
            "account": book.account_id,
            "amount": amount,
            "amount_refunded": 0,
            "application": new_id("ca"),
            "balance_transaction": None,
            "charge": charge["id"],
            "created": world.clock.now(),
            "currency": charge["currency"],
            "fee_source": {"charge": charge["id"], "type": "charge"},
            "livemode": False,
            "originating_transaction": None,
            "refunded": False,
            "refunds": {
                "object": "list",
                "data": [],
                "has_more": False,
                "url": "/v1/application_fees/refunds",
            },
        }
    )
    moved = balance.move(world, world.platform, "application_fee", fee, amount)
    fee["balance_transaction"] = moved["id"]
    world.emit(world.platform, "application_fee.created", fee)
    return str(fee["id"])


@left_out("charge", "refunds")
def _refunds(book: Book, charge: Obj) -> Any:
    rows = [row for row in book.of("refund") if row["charge"] == charge["id"]]
    url = f"/v1/charges/{charge['id']}/refunds"
    return {"object": "list", "data": rows[:10], "has_more": len(rows) > 10, "url": url}


@route("GET", "/v1/charges", f"{LISTED} customer payment_intent")
def everyone(call: Call) -> Obj:
    rows = matching(call.book.of("charge"), call.params, "customer", "payment_intent")
    return page(call.params, rows, "/v1/charges")


@route("GET", "/v1/application_fees", f"{LISTED} charge")
def application_fees(call: Call) -> Obj:
    rows = matching(call.book.of("application_fee"), call.params, "charge")
    return page(call.params, rows, "/v1/application_fees")


@route("GET", "/v1/application_fees/{id}")
def application_fee(call: Call) -> Obj:
    return call.book.get("application_fee", call.id)


@route("GET", "/v1/charges/{id}")
def one(call: Call) -> Obj:
    return call.book.get("charge", call.id)


@route("POST", "/v1/charges/{id}", "description metadata receipt_email")
def update(call: Call) -> Obj:
    charge = call.book.get("charge", call.id)
    updates: dict[str, Any] = {"metadata": call.params.metadata(charge["metadata"])}
    for name in ("description", "receipt_email"):
        if name in call.params:
            updates[name] = call.params.text(name)
    call.emit("charge.updated", charge, changed(charge, updates))
    return charge


@route("POST", "/v1/charges", "amount currency source customer description metadata capture")
def create(_: Call) -> Obj:
    raise errors.refused(
        "The sandbox takes money by payment intents only; the older Charges API is not there."
    )
