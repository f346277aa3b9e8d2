"""Shapes that every audience shares on the wire. Requests refuse fields they do not know."""

from typing import Generic, TypeVar

import msgspec

T = TypeVar("T")


class In(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A request body."""


class Out(msgspec.Struct, frozen=True, kw_only=True):
    """A response body. Amounts are integer cents."""


class PageOut(msgspec.Struct, Generic[T], frozen=True):
    """`next_cursor` is null on the last page."""

    rows: list[T]
    next_cursor: str | None
