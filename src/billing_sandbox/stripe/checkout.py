"""Checkout sessions: what the hosted page is about, and what became of it."""

import copy
from typing import Any

from billing_sandbox.stripe import catalogue, errors, intents, methods, paying, setups, ways
from billing_sandbox.stripe.forms import Params
from billing_sandbox.stripe.listing import left_out, matching, page
from billing_sandbox.stripe.routing import LISTED, PAGED, Call, route
from billing_sandbox.stripe.store import Book, Obj, new_id, public

_LIVES = 24 * 3600
_LIVES_LEAST = 30 * 60
_LEAST = 50
INTENT = [
    "description",
    "metadata",
    "application_fee_amount",
    "setup_future_usage",
    "capture_method",
    "receipt_email",
    "statement_descriptor",
    "statement_descriptor_suffix",
    "transfer_group",
    "shipping",
]
_ACCEPTED = (
    "mode success_url cancel_url line_items customer customer_email customer_creation "
    "client_reference_id metadata payment_intent_data setup_intent_data "
    "expires_at locale submit_type currency billing_address_collection phone_number_collection "
    "payment_method_options saved_payment_method_options custom_text consent_collection ui_mode "
    "allow_promotion_codes branding_settings name_collection wallet_options payment_method_collection "
    f"adaptive_pricing {ways.ACCEPTED}"
)


# What a session of this sandbox never has anything in.
_NEVER: Obj = {
    "after_expiration": None,
    "allow_promotion_codes": None,
    "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
    "client_secret": None,
    "collected_information": None,
    "consent": None,
    "currency_conversion": None,
    "custom_fields": [],
    "customer_account": None,
    "customer_details": None,
    "discounts": [],
    "invoice": None,
    "livemode": False,
    "origin_context": None,
    "payment_link": None,
    "payment_method_configuration_details": None,
    "permissions": None,
    "recovered_from": None,
    "saved_payment_method_options": None,
    "shipping_address_collection": None,
    "shipping_cost": None,
    "shipping_options": [],
    "subscription": None,
    "ui_mode": "hosted_page",
    "wallet_options": None,
}
_NO_INVOICE: Obj = {
    "enabled": False,
    "invoice_data": {
        "account_tax_ids": None,
        "custom_fields": None,
        "description": None,
        "footer": None,
        "issuer": None,
        "metadata": {},
        "rendering_options": None,
    },
}
_BESIDE = ("after_submit", "shipping_address", "submit", "terms_of_service_acceptance")


@route("POST", "/v1/checkout/sessions", _ACCEPTED)
def create(call: Call) -> Obj:
    params, world, book = call.params, call.world, call.book
    mode = _mode(params)
    intents.check_enabled(world, book)
    success = params.need("success_url")
    expires = _expires(call)
    customer = _customer(call)
    data = params.inner("payment_intent_data")
    data.only(INTENT)
    kinds = ways.chosen(call)
    lines = _lines_of(call) if mode == "payment" else []
    if mode == "setup":
        _check_setup(params, kinds)
    name = new_id("cs_test", 58)
    text = params.inner("custom_text")
    session: Obj = copy.deepcopy(_NEVER) | {
        "id": name,
        "object": "checkout.session",
        "billing_address_collection": params.one_of(
            "billing_address_collection", ("auto", "required")
        ),
        "cancel_url": params.text("cancel_url"),
        "client_reference_id": params.text("client_reference_id"),
        "consent_collection": params.inner("consent_collection").values or None,
        "created": call.now,
        "custom_text": {part: text.inner(part).values or None for part in _BESIDE},
        "customer": customer,
        "customer_creation": _creation(params, mode, customer),
        "customer_email": params.text("customer_email"),
        "expires_at": expires,
        "locale": params.text("locale"),
        "metadata": params.metadata(),
        "mode": mode,
        # Made when the page is paid, as since 2022-08-01.
        "payment_intent": None,
        "payment_method_options": params.inner("payment_method_options").values
        or {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": kinds or list(book.offers),
        "phone_number_collection": {
            "enabled": params.inner("phone_number_collection").flag("enabled")
        },
        "setup_intent": None,
        "status": "open",
        "submit_type": params.one_of("submit_type", ("auto", "book", "donate", "pay")),
        "success_url": success,
        "url": f"{world.url}/c/pay/{book.account_id}/{name}",
        "_lines": lines,
        "_intent": _intent_of(data),
    }
    session |= _to_be_paid(lines) if lines else _to_be_kept(params)
    book.put(session)
    if mode == "setup":
        session["setup_intent"] = _setup_of(call, session, params.inner("setup_intent_data"))["id"]
    world.clock.after(expires - call.now, lambda: paying.lapse(world, book, session))
    return session


def _to_be_paid(lines: list[Obj]) -> Obj:
    total = sum(line["amount_total"] for line in lines)
    return {
        "adaptive_pricing": {"enabled": False},
        "amount_subtotal": total,
        "amount_total": total,
        "currency": lines[0]["currency"],
        "invoice_creation": copy.deepcopy(_NO_INVOICE),
        "payment_method_collection": "if_required",
        "payment_status": "unpaid",
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
    }


def _to_be_kept(params: Params) -> Obj:
    return {
        "adaptive_pricing": None,
        "amount_subtotal": None,
        "amount_total": None,
        "currency": params.text("currency"),
        "invoice_creation": None,
        "payment_method_collection": "always",
        "payment_status": "no_payment_required",
        "total_details": None,
    }


def _mode(params: Params) -> str:
    mode = params.one_of("mode", ("payment", "setup", "subscription"))
    if mode is None:
        raise errors.missing("mode")
    if mode == "subscription":
        raise errors.refused("The sandbox has no subscriptions.", param="mode")
    pages = ("hosted", "hosted_page", "embedded_page", "form", "elements")
    if params.one_of("ui_mode", pages, "hosted_page") not in ("hosted", "hosted_page"):
        raise errors.refused("The sandbox has the hosted page only.", param="ui_mode")
    return mode


def _expires(call: Call) -> int:
    expires = call.params.whole("expires_at")
    if expires is None:
        return call.now + _LIVES
    if not _LIVES_LEAST - 60 <= expires - call.now <= _LIVES + 60:
        raise errors.invalid(
            "The `expires_at` timestamp must be between 30 minutes and 24 hours from Checkout Session "
            "creation.",
            "expires_at",
        )
    return expires


def _lines_of(call: Call) -> list[Obj]:
    if "setup_intent_data" in call.params:
        raise errors.invalid(
            "You can not pass `setup_intent_data` in `payment` mode.", "setup_intent_data"
        )
    given = call.params.inners("line_items")
    if not given:
        raise errors.invalid(
            "You must provide line_items in payment mode.", "line_items", "parameter_missing"
        )
    lines = [catalogue.line(call.world, call.book, each) for each in given]
    currencies = {line["currency"] for line in lines}
    if len(currencies) > 1:
        raise errors.invalid("All prices of a session are in one currency.", "line_items")
    if currencies == {"usd"} and sum(line["amount_total"] for line in lines) < _LEAST:
        raise errors.refused(
            "The Checkout Session's total amount due must add up to at least $0.50 usd",
            "amount_too_small",
        )
    return lines


def _check_setup(params: Params, kinds: list[str] | None) -> None:
    if "line_items" in params or "payment_intent_data" in params:
        raise errors.invalid("You can not pass line items in `setup` mode.", "line_items")
    if not kinds and not params.text("currency"):
        raise errors.invalid(
            "You must provide `currency` or `allowed_payment_method_types` in `setup` mode.",
            "currency",
        )


def _creation(params: Params, mode: str, customer: str | None) -> str | None:
    """Whether the page makes a customer of who pays; in setup mode only when it is asked for."""
    chosen = params.one_of("customer_creation", ("always", "if_required"))
    if customer and chosen:
        raise errors.invalid(
            "You may only specify one of these parameters: customer, customer_creation.",
            "customer_creation",
        )
    return None if customer else chosen or ("if_required" if mode == "payment" else None)


def _customer(call: Call) -> str | None:
    params = call.params
    name = params.text("customer")
    if name is None:
        return None
    if "customer_email" in params:
        raise errors.invalid(
            "You may only specify one of these parameters: customer, customer_email.", "customer"
        )
    return str(call.book.get("customer", name, "customer", in_path=False)["id"])


def _intent_of(data: Params) -> Obj:
    known: Obj = {"metadata": data.metadata()}
    for name in (
        "description",
        "receipt_email",
        "statement_descriptor",
        "statement_descriptor_suffix",
        "transfer_group",
    ):
        known[name] = data.text(name)
    known["application_fee_amount"] = data.whole("application_fee_amount")
    known["setup_future_usage"] = data.one_of("setup_future_usage", ("off_session", "on_session"))
    if method := data.one_of("capture_method", ("automatic", "automatic_async", "manual")):
        known["capture_method"] = method
    known["shipping"] = data.inner("shipping").values or None
    return known


def _setup_of(call: Call, session: Obj, data: Params) -> Obj:
    data.only(("description", "metadata"))
    setup = setups.make(
        call.world,
        call.book,
        customer=session["customer"],
        description=data.text("description"),
        metadata=data.metadata(),
        payment_method_types=session["payment_method_types"],
    )
    call.emit("setup_intent.created", setup)
    return setup


@left_out("checkout.session", "line_items")
def _lines(_: Book, session: Obj) -> Any:
    return {
        "object": "list",
        "data": session["_lines"],
        "has_more": False,
        "url": f"/v1/checkout/sessions/{session['id']}/line_items",
    }


@route("GET", "/v1/checkout/sessions", f"{LISTED} customer payment_intent status customer_details")
def everyone(call: Call) -> Obj:
    rows = matching(
        call.book.of("checkout.session"), call.params, "customer", "payment_intent", "status"
    )
    if "customer_details" in call.params:
        email = call.params.inner("customer_details").need("email")
        rows = [row for row in rows if (row["customer_details"] or {}).get("email") == email]
    return page(call.params, rows, "/v1/checkout/sessions")


@route("GET", "/v1/checkout/sessions/{id}")
def one(call: Call) -> Obj:
    return call.book.get("checkout.session", call.id, "session")


@route("POST", "/v1/checkout/sessions/{id}", "metadata")
def update(call: Call) -> Obj:
    session = call.book.get("checkout.session", call.id, "session")
    session["metadata"] = call.params.metadata(session["metadata"])
    return session


@route("GET", "/v1/checkout/sessions/{id}/line_items", PAGED)
def lines(call: Call) -> Obj:
    session = call.book.get("checkout.session", call.id, "session")
    return page(call.params, session["_lines"], f"/v1/checkout/sessions/{call.id}/line_items")


@route("POST", "/v1/checkout/sessions/{id}/expire")
def expire(call: Call) -> Obj:
    session = call.book.get("checkout.session", call.id, "session")
    if session["status"] != "open":
        raise errors.refused(
            'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session '
            f"has a status of `{session['status']}`."
        )
    paying.lapse(call.world, call.book, session)
    return session


# What Stripe's own page calls, and `stripe trigger` calls in its place.


@route("GET", "/v1/payment_pages/{id}", "key")
def payment_page(call: Call) -> Obj:
    session = call.book.get("checkout.session", call.id, "session")
    shown: Obj = public(session)
    return shown | {"session_id": session["id"]}


@route("POST", "/v1/payment_pages/{id}/confirm", "payment_method expected_amount key")
def confirm_page(call: Call) -> Obj:
    session = call.book.get("checkout.session", call.id, "session")
    expected = call.params.whole("expected_amount")
    if expected is not None and expected != session["amount_total"]:
        raise errors.refused("The amount has changed.", param="expected_amount")
    method = methods.named(call.world, call.book, call.params.need("payment_method"))
    paying.pay(call.world, call.book, session, method)
    return session
