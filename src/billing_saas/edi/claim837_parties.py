"""Who stands in a claim: submitter, billing provider, subscriber, patient, payer, other providers."""

import datetime

from billing_saas.edi.claim837_parts import (
    Currency,
    Demographics,
    Insurance,
    PatientDetails,
    Specialty,
)
from billing_saas.edi.parties import DateValue, Party, day

# Employer's number and social security number: the two ways REF names a tax id.
_TAX_IDS = ("EI", "SY")
_NPI = "XX"


class Person(Party, frozen=True, kw_only=True, gc=False):
    """A subscriber or a patient: a party that may have a birth date and a sex."""

    position: int = 0
    demographics: Demographics | None = None

    @property
    def birth_date(self) -> datetime.date | None:
        return day(self.demographics.birth_date) if self.demographics else None

    @property
    def sex(self) -> str:
        return self.demographics.sex if self.demographics else ""


class Provider(Party, frozen=True, kw_only=True, gc=False):
    """A provider or a place of loops 2310, 2330 and 2420. `entity` says in which role: 82
    rendering, DN referring, 77 service facility, DQ supervising, 71 attending, 72 operating ..."""

    position: int = 0
    specialty: Specialty | None = None

    @property
    def npi(self) -> str:
        return self.id if self.id_qualifier == _NPI else ""


class Payer(Party, frozen=True, kw_only=True, gc=False):
    """A payer. In 2330B `dates` holds DTP*573, the day it adjudicated the claim."""

    position: int = 0
    dates: tuple[DateValue, ...] = ()


class BillingProvider(Provider, frozen=True, kw_only=True, gc=False):
    """2000A: who bills, and where the money goes if not there."""

    currency: Currency | None = None
    pay_to: Party | None = None
    pay_to_plan: Party | None = None

    @property
    def tax_id(self) -> str:
        for reference in self.references:
            if reference.qualifier in _TAX_IDS:
                return reference.value
        return ""


class Subscriber(Person, frozen=True, kw_only=True, gc=False):
    """2000B: who holds the policy. `details` is sent only where the subscriber is the patient.

    `responsible_party` and `card_holder` are of 4010 only.
    """

    insurance: Insurance | None = None
    details: PatientDetails | None = None
    responsible_party: Party | None = None
    card_holder: Party | None = None

    @property
    def member_id(self) -> str:
        return self.id


class Patient(Person, frozen=True, kw_only=True, gc=False):
    """2000C: a patient who is not the subscriber."""

    details: PatientDetails | None = None

    @property
    def relationship(self) -> str:
        return self.details.relationship if self.details else ""
