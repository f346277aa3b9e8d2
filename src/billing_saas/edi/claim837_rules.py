"""Rules of a claim that no guide table can tell: totals, pointers, coordination of benefits.

Pure functions of a claim that was read or is about to be written; each gives findings, none for
a sound claim. `check` runs them all.
"""

from collections.abc import Iterable, Iterator
from itertools import chain

from billing_saas.edi.claim837 import Claim
from billing_saas.edi.claim837_coordination import Adjustment, LineAdjudication, OtherCoverage
from billing_saas.edi.claim837_lines import ServiceLine
from billing_saas.edi.findings import Finding, Place
from billing_saas.kit.money import dollars

MOST_POINTERS = 4
# 7 replaces and 8 voids a claim that the payer knows by its own number (RFI 1538, RFI 2110).
_OF_AN_EARLIER_CLAIM = ("7", "8")


def check(claim: Claim) -> list[Finding]:
    """Every fault of the claim, in the order of its segments within each rule."""
    return [
        *check_frequency(claim),
        *check_total(claim),
        *check_pointers(claim),
        *check_coordination(claim),
    ]


def check_frequency(claim: Claim) -> list[Finding]:
    """A replacement or a void must name the claim it is about (REF*F8)."""
    if claim.frequency in _OF_AN_EARLIER_CLAIM and not claim.payer_claim_number:
        return [
            Finding(
                severity="error",
                level="business",
                code="payer_claim_number_missing",
                message="A replacement (7) or void (8) needs the payer's claim number in REF F8.",
                place=claim.place,
                loop="2300",
                segment="CLM",
                element=5,
                component=3,
            )
        ]
    return []


def check_total(claim: Claim) -> list[Finding]:
    """CLM02 is the sum of the line charges; payers reject what differs."""
    total = sum(line.charge_cents for line in claim.lines)
    if total == claim.charge_cents:
        return []
    return [
        _unbalanced(
            "claim_total",
            f"The claim's charge is {dollars(claim.charge_cents)} and its lines add up to "
            f"{dollars(total)}.",
            claim.place,
            "2300",
            "CLM",
        )
    ]


def check_pointers(claim: Claim) -> list[Finding]:
    """A line points to one to four diagnoses of the claim, none twice; institutional lines to none."""
    return list(
        chain.from_iterable(
            _pointer_faults(claim, number, line) for number, line in enumerate(claim.lines, 1)
        )
    )


def _pointer_faults(claim: Claim, number: int, line: ServiceLine) -> Iterator[Finding]:
    pointers = line.diagnosis_pointers
    known = len(claim.diagnoses)
    if line.professional is not None and not pointers:
        yield _pointer(
            claim, line, "diagnosis_pointer_missing", f"Line {number} names no diagnosis."
        )
    for place, pointer in enumerate(pointers, 1):
        if not 0 < pointer <= known:
            yield _pointer(
                claim,
                line,
                "diagnosis_pointer_unknown",
                f"Line {number} points to diagnosis {pointer} of {known}.",
                place,
            )
        elif pointer in pointers[: place - 1]:
            yield _pointer(
                claim,
                line,
                "diagnosis_pointer_repeated",
                f"Line {number} points to diagnosis {pointer} twice.",
                place,
            )
    if len(pointers) > MOST_POINTERS:
        yield _pointer(
            claim,
            line,
            "diagnosis_pointers_many",
            f"Line {number} points to more than {MOST_POINTERS} diagnoses.",
        )


def check_coordination(claim: Claim) -> list[Finding]:
    """What each other payer paid and adjusted must make up the charge (RFI 1053, TR3 1.4.4).

    Per line: charge = paid + line adjustments. Per claim: charge = AMT*D + claim adjustments +
    line adjustments. And the lines' payments less the claim adjustments are AMT*D.
    """
    findings: list[Finding] = []
    payers = set()
    for number, coverage in enumerate(claim.other_coverages, 1):
        payer_id = coverage.payer.id if coverage.payer else ""
        payers.add(payer_id)
        if coverage.paid_cents is not None:
            findings += _balance(claim, number, coverage, payer_id)
    for line_number, line in enumerate(claim.lines, 1):
        findings += [
            Finding(
                severity="error",
                level="business",
                code="adjudication_payer_unknown",
                message=f"Line {line_number} was adjudicated by a payer that the claim does not "
                "name among the other payers.",
                place=claim.place.at(adjudication.position),
                loop="2430",
                segment="SVD",
                element=1,
            )
            for adjudication in line.adjudications
            if adjudication.payer_id not in payers
        ]
    return findings


def _balance(
    claim: Claim, number: int, coverage: OtherCoverage, payer_id: str
) -> Iterator[Finding]:
    paid_total = coverage.paid_cents or 0
    claim_adjusted = _sum(coverage.adjustments)
    lines_paid = lines_adjusted = 0
    adjudicated = False
    for line_number, line in enumerate(claim.lines, 1):
        answers = [answer for answer in line.adjudications if answer.payer_id == payer_id]
        if not answers:
            continue
        adjudicated = True
        paid, adjusted = _answered(answers)
        lines_paid += paid
        lines_adjusted += adjusted
        if paid + adjusted != line.charge_cents:
            yield _unbalanced(
                "line_coordination",
                f"Line {line_number}: what other payer {number} paid ({dollars(paid)}) and "
                f"adjusted ({dollars(adjusted)}) is not the charge {dollars(line.charge_cents)}.",
                claim.place.at(answers[0].position),
                "2430",
                "SVD",
            )
    place = claim.place.at(coverage.position)
    adjusted_total = claim_adjusted + lines_adjusted
    if paid_total + adjusted_total != claim.charge_cents:
        yield _unbalanced(
            "claim_coordination",
            f"What other payer {number} paid ({dollars(paid_total)}) and adjusted "
            f"({dollars(adjusted_total)}) is not the charge {dollars(claim.charge_cents)}.",
            place,
            "2320",
            "AMT",
        )
    if adjudicated and lines_paid - claim_adjusted != paid_total:
        yield _unbalanced(
            "coordination_paid",
            f"The lines say that other payer {number} paid "
            f"{dollars(lines_paid - claim_adjusted)}, and the claim {dollars(paid_total)}.",
            place,
            "2320",
            "AMT",
        )


def _answered(answers: Iterable[LineAdjudication]) -> tuple[int, int]:
    # A payer that unbundled the line answers more than once; together they make up the charge.
    paid = adjusted = 0
    for answer in answers:
        paid += answer.paid_cents
        adjusted += _sum(answer.adjustments)
    return paid, adjusted


def _sum(adjustments: Iterable[Adjustment]) -> int:
    return sum(adjustment.amount_cents for adjustment in adjustments)


def _unbalanced(code: str, message: str, place: Place, loop: str, segment: str) -> Finding:
    return Finding(
        severity="error",
        level="balance",
        code=code,
        message=message,
        place=place,
        loop=loop,
        segment=segment,
        element=2,
    )


def _pointer(
    claim: Claim, line: ServiceLine, code: str, message: str, component: int = 0
) -> Finding:
    dental = line.dental is not None
    return Finding(
        severity="error",
        level="business",
        code=code,
        message=message,
        # SV1 or SV3 follows the LX that the line's position names.
        place=claim.place.at(line.position + 1 if line.position else 0),
        loop="2400",
        segment="SV3" if dental else "SV1",
        element=11 if dental else 7,
        component=component,
    )
