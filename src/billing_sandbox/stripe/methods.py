"""Payment methods: cards, bank accounts, SEPA debits; made, kept with a customer, let go."""

import hashlib
from typing import Any

from billing_sandbox.stripe import cards, errors
from billing_sandbox.stripe.cards import BankAccount, Card
from billing_sandbox.stripe.forms import Params
from billing_sandbox.stripe.listing import matching, page
from billing_sandbox.stripe.routing import PAGED, Call, changed, route
from billing_sandbox.stripe.store import Book, Obj, World, new_id

KINDS = ("card", "us_bank_account", "sepa_debit", "customer_balance")
_NOBODY: Obj = {
    "address": {
        "city": None,
        "country": None,
        "line1": None,
        "line2": None,
        "postal_code": None,
        "state": None,
    },
    "email": None,
    "name": None,
    "phone": None,
    "tax_id": None,
}


def billing_details(params: Params) -> Obj:
    details: Obj = {name: params.text(name) for name in ("email", "name", "phone", "tax_id")}
    address = params.inner("address")
    details["address"] = {name: address.text(name) for name in _NOBODY["address"]}
    return details


def _base(world: World, kind: str, details: Obj | None) -> Obj:
    return {
        "id": new_id("pm"),
        "object": "payment_method",
        "allow_redisplay": "unspecified",
        "billing_details": details or {**_NOBODY, "address": dict(_NOBODY["address"])},
        "created": world.clock.now(),
        "customer": None,
        "customer_account": None,
        "livemode": False,
        "metadata": {},
        "type": kind,
        # Consumed by one payment unless kept with a customer.
        "_used": False,
        "_detached": False,
        "_set_up": False,
    }


def _fingerprint(number: str) -> str:
    return hashlib.sha256(number.encode()).hexdigest()[:16]


def of_card(
    world: World,
    book: Book,
    card: Card,
    *,
    month: int = 12,
    year: int | None = None,
    cvc: bool = True,
    details: Obj | None = None,
) -> Obj:
    now = world.clock.now()
    method = _base(world, "card", details)
    method["card"] = {
        "brand": card.brand,
        "checks": {
            "address_line1_check": None,
            "address_postal_code_check": None,
            "cvc_check": "unchecked" if cvc else None,
        },
        "country": card.country,
        "display_brand": card.brand,
        "exp_month": month,
        "exp_year": year or 1970 + now // 31_556_952 + 3,
        "fingerprint": _fingerprint(card.number),
        "funding": card.funding,
        "generated_from": None,
        "last4": card.number[-4:],
        "networks": {"available": [card.brand], "preferred": None},
        "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }
    method["_card"] = card
    return book.put(method)


def of_bank(
    world: World, book: Book, account: BankAccount, *, routing: str, details: Obj | None = None
) -> Obj:
    method = _base(world, "us_bank_account", details)
    method["us_bank_account"] = {
        "account_holder_type": "individual",
        "account_type": "checking",
        "bank_name": "STRIPE TEST BANK",
        "financial_connections_account": None,
        "fingerprint": _fingerprint(account.number),
        "last4": account.number[-4:],
        "networks": {"preferred": "ach", "supported": ["ach"]},
        "routing_number": routing,
        "status_details": {},
    }
    method["_bank"] = account
    return book.put(method)


def of_iban(world: World, book: Book, iban: str, details: Obj | None = None) -> Obj:
    account = cards.IBANS.get(iban.replace(" ", ""))
    if account is None:
        raise errors.invalid(
            "The IBAN you provided is invalid.", "sepa_debit[iban]", "invalid_bank_account_iban"
        )
    method = _base(world, "sepa_debit", details)
    method["sepa_debit"] = {
        "bank_code": "19043",
        "branch_code": "",
        "country": iban[:2],
        "fingerprint": _fingerprint(iban),
        "generated_from": {"charge": None, "setup_attempt": None},
        "last4": iban[-4:],
    }
    method["_bank"] = account
    return book.put(method)


def card_numbered(number: str) -> Card:
    """The test card; what is none is refused in Stripe's words."""
    digits = "".join(each for each in number if each.isdigit())
    card = cards.BY_NUMBER.get(digits)
    if card:
        return card
    if not digits or not _luhn(digits):
        raise errors.StripeError(
            "Your card number is incorrect.",
            status=402,
            kind="card_error",
            code="incorrect_number",
            param="number",
        )
    raise errors.StripeError(
        "Your card was declined. Your request was in test mode, but used a non test card. For a list "
        "of valid test cards, visit: https://docs.stripe.com/testing.",
        status=402,
        kind="card_error",
        code="card_declined",
        decline_code="test_mode_live_card",
        param="number",
    )


def _luhn(digits: str) -> bool:
    total = 0
    for at, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if at % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def of_token(world: World, book: Book, token: str) -> Obj:
    card = cards.BY_NAME.get(token.removeprefix("tok_"))
    if card is None or not token.startswith("tok_"):
        raise errors.no_such("token", token, "source", in_path=False)
    return of_card(world, book, card)


def named(world: World, book: Book, name: str, param: str = "payment_method") -> Obj:
    """A kept one, or a fresh one of a test name (`pm_card_visa`, `pm_usBankAccount_success`)."""
    if name.startswith("pm_card_") and (card := cards.BY_NAME.get(name.removeprefix("pm_card_"))):
        return of_card(world, book, card)
    if name.startswith("pm_usBankAccount_") and (
        account := cards.BANK_BY_NAME.get(name.removeprefix("pm_usBankAccount_"))
    ):
        return of_bank(world, book, account, routing=cards.ROUTING)
    return book.get("payment_method", name, param, in_path=False)


def from_data(world: World, book: Book, params: Params) -> Obj:
    """Of `payment_method_data`, or of the parameters that make one."""
    kind = params.one_of("type", KINDS)
    if kind is None:
        raise errors.missing("type")
    details = billing_details(params.inner("billing_details"))
    if kind == "card":
        given = params.inner("card")
        if token := given.text("token"):
            method = of_token(world, book, token)
            method["billing_details"] = details
            return method
        return _typed(world, book, given, details)
    if kind == "us_bank_account":
        given = params.inner("us_bank_account")
        account = cards.BANK_BY_NUMBER.get(given.need("account_number"))
        routing = given.need("routing_number")
        if account is None or routing != cards.ROUTING:
            raise errors.invalid(
                "You must use a test bank account number in test mode.",
                "us_bank_account[account_number]",
                "account_number_invalid",
            )
        return of_bank(world, book, account, routing=routing, details=details)
    if kind == "sepa_debit":
        return of_iban(world, book, params.inner("sepa_debit").need("iban"), details)
    raise errors.refused("The sandbox has no payment methods of this type.")


def _typed(world: World, book: Book, given: Params, details: Obj) -> Obj:
    card = card_numbered(given.need("number"))
    month, year = given.whole("exp_month"), given.whole("exp_year")
    if month is None or year is None:
        raise errors.missing("card[exp_month]" if month is None else "card[exp_year]")
    return of_card(
        world,
        book,
        card,
        month=month,
        year=year,
        cvc=given.text("cvc") is not None,
        details=details,
    )


def attach(call: Call, method: Obj, customer: Obj) -> Obj:
    if method["customer"] == customer["id"]:
        return method
    if method["customer"]:
        raise errors.refused(
            "The payment method you provided has already been attached to a customer.",
            param="payment_method",
        )
    if method["_detached"] or method["_used"]:
        raise errors.refused(
            "This PaymentMethod was previously used without being attached to a Customer or was "
            "detached from a Customer, and may not be used again."
        )
    card: Card | None = method.get("_card")
    if card and card.decline and not card.keeps:
        raise declined(card.decline, method=method)
    method["customer"] = customer["id"]
    if card:
        method["card"]["checks"]["cvc_check"] = "pass"
    call.emit("payment_method.attached", method)
    return method


def declined(
    decline: cards.Decline, *, method: Obj | None = None, **more: Any
) -> errors.StripeError:
    return errors.StripeError(
        decline.message,
        status=402,
        kind="card_error",
        code=decline.code,
        param=decline.param,
        decline_code=decline.decline_code,
        payment_method=method and {k: v for k, v in method.items() if not k.startswith("_")},
        **more,
    )


@route(
    "POST",
    "/v1/payment_methods",
    "type card us_bank_account sepa_debit billing_details metadata allow_redisplay customer",
)
def create(call: Call) -> Obj:
    method = from_data(call.world, call.book, call.params)
    method["metadata"] = call.params.metadata()
    return method


@route("GET", "/v1/payment_methods", f"{PAGED} customer type")
def everyone(call: Call) -> Obj:
    # Without a customer the list is empty: it shows nobody's methods.
    asked = call.params.text("customer")
    rows = [row for row in call.book.of("payment_method") if asked and row["customer"] == asked]
    rows = matching(rows, call.params, "type")
    return page(call.params, rows, "/v1/payment_methods")


@route("GET", "/v1/payment_methods/{id}")
def one(call: Call) -> Obj:
    return call.book.get("payment_method", call.id, "payment_method")


@route("POST", "/v1/payment_methods/{id}", "metadata billing_details allow_redisplay card")
def update(call: Call) -> Obj:
    method = call.book.get("payment_method", call.id, "payment_method")
    updates: dict[str, Any] = {"metadata": call.params.metadata(method["metadata"])}
    if "billing_details" in call.params:
        updates["billing_details"] = billing_details(call.params.inner("billing_details"))
    if "card" in call.params:
        given = call.params.inner("card")
        given.only(("exp_month", "exp_year"))
        dates = {name: value for name in given.values if (value := given.whole(name)) is not None}
        updates["card"] = method["card"] | dates
    previous = changed(method, updates)
    if method["customer"]:
        call.emit("payment_method.updated", method, previous)
    return method


@route("POST", "/v1/payment_methods/{id}/attach", "customer")
def attach_to(call: Call) -> Obj:
    method = named(call.world, call.book, call.id)
    customer = call.book.get("customer", call.params.need("customer"), "customer", in_path=False)
    return attach(call, method, customer)


@route("POST", "/v1/payment_methods/{id}/detach")
def detach(call: Call) -> Obj:
    method = call.book.get("payment_method", call.id, "payment_method")
    if not method["customer"]:
        raise errors.refused(
            "The payment method you provided is not attached to a customer so detachment is impossible."
        )
    previous = changed(method, {"customer": None})
    method["_detached"] = True
    call.emit("payment_method.detached", method, previous)
    return method
