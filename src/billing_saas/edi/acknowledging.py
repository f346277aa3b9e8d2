"""TA1 and 999 for what came in, from its findings (rules 51 to 65 of the design).

An interchange whose envelope is broken is answered by a TA1 with R, and by no 999 beside it:
nothing in it counts as read. Otherwise each functional group gets a 999 of its own. A 999, 997 or
TA1 is never answered. Control numbers and the time are handed in.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Protocol

from billing_saas.edi import ack999, ta1
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
from billing_saas.edi.envelope import (
    GroupHeader,
    InterchangeHeader,
)
from billing_saas.edi.examining import (
    GroupExamined,
    InterchangeExamined,
    SetExamined,
    examine,
    is_acknowledged,
)
from billing_saas.edi.findings import Finding, Trigger
from billing_saas.edi.guides import dictionary
from billing_saas.edi.ta1 import InterchangeAcknowledgment
from billing_saas.edi.validation_envelope import NO_AGREEMENT, Agreement
from billing_saas.edi.validation_options import DEFAULT, Options
from billing_saas.edi.writing import OutgoingGroup, OutgoingSet, write_interchange

_VERSION_999 = "005010X231A1"
_LONGEST_SEGMENT_ID = 3
_MOST_NOTES = 5
_ECHOED = frozenset(chr(code) for code in range(0x20, 0x7F)) - frozenset("*^:~")


class ControlNumbers(Protocol):
    """Numbers of our own for a connection: unique and rising; gaps are allowed."""

    def interchange(self) -> int: ...

    def group(self) -> int: ...


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


def _codes(findings: Iterable[Finding]) -> tuple[str, ...]:
    found = {one.ack_code for one in findings if one.severity == "error" and one.ack_code}
    return tuple(sorted(found, key=lambda code: (len(code), code)))[:_MOST_NOTES]


def _segment_errors(findings: Iterable[Finding]) -> Iterator[SegmentError]:
    """IK3 by IK3: the elements of one segment stand under one IK3 with code 8."""
    rows: dict[tuple[int, str, str, str], list[Finding]] = {}
    for one in findings:
        if one.level == "transaction" or not is_acknowledged(one):
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
