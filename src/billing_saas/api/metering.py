"""Requests counted by route template, method and status; a path or a made-up method is no label."""

import time
from http import HTTPStatus

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from billing_saas.kit import meters, tracing
from billing_saas.requests.limiting import Standing

_METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
# The cluster's own, every few seconds from every side.
_NOT_COUNTED = frozenset({"/live", "/ready"})


class Metering:
    """Around the application itself: the framework's middleware never sees a path that has no route."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP or scope["path"] in _NOT_COUNTED:
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        status = 500

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        method = scope["method"] if scope["method"] in _METHODS else "other"
        with tracing.request(method) as span:
            try:
                await self._app(scope, receive, noted)
            finally:
                # Known when the router has been asked. What no route knows is one label, whatever is tried.
                route = scope.get("path_template") or "none"
                span.answered(route, status)
                meters.REQUESTS.labels(route, method, status).inc()
                if status == HTTPStatus.TOO_MANY_REQUESTS:
                    meters.REQUESTS_LIMITED.labels(route, _limit_of(scope)).inc()
                meters.REQUEST_SECONDS.labels(route, method).observe(time.perf_counter() - started)


def _limit_of(scope: Scope) -> str:
    """Its name, of which there are a handful; never whom it counts."""
    standing = scope["state"].get("standing")
    return standing.limit.name if isinstance(standing, Standing) else "other"
