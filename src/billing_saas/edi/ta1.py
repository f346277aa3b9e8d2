"""TA1: what a receiver says of a whole interchange."""

from collections.abc import Iterable
from typing import Annotated, Literal

import msgspec

from billing_saas.edi.delimiters import STANDARD
from billing_saas.edi.envelope import Interchange, Segment
from billing_saas.edi.findings import NOWHERE, Finding, Place
from billing_saas.edi.layout_reading import Unread, assemble
from billing_saas.edi.layout_writing import write_set
from billing_saas.edi.layouts import at
from billing_saas.edi.writing import Pen

Verdict = Literal["accepted", "accepted_with_errors", "rejected", "unreadable"]
_VERDICTS: dict[str, Verdict] = {
    "A": "accepted",
    "E": "accepted_with_errors",
    "R": "rejected",
}
# TA105 (element I18), in our own words.
NOTES = {
    "000": "no error",
    "001": "the control numbers of header and trailer differ",
    "002": "the standard named in the header is not supported",
    "003": "the version is not supported",
    "004": "the segment terminator is not valid",
    "005": "the qualifier of the sender id is not valid",
    "006": "the sender id is not valid",
    "007": "the qualifier of the receiver id is not valid",
    "008": "the receiver id is not valid",
    "009": "the receiver id is unknown",
    "010": "the authorization qualifier is not valid",
    "011": "the authorization information is not valid",
    "012": "the security qualifier is not valid",
    "013": "the security information is not valid",
    "014": "the date is not valid",
    "015": "the time is not valid",
    "016": "the standards id is not valid",
    "017": "the version id is not valid",
    "018": "the control number is not valid",
    "019": "the acknowledgment request is not valid",
    "020": "the usage indicator is not valid",
    "021": "the number of groups is not valid",
    "022": "the control structure is not valid",
    "023": "the file ended too early",
    "024": "the content is not valid",
    "025": "the control number was used before",
    "026": "the element separator is not valid",
    "027": "the component separator is not valid",
    "028": "the delivery date is not valid",
    "029": "the delivery time is not valid",
    "030": "the delivery time code is not valid",
    "031": "the grade of service is not valid",
}


class InterchangeAcknowledgment(msgspec.Struct, frozen=True, kw_only=True):
    """TA1. Number, date and time are ISA13, ISA09 and ISA10 of the interchange answered."""

    control_number: Annotated[str, at("TA1", 1)] = ""
    date: Annotated[str, at("TA1", 2)] = ""
    time: Annotated[str, at("TA1", 3)] = ""
    status: Annotated[str, at("TA1", 4)] = ""
    note: Annotated[str, at("TA1", 5)] = ""
    place: Place = NOWHERE
    unread: tuple[Unread, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """`rejected` means nothing in the interchange was read (rule 57): send all of it again
        under a new ISA13. A status that is no status, or no number, is never an acceptance."""
        if not self.control_number:
            return "unreadable"
        return _VERDICTS.get(self.status, "unreadable")

    @property
    def meaning(self) -> str:
        return NOTES.get(self.note, "a note that is not in our list")


def read(
    segment: Segment, place: Place = NOWHERE, findings: list[Finding] | None = None
) -> InterchangeAcknowledgment:
    # TA1 stands outside any set, so its place has no segment number.
    found = assemble(InterchangeAcknowledgment, place, [(0, segment)], STANDARD, findings)
    if findings is not None and found.verdict == "unreadable":
        findings.append(
            Finding(
                severity="error",
                level="interchange",
                code="acknowledgment_unreadable",
                message="The TA1 does not say whether it accepts or rejects, or names no number.",
                place=place,
                segment="TA1",
                element=4 if found.control_number else 1,
            )
        )
    return found


def read_all(
    interchange: Interchange, findings: list[Finding] | None = None
) -> list[InterchangeAcknowledgment]:
    """Every TA1 before the first GS; clearing houses send them in front of a 999 (rule 55)."""
    return [read(segment, interchange.place, findings) for segment in interchange.acknowledgments]


def write(acknowledgment: InterchangeAcknowledgment, pen: Pen | None = None) -> list[Segment]:
    return write_set(acknowledgment, pen)


def answer_to(
    acknowledgments: Iterable[InterchangeAcknowledgment], control_number: str, date: str, time: str
) -> InterchangeAcknowledgment | None:
    """The last TA1 that names this ISA13, ISA09 and ISA10. Numbers are reused, so all three."""
    wanted = (control_number, date, time)
    found = None
    for one in acknowledgments:
        if (one.control_number, one.date, one.time) == wanted:
            found = one
    return found
