"""999 (005010X231A1) and 997: what a receiver says of a functional group and its sets.

An acknowledgment never speaks of claims (rule 64): a rejected set means that every claim in it
is unsent; an accepted one means only that a 277CA is to be waited for. One that cannot be read
without doubt is refused, because taking it for an acceptance would lose claims in silence.
"""

from collections.abc import Iterable, Iterator
from typing import Annotated, Literal

import msgspec

from billing_saas.edi.envelope import Segment, TransactionSet, interchanges
from billing_saas.edi.findings import NOWHERE, Finding, Place
from billing_saas.edi.layout_reading import Unread, assemble
from billing_saas.edi.layout_writing import write_set
from billing_saas.edi.layouts import at, part
from billing_saas.edi.phi_free import Masked
from billing_saas.edi.writing import Pen

SetStatus = Literal["accepted", "accepted_with_errors", "rejected", "unknown"]
GroupStatus = Literal["accepted", "accepted_with_errors", "partly_accepted", "rejected"]
# IK501 and AK901 (rule 62). E counts as accepted. M, W and X are rejections for want of security.
_SET_STATUS: dict[str, SetStatus] = {
    "A": "accepted",
    "E": "accepted_with_errors",
    "R": "rejected",
    "M": "rejected",
    "W": "rejected",
    "X": "rejected",
}
_GROUP_STATUS: dict[str, GroupStatus] = {
    "A": "accepted",
    "E": "accepted_with_errors",
    "P": "partly_accepted",
    "R": "rejected",
    "M": "rejected",
    "W": "rejected",
    "X": "rejected",
}
_WORST_FIRST: tuple[SetStatus, ...] = ("rejected", "unknown", "accepted_with_errors", "accepted")
# A 997 says with AK3 to AK5 what a 999 says with IK3 to IK5, element by element.
_OF_997 = {"AK3": "IK3", "AK4": "IK4", "AK5": "IK5"}
_OF_999 = {new: old for old, new in _OF_997.items()}
_OWN = {"AK1", "AK2", "IK3", "IK4", "IK5", "AK9"}


class AcknowledgmentUnreadable(Exception):
    """The file stays, somebody is told, and nothing counts as accepted. Holds no patient data."""

    def __init__(self, reason: str, place: Place = NOWHERE) -> None:
        super().__init__(f"acknowledgment unreadable: {reason} ({place})")
        self.reason = reason
        self.place = place


class ElementPlace(msgspec.Struct, frozen=True, kw_only=True):
    """Which element, component and repetition is meant, as written."""

    element: Annotated[str, part(1)] = ""
    component: Annotated[str, part(2)] = ""
    repetition: Annotated[str, part(3)] = ""


class ContextName(Masked, frozen=True, kw_only=True):
    """What kind of context it is, and a value such as a claim number."""

    name: Annotated[str, part(1)] = ""
    reference: Annotated[str, part(2)] = ""


class DataElement(msgspec.Struct, frozen=True, kw_only=True):
    number: Annotated[str, part(1)] = ""
    second: Annotated[str, part(2)] = ""


class Context(Masked, frozen=True, kw_only=True):
    """CTX: the business unit in error ("CLM01" and its value), or the segment and element that
    made a situational rule apply."""

    names: Annotated[tuple[ContextName, ...], at("CTX", 1)] = ()
    segment: Annotated[str, at("CTX", 2)] = ""
    position: Annotated[int | None, at("CTX", 3, kind="count")] = None
    loop: Annotated[str, at("CTX", 4)] = ""
    where: Annotated[ElementPlace | None, at("CTX", 5)] = None
    element: Annotated[DataElement | None, at("CTX", 6)] = None


class ElementError(Masked, frozen=True, kw_only=True):
    """IK4. `value` is a copy of what was sent and may be about a patient."""

    where: Annotated[ElementPlace | None, at("IK4", 1)] = None
    reference: Annotated[str, at("IK4", 2)] = ""
    code: Annotated[str, at("IK4", 3)] = ""
    value: Annotated[str, at("IK4", 4)] = ""
    contexts: tuple[Context, ...] = ()
    place: Place = NOWHERE


class SegmentError(Masked, frozen=True, kw_only=True):
    """IK3. `position` counts ST as 1 in the set that is answered."""

    segment: Annotated[str, at("IK3", 1)] = ""
    position: Annotated[int | None, at("IK3", 2, kind="count")] = None
    loop: Annotated[str, at("IK3", 3)] = ""
    code: Annotated[str, at("IK3", 4)] = ""
    contexts: tuple[Context, ...] = ()
    elements: tuple[ElementError, ...] = ()
    place: Place = NOWHERE


class SetAcknowledgment(Masked, frozen=True, kw_only=True):
    """AK2 to IK5: one set of the group, by its ST01, ST02 and ST03."""

    identifier: Annotated[str, at("AK2", 1)] = ""
    control_number: Annotated[str, at("AK2", 2)] = ""
    version: Annotated[str, at("AK2", 3)] = ""
    errors: tuple[SegmentError, ...] = ()
    status: Annotated[str, at("IK5", 1)] = ""
    notes: Annotated[tuple[str, ...], at("IK5", 2, 3, 4, 5, 6)] = ()
    place: Place = NOWHERE


class Acknowledgment(Masked, frozen=True, kw_only=True):
    """One 999 or 997. The group answered is named by its GS01, GS06 and GS08."""

    functional_id: Annotated[str, at("AK1", 1)] = ""
    control_number: Annotated[str, at("AK1", 2)] = ""
    version: Annotated[str, at("AK1", 3)] = ""
    sets: tuple[SetAcknowledgment, ...] = ()
    status: Annotated[str, at("AK9", 1)] = ""
    included: Annotated[int | None, at("AK9", 2, kind="count")] = None
    received: Annotated[int | None, at("AK9", 3, kind="count")] = None
    accepted: Annotated[int | None, at("AK9", 4, kind="count")] = None
    notes: Annotated[tuple[str, ...], at("AK9", 5, 6, 7, 8, 9)] = ()
    form: Literal["999", "997"] = "999"
    place: Place = NOWHERE
    unread: tuple[Unread, ...] = ()

    @property
    def verdict(self) -> GroupStatus:
        return _GROUP_STATUS.get(self.status, "rejected")


class SetVerdict(msgspec.Struct, frozen=True, kw_only=True):
    control_number: str
    identifier: str
    verdict: SetStatus
    place: Place = NOWHERE

    @property
    def is_accepted(self) -> bool:
        return self.verdict in {"accepted", "accepted_with_errors"}


def read(transaction: TransactionSet, findings: list[Finding] | None = None) -> Acknowledgment:
    """Raises AcknowledgmentUnreadable where any part of the verdict is in doubt."""
    if transaction.kind not in {"999", "997"}:
        raise AcknowledgmentUnreadable("the set is neither a 999 nor a 997", transaction.place)
    form: Literal["999", "997"] = "997" if transaction.kind == "997" else "999"
    own: list[Finding] = []
    found = assemble(
        Acknowledgment, transaction.place, _renamed(transaction), transaction.delimiters, own
    )
    found = msgspec.structs.replace(found, form=form)
    if form == "997":
        own = [
            msgspec.structs.replace(one, segment=_OF_999.get(one.segment, one.segment))
            for one in own
        ]
    _refuse_if_cut(transaction)
    _refuse_if_in_doubt(found, own)
    if findings is not None:
        findings.extend(own)
        findings.extend(contradictions(found))
    return found


def read_file(
    chunks: Iterable[bytes], findings: list[Finding] | None = None
) -> list[Acknowledgment]:
    """Every 999 and 997 of a file. Refused as a whole where the envelope around them is at fault:
    a count that is wrong may hide an acknowledgment that was lost."""
    envelope: list[Finding] = []
    found = [
        read(transaction, findings)
        for interchange in interchanges(chunks, envelope)
        for group in interchange.groups()
        for transaction in group.transactions()
        if transaction.kind in {"999", "997"}
    ]
    for fault in envelope:
        if fault.severity == "error":
            raise AcknowledgmentUnreadable(fault.message.rstrip("."), fault.place)
    if findings is not None:
        findings.extend(envelope)
    return found


def write(acknowledgment: Acknowledgment, pen: Pen | None = None) -> list[Segment]:
    segments = write_set(acknowledgment, pen)
    if acknowledgment.form == "999":
        return segments
    return [[_OF_999.get(tag, tag), *elements] for tag, *elements in segments]


def set_verdicts(acknowledgment: Acknowledgment) -> tuple[SetVerdict, ...]:
    """A verdict for each set that is listed. A rejected group rejects every set in it."""
    group_rejected = acknowledgment.verdict == "rejected"
    return tuple(
        [
            SetVerdict(
                control_number=one.control_number,
                identifier=one.identifier,
                verdict="rejected" if group_rejected else _SET_STATUS[one.status],
                place=one.place,
            )
            for one in acknowledgment.sets
        ]
    )


def verdict_of(acknowledgment: Acknowledgment, control_number: str) -> SetStatus:
    """The verdict on one set of ours, by its ST02; the worst where it is listed twice.

    Sets that went well need not be listed, so the group speaks for them; but not when it was
    accepted in part: then a set that is not listed is "unknown".
    """
    listed = {
        one.verdict for one in set_verdicts(acknowledgment) if one.control_number == control_number
    }
    for verdict in _WORST_FIRST:
        if verdict in listed:
            return verdict
    group = acknowledgment.verdict
    return "unknown" if group == "partly_accepted" else group


def contradictions(acknowledgment: Acknowledgment) -> Iterator[Finding]:
    """Where the group's status or counts do not fit the sets listed. The verdicts above take the
    worse side, so these are for somebody to look at."""
    verdicts = [_SET_STATUS[one.status] for one in acknowledgment.sets]
    rejected = verdicts.count("rejected")
    if rejected and acknowledgment.verdict in {"accepted", "accepted_with_errors"}:
        yield _contradiction(acknowledgment, 1, "the group is accepted but a set is rejected")
    received = acknowledgment.received or 0
    if len(verdicts) > received:
        yield _contradiction(acknowledgment, 3, "more sets are listed than were received")
    elif len(verdicts) == received and acknowledgment.accepted != received - rejected:
        yield _contradiction(acknowledgment, 4, "the number of accepted sets is not that listed")


def _contradiction(acknowledgment: Acknowledgment, element: int, what: str) -> Finding:
    return Finding(
        severity="error",
        level="group",
        code="acknowledgment_contradicts_itself",
        message=f"The acknowledgment contradicts itself: {what}.",
        place=acknowledgment.place,
        segment="AK9",
        element=element,
    )


def _renamed(transaction: TransactionSet) -> Iterator[tuple[int, Segment]]:
    for position, segment in transaction.segments():
        tag = _OF_997.get(segment[0])
        yield position, [tag, *segment[1:]] if tag else segment


def _refuse_if_cut(transaction: TransactionSet) -> None:
    """A lost segment may have been a rejection, so the trailer must fit."""
    if transaction.trailer is None:
        raise AcknowledgmentUnreadable("it ends before its SE segment", transaction.place)
    count, number = [*transaction.trailer[1:3], "", ""][:2]
    if count.lstrip("0") != str(transaction.segment_count):
        raise AcknowledgmentUnreadable("SE01 is not the number of segments", transaction.place)
    if number != transaction.control_number:
        raise AcknowledgmentUnreadable("SE02 differs from ST02", transaction.place)


def _refuse_if_in_doubt(found: Acknowledgment, own: list[Finding]) -> None:
    for finding in own:
        if finding.code == "count_format":
            raise AcknowledgmentUnreadable(
                f"{finding.segment}{finding.element:02d} is not a number", finding.place
            )
    for position, elements in found.unread:
        if elements[0] in _OWN and not _only_extra(position, own):
            tag = _OF_999.get(elements[0], elements[0]) if found.form == "997" else elements[0]
            raise AcknowledgmentUnreadable(
                f"{tag} stands where it may not", found.place.at(position)
            )
    functional = found.functional_id
    if not (len(functional) == 2 and functional.isalnum() and functional.isupper()):
        raise AcknowledgmentUnreadable("AK101 names no kind of group", found.place)
    if not (found.control_number.isascii() and found.control_number.isdecimal()):
        raise AcknowledgmentUnreadable("AK102 names no group", found.place)
    if found.status not in _GROUP_STATUS:
        raise AcknowledgmentUnreadable("AK901 does not say accepted or rejected", found.place)
    if found.received is None or found.accepted is None or found.included is None:
        raise AcknowledgmentUnreadable("AK9 does not say how many sets there were", found.place)
    for one in found.sets:
        if not one.control_number:
            raise AcknowledgmentUnreadable("AK202 names no set", one.place)
        if one.status not in _SET_STATUS:
            raise AcknowledgmentUnreadable("IK501 does not say accepted or rejected", one.place)


def _only_extra(position: int, own: list[Finding]) -> bool:
    """Whether the segment found its place and only carries more elements than are used."""
    codes = {finding.code for finding in own if finding.place.segment == position}
    return bool(codes) and codes <= {"unread_element", "unread_component"}
