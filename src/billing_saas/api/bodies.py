"""Bodies at the door: their kind, size, pace and form, before a route sees them."""

import asyncio
from typing import Any

from litestar.datastructures import Headers
from litestar.enums import ScopeType
from litestar.handlers import HTTPRouteHandler
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

from billing_saas.api import declaring, json_bodies, spooling
from billing_saas.api.declaring import Declared
from billing_saas.api.edge import Edge
from billing_saas.api.refusals import bad_request, too_large, too_slow, unsupported
from billing_saas.api.spooling import ClientLeft, Spool

MOST_JSON_BYTES = 1 << 20

_WITHOUT_BODY = frozenset({"GET", "HEAD", "OPTIONS"})


class Bodies(ASGIMiddleware):
    """Reads a JSON body whole and leaves it in `scope["state"]["body"]`; a file's is left to stream."""

    scopes = (ScopeType.HTTP,)

    def __init__(self, meeting: Edge) -> None:
        self._edge = meeting

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        handler = scope["route_handler"]
        if scope.get("method") in _WITHOUT_BODY or not isinstance(handler, HTTPRouteHandler):
            await next_app(scope, receive, send)
            return
        headers = Headers.from_scope(scope)
        if headers.get("content-encoding", "identity").lower() != "identity":
            # What unpacks to a thousand times its size is a bomb; bodies here are small.
            raise unsupported("Send the body as it is, without Content-Encoding.")
        declared = declaring.of(handler)
        if declared is not None and declared.upload is not None:
            await self._file(scope, receive, send, next_app, declared)
            return
        body = await self._whole(headers, receive)
        _check(handler, headers, body)
        scope["state"]["body"] = body
        await next_app(scope, _again(body, receive), send)

    async def _file(
        self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp, declared: Declared
    ) -> None:
        """Who may not send it is refused by the route, before a byte is read."""
        assert declared.upload is not None
        if not _may(scope, declared):
            await next_app(scope, receive, send)
            return
        most = declared.upload.most_bytes
        if _announced(Headers.from_scope(scope)) > most:
            raise too_large(most)
        spool = Spool()
        try:
            await spooling.received(receive, spool, most, self._edge.silent_seconds)
            await next_app(scope, spooling.replayed(spool, receive), send)
        finally:
            spool.close()

    async def _whole(self, headers: Headers, receive: Receive) -> bytes:
        if _announced(headers) > MOST_JSON_BYTES:
            raise too_large(MOST_JSON_BYTES)
        body = bytearray()
        try:
            async with asyncio.timeout(self._edge.body_seconds):
                more = True
                while more:
                    message: Any = await receive()
                    if message["type"] == "http.disconnect":
                        raise ClientLeft
                    body += message.get("body", b"")
                    more = bool(message.get("more_body", False))
                    if len(body) > MOST_JSON_BYTES:
                        raise too_large(MOST_JSON_BYTES)
        except TimeoutError:
            raise too_slow() from None
        return bytes(body)


def _announced(headers: Headers) -> int:
    length = headers.get("content-length", "0")
    return int(length[:12]) if length.isascii() and length.isdigit() else 0


def _may(scope: Scope, declared: Declared) -> bool:
    principal = scope["user"]
    held: frozenset[str] = principal.permissions_in(scope["path_params"]["practice_id"])
    return frozenset(declared.permissions) <= held


def _check(handler: HTTPRouteHandler, headers: Headers, body: bytes) -> None:
    if declaring.is_raw(handler):
        return
    if declaring.is_page(handler):
        _must_be(headers, "application/x-www-form-urlencoded")
        return
    if "data" not in handler.parsed_fn_signature.parameters:
        if body not in (b"", b"{}"):
            raise bad_request("This route takes no body.")
        return
    if not body:
        raise bad_request("A JSON body is needed.")
    _must_be(headers, "application/json")
    json_bodies.check(body)
    json_bodies.must_fit(handler.parsed_fn_signature.parameters["data"].annotation, body)


def _must_be(headers: Headers, media_type: str) -> None:
    kind, _, parameters = headers.get("content-type", "").partition(";")
    charset = parameters.strip().lower().replace('"', "")
    if kind.strip().lower() != media_type or charset not in ("", "charset=utf-8"):
        raise unsupported(f"The body must be {media_type}, in UTF-8.")


def _again(body: bytes, receive: Receive) -> Receive:
    """The body once more, for the framework; then whatever the server says."""
    told = False

    async def receive_again() -> Any:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_again
