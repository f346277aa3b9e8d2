"""Manners in the contract: the headers by which a request is made once or made of a known version."""

from typing import Any

from litestar.handlers import HTTPRouteHandler

from billing_saas.api import manners, once

Json = dict[str, Any]

IDEMPOTENCY_KEY: Json = {
    "name": once.HEADER,
    "in": "header",
    "required": False,
    "description": "A key of your own for this request, such as a UUID. Sent again within 24 hours, the"
    " same request is not done again and has the same answer.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    "example": "019a2b3c-4d5e-7f60-8a1b-2c3d4e5f6072",
}
IF_NONE_MATCH: Json = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "An ETag you were given: when it still is the same, the answer is 304 without a body.",
    "schema": {"type": "string"},
    "example": '"cGxlYXNlIGNoYW5nZSBtZQ=="',
}
ETAG: Json = {
    "description": "Names this very version; it tells nothing of it.",
    "schema": {"type": "string", "pattern": '^"[A-Za-z0-9_-]+={0,2}"$'},
    "example": '"cGxlYXNlIGNoYW5nZSBtZQ=="',
}


def parameters(handler: HTTPRouteHandler, method: str) -> list[Json]:
    """What may be said in headers, beside what the handler itself takes."""
    if method == "get":
        return [IF_NONE_MATCH]
    told = [IDEMPOTENCY_KEY] if once.counts(handler) else []
    asked = manners.of(handler)
    if asked.versioned is not None:
        told.append(_if_match(must=asked.versioned.must))
    elif asked.seen:
        told.append(_if_match(must=True))
    return told


def _if_match(*, must: bool) -> Json:
    return {
        "name": "If-Match",
        "in": "header",
        "required": must,
        "description": "The ETag of the version you have seen: when it has changed since, 412.",
        "schema": {"type": "string"},
        "example": '"cGxlYXNlIGNoYW5nZSBtZQ=="',
    }


def is_deprecated(handler: HTTPRouteHandler) -> bool:
    return manners.of(handler).deprecated is not None


def forgets_its_answer(handler: HTTPRouteHandler) -> bool:
    """Who asks again under the same key is told that it was done, and no more."""
    return once.counts(handler) and manners.of(handler).told_by is None
