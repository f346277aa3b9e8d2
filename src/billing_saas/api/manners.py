"""What a route says of how it is asked: by keys that make it once, by versions, until when.

In its `opt`, beside what it declares for the contract: `opt={**declared(…), **manners(…)}`. Without a
word: a read has an ETag, a change is done once per Idempotency-Key and answers 204.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal
from uuid import UUID

from litestar.handlers import BaseRouteHandler

from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession

_KEY = "manners"
Kind = Literal["act", "search", "plain"]
# Reads a resource as the answer that made it told it.
Show = Callable[[TenantSession, Actor, UUID], Awaitable[Any]]
Lock = Callable[[TenantSession, UUID], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Versioned:
    """A resource that If-Match may name: held by `lock` until the change commits, read by `show`."""

    lock: Lock
    show: Show
    must: bool = False
    """428 without If-Match: who replaces what they have not seen loses another's change."""


@dataclass(frozen=True, slots=True)
class Deprecated:
    since: date
    sunset: date
    instead: str
    """Where the successor is described: a URL or path."""


@dataclass(frozen=True, slots=True)
class Manners:
    kind: Kind = "act"
    """`search`: a POST that changes nothing. `plain`: a change that takes no key, because asked again it
    finds its work done and says so."""
    told_by: Show | None = None
    """Tells the answer again to who asks again; without it the answer is 204."""
    resource: str = ""
    """The field of the answer that is the new resource's id; without it the path names it."""
    versioned: Versioned | None = None
    seen: bool = False
    """428 without If-Match, too: where no practice's transaction is, the handler asks
    `conditions.must_have_seen` in its own."""
    deprecated: Deprecated | None = None


def manners(
    *,
    kind: Kind = "act",
    told_by: Show | None = None,
    resource: str = "",
    versioned: Versioned | None = None,
    seen: bool = False,
    deprecated: Deprecated | None = None,
) -> dict[str, Any]:
    return {_KEY: Manners(kind, told_by, resource, versioned, seen, deprecated)}


def of(handler: BaseRouteHandler) -> Manners:
    found: Manners = handler.opt.get(_KEY) or Manners()
    return found
