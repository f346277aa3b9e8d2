"""Between the elements of one segment and the fields of a struct, both ways.

A cell binds a field to one or more elements. Reading never fails: what a cell cannot hold is
told to `Faults`, and the whole segment is then kept beside the struct. Writing gives the values
a `Pen` takes.
"""

from collections.abc import Sequence
from typing import Any, Literal, Protocol

import msgspec

from billing_saas.edi import amounts
from billing_saas.edi.delimiters import Delimiters
from billing_saas.edi.reel import text
from billing_saas.edi.writing import Composite

Kind = Literal["text", "cents", "count", "quantity"]
PenValue = str | Composite | list[str | Composite]
Row = dict[int, PenValue]
# A count (segments, claims, sets) longer than this is no count.
_LONGEST_COUNT = 15


class Faults(Protocol):
    def fault(self, code: str, element: int) -> None: ...


class Cell(Protocol):
    field: str
    elements: tuple[int, ...]

    def read(self, segment: Sequence[str], delimiters: Delimiters, faults: Faults) -> Any: ...
    def write(self, value: Any, row: Row) -> None: ...


def _element(segment: Sequence[str], number: int) -> str:
    return segment[number] if number < len(segment) else ""


def _check_separators(raw: str, number: int, delimiters: Delimiters, faults: Faults) -> None:
    """A separator in an element that has no parts: the text is kept whole, and told."""
    if delimiters.component in raw or (delimiters.repetition and delimiters.repetition in raw):
        faults.fault("unexpected_separator", number)


def _check_repetition(raw: str, number: int, delimiters: Delimiters, faults: Faults) -> None:
    if delimiters.repetition and delimiters.repetition in raw:
        faults.fault("unexpected_separator", number)


class TextCell:
    def __init__(self, field: str, element: int) -> None:
        self.field = field
        self.elements: tuple[int, ...] = (element,)
        self._at = element

    def read(self, segment: Sequence[str], delimiters: Delimiters, faults: Faults) -> str:
        raw = _element(segment, self._at)
        if raw and not raw.isalnum():
            _check_separators(raw, self._at, delimiters, faults)
        return text(raw)

    def write(self, value: str, row: Row) -> None:
        row[self._at] = value


class NumberCell:
    """Cents, a count, or a quantity (canonical text). `missing` is what an absent one reads as."""

    def __init__(self, field: str, element: int, kind: Kind, missing: Any) -> None:
        self.field = field
        self.elements: tuple[int, ...] = (element,)
        self._at = element
        self.kind = kind
        self._missing = missing

    def read(self, segment: Sequence[str], _delimiters: Delimiters, faults: Faults) -> Any:
        raw = _element(segment, self._at)
        if not raw:
            return self._missing
        try:
            if self.kind == "cents":
                return amounts.cents(raw)
            if self.kind == "quantity":
                return amounts.quantity(raw)
            return _count(raw)
        except ValueError:
            faults.fault("count_format" if self.kind == "count" else "amount_format", self._at)
            return self._missing

    def write(self, value: Any, row: Row) -> None:
        if value is None:
            row[self._at] = ""
        elif self.kind == "cents":
            row[self._at] = amounts.format_cents(value)
        else:
            row[self._at] = str(value)


def _count(raw: str) -> int:
    if not (raw.isascii() and raw.isdecimal() and len(raw) <= _LONGEST_COUNT):
        raise ValueError("not a count")
    return int(raw)


class RepeatedCell:
    """One element repeated, as a tuple of text."""

    def __init__(self, field: str, element: int) -> None:
        self.field = field
        self.elements: tuple[int, ...] = (element,)
        self._at = element

    def read(
        self, segment: Sequence[str], delimiters: Delimiters, faults: Faults
    ) -> tuple[str, ...]:
        raw = _element(segment, self._at)
        if delimiters.component in raw:
            faults.fault("unexpected_separator", self._at)
        if not raw:
            return ()
        if delimiters.repetition is None:
            return (text(raw),)
        return tuple([text(one) for one in raw.split(delimiters.repetition)])

    def write(self, value: tuple[str, ...], row: Row) -> None:
        row[self._at] = list(value)


class SpreadCell:
    """Several elements as a tuple of text; a gap stays "" so that each keeps its element."""

    def __init__(self, field: str, elements: tuple[int, ...]) -> None:
        self.field = field
        self.elements = elements

    def read(
        self, segment: Sequence[str], delimiters: Delimiters, faults: Faults
    ) -> tuple[str, ...]:
        for number in self.elements:
            _check_separators(_element(segment, number), number, delimiters, faults)
        values = [text(_element(segment, number)) for number in self.elements]
        return tuple(trimmed(values))

    def write(self, value: tuple[str, ...], row: Row) -> None:
        row.update(zip(self.elements, value, strict=False))


class PairsCell:
    """Pairs of elements (qualifier, value), such as the numbers of a contact."""

    def __init__(self, field: str, firsts: tuple[int, ...]) -> None:
        self.field = field
        self.elements = tuple([number + more for number in firsts for more in (0, 1)])
        self._firsts = firsts

    def read(
        self, segment: Sequence[str], delimiters: Delimiters, faults: Faults
    ) -> tuple[tuple[str, str], ...]:
        for number in self.elements:
            _check_separators(_element(segment, number), number, delimiters, faults)
        pairs = [
            (text(_element(segment, at)), text(_element(segment, at + 1))) for at in self._firsts
        ]
        while pairs and pairs[-1] == ("", ""):
            pairs.pop()
        return tuple(pairs)

    def write(self, value: tuple[tuple[str, str], ...], row: Row) -> None:
        for at, (qualifier, number) in zip(self._firsts, value, strict=False):
            row[at], row[at + 1] = qualifier, number


class CompositeShape:
    """How a struct stands in the components of one element."""

    def __init__(
        self, struct: type[msgspec.Struct], fields: tuple[tuple[str, tuple[int, ...], bool], ...]
    ) -> None:
        """`fields`: name, component numbers, and whether it is a tuple of them."""
        self.struct = struct
        self.fields = fields
        self._known = {number for _, numbers, _ in fields for number in numbers}

    def read(self, raw: str, component: str, element: int, faults: Faults) -> msgspec.Struct:
        parts = ["", *[text(part) for part in raw.split(component)]]
        if any(part and number not in self._known for number, part in enumerate(parts)):
            faults.fault("unread_component", element)
        values: dict[str, Any] = {}
        for name, numbers, several in self.fields:
            found = [parts[number] if number < len(parts) else "" for number in numbers]
            values[name] = tuple(trimmed(found)) if several else found[0]
        return self.struct(**values)

    def write(self, value: msgspec.Struct | None) -> Composite:
        parts = [""] * max(self._known, default=0)
        if value is None:
            return ()
        for name, numbers, several in self.fields:
            held = getattr(value, name)
            for number, part in zip(numbers, held if several else (held,), strict=False):
                parts[number - 1] = part
        return tuple(trimmed(parts))


class CompositeCell:
    """One element with components, as a struct, or None where it was not sent."""

    def __init__(self, field: str, element: int, shape: CompositeShape) -> None:
        self.field = field
        self.elements: tuple[int, ...] = (element,)
        self._at = element
        self.shape = shape

    def read(
        self, segment: Sequence[str], delimiters: Delimiters, faults: Faults
    ) -> msgspec.Struct | None:
        raw = _element(segment, self._at)
        _check_repetition(raw, self._at, delimiters, faults)
        return self.shape.read(raw, delimiters.component, self._at, faults) if raw else None

    def write(self, value: msgspec.Struct | None, row: Row) -> None:
        row[self._at] = self.shape.write(value)


class CompositesCell:
    """Composites spread over several elements, or repeated in one, as a tuple of structs."""

    def __init__(self, field: str, elements: tuple[int, ...], shape: CompositeShape) -> None:
        self.field = field
        self.elements = elements
        self.shape = shape

    def read(
        self, segment: Sequence[str], delimiters: Delimiters, faults: Faults
    ) -> tuple[msgspec.Struct, ...]:
        if len(self.elements) == 1:
            raw = _element(segment, self.elements[0])
            repeated = raw.split(delimiters.repetition) if delimiters.repetition else [raw]
            sent = [(self.elements[0], one) for one in repeated] if raw else []
        else:
            sent = [(number, _element(segment, number)) for number in self.elements]
            while sent and not sent[-1][1]:
                sent.pop()
            for number, raw in sent:
                _check_repetition(raw, number, delimiters, faults)
        return tuple(
            [self.shape.read(raw, delimiters.component, number, faults) for number, raw in sent]
        )

    def write(self, value: tuple[msgspec.Struct, ...], row: Row) -> None:
        written = [self.shape.write(one) for one in value]
        if len(self.elements) == 1:
            row[self.elements[0]] = list(written)
        else:
            row.update(zip(self.elements, written, strict=False))


def trimmed(values: list[str]) -> list[str]:
    """Without the empty ones at the end."""
    while values and not values[-1]:
        values.pop()
    return values
