"""Setup intents: a payment method kept for later, with the patient's word that it may be charged."""

from typing import Any

from billing_sandbox.stripe import errors, methods, ways
from billing_sandbox.stripe.cards import AUTHENTICATION_FAILED, Card, Decline
from billing_sandbox.stripe.listing import matching, page
from billing_sandbox.stripe.routing import LISTED, Call, changed, route
from billing_sandbox.stripe.store import Book, Obj, World, new_id, public

_CONFIRMABLE = ("requires_payment_method", "requires_confirmation", "requires_action")


def make(world: World, book: Book, **known: Any) -> Obj:
    name = new_id("seti")
    setup: Obj = {
        "id": name,
        "object": "setup_intent",
        "application": None,
        "automatic_payment_methods": None,
        "cancellation_reason": None,
        "client_secret": f"{name}_secret_{new_id('x')[2:]}",
        "created": world.clock.now(),
        "customer": None,
        "customer_account": None,
        "description": None,
        "flow_directions": None,
        "last_setup_error": None,
        "latest_attempt": None,
        "livemode": False,
        "mandate": None,
        "metadata": {},
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_configuration_details": None,
        "payment_method_options": {
            "card": {
                "mandate_options": None,
                "network": None,
                "request_three_d_secure": "automatic",
            }
        },
        "payment_method_types": ["card"],
        "single_use_mandate": None,
        "status": "requires_payment_method",
        "usage": "off_session",
    }
    return book.put(setup | known)


def confirm(
    world: World, book: Book, setup: Obj, method: Obj, *, return_url: str | None = None
) -> Obj:
    if setup["status"] not in _CONFIRMABLE:
        raise errors.refused(
            "You cannot confirm this SetupIntent because it has already "
            f"{'succeeded' if setup['status'] == 'succeeded' else 'been ' + setup['status']}.",
            "setup_intent_unexpected_state",
            setup_intent=public(setup),
        )
    if method["type"] not in setup["payment_method_types"]:
        raise errors.refused(
            f"The PaymentMethod provided ({method['type']}) is not allowed for this SetupIntent.",
            param="payment_method",
        )
    setup.update(payment_method=method["id"], last_setup_error=None)
    card: Card | None = method.get("_card")
    if card and card.authentication in ("always", "unless_set_up", "on_session"):
        url = f"{world.url}/3ds/{book.account_id}/{setup['id']}"
        setup["_return_url"] = return_url
        setup.update(
            status="requires_action",
            next_action={
                "redirect_to_url": {"return_url": return_url, "url": url},
                "type": "redirect_to_url",
            }
            if return_url
            else {
                "type": "use_stripe_sdk",
                "use_stripe_sdk": {
                    "type": "three_d_secure_redirect",
                    "stripe_js": url,
                    "source": new_id("src"),
                },
            },
        )
        world.emit(book, "setup_intent.requires_action", setup)
        return setup
    return _finish(world, book, setup, method)


def authenticated(world: World, book: Book, setup: Obj, *, passed: bool) -> Obj:
    if setup["status"] != "requires_action":
        return setup
    method = book.get("payment_method", setup["payment_method"])
    setup["next_action"] = None
    if passed:
        return _finish(world, book, setup, method)
    return _fail(world, book, setup, method, AUTHENTICATION_FAILED)


def _finish(world: World, book: Book, setup: Obj, method: Obj) -> Obj:
    card: Card | None = method.get("_card")
    if card and card.decline and not card.keeps:
        return _fail(world, book, setup, method, card.decline)
    method["_set_up"] = setup["usage"] == "off_session" or method["_set_up"]
    _attempt(world, book, setup, method, "succeeded")
    if method["type"] != "card":
        setup["mandate"] = mandate(world, book, method)["id"]
    setup.update(status="succeeded", next_action=None)
    if setup["customer"] and method["customer"] is None:
        method["customer"] = setup["customer"]
        world.emit(book, "payment_method.attached", method)
    world.emit(book, "setup_intent.succeeded", setup)
    return setup


def _fail(world: World, book: Book, setup: Obj, method: Obj, decline: Decline) -> Obj:
    code = decline.code.replace("payment_intent_", "setup_intent_")
    error = methods.declined(
        Decline(code, decline.decline_code, decline.message, decline.param), method=method
    )
    _attempt(world, book, setup, method, "failed", dict(error.said))
    setup.update(
        status="requires_payment_method", payment_method=None, last_setup_error=dict(error.said)
    )
    world.emit(book, "setup_intent.setup_failed", setup)
    error.said["setup_intent"] = public(setup)
    raise error


def _attempt(
    world: World, book: Book, setup: Obj, method: Obj, status: str, error: Obj | None = None
) -> None:
    kind = method["type"]
    attempt: Obj = {
        "id": new_id("setatt"),
        "object": "setup_attempt",
        "application": None,
        "created": world.clock.now(),
        "customer": setup["customer"],
        "customer_account": None,
        "flow_directions": None,
        "livemode": False,
        "on_behalf_of": None,
        "payment_method": method["id"],
        "payment_method_details": {"type": kind, kind: {}},
        "setup_error": error,
        "setup_intent": setup["id"],
        "status": status,
        "usage": setup["usage"],
    }
    if kind == "card":
        shown = method["card"]
        attempt["payment_method_details"]["card"] = {
            "brand": shown["brand"],
            "checks": shown["checks"],
            "country": shown["country"],
            "exp_month": shown["exp_month"],
            "exp_year": shown["exp_year"],
            "fingerprint": shown["fingerprint"],
            "funding": shown["funding"],
            "last4": shown["last4"],
            "network": shown["brand"],
            "three_d_secure": None,
            "wallet": None,
        }
    book.put(attempt)
    setup["latest_attempt"] = attempt["id"]


def mandate(world: World, book: Book, method: Obj) -> Obj:
    kind = method["type"]
    return book.put(
        {
            "id": new_id("mandate"),
            "object": "mandate",
            "customer_acceptance": {
                "accepted_at": world.clock.now(),
                "online": {"ip_address": "127.0.0.1", "user_agent": "sandbox"},
                "type": "online",
            },
            "livemode": False,
            "multi_use": {},
            "on_behalf_of": book.account_id,
            "payment_method": method["id"],
            "payment_method_details": {
                "type": kind,
                kind: {"collection_method": "paper"} if kind == "us_bank_account" else {},
            },
            "status": "active",
            "type": "multi_use",
        }
    )


_WRITTEN = (
    "customer description metadata payment_method payment_method_data "
    f"payment_method_options {ways.ACCEPTED}"
)
_CONFIRMED = "return_url mandate_data use_stripe_sdk"


def _written(call: Call, before: Obj) -> dict[str, Any]:
    params = call.params
    updates: dict[str, Any] = {"metadata": params.metadata(before["metadata"])}
    if "description" in params:
        updates["description"] = params.text("description")
    if name := params.text("customer"):
        updates["customer"] = call.book.get("customer", name, "customer", in_path=False)["id"]
    if kinds := ways.chosen(call):
        updates["payment_method_types"] = kinds
    if params.inner("automatic_payment_methods").flag("enabled"):
        updates["automatic_payment_methods"] = {"allow_redirects": "always", "enabled": True}
        updates["payment_method_types"] = list(call.book.offers)
    return updates


def _method(call: Call, setup: Obj) -> Obj | None:
    if name := call.params.text("payment_method"):
        return methods.named(call.world, call.book, name)
    if "payment_method_data" in call.params:
        return methods.from_data(call.world, call.book, call.params.inner("payment_method_data"))
    if setup["payment_method"]:
        return call.book.get("payment_method", setup["payment_method"])
    return None


def _confirmed(call: Call, setup: Obj) -> Obj:
    method = _method(call, setup)
    if method is None:
        raise errors.refused(
            "You cannot confirm this SetupIntent because it's missing a payment method.",
            "setup_intent_unexpected_state",
            setup_intent=public(setup),
        )
    return confirm(call.world, call.book, setup, method, return_url=call.params.text("return_url"))


@route(
    "POST",
    "/v1/setup_intents",
    f"{_WRITTEN} {_CONFIRMED} confirm usage automatic_payment_methods",
)
def create(call: Call) -> Obj:
    confirms = call.params.flag("confirm")
    usage = call.params.one_of("usage", ("off_session", "on_session"), "off_session")
    written = {"payment_method_types": ways.offered(call)} | _written(call, {"metadata": {}})
    setup = make(call.world, call.book, usage=usage, **written)
    method = _method(call, setup)
    if method is not None:
        setup.update(payment_method=method["id"], status="requires_confirmation")
    call.emit("setup_intent.created", setup)
    if not confirms:
        return setup
    if method is None:
        return _confirmed(call, setup)
    return confirm(call.world, call.book, setup, method, return_url=call.params.text("return_url"))


@route("GET", "/v1/setup_intents", f"{LISTED} customer payment_method")
def everyone(call: Call) -> Obj:
    rows = matching(call.book.of("setup_intent"), call.params, "customer", "payment_method")
    return page(call.params, rows, "/v1/setup_intents")


@route("GET", "/v1/setup_intents/{id}", "client_secret")
def one(call: Call) -> Obj:
    return call.book.get("setup_intent", call.id, "intent")


@route("POST", "/v1/setup_intents/{id}", _WRITTEN)
def update(call: Call) -> Obj:
    setup = call.book.get("setup_intent", call.id, "intent")
    changed(setup, _written(call, setup))
    return setup


@route(
    "POST",
    "/v1/setup_intents/{id}/confirm",
    f"payment_method payment_method_data payment_method_options {_CONFIRMED}",
)
def confirm_it(call: Call) -> Obj:
    return _confirmed(call, call.book.get("setup_intent", call.id, "intent"))


@route("POST", "/v1/setup_intents/{id}/cancel", "cancellation_reason")
def cancel(call: Call) -> Obj:
    setup = call.book.get("setup_intent", call.id, "intent")
    reason = call.params.one_of(
        "cancellation_reason", ("abandoned", "requested_by_customer", "duplicate")
    )
    if setup["status"] not in _CONFIRMABLE:
        raise errors.refused(
            f"You cannot cancel this SetupIntent because it has a status of {setup['status']}.",
            "setup_intent_unexpected_state",
            setup_intent=public(setup),
        )
    setup.update(status="canceled", cancellation_reason=reason, next_action=None)
    call.emit("setup_intent.canceled", setup)
    return setup


@route("GET", "/v1/setup_attempts", f"{LISTED} setup_intent")
def attempts(call: Call) -> Obj:
    call.params.need("setup_intent")
    rows = matching(call.book.of("setup_attempt"), call.params, "setup_intent")
    return page(call.params, rows, "/v1/setup_attempts")


@route("GET", "/v1/mandates/{id}")
def mandate_of(call: Call) -> Obj:
    return call.book.get("mandate", call.id, "mandate")
