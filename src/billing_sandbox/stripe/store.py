"""Everything the sandbox knows: one book per account, the platform's own among them."""

import copy
import secrets
import string
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from billing_sandbox.stripe import errors
from billing_sandbox.stripe.clock import Clock

if TYPE_CHECKING:
    from billing_sandbox.stripe.faults import Faults
    from billing_sandbox.stripe.routing import Call
    from billing_sandbox.stripe.webhooks import Deliveries

Obj = dict[str, Any]

# The release whose shapes are spoken; an endpoint of webhooks may name another, its shapes stay these.
API_VERSION = "2026-10-28.endive"
_LETTERS = string.ascii_letters + string.digits


def new_id(prefix: str, length: int = 24) -> str:
    return prefix + "_" + "".join(secrets.choice(_LETTERS) for _ in range(length))


@dataclass(frozen=True)
class Timing:
    """How long, by the sandbox's clock, what Stripe does later takes."""

    refund: float = 60.0
    bank_debit: float = 300.0
    dispute: float = 0.0
    dispute_decision: float = 60.0
    funds_available: float = 2 * 86_400.0
    payout: float = 60.0
    webhook_retries: tuple[float, ...] = (0.2, 0.5, 1.0, 2.0, 5.0, 60.0, 3600.0)
    webhook_timeout: float = 5.0


class Book:
    """What one account has. Nothing of one book is ever found through another."""

    def __init__(self, account_id: str) -> None:
        self.account_id = account_id
        self._kinds: dict[str, dict[str, Obj]] = {}
        self._all: dict[str, Obj] = {}
        # What its dashboard has switched on: the ways of paying where a call names none.
        self.offers: tuple[str, ...] = ("card",)
        # Instants at which somebody looks whether money has become available.
        self.looks: set[int] = set()

    def put(self, obj: Obj) -> Obj:
        self._kinds.setdefault(obj["object"], {})[obj["id"]] = obj
        self._all[obj["id"]] = obj
        return obj

    def drop(self, obj: Obj) -> None:
        self._kinds[obj["object"]].pop(obj["id"], None)
        self._all.pop(obj["id"], None)

    def remember_deleted(self, stub: Obj) -> None:
        """Found by its id alone, in no list."""
        self._all[stub["id"]] = stub

    def of(self, kind: str) -> list[Obj]:
        """Newest first, as Stripe lists."""
        return list(reversed(self._kinds.get(kind, {}).values()))

    def kinds(self) -> list[str]:
        return list(self._kinds)

    def any(self, name: str) -> Obj | None:
        return self._all.get(name)

    def get(self, kind: str, name: str, param: str = "id", *, in_path: bool = True) -> Obj:
        found = self._kinds.get(kind, {}).get(name)
        if found is None:
            raise errors.no_such(_SPOKEN.get(kind, kind), name, param, in_path=in_path)
        return found


# What Stripe calls a kind in its messages, where that is not the object's name.
_SPOKEN = {
    "payment_method": "PaymentMethod",
    "setup_intent": "setupintent",
    "balance_transaction": "balance transaction",
}


@dataclass
class World:
    api_key: str
    timing: Timing
    url: str = ""
    platform: Book = field(default_factory=lambda: Book(new_id("acct", 16)))
    books: dict[str, Book] = field(default_factory=dict)
    # Of accounts that have taken access away: no request reaches them, what they told is still known.
    lost: list[Book] = field(default_factory=list)
    lock: "threading.RLock" = field(default_factory=threading.RLock)
    call: "Call | None" = None
    # Told of every slow debit that has ended: Checkout says `async_payment_*` then.
    watchers: list[Callable[["Book", Obj], None]] = field(default_factory=list)
    clock: Clock = field(init=False)
    deliveries: "Deliveries" = field(init=False)
    faults: "Faults" = field(init=False)

    def __post_init__(self) -> None:
        self.clock = Clock(self.lock)

    def book_of(self, account_id: str) -> Book:
        """A connected account's; who took access away is as absent."""
        book = self.books.get(account_id)
        if book is None:
            raise errors.StripeError(
                f"The provided key does not have access to account '{account_id}' (or that account "
                "does not exist). Application access may have been revoked.",
                status=403,
                code="account_invalid",
                begun=False,
            )
        return book

    def account(self, book: Book) -> Obj | None:
        """The Account of a connected book; None for the platform's own."""
        return None if book is self.platform else self.platform.get("account", book.account_id)

    def everywhere(self) -> Iterator[Book]:
        yield self.platform
        yield from list(self.books.values())

    def ever(self) -> Iterator[Book]:
        yield from self.everywhere()
        yield from list(self.lost)

    def emit(self, book: Book, kind: str, obj: Obj, previous: Obj | None = None) -> Obj:
        """An Event with the object as it is at this moment; endpoints that want it are told."""
        call = self.call
        data: Obj = {"object": public(obj)}
        if previous is not None:
            data["previous_attributes"] = copy.deepcopy(previous)
        event: Obj = {
            "id": new_id("evt"),
            "object": "event",
            "api_version": API_VERSION,
            "created": self.clock.now(),
            "data": data,
            "livemode": False,
            "pending_webhooks": 0,
            "request": {
                "id": call.request_id if call else None,
                "idempotency_key": call.idempotency_key if call else None,
            },
            "type": kind,
        }
        if book is not self.platform:
            event["account"] = book.account_id
        book.put(event)
        self.deliveries.tell(book, event)
        return event


def public(value: Any) -> Any:
    """A copy without what only the sandbox knows (names that begin with an underscore)."""
    if isinstance(value, dict):
        return {key: public(each) for key, each in value.items() if not key.startswith("_")}
    if isinstance(value, list):
        return [public(each) for each in value]
    return value
