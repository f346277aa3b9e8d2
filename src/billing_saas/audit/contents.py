"""What an event remembers of the cells it wrote, so that an older ciphertext put back is found."""

import hashlib
import struct
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from billing_saas.phi.registry import Cell

_PLACE = struct.Struct(">HH16s")
# The first byte of a digest. Events of before this form have 32 bytes without it, and no contents.
FORM = b"\x01"


class Content(NamedTuple):
    """A sealed cell as an act wrote it: its place, and the SHA-256 of its ciphertext."""

    table_number: int
    column_number: int
    row_id: UUID
    hash: bytes


def of(cell: Cell, row_id: UUID, sealed: bytes) -> Content:
    return Content(cell.table_number, cell.column_number, row_id, hashlib.sha256(sealed).digest())


def of_rows(rows: Sequence[Mapping[str, Any]], *cells: Cell) -> list[Content]:
    """Rows as they were written, under the names of their columns."""
    return [of(cell, row["id"], row[cell.column]) for cell in cells for row in rows]


def digest(contents: Iterable[Content]) -> bytes | None:
    """Binds an event to all it wrote, in an order of its own. None when it wrote no sealed cell."""
    places = sorted(
        _PLACE.pack(one.table_number, one.column_number, one.row_id.bytes) + one.hash
        for one in contents
    )
    return FORM + hashlib.sha256(b"".join(places)).digest() if places else None
