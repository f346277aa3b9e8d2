"""That what was written says what was meant: no value may hold a delimiter or a control character
(X12 B.1.1.2, RFI 2212).

Segments are made as text with the standard delimiters, and those put are counted. One look at a
whole block tells whether the text has just as many; only where it has more is every value looked
at, with characters that no value holds standing in for what might be a delimiter.
"""

from typing import Any

import msgspec

from billing_saas.edi.delimiters import STANDARD, Delimiters
from billing_saas.edi.writing import Unwritable

_STANDARD_MARKS = "*^:~"
# What is left of a text without these are its delimiters and control characters. Bytes above ASCII
# are parts of UTF-8 letters: whether those can be printed is asked apart.
_ORDINARY = bytes(
    [*(code for code in range(0x20, 0x7F) if chr(code) not in _STANDARD_MARKS), *range(0x80, 0x100)]
)
_PRIVATE_USE = range(0xE000, 0xF900)


def with_delimiters(text: str, joints: int, marks: Delimiters) -> str | None:
    """The text with these delimiters in place of the `joints` standard ones, or None where a value
    holds anything that may be a delimiter or a control character."""
    if not text.isascii() and not text.isprintable():
        return None
    if len(text.encode().translate(None, _ORDINARY)) != joints:
        return None
    if marks == STANDARD:
        return text
    if any(mark in text for mark in _marks(marks) - set(_STANDARD_MARKS)):
        return None
    return text.translate(_in_place_of_standard(marks))


def _marks(marks: Delimiters) -> set[str]:
    return {marks.element, marks.component, marks.segment, marks.repetition or marks.element}


def _in_place_of_standard(marks: Delimiters) -> dict[int, str]:
    return {ord("*"): marks.element, ord(":"): marks.component, ord("~"): marks.segment}


class StandIns:
    """Characters that no value of `text` holds, in place of those that may be delimiters."""

    def __init__(self, text: str, marks: Delimiters) -> None:
        free = (mark for mark in map(chr, _PRIVATE_USE) if mark not in text)
        self._marks = marks
        self._put = {ord(mark): next(free) for mark in _marks(marks) | set(_STANDARD_MARKS)}
        self._back = {ord(stand_in): chr(mark) for mark, stand_in in self._put.items()}

    def put(self, value: Any) -> Any:
        """The same value, be it text or structs, with stand-ins in all its text."""
        if isinstance(value, str):
            return value.translate(self._put)
        if isinstance(value, tuple):
            return tuple([self.put(one) for one in value])
        if isinstance(value, msgspec.Struct):
            fields = value.__struct_fields__
            return type(value)(**{name: self.put(getattr(value, name)) for name in fields})
        return value

    def segment(self, text: str) -> str:
        """A segment with its delimiters, and the values as they were. Raises Unwritable."""
        tag, *elements = text.split("*")
        for number, element in enumerate(elements, 1):
            held = element.replace(":", "").translate(self._back)
            refused = _marks(self._marks)
            if (tag, number) == ("REF", 4):
                # REF04 is kept as it was written; its components count as components.
                refused.discard(self._marks.component)
            if not held.isprintable() or not refused.isdisjoint(held):
                raise Unwritable("the value holds a delimiter or a control character", tag, number)
        ended = f"{text}~"
        return ended.translate({**self._back, **_in_place_of_standard(self._marks)})
