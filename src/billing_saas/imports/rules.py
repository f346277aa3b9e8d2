"""What a claim handed in must be before it can be ours, and the findings that say why not. Pure."""

import re

from billing_saas.coverage.rules import SEQUENCES
from billing_saas.edi.claim837 import Claim
from billing_saas.edi.claim837_lines import ServiceLine
from billing_saas.edi.claim837_parties import BillingProvider
from billing_saas.edi.findings import Finding, Place
from billing_saas.imports import reading
from billing_saas.imports.reading import SHORT_CODE
from billing_saas.patients import rules as patients
from billing_saas.providers.rules import can_be_listed

# At most ten digits in HIPAA's use of amounts (RFI 2819).
MOST_CENTS = 99_999_999_99
_CODE = re.compile(r"[A-Za-z0-9]{1,15}", re.ASCII)


def error(code: str, message: str, place: Place, segment: str = "", element: int = 0) -> Finding:
    return Finding(
        severity="error",
        level="business",
        code=code,
        message=message,
        place=place,
        segment=segment,
        element=element,
    )


def warning(code: str, message: str, place: Place, segment: str = "") -> Finding:
    return Finding(
        severity="warning",
        level="business",
        code=code,
        message=message,
        place=place,
        segment=segment,
    )


# --- whose claim it is ---


def is_ours(provider: BillingProvider, npi: str, tax_id: str) -> bool:
    """The billing provider's NPI decides; its tax id where it has no NPI."""
    if provider.npi:
        return provider.npi == npi
    return bool(provider.tax_id) and provider.tax_id.replace("-", "") == tax_id


# --- what it must be ---


def refusal(claim: Claim) -> Finding | None:
    """Why this claim cannot be taken, or None. The first reason counts."""
    for check in (_check_claim, _check_parties, _check_order, _check_lines):
        found = check(claim)
        if found is not None:
            return found
    return None


def _check_claim(claim: Claim) -> Finding | None:
    place = claim.place
    if claim.frequency not in ("", "1"):
        return error(
            "frequency_not_taken",
            "Only original claims (CLM05-3 is 1) are taken; send replacements and voids from here.",
            place,
            "CLM",
            5,
        )
    if claim.unread:
        return error(
            "claim_not_understood",
            "The claim holds segments that were not understood; sent on, they would be lost.",
            place,
            "CLM",
        )
    if not claim.number.strip():
        return error("number_missing", "The claim has no number (CLM01).", place, "CLM", 1)
    if not SHORT_CODE.fullmatch(claim.facility_code):
        return error(
            "place_of_service", "The place of service (CLM05-1) is missing.", place, "CLM", 5
        )
    total = sum(line.charge_cents for line in claim.lines)
    if claim.charge_cents != total:
        return error(
            "charge_total",
            "The claim's charge (CLM02) is not the sum of its lines (SV102).",
            place,
            "CLM",
            2,
        )
    return None


def _check_parties(claim: Claim) -> Finding | None:
    place, provider = claim.place, claim.billing_provider
    if not can_be_listed(provider.npi) or not provider.name:
        return error(
            "billing_provider",
            "The billing provider (2010AA) has no name or no NPI of ten digits.",
            place.at(provider.position),
            "NM1",
            9,
        )
    if not claim.payer.id or not claim.payer.name:
        return error(
            "payer_missing",
            "The payer (2010BB) has no name or no id.",
            place.at(claim.payer.position),
            "NM1",
            9,
        )
    faults = {
        *patients.faults(reading.demographics_of(claim)),
        *(["relationship"] if not SHORT_CODE.fullmatch(reading.relationship_of(claim)) else []),
    }
    if faults:
        return error(
            "patient_incomplete",
            f"The patient lacks or has a bad {', '.join(sorted(faults)).replace('_', ' ')}.",
            place.at(claim.patient_person.position),
            "NM1",
        )
    return None


def _check_order(claim: Claim) -> Finding | None:
    """P, S and T once each, and no gap before the payer that is asked."""
    asked = reading.sequence_of(claim)
    named = [asked, *(other.insurance.sequence for other in claim.other_coverages)]
    ours = [sequence for sequence in named if sequence in SEQUENCES]
    before = SEQUENCES[: SEQUENCES.index(asked)] if asked in SEQUENCES else (asked,)
    missing = [sequence for sequence in before if sequence not in ours]
    if missing or len(set(ours)) < len(ours):
        return error(
            "payer_order",
            "The order of the payers (SBR01) must be P, S, T, each once and without a gap.",
            claim.place.at(claim.subscriber.position),
            "SBR",
            1,
        )
    return None


def _check_lines(claim: Claim) -> Finding | None:
    if not claim.lines:
        return error("no_lines", "The claim has no service lines.", claim.place, "CLM")
    for line in claim.lines:
        found = _check_line(line, claim.line_place(line))
        if found is not None:
            return found
    return None


def _check_line(line: ServiceLine, place: Place) -> Finding | None:
    procedure = line.procedure
    if line.professional is None or procedure is None:
        return error("no_procedure", "The line has no procedure (SV101).", place, "SV1", 1)
    codes = [procedure.qualifier, *procedure.modifiers, line.unit]
    codes += [line.place_of_service] if line.place_of_service else []
    if not _CODE.fullmatch(procedure.code) or not all(map(SHORT_CODE.fullmatch, codes)):
        return error(
            "code_malformed",
            "The line's procedure, modifiers, unit or place of service is not a code.",
            place,
            "SV1",
        )
    if line.charge_cents < 0:
        return error("charge_negative", "The line's charge (SV102) is negative.", place, "SV1", 2)
    if line.charge_cents > MOST_CENTS:
        return error("charge_too_large", "The line's charge is beyond ten digits.", place, "SV1", 2)
    day = line.service_date
    if day is None or day.start is None or day.end is None or day.end < day.start:
        return error("service_date", "The line has no date of service (DTP*472).", place, "DTP", 3)
    return None


def patient_paid(claim: Claim) -> Finding | None:
    """AMT*F5 goes on to the payer, but is no payment until someone enters one."""
    if not claim.patient_paid_cents:
        return None
    return warning(
        "patient_payment_not_entered",
        "The claim says that the patient paid something (AMT*F5): enter that payment.",
        claim.place,
        "AMT",
    )
