"""What a patient owes, and how it is paid: a bill opened in the portal, the sandbox's card page, the books.

The sandbox Stripe runs in the demo's process; the server asks it by the official library, and it knocks
at the server's door with signed events, as Stripe does.
"""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from billing_saas.gateways import processor
from billing_saas.identity.rules import permissions_of
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor, ActorKind
from billing_saas.kit.db import Database
from billing_saas.kit.money import dollars
from billing_saas.kit.settings import Settings
from billing_saas.payments import accounts
from billing_sandbox.browser import Browser
from billing_sandbox.office import Desk, UnexpectedAnswer
from billing_sandbox.stripe.running import Sandbox
from billing_sandbox.stripe.store import Timing

Say = Callable[[str, str], None]

# Alice at a browser, who showed a second factor a moment ago: a token opens no account for money.
OFFICE = Actor(
    kind=ActorKind.USER, id=UUID(int=4), permissions=permissions_of(["practice_admin", "biller"])
)
CARD = "4242424242424242"
# What takes Stripe and banks days takes seconds here.
QUICK = Timing(refund=5, bank_debit=5, dispute_decision=5, funds_available=1, payout=1)
_PATIENCE_SECONDS = 60


@dataclass
class Till:
    """Elm's office taking money: its desk, the sandbox, and the database where a browser would be."""

    desk: Desk
    sandbox: Sandbox
    settings: Settings
    in_database: Callable[[Callable[[Database], Awaitable[Any]]], Any]
    say: Say

    def show(self) -> None:
        self.open_account()
        bill = self.issue_bills()
        before = self._books()
        paid = self.pay(bill)
        self.reconcile(paid)
        self.show_entries(before)
        self.scan()

    # --- the practice's own account at the processor ---

    def open_account(self) -> None:
        self.in_database(self._ask_for_account)
        self.desk.until("/payment-account", "onboarding")
        page = self.in_database(self._onboarding_page)
        self.sandbox.onboard(page, business="Elm Family Medicine")
        self.desk.until("/payment-account", "active")
        self.say("6", "Elm opened its own account at the sandbox Stripe, and may take cards")

    async def _ask_for_account(self, database: Database) -> None:
        """The sandbox forgets when the demo ends: an account of an earlier run is nobody's now."""
        async with database.tenant(self.desk.practice_id) as db:
            await accounts.end(db, _stepped_up())
            await accounts.ask_for(db, _stepped_up(), processor.opened(self.settings))

    async def _onboarding_page(self, database: Database) -> str:
        database.processor = processor.opened(self.settings)
        return await accounts.onboarding_link(database, self.desk.practice_id, _stepped_up())

    # --- what patients owe ---

    def issue_bills(self) -> Any:
        """A run of statements; the bill of which most is owed."""
        run = self.desk.post("/statement-runs")
        self.desk.post(f"/statement-runs/{run['id']}/issuing")
        done = self.desk.until(f"/statement-runs/{run['id']}", "issued")
        bills = [
            bill
            for bill in self.desk.all("/statements", opens=True)
            if bill["balance_cents"] and bill["state"] in ("issued", "viewed")
        ]
        if len(bills) < 2:
            raise UnexpectedAnswer("there are no bills to pay")
        self.say(
            "",
            f"A run of statements: {done['guarantors']} guarantors looked at, {done['issued']} bills"
            f" issued over {dollars(done['total_cents'])}",
        )
        bill = max(bills, key=lambda one: one["balance_cents"])
        pdf = self.desk.file(f"/statements/{bill['id']}/content")
        told = self.desk.get(f"/patients/{bill['guarantor_id']}/explanation", opens=True)["sums"]
        if told["patient_owes_cents"] != bill["balance_cents"] or not pdf.startswith(b"%PDF-"):
            raise UnexpectedAnswer("the bill, its explanation and its paper do not agree")
        self.say(
            "",
            f"The largest, {len(pdf):,} bytes of PDF: charged {dollars(told['charge_cents'])},"
            f" contract {dollars(-told['contract_cents'])}, plan paid"
            f" {dollars(-told['plan_paid_cents'])}, insurer still owes"
            f" {dollars(told['insurer_owes_cents'])}, patient owes {dollars(bill['balance_cents'])}",
        )
        return bill

    def link_to(self, bill: Any) -> tuple[str, str]:
        """A link for who pays, and the birth date that opens it."""
        path = f"/patients/{bill['guarantor_id']}"
        born = self.desk.get(path, opens=True)["birth_date"]
        given = self.desk.post(f"{path}/portal-links", {"statement_id": bill["id"]})
        return given["url"], born

    # --- a patient pays ---

    def pay(self, bill: Any) -> Any:
        browser = Browser()
        self._enter(browser, *self.link_to(bill))
        if dollars(bill["balance_cents"]) not in browser.text:
            raise UnexpectedAnswer("the portal does not show what the bill says")
        self.say("7", f"The patient opens the link and says a birth date: {browser.says(_AMOUNT)}")
        browser.submit(browser.form_of("whole"), how="whole")
        back = self.sandbox.pay(browser.buttons[0], CARD)
        browser.open(back)
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while browser.heading != "Paid. Thank you.":
            if time.monotonic() > deadline:
                raise UnexpectedAnswer(f"after the card page the portal says {browser.heading!r}")
            time.sleep(0.2)
            browser.open(urlsplit(back).path)
        self.say("", f"On the sandbox's page a card is charged; the portal: {browser.heading}")
        browser.open(browser.buttons[0])
        if browser.heading != "Receipt":
            raise UnexpectedAnswer(f"where a receipt should be the portal says {browser.heading!r}")
        (paid,) = self.desk.all(f"/payments?patient_id={bill['guarantor_id']}&state=succeeded")
        full = self.desk.get(f"/payments/{paid['id']}")
        self.say(
            "",
            f"Receipt {paid['id']}: {dollars(paid['amount_cents'])}, laid on"
            f" {_counted(len(full['shares']), 'charge')}, oldest first",
        )
        browser.open("/portal/bill")
        if "Nothing is owed now" not in browser.text:
            raise UnexpectedAnswer("a bill that was paid is still owed")
        return paid

    @staticmethod
    def _enter(browser: Browser, url: str, born: str) -> None:
        year, month, day = born.split("-")
        browser.open(url)
        browser.submit()
        typed = {"month": str(int(month)), "day": str(int(day)), "year": year}
        browser.submit(browser.form_of("year"), **typed)

    # --- the books, and the processor's ---

    def reconcile(self, paid: Any) -> None:
        if not self.sandbox.settle():
            raise UnexpectedAnswer("an event of the sandbox was not taken")
        account = self.sandbox.events("payment_intent.succeeded")[-1]["account"]
        self.sandbox.pay_out(account, wait=True)
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while True:
            payouts = self.desk.all("/payouts")
            if payouts and (payouts[0]["state"], payouts[0]["reconciled"]) == ("paid", "balanced"):
                break
            if time.monotonic() > deadline:
                raise UnexpectedAnswer("a payout did not come, or is not what was paid")
            time.sleep(0.2)
        books = self.desk.get("/payment-reconciliation")
        if books["difference_cents"] or payouts[0]["ours_cents"] <= 0:
            raise UnexpectedAnswer(f"the books and the processor differ: {books}")
        fee = paid["amount_cents"] - payouts[0]["amount_cents"]
        self.say(
            "",
            f"Paid out {dollars(payouts[0]['amount_cents'])} after a fee of {dollars(fee)};"
            " every movement is journalled, the difference to the processor is"
            f" {dollars(books['difference_cents'])}",
        )

    def _books(self) -> dict[str, int]:
        rows = self.desk.get("/balances")["rows"]
        return {row["account"]: row["debit_cents"] - row["credit_cents"] for row in rows}

    def show_entries(self, before: dict[str, int]) -> None:
        """What the payment, its fee and the payout did to the books."""
        after = self._books()
        moved = {
            account: after.get(account, 0) - before.get(account, 0)
            for account in sorted({*before, *after})
        }
        told = [f"{account} {dollars(cents)}" for account, cents in moved.items() if cents]
        if sum(moved.values()) or len(told) != 3:
            raise UnexpectedAnswer(f"paying moved {told}")
        self.say("", f"On the books: {', '.join(told)}")

    def scan(self) -> None:
        """Everything that was told to Stripe, searched for whom it is about."""
        people = self.desk.all("/patients", opens=True)
        names = {one["last_name"].lower() for one in people if len(one["last_name"]) > 3}
        told = "\n".join(
            f"{one.path} {one.query} {one.headers} {one.body!r}" for one in self.sandbox.requests
        ).lower()
        found = [name for name in names if name in told]
        if found:
            raise UnexpectedAnswer("a patient's name was told to Stripe")
        self.say(
            "",
            f"{len(self.sandbox.requests)} requests to Stripe, searched for {len(names)} names of"
            " patients: none",
        )

    def links(self) -> list[str]:
        """For a person to try."""
        bills = [
            bill
            for bill in self.desk.all("/statements", opens=True)
            if bill["balance_cents"] > 0 and bill["state"] in ("issued", "viewed")
        ]
        told = []
        for bill in bills[:2]:
            url, born = self.link_to(bill)
            told.append(f"a bill of {dollars(bill['balance_cents'])}: {url}  (born {born})")
        return told


_AMOUNT = r"\$[\d,]+\.\d\d"


def _counted(n: int, what: str) -> str:
    return f"{n} {what}" if n == 1 else f"{n} {what}s"


def _stepped_up() -> Actor:
    return replace(OFFICE, stepped_up_at=clock.now())
