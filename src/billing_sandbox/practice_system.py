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
from billing_saas.edi.claim837_parties import (
    BillingProvider,
    Patient,
    Payer,
    Subscriber,
)
from billing_saas.edi.claim837_parts import (
    Specialty,
)
from billing_saas.edi.envelope import GroupHeader, InterchangeHeader
from billing_saas.edi.parties import (
    Address,
    Contact,
    Party,
    Reference,
)
from billing_saas.edi.writing import OutgoingGroup, OutgoingSet, write_interchange
from billing_sandbox.practice_claims import (
    Encounter,
    claim_of,
    lines_of,
    patient_of,
    payer_of,
    subscriber_of,
)
from billing_sandbox.practice_people import (
    Individual,
    clinicians,
    household,
)
from billing_sandbox.practice_visits import VISITS, Visit

# How long a first payer takes to answer.
DAYS_TO_ADJUDICATE = 10
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
        written = claim837_writer.blocks(header, claim837_writer.in_hierarchy(batch))
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
        encounter = Encounter(
            number=f"{batch}{ordinal:06d}",
            home=home,
            patient=treated,
            day=day,
            visit=_suitable(chance, treated, day),
            clinician=chance.choice(staff),
        )
        lines = lines_of(chance, encounter)
        # A second payer is billed once the first has answered, and told what it paid.
        answered = day + datetime.timedelta(days=DAYS_TO_ADJUDICATE)
        second = len(home.policies) > 1 and answered <= today and chance.random() < 0.5
        asked = 1 if second else 0
        own = treated is home.holder
        if (at, asked, own) not in subscribers:
            payer = payer_of(home.policies[asked].payer)
            subscribers[at, asked, own] = (subscriber_of(home, asked, own=own), payer)
        if not own and at not in patients:
            patients[at] = patient_of(treated, home.relationship)
        yield claim_of(
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
