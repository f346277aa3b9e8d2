"""Taking the money of a payment intent: asking the bank, being declined, waiting for a debit."""

from datetime import UTC, datetime

from billing_sandbox.stripe import charges, disputes, errors, methods
from billing_sandbox.stripe.cards import (
    AUTHENTICATION,
    AUTHENTICATION_FAILED,
    EXPIRED,
    BankAccount,
    Card,
    Decline,
)
from billing_sandbox.stripe.store import Book, Obj, World, new_id, public

CONFIRMABLE = ("requires_payment_method", "requires_confirmation", "requires_action")


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
    if intent["status"] not in CONFIRMABLE:
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
