"""Products and prices, as far as a line of a Checkout session needs them; transfers for fixtures."""

from typing import Any

from billing_sandbox.stripe import balance, errors
from billing_sandbox.stripe.forms import Params
from billing_sandbox.stripe.listing import matching, page
from billing_sandbox.stripe.routing import LISTED, Call, changed, route
from billing_sandbox.stripe.store import Book, Obj, World, new_id


def product(world: World, book: Book, name: str, **known: Any) -> Obj:
    return book.put(
        {
            "id": new_id("prod", 14),
            "object": "product",
            "active": True,
            "created": world.clock.now(),
            "default_price": None,
            "description": None,
            "images": [],
            "livemode": False,
            "marketing_features": [],
            "metadata": {},
            "name": name,
            "package_dimensions": None,
            "shippable": None,
            "statement_descriptor": None,
            "tax_code": None,
            "type": "service",
            "unit_label": None,
            "updated": world.clock.now(),
            "url": None,
        }
        | known
    )


def price(world: World, book: Book, of: Obj, amount: int, currency: str, **known: Any) -> Obj:
    return book.put(
        {
            "id": new_id("price"),
            "object": "price",
            "active": True,
            "billing_scheme": "per_unit",
            "created": world.clock.now(),
            "currency": currency,
            "custom_unit_amount": None,
            "livemode": False,
            "lookup_key": None,
            "metadata": {},
            "nickname": None,
            "product": of["id"],
            "recurring": None,
            "tax_behavior": "unspecified",
            "tiers_mode": None,
            "transform_quantity": None,
            "type": "one_time",
            "unit_amount": amount,
            "unit_amount_decimal": str(amount),
        }
        | known
    )


def line(world: World, book: Book, given: Params) -> Obj:
    """A line item: of a price on file, or of `price_data`."""
    given.only(("price", "price_data", "quantity"))
    quantity = given.whole("quantity")
    quantity = 1 if quantity is None else quantity
    if name := given.text("price"):
        chosen = book.get("price", name, "line_items[0][price]", in_path=False)
        of = book.get("product", chosen["product"])
    else:
        data = given.inner("price_data")
        data.only(("currency", "product", "product_data", "unit_amount", "tax_behavior"))
        currency, amount = data.need("currency").lower(), data.amount("unit_amount")
        if known := data.text("product"):
            of = book.get("product", known, "line_items[0][price_data][product]", in_path=False)
        else:
            told = data.inner("product_data")
            told.only(("name", "description", "images", "metadata", "tax_code"))
            of = product(
                world,
                book,
                told.need("name"),
                description=told.text("description"),
                metadata=told.metadata(),
                active=False,
            )
        chosen = price(world, book, of, amount, currency, active=False)
    whole = chosen["unit_amount"] * quantity
    return {
        "id": new_id("li"),
        "object": "item",
        "adjustable_quantity": None,
        "amount_discount": 0,
        "amount_subtotal": whole,
        "amount_tax": 0,
        "amount_total": whole,
        "currency": chosen["currency"],
        "description": of["name"],
        "metadata": {},
        "price": chosen,
        "quantity": quantity,
    }


@route("POST", "/v1/products", "name description metadata active")
def create_product(call: Call) -> Obj:
    made = product(
        call.world,
        call.book,
        call.params.need("name"),
        description=call.params.text("description"),
        metadata=call.params.metadata(),
        active=call.params.flag("active", default=True),
    )
    call.emit("product.created", made)
    return made


@route("GET", "/v1/products", f"{LISTED} active")
def products(call: Call) -> Obj:
    return page(call.params, call.book.of("product"), "/v1/products")


@route("GET", "/v1/products/{id}")
def one_product(call: Call) -> Obj:
    return call.book.get("product", call.id)


@route("POST", "/v1/products/{id}", "name description metadata active")
def update_product(call: Call) -> Obj:
    found = call.book.get("product", call.id)
    updates: Obj = {"metadata": call.params.metadata(found["metadata"])}
    for name in ("name", "description"):
        if name in call.params:
            updates[name] = call.params.text(name)
    if "active" in call.params:
        updates["active"] = call.params.flag("active")
    call.emit("product.updated", found, changed(found, updates))
    return found


@route("DELETE", "/v1/products/{id}")
def delete_product(call: Call) -> Obj:
    found = call.book.get("product", call.id)
    call.emit("product.deleted", found)
    call.book.drop(found)
    return {"id": call.id, "object": "product", "deleted": True}


@route("POST", "/v1/prices", "product unit_amount currency metadata nickname active")
def create_price(call: Call) -> Obj:
    of = call.book.get("product", call.params.need("product"), "product", in_path=False)
    amount, currency = call.params.amount("unit_amount"), call.params.need("currency").lower()
    made = price(call.world, call.book, of, amount, currency, metadata=call.params.metadata())
    call.emit("price.created", made)
    return made


@route("GET", "/v1/prices", f"{LISTED} product")
def prices(call: Call) -> Obj:
    return page(call.params, matching(call.book.of("price"), call.params, "product"), "/v1/prices")


@route("GET", "/v1/prices/{id}")
def one_price(call: Call) -> Obj:
    return call.book.get("price", call.id)


@route("POST", "/v1/prices/{id}", "metadata nickname active")
def update_price(call: Call) -> Obj:
    found = call.book.get("price", call.id)
    updates: Obj = {"metadata": call.params.metadata(found["metadata"])}
    call.emit("price.updated", found, changed(found, updates))
    return found


@route("POST", "/v1/transfers", "amount currency destination description metadata transfer_group")
def transfer(call: Call) -> Obj:
    amount, currency = call.params.amount(), call.params.need("currency").lower()
    destination = call.params.need("destination")
    call.world.book_of(destination)
    if amount > balance.available(call.world, call.book, currency):
        raise errors.refused(
            "You have insufficient available funds in your Stripe account.", "balance_insufficient"
        )
    name = new_id("tr")
    made: Obj = call.book.put(
        {
            "id": name,
            "object": "transfer",
            "amount": amount,
            "amount_reversed": 0,
            "balance_transaction": None,
            "created": call.now,
            "currency": currency,
            "description": call.params.text("description"),
            "destination": destination,
            "destination_payment": None,
            "livemode": False,
            "metadata": call.params.metadata(),
            "reversals": {
                "object": "list",
                "data": [],
                "has_more": False,
                "total_count": 0,
                "url": f"/v1/transfers/{name}/reversals",
            },
            "reversed": False,
            "source_transaction": None,
            "source_type": "card",
            "transfer_group": call.params.text("transfer_group"),
        }
    )
    moved = balance.move(call.world, call.book, "transfer", made, -amount, at_once=True)
    made["balance_transaction"] = moved["id"]
    call.emit("transfer.created", made)
    return made


@route("GET", "/v1/transfers/{id}")
def one_transfer(call: Call) -> Obj:
    return call.book.get("transfer", call.id, "transfer")


@route("POST", "/v1/transfers/{id}", "metadata description")
def update_transfer(call: Call) -> Obj:
    found = call.book.get("transfer", call.id, "transfer")
    updates: Obj = {"metadata": call.params.metadata(found["metadata"])}
    call.emit("transfer.updated", found, changed(found, updates))
    return found


@route("POST", "/v1/transfers/{id}/reversals", "amount description metadata")
def reverse(call: Call) -> Obj:
    found = call.book.get("transfer", call.id, "transfer")
    left = found["amount"] - found["amount_reversed"]
    amount = call.params.whole("amount") or left
    if amount > left:
        raise errors.refused("The reversal is greater than what is left of the transfer.")
    reversal: Obj = call.book.put(
        {
            "id": new_id("trr"),
            "object": "transfer_reversal",
            "amount": amount,
            "balance_transaction": None,
            "created": call.now,
            "currency": found["currency"],
            "destination_payment_refund": None,
            "metadata": call.params.metadata(),
            "source_refund": None,
            "transfer": found["id"],
        }
    )
    moved = balance.move(call.world, call.book, "transfer_refund", reversal, amount, at_once=True)
    reversal["balance_transaction"] = moved["id"]
    found["amount_reversed"] += amount
    found["reversed"] = found["amount_reversed"] == found["amount"]
    found["reversals"]["data"].insert(0, reversal)
    found["reversals"]["total_count"] += 1
    call.emit("transfer.reversed", found)
    return reversal
