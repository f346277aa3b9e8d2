"""Faults of the envelope as findings: counts, control numbers, missing trailers, strays.

`ack_code` is the TA105 (interchange), AK905 (group) or IK502 (set) value the fault becomes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from billing_saas.edi.findings import Finding, Place

if TYPE_CHECKING:
    from billing_saas.edi.envelope import FunctionalGroup, Interchange, TransactionSet

Level = Literal["interchange", "group", "transaction"]
# An id that is not shaped like one may be a piece of data: it is not repeated.
_LONGEST_ID = 3


def _error(level: Level, code: str, message: str, place: Place, ack_code: str) -> Finding:
    return Finding(
        severity="error", level=level, code=code, message=message, place=place, ack_code=ack_code
    )


def check_set(transaction: TransactionSet, findings: list[Finding]) -> None:
    place = transaction.place.at(transaction.segment_count)
    trailer = transaction.trailer
    if trailer is None:
        findings.append(
            _error(
                "transaction",
                "transaction_trailer_missing",
                "The transaction set has no SE segment.",
                place,
                "2",
            )
        )
        return
    count, number = [*trailer[1:3], "", ""][:2]
    if number != transaction.control_number:
        findings.append(
            _error(
                "transaction",
                "transaction_control_number",
                "The control number in SE02 differs from ST02.",
                place,
                "3",
            )
        )
    if not _is(count, transaction.segment_count):
        findings.append(
            _error(
                "transaction",
                "segment_count",
                f"SE01 is not the number of segments, which is {transaction.segment_count}.",
                place,
                "4",
            )
        )


def check_group(group: FunctionalGroup, findings: list[Finding]) -> None:
    place, trailer = group.place, group.trailer
    if trailer is None:
        findings.append(
            _error(
                "group",
                "group_trailer_missing",
                "The functional group has no GE segment.",
                place,
                "3",
            )
        )
        return
    count, number = [*trailer[1:3], "", ""][:2]
    if number != group.header.control_number:
        findings.append(
            _error(
                "group",
                "group_control_number",
                "The control number in GE02 differs from GS06.",
                place,
                "4",
            )
        )
    if not _is(count, group.transaction_count):
        findings.append(
            _error(
                "group",
                "transaction_count",
                f"GE01 is not the number of transaction sets, which is {group.transaction_count}.",
                place,
                "5",
            )
        )


def check_interchange(interchange: Interchange, findings: list[Finding]) -> None:
    place, trailer = interchange.place, interchange.trailer
    if trailer is None:
        findings.append(
            _error(
                "interchange",
                "interchange_trailer_missing",
                "The interchange ends without an IEA segment.",
                place,
                "023",
            )
        )
        return
    count, number = [*trailer[1:3], "", ""][:2]
    if number != interchange.header.control_number:
        findings.append(
            _error(
                "interchange",
                "interchange_control_number",
                "The control number in IEA02 differs from ISA13.",
                place,
                # 001 says that two numbers differ; what is no number at all is 018.
                "001" if number.isdecimal() and len(number) == 9 else "018",
            )
        )
    if not _is(count, interchange.group_count):
        findings.append(
            _error(
                "interchange",
                "group_count",
                f"IEA01 is not the number of functional groups, which is "
                f"{interchange.group_count}.",
                place,
                "021",
            )
        )
    if interchange.unterminated:
        findings.append(
            Finding(
                severity="warning",
                level="interchange",
                code="last_segment_unterminated",
                message="The last segment of the file has no terminator.",
                place=place,
            )
        )


def repeated_set(place: Place) -> Finding:
    return _error(
        "transaction",
        "transaction_number_repeated",
        "The control number in ST02 was used before in this group.",
        place,
        "23",
    )


def repeated_group(place: Place) -> Finding:
    return _error(
        "group",
        "group_number_repeated",
        "The control number in GS06 was used before in this interchange.",
        place,
        "19",
    )


def late_ta1(place: Place) -> Finding:
    return Finding(
        severity="warning",
        level="interchange",
        code="late_ta1",
        message="A TA1 segment stands after a functional group; it belongs before the first GS.",
        place=place,
        segment="TA1",
    )


def stray(segment_id: str | None, level: Level, place: Place, findings: list[Finding]) -> None:
    shown = segment_id if segment_id and len(segment_id) <= _LONGEST_ID else ""
    inside = "transaction set" if level == "group" else "functional group"
    findings.append(
        Finding(
            severity="error",
            level=level,
            code="stray_segment",
            message=f"Segments stand outside of any {inside} and were not read.",
            place=place,
            segment=shown if shown.isalnum() else "",
            ack_code="024" if level == "interchange" else "",
        )
    )


def stray_text(place: Place) -> Finding:
    return Finding(
        severity="warning",
        level="interchange",
        code="stray_text",
        message="Text after the interchange is not an interchange and was not read.",
        place=place,
    )


def _is(count: str, actual: int) -> bool:
    """Counts may have leading zeros (type N0); anything but ASCII digits is no count."""
    return count.isascii() and count.isdecimal() and len(count) <= 10 and int(count) == actual
