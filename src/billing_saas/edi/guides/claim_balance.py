"""Sums of a claim, exact in cents. An amount that is not one was reported already: no sum then."""

from billing_saas.edi.amounts import AmountError, cents, format_cents
from billing_saas.edi.validation_loops import Loop, element
from billing_saas.edi.validation_report import Report, Spot

# Where each kind of line has its charge.
_CHARGES = {"SV1": 2, "SV2": 3, "SV3": 2}
_MEDICARE_MOST = 9_999_999  # 99,999.99: Part B and DME refuse more (Noridian)
_CAS_AMOUNTS = (3, 6, 9, 12, 15, 18)


def charges_add_up(loop: Loop, report: Report) -> None:
    """CLM02 is the sum of the lines' charges."""
    position, claim = loop.first("CLM")
    total = _amount(element(claim, 2))
    lines = [charge_of(line) for line in loop.inside("2400")]
    if total is None or not lines or None in lines:
        return
    charged = sum(charge for charge in lines if charge is not None)
    if charged != total:
        report.report(
            Spot(position, loop.id, "CLM", 2, reference="782"),
            "charges",
            f"The claim's charge (CLM02) is {format_cents(total)} and its lines add up to"
            f" {format_cents(charged)}.",
            level="balance",
        )


def charge_of(line: Loop) -> int | None:
    for segment_id, at in _CHARGES.items():
        _, service = line.first(segment_id)
        if service:
            return _amount(element(service, at))
    return None


def other_payers_add_up(loop: Loop, report: Report) -> None:
    """What each earlier payer did to the claim and to its lines (RFI 1053, TR3 1.4.4)."""
    others = loop.inside("2320")
    if not others:
        return
    _, claim = loop.first("CLM")
    total = _amount(element(claim, 2))
    lines = loop.inside("2400")
    for line in lines:
        for adjudication in line.inside("2430"):
            _line_adds_up(line, adjudication, report)
    for other in others:
        if total is not None:
            _payer_adds_up(other, lines, total, report)


def _line_adds_up(line: Loop, adjudication: Loop, report: Report) -> None:
    """SV102 is SVD02 and the adjustments of that payer."""
    position, paid_line = adjudication.first("SVD")
    charge, paid = charge_of(line), _amount(element(paid_line, 2))
    adjusted = _adjustments(adjudication)
    if charge is None or paid is None or adjusted is None:
        return
    if charge != paid + adjusted:
        report.report(
            Spot(position, adjudication.id, "SVD", 2, reference="782"),
            "line_adjudication",
            f"The line's charge is {format_cents(charge)}; the other payer's payment and"
            f" adjustments add up to {format_cents(paid + adjusted)}.",
            level="balance",
        )


def _payer_adds_up(other: Loop, lines: list[Loop], total: int, report: Report) -> None:
    payer = _payer_id(other)
    mine = [
        adjudication
        for line in lines
        for adjudication in line.inside("2430")
        if element(adjudication.first("SVD")[1], 1) == payer
    ]
    position, paid_claim = other.first("AMT", "D")
    at_claim = _adjustments(other)
    at_lines = [_adjustments(adjudication) for adjudication in mine]
    line_payments = [_amount(element(one.first("SVD")[1], 2)) for one in mine]
    if not paid_claim or at_claim is None or None in at_lines or None in line_payments:
        return
    paid = _amount(element(paid_claim, 2))
    # A payer that sent no adjustment at all (Medicaid encounter, paper) leaves nothing to add.
    if paid is None or not (mine or other.every("CAS")):
        return
    adjusted = at_claim + sum(one for one in at_lines if one is not None)
    spot = Spot(position, other.id, "AMT", 2, reference="782")
    if total != paid + adjusted:
        report.report(
            spot,
            "other_payer_claim",
            f"The claim's charge is {format_cents(total)}; what the other payer paid (AMT*D) and"
            f" adjusted adds up to {format_cents(paid + adjusted)}.",
            level="balance",
        )
    paid_by_line = sum(one for one in line_payments if one is not None)
    if mine and paid_by_line - at_claim != paid:
        report.report(
            spot,
            "other_payer_payment",
            f"The other payer paid {format_cents(paid)} (AMT*D); its payments of lines less the"
            f" adjustments of the claim are {format_cents(paid_by_line - at_claim)}.",
            level="balance",
        )


def _payer_id(other: Loop) -> str:
    payers = other.inside("2330B")
    return element(payers[0].first("NM1")[1], 9) if payers else ""


def _adjustments(loop: Loop) -> int | None:
    total = 0
    for _, adjustment in loop.every("CAS"):
        for at in _CAS_AMOUNTS:
            written = element(adjustment, at)
            amount = _amount(written) if written else 0
            if amount is None:
                return None
            total += amount
    return total


def amounts_fit_medicare(loop: Loop, report: Report) -> None:
    """Medicare's own limit, where the caller says that Medicare is asked."""
    if not report.options.medicare:
        return
    position, claim = loop.first("CLM")
    spots = [(position, loop.id, "CLM", 2, element(claim, 2))]
    for line in loop.inside("2400"):
        for segment_id, at in _CHARGES.items():
            for where, service in line.every(segment_id):
                spots.append((where, line.id, segment_id, at, element(service, at)))
    for where, loop_id, segment_id, at, written in spots:
        amount = _amount(written)
        if amount is not None and amount > _MEDICARE_MOST:
            report.report(
                Spot(where, loop_id, segment_id, at, reference="782"),
                "medicare_amount",
                "Medicare refuses an amount above 99,999.99.",
            )


def _amount(written: str) -> int | None:
    try:
        return cents(written)
    except AmountError:
        return None
