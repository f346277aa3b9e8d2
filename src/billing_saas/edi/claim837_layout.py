"""A segment as a struct, by one table for both directions.

A `Layout` says which element of a segment each field of a struct is. Reading and writing follow
from the same table, so what is read is what is written. An element that holds something the
table does not name is a fault, never silently lost: the reader keeps the whole segment aside.
"""

from collections.abc import Callable, Sequence
from operator import attrgetter, itemgetter
from typing import Any, Generic, TypeVar

import msgspec

from billing_saas.edi.amounts import AmountError, cents, format_cents, quantity
from billing_saas.edi.reel import Segment
from billing_saas.edi.writing import Unwritable

# HIPAA use of type R has at most ten digits: 99,999,999.99 (RFI 1526).
MOST_CENTS = 9_999_999_999

S = TypeVar("S", bound=msgspec.Struct)
Decode = Callable[[str], Any]
Encode = Callable[[Any], str]


class ElementFault(Exception):
    """An element cannot be kept in its field. Never holds the element's value."""

    def __init__(self, element: int, code: str, message: str, component: int = 0) -> None:
        super().__init__(message)
        self.element = element
        self.code = code
        self.message = message
        self.component = component


def money(segment: Sequence[str], element: int) -> int | None:
    """Cents of an element, None where it was not sent."""
    if element >= len(segment) or not segment[element]:
        return None
    try:
        return cents(segment[element])
    except AmountError as fault:
        raise ElementFault(element, "amount_format", f"The amount is {fault}.") from None


def number(segment: Sequence[str], element: int) -> str:
    """The canonical text of a quantity, "" where it was not sent."""
    if element >= len(segment) or not segment[element]:
        return ""
    try:
        return quantity(segment[element])
    except AmountError as fault:
        raise ElementFault(element, "quantity_format", f"The quantity is {fault}.") from None


def amount_text(cents: int, segment: str, element: int) -> str:
    """The canonical text of an amount; look into AMOUNT_TEXTS first."""
    if not -MOST_CENTS <= cents <= MOST_CENTS:
        raise Unwritable("an amount has at most ten digits", segment, element)
    text = format_cents(cents)
    if len(AMOUNT_TEXTS) < _MOST_TEXTS:
        AMOUNT_TEXTS[cents] = text
    return text


# Charges come from a fee schedule: the same few thousand amounts over and over.
AMOUNT_TEXTS: dict[int, str] = {}
_MOST_TEXTS = 16_384


def not_kept(element: int, component: int = 0) -> ElementFault:
    return ElementFault(
        element, "element_not_kept", "An element is used that has no place here.", component
    )


class Money(int):
    """The number of an element that holds an amount."""


class Quantity(int):
    """The number of an element that holds a quantity."""


class Layout(Generic[S]):
    """`elements` names each field of the struct, in its order, with the element it stands in."""

    def __init__(self, struct: type[S], tag: str, **elements: int) -> None:
        if tuple(elements) != struct.__struct_fields__:
            raise TypeError(f"the layout of {struct.__name__} does not name its fields in order")
        self.struct = struct
        self.tag = tag
        numbers = tuple(elements.values())
        self._size = max(numbers) + 1
        self._blanks = [[""] * (self._size - length) for length in range(self._size + 1)]
        self._gaps = tuple(at for at in range(1, self._size) if at not in numbers)
        names = tuple(elements)
        self.money_fields = tuple(
            (at, int(n)) for at, n in enumerate(numbers) if isinstance(n, Money)
        )
        self.quantity_fields = tuple(
            (at, int(n)) for at, n in enumerate(numbers) if isinstance(n, Quantity)
        )
        self._pick = _picker(numbers)
        self._values = _getter(names)
        # Where each element's value stands in (tag, "", first field, second field ...).
        order = [0] + [numbers.index(at) + 2 if at in numbers else 1 for at in range(1, self._size)]
        self._spread = None if order == [0, *range(2, self._size + 1)] else itemgetter(*order)

    def read(self, segment: Segment) -> S:
        """Raises ElementFault where an element is not an amount or has no field."""
        length = len(segment)
        if length < self._size:
            padded = segment + self._blanks[length]
        else:
            padded = segment
            if length > self._size and any(segment[self._size :]):
                raise not_kept(next(at for at in range(self._size, length) if segment[at]))
        for gap in self._gaps:
            if padded[gap]:
                raise not_kept(gap)
        values: Sequence[Any] = self._pick(padded)
        if self.money_fields or self.quantity_fields:
            values = list(values)
            for at, element in self.money_fields:
                values[at] = money(padded, element)
            for at, element in self.quantity_fields:
                values[at] = number(padded, element)
        return self.struct(*values)

    def write(self, value: S) -> Segment:
        """The segment, without trailing empty elements."""
        values: Sequence[Any] = self._values(value)
        if self.money_fields:
            values = list(values)
            for at, element in self.money_fields:
                amount = values[at]
                values[at] = "" if amount is None else amount_text(amount, self.tag, element)
        if self._spread is None:
            segment = [self.tag, *values]
        else:
            segment = list(self._spread((self.tag, "", *values)))
        while not segment[-1]:
            segment.pop()
        return segment


def _picker(numbers: tuple[int, ...]) -> Callable[[Segment], Sequence[str]]:
    if len(numbers) == 1:
        only = numbers[0]
        return lambda segment: (segment[only],)
    return itemgetter(*numbers)


def _getter(names: tuple[str, ...]) -> Callable[[Any], tuple[Any, ...]]:
    if len(names) == 1:
        only = attrgetter(names[0])
        return lambda value: (only(value),)
    return attrgetter(*names)
