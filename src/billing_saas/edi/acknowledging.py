"""TA1 and 999 for what came in, from its findings (rules 51 to 65 of the design).

An interchange whose envelope is broken is answered by a TA1 with R, and by no 999 beside it:
nothing in it counts as read. Otherwise each functional group gets a 999 of its own. A 999, 997 or
TA1 is never answered. Control numbers and the time are handed in.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from billing_saas.edi import ack999, ta1, validation, validation_envelope
from billing_saas.edi.ack999 import (
    Acknowledgment,
    Context,
    ContextName,
    DataElement,
    ElementError,
    ElementPlace,
    SegmentError,
    SetAcknowledgment,
)
from billing_saas.edi.delimiters import Unreadable
from billing_saas.edi.envelope import (
    FunctionalGroup,
    GroupHeader,
    InterchangeHeader,
    TransactionSet,
    interchange_header,
    interchanges,
)
from billing_saas.edi.findings import Finding, Place, Trigger
from billing_saas.edi.guides import dictionary
from billing_saas.edi.ta1 import InterchangeAcknowledgment
from billing_saas.edi.validation_envelope import NO_AGREEMENT, Agreement
from billing_saas.edi.validation_options import DEFAULT, Options
from billing_saas.edi.writing import OutgoingGroup, OutgoingSet, write_interchange

_VERSION_999 = "005010X231A1"
_ISA_ELEMENTS = 17
_LONGEST_SEGMENT_ID = 3
_MOST_NOTES = 5
_ECHOED = frozenset(chr(code) for code in range(0x20, 0x7F)) - frozenset("*^:~")


class ControlNumbers(Protocol):
    """Numbers of our own for a connection: unique and rising; gaps are allowed."""

    def interchange(self) -> int: ...

    def group(self) -> int: ...


class SetExamined(msgspec.Struct, frozen=True, kw_only=True):
    """One set and its findings, those of its envelope among them."""

    identifier: str
    control_number: str
    version: str
    kind: str
    findings: tuple[Finding, ...]
    place: Place

    @property
    def is_accepted(self) -> bool:
        return not any(True for _ in _acknowledged(self.findings))


class GroupExamined(msgspec.Struct, frozen=True, kw_only=True):
    header: GroupHeader
    sets: tuple[SetExamined, ...]
    included: int  # GE01, or the number received where there is none
    findings: tuple[Finding, ...]
    place: Place

    @property
    def is_acknowledgment(self) -> bool:
        return self.header.functional_id == "FA"


class InterchangeExamined(msgspec.Struct, frozen=True, kw_only=True):
    header: InterchangeHeader
    groups: tuple[GroupExamined, ...]
    findings: tuple[Finding, ...]
    place: Place
    carries_ta1: bool = False

    @property
    def refusal(self) -> Finding | None:
        """The fault of the envelope for which nothing in the interchange counts as read."""
        return next((one for one in self.findings if one.severity == "error"), None)

    @property
    def is_acknowledgment(self) -> bool:
        """Nothing but acknowledgments, which are never answered."""
        if not self.groups:
            return self.carries_ta1
        return all(group.is_acknowledgment for group in self.groups)

    def every(self) -> Iterator[Finding]:
        """All findings: envelope first, then group by group."""
        yield from self.findings
        for group in self.groups:
            yield from group.findings
            for one in group.sets:
                yield from one.findings


def examine(
    chunks: Iterable[bytes], options: Options = DEFAULT, agreement: Agreement = NO_AGREEMENT
) -> Iterator[InterchangeExamined]:
    """Read and validate a file, interchange by interchange.

    Raises Unreadable where there is nobody to answer; where the ISA is broken but says who sent
    it, the interchange comes out with that fault and no groups.
    """
    envelope: list[Finding] = []
    seen: set[str] = set()  # control numbers of the interchanges
    number = 0
    header: InterchangeHeader | None = None
    try:
        for interchange in interchanges(chunks, envelope):
            number, header = interchange.place.interchange, interchange.header
            numbers: set[str] = set()
            groups = tuple(
                [
                    _examine_group(group, envelope, options, numbers)
                    for group in interchange.groups()
                ]
            )
            own = validation_envelope.check_interchange(interchange, agreement, seen)
            header = None
            yield InterchangeExamined(
                header=interchange.header,
                groups=groups,
                findings=(*own, *envelope),
                place=interchange.place,
                carries_ta1=bool(interchange.acknowledgments),
            )
            envelope.clear()
    except Unreadable as unreadable:
        if header is None and len(unreadable.isa) >= _ISA_ELEMENTS:
            number, header = number + 1, interchange_header(list(unreadable.isa))
        if header is None:
            raise
        yield _broken(header, Place(number), unreadable)


def _broken(header: InterchangeHeader, place: Place, why: Unreadable) -> InterchangeExamined:
    fault = Finding(
        severity="error",
        level="interchange",
        code=why.code,
        message=f"{why.message[:1].upper()}{why.message[1:]}.",
        place=place,
        ack_code=why.ack_code or "022",
    )
    return InterchangeExamined(header=header, groups=(), findings=(fault,), place=place)


def _examine_group(
    group: FunctionalGroup, envelope: list[Finding], options: Options, numbers: set[str]
) -> GroupExamined:
    """`numbers` are the set control numbers of the interchange so far, and are added to."""
    own = validation_envelope.check_group(group)
    is_read = not own and group.header.functional_id not in {"FA", "PI"}
    sets = []
    for transaction in group.transactions():
        found = validation.validate(transaction, options) if is_read else []
        transaction.skip()
        found += _drawn(envelope, transaction.place)
        if options.medicare and transaction.control_number in numbers:
            found.append(_not_unique(transaction.place))
        numbers.add(transaction.control_number)
        sets.append(_set(transaction, found))
    own += _drawn(envelope, group.place)
    said = group.trailer[1] if group.trailer and len(group.trailer) > 1 else ""
    included = int(said) if said.isascii() and said.isdecimal() and len(said) < 7 else len(sets)
    return GroupExamined(
        header=group.header,
        sets=tuple(sets),
        included=included,
        findings=tuple(own),
        place=group.place,
    )


def _not_unique(place: Place) -> Finding:
    """Medicare wants ST02 unique in the interchange, not only in its group (CMS companion)."""
    return Finding(
        severity="error",
        level="business",
        code="medicare_set_number",
        message="Medicare refuses an interchange in which an ST02 stands twice.",
        place=place,
        segment="ST",
        element=2,
    )


def _set(transaction: TransactionSet, findings: list[Finding]) -> SetExamined:
    st = [*transaction.header[1:4], "", "", ""]
    return SetExamined(
        identifier=st[0],
        control_number=st[1],
        version=st[2],
        kind=transaction.kind,
        findings=tuple(findings),
        place=transaction.place,
    )


def _drawn(envelope: list[Finding], place: Place) -> list[Finding]:
    """Take out the envelope's findings that belong to this set or group."""
    mine = [
        one
        for one in envelope
        if (one.place.group, one.place.transaction) == (place.group, place.transaction)
        and one.level != "interchange"
    ]
    envelope[:] = [one for one in envelope if one not in mine]
    return mine


def acknowledge(
    chunks: Iterable[bytes],
    *,
    now: datetime,
    control_numbers: ControlNumbers,
    options: Options = DEFAULT,
    agreement: Agreement = NO_AGREEMENT,
) -> bytes:
    """The answer to a file: an interchange with a TA1 (where one is due) and a 999 for each group.

    Empty where nothing is to be answered. Raises Unreadable where there is nobody to answer.
    """
    return b"".join(
        answer(examined, now=now, control_numbers=control_numbers)
        for examined in examine(chunks, options, agreement)
    )


def answer(
    examined: InterchangeExamined, *, now: datetime, control_numbers: ControlNumbers
) -> bytes:
    """The interchange that answers one interchange; empty where none is due."""
    if examined.is_acknowledgment:
        return b""
    receipts = []
    refusal = examined.refusal
    if refusal is not None or examined.header.ack_requested == "1":
        receipts = ta1.write(interchange_acknowledgment(examined))
    answered = [group for group in examined.groups if not group.is_acknowledgment]
    groups: list[OutgoingGroup] = []
    if refusal is None and answered:
        groups = [_outgoing_group(answered, now, control_numbers)]
    if not receipts and not groups:
        return b""
    return write_interchange(
        _answering_header(examined.header, now, control_numbers.interchange()),
        groups,
        acknowledgments=receipts,
        line_end="\n",
    ).encode()


def interchange_acknowledgment(examined: InterchangeExamined) -> InterchangeAcknowledgment:
    refusal = examined.refusal
    return InterchangeAcknowledgment(
        control_number=_echo(examined.header.control_number),
        date=_echo(examined.header.date),
        time=_echo(examined.header.time),
        status="R" if refusal else "A",
        note=(refusal.ack_code or "024") if refusal else "000",
    )


def _outgoing_group(
    answered: Sequence[GroupExamined], now: datetime, control_numbers: ControlNumbers
) -> OutgoingGroup:
    first = answered[0].header
    header = GroupHeader(
        functional_id="FA",
        sender=_echo(first.receiver),
        receiver=_echo(first.sender),
        date=now.strftime("%Y%m%d"),
        time=now.strftime("%H%M%S"),
        control_number=str(control_numbers.group()),
        agency="X",
        version=_VERSION_999,
    )
    sets = [
        OutgoingSet(
            identifier="999",
            control_number=f"{number:04d}",
            segments=ack999.write(group_acknowledgment(group)),
            version=_VERSION_999,
        )
        for number, group in enumerate(answered, 1)
    ]
    return OutgoingGroup(header=header, sets=sets)


def _answering_header(
    header: InterchangeHeader, now: datetime, control_number: int
) -> InterchangeHeader:
    return InterchangeHeader(
        authorization_qualifier="00",
        authorization="",
        security_qualifier="00",
        security="",
        sender_qualifier=_echo(header.receiver_qualifier, 2),
        sender=_echo(header.receiver, 15),
        receiver_qualifier=_echo(header.sender_qualifier, 2),
        receiver=_echo(header.sender, 15),
        date=now.strftime("%y%m%d"),
        time=now.strftime("%H%M"),
        repetition="^",
        version="00501",
        control_number=f"{control_number:09d}",
        ack_requested="0",
        usage=_echo(header.usage, 1),
        component=":",
    )


def group_acknowledgment(group: GroupExamined) -> Acknowledgment:
    """The 999 for one functional group (one 999 per GS)."""
    notes = _codes(group.findings)
    accepted = sum(one.is_accepted for one in group.sets)
    if notes or not accepted:
        status = "R"
    else:
        status = "A" if accepted == len(group.sets) else "P"
    # A group of a kind or version that is not read says so for all its sets at once.
    unread = any(one.code == "group_header" for one in group.findings)
    sets = () if unread else tuple(set_acknowledgment(one) for one in group.sets)
    return Acknowledgment(
        functional_id=_echo(group.header.functional_id),
        control_number=_echo(group.header.control_number),
        version=_echo(group.header.version),
        sets=sets,
        status=status,
        included=group.included,
        received=len(group.sets),
        accepted=0 if unread else accepted,
        notes=notes,
    )


def set_acknowledgment(examined: SetExamined) -> SetAcknowledgment:
    """AK2 to IK5. E is not used: what is tolerated is a warning and is not sent."""
    errors = tuple(_segment_errors(examined.findings))
    notes = list(_codes(one for one in examined.findings if one.level == "transaction"))
    if errors:
        codes = {error.code for error in errors} - {"8"}
        codes |= {element.code for error in errors for element in error.elements}
        # I5 where only the guide, and not the standard, was broken.
        notes.append("I5" if codes and all(code.startswith("I") for code in codes) else "5")
    return SetAcknowledgment(
        identifier=_echo(examined.identifier),
        control_number=_echo(examined.control_number),
        version=_echo(examined.version),
        errors=errors,
        status="A" if examined.is_accepted else "R",
        notes=tuple(notes[:_MOST_NOTES]),
    )


def _acknowledged(findings: Iterable[Finding]) -> Iterator[Finding]:
    """The findings that a 999 tells: errors of form, not those of business."""
    for one in findings:
        if one.severity == "error" and one.level in validation.ACKNOWLEDGED:
            yield one


def _codes(findings: Iterable[Finding]) -> tuple[str, ...]:
    found = {one.ack_code for one in findings if one.severity == "error" and one.ack_code}
    return tuple(sorted(found, key=lambda code: (len(code), code)))[:_MOST_NOTES]


def _segment_errors(findings: Iterable[Finding]) -> Iterator[SegmentError]:
    """IK3 by IK3: the elements of one segment stand under one IK3 with code 8."""
    rows: dict[tuple[int, str, str, str], list[Finding]] = {}
    for one in _acknowledged(findings):
        if one.level == "transaction":
            continue
        code = "8" if one.level == "element" else one.ack_code
        key = (one.place.segment, one.segment, one.loop, code)
        rows.setdefault(key, []).append(one)
    for (position, segment, loop, code), group in rows.items():
        elements = tuple([_element_error(one) for one in group if one.level == "element"])
        contexts = tuple([_context(one.trigger) for one in group if one.trigger and not elements])
        yield SegmentError(
            segment=segment[:_LONGEST_SEGMENT_ID],
            position=position,
            loop=loop,
            code=code,
            contexts=contexts,
            elements=elements,
        )


def _element_error(finding: Finding) -> ElementError:
    return ElementError(
        where=_where(finding.element, finding.component, finding.repetition),
        reference=finding.element_reference,
        code=finding.ack_code,
        value=_copy_of_the_value(finding),
        contexts=(_context(finding.trigger),) if finding.trigger else (),
    )


def _copy_of_the_value(finding: Finding) -> str:
    """IK404 repeats codes and the name of a wrong character; what may be about a patient stays
    out of an acknowledgment, which many hands see."""
    if finding.ack_code == "6":
        return finding.value if finding.value.startswith("<") else ""
    known = dictionary.elements().get(finding.element_reference)
    coded = finding.code == "code" or (known is not None and known.kind == "ID")
    return finding.value if coded and finding.value.isalnum() else ""


def _echo(text: str, width: int = 35) -> str:
    """What a damaged file says of itself, made fit to be sent back."""
    if text.isalnum() and text.isascii() and len(text) <= width:
        return text
    return "".join(mark if mark in _ECHOED else "?" for mark in text[:width])


def _where(element: int, component: int, repetition: int) -> ElementPlace:
    return ElementPlace(
        element=str(element),
        component=str(component) if component else "",
        repetition=str(repetition) if repetition else "",
    )


def _context(trigger: Trigger) -> Context:
    return Context(
        names=(ContextName(name="SITUATIONAL TRIGGER"),),
        segment=trigger.segment,
        position=trigger.position,
        loop=trigger.loop,
        where=_where(trigger.element, trigger.component, 0),
        element=DataElement(number=trigger.reference),
    )
