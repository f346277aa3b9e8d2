"""Starting the sandbox, and steering it from a test.

with Sandbox() as stripe_sandbox:
    client = StripeClient(stripe_sandbox.api_key, base_addresses={"api": stripe_sandbox.url})
    stripe_sandbox.deliver_to("http://127.0.0.1:8000/hooks/stripe")
    …
    stripe_sandbox.settle()
"""

import secrets
import threading
from types import TracebackType
from typing import Any, Literal
from urllib.parse import urlencode
from urllib.request import ProxyHandler, Request, build_opener

from billing_sandbox.stripe import (
    accounts,
    balance,
    catalogue,
    charges,
    checkout,
    confirming,
    customers,
    disputes,
    endpoints,
    intents,
    paying,
    payouts,
    refunds,
    setups,
    webhooks,
)
from billing_sandbox.stripe.faults import Fault, Faults
from billing_sandbox.stripe.server import Asked, Desk, Server
from billing_sandbox.stripe.store import Book, Obj, Timing, World, public
from billing_sandbox.stripe.webhooks import Attempt, Deliveries

# Importing them is what puts their routes on the table.
ROOMS = (
    accounts,
    balance,
    catalogue,
    charges,
    checkout,
    customers,
    endpoints,
    intents,
    paying,
    payouts,
    refunds,
    setups,
)


class Sandbox:
    """A Stripe of one's own on a loopback port."""

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        api_key: str | None = None,
        webhook_secret: str | None = None,
        public_url: str | None = None,
        timing: Timing | None = None,
        daily_payouts: bool = True,
    ) -> None:
        self.api_key = api_key or "sk_test_" + secrets.token_hex(16)
        self.webhook_secret = webhook_secret or "whsec_" + secrets.token_urlsafe(24)
        self.world = World(self.api_key, timing or Timing())
        self.world.faults = Faults()
        self.world.deliveries = Deliveries(self.world)
        self._desk = Desk(self.world)
        self._server = Server(self._desk, host, port)
        self.port = self._server.server_address[1]
        self.url = public_url or f"http://{host}:{self.port}"
        self.world.url = self.url
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="stripe-http", daemon=True
        )
        paying.watch(self.world)
        if daily_payouts:
            payouts.every_day(self.world)

    def __enter__(self) -> "Sandbox":
        self.world.clock.start()
        self.world.deliveries.start()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.close_all()
        self.world.clock.stop()
        self.world.deliveries.stop()
        self._thread.join(5)

    # -- webhooks

    def deliver_to(
        self,
        url: str,
        *,
        events: tuple[str, ...] = ("*",),
        connect: bool = True,
        secret: str | None = None,
    ) -> str:
        """Register an endpoint: of connected accounts' events, or with `connect=False` of the platform's
        own. Its secret, `webhook_secret` unless another is given, is the answer."""
        with self.world.lock:
            made = endpoints.register(
                self.world,
                url,
                events=list(events),
                connect=connect,
                secret=secret or self.webhook_secret,
            )
        return str(made["secret"])

    def settle(self, seconds: float = 10.0) -> bool:
        """Wait until every event under way has been delivered or refused."""
        return self.world.deliveries.settle(seconds)

    def hold(self) -> None:
        """Keep events back until `release`."""
        self.world.deliveries.hold()

    def release(
        self,
        *,
        order: Literal["kept", "reversed", "shuffled"] = "kept",
        copies: int = 1,
        seed: int = 0,
    ) -> int:
        return self.world.deliveries.release(order=order, copies=copies, seed=seed)

    def duplicate(self, copies: int) -> None:
        """From now on every event is delivered so many times (1: as usual)."""
        self.world.deliveries.copies = copies

    def resend(self, event_id: str) -> None:
        with self.world.lock:
            self.world.deliveries.again(self._find("event", event_id)[1])

    def post(
        self, url: str, event: Obj, *, secret: str | None = None, at: int | None = None
    ) -> int | None:
        """Deliver by hand: any event, any secret, signed at any second. The status that came back."""
        return self.world.deliveries.send(
            url, webhooks.body_of(event), secret or self.webhook_secret, at=at
        )

    def events(self, kind: str | None = None, account: str | None = None) -> list[Obj]:
        """Oldest first."""
        with self.world.lock:
            books = [self._book(account)] if account else list(self.world.ever())
            every = [event for book in books for event in reversed(book.of("event"))]
        return [public(event) for event in every if kind in (None, event["type"])]

    @property
    def attempts(self) -> list[Attempt]:
        """Every try to deliver, in order."""
        return list(self.world.deliveries.attempts)

    @property
    def requests(self) -> list[Asked]:
        """Every request to the API, in order: for tests that look at what leaves the product."""
        return list(self._desk.seen)

    # -- faults

    def drop(
        self, path: str = "", *, method: str = "POST", times: int = 1, after: bool = True
    ) -> None:
        """End the connection without an answer; `after`: when the work has been done."""
        self.world.faults.plan(Fault("drop", path, method, times, after))

    def delay(
        self,
        seconds: float,
        path: str = "",
        *,
        method: str | None = None,
        times: int = 1,
        after: bool = False,
    ) -> None:
        self.world.faults.plan(Fault("delay", path, method, times, after, seconds=seconds))

    def fail(
        self,
        status: int = 500,
        path: str = "",
        *,
        method: str | None = None,
        times: int = 1,
        after: bool = False,
    ) -> None:
        """Answer with 500, 429, 503 …; `after`: the work was done all the same."""
        self.world.faults.plan(Fault("fail", path, method, times, after, status))

    def no_more_faults(self) -> None:
        self.world.faults.clear()

    # -- time

    def advance(self, seconds: float = 0, *, hours: float = 0, days: float = 0) -> None:
        """Move the sandbox's clock; what falls due happens: refunds, debits, payouts, expiries, retries."""
        self.world.clock.advance(seconds + hours * 3600 + days * 86_400)

    def back_to_now(self) -> None:
        """The clock as it would be unmoved, for a sandbox that several stories share."""
        self.world.clock.to_the_walls()

    def now(self) -> int:
        return self.world.clock.now()

    # -- accounts

    def account(self, *, enabled: bool = True, business: str = "Sandbox practice") -> str:
        """A connected account, onboarded unless said otherwise."""
        with self.world.lock:
            made = accounts.make(self.world)
            if enabled:
                accounts.enable(self.world, made, business=business)
        return str(made["id"])

    def offer(self, account: str, *kinds: str) -> None:
        """Which ways of paying the account's dashboard has switched on: card, us_bank_account."""
        with self.world.lock:
            self.world.book_of(account).offers = kinds

    def enable(self, account: str, *, business: str | None = None) -> None:
        with self.world.lock:
            accounts.enable(self.world, self._account(account), business=business)

    def require(self, account: str, *due: str, disabled: bool = False) -> None:
        with self.world.lock:
            accounts.require(self.world, self._account(account), list(due), disabled=disabled)

    def deauthorize(self, account: str) -> None:
        with self.world.lock:
            accounts.deauthorize(self.world, self._account(account))

    # -- money

    def pay(
        self,
        url: str,
        card: str = "4242424242424242",
        *,
        email: str = "payer@example.com",
        bank: str | None = None,
    ) -> str:
        """Fill in the Checkout page at `url` and press the button; where it led. 3D Secure's page is an
        address of the sandbox, to be answered with `authenticate`."""
        form = {
            "email": email,
            "method": "us_bank_account" if bank else "card",
            "card_number": card,
            "expiry": "12/40",
            "cvc": "123",
            "name": "Sam Sample",
            "postal_code": "94103",
            "routing_number": "110000000",
            "account_number": bank or "",
        }
        return self._submit(url, form)

    def authenticate(self, url: str, *, passed: bool = True) -> str:
        """Answer the bank's question; where it led (through Checkout, to the success URL)."""
        led = self._submit(url, {"outcome": "complete" if passed else "fail"})
        return self._get(led) if "/c/pay/" in led else led

    def onboard(self, url: str, *, business: str = "Sandbox practice") -> str:
        """Open an account link and submit it."""
        led = self._get(url)
        if led:
            return led
        return self._submit(url, {"business_name": business, "action": "submit"})

    def finish_debit(self, intent_id: str, *, failed: bool = False) -> None:
        """The bank answers now about a debit that is processing."""
        with self.world.lock:
            book, intent = self._find("payment_intent", intent_id)
            confirming.settle_debit(self.world, book, intent, failed=failed)

    def dispute(
        self,
        charge_id: str,
        *,
        reason: str = "general",
        inquiry: bool = False,
        amount: int | None = None,
    ) -> str:
        with self.world.lock:
            book, charge = self._find("charge", charge_id)
            made = disputes.open_one(
                self.world, book, charge, reason=reason, inquiry=inquiry, amount=amount
            )
        return str(made["id"])

    def decide(self, dispute_id: str, *, won: bool) -> None:
        with self.world.lock:
            book, dispute = self._find("dispute", dispute_id)
            disputes.decide(self.world, book, dispute, won=won)

    def escalate(self, dispute_id: str) -> None:
        with self.world.lock:
            book, dispute = self._find("dispute", dispute_id)
            disputes.escalate(self.world, book, dispute)

    def fail_refund(self, refund_id: str, *, reason: str = "expired_or_canceled_card") -> None:
        with self.world.lock:
            book, refund = self._find("refund", refund_id)
            refunds.fail(self.world, book, refund, reason)

    def pay_out(self, account: str | None = None, *, wait: bool = False) -> str | None:
        """The automatic payout, now; `wait`: money that is still pending becomes available first."""
        with self.world.lock:
            book = self._book(account)
            if wait:
                for row in book.of("balance_transaction"):
                    row["available_on"] = min(row["available_on"], self.world.clock.now())
            made = payouts.automatic(self.world, book)
        return str(made["id"]) if made else None

    def fail_payout(self, payout_id: str, *, code: str = "account_closed") -> None:
        with self.world.lock:
            book, payout = self._find("payout", payout_id)
            payouts.fail(self.world, book, payout, code)

    # -- inside

    def _book(self, account: str | None) -> Book:
        return self.world.book_of(account) if account else self.world.platform

    def _account(self, account: str) -> Obj:
        return self.world.platform.get("account", account)

    def _find(self, kind: str, name: str) -> tuple[Book, Obj]:
        for book in self.world.ever():
            found = book.any(name)
            if found is not None and found["object"] == kind:
                return book, found
        raise LookupError(f"no {kind} {name}")

    def _submit(self, url: str, form: dict[str, str]) -> str:
        return _led(Request(url, data=urlencode(form).encode(), method="POST"))  # noqa: S310

    def _get(self, url: str) -> str:
        return _led(Request(url))  # noqa: S310


class Refused(Exception):
    """The page said no; its text is what it said."""


def _led(request: Request) -> str:
    """Where the page redirects to; empty when it stays. A page that says no is raised."""
    from urllib.error import HTTPError

    opener = build_opener(webhooks.NoRedirect, ProxyHandler({}))
    try:
        with opener.open(request, timeout=10) as answer:
            answer.read()
            return ""
    except HTTPError as other:
        with other:
            if 300 <= other.code < 400:
                return str(other.headers["Location"])
            text: Any = other.read().decode("utf-8", "replace")
    start = text.find('role="alert">')
    said = text[start + 13 : text.find("</p>", start)] if start >= 0 else "the page is not there"
    raise Refused(said)
