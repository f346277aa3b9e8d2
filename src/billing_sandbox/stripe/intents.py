"""Payment intents: from wish to money, with authentication, declines and slow bank debits between."""

from typing import Any

from billing_sandbox.stripe import charges, disputes, errors, methods
from billing_sandbox.stripe.cards import (
    AUTHENTICATION,
    AUTHENTICATION_FAILED,
    BankAccount,
    Card,
    Decline,
)
from billing_sandbox.stripe.forms import Params
from billing_sandbox.stripe.listing import matching, page
from billing_sandbox.stripe.routing import LISTED, Call, changed, route
from billing_sandbox.stripe.store import Book, Obj, World, new_id, public

_CONFIRMABLE = ("requires_payment_method", "requires_confirmation", "requires_action")
_CANCELABLE = (*_CONFIRMABLE, "requires_capture")
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


# -- confirming


def confirm(
    world: World,
    book: Book,
    intent: Obj,
    method: Obj,
    *,
    off_session: bool = False,
    return_url: str | None = None,
    refuse_action: bool = False,
) -> Obj:
    """Try to take the money with this method. A decline is raised after it has been written down."""
    if intent["status"] not in _CONFIRMABLE:
        raise errors.refused(
            "This PaymentIntent's payment_method could not be updated or confirmed because it has a "
            f"status of {intent['status']}.",
            "payment_intent_unexpected_state",
            payment_intent=public(intent),
        )
    if method["customer"] is None and method["_detached"]:
        raise errors.refused(
            "This PaymentMethod was previously used without being attached to a Customer or was "
            "detached from a Customer, and may not be used again.",
            param="payment_method",
        )
    if method["_used"] and method["customer"] is None:
        raise errors.refused(
            "The provided PaymentMethod was previously used with a PaymentIntent without Customer "
            "attachment, shared with a connected account without Customer attachment, or was detached "
            "from a Customer. It may not be used again. To use a PaymentMethod multiple times, you "
            "must attach it to a Customer first.",
            param="payment_method",
        )
    if method["customer"] and method["customer"] != intent["customer"]:
        raise errors.refused(
            f"The provided PaymentMethod cannot be attached or used: it belongs to the Customer "
            f"{method['customer']}. Please include the Customer in the `customer` parameter on the "
            "PaymentIntent.",
            param="payment_method",
        )
    if method["type"] not in intent["payment_method_types"]:
        raise errors.refused(
            f"The PaymentMethod provided ({method['type']}) is not allowed for this PaymentIntent.",
            param="payment_method",
        )
    intent.update(payment_method=method["id"], last_payment_error=None, _off_session=off_session)
    card: Card | None = method.get("_card")
    if card and _must_authenticate(card, method, off_session=off_session):
        if off_session or refuse_action:
            return _fail(world, book, intent, method, AUTHENTICATION)
        intent.update(
            status="requires_action", next_action=_redirect(world, book, intent, return_url)
        )
        world.emit(book, "payment_intent.requires_action", intent)
        return intent
    return take(world, book, intent, method)


def _must_authenticate(card: Card, method: Obj, *, off_session: bool) -> bool:
    match card.authentication:
        case "always":
            return True
        case "unless_set_up":
            return not (off_session and method["_set_up"])
        case "on_session":
            return not off_session
        case _:
            return False


def _redirect(world: World, book: Book, intent: Obj, return_url: str | None) -> Obj:
    if return_url is None:
        return {
            "type": "use_stripe_sdk",
            "use_stripe_sdk": {
                "type": "three_d_secure_redirect",
                "stripe_js": page_of_3ds(world, book, intent),
                "source": new_id("src"),
            },
        }
    intent["_return_url"] = return_url
    return {
        "redirect_to_url": {"return_url": return_url, "url": page_of_3ds(world, book, intent)},
        "type": "redirect_to_url",
    }


def page_of_3ds(world: World, book: Book, intent: Obj) -> str:
    return f"{world.url}/3ds/{book.account_id}/{intent['id']}"


def authenticated(world: World, book: Book, intent: Obj, *, passed: bool) -> Obj:
    """The patient is back from his bank."""
    if intent["status"] != "requires_action":
        return intent
    method = book.get("payment_method", intent["payment_method"])
    intent["next_action"] = None
    if passed:
        return take(world, book, intent, method, was_authenticated=True)
    return _fail(world, book, intent, method, AUTHENTICATION_FAILED, charge=False)


def take(
    world: World, book: Book, intent: Obj, method: Obj, *, was_authenticated: bool = False
) -> Obj:
    card: Card | None = method.get("_card")
    bank: BankAccount | None = method.get("_bank")
    if card and card.decline:
        return _fail(world, book, intent, method, card.decline)
    if card and _expired(world, method):
        from billing_sandbox.stripe.cards import EXPIRED

        return _fail(world, book, intent, method, EXPIRED)
    method["_used"] = True
    _keep(world, book, intent, method)
    manual = intent["capture_method"] == "manual"
    charge = charges.make(
        world,
        book,
        intent,
        method,
        decline=None,
        pending=bank is not None,
        captured=not manual or bank is not None,
        authenticated=was_authenticated,
        mandate=intent["_mandate"],
    )
    intent["latest_charge"] = charge["id"]
    if bank is not None:
        intent.update(status="processing", next_action=None)
        world.emit(book, "charge.pending", charge)
        world.emit(book, "payment_intent.processing", intent)
        if not bank.stays:
            world.clock.after(world.timing.bank_debit, lambda: settle_debit(world, book, intent))
        return intent
    if manual:
        intent.update(
            status="requires_capture", next_action=None, amount_capturable=intent["amount"]
        )
        world.emit(book, "charge.succeeded", charge)
        world.emit(book, "payment_intent.amount_capturable_updated", intent)
        return intent
    return _paid(world, book, intent, charge)


def _paid(world: World, book: Book, intent: Obj, charge: Obj) -> Obj:
    intent.update(
        status="succeeded",
        next_action=None,
        amount_received=charge["amount_captured"],
        amount_capturable=0,
    )
    # Captured asynchronously, as by default: who is told of the charge does not see its balance
    # transaction yet; `charge.updated` brings it.
    later = intent["capture_method"] == "automatic_async"
    if not later:
        charges.take_money(world, book, charge)
    world.emit(book, "charge.succeeded", charge)
    if later:
        charges.take_money(world, book, charge)
    disputes.as_the_number_says(world, book, charge)
    world.emit(book, "payment_intent.succeeded", intent)
    if later:
        world.emit(book, "charge.updated", charge, {"balance_transaction": None})
    return intent


def _expired(world: World, method: Obj) -> bool:
    from datetime import UTC, datetime

    today = datetime.fromtimestamp(world.clock.now(), UTC)
    card = method["card"]
    return bool((card["exp_year"], card["exp_month"]) < (today.year, today.month))


def _keep(world: World, book: Book, intent: Obj, method: Obj) -> None:
    """With `setup_future_usage` the method stays with the customer."""
    if not intent["setup_future_usage"] or not intent["customer"]:
        return
    if intent["setup_future_usage"] == "off_session":
        method["_set_up"] = True
    if method["customer"] is None:
        method["customer"] = intent["customer"]
        world.emit(book, "payment_method.attached", method)


def _fail(
    world: World, book: Book, intent: Obj, method: Obj, decline: Decline, *, charge: bool = True
) -> Obj:
    made = None
    if charge:
        made = charges.make(world, book, intent, method, decline=decline)
        intent["latest_charge"] = made["id"]
    error = methods.declined(decline, method=method, charge=made and made["id"])
    intent.update(
        status="requires_payment_method",
        next_action=None,
        payment_method=None,
        last_payment_error=dict(error.said),
    )
    if made:
        world.emit(book, "charge.failed", made)
    world.emit(book, "payment_intent.payment_failed", intent)
    error.said["payment_intent"] = public(intent)
    raise error


def settle_debit(world: World, book: Book, intent: Obj, *, failed: bool | None = None) -> None:
    """The bank has answered: as its number says, or as `failed` says."""
    if intent["status"] != "processing":
        return
    charge = book.get("charge", intent["latest_charge"])
    method = book.get("payment_method", intent["payment_method"])
    bank: BankAccount = charge["_bank"]
    goes_wrong = bank.failure_code is not None if failed is None else failed
    if not goes_wrong:
        charge.update(
            status="succeeded", paid=True, captured=True, amount_captured=charge["amount"]
        )
        _paid(world, book, intent, charge)
        if bank.dispute:
            disputes.open_one(world, book, charge, reason="debit_not_authorized")
    else:
        message = (
            bank.message or "The customer's account has insufficient funds to cover this payment."
        )
        code = bank.failure_code or "insufficient_funds"
        charge.update(
            status="failed", paid=False, captured=False, failure_code=code, failure_message=message
        )
        charge["outcome"] |= {
            "network_status": "declined_by_network",
            "reason": code,
            "type": "issuer_declined",
        }
        error = errors.StripeError(
            message,
            kind="invalid_request_error",
            code="payment_intent_payment_attempt_failed",
            charge=charge["id"],
            decline_code=code,
            payment_method=public(method),
        )
        intent.update(
            status="requires_payment_method", payment_method=None, last_payment_error=error.said
        )
        world.emit(book, "charge.failed", charge)
        world.emit(book, "payment_intent.payment_failed", intent)
    for told in world.watchers:
        told(book, intent)


# -- the API


_WRITTEN = (
    "amount currency customer description metadata payment_method payment_method_types receipt_email "
    "setup_future_usage shipping statement_descriptor statement_descriptor_suffix transfer_group "
    "application_fee_amount automatic_payment_methods payment_method_options payment_method_data "
    "capture_method"
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
    if "payment_method_types" in params:
        updates["payment_method_types"] = kinds_of(params)
    if "automatic_payment_methods" in params:
        given = params.inner("automatic_payment_methods")
        enabled = given.flag("enabled")
        updates["automatic_payment_methods"] = {
            "allow_redirects": given.one_of("allow_redirects", ("always", "never"), "always"),
            "enabled": enabled,
        }
        if enabled:
            updates["payment_method_types"] = ["card", "us_bank_account"]
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


def kinds_of(params: Params) -> list[str]:
    kinds = params.texts("payment_method_types")
    for kind in kinds:
        if kind not in methods.KINDS:
            raise errors.invalid(
                f"The payment method type provided: {kind} is invalid (the sandbox has "
                f"{', '.join(methods.KINDS)}).",
                "payment_method_types",
            )
    return kinds


def _method(call: Call, intent: Obj) -> Obj | None:
    if name := call.params.text("payment_method"):
        return methods.named(call.world, call.book, name)
    if "payment_method_data" in call.params:
        return methods.from_data(call.world, call.book, call.params.inner("payment_method_data"))
    if intent["payment_method"]:
        return call.book.get("payment_method", intent["payment_method"])
    return None


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
    return confirm(
        call.world,
        call.book,
        intent,
        method,
        off_session=said in ("true", "one_off", "recurring"),
        return_url=call.params.text("return_url"),
        refuse_action=call.params.flag("error_on_requires_action"),
    )


@route("POST", "/v1/payment_intents", f"{_WRITTEN} {_CONFIRMED} confirm confirmation_method")
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
    f"payment_method_options payment_method_types {_CONFIRMED} client_secret",
)
def confirm_it(call: Call) -> Obj:
    intent = call.book.get("payment_intent", call.id, "intent")
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
