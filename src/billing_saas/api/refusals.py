"""What the edge itself refuses, before any room is asked. Its words are ours and may be shown."""

import re
from http import HTTPStatus

from billing_saas.api.problems import Fault


class Refusal(Exception):
    """A status, a stable word for it (the problem's `type`), a sentence, and the places meant."""

    def __init__(
        self,
        status: HTTPStatus,
        word: str,
        detail: str,
        *,
        errors: list[Fault] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.word = word
        self.detail = detail
        self.errors = errors or []
        self.headers = headers or {}


def bad_request(detail: str, path: str = "", message: str = "") -> Refusal:
    """400. With a `path`, the place that is meant."""
    errors = [Fault(path, message or detail)] if path else []
    return Refusal(HTTPStatus.BAD_REQUEST, "bad-request", detail, errors=errors)


def unsupported(detail: str) -> Refusal:
    return Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", detail)


def too_large(most_bytes: int) -> Refusal:
    return Refusal(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "request-entity-too-large",
        f"A body may have {most_bytes} bytes at most here.",
    )


def too_slow() -> Refusal:
    # The rest of the body may still come: the connection cannot be used again.
    return Refusal(
        HTTPStatus.REQUEST_TIMEOUT,
        "request-timeout",
        "The body came too slowly.",
        headers={"Connection": "close"},
    )


# The decoder's words about what it was sent, which may be anything: a name in the place of a field, too.
_QUOTED = re.compile(r"(unknown field|enum value) [`'\"].*", re.DOTALL)


def shown(message: str) -> str:
    """The decoder's message without what a client wrote."""
    return _QUOTED.sub(r"\1", message)
