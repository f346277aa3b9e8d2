"""Idempotency-Key at the edge: for every route that changes something, and for none by itself."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID
from weakref import WeakValueDictionary

from litestar import Request
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler

from billing_saas.api import declaring, manners
from billing_saas.api.refusals import bad_request
from billing_saas.kit import points
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.requests import once
from billing_saas.requests.errors import RequestInProgress

HEADER = "Idempotency-Key"

_KEY = re.compile(r"[\x21-\x7e]{1,255}\Z")
_WAIT_SECONDS = 20.0
_READS = frozenset({"GET", "HEAD", "OPTIONS"})


class DoneBefore(Exception):
    """Not a failure: the request was done when it came first, and this is its answer."""

    def __init__(self, status: int, content: Any) -> None:
        super().__init__(status)
        self.status = status
        self.content = content


def asked(request: Request[Any, Any, Any], actor: Actor, practice_id: UUID) -> once.Request | None:
    """The request by its key, if it has one that counts here."""
    key = request.headers.get(HEADER)
    handler = request.route_handler
    if key is None or request.method in _READS or not counts(handler):
        return None
    if not _KEY.match(key):
        raise bad_request("1 to 255 visible ASCII characters, such as a UUID.", HEADER)
    query = request.scope["query_string"].decode("latin-1")
    return once.Request(
        tenant_id=practice_id,
        principal_id=actor.id,
        idempotency_key=key,
        method=request.method,
        address=f"{request.scope['path']}?{query}",
        body=request.scope["state"].get("body", b""),
    )


def counts(handler: BaseRouteHandler) -> bool:
    """Not for searches, which change nothing, nor for files, which are once by their SHA-256, nor for
    forms, which know nothing of it."""
    declared = declaring.of(handler)
    if declared is not None and (declared.upload or declared.form):
        return False
    return manners.of(handler).kind == "act"


@asynccontextmanager
async def turn(request: Request[Any, Any, Any], wanted: once.Request | None) -> AsyncIterator[None]:
    """Equal requests of one process wait here, each without a connection to the database."""
    if wanted is None:
        yield
        return
    turns: WeakValueDictionary[tuple[UUID, UUID, str], asyncio.Lock] = request.app.state.setdefault(
        "turns", WeakValueDictionary()
    )
    place = (wanted.tenant_id, wanted.principal_id, wanted.idempotency_key)
    lock = turns.setdefault(place, asyncio.Lock())
    try:
        async with asyncio.timeout(_WAIT_SECONDS):
            await lock.acquire()
    except TimeoutError:
        raise RequestInProgress("The same request is still being done.") from None
    try:
        yield
        points.reach("api.once.committed")
    finally:
        lock.release()


async def begin(
    db: TenantSession, actor: Actor, request: Request[Any, Any, Any], wanted: once.Request
) -> DoneBefore | None:
    """None: do it now. Otherwise its answer, read again from what it left behind."""
    handler = request.route_handler
    assert isinstance(handler, HTTPRouteHandler)
    done = await once.begin(
        db,
        request.scope["state"]["request_keys"],
        wanted,
        status=handler.status_code,
        resource_id=_named_by_path(request),
    )
    if done is None:
        return None
    told_by = manners.of(handler).told_by
    if told_by is None or done.resource_id is None:
        return DoneBefore(204, None)
    return DoneBefore(done.status, await told_by(db, actor, done.resource_id))


async def end(db: TenantSession, request: Request[Any, Any, Any], wanted: once.Request) -> None:
    """Remember what the request left behind, where only its answer tells."""
    state = request.scope["state"]
    if "resource_id" in state:
        await once.left(db, state["request_keys"], wanted, state["resource_id"])


def _named_by_path(request: Request[Any, Any, Any]) -> UUID | None:
    """The last id of the path, but the practice's."""
    ids = [value for name, value in request.path_params.items() if name != "practice_id"]
    return ids[-1] if ids and isinstance(ids[-1], UUID) else None
