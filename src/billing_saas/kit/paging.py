"""Cursor paging: a page is asked for by what came last, never by an offset."""

import base64
import binascii
from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID

from billing_saas.kit.errors import Invalid

T = TypeVar("T")

MOST = 200


class BadCursor(Invalid):
    pass


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    rows: list[T]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Ids are UUIDv7, so ordering by id is ordering by time of birth; newest first."""

    limit: int = 50
    after: UUID | None = None


def request(limit: int | None, cursor: str | None) -> PageRequest:
    if limit is not None and not 1 <= limit <= MOST:
        raise Invalid(f"limit must be between 1 and {MOST}", field="limit")
    return PageRequest(limit or 50, _decode(cursor) if cursor else None)


def encode(last: UUID) -> str:
    return base64.urlsafe_b64encode(last.bytes).rstrip(b"=").decode()


def _decode(cursor: str) -> UUID:
    try:
        raw = base64.b64decode(cursor + "==", altchars=b"-_", validate=True)
        if len(raw) != 16:
            raise ValueError("length")
        return UUID(bytes=raw)
    except (ValueError, binascii.Error, UnicodeEncodeError) as error:
        raise BadCursor("The cursor is not one of ours.", field="cursor") from error
