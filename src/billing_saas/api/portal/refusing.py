"""What cannot be had, told as a page in the visitor's language; the way back is a link."""

from http import HTTPStatus
from typing import Any

from litestar import Response
from litestar.exceptions import HTTPException
from sqlalchemy.exc import DBAPIError

from billing_saas.api import errors
from billing_saas.api.edge import PATIENTS_PATHS
from billing_saas.api.portal import frame, visiting
from billing_saas.api.portal.visiting import Asked
from billing_saas.api.refusals import Refusal
from billing_saas.kit import logs
from billing_saas.kit.errors import DomainError
from billing_saas.kit.protocols import KeyProviderDown, KeyRefused
from billing_saas.phi.errors import KeysMissing, KeyVersionUnknown
from billing_saas.portal.errors import NeedsMore, NotEntered
from billing_saas.requests.errors import NoRequestKey, TooMany
from billing_saas.vault.keys import NoVaultKey

_TOLD = frozenset({400, 403, 404, 409, 429, 500, 503})


def _told(
    request: Asked, status: int, headers: dict[str, str] | None = None, **filled: object
) -> Response[Any]:
    """In a word for its kind. What has no words of its own is told by its class."""
    known = status if status in _TOLD else (500 if status >= 500 else 400)
    language = getattr(request.state, "language", None) or visiting.language_of(request)
    return frame.problem(language, status, f"problem.{known}", headers, **filled)


def not_entered(_: Asked, _error: NotEntered) -> Response[Any]:
    return frame.go("/portal/enter")


def needs_more(_: Asked, _error: NeedsMore) -> Response[Any]:
    return frame.go("/portal/code")


def too_many(request: Asked, error: TooMany) -> Response[Any]:
    minutes = max(1, -(-error.seconds // 60))
    return _told(request, 429, {"Retry-After": str(error.seconds)}, minutes=minutes)


def refusal(request: Asked, error: Refusal) -> Response[Any]:
    if error.status is HTTPStatus.TOO_MANY_REQUESTS:
        seconds = int(error.headers.get("Retry-After", "60"))
        return too_many(request, TooMany("address", seconds))
    return _told(request, error.status, dict(error.headers))


def domain(request: Asked, error: DomainError) -> Response[Any]:
    return _told(request, errors.status_of(type(error)))


def http(request: Asked, error: HTTPException) -> Response[Any]:
    if error.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return unexpected(request, error)
    return _told(request, error.status_code)


def unavailable(request: Asked, error: Exception) -> Response[Any]:
    logs.get().error("unavailable", exc_info=error)
    return _told(request, 503, {"Retry-After": "5"})


def unexpected(request: Asked, error: Exception) -> Response[Any]:
    logs.get().error("unexpected error", exc_info=error)
    return _told(request, 500)


HANDLERS: dict[Any, Any] = {
    NotEntered: not_entered,
    NeedsMore: needs_more,
    TooMany: too_many,
    Refusal: refusal,
    DomainError: domain,
    HTTPException: http,
    KeyProviderDown: unavailable,
    KeyRefused: unavailable,
    KeysMissing: unavailable,
    KeyVersionUnknown: unavailable,
    NoRequestKey: unavailable,
    NoVaultKey: unavailable,
    ConnectionError: unavailable,
    TimeoutError: unavailable,
    DBAPIError: unavailable,
    Exception: unexpected,
}


def told_by_path(request: Asked, error: HTTPException) -> Response[Any]:
    """What no route knows, or not by this method: a page for patients, a problem for everybody else."""
    if request.scope["path"].startswith(PATIENTS_PATHS):
        return http(request, error)
    return errors.http_error(request, error)
