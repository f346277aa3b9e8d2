"""Kinds of errors into statuses. Whatever is not an answer is told as 500 or 503, without a word more."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from billing_saas.api import problems
from billing_saas.api.answering import Answer
from billing_saas.api.once import DoneBefore
from billing_saas.api.problems import Fault, Problem
from billing_saas.api.refusals import Refusal, shown
from billing_saas.api.spooling import ClientLeft
from billing_saas.identity.errors import NotSignedIn
from billing_saas.kit import logs
from billing_saas.kit.errors import Conflict, DomainError, Invalid, NotFound, Refused
from billing_saas.kit.protocols import KeyProviderDown, KeyRefused
from billing_saas.phi.errors import KeysMissing, KeyVersionUnknown

_STATUS: tuple[tuple[type[DomainError], HTTPStatus], ...] = (
    (NotFound, HTTPStatus.NOT_FOUND),
    (Refused, HTTPStatus.FORBIDDEN),
    (Conflict, HTTPStatus.CONFLICT),
    (Invalid, HTTPStatus.UNPROCESSABLE_ENTITY),
)
# PostgreSQL gave up for a reason that passes: a lock, a time limit, a serialization, a deadlock.
_GIVEN_UP = frozenset({"55P03", "57014", "40001", "40P01"})
_TOO_LARGE = frozenset({"blob-too-large"})


def status_of(error: type[DomainError]) -> HTTPStatus:
    if error.word() in _TOO_LARGE:
        return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    return next(status for kind, status in _STATUS if issubclass(error, kind))


def answer(
    request: Request[Any, Any, Any], problem: Problem, headers: Mapping[str, str] | None = None
) -> Response[bytes]:
    sent = {"Cache-Control": "no-store", **(headers or {})}
    if problem.status == HTTPStatus.UNAUTHORIZED:
        sent["WWW-Authenticate"] = "Bearer"
    return Response(
        content=msgspec.json.encode(problem),
        status_code=problem.status,
        media_type=problems.MEDIA_TYPE,
        headers=sent,
    )


def _problem(
    request: Request[Any, Any, Any],
    status: int,
    name: str,
    detail: str = "",
    headers: Mapping[str, str] | None = None,
    **more: Any,
) -> Response[bytes]:
    problem = Problem(
        type=problems.PREFIX + name,
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        request_id=request.scope["state"].get("request_id", ""),
        **more,
    )
    return answer(request, problem, headers)


def domain_error(request: Request[Any, Any, Any], error: DomainError) -> Response[bytes]:
    status = status_of(type(error))
    if status in (HTTPStatus.NOT_FOUND, HTTPStatus.FORBIDDEN):
        request.scope["state"]["denied"] = error.name  # the door tells the audit trail
    if status is HTTPStatus.NOT_FOUND:
        # Whatever it was, to this person it does not exist: one text for all of them.
        return _problem(request, status, "not-found", "There is nothing here for you.")
    return _problem(
        request,
        status,
        error.name,
        error.message,
        errors=problems.faults_of(error.facts),
        facts=problems.facts_of(error.facts),
    )


def not_signed_in(request: Request[Any, Any, Any], _: NotSignedIn) -> Response[bytes]:
    return _problem(request, 401, "not-signed-in", "A bearer token that is good is needed.")


def unavailable(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    logs.get().error("unavailable", exc_info=error)
    return _problem(request, 503, "unavailable", "Try again in a moment; nothing was changed.")


def database_error(request: Request[Any, Any, Any], error: DBAPIError) -> Response[bytes]:
    waited = getattr(error.orig, "sqlstate", None) in _GIVEN_UP
    lost = error.connection_invalidated or isinstance(error, (OperationalError, InterfaceError))
    if waited or lost:
        return unavailable(request, error)
    return unexpected(request, error)


def bad_request(request: Request[Any, Any, Any], error: ValidationException) -> Response[bytes]:
    """Place by place, without the values."""
    extra = error.extra if isinstance(error.extra, list) else []
    faults = [
        Fault(_path(str(fault.get("key", ""))), shown(str(fault.get("message", ""))))
        for fault in extra
        if isinstance(fault, dict)
    ]
    return _problem(request, 400, "bad-request", "The request cannot be read.", errors=faults)


def _path(key: str) -> str:
    """The framework calls the body `data`; to who sent it, it has no name."""
    return key.removeprefix("data.").removeprefix("$.") if key != "data" else ""


def nested_too_deeply(request: Request[Any, Any, Any], _: RecursionError) -> Response[bytes]:
    """The JSON decoder gives up by this error; no body of ours nests more than a few levels."""
    return _problem(request, 400, "bad-request", "The request is nested too deeply to be read.")


def refused_at_the_edge(request: Request[Any, Any, Any], error: Refusal) -> Response[bytes]:
    return _problem(
        request, error.status, error.word, error.detail, error.headers, errors=error.errors
    )


def done_before(_: Request[Any, Any, Any], done: DoneBefore) -> Response[Any]:
    headers = {"Idempotency-Replayed": "true"}
    return Answer(done.content, status_code=done.status, headers=headers)


def client_left(request: Request[Any, Any, Any], _: ClientLeft) -> Response[bytes]:
    """Nobody hears it; the log has a status."""
    return _problem(request, 400, "bad-request", "The body ended early.")


def http_error(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    if error.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return unexpected(request, error)
    name = HTTPStatus(error.status_code).phrase.lower().replace(" ", "-")
    detail = "There is nothing here for you." if error.status_code == HTTPStatus.NOT_FOUND else ""
    allowed = {key.title(): value for key, value in (error.headers or {}).items()}
    return _problem(request, error.status_code, name, detail, allowed)


def unexpected(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    logs.get().error("unexpected error", exc_info=error)
    return _problem(request, 500, "unexpected", "This is our fault; the request id finds it.")


HANDLERS: dict[Any, Any] = {
    DomainError: domain_error,
    NotSignedIn: not_signed_in,
    KeyProviderDown: unavailable,
    # Destroyed, or not where this process looks for it; or newer than what it could read so far.
    KeyRefused: unavailable,
    KeysMissing: unavailable,
    KeyVersionUnknown: unavailable,
    ConnectionError: unavailable,
    TimeoutError: unavailable,
    DBAPIError: database_error,
    ValidationException: bad_request,
    HTTPException: http_error,
    Refusal: refused_at_the_edge,
    DoneBefore: done_before,
    ClientLeft: client_left,
    RecursionError: nested_too_deeply,
    Exception: unexpected,
}
