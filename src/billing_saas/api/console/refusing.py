"""What cannot be had, told as a page. The words are those of the API; the way back is a link."""

from http import HTTPStatus
from typing import Any

from litestar import Request, Response
from litestar.exceptions import HTTPException
from sqlalchemy.exc import DBAPIError

from billing_saas.api import errors
from billing_saas.api.console import pages
from billing_saas.api.refusals import Refusal
from billing_saas.identity.errors import NotSignedIn
from billing_saas.kit import logs
from billing_saas.kit.actor import StepUpRequired
from billing_saas.kit.errors import DomainError, NotFound
from billing_saas.kit.protocols import KeyProviderDown, KeyRefused
from billing_saas.requests.errors import NoRequestKey, TooMany
from billing_saas.signin.errors import Busy, SecondFactorMissing
from billing_saas.vault.keys import NoVaultKey

Asked = Request[Any, Any, Any]


def not_signed_in(_: Asked, error: NotSignedIn) -> Response[Any]:
    missing = isinstance(error, SecondFactorMissing)
    return pages.go("/second-factor" if missing else "/sign-in")


def step_up(request: Asked, _: StepUpRequired) -> Response[Any]:
    return pages.go("/step-up")


def too_many(_: Asked, error: TooMany) -> Response[Any]:
    minutes = -(-error.seconds // 60)
    wait = f"{minutes} minutes" if minutes > 1 else "a minute"
    return pages.problem(
        HTTPStatus.TOO_MANY_REQUESTS,
        "Too many tries",
        f"Wait {wait}, then try again.",
        {"Retry-After": str(error.seconds)},
    )


def refusal(_: Asked, error: Refusal) -> Response[Any]:
    return pages.problem(error.status, error.status.phrase, error.detail, error.headers)


def domain(_: Asked, error: DomainError) -> Response[Any]:
    status = errors.status_of(type(error))
    detail = "There is nothing here for you." if isinstance(error, NotFound) else error.message
    return pages.problem(status, status.phrase, detail)


def busy(_: Asked, _error: Busy) -> Response[Any]:
    return pages.problem(503, "Busy", "Try again in a moment.", {"Retry-After": "5"})


def http(_: Asked, error: HTTPException) -> Response[Any]:
    status = HTTPStatus(error.status_code)
    return pages.problem(status, status.phrase, "There is nothing here for you.")


def unavailable(_: Asked, error: Exception) -> Response[Any]:
    logs.get().error("unavailable", exc_info=error)
    return pages.problem(503, "Unavailable", "Try again in a moment; nothing was changed.")


def unexpected(_: Asked, error: Exception) -> Response[Any]:
    logs.get().error("unexpected error", exc_info=error)
    return pages.problem(500, "Our fault", "Something went wrong here; nothing was changed.")


HANDLERS: dict[Any, Any] = {
    NotSignedIn: not_signed_in,
    StepUpRequired: step_up,
    TooMany: too_many,
    Refusal: refusal,
    DomainError: domain,
    Busy: busy,
    HTTPException: http,
    KeyProviderDown: unavailable,
    KeyRefused: unavailable,
    NoRequestKey: unavailable,
    NoVaultKey: unavailable,
    ConnectionError: unavailable,
    TimeoutError: unavailable,
    DBAPIError: unavailable,
    Exception: unexpected,
}
