"""If-Match: a change is made of the version that was seen, or not at all."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any
from uuid import UUID

from litestar import Request

from billing_saas.api import etags, manners
from billing_saas.api.refusals import Refusal
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession

_READS = frozenset({"GET", "HEAD", "OPTIONS"})


async def check(db: TenantSession, actor: Actor, request: Request[Any, Any, Any]) -> None:
    """Before the act, in its transaction; the resource stays locked until that ends."""
    if request.method in _READS:
        return
    header = request.headers.get("if-match")
    versioned = manners.of(request.route_handler).versioned
    if header is None:
        if versioned is not None and versioned.must:
            raise _required()
        return
    if versioned is None:
        raise _failed("There is no version here that If-Match could name.")
    # The last id of the path; what a practice has one of goes by the practice's own.
    resource_id: UUID = list(request.path_params.values())[-1]
    await versioned.lock(db, resource_id)
    _must_match(request, header, await versioned.show(db, actor, resource_id))


async def must_have_seen(
    request: Request[Any, Any, Any], show: Callable[[], Awaitable[Any]]
) -> None:
    """For a handler with a transaction of its own: `show` tells what a read answers now, and locks it until
    the change commits."""
    header = request.headers.get("if-match")
    if header is None:
        raise _required()
    _must_match(request, header, await show())


def _must_match(request: Request[Any, Any, Any], header: str, shown: Any) -> None:
    if not etags.matches(header, etags.of_answer(request, shown), weakly=False):
        raise _failed("It has changed since you read it: read it again.")


def _required() -> Refusal:
    return Refusal(
        HTTPStatus.PRECONDITION_REQUIRED,
        "precondition-required",
        "Say by If-Match which version you have seen.",
    )


def _failed(detail: str) -> Refusal:
    return Refusal(HTTPStatus.PRECONDITION_FAILED, "precondition-failed", detail)
