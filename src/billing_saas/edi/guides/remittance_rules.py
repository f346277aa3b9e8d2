"""The balances of a remittance: line, claim, lines against their claim, payment. Exact cents.

AMT and QTY never enter (RFI 2601). An amount that is not one was reported already: no sum then.
"""

from billing_saas.edi.amounts import AmountError, cents, format_cents
from billing_saas.edi.guides.catalog import Rules
from billing_saas.edi.validation_loops import Loop, element
from billing_saas.edi.validation_report import Report, Spot

_CAS_AMOUNTS = (3, 6, 9, 12, 15, 18)
_PLB_AMOUNTS = (4, 6, 8, 10, 12, 14)


class _NoSum(Exception):
    """Not an error of its own: the amount was reported where it stands."""


def _amount(segment: list[str], at: int) -> int:
    written = element(segment, at)
    try:
        return cents(written) if written else 0
    except AmountError:
        raise _NoSum from None


def _adjusted(loop: Loop) -> int:
    return sum(_amount(segment, at) for _, segment in loop.every("CAS") for at in _CAS_AMOUNTS)


def line_balances(loop: Loop, report: Report) -> None:
    """SVC02 less the line's adjustments is SVC03 (RFI 2348)."""
    position, service = loop.first("SVC")
    try:
        expected, paid = _amount(service, 2) - _adjusted(loop), _amount(service, 3)
    except _NoSum:
        return
    if expected != paid:
        report.report(
            Spot(position, loop.id, "SVC", 3, reference="782"),
            "line_out_of_balance",
            f"The line's charge less its adjustments is {format_cents(expected)}, and"
            f" {format_cents(paid)} is stated as paid.",
            level="balance",
        )


def claim_balances(loop: Loop, report: Report) -> None:
    """CLP03 less every adjustment of claim and lines is CLP04 (RFI 2601)."""
    position, claim = loop.first("CLP")
    lines = loop.inside("2110")
    try:
        paid = _amount(claim, 4)
        report.tally["paid"] = report.tally.get("paid", 0) + paid
        charge, at_claim = _amount(claim, 3), _adjusted(loop)
        expected = charge - at_claim - sum(_adjusted(line) for line in lines)
        services = [line.first("SVC")[1] for line in lines]
        line_charges = sum(_amount(service, 2) for service in services)
        line_payments = sum(_amount(service, 3) for service in services)
    except _NoSum:
        report.tally["unsummed"] = 1
        return
    spot = Spot(position, loop.id, "CLP", 4, reference="782")
    if expected != paid:
        report.report(
            spot,
            "claim_out_of_balance",
            f"The claim's charge less all adjustments is {format_cents(expected)}, and"
            f" {format_cents(paid)} is stated as paid.",
            level="balance",
        )
    if not lines:
        return
    # Not among the guide's balances: an inpatient claim may show some of its lines only. So it
    # is said, and no reason to hold a payment whose own three balances are right.
    if line_charges != charge:
        report.report(
            Spot(position, loop.id, "CLP", 3, reference="782"),
            "claim_charge",
            f"The claim's charge is {format_cents(charge)} and its lines add up to"
            f" {format_cents(line_charges)}.",
            level="balance",
            warning=True,
        )
    # Where the charges agree, that the claim is out of balance says it already.
    if line_payments - at_claim != paid and (line_charges != charge or expected == paid):
        report.report(
            spot,
            "claim_payment",
            f"{format_cents(paid)} is stated as paid, and the lines add up to"
            f" {format_cents(line_payments - at_claim)}.",
            level="balance",
            warning=True,
        )


def payment_balances(loop: Loop, report: Report) -> None:
    """The claims' payments less every provider adjustment is BPR02."""
    position, payment = loop.first("BPR")
    if not payment or report.tally.get("unsummed"):
        return
    try:
        adjusted = sum(_amount(plb, at) for _, plb in loop.every("PLB") for at in _PLB_AMOUNTS)
        stated = _amount(payment, 2)
    except _NoSum:
        return
    paid = report.tally.get("paid", 0)
    if paid - adjusted != stated:
        report.report(
            Spot(position, "", "BPR", 2, reference="782"),
            "payment_out_of_balance",
            f"The claims pay {format_cents(paid)} and the provider adjustments take"
            f" {format_cents(adjusted)}, and the payment is {format_cents(stated)}.",
            level="balance",
        )


RULES: Rules = {
    "": (payment_balances,),
    "2100": (claim_balances,),
    "2110": (line_balances,),
}
