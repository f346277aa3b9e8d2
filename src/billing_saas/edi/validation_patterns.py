"""Patterns of what is certainly clean: one regular expression for each use of a segment.

A pattern may be stricter than the guide, never laxer: what it does not match is looked at element
by element (`validation_elements`), and that decides.
"""

import re
from collections.abc import Callable

from billing_saas.edi.delimiters import Delimiters
from billing_saas.edi.guides.dictionary import Condition, Element
from billing_saas.edi.guides.outline import ElementUse, SegmentUse

# Days of each month without leap days: 29 February goes the slow way, where it is computed.
_DATE = (
    r"(?:19|20)\d\d(?:(?:0[13578]|1[02])(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)(?:0[1-9]|[12]\d|30)"
    r"|02(?:0[1-9]|1\d|2[0-8]))"
)
_TIME = r"(?:[01]\d|2[0-3])[0-5]\d"
_PERIODS = {"D8": _DATE, "RD8": f"{_DATE}-{_DATE}", "DT": _DATE + _TIME, "TM": _TIME}
# At most ten digits, two of them decimals, and no needless zeros (RFI 1526, RFI 2819).
_AMOUNT = r"(?:-?[1-9]\d{0,7}(?:\.\d?[1-9])?|0|-?0?\.\d?[1-9])"


class Patterns:
    """Writes the pattern of what is certainly clean. It may be stricter than the guide."""

    def __init__(self, delimiters: Delimiters) -> None:
        self._element = re.escape(delimiters.element)
        self._component = re.escape(delimiters.component)
        self._repetition = re.escape(delimiters.repetition or "")
        separators = {delimiters.element, delimiters.component, delimiters.segment}
        separators.add(delimiters.repetition or delimiters.element)
        allowed = [chr(code) for code in range(0x20, 0x7F) if chr(code) not in separators]
        self._class = "[" + "".join(re.escape(character) for character in allowed) + "]"
        self._done: dict[str, Callable[[str], object]] = {}

    def of(self, use: SegmentUse) -> Callable[[str], object]:
        plan = _Plan(use)
        body = self._chain(plan.elements, self._element, plan)
        pattern = re.escape(use.id) + body + f"(?<!{self._element})"
        if pattern not in self._done:
            self._done[pattern] = re.compile(pattern, re.ASCII).fullmatch
        return self._done[pattern]

    def _chain(self, parts: list[ElementUse | None], separator: str, plan: "_Plan | None") -> str:
        """Elements (or components) one after the other; what is last may be left off."""
        while parts and parts[-1] is None:
            parts.pop()
        tail, optional = "", True
        number = len(parts)
        while number:
            number -= 1
            part = parts[number]
            before = parts[number - 1] if number else None
            tied = plan is not None and number in plan.tied
            paired = (
                part is not None
                and before is not None
                and (
                    tied
                    or _is_date_pair(before, part)
                    or (plan is not None and number in plan.paired)
                )
            )
            if paired:
                number -= 1
            lead = separator if plan is not None or number else ""
            if part is None:
                tail = f"(?:{lead}{tail})?" if optional else lead + tail
            elif paired and before is not None:
                text, alternative = self._pair(before, part, separator), separator
                if not before.required and not tied:
                    text = f"(?:{text}|{alternative})"
                if before.required or (plan is not None and number + 1 in plan.needed):
                    tail, optional = lead + text + tail, False
                else:
                    tail = f"(?:{lead}{text}{tail})?" if optional else lead + text + tail
            elif part.required or (plan is not None and number + 1 in plan.needed):
                tail, optional = lead + self._one(part) + tail, False
            else:
                text = f"(?:{self._one(part)})?"
                tail = f"(?:{lead}{text}{tail})?" if optional else lead + text + tail
        return tail

    def _pair(self, one: ElementUse, two: ElementUse, separator: str) -> str:
        if _is_date_pair(one, two):
            formats = one.codes or frozenset(_PERIODS)
            known = [code for code in sorted(formats) if code in _PERIODS]
            if not known:
                return self._one(one) + separator + self._one(two)
            return "(?:" + "|".join(f"{code}{separator}{_PERIODS[code]}" for code in known) + ")"
        return self._one(one) + separator + self._one(two)

    def _one(self, use: ElementUse) -> str:
        if use.components:
            body = self._chain(list(use.components), self._component, None)
            text = f"{body}(?<!{self._component})"
        else:
            text = self._simple(use)
        if use.repeat > 1 and self._repetition:
            text = f"{text}(?:{self._repetition}{text}){{0,{use.repeat - 1}}}"
        return text

    def _simple(self, use: ElementUse) -> str:
        if use.codes:
            return "(?:" + "|".join(re.escape(code) for code in sorted(use.codes)) + ")"
        element = use.element
        if element.kind == "R":
            return _AMOUNT if element.reference == "782" else _number(element)
        if element.kind == "N0":
            return rf"\d{{{element.minimum},{element.maximum}}}"
        if element.kind == "DT":
            return _DATE
        if element.kind == "TM":
            return _TIME + r"(?:[0-5]\d(?:\d\d?)?)?"
        return f"(?! ){self._class}{{{element.minimum},{element.maximum}}}(?<! )"


def _number(element: Element) -> str:
    if element.minimum > 1:
        return "(?!)"
    half = max(element.maximum // 2 - 1, 0)
    return (
        rf"(?:-?[1-9]\d{{0,{element.maximum - 1}}}|-?[1-9]\d{{0,{half}}}\.\d{{0,{half}}}[1-9]"
        rf"|0|-?\.\d{{0,{half}}}[1-9])"
    )


class _Plan:
    """How the pattern of a segment keeps the standard's conditions, by being stricter than they.

    `paired`: an element and the one after it come together or not at all. `tied`: they come
    together, or nothing more comes. `needed`: always sent. What a condition forbids beside
    another element is left out of the pattern. (All but `needed` count from 0.)
    """

    def __init__(self, use: SegmentUse) -> None:
        self.elements = list(use.elements)
        self.paired: set[int] = set()
        self.tied: set[int] = set()
        self.needed: set[int] = set()
        for condition in use.conditions:
            if condition.kind == "L" and self._used(condition.positions[0]):
                self.tied.add(condition.positions[1] - 1)
        for condition in use.conditions:
            self._keep(condition)

    def _used(self, position: int) -> bool:
        return self.elements[position - 1] is not None

    def _required(self, position: int) -> bool:
        element = self.elements[position - 1]
        return element is not None and element.required

    def _keep(self, condition: Condition) -> None:
        first, *others = condition.positions
        if condition.kind == "P":
            if len(others) == 1 and others[0] == first + 1:
                self.paired.add(first)
            else:
                for position in condition.positions:
                    self._leave_out(position)
        elif condition.kind == "R":
            if not any(self._required(position) for position in condition.positions):
                self.needed.add(next(filter(self._used, condition.positions), first))
        elif condition.kind == "E":
            for position in others:
                self._leave_out(position)
        elif condition.kind == "C":
            ties = {first - 1, first - 2} & self.tied
            if not ties and not all(self._required(position) for position in others):
                self._leave_out(first)

    def _leave_out(self, position: int) -> None:
        if not self._required(position):
            self.elements[position - 1] = None


def _is_date_pair(one: ElementUse, two: ElementUse) -> bool:
    return one.element.reference == "1250" and two.element.reference == "1251"
