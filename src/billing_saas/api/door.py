"""The door: who asks, how often, and a trace of whom was denied."""

from typing import Any
from uuid import UUID

from litestar.connection import ASGIConnection
from litestar.middleware import (
    AbstractAuthenticationMiddleware,
    AuthenticationResult,
)
from litestar.types import Scope

from billing_saas.api import cookies, limits, places
from billing_saas.audit import trail
from billing_saas.audit.rules import PLATFORM_LOG
from billing_saas.clients import presenting
from billing_saas.clients import rules as client_rules
from billing_saas.clients.presenting import Machine
from billing_saas.identity import signing_in
from billing_saas.identity.errors import NotSignedIn
from billing_saas.identity.signing_in import Principal
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import Database
from billing_saas.requests import keys as request_keys
from billing_saas.requests.errors import NoRequestKey


async def record_denied(scope: Scope) -> None:
    """A denied attempt is told in a transaction of its own (the request's was rolled back), and
    before the answer leaves: in the log of a practice the person belongs to, else the platform's.
    """
    reason = scope["state"].get("denied")
    principal = scope.get("user")
    if reason is None or not isinstance(principal, Principal):
        return
    database: Database = scope["litestar_app"].state.database
    log = await _log_of(database, principal, scope.get("path_params", {}).get("practice_id"))
    actor = Actor(
        kind=principal.kind,
        id=principal.user_id,
        purpose=signing_in.purpose_of(principal.roles.get(log, frozenset())),
        session=principal.token_id,
        request_id=scope["state"]["request_id"],
        ip_prefix=scope["state"]["ip_prefix"],
    )
    async with database.tenant(log) as db:
        await trail.record(
            db,
            actor,
            "request.denied",
            object_type="route",
            outcome="denied",
            detail={
                "route": f"{scope.get('method', '')} {route_of(scope)}"[:120],
                "reason": reason,
            },
        )


async def _log_of(database: Database, principal: Principal, wanted: object) -> UUID:
    if isinstance(wanted, UUID) and wanted in principal.practices:
        return wanted
    if isinstance(principal, Machine):
        return min(principal.practices)
    async with database.glance() as glance:
        held = await signing_in.held_by(glance, principal.user_id)
    return min(held.practices, default=PLATFORM_LOG)


def route_of(scope: Scope) -> str:
    """The template, never the path: a path holds ids."""
    template: str | None = scope.get("path_template")
    return template or "/"


class Door(AbstractAuthenticationMiddleware):
    """Looks the credential up at every request, so that what ends, ends at once."""

    async def authenticate_request(
        self, connection: ASGIConnection[Any, Any, Any, Any]
    ) -> AuthenticationResult:
        try:
            await told_apart(connection)
        except NoRequestKey:  # never initialised, so nobody was ever given a token
            raise NotSignedIn from None
        if "authorization" in connection.headers:
            principal = await _by_token(connection)
        else:
            principal = await cookies.principal_of(connection)
        await limits.by_principal(connection, principal)
        return AuthenticationResult(user=principal, auth=None)


async def told_apart(connection: ASGIConnection[Any, Any, Any, Any]) -> None:
    """What comes before any credential is looked at: the keys of requests, the limit per address."""
    database: Database = connection.app.state.database
    connection.scope["state"]["request_keys"] = await request_keys.of(database)
    await limits.by_address(connection)


async def _by_token(connection: ASGIConnection[Any, Any, Any, Any]) -> Principal:
    """Whoever sends a token is not asked for a cookie: a page of another site can send none."""
    database: Database = connection.app.state.database
    scheme, _, token = connection.headers["authorization"].partition(" ")
    if scheme.lower() != "bearer" or not token or len(token) > 200 or not token.isascii():
        raise NotSignedIn
    async with database.glance() as glance:
        if token.startswith(client_rules.TOKEN_PREFIX):
            return await presenting.machine_of(glance, token, connection.scope["state"]["client"])
        return await signing_in.principal_of(glance, token, places.of(connection))
