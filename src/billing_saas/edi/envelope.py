"""Interchanges, groups and transaction sets of an X12 file, streamed.

Faults of the envelope go to a list of findings, in order, and are never raised; `Unreadable` is
raised only where nothing can be read. What is handed out is consumed once, in order: asking for
the next set (or group, or interchange) skips what is left of the one before.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from billing_saas.edi import faults
from billing_saas.edi.delimiters import STANDARD, Delimiters, Unreadable
from billing_saas.edi.findings import Finding, Place
from billing_saas.edi.reel import WINDOW, Reel, Segment, text

__all__ = [
    "STANDARD",
    "Delimiters",
    "FunctionalGroup",
    "GroupHeader",
    "Interchange",
    "InterchangeHeader",
    "Place",
    "Segment",
    "TransactionSet",
    "Unreadable",
    "interchanges",
    "kind_of",
    "text",
]

MAX_SEGMENT = 1 << 20
# Which guide makes an 837 professional, institutional or dental, and a 277 an acknowledgment.
# Addenda (A1, A2 ...) do not change the kind, so only the X number is looked at.
_KINDS = {
    ("837", "X098"): "837P",
    ("837", "X222"): "837P",
    ("837", "X096"): "837I",
    ("837", "X223"): "837I",
    ("837", "X097"): "837D",
    ("837", "X224"): "837D",
    ("277", "X214"): "277CA",
}


class InterchangeHeader(msgspec.Struct, frozen=True):
    """The ISA, as written; the padding of the ids is stripped. Its ISA04 may be a password."""

    authorization_qualifier: str
    authorization: str
    security_qualifier: str
    security: str
    sender_qualifier: str
    sender: str
    receiver_qualifier: str
    receiver: str
    date: str
    time: str
    repetition: str
    version: str
    control_number: str
    ack_requested: str
    usage: str
    component: str
    segment: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"<InterchangeHeader {self.control_number}>"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("control_number", self.control_number)]


class GroupHeader(msgspec.Struct, frozen=True):
    """The GS, as written; elements that were not sent are empty."""

    functional_id: str = ""
    sender: str = ""
    receiver: str = ""
    date: str = ""
    time: str = ""
    control_number: str = ""
    agency: str = ""
    version: str = ""
    segment: tuple[str, ...] = ()


def interchange_header(isa: list[str]) -> InterchangeHeader:
    elements = list(isa[1:17])
    elements[5] = elements[5].strip()
    elements[7] = elements[7].strip()
    names = InterchangeHeader.__struct_fields__
    return InterchangeHeader(**dict(zip(names, elements, strict=False)), segment=tuple(isa))


def group_header(gs: list[str]) -> GroupHeader:
    names = GroupHeader.__struct_fields__
    return GroupHeader(**dict(zip(names[:8], gs[1:], strict=False)), segment=tuple(gs))


class TransactionSet:
    """One ST to SE. `trailer` and `segment_count` are known once its segments are consumed."""

    __slots__ = (
        "_consumed",
        "_findings",
        "_position",
        "_reel",
        "control_number",
        "delimiters",
        "group",
        "header",
        "interchange",
        "kind",
        "place",
        "segment_count",
        "trailer",
        "version",
    )

    def __init__(
        self,
        reel: Reel,
        findings: list[Finding],
        place: Place,
        headers: tuple[InterchangeHeader, GroupHeader],
    ) -> None:
        self._reel = reel
        self._findings = findings
        self._position = 1
        self._consumed = False
        self.place = place
        self.interchange, self.group = headers
        self.delimiters = reel.delimiters
        self.header: Segment = reel.take()
        st01, st02, st03 = ([*self.header[1:4], "", "", ""])[:3]
        self.control_number = st02
        self.version = st03 or self.group.version
        self.kind = _kind(st01, self.version)
        self.trailer: Segment | None = None
        self.segment_count = 0

    def __repr__(self) -> str:
        return f"<TransactionSet {self.kind} {self.control_number} at {self.place}>"

    def runs(self, decode: bool = False) -> Iterator[tuple[int, str]]:
        """Runs of segments as text in canonical form, joined by the terminator (none at the end),
        with the position of the first: the fast way through a large set.

        With `decode`, each element has been through `text`.
        """
        while not self._consumed:
            run = self._reel.take_run(decode)
            if run:
                first = self._position + 1
                self._position += run.count(self.delimiters.segment) + 1
                yield first, run
            elif self._reel.peek() in _ENVELOPE:
                self._finish()

    def blocks(self, decode: bool = False) -> Iterator[tuple[int, list[Segment]]]:
        """The same runs, cut into segments."""
        terminator, element = self.delimiters.segment, self.delimiters.element
        for first, run in self.runs(decode):
            yield first, [segment.split(element) for segment in run.split(terminator)]

    def segments(self, decode: bool = False) -> Iterator[tuple[int, Segment]]:
        """Each segment after ST and before SE, with its position counting ST as 1."""
        for first, run in self.blocks(decode):
            yield from enumerate(run, first)

    def skip(self) -> None:
        """Consume what is left, so that trailer and count are known."""
        for _ in self.runs():
            pass

    def _finish(self) -> None:
        self._consumed = True
        self.segment_count = self._position
        if self._reel.peek() == "SE":
            self.trailer = self._reel.take()
            self.segment_count += 1
        faults.check_set(self, self._findings)


# None is the end of the interchange's text.
_ENVELOPE = {"SE", "ST", "GE", "GS", "IEA", None}


class FunctionalGroup:
    """One GS to GE. `trailer` and `transaction_count` are known once its sets are consumed."""

    __slots__ = (
        "_findings",
        "_interchange",
        "_reel",
        "_running",
        "header",
        "place",
        "trailer",
        "transaction_count",
    )

    def __init__(
        self, reel: Reel, findings: list[Finding], place: Place, interchange: InterchangeHeader
    ) -> None:
        self._reel = reel
        self._findings = findings
        self._interchange = interchange
        self.place = place
        self.header = group_header(reel.take())
        self.trailer: Segment | None = None
        self.transaction_count = 0
        self._running = self._walk()

    def transactions(self) -> Iterator[TransactionSet]:
        return self._running

    def _walk(self) -> Iterator[TransactionSet]:
        reel, findings = self._reel, self._findings
        seen: set[str] = set()
        while (segment_id := reel.peek()) == "ST" or segment_id not in _GROUP_ENDS:
            if segment_id != "ST":
                faults.stray(segment_id, "group", self.place, findings)
                _drop_strays(reel, {"ST", *_GROUP_ENDS})
                continue
            self.transaction_count += 1
            place = Place(self.place.interchange, self.place.group, self.transaction_count, 1)
            transaction = TransactionSet(reel, findings, place, (self._interchange, self.header))
            # ST02 is unique within the group; IK502 23 says it is not.
            if transaction.control_number in seen:
                findings.append(faults.repeated_set(place))
            seen.add(transaction.control_number)
            yield transaction
            transaction.skip()
        if segment_id == "GE":
            self.trailer = reel.take()
        faults.check_group(self, findings)


_GROUP_ENDS: set[str | None] = {"GE", "GS", "IEA", None}


class Interchange:
    """One ISA to IEA. `acknowledgments` are the TA1 segments that stand before the first GS; a
    TA1 found later is added when it is met, and reported."""

    __slots__ = (
        "_findings",
        "_reel",
        "_running",
        "acknowledgments",
        "delimiters",
        "group_count",
        "header",
        "place",
        "trailer",
        "unterminated",
    )

    def __init__(self, reel: Reel, findings: list[Finding], ordinal: int, isa: list[str]) -> None:
        self._reel = reel
        self._findings = findings
        self.place = Place(ordinal)
        self.header = interchange_header(isa)
        self.delimiters = reel.delimiters
        self.acknowledgments: list[Segment] = []
        self.group_count = 0
        self.trailer: Segment | None = None
        self.unterminated = False
        while reel.peek() == "TA1":
            self.acknowledgments.append(reel.take())
        self._running = self._walk()

    def groups(self) -> Iterator[FunctionalGroup]:
        return self._running

    def _walk(self) -> Iterator[FunctionalGroup]:
        reel, findings = self._reel, self._findings
        seen: set[str] = set()
        while (segment_id := reel.peek()) not in {"IEA", None}:
            if segment_id == "TA1":
                findings.append(faults.late_ta1(self.place))
                self.acknowledgments.append(reel.take())
            elif segment_id != "GS":
                faults.stray(segment_id, "interchange", self.place, findings)
                _drop_strays(reel, {"GS", "TA1", "IEA", None})
            else:
                self.group_count += 1
                place = Place(self.place.interchange, self.group_count)
                group = FunctionalGroup(reel, findings, place, self.header)
                if group.header.control_number in seen:
                    findings.append(faults.repeated_group(place))
                seen.add(group.header.control_number)
                yield group
                for _ in group.transactions():
                    pass
        if segment_id == "IEA":
            self.trailer = reel.take()
        self.unterminated = reel.unterminated
        faults.check_interchange(self, findings)


def interchanges(
    chunks: Iterable[bytes],
    findings: list[Finding] | None = None,
    *,
    max_segment: int = MAX_SEGMENT,
    window: int = WINDOW,
) -> Iterator[Interchange]:
    """Stream the interchanges of a file given as chunks of bytes of any size.

    `window` is how many bytes are looked at together: memory against speed.

    Faults are appended to `findings`. Raises Unreadable where nothing can be read.
    """
    if findings is None:
        findings = []
    reel = Reel(chunks, max_segment, window)
    ordinal = 0
    while True:
        isa, before = reel.open()
        if before:
            findings.append(faults.stray_text(Place(ordinal)))
        if isa is None:
            break
        ordinal += 1
        interchange = Interchange(reel, findings, ordinal, isa)
        yield interchange
        for _ in interchange.groups():
            pass
    if not ordinal:
        raise Unreadable("no interchange header (ISA): the file is empty", code="no_interchange")


def kind_of(head: bytes) -> str | None:
    """The kind of the first transaction set, from the first kilobytes of a file.

    "TA1" for an interchange that only acknowledges; None where it is not X12 or holds no set.
    """
    try:
        for interchange in interchanges([head]):
            for group in interchange.groups():
                for transaction in group.transactions():
                    return transaction.kind
            if interchange.acknowledgments:
                return "TA1"
    except Unreadable:
        return None
    return None


def _kind(st01: str, version: str) -> str:
    return _KINDS.get((st01, version[6:10]), st01)


def _drop_strays(reel: Reel, until: set[str | None]) -> None:
    """Drop segments that stand where none may; one finding tells of all of them."""
    while reel.peek() not in until:
        reel.take()
