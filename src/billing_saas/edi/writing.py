"""Structs to text: one place that knows how a segment is put on the wire.

A `Pen` makes segments out of values and refuses a value that holds a delimiter, naming the
segment and element. `write_interchange` puts segments into their envelope; counts are made here,
control numbers are handed in (they belong to a connection).
"""

import re
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from billing_saas.edi.delimiters import STANDARD, Delimiters
from billing_saas.edi.envelope import GroupHeader, InterchangeHeader, Segment, TransactionSet

SEGMENTS_PER_PIECE = 512


class Unwritable(ValueError):
    """A value cannot be sent. Names the segment and element, never the value."""

    def __init__(self, message: str, segment: str, element: int = 0) -> None:
        super().__init__(f"{segment}{element:02d}: {message}" if element else message)
        self.segment = segment
        self.element = element


Composite = tuple[str, ...]
Repeated = list["str | Composite"]
Value = "str | Composite | Repeated"


class Pen:
    """Makes segments for one set of delimiters.

    A value is text, a tuple (the components of a composite) or a list (repetitions of either).
    Trailing empty elements and components are never written.
    """

    __slots__ = ("_holds_mark", "delimiters")

    def __init__(self, delimiters: Delimiters = STANDARD) -> None:
        self.delimiters = delimiters
        marks = delimiters.element + delimiters.component + delimiters.segment
        marks += delimiters.repetition or ""
        self._holds_mark = re.compile(f"[{re.escape(marks)}]").search

    def segment(self, segment_id: str, *values: "str | Composite | Repeated") -> Segment:
        elements = [segment_id]
        for number, value in enumerate(values, 1):
            if value.__class__ is str:
                if not self._clean(value):
                    self._refuse(segment_id, number)
                elements.append(value)
            elif isinstance(value, tuple):
                elements.append(self._composite(value, segment_id, number))
            else:
                elements.append(self._repeated(value, segment_id, number))  # type: ignore[arg-type]  # a list
        while len(elements) > 1 and not elements[-1]:
            elements.pop()
        return elements

    def _clean(self, value: str) -> bool:
        return value.isprintable() and self._holds_mark(value) is None

    def _refuse(self, segment_id: str, number: int) -> None:
        raise Unwritable("the value holds a delimiter or a control character", segment_id, number)

    def _composite(self, parts: Composite, segment_id: str, number: int) -> str:
        for part in parts:
            if not self._clean(part):
                self._refuse(segment_id, number)
        component = self.delimiters.component
        return component.join(parts).rstrip(component)

    def _repeated(self, values: Repeated, segment_id: str, number: int) -> str:
        repetition = self.delimiters.repetition
        if repetition is None and len(values) > 1:
            raise Unwritable("this version has no repeated elements", segment_id, number)
        written = []
        for value in values:
            if isinstance(value, tuple):
                written.append(self._composite(value, segment_id, number))
            else:
                if not self._clean(value):
                    self._refuse(segment_id, number)
                written.append(value)
        return (repetition or "").join(written)


class Block(msgspec.Struct, frozen=True, gc=False):
    """So many segments as text with these delimiters, each with its terminator. Whoever made it
    saw to it that no element holds a delimiter."""

    text: str
    segments: int
    delimiters: Delimiters


class OutgoingSet(msgspec.Struct, frozen=True, kw_only=True):
    """The segments between ST and SE, or blocks of them; consumed once where it is an iterator.

    `version` is ST03; None where ST03 is not used (the 835).
    """

    identifier: str
    control_number: str
    segments: Iterable[Segment | Block]
    version: str | None = None


class OutgoingGroup(msgspec.Struct, frozen=True, kw_only=True):
    header: GroupHeader
    sets: Sequence[OutgoingSet]


def isa_segment(header: InterchangeHeader, delimiters: Delimiters) -> Segment:
    """The ISA with its fixed widths (X12.5)."""
    values = (
        (header.authorization_qualifier, 2),
        (header.authorization, 10),
        (header.security_qualifier, 2),
        (header.security, 10),
        (header.sender_qualifier, 2),
        (header.sender, 15),
        (header.receiver_qualifier, 2),
        (header.receiver, 15),
        (header.date, 6),
        (header.time, 4),
        (delimiters.repetition or header.repetition or "U", 1),
        (header.version, 5),
        (header.control_number, 9),
        (header.ack_requested, 1),
        (header.usage, 1),
        (delimiters.component, 1),
    )
    elements = ["ISA"]
    for number, (value, width) in enumerate(values, 1):
        if len(value) > width:
            raise Unwritable(f"longer than {width} characters", "ISA", number)
        if delimiters.element in value or delimiters.segment in value:
            raise Unwritable("the value holds a delimiter", "ISA", number)
        elements.append(value.ljust(width))
    return elements


def segments_of(
    header: InterchangeHeader,
    groups: Iterable[OutgoingGroup],
    delimiters: Delimiters = STANDARD,
    acknowledgments: Sequence[Segment] = (),
) -> Iterator[Segment | Block]:
    """Every segment of an interchange in order; TA1 segments go before the first GS."""
    yield isa_segment(header, delimiters)
    yield from acknowledgments
    group_count = 0
    for group in groups:
        group_count += 1
        gs = group.header
        yield trimmed(
            [
                "GS",
                gs.functional_id,
                gs.sender,
                gs.receiver,
                gs.date,
                gs.time,
                gs.control_number,
                gs.agency,
                gs.version,
            ]
        )
        set_count = 0
        for one in group.sets:
            set_count += 1
            yield trimmed(["ST", one.identifier, one.control_number, one.version or ""])
            count = 2
            for segment in one.segments:
                count += segment.segments if isinstance(segment, Block) else 1
                yield segment
            yield ["SE", str(count), one.control_number]
        yield ["GE", str(set_count), gs.control_number]
    yield ["IEA", str(group_count), header.control_number]


def pieces(
    segments: Iterable[Segment | Block], delimiters: Delimiters = STANDARD, line_end: str = ""
) -> Iterator[str]:
    """Segments as text, some hundred to a piece, so that a large file need not be held."""
    waiting: list[Segment] = []
    for one in segments:
        if isinstance(one, Block):
            if waiting:
                yield _piece(waiting, delimiters, line_end)
                waiting = []
            if one.delimiters != delimiters:
                raise ValueError("a block has other delimiters than its interchange")
            end = delimiters.segment
            yield one.text.replace(end, end + line_end) if line_end else one.text
            continue
        waiting.append(one)
        if len(waiting) == SEGMENTS_PER_PIECE:
            yield _piece(waiting, delimiters, line_end)
            waiting = []
    if waiting:
        yield _piece(waiting, delimiters, line_end)


def _piece(segments: Sequence[Segment], delimiters: Delimiters, line_end: str) -> str:
    element, end = delimiters.element, delimiters.segment + line_end
    piece = end.join([element.join(segment) for segment in segments]) + end
    # As many separators as there are joints: then none of them is data.
    if piece.count(element) != sum(map(len, segments)) - len(segments) or piece.count(
        delimiters.segment
    ) != end.count(delimiters.segment) * len(segments):
        _refuse_culprit(segments, delimiters)
    return piece


def write_interchange(
    header: InterchangeHeader,
    groups: Iterable[OutgoingGroup],
    delimiters: Delimiters = STANDARD,
    *,
    acknowledgments: Sequence[Segment] = (),
    line_end: str = "",
) -> str:
    """The text of a whole interchange. Encode it as UTF-8."""
    segments = segments_of(header, groups, delimiters, acknowledgments)
    return "".join(pieces(segments, delimiters, line_end))


def outgoing(transaction: TransactionSet, segments: Iterable[Segment]) -> OutgoingSet:
    """A set to write under the same header as one that was read."""
    st = [*transaction.header, "", "", ""]
    return OutgoingSet(
        identifier=st[1], control_number=st[2], version=st[3] or None, segments=segments
    )


def trimmed(segment: Segment) -> Segment:
    """Without trailing empty elements."""
    while len(segment) > 1 and not segment[-1]:
        segment.pop()
    return segment


def _refuse_culprit(batch: Sequence[Segment], delimiters: Delimiters) -> None:
    for segment in batch:
        for number, value in enumerate(segment):
            if delimiters.element in value or delimiters.segment in value:
                raise Unwritable("an element holds a delimiter", segment[0], number)
