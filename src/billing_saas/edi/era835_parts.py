"""The rare parts of an 835 (MIA, MOA, LX, TS3, TS2, PLB), and what to do with a bad amount."""

from collections.abc import Callable, Sequence
from typing import Any

from billing_saas.edi.amounts import AmountError, cents, quantity
from billing_saas.edi.envelope import Segment
from billing_saas.edi.findings import Finding, Place, mask
from billing_saas.edi.parties import element
from billing_saas.edi.remittance import (
    ClaimHeading,
    InpatientAdjudication,
    OutpatientAdjudication,
    ProviderAdjustment,
    ProviderSummary,
)

# Elements that are money, and those that are other decimal numbers, by segment.
MONEY: dict[str, tuple[int, ...]] = {
    "CLP": (3, 4, 5),
    "SVC": (2, 3),
    "CAS": (3, 6, 9, 12, 15, 18),
    "AMT": (2,),
    "PLB": (4, 6, 8, 10, 12, 14),
    "BPR": (2,),
    "MIA": (2, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 18, 19, 24),
    "MOA": (2, 8, 9),
    "TS3": (5,),
}
NUMBERS: dict[str, tuple[int, ...]] = {
    "CLP": (12, 13),
    "SVC": (5, 7),
    "CAS": (4, 7, 10, 13, 16, 19),
    "QTY": (2,),
    "MIA": (1, 3, 15),
    "MOA": (1,),
}
# What the builders index without asking.
_LEAST = {"CAS": 4, "PLB": 3}
_REQUIRED = {"CLP": (3, 4), "SVC": (2, 3), "AMT": (2,), "BPR": (2,), "QTY": (2,)}

# Fields in the order of their elements.
INPATIENT_FIELDS = InpatientAdjudication.__struct_fields__
_PADDING = [""] * 10

Report = Callable[[Finding], None]


def read_inpatient(mia: Segment) -> InpatientAdjudication:
    return InpatientAdjudication(**_fields(mia, "MIA", INPATIENT_FIELDS))


def read_outpatient(moa: Segment) -> OutpatientAdjudication:
    _, rate, payable, *remarks = moa + _PADDING[len(moa) :]
    return OutpatientAdjudication(
        quantity(rate) if rate else "",
        cents(payable) if payable else None,
        remarks[0],
        remarks[1],
        remarks[2],
        remarks[3],
        remarks[4],
        cents(remarks[5]) if remarks[5] else None,
        cents(remarks[6]) if remarks[6] else None,
    )


def _fields(segment: Segment, segment_id: str, names: Sequence[str]) -> dict[str, Any]:
    money, numbers = MONEY[segment_id], NUMBERS[segment_id]
    read: dict[str, Any] = {}
    for number, (name, text) in enumerate(zip(names, segment[1:], strict=False), 1):
        if not text:
            continue
        if number in money:
            read[name] = cents(text)
        else:
            read[name] = quantity(text) if number in numbers else text
    return read


def read_heading(segments: list[Segment], position: int) -> ClaimHeading:
    """An LX with its TS3 and TS2."""
    summary: ProviderSummary | None = None
    supplement: tuple[str, ...] = ()
    unread = []
    for at, segment in enumerate(segments[1:], position + 1):
        if segment[0] == "TS3" and summary is None:
            charge = element(segment, 5)
            summary = ProviderSummary(
                provider_id=element(segment, 1),
                facility=element(segment, 2),
                fiscal_period_end=element(segment, 3),
                claim_count=element(segment, 4),
                charge_cents=cents(charge) if charge else None,
                medicare=tuple(segment[6:]),
            )
        elif segment[0] == "TS2" and not supplement:
            supplement = tuple(segment[1:])
        else:
            unread.append((at, tuple(segment)))
    return ClaimHeading(
        number=element(segments[0], 1),
        summary=summary,
        supplement=supplement,
        position=position,
        unread=tuple(unread),
    )


def read_plb(plb: Segment, position: int, component: str) -> list[ProviderAdjustment]:
    """All pairs of a PLB: six at most, any number of segments."""
    pairs = []
    for at in range(3, len(plb), 2):
        identifier, amount = plb[at], element(plb, at + 1)
        if not (identifier or amount):
            continue
        reason, _, reference = identifier.partition(component)
        pairs.append(ProviderAdjustment(plb[1], plb[2], reason, reference, cents(amount), position))
    return pairs


def mend(segments: list[Segment], position: int, place: Place, report: Report) -> list[Segment]:
    """The same segments with zero for each amount that cannot be read, and a finding for each.

    Only what the builders read is touched: a segment that is kept unread stays as it was sent.
    """
    mended = []
    seen: set[str] = set()
    for at, written in enumerate(segments, position):
        segment_id = written[0]
        least = _LEAST.get(segment_id, 0)
        segment = written + [""] * (least - len(written))
        for number in _to_check(segment) if _is_read(written, seen) else ():
            text = element(segment, number)
            fault = _fault(segment_id, number, text, segment)
            if fault is None:
                continue
            segment.extend([""] * (number + 1 - len(segment)))
            segment[number] = "0"
            report(_finding(segment_id, number, text, fault, place.at(at)))
        seen.add(segment_id)
        mended.append(segment)
    return mended


def _is_read(segment: Segment, seen: set[str]) -> bool:
    """Whether a builder looks into a segment; the second MOA of a claim, say, is only kept."""
    segment_id = segment[0]
    if segment_id in ("AMT", "QTY"):
        return len(segment) == 3
    longest = {"MOA": 10, "MIA": 25}.get(segment_id)
    return longest is None or (len(segment) <= longest and segment_id not in seen)


def _to_check(segment: Segment) -> list[int]:
    segment_id, count = segment[0], len(segment)
    if segment_id == "CAS":
        # Triplets beyond the six of the guide are read too. One more than what was sent: the
        # amount of the last triplet may be missing.
        return [number for number in range(3, count + 1) if number % 3 != 2]
    if segment_id == "PLB":
        return list(range(4, count + 1, 2))
    numbers = MONEY.get(segment_id, ()) + NUMBERS.get(segment_id, ())
    required = _REQUIRED.get(segment_id, ())
    return [number for number in numbers if number < count or number in required]


def _is_money(segment_id: str, number: int) -> bool:
    if segment_id == "CAS":
        return number % 3 == 0
    return segment_id == "PLB" or number in MONEY.get(segment_id, ())


def _fault(segment_id: str, number: int, text: str, segment: Segment) -> str | None:
    if not text:
        return "is missing" if _is_required(segment_id, number, segment) else None
    try:
        if _is_money(segment_id, number):
            cents(text)
        else:
            quantity(text)
    except AmountError as error:
        return str(error)
    return None


def _is_required(segment_id: str, number: int, segment: Segment) -> bool:
    if segment_id == "CAS" and _is_money("CAS", number):
        # A triplet with a reason or a quantity has an amount; the first always has one.
        return number == 3 or bool(element(segment, number - 1) or element(segment, number + 1))
    if segment_id == "PLB":
        return bool(element(segment, number - 1))
    return number in _REQUIRED.get(segment_id, ())


def _finding(segment_id: str, number: int, text: str, fault: str, place: Place) -> Finding:
    harmless = text.isascii() and all(mark.isdigit() or mark in "+-.,eE " for mark in text)
    return Finding(
        severity="error",
        level="element",
        code="amount_missing" if fault == "is missing" else "amount_format",
        message=f"{segment_id}{number:02d} cannot be read as a number: {fault}.",
        place=place,
        segment=segment_id,
        element=number,
        ack_code="1" if fault == "is missing" else "6",
        value=text[:24] if harmless else mask(text),
    )


# How many entries (the id with its elements) the structs hold of segments read by position.
LONGEST = {
    "CLP": 15,
    "SVC": 8,
    "BPR": 17,
    "TRN": 5,
    "N1": 5,
    "N3": 3,
    "N4": 8,
    "PER": 9,
    "REF": 5,
    "DTM": 4,
}


def unknown(segment: Sequence[str], loop: str, place: Place) -> Finding:
    """A segment no field holds, or that has more elements than its struct: kept in `unread`."""
    segment_id = segment[0] if len(segment[0]) <= 3 and segment[0].isalnum() else ""
    surplus = len(segment) > LONGEST.get(segment_id, len(segment))
    return Finding(
        severity="warning",
        level="segment",
        code="surplus_elements" if surplus else "unknown_segment",
        message=f"{segment_id} has more elements than are known; they are kept."
        if surplus
        else f"The segment {segment_id or 'here'} is not expected in this place; it is kept.",
        place=place,
        loop=loop,
        segment=segment_id,
        ack_code="2",
    )


def too_many(place: Place, most: int) -> Finding:
    return Finding(
        severity="error",
        level="transaction",
        code="too_many_findings",
        message=f"There are more than {most} findings; the rest is not listed.",
        place=place,
    )
