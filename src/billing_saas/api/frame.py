"""Around everything, also what no route knows: a request id, safe headers, the host, one log line."""

import re
import time
from http import HTTPStatus

import msgspec
from litestar.datastructures import Headers, MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from billing_saas.api import door, edge, problems, sunset
from billing_saas.api.edge import Edge
from billing_saas.api.problems import Problem
from billing_saas.kit import logs
from billing_saas.kit.ids import new_id
from billing_saas.requests.limiting import Standing

# Only what cannot carry a name: it goes into logs and the audit trail.
_REQUEST_ID = re.compile(r"[0-9a-f-]{8,36}\Z")
# A cluster's probes come by address, not by name.
_OF_ANY_HOST = ("/live", "/ready")

_SAFE = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
# The documentation page: its own scripts, and the styles that Swagger UI writes into its elements.
_DOCS_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
    " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class RequestFrame:
    def __init__(self, app: ASGIApp, meeting: Edge) -> None:
        self._app = app
        self._edge = meeting

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        headers = Headers.from_scope(scope)
        state = scope["state"]
        state["request_id"] = _request_id(headers.get("x-request-id", ""))
        state["client"] = self._edge.client(scope)
        state["ip_prefix"] = edge.audit_prefix(state["client"])
        status = 500

        async def framed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                await door.record_denied(scope)
                _dress(scope, MutableScopeHeaders.from_message(message))
            await send(message)

        try:
            path = scope["path"]
            if path in _OF_ANY_HOST or self._edge.knows_host(headers.get("host", "")):
                await self._app(scope, receive, framed)
            else:
                await _not_our_host(scope, framed)
        finally:
            logs.get().info(
                "request",
                request_id=state["request_id"],
                method=scope.get("method", ""),
                route=door.route_of(scope),
                status=status,
                milliseconds=round((time.perf_counter() - started) * 1000, 1),
            )


def _request_id(given: str) -> str:
    """The caller's own, when it can be nothing but an id; else a new one."""
    return given if _REQUEST_ID.match(given) else str(new_id())


def _dress(scope: Scope, headers: MutableScopeHeaders) -> None:
    headers["X-Request-Id"] = scope["state"]["request_id"]
    if scope["path"].startswith("/docs"):
        headers.setdefault("Content-Security-Policy", _DOCS_POLICY)
    for name, value in _SAFE.items():
        headers.setdefault(name, value)
    standing = scope["state"].get("standing")
    if isinstance(standing, Standing):
        headers["RateLimit-Limit"] = str(standing.limit.most)
        headers["RateLimit-Remaining"] = str(standing.left)
        headers["RateLimit-Reset"] = str(standing.full_in_seconds)
    for name, value in sunset.headers_of(scope).items():
        headers[name] = value


async def _not_our_host(scope: Scope, send: Send) -> None:
    """RFC 9110, 15.5.20: the request was meant for somebody else."""
    status = HTTPStatus.MISDIRECTED_REQUEST
    problem = Problem(
        type=problems.PREFIX + "misdirected-request",
        title=status.phrase,
        status=status,
        detail="This is not a host of that name.",
        request_id=scope["state"]["request_id"],
    )
    content = [(b"content-type", problems.MEDIA_TYPE.encode())]
    await send({"type": "http.response.start", "status": int(status), "headers": content})
    body = msgspec.json.encode(problem)
    await send({"type": "http.response.body", "body": body, "more_body": False})
