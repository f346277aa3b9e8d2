"""What two files say differently, claim by claim and element by element.

Layout, separators, trailing empty elements, the numbering of HL, and how a number is written
("187.50" or "187.5") make no difference. What may be about a patient is masked.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from pathlib import Path

from billing_saas.edi import explaining_words
from billing_saas.edi.amounts import AmountError, quantity
from billing_saas.edi.binaries import Lifted
from billing_saas.edi.delimiters import Delimiters
from billing_saas.edi.envelope import Interchange, Segment, TransactionSet, interchanges
from billing_saas.edi.findings import mask
from billing_saas.edi.privacy import Privacy

_CHUNK = 1 << 16
# What opens a unit of its own, by the kind of set.
_OPENS = {"835": ("CLP", "LX", "PLB"), "837": ("CLM",), "277": ("TRN",), "276": ("TRN",)}
_NAMES = {"CLP": "claim", "CLM": "claim", "LX": "heading", "PLB": "provider", "TRN": "trace"}
# Segments whose first element says which of several they are.
_QUALIFIED = frozenset(
    ["NM1", "N1", "REF", "DTM", "DTP", "AMT", "QTY", "CAS", "PER", "TRN", "HI", "LQ", "EB", "STC"]
)
# Numbers that only say where a segment stands.
_POSITIONAL = {("HL", 1), ("HL", 2)}

Element = tuple[tuple[str, ...], ...]


class _Line:
    """One segment, free of separators: each element as repetitions of components."""

    __slots__ = ("elements", "hidden", "position", "tag")

    def __init__(
        self, segment: Segment, position: int, delimiters: Delimiters, hidden: frozenset[int]
    ) -> None:
        self.tag = segment[0]
        self.position = position
        self.hidden = hidden
        self.elements = [_element(raw, delimiters) for raw in segment[1:]]
        while self.elements and self.elements[-1] == (("",),):
            self.elements.pop()

    @property
    def signature(self) -> tuple[str, Element | None]:
        qualified = self.tag in _QUALIFIED and self.elements
        return self.tag, self.elements[0] if qualified else None

    def value(self, number: int) -> Element:
        return self.elements[number - 1] if number <= len(self.elements) else (("",),)

    def shown(self, number: int) -> str:
        written = "^".join(":".join(parts) for parts in self.value(number))
        if not written:
            return "nothing"
        return mask(written) if number in self.hidden else written

    def __str__(self) -> str:
        numbers = range(1, len(self.elements) + 1)
        shown = [self.shown(number) if self.value(number) != (("",),) else "" for number in numbers]
        return "*".join([_tag(self.tag), *shown])


Unit = list[_Line]


class _Set:
    """A transaction set as units by name, in order."""

    def __init__(self, transaction: TransactionSet) -> None:
        self.kind = transaction.kind
        self.name = f"{transaction.kind} {transaction.control_number}"
        self.key = ""
        self.units: dict[str, Unit] = {"header": []}
        self._opens = _OPENS.get(transaction.kind[:3], ())
        self._fill(transaction)

    def _fill(self, transaction: TransactionSet) -> None:
        privacy = Privacy(transaction.delimiters.component)
        seen: Counter[str] = Counter()
        unit = self.units["header"]
        above: Unit = []
        for position, segment in transaction.segments(decode=True):
            line = _Line(segment, position, transaction.delimiters, privacy.hidden(segment))
            if segment[0] in ("TRN", "BHT") and not self.key:
                self.key = "*".join(segment[2:4])
            if self.kind.startswith("837") and (segment[0] == "HL" or above):
                # The levels above a claim are compared with the claim they lead to.
                above.append(line)
                if segment[0] != "CLM":
                    continue
            if segment[0] in self._opens:
                name = _name(segment)
                seen[name] += 1
                name += f" ({seen[name]})" if seen[name] > 1 else ""
                unit = self.units[name] = above or [line]
                above = []
                continue
            unit.append(line)
        unit.extend(above)


def diff(first: Path, second: Path) -> Iterator[str]:
    """Lines of text, none where the files say the same. Raises Unreadable and OSError."""
    with first.open("rb") as one, second.open("rb") as two:
        yield from diff_chunks(
            iter(lambda: one.read(_CHUNK), b""), iter(lambda: two.read(_CHUNK), b"")
        )


def diff_chunks(first: Iterable[bytes], second: Iterable[bytes]) -> Iterator[str]:
    ours, our_header = _read(first)
    theirs, their_header = _read(second)
    for what, one in our_header.items():
        other = their_header.get(what, "")
        if one != other:
            yield f"{what}: {one or 'nothing'} -> {other or 'nothing'}"
    for one_set, other_set in _pairs(ours, theirs):
        if other_set is None and one_set is not None:
            yield f"{one_set.name}: only in the first file"
        elif one_set is None and other_set is not None:
            yield f"{other_set.name}: only in the second file"
        elif one_set is not None and other_set is not None:
            for line in _compare(one_set, other_set):
                yield f"{one_set.name}, {line}"


def _read(chunks: Iterable[bytes]) -> tuple[list[_Set], dict[str, str]]:
    sets: list[_Set] = []
    header: dict[str, str] = {}
    for interchange in interchanges(Lifted(chunks)):
        header = header or _header(interchange)
        for group in interchange.groups():
            header.setdefault("version", group.header.version)
            sets += [_Set(transaction) for transaction in group.transactions()]
    return sets, header


def _header(interchange: Interchange) -> dict[str, str]:
    header = interchange.header
    return {"sender": header.sender, "receiver": header.receiver, "usage": header.usage}


def _pairs(
    ours: Sequence[_Set], theirs: Sequence[_Set]
) -> Iterator[tuple[_Set | None, _Set | None]]:
    """Sets that belong together: of one kind with one trace or reference, else in order."""
    left = list(theirs)
    alone: list[_Set] = []
    for one in ours:
        same = next((o for o in left if o.kind == one.kind and o.key == one.key), None)
        if same is None:
            alone.append(one)
            continue
        left.remove(same)
        yield one, same
    for one in alone:
        other = next((o for o in left if o.kind == one.kind), None)
        if other is not None:
            left.remove(other)
        yield one, other
    for other in left:
        yield None, other


def _compare(one: _Set, other: _Set) -> Iterator[str]:
    for name, unit in one.units.items():
        if name not in other.units:
            yield f"{name}: only in the first file"
            continue
        for line in _compare_units(unit, other.units[name]):
            yield f"{name}: {line}"
    for name in other.units:
        if name not in one.units:
            yield f"{name}: only in the second file"


def _compare_units(one: Unit, other: Unit) -> Iterator[str]:
    left_ids = [line.signature for line in one]
    right_ids = [line.signature for line in other]
    if left_ids == right_ids:  # nearly always; a claim of a thousand lines need not be aligned
        for left, right in zip(one, other, strict=True):
            yield from _compare_lines(left, right)
        return
    matcher = SequenceMatcher(None, left_ids, right_ids, autojunk=False)
    for code, a1, a2, b1, b2 in matcher.get_opcodes():
        if code == "equal":
            for left, right in zip(one[a1:a2], other[b1:b2], strict=True):
                yield from _compare_lines(left, right)
            continue
        for left in one[a1:a2]:
            yield f"segment {left.position} only in the first file: {left}"
        for right in other[b1:b2]:
            yield f"segment {right.position} only in the second file: {right}"


def _compare_lines(one: _Line, other: _Line) -> Iterator[str]:
    for number in range(1, max(len(one.elements), len(other.elements)) + 1):
        if (one.tag, number) in _POSITIONAL:
            continue
        if _same(one.value(number), other.value(number)):
            continue
        what = explaining_words.element_name(one.tag, number)
        yield (
            f"{_tag(one.tag)}{number:02d} ({what}): {one.shown(number)} -> {other.shown(number)}"
            f" (segments {one.position} and {other.position})"
        )


def _same(one: Element, other: Element) -> bool:
    if one == other:
        return True
    if len(one) != 1 or len(other) != 1 or len(one[0]) != 1 or len(other[0]) != 1:
        return False
    left, right = one[0][0], other[0][0]
    if "." not in left + right:
        return False  # 01 and 1 are two codes, 1.0 and 1 are one number
    try:
        return quantity(left) == quantity(right)
    except AmountError:
        return False


def _element(raw: str, delimiters: Delimiters) -> Element:
    repetitions = raw.split(delimiters.repetition) if delimiters.repetition else [raw]
    written = []
    for repetition in repetitions:
        parts = repetition.split(delimiters.component)
        while len(parts) > 1 and not parts[-1]:
            parts.pop()
        written.append(tuple(parts))
    return tuple(written)


def _name(segment: Segment) -> str:
    """A claim is known by its control number; in an 835 also by its status and payer's number."""
    words = [_NAMES[segment[0]], *segment[1:2]]
    if segment[0] == "CLP":
        words += [f"status {value}" for value in segment[2:3]] + segment[7:8]
    elif segment[0] == "TRN":
        words = [_NAMES["TRN"], *segment[2:3]]
    return " ".join(word for word in words if word)


def _tag(tag: str) -> str:
    """A segment id, unless what stands there is not shaped like one and may be data."""
    return tag if len(tag) <= 3 and tag.isascii() and tag.isalnum() else mask(tag)
