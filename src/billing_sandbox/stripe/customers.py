"""Customers, their payment methods, and the older sources and tokens that fixtures still use."""

from typing import Any

from billing_sandbox.stripe import errors, methods
from billing_sandbox.stripe.listing import matching, page
from billing_sandbox.stripe.routing import LISTED, PAGED, Call, changed, route
from billing_sandbox.stripe.store import Book, Obj, World, new_id

_WRITTEN = (
    "name email phone description metadata address shipping preferred_locales tax_exempt "
    "invoice_settings business_name individual_name"
)


def make(world: World, book: Book, **known: Any) -> Obj:
    name = new_id("cus", 14)
    customer: Obj = {
        "id": name,
        "object": "customer",
        "address": None,
        "balance": 0,
        "created": world.clock.now(),
        "currency": None,
        "customer_account": None,
        "default_source": None,
        "delinquent": False,
        "description": None,
        "discount": None,
        "email": None,
        "invoice_prefix": name[-8:].upper(),
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": False,
        "metadata": {},
        "name": None,
        "next_invoice_sequence": 1,
        "phone": None,
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": None,
    }
    return book.put(customer | known)


def _written(call: Call, before: Obj) -> dict[str, Any]:
    params = call.params
    updates: dict[str, Any] = {}
    for name in ("name", "email", "phone", "description", "default_source"):
        if name in params:
            updates[name] = params.text(name)
    for name in ("business_name", "individual_name"):
        if name in params:
            updates[name] = params.text(name)
    for name in ("address", "shipping"):
        if name in params:
            updates[name] = params.inner(name).values or None
    if "preferred_locales" in params:
        updates["preferred_locales"] = params.texts("preferred_locales")
    if "tax_exempt" in params:
        updates["tax_exempt"] = params.one_of("tax_exempt", ("none", "exempt", "reverse"), "none")
    if "invoice_settings" in params:
        chosen = params.inner("invoice_settings").text("default_payment_method")
        if chosen:
            call.book.get("payment_method", chosen, "invoice_settings", in_path=False)
        updates["invoice_settings"] = before["invoice_settings"] | {
            "default_payment_method": chosen
        }
    updates["metadata"] = params.metadata(before["metadata"])
    return updates


@route("POST", "/v1/customers", f"{_WRITTEN} payment_method source")
def create(call: Call) -> Obj:
    customer = make(call.world, call.book)
    if name := call.params.text("payment_method"):
        method = methods.named(call.world, call.book, name)
        methods.attach(call, method, customer)
        settings = call.params.values.get("invoice_settings")
        if isinstance(settings, dict) and settings.get("default_payment_method") == name:
            # A test name stands for the method that was just made of it.
            settings["default_payment_method"] = method["id"]
    customer.update(_written(call, customer))
    if name := call.params.text("source"):
        customer["default_source"] = _source(call, customer, name)["id"]
    call.emit("customer.created", customer)
    return customer


@route("GET", "/v1/customers", f"{LISTED} email")
def everyone(call: Call) -> Obj:
    rows = matching(call.book.of("customer"), call.params, "email")
    return page(call.params, rows, "/v1/customers")


@route("GET", "/v1/customers/{id}")
def one(call: Call) -> Obj:
    gone = call.book.any(call.id)
    return gone if gone and gone.get("deleted") else call.book.get("customer", call.id)


@route("POST", "/v1/customers/{id}", f"{_WRITTEN} source default_source")
def update(call: Call) -> Obj:
    customer = call.book.get("customer", call.id)
    updates = _written(call, customer)
    if name := call.params.text("source"):
        updates["default_source"] = _source(call, customer, name)["id"]
    previous = changed(customer, updates)
    if previous:
        call.emit("customer.updated", customer, previous)
    return customer


@route("DELETE", "/v1/customers/{id}")
def delete(call: Call) -> Obj:
    customer = call.book.get("customer", call.id)
    for method in call.book.of("payment_method"):
        if method["customer"] == call.id:
            method["customer"] = None
            method["_detached"] = True
    call.emit("customer.deleted", customer)
    call.book.drop(customer)
    # Still answered when asked for, as Stripe does.
    stub: Obj = {"id": call.id, "object": "customer", "deleted": True}
    call.book.remember_deleted(stub)
    return stub


@route("GET", "/v1/customers/{id}/payment_methods", f"{PAGED} type allow_redisplay")
def methods_of(call: Call) -> Obj:
    call.book.get("customer", call.id)
    rows = [row for row in call.book.of("payment_method") if row["customer"] == call.id]
    rows = matching(rows, call.params, "type", "allow_redisplay")
    return page(call.params, rows, f"/v1/customers/{call.id}/payment_methods")


@route("GET", "/v1/customers/{id}/payment_methods/{method}")
def method_of(call: Call) -> Obj:
    found = call.book.get("payment_method", call.ids["method"], "payment_method")
    if found["customer"] != call.id:
        raise errors.no_such("PaymentMethod", found["id"], "payment_method")
    return found


# -- sources: what tokens became before payment methods; only as much as `stripe trigger` uses


def _source(call: Call, customer: Obj, token: str) -> Obj:
    method = methods.of_token(call.world, call.book, token)
    details = method["card"]
    name = new_id("card")
    card: Obj = {
        "id": name,
        "object": "card",
        "address_city": None,
        "address_country": None,
        "address_line1": None,
        "address_line1_check": None,
        "address_line2": None,
        "address_state": None,
        "address_zip": None,
        "address_zip_check": None,
        "brand": details["brand"].title(),
        "country": details["country"],
        "customer": customer["id"],
        "cvc_check": "pass",
        "dynamic_last4": None,
        "exp_month": details["exp_month"],
        "exp_year": details["exp_year"],
        "fingerprint": details["fingerprint"],
        "funding": details["funding"],
        "last4": details["last4"],
        "metadata": {},
        "name": None,
        "regulated_status": "unregulated",
        "tokenization_method": None,
        "created": call.now,
    }
    call.book.put(card)
    call.emit("customer.source.created", card)
    return card


@route("POST", "/v1/customers/{id}/sources", "source metadata")
def add_source(call: Call) -> Obj:
    customer = call.book.get("customer", call.id)
    return _source(call, customer, call.params.need("source"))


@route("POST", "/v1/customers/{id}/sources/{source}", "metadata name exp_month exp_year")
def update_source(call: Call) -> Obj:
    card = call.book.get("card", call.ids["source"], "source")
    updates: dict[str, Any] = {"metadata": call.params.metadata(card["metadata"])}
    for name in ("exp_month", "exp_year"):
        if name in call.params:
            updates[name] = call.params.whole(name)
    if "name" in call.params:
        updates["name"] = call.params.text("name")
    call.emit("customer.source.updated", card, changed(card, updates))
    return card
