"""Structs that hold patients' data must not show it in logs, tracebacks or failing tests."""

from typing import Any

import msgspec


class Masked(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A struct whose repr says only what it is and where it stood.

    Stored as JSON it holds what was sent and no defaults: most parts of most claims are empty.
    """

    def __repr__(self) -> str:
        place = getattr(self, "place", None)
        if place is not None:
            return f"<{type(self).__name__} at {place}>"
        position = getattr(self, "position", 0)
        where = f" at segment {position}" if position else ""
        return f"<{type(self).__name__}{where}>"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return []
