"""What a claim handed in must be before it is ours, and how it reads in our words. Pure."""

import re
from collections.abc import Iterator, Mapping
from uuid import UUID

from billing_saas.coverage.enrolling import SeenCoverage
from billing_saas.coverage.rules import SELF, SEQUENCES, Policy
from billing_saas.coverage.rules import Subscriber as Holder
from billing_saas.edi.claim837 import Claim
from billing_saas.edi.claim837_coordination import OtherCoverage
from billing_saas.edi.claim837_lines import ServiceLine
from billing_saas.edi.claim837_parties import BillingProvider, Payer, Person, Provider
from billing_saas.edi.findings import Finding, Place
from billing_saas.encounters.rules import NewCharge
from billing_saas.patients import rules as patients
from billing_saas.patients.rules import Demographics
from billing_saas.providers.listing import SeenProvider

# These stand in plain columns: what is not shaped like a code could be anything.
_CODE = re.compile(r"[A-Za-z0-9]{1,15}", re.ASCII)
_SHORT = re.compile(r"[A-Za-z0-9]{1,2}", re.ASCII)
_NPI = re.compile(r"[0-9]{10}", re.ASCII)
# The effect of an earlier payer on a later one (RFI 2806): told by the earlier one itself.
_PRIOR_PAYER = "23"


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
    if not _SHORT.fullmatch(claim.facility_code):
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
    if not _NPI.fullmatch(provider.npi) or not provider.name:
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
        *patients.faults(demographics_of(claim)),
        *(["relationship"] if not _SHORT.fullmatch(relationship_of(claim)) else []),
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
    asked = sequence_of(claim)
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
    if not _CODE.fullmatch(procedure.code) or not all(map(_SHORT.fullmatch, codes)):
        return error(
            "code_malformed",
            "The line's procedure, modifiers, unit or place of service is not a code.",
            place,
            "SV1",
        )
    if line.charge_cents < 0:
        return error("charge_negative", "The line's charge (SV102) is negative.", place, "SV1", 2)
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


# --- how it reads ---


def sequence_of(claim: Claim) -> str:
    """SBR01: the place in line of the payer that is asked."""
    insurance = claim.subscriber.insurance
    return insurance.sequence if insurance else ""


def relationship_of(claim: Claim) -> str:
    return claim.patient.relationship if claim.patient else SELF


def demographics_of(claim: Claim) -> Demographics:
    person = claim.patient_person
    return Demographics(
        last_name=person.name,
        first_name=person.first_name,
        middle_name=person.middle_name,
        suffix=person.suffix,
        birth_date=person.birth_date,
        sex=person.sex,
        address=person.address,
        phones=tuple(
            number
            for contact in person.contacts
            for qualifier, number in contact.numbers
            if qualifier == "TE"
        ),
        ssn=_reference(person, "SY"),
        medical_record_number=claim.medical_record_number,
    )


def billing_provider_of(provider: BillingProvider) -> SeenProvider:
    # A social security number (SY) is no number to list; it stays in the sealed form.
    employer = [r.value for r in provider.references if r.qualifier == "EI"]
    return SeenProvider(
        npi=provider.npi,
        name=provider.name,
        first_name=provider.first_name,
        taxonomy=provider.specialty.taxonomy if provider.specialty else "",
        tax_id=employer[0] if employer else "",
        address=provider.address,
    )


def rendering_provider_of(provider: Provider) -> SeenProvider:
    return SeenProvider(
        npi=provider.npi,
        name=provider.name,
        first_name=provider.first_name,
        taxonomy=provider.specialty.taxonomy if provider.specialty else "",
    )


def coverage_of(claim: Claim, patient_id: UUID, payers: Mapping[str, UUID]) -> SeenCoverage:
    """The policy of the payer that is asked."""
    insurance = claim.subscriber.insurance
    return SeenCoverage(
        patient_id=patient_id,
        payer_id=payers[claim.payer.id],
        sequence=sequence_of(claim),
        relationship=relationship_of(claim),
        filing_indicator=_code(insurance.filing_indicator) if insurance else "",
        policy=Policy(
            member_id=claim.subscriber.member_id,
            group_number=insurance.group_number if insurance else "",
            group_name=insurance.group_name if insurance else "",
            subscriber=_holder(claim.subscriber) if claim.patient else None,
        ),
    )


def other_coverages_of(
    claim: Claim, patient_id: UUID, payers: Mapping[str, UUID]
) -> Iterator[SeenCoverage]:
    for other, payer in other_payers(claim):
        insurance, person = other.insurance, other.subscriber
        relationship = _code(insurance.relationship) or relationship_of(claim)
        yield SeenCoverage(
            patient_id=patient_id,
            payer_id=payers[payer.id],
            sequence=insurance.sequence,
            relationship=relationship,
            filing_indicator=_code(insurance.filing_indicator),
            policy=Policy(
                member_id=person.id if person else "",
                group_number=insurance.group_number,
                group_name=insurance.group_name,
                subscriber=_holder(person) if person and relationship != SELF else None,
            ),
        )


def other_payers(claim: Claim) -> Iterator[tuple[OtherCoverage, Payer]]:
    """The other payers with a place in line that we keep; the rest stay in the form."""
    for other in claim.other_coverages:
        payer = other.payer
        if other.insurance.sequence in SEQUENCES and payer and payer.id and payer.name:
            yield other, payer


def charges_of(claim: Claim) -> tuple[NewCharge, ...]:
    """Of a claim that `refusal` let pass."""
    return tuple([_charge(line) for line in claim.lines])


def _charge(line: ServiceLine) -> NewCharge:
    procedure, day = line.procedure, line.service_date
    assert procedure is not None, "refusal lets no such line pass"
    assert day is not None, "refusal lets no such line pass"
    assert day.start is not None, "refusal lets no such line pass"
    assert day.end is not None, "refusal lets no such line pass"
    return NewCharge(
        procedure_qualifier=procedure.qualifier,
        procedure_code=procedure.code,
        modifiers=procedure.modifiers,
        units=line.quantity,
        unit_basis=line.unit,
        charge_cents=line.charge_cents,
        pointers=line.diagnosis_pointers,
        place_of_service=line.place_of_service,
        service_from=day.start,
        service_to=day.end,
    )


def prior_of(claim: Claim) -> Iterator[tuple[str, int, str, str, int]]:
    """What payers before paid and took off: (payer's id, line or 0, group, reason, cents).

    What they left to the patient (PR) is what the payer asked now is to pay; a payer's word on an
    earlier one's effect repeats what that one said.
    """
    for other, payer in other_payers(claim):
        if SEQUENCES.index(other.insurance.sequence) > SEQUENCES.index(sequence_of(claim)):
            continue
        on_lines = 0
        for n, line in enumerate(claim.lines, 1):
            for said in line.adjudications:
                if said.payer_id == payer.id:
                    on_lines += said.paid_cents
                    yield payer.id, n, "", "", said.paid_cents
                    for taken in said.adjustments:
                        if taken.group != "PR" and taken.reason != _PRIOR_PAYER:
                            yield payer.id, n, taken.group, taken.reason, taken.amount_cents
        # A payer may pay the claim as a whole, or less than its lines add up to (RFI 1053).
        if other.paid_cents is not None and other.paid_cents != on_lines:
            yield payer.id, 0, "", "", other.paid_cents - on_lines
        for taken in other.adjustments:
            if taken.group != "PR" and taken.reason != _PRIOR_PAYER:
                yield payer.id, 0, taken.group, taken.reason, taken.amount_cents


def _holder(person: Person) -> Holder:
    return Holder(
        last_name=person.name,
        first_name=person.first_name,
        middle_name=person.middle_name,
        suffix=person.suffix,
        birth_date=person.birth_date,
        sex=person.sex,
        address=person.address,
    )


def _reference(person: Person, qualifier: str) -> str:
    for reference in person.references:
        if reference.qualifier == qualifier:
            return reference.value
    return ""


def _code(text: str) -> str:
    """A code of one or two characters; anything else does not stand in a plain column."""
    return text if _SHORT.fullmatch(text) else ""
