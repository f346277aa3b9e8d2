"""One segment against the use a guide makes of it, element by element: the exact check.

It runs only on segments that the patterns of `validation_tables` did not recognize as clean.
"""

import re
from collections.abc import Iterator
from datetime import date

import msgspec

from billing_saas.edi.delimiters import Delimiters
from billing_saas.edi.findings import mask
from billing_saas.edi.guides import dictionary
from billing_saas.edi.guides.dictionary import Condition, Element
from billing_saas.edi.guides.outline import ElementUse, SegmentUse
from billing_saas.edi.reel import text

_MONEY_DIGITS = 10  # 99999999.99: the most that HIPAA use allows (RFI 2819)
_DECIMAL = re.compile(r"-?(?P<whole>\d*)(?:\.(?P<fraction>\d*))?", re.ASCII)
_WHOLE = re.compile(r"-?(?P<whole>\d+)", re.ASCII)
_CLOCK = re.compile(r"(?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d(?:\d\d?)?)?", re.ASCII)
_DAY = re.compile(r"(?:1[6-9]|2[01])\d{6}", re.ASCII)
_CONTROL_NAMES = {"\n": "<LF>", "\r": "<CR>", "\t": "<HT>"}


class Fault(msgspec.Struct, frozen=True):
    """Something wrong in one segment. `element` 0 is the segment itself."""

    code: str
    ack_code: str
    words: str
    element: int = 0
    component: int = 0
    repetition: int = 0
    reference: str = ""
    value: str = ""
    warning: bool = False


class Reading(msgspec.Struct, frozen=True):
    """How a file is read: its separators, and whether letters outside ASCII were agreed upon."""

    delimiters: Delimiters
    other_letters: bool = False


def check(use: SegmentUse, segment: list[str], reading: Reading) -> Iterator[Fault]:
    """What is wrong with `segment`, in the order of its elements."""
    count = 0
    for fault in _elements(use, segment, reading):
        count += 1
        yield fault
    for condition in use.conditions:
        for fault in _condition(use, condition, segment):
            count += 1
            yield fault
    if not count and _trails(segment, reading.delimiters):
        yield Fault("trailing_separators", "8", "it ends in separators with nothing between them")


def _elements(use: SegmentUse, segment: list[str], reading: Reading) -> Iterator[Fault]:
    for position, element in enumerate(use.elements, 1):
        value = segment[position] if position < len(segment) else ""
        if element is None:
            if value:
                yield _not_used(use, position, value)
        elif not value:
            if element.required:
                yield _missing(element)
        else:
            yield from _repetitions(element, value, segment, reading)
    for position in range(len(use.elements) + 1, len(segment)):
        if segment[position]:
            yield Fault("too_many_elements", "3", "it has more elements than it may", position)


def _repetitions(
    use: ElementUse, value: str, segment: list[str], reading: Reading
) -> Iterator[Fault]:
    separator = reading.delimiters.repetition
    values = value.split(separator) if separator else [value]
    if len(values) > use.repeat:
        yield Fault(
            "too_many_repetitions",
            "12",
            f"{_name(use)} repeats more often than it may",
            use.position,
            reference=_reference(use),
        )
        return
    for number, one in enumerate(values, 1):
        repetition = number if use.repeat > 1 else 0
        if use.components:
            yield from _components(use, one, repetition, reading)
        else:
            where = (use.position, 0, repetition)
            yield from _Spot(use, one, segment, where, reading).faults()


def _components(use: ElementUse, value: str, repetition: int, reading: Reading) -> Iterator[Fault]:
    values = value.split(reading.delimiters.component)
    row = ["", *values]
    for number, component in enumerate(use.components, 1):
        one = row[number] if number < len(row) else ""
        where = (use.position, number, repetition)
        if component is None:
            if one:
                yield Fault(
                    "not_used",
                    "I10",
                    "a component stands here that is not used",
                    *where,
                )
        elif not one:
            if component.required:
                yield _missing(component, where)
        else:
            yield from _Spot(component, one, row, where, reading).faults()
    for number in range(len(use.components) + 1, len(row)):
        if row[number]:
            yield Fault(
                "too_many_components", "13", "it has too many components", use.position, number
            )


class _Spot:
    """One value at its place: knows how to say that something is wrong with it."""

    __slots__ = ("element", "reading", "row", "use", "value", "where")

    def __init__(
        self,
        use: ElementUse,
        raw: str,
        row: list[str],
        where: tuple[int, int, int],
        reading: Reading,
    ) -> None:
        self.use = use
        self.element = use.element
        self.value = text(raw)
        self.row = row  # its neighbours: a date looks at its format
        self.where = where
        self.reading = reading

    def fault(self, code: str, ack_code: str, words: str, *, warning: bool = False) -> Fault:
        return Fault(
            code,
            ack_code,
            f"{_called(self.element)} {words}",
            *self.where,
            reference=self.element.reference,
            value=self._shown(),
            warning=warning,
        )

    def _shown(self) -> str:
        """Codes may be shown. What stands in a code's place and is not shaped like one may be
        anything, after a shifted separator for one."""
        coded = self.element.kind == "ID" or self.use.codes
        like_one = self.value.isalnum() and len(self.value) <= self.element.maximum + 2
        return self.value if coded and like_one else mask(self.value)

    def faults(self) -> Iterator[Fault]:
        value = self.value
        if not self.where[1] and self.reading.delimiters.component in value:
            yield self.fault("too_many_components", "13", "has components and may not")
            return
        wrong = self._wrong_character()
        if wrong:
            shown = _CONTROL_NAMES.get(wrong, f"<{ord(wrong):02X}>")
            found = self.fault("character", "6", "has a character that may not be sent")
            yield msgspec.structs.replace(found, value=shown)
        elif not value.strip() and not self.use.codes:
            if self.use.required:
                yield _missing(self.use, self.where)
            else:
                yield self.fault("blank", "6", "has only blanks")
        else:
            yield from self._length()
            if not self.use.codes:
                yield from self._typed()
            elif value not in self.use.codes:
                yield self.fault("code", "7", "is a code that is not allowed here")

    def _wrong_character(self) -> str:
        if self.value.isascii() and self.value.isprintable():
            return ""
        for character in self.value:
            if not character.isprintable():
                return character
            if not character.isascii() and not (self.reading.other_letters and character.isalpha()):
                return character
        return ""

    def _length(self) -> Iterator[Fault]:
        element, length = self.element, len(self.value)
        most = element.maximum
        if element.kind in {"R", "N0"}:
            length = sum(character.isdecimal() for character in self.value)
            if element.reference == "782":
                most = _MONEY_DIGITS
        if length < element.minimum:
            yield self.fault("too_short", "4", "is too short")
        elif length > most:
            yield self.fault("too_long", "5", "is too long")

    def _typed(self) -> Iterator[Fault]:
        kind, reference = self.element.kind, self.element.reference
        if kind == "R":
            yield from self._number()
        elif kind == "N0":
            if not _WHOLE.fullmatch(self.value):
                yield self.fault("number", "6", "is not a whole number")
        elif kind == "DT":
            if not is_day(self.value):
                yield self.fault("date", "8", "is not a date")
        elif kind == "TM":
            if not _CLOCK.fullmatch(self.value):
                yield self.fault("time", "9", "is not a time of day")
        elif reference == "1251":
            at = (self.where[1] or self.where[0]) - 1
            if not is_period(self.row[at] if at > 0 else "", self.value):
                yield self.fault("date", "8", "is not a date in the format it says")

    def _number(self) -> Iterator[Fault]:
        found = _DECIMAL.fullmatch(self.value)
        whole, fraction = (found["whole"], found["fraction"] or "") if found else ("", "")
        if not found or not (whole or fraction):
            yield self.fault("amount_format", "6", "is not a decimal number")
        elif self.element.reference == "782" and len(fraction.rstrip("0")) > 2:
            yield self.fault("amount_format", "6", "has more than two decimals")
        elif _has_needless_zeros(self.value, whole, fraction):
            # RFI 1526 wants none, and real senders send "100.00": kept, and said once.
            yield self.fault("amount_zeros", "", "has needless zeros", warning=True)


def _has_needless_zeros(value: str, whole: str, fraction: str) -> bool:
    if "." in value and (not fraction or fraction.endswith("0")):
        return True
    if value.startswith("-") and not (whole + fraction).strip("0"):
        return True
    return len(whole) > 1 and whole.startswith("0")


def is_day(value: str) -> bool:
    """CCYYMMDD, of a day that exists."""
    if not _DAY.fullmatch(value):
        return False
    try:
        date(int(value[:4]), int(value[4:6]), int(value[6:]))
    except ValueError:
        return False
    return True


def is_period(form: str, value: str) -> bool:
    """A date or period in the format of element 1250; a format not known here is let pass."""
    if form == "D8":
        return is_day(value)
    if form == "RD8":
        first, dash, last = value.partition("-")
        return bool(dash) and is_day(first) and is_day(last)
    if form == "DT":
        return is_day(value[:8]) and len(value) == 12 and bool(_CLOCK.fullmatch(value[8:]))
    if form == "TM":
        return bool(_CLOCK.fullmatch(value))
    return True


def _condition(use: SegmentUse, condition: Condition, segment: list[str]) -> Iterator[Fault]:
    """The standard's conditions among elements; what the guide does not use is never asked for."""
    used = [at for at in condition.positions if use.elements[at - 1] is not None]
    sent = [at for at in condition.positions if at < len(segment) and segment[at]]
    first, others = condition.positions[0], condition.positions[1:]
    lacking: list[int] = []
    if condition.kind == "P" and sent:
        lacking = [at for at in used if at not in sent]
    elif condition.kind == "R" and not sent:
        lacking = used[:1]
    elif condition.kind == "C" and first in sent:
        lacking = [at for at in used if at in others and at not in sent]
    elif condition.kind == "L" and first in sent and not set(others) & set(sent):
        lacking = [at for at in used if at in others][:1]
    elif condition.kind == "E" and len(sent) > 1:
        element = use.elements[sent[1] - 1]
        yield Fault(
            "exclusion",
            "10",
            "two elements exclude each other",
            sent[1],
            reference=_reference(element) if element else "",
        )
    for at in lacking:
        element = use.elements[at - 1]
        if element is not None and not element.required:
            yield Fault(
                "conditional_missing",
                "2",
                f"{_name(element)} is missing, and other elements ask for it",
                at,
                reference=_reference(element),
            )


def _missing(use: ElementUse, where: tuple[int, int, int] | None = None) -> Fault:
    return Fault(
        "element_missing",
        "1",
        f"{_name(use)} is missing",
        *(where or (use.position, 0, 0)),
        reference=_reference(use),
    )


def _not_used(use: SegmentUse, position: int, value: str) -> Fault:
    reference = dictionary.segments()[use.id].parts[position - 1]
    element = dictionary.elements().get(reference)
    coded = element is not None and element.kind == "ID" and len(value) <= element.maximum
    return Fault(
        "not_used",
        "I10",
        "an element stands here that is not used",
        position,
        reference=reference,
        value=value if coded and value.isalnum() else mask(value),
    )


def _trails(segment: list[str], delimiters: Delimiters) -> bool:
    """Separators after the last value, of the segment or of a composite (X12.6 forbids them)."""
    if len(segment) > 1 and not segment[-1]:
        return True
    return any(value.endswith(delimiters.component) for value in segment[1:])


def _reference(use: ElementUse) -> str:
    return use.element.reference


def _name(use: ElementUse) -> str:
    return _called(use.element)


def _called(element: Element) -> str:
    return f"the {element.name}" if element.name else "a composite"
