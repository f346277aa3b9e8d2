"""The door: who asks, under which request id, and one line in the log when the answer has left."""

import ipaddress
import time
from typing import Any
from uuid import UUID

from litestar.connection import ASGIConnection
from litestar.datastructures import MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.middleware import (
    AbstractAuthenticationMiddleware,
    ASGIMiddleware,
    AuthenticationResult,
)
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from billing_saas.audit import trail
from billing_saas.audit.rules import PLATFORM_LOG
from billing_saas.identity import signing_in
from billing_saas.identity.errors import NotSignedIn
from billing_saas.identity.signing_in import Principal
from billing_saas.kit import logs
from billing_saas.kit.actor import Actor, ActorKind
from billing_saas.kit.db import Database
from billing_saas.kit.ids import new_id


class RequestFrame(ASGIMiddleware):
    """Outermost: a request id, safe headers, and a log line of route template, status and time."""

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        started = time.perf_counter()
        request_id = str(new_id())
        scope["state"]["request_id"] = request_id
        scope["state"]["ip_prefix"] = _prefix(scope.get("client"))
        status = 500

        async def framed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                await _record_denied(scope)
                headers = MutableScopeHeaders.from_message(message)
                headers["X-Request-Id"] = request_id
                headers.setdefault("Cache-Control", "no-store")
                headers.setdefault("X-Content-Type-Options", "nosniff")
                headers.setdefault("Referrer-Policy", "no-referrer")
                headers.setdefault("X-Frame-Options", "DENY")
            await send(message)

        try:
            await next_app(scope, receive, framed)
        finally:
            logs.get().info(
                "request",
                request_id=request_id,
                method=scope.get("method", ""),
                route=_route(scope),
                status=status,
                milliseconds=round((time.perf_counter() - started) * 1000, 1),
            )


async def _record_denied(scope: Scope) -> None:
    """A denied attempt is told in a transaction of its own (the request's was rolled back), and
    before the answer leaves: in the log of a practice the person belongs to, else the platform's.
    """
    reason = scope["state"].get("denied")
    principal = scope.get("user")
    if reason is None or not isinstance(principal, Principal):
        return
    wanted: object = scope.get("path_params", {}).get("practice_id")
    log = min(principal.practices, default=PLATFORM_LOG)
    if isinstance(wanted, UUID) and wanted in principal.practices:
        log = wanted
    actor = Actor(
        kind=ActorKind.USER,
        id=principal.user_id,
        session=principal.token_id,
        request_id=scope["state"]["request_id"],
        ip_prefix=scope["state"]["ip_prefix"],
    )
    database: Database = scope["litestar_app"].state.database
    async with database.tenant(log) as db:
        await trail.record(
            db,
            actor,
            "request.denied",
            object_type="route",
            outcome="denied",
            detail={"route": f"{scope.get('method', '')} {_route(scope)}"[:120], "reason": reason},
        )


def _route(scope: Scope) -> str:
    """The template, never the path: a path holds ids."""
    template: str | None = scope.get("path_template")
    return template or "/"


def _prefix(client: Any) -> str:
    """A /24 or /64: enough to see where a request came from, not who."""
    try:
        address = ipaddress.ip_address(client[0])
    except (TypeError, ValueError, IndexError):
        return ""
    length = 24 if address.version == 4 else 64
    return str(ipaddress.ip_network((address, length), strict=False))


class BearerToken(AbstractAuthenticationMiddleware):
    """Looks the token up at every request, so that what ends, ends at once."""

    async def authenticate_request(
        self, connection: ASGIConnection[Any, Any, Any, Any]
    ) -> AuthenticationResult:
        scheme, _, token = connection.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token or len(token) > 200 or not token.isascii():
            raise NotSignedIn
        database: Database = connection.app.state.database
        async with database.platform() as platform:
            principal = await signing_in.principal_of(platform, token)
        return AuthenticationResult(user=principal, auth=None)
