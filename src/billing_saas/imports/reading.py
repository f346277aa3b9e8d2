"""How a claim that may be taken reads in our words. Pure."""

import re
from collections.abc import Iterator, Mapping
from uuid import UUID

from billing_saas.coverage.rules import SELF, SEQUENCES, Policy, SeenCoverage
from billing_saas.coverage.rules import Subscriber as Holder
from billing_saas.edi.claim837 import Claim
from billing_saas.edi.claim837_coordination import OtherCoverage
from billing_saas.edi.claim837_lines import ServiceLine
from billing_saas.edi.claim837_parties import BillingProvider, Payer, Person, Provider
from billing_saas.encounters.rules import NewCharge
from billing_saas.patients.rules import Demographics
from billing_saas.providers.rules import SeenProvider

# Codes stand in plain columns: what is not shaped like one could be anything.
SHORT_CODE = re.compile(r"[A-Za-z0-9]{1,2}", re.ASCII)
# The effect of an earlier payer on a later one (RFI 2806): told by the earlier one itself.
_PRIOR_PAYER = "23"


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
    """Of a claim that `rules.refusal` let pass."""
    return tuple([_charge(line) for line in claim.lines])


def _charge(line: ServiceLine) -> NewCharge:
    procedure, day = line.procedure, line.service_date
    assert procedure is not None, "rules.refusal lets no such line pass"
    assert day is not None, "rules.refusal lets no such line pass"
    assert day.start is not None, "rules.refusal lets no such line pass"
    assert day.end is not None, "rules.refusal lets no such line pass"
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
    return text if SHORT_CODE.fullmatch(text) else ""
