"""What a route says of itself beside its handler: who may, what is refused, and where it leads.

`api.contract` writes it into the document. That it is true is tested: each route is asked with and
without its permissions, and no test may hear an answer that its route does not declare.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from litestar.handlers import BaseRouteHandler

from billing_saas.kit.errors import DomainError

_KEY = "declared"
# Where a value of the next request is found in this answer: an OpenAPI runtime expression.
Expressions = Mapping[str, str]


@dataclass(frozen=True)
class Upload:
    """A body that is streamed as it comes, and is no JSON."""

    what: str
    media_types: tuple[str, ...]
    most_bytes: int
    example: str


@dataclass(frozen=True)
class Declared:
    permissions: tuple[str, ...] = ()
    refusals: tuple[type[DomainError], ...] = ()
    upload: Upload | None = None
    download: tuple[str, ...] = ()
    leads_to: Mapping[str, Expressions] | None = None
    form: type[msgspec.Struct] | None = None


def declared(
    *permissions: str,
    refusals: Sequence[type[DomainError]] = (),
    upload: Upload | None = None,
    download: Sequence[str] = (),
    leads_to: Mapping[str, Expressions] | None = None,
    form: type[msgspec.Struct] | None = None,
) -> dict[str, Any]:
    """The `opt` of a route: `permissions` are all needed, none means whoever is signed in.

    `refusals` are the errors of this route alone; what every route may answer is not repeated.
    `download` lists the media types of an answer that is a file and no JSON.
    `leads_to` names operations, and where their parameters stand in this one's answer.
    `form` tells of a body that is a form, whose faults are answered as its own standard has them.
    """
    return {_KEY: Declared(permissions, tuple(refusals), upload, tuple(download), leads_to, form)}


PAGE: dict[str, Any] = {"page": True}
"""The `opt` of a page for people: its body, if any, is a form, and it is not of the contract."""


KNOCK: dict[str, Any] = {"page": True, "raw": True}
"""The `opt` of a hook: who knocks signs over the very bytes, so they are left as they came, whatever their
kind. It is not of the contract; the handler looks who it is (`door.told_apart` comes first)."""


def is_raw(handler: BaseRouteHandler) -> bool:
    return bool(handler.opt.get("raw"))


def is_page(handler: BaseRouteHandler) -> bool:
    return bool(handler.opt.get("page"))


def of(handler: BaseRouteHandler) -> Declared | None:
    found: Declared | None = handler.opt.get(_KEY)
    return found
