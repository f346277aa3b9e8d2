"""What the sandbox payer makes of one claim: paid, reduced, left to the patient, denied, taken back.

Balanced at every level; all of it follows from the chance handed in.
"""

import random
from collections.abc import Sequence

import msgspec

from billing_saas.edi.claim837 import Claim
from billing_saas.edi.claim837_lines import ServiceLine
from billing_saas.edi.parties import AmountValue, DateValue, Party, Reference
from billing_saas.edi.remittance import (
    REVERSAL,
    Adjustment,
    ClaimHeading,
    ClaimPayment,
    Remark,
    ServicePayment,
)

_PROCESSED_AS = {"P": "1", "S": "2", "T": "3"}
# Why lines are denied: not medically necessary, lacks information, benefit maximum, not covered.
_DENIALS = (("50", "N115"), ("16", "M76"), ("119", "N362"), ("204", "N130"))
# SBR09 of a claim may say these too, which CLP06 does not list (X221A1).
_NOT_IN_AN_835 = frozenset(("", "11", "BL", "CI", "FI"))
_INDEMNITY = "15"


def adjudicate(claim: Claim, chance: random.Random, *, may_deny: bool = True) -> ClaimPayment:
    """What the payer makes of one claim; balanced at every level."""
    whole = may_deny and chance.random() < 0.04
    deductible = chance.choice((0, 0, 0, 2_500, 5_000))
    copay = chance.choice((0, 0, 1_500, 2_000))
    services = []
    for line in claim.lines:
        denied = whole or (may_deny and chance.random() < 0.06)
        if denied:
            services.append(_denied(line, chance))
            continue
        service, deductible, copay = _priced(line, chance, deductible, copay)
        services.append(service)
    paid = sum(service.paid_cents for service in services)
    insurance = claim.subscriber.insurance
    sequence = insurance.sequence if insurance else "P"
    return ClaimPayment(
        patient_control_number=claim.number,
        status=_PROCESSED_AS[sequence],
        charge_cents=claim.charge_cents,
        paid_cents=paid,
        patient_responsibility_cents=_shared(services) or None,
        filing_indicator=_filing_indicator(claim),
        payer_control_number=f"{chance.randrange(10**13):013d}",
        facility=claim.facility_code,
        frequency=claim.frequency or "1",
        parties=_parties(claim),
        dates=_claim_dates(claim),
        services=tuple(services),
        heading=ClaimHeading(number="1"),
    )


def reversed_payment(original: ClaimPayment) -> ClaimPayment:
    """CLP02 = 22: the original with every sign turned."""
    return msgspec.structs.replace(
        original,
        status=REVERSAL,
        charge_cents=-original.charge_cents,
        paid_cents=-original.paid_cents,
        patient_responsibility_cents=None,
        adjustments=_turned(original.adjustments),
        services=tuple(
            msgspec.structs.replace(
                service,
                charge_cents=-service.charge_cents,
                paid_cents=-service.paid_cents,
                adjustments=_turned(service.adjustments),
                amounts=(),
            )
            for service in original.services
        ),
    )


def _turned(adjustments: Sequence[Adjustment]) -> tuple[Adjustment, ...]:
    return tuple(
        msgspec.structs.replace(adjusted, amount_cents=-adjusted.amount_cents)
        for adjusted in adjustments
    )


def corrected_payment(original: ClaimPayment) -> ClaimPayment:
    """Ten dollars (or all, where it paid less) of the first paid line become the patient's copay."""
    services = list(original.services)
    at = next(n for n, service in enumerate(services) if service.paid_cents > 0)
    service = services[at]
    moved = min(1_000, service.paid_cents)
    services[at] = msgspec.structs.replace(
        service,
        paid_cents=service.paid_cents - moved,
        adjustments=(*service.adjustments, Adjustment("PR", "3", moved)),
    )
    return msgspec.structs.replace(
        original,
        paid_cents=original.paid_cents - moved,
        patient_responsibility_cents=_shared(services),
        payer_control_number=f"{int(original.payer_control_number) + 1:013d}",
        services=tuple(services),
    )


def _denied(line: ServiceLine, chance: random.Random) -> ServicePayment:
    reason, remark = chance.choice(_DENIALS)
    return _service(
        line, 0, (Adjustment("CO", reason, line.charge_cents),), None, (Remark("HE", remark),)
    )


def _priced(
    line: ServiceLine, chance: random.Random, deductible: int, copay: int
) -> tuple[ServicePayment, int, int]:
    """The price, less what an earlier payer settled, less the patient's share. And what is left of
    the deductible and copay for the claim's other lines."""
    settled = _settled_before(line)
    left = line.charge_cents - settled
    adjustments: list[Adjustment] = []
    if settled:
        # The prior payer's effect is one CAS OA*23 (RFI 2806).
        adjustments.append(Adjustment("OA", "23", settled))
    else:
        reduction = line.charge_cents * chance.randrange(10, 45) // 100
        left -= reduction
        adjustments.append(Adjustment("CO", "45", reduction))
    allowed = left
    for reason, owed in (("1", deductible), ("3", copay)):
        taken = min(owed, left)
        left -= taken
        if taken:
            adjustments.append(Adjustment("PR", reason, taken))
        if reason == "1":
            deductible -= taken
        else:
            copay -= taken
    coinsurance = left // 5 if chance.random() < 0.5 else 0
    if coinsurance:
        adjustments.append(Adjustment("PR", "2", coinsurance))
    kept = tuple(adjusted for adjusted in adjustments if adjusted.amount_cents)
    return _service(line, left - coinsurance, kept, allowed, ()), deductible, copay


def _settled_before(line: ServiceLine) -> int:
    """What earlier payers paid and wrote off of a line, in cents (2430 SVD and CAS, group CO)."""
    return sum(
        said.paid_cents
        + sum(adjusted.amount_cents for adjusted in said.adjustments if adjusted.group == "CO")
        for said in line.adjudications
    )


def _service(
    line: ServiceLine,
    paid_cents: int,
    adjustments: tuple[Adjustment, ...],
    allowed_cents: int | None,
    remarks: tuple[Remark, ...],
) -> ServicePayment:
    assert line.procedure is not None
    day = line.service_date
    number = line.control_number
    return ServicePayment(
        procedure=line.procedure,
        charge_cents=line.charge_cents,
        paid_cents=paid_cents,
        units=line.quantity,
        dates=(DateValue("472", day.value[:8]),) if day else (),
        adjustments=adjustments,
        references=(Reference("6R", number),) if number else (),
        amounts=(AmountValue("B6", allowed_cents),) if allowed_cents else (),
        remarks=remarks,
    )


def _shared(services: Sequence[ServicePayment]) -> int:
    return sum(
        adjusted.amount_cents
        for service in services
        for adjusted in service.adjustments
        if adjusted.group == "PR"
    )


def _parties(claim: Claim) -> tuple[Party, ...]:
    person = claim.patient_person
    holder = claim.subscriber
    parties = [
        Party(
            entity="QC",
            entity_type="1",
            name=person.name,
            first_name=person.first_name,
            middle_name=person.middle_name,
            id_qualifier="MI",
            id=holder.member_id,
        )
    ]
    if claim.patient is not None:
        parties.append(
            Party(
                entity="IL",
                entity_type="1",
                name=holder.name,
                first_name=holder.first_name,
                id_qualifier="MI",
                id=holder.member_id,
            )
        )
    rendering = claim.rendering_provider
    if rendering is not None:
        parties.append(
            Party(
                entity="82",
                entity_type="1",
                name=rendering.name,
                first_name=rendering.first_name,
                id_qualifier="XX",
                id=rendering.npi,
            )
        )
    return tuple(parties)


def _claim_dates(claim: Claim) -> tuple[DateValue, ...]:
    days = [line.service_date.value[:8] for line in claim.lines if line.service_date]
    return (DateValue("232", min(days)), DateValue("233", max(days))) if days else ()


def _filing_indicator(claim: Claim) -> str:
    """As the claim named it, where an 835 has that code."""
    insurance = claim.subscriber.insurance
    named = insurance.filing_indicator if insurance else ""
    return _INDEMNITY if named in _NOT_IN_AN_835 else named
