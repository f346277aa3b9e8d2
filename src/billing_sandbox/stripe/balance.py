"""Balance transactions: what moved, what it cost, when it can be paid out."""

from billing_sandbox.stripe.clock import DAY
from billing_sandbox.stripe.listing import matching, page
from billing_sandbox.stripe.routing import LISTED, Call, route
from billing_sandbox.stripe.store import Book, Obj, World, new_id

# Prices of the United States, as published.
DISPUTE_FEE = 1500
_BANK_FEE_MOST = 500

_CATEGORY = {
    "charge": "charge",
    "payment": "charge",
    "refund": "refund",
    "payment_refund": "refund",
    "refund_failure": "refund_failure",
    "payment_failure_refund": "charge_failure",
    "payout": "payout",
    "payout_cancel": "payout_reversal",
    "payout_failure": "payout_reversal",
    "application_fee": "platform_earning",
    "transfer": "transfer",
    "transfer_refund": "transfer_reversal",
    "topup": "topup",
}


def fee_of(amount: int, kind: str) -> int:
    """2.9 % and 30 cents by card, 0.8 % up to 5 dollars by bank debit; halves of a cent go up."""
    if kind == "card":
        return (amount * 29 + 500) // 1000 + 30
    return min((amount * 8 + 500) // 1000, _BANK_FEE_MOST)


def move(
    world: World,
    book: Book,
    kind: str,
    source: Obj,
    amount: int,
    *,
    fee: int = 0,
    application_fee: int = 0,
    description: str | None = None,
    category: str | None = None,
    at_once: bool = False,
) -> Obj:
    now = world.clock.now()
    details: list[Obj] = []
    if application_fee:
        details.append(_fee("application_fee", application_fee, source, "application fee"))
    if fee:
        details.append(_fee("stripe_fee", fee, source, "Stripe processing fees"))
    whole = fee + application_fee
    when = now if at_once else _available_on(world, now)
    if when > now and when not in book.looks:
        book.looks.add(when)
        world.clock.after(when - now, lambda: _look(world, book))
    return book.put(
        {
            "id": new_id("txn"),
            "object": "balance_transaction",
            "amount": amount,
            "available_on": when,
            "balance_type": "payments",
            "created": now,
            "currency": source["currency"],
            "description": description,
            "exchange_rate": None,
            "fee": whole,
            "fee_details": details,
            "net": amount - whole,
            "reporting_category": category or _CATEGORY[kind],
            "source": source["id"],
            "status": "available" if at_once else "pending",
            "type": kind,
            "_payout": None,
        }
    )


def _fee(kind: str, amount: int, source: Obj, description: str) -> Obj:
    return {
        "amount": amount,
        "application": None,
        "currency": source["currency"],
        "description": description,
        "type": kind,
    }


def ripen(world: World, book: Book) -> list[Obj]:
    """Mark what has become available; the transactions that did."""
    now = world.clock.now()
    ripe = [
        each
        for each in book.of("balance_transaction")
        if each["status"] == "pending" and each["available_on"] <= now
    ]
    for each in ripe:
        each["status"] = "available"
    if ripe:
        world.emit(book, "balance.available", state(world, book))
    return ripe


def _available_on(world: World, now: int) -> int:
    """At midnight, when it takes days."""
    wait = int(world.timing.funds_available)
    return now + wait if wait < DAY else (now // DAY + wait // DAY) * DAY


def _look(world: World, book: Book) -> None:
    ripen(world, book)


def available(world: World, book: Book, currency: str) -> int:
    ripen(world, book)
    return sum(
        each["net"]
        for each in book.of("balance_transaction")
        if each["status"] == "available" and each["currency"] == currency
    )


@route("GET", "/v1/balance")
def balance(call: Call) -> Obj:
    return state(call.world, call.book)


def state(world: World, book: Book) -> Obj:
    ripen(world, book)
    sums: dict[str, dict[str, int]] = {"available": {}, "pending": {}}
    for each in book.of("balance_transaction"):
        side = sums[each["status"]]
        side[each["currency"]] = side.get(each["currency"], 0) + each["net"]
    currencies = sorted({"usd", *sums["available"], *sums["pending"]})
    return {
        "object": "balance",
        "livemode": False,
        **{
            name: [
                {
                    "amount": side.get(currency, 0),
                    "currency": currency,
                    "source_types": {"card": side.get(currency, 0)},
                }
                for currency in currencies
            ]
            for name, side in sums.items()
        },
    }


@route("GET", "/v1/balance_transactions", f"{LISTED} currency payout source type")
@route("GET", "/v1/balance/history", f"{LISTED} currency payout source type")
def transactions(call: Call) -> Obj:
    ripen(call.world, call.book)
    rows = matching(call.book.of("balance_transaction"), call.params, "currency", "source", "type")
    if (call.params.text("source") or "").startswith("du_"):
        # As Stripe answers: the transactions of a dispute are found on the dispute.
        rows = []
    if name := call.params.text("payout"):
        call.book.get("payout", name, "payout", in_path=False)
        rows = [row for row in rows if name in (row["_payout"], row["source"])]
    return page(call.params, rows, "/v1/balance_transactions")


@route("GET", "/v1/balance_transactions/{id}")
@route("GET", "/v1/balance/history/{id}")
def transaction(call: Call) -> Obj:
    ripen(call.world, call.book)
    return call.book.get("balance_transaction", call.id)
