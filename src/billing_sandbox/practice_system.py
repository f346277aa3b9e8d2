"""A practice's own system: the professional claims (837P) it hands in for a month.

Everything is invented and follows from the seed. The files are clean: they pass the guide's
rules, totals and pointers agree, and what another payer paid balances.
"""

import datetime
import random
from calendar import monthrange
from collections.abc import Iterator

import msgspec

from billing_saas.edi import claim837_writer
from billing_saas.edi.claim837 import VERSIONS, BatchHeader, Claim
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
from billing_saas.edi.envelope import GroupHeader, InterchangeHeader
from billing_saas.edi.parties import (
    Address,
    AmountValue,
    Contact,
    DateValue,
    Party,
    Procedure,
    Reference,
)
from billing_saas.edi.writing import OutgoingGroup, OutgoingSet, write_interchange
from billing_sandbox.practice_people import (
    Clinician,
    Household,
    Individual,
    PayerIdentity,
    Policy,
    clinicians,
    household,
)
from billing_sandbox.practice_visits import VISITS, Service, Visit

MOST_LINES = 6
# How long a first payer takes to answer.
DAYS_TO_ADJUDICATE = 10
OFFICE = "11"
VERSION = VERSIONS["837P"]


class PracticeIdentity(msgspec.Struct, frozen=True, kw_only=True):
    """The practice as its claims name it. `address` needs a nine-digit ZIP and no PO box."""

    name: str
    npi: str
    tax_id: str
    taxonomy: str
    address: Address
    contact_name: str
    contact_phone: str
    submitter_id: str


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """Who gets the file and under which number. `usage` is ISA15: T or P."""

    receiver_id: str = "BILLINGSAAS"
    receiver_name: str = "BILLING SAAS"
    usage: str = "T"
    control_number: int = 1


class _Encounter(msgspec.Struct, frozen=True, kw_only=True):
    """What one claim bills, before anyone is asked to pay for it."""

    number: str
    home: Household
    patient: Individual
    day: datetime.date
    visit: Visit
    clinician: Clinician


def claims_file(
    practice: PracticeIdentity,
    *,
    seed: int,
    month: datetime.date,
    claims: int,
    today: datetime.date | None = None,
    delivery: Delivery | None = None,
) -> bytes:
    """An interchange with `claims` professional claims whose services fall in `month`.

    No service is later than `today` (the first day after the month, where not given).
    """
    today = today or month + datetime.timedelta(days=monthrange(month.year, month.month)[1])
    if today < month:
        raise ValueError("the month has not begun")
    delivery = delivery or Delivery()
    made = list(month_of_claims(practice, seed=seed, month=month, claims=claims, today=today))
    sets = []
    for ordinal, batch in enumerate(claim837_writer.batches(made), 1):
        number = f"{ordinal:04d}"
        header = _batch_header(practice, delivery, today, number)
        written = claim837_writer.segments(header, claim837_writer.in_hierarchy(batch))
        sets.append(
            OutgoingSet(identifier="837", control_number=number, version=VERSION, segments=written)
        )
    group = OutgoingGroup(header=_group_header(practice, delivery, today), sets=sets)
    text = write_interchange(_interchange_header(practice, delivery, today), [group])
    return text.encode()


def month_of_claims(
    practice: PracticeIdentity,
    *,
    seed: int,
    month: datetime.date,
    claims: int,
    today: datetime.date,
) -> Iterator[Claim]:
    """The claims themselves, in the order they were made."""
    chance = random.Random(f"{practice.npi}/{seed}/{month:%Y%m}")
    staff = clinicians(chance, 3)
    homes = [household(chance, practice.address, today) for _ in range(claims * 2 // 3 + 1)]
    last_day = min(today, month.replace(day=monthrange(month.year, month.month)[1]))
    batch = f"{month:%y%m}{chance.randrange(36**4):X}"
    billing_provider = _billing_provider(practice)
    subscribers: dict[tuple[int, int, bool], tuple[Subscriber, Payer]] = {}
    patients: dict[int, Patient] = {}
    for ordinal in range(1, claims + 1):
        at = chance.randrange(len(homes))
        home = homes[at]
        treated = home.dependent if home.dependent and chance.random() < 0.6 else home.holder
        day = month + datetime.timedelta(days=chance.randrange((last_day - month).days + 1))
        encounter = _Encounter(
            number=f"{batch}{ordinal:06d}",
            home=home,
            patient=treated,
            day=day,
            visit=_suitable(chance, treated, day),
            clinician=chance.choice(staff),
        )
        lines = _lines(chance, encounter)
        # A second payer is billed once the first has answered, and told what it paid.
        answered = day + datetime.timedelta(days=DAYS_TO_ADJUDICATE)
        second = len(home.policies) > 1 and answered <= today and chance.random() < 0.5
        asked = 1 if second else 0
        own = treated is home.holder
        if (at, asked, own) not in subscribers:
            payer = _payer(home.policies[asked].payer)
            subscribers[at, asked, own] = (_subscriber(home, asked, own=own), payer)
        if not own and at not in patients:
            patients[at] = _patient(treated, home.relationship)
        yield _claim(
            chance,
            encounter,
            parties=(
                billing_provider,
                *subscribers[at, asked, own],
                None if own else patients[at],
            ),
            lines=lines,
            answered=answered if second else None,
        )


def _suitable(chance: random.Random, patient: Individual, day: datetime.date) -> Visit:
    age = patient.age_on(day)
    fitting = [
        visit
        for visit in VISITS
        if visit.least_age <= age <= visit.most_age and visit.sex in ("", patient.sex)
    ]
    return chance.choice(fitting)


def _lines(chance: random.Random, encounter: _Encounter) -> list[ServiceLine]:
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


def _claim(
    chance: random.Random,
    encounter: _Encounter,
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


def _first_coverage(encounter: _Encounter, lines: list[ServiceLine]) -> OtherCoverage:
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


def _coverage(encounter: _Encounter, place: int) -> OtherCoverage:
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
        payer=_payer(policy.payer),
    )


def _payer(identity: PayerIdentity) -> Payer:
    return Payer(
        entity="PR", entity_type="2", name=identity.name, id_qualifier="PI", id=identity.payer_id
    )


def _subscriber(home: Household, asked: int, *, own: bool) -> Subscriber:
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


def _patient(dependent: Individual, relationship: str) -> Patient:
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


def _billing_provider(practice: PracticeIdentity) -> BillingProvider:
    return BillingProvider(
        entity="85",
        entity_type="2",
        name=practice.name,
        id_qualifier="XX",
        id=practice.npi,
        specialty=Specialty("BI", "PXC", practice.taxonomy),
        address=practice.address,
        references=(Reference("EI", practice.tax_id),),
        contacts=(_contact(practice),),
    )


def _contact(practice: PracticeIdentity) -> Contact:
    return Contact(
        function="IC", name=practice.contact_name, numbers=(("TE", practice.contact_phone),)
    )


def _batch_header(
    practice: PracticeIdentity, delivery: Delivery, today: datetime.date, number: str
) -> BatchHeader:
    return BatchHeader(
        kind="837P",
        reference=f"{delivery.control_number:09d}{number}",
        date=f"{today:%Y%m%d}",
        time="0600",
        submitter=Party(
            entity="41",
            entity_type="2",
            name=practice.name,
            id_qualifier="46",
            id=practice.submitter_id,
            contacts=(_contact(practice),),
        ),
        receiver=Party(
            entity="40",
            entity_type="2",
            name=delivery.receiver_name,
            id_qualifier="46",
            id=delivery.receiver_id,
        ),
    )


def _group_header(
    practice: PracticeIdentity, delivery: Delivery, today: datetime.date
) -> GroupHeader:
    return GroupHeader(
        functional_id="HC",
        sender=practice.submitter_id,
        receiver=delivery.receiver_id,
        date=f"{today:%Y%m%d}",
        time="0600",
        control_number=str(delivery.control_number),
        agency="X",
        version=VERSION,
    )


def _interchange_header(
    practice: PracticeIdentity, delivery: Delivery, today: datetime.date
) -> InterchangeHeader:
    return InterchangeHeader(
        authorization_qualifier="00",
        authorization="",
        security_qualifier="00",
        security="",
        sender_qualifier="ZZ",
        sender=practice.submitter_id,
        receiver_qualifier="ZZ",
        receiver=delivery.receiver_id,
        date=f"{today:%y%m%d}",
        time="0600",
        repetition="^",
        version="00501",
        control_number=f"{delivery.control_number:09d}",
        ack_requested="0",
        usage=delivery.usage,
        component=":",
    )
