"""Access tokens for the machines of a practice: OAuth 2.0, client credentials (RFC 6749, 4.4)."""

from typing import Annotated, Any

import msgspec
from litestar import MediaType, Request, Response, get, post
from litestar.openapi.datastructures import ResponseSpec

from billing_saas.api import door, limits
from billing_saas.api.declaring import PAGE, declared
from billing_saas.api.edge import Edge
from billing_saas.api.oauth import asking
from billing_saas.api.oauth.asking import Malformed
from billing_saas.api.oauth.server import GRANT, METHODS, Asking, Granted, TokenServer
from billing_saas.api.wire import In, Out
from billing_saas.clients import issuing, key_rules, presenting, rules
from billing_saas.clients.errors import AssertionRefused
from billing_saas.clients.issuing import Caller
from billing_saas.clients.presenting import Applicant
from billing_saas.kit import clock
from billing_saas.kit.db import Database

PATH = "/oauth/token"


class TokenAsked(In, frozen=True):
    """`grant_type` is client_credentials. The client shows who it is by HTTP Basic, by `client_secret`
    in the body, or by `client_assertion` (RFC 7523): in one way only."""

    grant_type: Annotated[str, msgspec.Meta(pattern=f"^{GRANT}$")]
    scope: str | None = None
    client_id: str | None = None
    client_secret: str | None = None
    client_assertion_type: str | None = None
    client_assertion: str | None = None


class AccessTokenOut(Out, frozen=True):
    """`scope` is what the token may: what was asked for, else all that the client may."""

    access_token: str
    token_type: str
    expires_in: int
    scope: str


class OAuthErrorOut(Out, frozen=True):
    """RFC 6749, 5.2: `error` is invalid_request, invalid_client, unsupported_grant_type or
    invalid_scope."""

    error: str
    error_description: str


@post(
    PATH,
    status_code=200,
    summary="Give an access token to a client of a practice",
    opt=PAGE | declared(form=TokenAsked),
    security=[],
    responses={
        200: ResponseSpec(AccessTokenOut, generate_examples=False, description="OK"),
        400: ResponseSpec(OAuthErrorOut, generate_examples=False, description="Bad Request"),
        401: ResponseSpec(OAuthErrorOut, generate_examples=False, description="Unauthorized"),
    },
)
async def give_token(request: Request[Any, Any, Any]) -> Response[Any]:
    await door.told_apart(request)
    try:
        asked = asking.read(request)
    except Malformed as error:
        body = {"error": error.error, "error_description": error.description}
        return _answer(400 if error.error == "invalid_request" else 401, body)
    await limits.of_client(request, asked.client_id)
    return await _decided(request, asked)


async def _decided(request: Request[Any, Any, Any], asked: Asking) -> Response[Any]:
    """For a client that there is and for one that there is not: one statement, one decision, and one
    transaction that tells of it."""
    database: Database = request.app.state.database
    state = request.scope["state"]
    caller = Caller(state["request_id"], state["ip_prefix"])
    async with database.glance() as glance:
        applicant = await presenting.applicant(glance, asked.client_id)
    server = TokenServer(applicant, asked, _audiences(request), clock.now())
    status, body, headers = server.answer()
    if server.granted is not None:
        try:
            body["access_token"] = await _given(database, caller, applicant, server.granted)
        except AssertionRefused:  # it was used before
            status, body = 401, _NOT_AUTHENTICATED
    if status == 401:
        async with database.tenant(applicant.tenant_id) as db:
            await issuing.record_refused(db, caller, applicant)
    return _answer(status, body, dict(headers))


_NOT_AUTHENTICATED = {
    "error": "invalid_client",
    "error_description": "The client could not be authenticated.",
}


async def _given(database: Database, caller: Caller, applicant: Applicant, granted: Granted) -> str:
    async with database.tenant(applicant.tenant_id) as db:
        return await issuing.issue(db, caller, applicant, granted.shown, granted.scopes)


def _answer(
    status: int, body: dict[str, Any], headers: dict[str, str] | None = None
) -> Response[Any]:
    sent = {"Cache-Control": "no-store", "Pragma": "no-cache"}
    if status == 401:
        sent["WWW-Authenticate"] = 'Basic realm="clients"'
    return Response(body, status_code=status, media_type=MediaType.JSON, headers=sent)


def _audiences(request: Request[Any, Any, Any]) -> frozenset[str]:
    """Whom an assertion may be meant for: us by name, or this very address (RFC 7523, 3)."""
    meeting: Edge = request.app.state.edge
    return frozenset({meeting.site, meeting.site + PATH})


@get("/.well-known/oauth-authorization-server", include_in_schema=False, sync_to_thread=False)
def authorization_server(request: Request[Any, Any, Any]) -> dict[str, Any]:
    """RFC 8414."""
    meeting: Edge = request.app.state.edge
    return {
        "issuer": meeting.site,
        "token_endpoint": meeting.site + PATH,
        "grant_types_supported": [GRANT],
        "response_types_supported": [],
        "scopes_supported": sorted(rules.SCOPES),
        "token_endpoint_auth_methods_supported": list(METHODS),
        "token_endpoint_auth_signing_alg_values_supported": sorted(key_rules.ALGORITHMS),
        "service_documentation": f"{meeting.site}/docs",
    }


HANDLERS = [give_token, authorization_server]
