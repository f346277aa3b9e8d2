"""One claim of an invented practice: lines, codes, parties, and what a first payer answered."""

import datetime
import random

import msgspec

from billing_saas.edi.claim837 import Claim
from billing_saas.edi.claim837_clinical import HealthCode
from billing_saas.edi.claim837_coordination import (
    Adjustment,
    LineAdjudication,
    OtherCoverage,
    OtherInsurance,
)
from billing_saas.edi.claim837_lines import ProfessionalService, ServiceLine
from billing_saas.edi.claim837_parties import (
    BillingProvider,
    Patient,
    Payer,
    Person,
    Provider,
    Subscriber,
)
from billing_saas.edi.claim837_parts import (
    Demographics,
    Insurance,
    PatientDetails,
    Specialty,
)
from billing_saas.edi.parties import (
    AmountValue,
    DateValue,
    Procedure,
    Reference,
)
from billing_sandbox.practice_people import (
    Clinician,
    Household,
    Individual,
    PayerIdentity,
    Policy,
)
from billing_sandbox.practice_visits import Service, Visit

MOST_LINES = 6
OFFICE = "11"


class Encounter(msgspec.Struct, frozen=True, kw_only=True):
    """What one claim bills, before anyone is asked to pay for it."""

    number: str
    home: Household
    patient: Individual
    day: datetime.date
    visit: Visit
    clinician: Clinician


def lines_of(chance: random.Random, encounter: Encounter) -> list[ServiceLine]:
    visit = encounter.visit
    extras = chance.sample(visit.extras, chance.randint(0, min(3, len(visit.extras))))
    services = [*visit.services, *extras][:MOST_LINES]
    date = DateValue("472", f"{encounter.day:%Y%m%d}", "D8")
    return [
        _line(chance, service, number, date, encounter.number)
        for number, service in enumerate(services, 1)
    ]


def _line(
    chance: random.Random, service: Service, number: int, date: DateValue, claim_number: str
) -> ServiceLine:
    units = chance.randint(service.least_units, service.most_units)
    return ServiceLine(
        number=number,
        procedure=Procedure("HC", service.code, service.modifiers),
        charge_cents=service.unit_cents * units,
        unit="UN",
        quantity=str(units),
        diagnosis_pointers=(1,),
        professional=ProfessionalService(),
        dates=(date,),
        references=(Reference("6R", f"{claim_number}L{number}"),),
    )


def claim_of(
    chance: random.Random,
    encounter: Encounter,
    *,
    parties: tuple[BillingProvider, Subscriber, Payer, Patient | None],
    lines: list[ServiceLine],
    answered: datetime.date | None,
) -> Claim:
    billing_provider, subscriber, payer, patient = parties
    visit = encounter.visit
    others = chance.sample(visit.others, chance.randint(0, min(2, len(visit.others))))
    codes = [chance.choice(visit.principal), *others]
    coverages: tuple[OtherCoverage, ...] = ()
    if answered is not None:
        lines = [_adjudicated(chance, line, encounter.home.policies[0], answered) for line in lines]
        coverages = (_first_coverage(encounter, lines),)
    elif len(encounter.home.policies) > 1:
        coverages = (_coverage(encounter, 1),)
    if len(codes) > 1 and chance.random() < 0.5:
        lines = [msgspec.structs.replace(lines[0], diagnosis_pointers=(1, 2)), *lines[1:]]
    return Claim(
        billing_provider=billing_provider,
        subscriber=subscriber,
        payer=payer,
        patient=patient,
        number=encounter.number,
        charge_cents=sum(line.charge_cents for line in lines),
        facility_code=OFFICE,
        facility_qualifier="B",
        frequency="1",
        provider_signature="Y",
        assignment="A",
        benefits_assigned="Y",
        release_of_information="Y",
        diagnoses=tuple(
            HealthCode("ABK" if place == 0 else "ABF", code) for place, code in enumerate(codes)
        ),
        references=(Reference("D9", f"X{encounter.number}"),),
        providers=(_rendering(encounter.clinician, billing_provider),),
        other_coverages=coverages,
        lines=tuple(lines),
    )


def _adjudicated(
    chance: random.Random, line: ServiceLine, policy: Policy, answered: datetime.date
) -> ServiceLine:
    """The line with what the first payer made of it: charge = paid + contractual + patient's."""
    contractual = line.charge_cents * chance.randint(20, 45) // 100
    coinsurance = (line.charge_cents - contractual) * chance.choice((0, 10, 20)) // 100
    adjustments = [Adjustment("CO", "45", contractual)]
    if coinsurance:
        adjustments.append(Adjustment("PR", "2", coinsurance))
    adjudication = LineAdjudication(
        payer_id=policy.payer.payer_id,
        paid_cents=line.charge_cents - contractual - coinsurance,
        procedure=line.procedure,
        quantity=line.quantity,
        adjustments=tuple(adjustments),
        dates=(DateValue("573", f"{answered:%Y%m%d}", "D8"),),
    )
    return msgspec.structs.replace(line, adjudications=(adjudication,))


def _first_coverage(encounter: Encounter, lines: list[ServiceLine]) -> OtherCoverage:
    paid = sum(adjudication.paid_cents for line in lines for adjudication in line.adjudications)
    owed = sum(
        adjustment.amount_cents
        for line in lines
        for adjudication in line.adjudications
        for adjustment in adjudication.adjustments
        if adjustment.group == "PR"
    )
    return msgspec.structs.replace(
        _coverage(encounter, 0), amounts=(AmountValue("D", paid), AmountValue("EAF", owed))
    )


def _coverage(encounter: Encounter, place: int) -> OtherCoverage:
    home = encounter.home
    policy = home.policies[place]
    holder = home.holder
    return OtherCoverage(
        insurance=Insurance(
            "PS"[place],
            relationship="18" if encounter.patient is home.holder else home.relationship,
            group_number=policy.group_number,
            filing_indicator=policy.payer.filing_indicator,
        ),
        consent=OtherInsurance("Y", "", "Y"),
        subscriber=Person(
            entity="IL",
            entity_type="1",
            name=holder.last_name,
            first_name=holder.first_name,
            id_qualifier="MI",
            id=policy.member_id,
            address=holder.address,
        ),
        payer=payer_of(policy.payer),
    )


def payer_of(identity: PayerIdentity) -> Payer:
    return Payer(
        entity="PR", entity_type="2", name=identity.name, id_qualifier="PI", id=identity.payer_id
    )


def subscriber_of(home: Household, asked: int, *, own: bool) -> Subscriber:
    """The guide wants relationship, address and demographics only of one who is the patient."""
    policy, holder = home.policies[asked], home.holder
    return Subscriber(
        entity="IL",
        entity_type="1",
        name=holder.last_name,
        first_name=holder.first_name,
        id_qualifier="MI",
        id=policy.member_id,
        insurance=Insurance(
            "PS"[asked],
            relationship="18" if own else "",
            group_number=policy.group_number,
            filing_indicator=policy.payer.filing_indicator,
        ),
        address=holder.address if own else None,
        demographics=_demographics(holder) if own else None,
    )


def patient_of(dependent: Individual, relationship: str) -> Patient:
    return Patient(
        entity="QC",
        entity_type="1",
        name=dependent.last_name,
        first_name=dependent.first_name,
        details=PatientDetails(relationship=relationship),
        address=dependent.address,
        demographics=_demographics(dependent),
    )


def _demographics(person: Individual) -> Demographics:
    return Demographics(f"{person.birth_date:%Y%m%d}", person.sex)


def _rendering(clinician: Clinician, billing_provider: BillingProvider) -> Provider:
    taxonomy = billing_provider.specialty.taxonomy if billing_provider.specialty else ""
    return Provider(
        entity="82",
        entity_type="1",
        name=clinician.last_name,
        first_name=clinician.first_name,
        id_qualifier="XX",
        id=clinician.npi,
        specialty=Specialty("PE", "PXC", taxonomy),
    )
