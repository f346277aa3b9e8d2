"""Payouts: what is available goes to the bank, by hand or every day by itself. And top-ups."""

from typing import Any

from billing_sandbox.stripe import balance, errors
from billing_sandbox.stripe.clock import DAY
from billing_sandbox.stripe.listing import matching, page
from billing_sandbox.stripe.routing import LISTED, Call, changed, route
from billing_sandbox.stripe.store import Book, Obj, World, new_id


def _make(world: World, book: Book, amount: int, currency: str, **known: Any) -> Obj:
    now = world.clock.now()
    payout: Obj = book.put(
        {
            "id": new_id("po"),
            "object": "payout",
            "amount": amount,
            "application_fee": None,
            "application_fee_amount": None,
            "arrival_date": now - now % DAY + DAY,
            "automatic": False,
            "balance_transaction": None,
            "created": now,
            "currency": currency,
            "description": None,
            "destination": _destination(world, book),
            "failure_balance_transaction": None,
            "failure_code": None,
            "failure_message": None,
            "livemode": False,
            "metadata": {},
            "method": "standard",
            "original_payout": None,
            "payout_method": None,
            "reconciliation_status": "not_applicable",
            "reversed_by": None,
            "source_type": "card",
            "statement_descriptor": None,
            "status": "pending",
            "trace_id": None,
            "type": "bank_account",
        }
        | known
    )
    moved = balance.move(
        world, book, "payout", payout, -amount, description="STRIPE PAYOUT", at_once=True
    )
    payout["balance_transaction"] = moved["id"]
    if payout["automatic"]:
        moved["_payout"] = payout["id"]
    return payout


def _destination(world: World, book: Book) -> str | None:
    account = world.account(book)
    held = account["external_accounts"]["data"] if account else []
    return str(held[0]["id"]) if held else None


def _goes_out(world: World, book: Book, payout: Obj) -> None:
    world.emit(book, "payout.created", payout)
    world.clock.after(world.timing.payout, lambda: pay(world, book, payout))


def automatic(world: World, book: Book, currency: str = "usd") -> Obj | None:
    """What the daily run does: all that is available in one payout that names its transactions."""
    balance.ripen(world, book)
    rows = [
        row
        for row in book.of("balance_transaction")
        if row["status"] == "available"
        and row["currency"] == currency
        and row["_payout"] is None
        and row["type"] not in ("payout", "payout_failure", "payout_cancel")
    ]
    # What was paid out by hand is in no automatic payout; it lessens what can go.
    by_hand = sum(
        row["net"]
        for row in book.of("balance_transaction")
        if row["type"] in ("payout", "payout_failure", "payout_cancel")
        and row["currency"] == currency
        and row["_payout"] is None
    )
    amount = sum(row["net"] for row in rows) + by_hand
    if amount <= 0:
        return None
    payout = _make(
        world,
        book,
        amount,
        currency,
        automatic=True,
        description="STRIPE PAYOUT",
        reconciliation_status="in_progress",
    )
    for row in rows:
        row["_payout"] = payout["id"]
    if by_hand:
        for row in book.of("balance_transaction"):
            if row["type"] in ("payout", "payout_failure", "payout_cancel") and not row["_payout"]:
                row["_payout"] = payout["id"]
    _goes_out(world, book, payout)
    return payout


def every_day(world: World) -> None:
    """At midnight of the sandbox's clock, for every account that has not switched it off."""

    def run() -> None:
        for book in world.everywhere():
            account = world.account(book)
            if account is None or _wants_daily(account):
                automatic(world, book)
        world.clock.after(DAY, run)

    world.clock.after(DAY - world.clock.exactly() % DAY, run)


def _wants_daily(account: Obj) -> bool:
    schedule = account["settings"]["payouts"]["schedule"]
    return bool(account["payouts_enabled"]) and schedule["interval"] == "daily"


def pay(world: World, book: Book, payout: Obj) -> None:
    if payout["status"] not in ("pending", "in_transit"):
        return
    previous = changed(payout, {"status": "paid"})
    payout["trace_id"] = {"status": "supported", "value": payout["id"][-15:].upper()}
    if payout["automatic"]:
        payout["reconciliation_status"] = "completed"
    world.emit(book, "payout.updated", payout, previous)
    world.emit(book, "payout.paid", payout)
    if payout["automatic"]:
        world.emit(book, "payout.reconciliation_completed", payout)


def fail(world: World, book: Book, payout: Obj, code: str = "account_closed") -> None:
    """The bank sends it back, also after it was paid; the money is in the balance again."""
    if payout["status"] not in ("pending", "in_transit", "paid"):
        return
    moved = balance.move(
        world,
        book,
        "payout_failure",
        payout,
        payout["amount"],
        description="PAYOUT FAILURE",
        at_once=True,
    )
    payout.update(
        status="failed",
        failure_code=code,
        failure_message="The bank account has been closed."
        if code == "account_closed"
        else "The bank could not process this payout.",
        failure_balance_transaction=moved["id"],
    )
    world.emit(book, "payout.failed", payout)


@route(
    "POST",
    "/v1/payouts",
    "amount currency description destination metadata method source_type statement_descriptor",
)
def create(call: Call) -> Obj:
    amount, currency = call.params.amount(), call.params.need("currency").lower()
    if amount > balance.available(call.world, call.book, currency):
        raise errors.refused(
            "You have insufficient funds in your Stripe account for this transfer. Your ACH balance "
            "is too low. You can use the /v1/balance endpoint to view your Stripe balance.",
            "balance_insufficient",
        )
    payout = _make(
        call.world,
        call.book,
        amount,
        currency,
        description=call.params.text("description"),
        metadata=call.params.metadata(),
        statement_descriptor=call.params.text("statement_descriptor"),
        method=call.params.one_of("method", ("standard", "instant"), "standard"),
    )
    _goes_out(call.world, call.book, payout)
    return payout


@route("GET", "/v1/payouts", f"{LISTED} status destination arrival_date")
def everyone(call: Call) -> Obj:
    rows = matching(call.book.of("payout"), call.params, "status", "destination")
    return page(call.params, rows, "/v1/payouts")


@route("GET", "/v1/payouts/{id}")
def one(call: Call) -> Obj:
    return call.book.get("payout", call.id, "payout")


@route("POST", "/v1/payouts/{id}", "metadata")
def update(call: Call) -> Obj:
    payout = call.book.get("payout", call.id, "payout")
    previous = changed(payout, {"metadata": call.params.metadata(payout["metadata"])})
    call.emit("payout.updated", payout, previous)
    return payout


@route("POST", "/v1/payouts/{id}/cancel")
def cancel(call: Call) -> Obj:
    payout = call.book.get("payout", call.id, "payout")
    if payout["status"] != "pending" or payout["automatic"]:
        raise errors.refused(
            "Payouts can only be canceled if they were created by hand and are pending."
        )
    moved = balance.move(
        call.world, call.book, "payout_cancel", payout, payout["amount"], at_once=True
    )
    payout.update(status="canceled", failure_balance_transaction=moved["id"])
    call.emit("payout.canceled", payout)
    return payout


@route("POST", "/v1/topups", "amount currency description metadata source statement_descriptor")
def top_up(call: Call) -> Obj:
    amount, currency = call.params.amount(), call.params.need("currency").lower()
    name = new_id("tu")
    topup: Obj = call.book.put(
        {
            "id": name,
            "object": "topup",
            "amount": amount,
            "balance_transaction": None,
            "created": call.now,
            "currency": currency,
            "description": call.params.text("description"),
            "expected_availability_date": call.now,
            "failure_code": None,
            "failure_message": None,
            "livemode": False,
            "metadata": call.params.metadata(),
            "source": None,
            "statement_descriptor": call.params.text("statement_descriptor"),
            "status": "pending",
            "transfer_group": None,
        }
    )
    call.emit("topup.created", topup)
    moved = balance.move(call.world, call.book, "topup", topup, amount, at_once=True)
    topup.update(status="succeeded", balance_transaction=moved["id"])
    call.emit("topup.succeeded", topup)
    return topup
