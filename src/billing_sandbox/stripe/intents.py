"""Payment intents: the wish to be paid, as the API makes, changes, confirms and cancels it."""

from typing import Any

from billing_sandbox.stripe import charges, confirming, errors, methods, ways
from billing_sandbox.stripe.confirming import CONFIRMABLE
from billing_sandbox.stripe.listing import matching, page
from billing_sandbox.stripe.routing import LISTED, Call, changed, route
from billing_sandbox.stripe.store import Book, Obj, World, new_id, public

_CANCELABLE = (*CONFIRMABLE, "requires_capture")
_MOST = 99_999_999
_LEAST = 50


def make(world: World, book: Book, amount: int, currency: str, **known: Any) -> Obj:
    check_enabled(world, book)
    if amount < 1:
        raise errors.at_least_one("amount")
    if amount > _MOST:
        raise errors.invalid(
            "Amount must be no more than $999,999.99", "amount", "amount_too_large"
        )
    if currency == "usd" and amount < _LEAST:
        raise errors.invalid("Amount must be at least $0.50 usd", "amount", "amount_too_small")
    name = new_id("pi")
    intent: Obj = {
        "id": name,
        "object": "payment_intent",
        "amount": amount,
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "application": None,
        "application_fee_amount": None,
        "automatic_payment_methods": None,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": "automatic_async",
        "client_secret": f"{name}_secret_{new_id('x')[2:]}",
        "confirmation_method": "automatic",
        "created": world.clock.now(),
        "currency": currency,
        "customer": None,
        "customer_account": None,
        "description": None,
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "metadata": {},
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_configuration_details": None,
        "payment_method_options": {
            "card": {
                "installments": None,
                "mandate_options": None,
                "network": None,
                "request_three_d_secure": "automatic",
            }
        },
        "payment_method_types": ["card"],
        "processing": None,
        "receipt_email": None,
        "review": None,
        "setup_future_usage": None,
        "shipping": None,
        "source": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": "requires_payment_method",
        "transfer_data": None,
        "transfer_group": None,
        "_off_session": False,
        "_mandate": None,
    }
    return book.put(intent | known)


def check_enabled(world: World, book: Book) -> None:
    """Stripe's test mode lets some accounts charge before they are through; the sandbox lets none."""
    account = world.account(book)
    if account is not None and not account["charges_enabled"]:
        raise errors.refused("Your account cannot currently make live charges.")


_WRITTEN = (
    "amount currency customer description metadata payment_method receipt_email "
    "setup_future_usage shipping statement_descriptor statement_descriptor_suffix transfer_group "
    "application_fee_amount payment_method_options payment_method_data "
    f"capture_method {ways.ACCEPTED}"
)
_CONFIRMED = "off_session return_url error_on_requires_action mandate_data mandate use_stripe_sdk"


def _written(call: Call, before: Obj) -> dict[str, Any]:
    params = call.params
    updates: dict[str, Any] = {"metadata": params.metadata(before["metadata"])}
    for name in (
        "description",
        "receipt_email",
        "statement_descriptor",
        "statement_descriptor_suffix",
        "transfer_group",
    ):
        if name in params:
            updates[name] = params.text(name)
    if "application_fee_amount" in params:
        updates["application_fee_amount"] = params.whole("application_fee_amount")
        if call.book is call.world.platform:
            raise errors.refused(
                "Can only apply an application_fee_amount when the PaymentIntent is attempting a "
                "direct payment (using an OAuth key or Stripe-Account header) or destination payment.",
                param="application_fee_amount",
            )
    if buyer := params.text("customer"):
        updates["customer"] = call.book.get("customer", buyer, "customer", in_path=False)["id"]
    if kinds := ways.chosen(call):
        updates |= {"payment_method_types": kinds, "automatic_payment_methods": None}
    if "automatic_payment_methods" in params:
        given = params.inner("automatic_payment_methods")
        enabled = given.flag("enabled")
        updates["automatic_payment_methods"] = {
            "allow_redirects": given.one_of("allow_redirects", ("always", "never"), "always"),
            "enabled": enabled,
        }
        if enabled:
            updates["payment_method_types"] = list(call.book.offers)
    if "shipping" in params:
        updates["shipping"] = params.inner("shipping").values or None
    if "setup_future_usage" in params:
        updates["setup_future_usage"] = params.one_of(
            "setup_future_usage", ("off_session", "on_session")
        )
    if "capture_method" in params:
        updates["capture_method"] = params.one_of(
            "capture_method", ("automatic", "automatic_async", "manual")
        )
    if "payment_method_options" in params:
        given_options = params.inner("payment_method_options").values
        updates["payment_method_options"] = before["payment_method_options"] | given_options
    return updates


def _method(call: Call, intent: Obj) -> Obj | None:
    if name := call.params.text("payment_method"):
        return methods.named(call.world, call.book, name)
    if "payment_method_data" in call.params:
        return methods.from_data(call.world, call.book, call.params.inner("payment_method_data"))
    if intent["payment_method"]:
        return call.book.get("payment_method", intent["payment_method"])
    return None


def _check_return_url(call: Call, intent: Obj) -> None:
    """Any way that the dashboard may switch on might lead away from the page, and must lead back."""
    automatic = intent["automatic_payment_methods"] or {}
    leads_away = automatic.get("allow_redirects") == "always" and "off_session" not in call.params
    if leads_away and ways.dynamic(call) and "return_url" not in call.params:
        raise errors.invalid(
            "This PaymentIntent is configured to accept payment methods enabled in your Dashboard. "
            "Because some of these payment methods might redirect your customer off of your page, you "
            "must provide a `return_url`. If you don't want to accept redirect-based payment methods, "
            "set `automatic_payment_methods[enabled]` to `true` and "
            "`automatic_payment_methods[allow_redirects]` to `never` when creating Setup Intents and "
            "Payment Intents.",
            "return_url",
        )


def _confirmed(call: Call, intent: Obj) -> Obj:
    method = _method(call, intent)
    if method is None:
        raise errors.refused(
            "You cannot confirm this PaymentIntent because it's missing a payment method. You can "
            "either update the PaymentIntent with a payment method and then confirm it again, or "
            "confirm it again directly with a payment method or ConfirmationToken.",
            "payment_intent_unexpected_state",
            payment_intent=public(intent),
        )
    said = call.params.text("off_session")
    if agreed := call.params.text("mandate"):
        intent["_mandate"] = call.book.get("mandate", agreed, "mandate", in_path=False)["id"]
    return confirming.confirm(
        call.world,
        call.book,
        intent,
        method,
        off_session=said in ("true", "one_off", "recurring"),
        return_url=call.params.text("return_url"),
        refuse_action=call.params.flag("error_on_requires_action"),
    )


@route(
    "POST",
    "/v1/payment_intents",
    f"{_WRITTEN} {_CONFIRMED} confirm confirmation_method automatic_payment_methods",
)
def create(call: Call) -> Obj:
    params = call.params
    amount, currency = params.amount(), params.need("currency").lower()
    confirms = params.flag("confirm")
    if "off_session" in params and not confirms:
        raise errors.invalid(
            "You can't set off_session on a PaymentIntent without confirming it.", "off_session"
        )
    draft: Obj = {"metadata": {}, "payment_method_options": {}}
    written = _written(call, draft)
    written.pop("payment_method_options", None)
    if "payment_method_types" not in written:
        written["payment_method_types"] = ways.offered(call)
        if ways.dynamic(call):
            written["automatic_payment_methods"] = {"allow_redirects": "always", "enabled": True}
    if confirms:
        _check_return_url(call, {"automatic_payment_methods": None} | written)
    intent = make(call.world, call.book, amount, currency, **written)
    if params.text("confirmation_method") == "manual":
        intent["confirmation_method"] = "manual"
    if name := params.text("payment_method"):
        method = methods.named(call.world, call.book, name)
        intent.update(payment_method=method["id"], status="requires_confirmation")
    call.emit("payment_intent.created", intent)
    return _confirmed(call, intent) if confirms else intent


@route("GET", "/v1/payment_intents", f"{LISTED} customer")
def everyone(call: Call) -> Obj:
    rows = matching(call.book.of("payment_intent"), call.params, "customer")
    return page(call.params, rows, "/v1/payment_intents")


@route("GET", "/v1/payment_intents/{id}", "client_secret")
def one(call: Call) -> Obj:
    return call.book.get("payment_intent", call.id, "intent")


@route("POST", "/v1/payment_intents/{id}", _WRITTEN)
def update(call: Call) -> Obj:
    intent = call.book.get("payment_intent", call.id, "intent")
    if intent["status"] in ("succeeded", "canceled", "processing") and (
        set(call.params.values) - {"description", "metadata", "receipt_email", "expand"}
    ):
        raise errors.refused(
            f"This PaymentIntent could not be updated because it has a status of {intent['status']}.",
            "payment_intent_unexpected_state",
            payment_intent=public(intent),
        )
    updates = _written(call, intent)
    if "amount" in call.params:
        updates["amount"] = call.params.amount()
    if call.params.text("payment_method"):
        method = _method(call, intent)
        updates |= {"payment_method": method and method["id"], "status": "requires_confirmation"}
    changed(intent, updates)
    return intent


@route(
    "POST",
    "/v1/payment_intents/{id}/confirm",
    f"payment_method payment_method_data receipt_email setup_future_usage shipping "
    f"payment_method_options {ways.ACCEPTED} {_CONFIRMED}",
)
def confirm_it(call: Call) -> Obj:
    intent = call.book.get("payment_intent", call.id, "intent")
    if intent["status"] in CONFIRMABLE:
        _check_return_url(call, intent)
    changed(intent, _written(call, intent))
    return _confirmed(call, intent)


@route("POST", "/v1/payment_intents/{id}/capture", "amount_to_capture metadata")
def capture(call: Call) -> Obj:
    intent = call.book.get("payment_intent", call.id, "intent")
    if intent["status"] != "requires_capture":
        raise errors.refused(
            "This PaymentIntent could not be captured because it has a status of "
            f"{intent['status']}. Only a PaymentIntent with one of the following statuses may be "
            "captured: requires_capture.",
            "payment_intent_unexpected_state",
            payment_intent=public(intent),
        )
    amount = call.params.whole("amount_to_capture") or intent["amount"]
    if amount > intent["amount_capturable"]:
        raise errors.invalid(
            "The amount to capture is greater than the amount capturable.",
            "amount_to_capture",
            "amount_too_large",
        )
    charge = call.book.get("charge", intent["latest_charge"])
    charges.take_money(call.world, call.book, charge, amount=amount)
    charge["amount_refunded"] = charge["amount"] - amount
    intent.update(status="succeeded", amount_capturable=0, amount_received=amount)
    call.emit("charge.captured", charge)
    call.emit("payment_intent.succeeded", intent)
    return intent


@route("POST", "/v1/payment_intents/{id}/cancel", "cancellation_reason")
def cancel(call: Call) -> Obj:
    intent = call.book.get("payment_intent", call.id, "intent")
    reason = call.params.one_of(
        "cancellation_reason", ("duplicate", "fraudulent", "requested_by_customer", "abandoned")
    )
    if intent["status"] not in _CANCELABLE:
        raise errors.refused(
            f"You cannot cancel this PaymentIntent because it has a status of {intent['status']}. Only "
            "a PaymentIntent with one of the following statuses may be canceled: "
            f"{', '.join(_CANCELABLE)}.",
            "payment_intent_unexpected_state",
            payment_intent=public(intent),
        )
    intent.update(
        status="canceled",
        canceled_at=call.now,
        cancellation_reason=reason,
        amount_capturable=0,
        next_action=None,
    )
    call.emit("payment_intent.canceled", intent)
    return intent
