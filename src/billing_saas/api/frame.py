"""Around everything, also what no route knows: a request id, safe headers, the host, one log line."""

import re
import time
from http import HTTPStatus

import msgspec
from litestar.datastructures import Headers
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from billing_saas.api import door, edge, leaks, problems, sunset
from billing_saas.api.edge import Edge
from billing_saas.api.problems import Problem
from billing_saas.kit import logs
from billing_saas.kit.ids import new_id
from billing_saas.requests.limiting import Standing

# Only what cannot carry a name: it goes into logs and the audit trail.
_REQUEST_ID = re.compile(r"[0-9a-f-]{8,36}\Z")
# A cluster's probes come by address, not by name.
_OF_ANY_HOST = ("/live", "/ready")

_POLICY = b"content-security-policy"
_SAFE = [
    (b"cache-control", b"no-store"),
    (_POLICY, b"default-src 'none'; frame-ancestors 'none'"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"referrer-policy", b"no-referrer"),
    (b"strict-transport-security", b"max-age=31536000; includeSubDomains"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
]
# The documentation page: its own scripts, and the styles that Swagger UI writes into its elements.
_DOCS_POLICY = (
    b"default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
    b" connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
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
                message["headers"] = sent = list(message["headers"])
                _dress(scope, sent)
            await send(message)

        try:
            host = headers.get("host", "")
            if scope["path"] == "/" and self._edge.is_portal(host):
                await _lead(framed, "/portal")
            elif not self._is_ours(host, scope["path"]):
                # RFC 9110, 15.5.20: the request was meant for somebody else.
                detail = "This is not a host of that name."
                await _tell(scope, framed, HTTPStatus.MISDIRECTED_REQUEST, detail)
            elif shown := leaks.shown_in(scope):
                await leaks.end(scope, shown)
                await _tell(scope, framed, HTTPStatus.UNAUTHORIZED, leaks.DETAIL)
            else:
                await self._app(scope, receive, framed)
        finally:
            logs.get().info(
                "request",
                request_id=state["request_id"],
                method=scope.get("method", ""),
                route=door.route_of(scope),
                status=status,
                milliseconds=round((time.perf_counter() - started) * 1000, 1),
            )

    def _is_ours(self, host: str, path: str) -> bool:
        if path in _OF_ANY_HOST:
            return True
        return self._edge.knows_host(host) and self._edge.serves(host, path)


def _request_id(given: str) -> str:
    """The caller's own, when it can be nothing but an id; else a new one."""
    return given if _REQUEST_ID.match(given) else str(new_id())


def _dress(scope: Scope, sent: list[tuple[bytes, bytes]]) -> None:
    """On the raw list: by name, each of a dozen headers would be a walk over all of them."""
    there = {name.lower() for name, _ in sent}
    if scope["path"].startswith("/docs") and _POLICY not in there:
        sent.append((_POLICY, _DOCS_POLICY))
        there.add(_POLICY)
    sent += [header for header in _SAFE if header[0] not in there]
    sent.append((b"x-request-id", scope["state"]["request_id"].encode()))
    standing = scope["state"].get("standing")
    if isinstance(standing, Standing):
        sent += [
            (b"ratelimit-limit", b"%d" % standing.limit.most),
            (b"ratelimit-remaining", b"%d" % standing.left),
            (b"ratelimit-reset", b"%d" % standing.full_in_seconds),
        ]
    for name, value in sunset.headers_of(scope).items():
        sent.append((name.lower().encode(), value.encode()))


_WORDS = {
    HTTPStatus.MISDIRECTED_REQUEST: "misdirected-request",
    HTTPStatus.UNAUTHORIZED: "not-signed-in",
}


async def _lead(send: Send, path: str) -> None:
    """Whoever types the bare name of the patients' host."""
    sent = [(b"location", path.encode()), (b"content-length", b"0")]
    await send(
        {"type": "http.response.start", "status": int(HTTPStatus.SEE_OTHER), "headers": sent}
    )
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _tell(scope: Scope, send: Send, status: HTTPStatus, detail: str) -> None:
    """A problem, before the framework is asked."""
    problem = Problem(
        type=problems.PREFIX + _WORDS[status],
        title=status.phrase,
        status=status,
        detail=detail,
        request_id=scope["state"]["request_id"],
    )
    content = [(b"content-type", problems.MEDIA_TYPE.encode())]
    if status is HTTPStatus.UNAUTHORIZED:
        content.append((b"www-authenticate", b"Bearer"))
    await send({"type": "http.response.start", "status": int(status), "headers": content})
    body = msgspec.json.encode(problem)
    await send({"type": "http.response.body", "body": body, "more_body": False})
