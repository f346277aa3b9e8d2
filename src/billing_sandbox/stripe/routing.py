"""Which function answers which path, and what every one of them is given."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from billing_sandbox.stripe import errors
from billing_sandbox.stripe.forms import Params
from billing_sandbox.stripe.store import Book, Obj, World


@dataclass
class Call:
    world: World
    book: Book
    params: Params
    ids: dict[str, str]
    request_id: str
    idempotency_key: str | None
    # Of the header; empty: the account's own, taken to be an old one (`stripe trigger` says none).
    version: str = ""

    @property
    def id(self) -> str:
        return self.ids["id"]

    @property
    def now(self) -> int:
        return self.world.clock.now()

    def since(self, release: str) -> bool:
        """Whether the caller speaks this release (a date) or a later one."""
        return self.version[:10] >= release

    def emit(self, kind: str, obj: Obj, previous: Obj | None = None) -> None:
        self.world.emit(self.book, kind, obj, previous)


Endpoint = Callable[[Call], Obj]


@dataclass(frozen=True)
class Route:
    method: str
    pattern: re.Pattern[str]
    accepts: frozenset[str]
    answer: Endpoint


ROUTES: list[Route] = []


def route(method: str, path: str, accepts: str = "") -> Callable[[Endpoint], Endpoint]:
    """`accepts`: the parameters that are understood; any other is refused, as Stripe refuses unknown ones."""
    pattern = re.compile("^" + re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path) + "$")

    def take(answer: Endpoint) -> Endpoint:
        ROUTES.append(Route(method, pattern, frozenset(accepts.split()) | {"expand"}, answer))
        return answer

    return take


PAGED = "limit starting_after ending_before"
LISTED = f"{PAGED} created"


def found(method: str, path: str) -> tuple[Route, dict[str, str]]:
    for each in ROUTES:
        if each.method == method and (match := each.pattern.match(path)):
            return each, match.groupdict()
    raise errors.StripeError(
        f"Unrecognized request URL ({method}: {path}). The sandbox does not have it; "
        "docs/sandbox-stripe.md says what it has.",
        status=404,
        begun=False,
    )


def changed(obj: Obj, updates: dict[str, Any]) -> Obj:
    """Write the updates; what they were before is for `previous_attributes`."""
    previous = {name: obj.get(name) for name, value in updates.items() if obj.get(name) != value}
    obj.update(updates)
    return previous
