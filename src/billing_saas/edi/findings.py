"""What is wrong with a file, in words a biller understands and codes a 999 can carry."""

import re
from typing import Any, Literal, TypeVar

import msgspec


class Place(msgspec.Struct, frozen=True, gc=False):
    """Where a thing stood in its file; all count from 1, and 0 means not inside one.

    `segment` is the position in the transaction set, counting ST as 1 (as IK302 does).
    """

    interchange: int = 0
    group: int = 0
    transaction: int = 0
    segment: int = 0

    def at(self, segment: int) -> "Place":
        return Place(self.interchange, self.group, self.transaction, segment)

    def __str__(self) -> str:
        words = []
        for name, number in (
            ("interchange", self.interchange),
            ("group", self.group),
            ("set", self.transaction),
            ("segment", self.segment),
        ):
            if number:
                words.append(f"{name} {number}")
        return ", ".join(words) or "file"


NOWHERE = Place()


class Trigger(msgspec.Struct, frozen=True, gc=False):
    """What made a situational rule apply: the CTX of a 999. `position` counts ST as 1."""

    segment: str
    position: int
    loop: str = ""
    element: int = 0
    component: int = 0
    reference: str = ""


_T = TypeVar("_T")


def without_places(value: _T) -> _T:
    """The same struct with every `place` and `position` blanked, so that what was written and read
    back compares equal to what it came from."""
    changed: Any = value
    if isinstance(value, msgspec.Struct):
        fields: dict[str, Any] = {}
        for name in value.__struct_fields__:
            if name == "position":
                fields[name] = 0
            elif name == "place":
                fields[name] = NOWHERE
            elif name == "unread":
                fields[name] = tuple([(0, segment) for _, segment in getattr(value, name)])
            else:
                fields[name] = without_places(getattr(value, name))
        changed = type(value)(**fields)
    elif isinstance(value, tuple):
        changed = tuple([without_places(one) for one in value])
    same: _T = changed
    return same


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One fault. An error is rejected or held; a warning is kept and reported."""

    severity: Literal["error", "warning"]
    level: Literal[
        "interchange", "group", "transaction", "segment", "element", "balance", "business"
    ]
    code: str
    message: str
    place: Place = NOWHERE
    loop: str = ""
    segment: str = ""
    element: int = 0
    component: int = 0
    repetition: int = 0
    element_reference: str = ""
    ack_code: str = ""
    value: str = ""
    trigger: Trigger | None = None

    def __str__(self) -> str:
        where = self.segment
        if self.element:
            where += f"{self.element:02d}"
        if self.component:
            where += f"-{self.component}"
        return f"{self.severity} at {self.place}{' ' + where if where else ''}: {self.message}"


_LETTER = re.compile(r"[^\W\d_]")
_DIGIT = re.compile(r"\d")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def mask(value: str, *, limit: int = 24) -> str:
    """The shape of a value: letters become A, digits 9. Nothing of a name or a number is left."""
    shape = _DIGIT.sub("9", _LETTER.sub("A", value))
    shape = _CONTROL.sub(lambda found: f"<{ord(found.group()):02X}>", shape)
    return shape if len(shape) <= limit else shape[:limit] + f"... ({len(value)} characters)"
