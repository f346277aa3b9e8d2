"""The three balances of an 835 and what a reversal must undo. Integer arithmetic only.

Line: SVC02 less its CAS is SVC03 (RFI 2348, TR3 1.10.2.1.1). Claim: CLP03 less every CAS of claim
and lines is CLP04 (RFI 2601). Payment: the sum of CLP04 less every PLB amount is BPR02. AMT and QTY
never enter (RFI 2601).
"""

from collections import Counter
from collections.abc import Iterable

from billing_saas.edi.amounts import format_cents
from billing_saas.edi.findings import Finding, Place
from billing_saas.edi.remittance import (
    Adjustment,
    ClaimPayment,
    Remittance,
    ServicePayment,
)


def line_difference(service: ServicePayment) -> int:
    """Cents by which the stated payment of a line differs from what its parts make; 0 balances."""
    return service.charge_cents - service.adjusted_cents - service.paid_cents


def claim_difference(claim: ClaimPayment) -> int:
    return claim.charge_cents - claim.adjusted_cents - claim.paid_cents


def payment_difference(remittance: Remittance) -> int:
    paid = sum([claim.paid_cents for claim in remittance.claims])
    adjusted = sum([pair.amount_cents for pair in remittance.provider_adjustments])
    return paid - adjusted - remittance.payment_cents


def is_balanced(remittance: Remittance) -> bool:
    return payment_difference(remittance) == 0 and not any(
        claim_difference(claim) or any(map(line_difference, claim.services))
        for claim in remittance.claims
    )


def check_balances(remittance: Remittance) -> list[Finding]:
    """Every line, claim and payment that does not balance, with its place and difference."""
    findings: list[Finding] = []
    for claim in remittance.claims:
        findings += check_claim(claim, remittance.place)
    paid = sum([claim.paid_cents for claim in remittance.claims])
    adjusted = sum([pair.amount_cents for pair in remittance.provider_adjustments])
    return findings + check_payment(remittance, paid, adjusted)


def check_claim(claim: ClaimPayment, place: Place) -> list[Finding]:
    """The lines of a claim and the claim itself; `place` is that of the set."""
    findings = []
    for service in claim.services:
        if difference := line_difference(service):
            expected = service.paid_cents + difference
            findings.append(
                _finding(
                    "line_out_of_balance",
                    f"The line's charge less its adjustments is {_dollars(expected)}, but "
                    f"{_dollars(service.paid_cents)} is stated as paid.",
                    place.at(service.position),
                    ("2110", "SVC", 3),
                    difference,
                )
            )
    if difference := claim_difference(claim):
        expected = claim.paid_cents + difference
        message = (
            f"The claim's charge less all adjustments is {_dollars(expected)}, but "
            f"{_dollars(claim.paid_cents)} is stated as paid."
        )
        if _stands_twice(claim, difference):
            # RFI 358: the same adjustment never stands at both levels.
            message += " The same adjustments seem to stand at the claim and at its lines."
        findings.append(
            _finding(
                "claim_out_of_balance",
                message,
                place.at(claim.position),
                ("2100", "CLP", 4),
                difference,
            )
        )
    return findings


def check_payment(remittance: Remittance, paid_cents: int, adjusted_cents: int) -> list[Finding]:
    """`paid_cents` is the sum of CLP04, `adjusted_cents` that of all PLB amounts."""
    difference = paid_cents - adjusted_cents - remittance.payment_cents
    if not difference:
        return []
    message = (
        f"The claims pay {_dollars(paid_cents)} and the provider adjustments take "
        f"{_dollars(adjusted_cents)}, but the payment is {_dollars(remittance.payment_cents)}."
    )
    where = ("", "BPR", 2)
    return [_finding("payment_out_of_balance", message, remittance.place, where, difference)]


def check_reversal(reversal: ClaimPayment, original: ClaimPayment, place: Place) -> list[Finding]:
    """A reversal gives back the original charge, payment and every CAS with its sign turned, so
    that the account returns to where it was, per line and per reason (RFI 1429, 2442, 791)."""
    left = {key: amount for key, amount in _effect((reversal, original)).items() if amount != 0}
    return [
        _finding(
            "reversal_incomplete",
            f"After the reversal {_dollars(amount)} of {what} remains of the original"
            + (f" on line {line}." if line else "."),
            place.at(reversal.position),
            ("2100", "CLP", 0),
            amount,
        )
        for (line, what), amount in sorted(left.items())
    ]


def _effect(claims: Iterable[ClaimPayment]) -> Counter[tuple[str, str]]:
    """What claims do to an account: cents by line ("" for the claim) and by what it is."""
    effect: Counter[tuple[str, str]] = Counter()
    for claim in claims:
        effect["", "charge"] += claim.charge_cents
        effect["", "payment"] += claim.paid_cents
        for key, amount in _by_reason(claim.adjustments).items():
            effect["", f"adjustment {key}"] += amount
        ordinals: Counter[str] = Counter()
        for service in claim.services:
            name = _line_name(service, ordinals)
            effect[name, "charge"] += service.charge_cents
            effect[name, "payment"] += service.paid_cents
            for key, amount in _by_reason(service.adjustments).items():
                effect[name, f"adjustment {key}"] += amount
    return effect


def _line_name(service: ServicePayment, ordinals: Counter[str]) -> str:
    """The line control number, else the procedure and its how-many-eth."""
    if service.line_control_number:
        return service.line_control_number
    procedure = service.procedure
    name = ":".join((procedure.code, *procedure.modifiers))
    ordinals[name] += 1
    return f"{name}#{ordinals[name]}"


def _by_reason(adjustments: Iterable[Adjustment]) -> Counter[str]:
    totals: Counter[str] = Counter()
    for adjustment in adjustments:
        totals[f"{adjustment.group} {adjustment.reason}"] += adjustment.amount_cents
    return totals


def _stands_twice(claim: ClaimPayment, difference: int) -> bool:
    lines = _by_reason(
        adjustment for service in claim.services for adjustment in service.adjustments
    )
    own = _by_reason(claim.adjustments)
    twice = [amount for key, amount in own.items() if amount and lines[key] == amount]
    return bool(twice) and sum(twice) == -difference


def _finding(
    code: str, message: str, place: Place, where: tuple[str, str, int], difference: int
) -> Finding:
    loop, segment, element = where
    return Finding(
        severity="error",
        level="balance",
        code=code,
        message=f"{message} They are {_dollars(abs(difference))} apart.",
        place=place,
        loop=loop,
        segment=segment,
        element=element,
        value=format_cents(difference),
    )


def _dollars(amount: int) -> str:
    sign = "-" if amount < 0 else ""
    return f"{sign}{abs(amount) // 100}.{abs(amount) % 100:02d}"
