"""Answers as they leave: cursors sealed, versions named, and what a change left behind remembered."""

from typing import Any, TypeVar
from uuid import UUID

import msgspec
from litestar import Request, Response
from litestar.response.base import ASGIResponse

from billing_saas.api import cursors, etags, manners
from billing_saas.api.wire import PageOut

T = TypeVar("T")


class Answer(Response[T]):
    """Made inside the request's transaction: what is noted here commits with it."""

    def to_asgi_response(
        self, app: Any, request: Request[Any, Any, Any], **more: Any
    ) -> ASGIResponse:
        content: Any = self.content
        if isinstance(content, PageOut) and content.next_cursor is not None:
            sealed = cursors.seal(request, content.next_cursor)
            content = msgspec.structs.replace(content, next_cursor=sealed)
            self.content = content
        _note_resource(request, content)
        answer = super().to_asgi_response(app, request, **more)
        if (
            request.method == "GET"
            and answer.status_code == 200
            and "request_keys" in _state(request)
        ):
            return _versioned(request, answer)
        return answer


def _note_resource(request: Request[Any, Any, Any], content: Any) -> None:
    named = manners.of(request.route_handler).resource
    if named:
        found: UUID = getattr(content, named)
        _state(request)["resource_id"] = found


def _versioned(request: Request[Any, Any, Any], answer: ASGIResponse) -> ASGIResponse:
    tag = etags.of_bytes(request, answer.body)
    answer.headers["ETag"] = tag
    known = request.headers.get("if-none-match")
    if known is not None and etags.matches(known, tag, weakly=True):
        return ASGIResponse(status_code=304, headers={"ETag": tag})
    return answer


def _state(request: Request[Any, Any, Any]) -> dict[str, Any]:
    state: dict[str, Any] = request.scope["state"]
    return state
