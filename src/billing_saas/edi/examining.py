"""A file read and held to its guides: interchanges, groups and sets with what is wrong with each."""

from collections.abc import Iterable, Iterator

import msgspec

from billing_saas.edi import validation, validation_envelope
from billing_saas.edi.delimiters import Unreadable
from billing_saas.edi.envelope import (
    FunctionalGroup,
    GroupHeader,
    InterchangeHeader,
    TransactionSet,
    interchange_header,
    interchanges,
)
from billing_saas.edi.findings import Finding, Place
from billing_saas.edi.validation_envelope import NO_AGREEMENT, Agreement
from billing_saas.edi.validation_options import DEFAULT, Options

_ISA_ELEMENTS = 17


def is_acknowledged(finding: Finding) -> bool:
    """Whether a 999 tells it: an error of form, not one of business."""
    return finding.severity == "error" and finding.level in validation.ACKNOWLEDGED


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
        return not any(map(is_acknowledged, self.findings))


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
