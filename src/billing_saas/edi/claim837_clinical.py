"""Clinical facts of a claim: codes of an HI segment, certifications, teeth, test results.

Codes are kept as they were sent; quantities are canonical decimal text, dates are X12 text with
their format beside them.
"""

from billing_saas.edi.claim837_layout import Layout, Money, Quantity
from billing_saas.edi.phi_free import Masked


class HealthCode(Masked, frozen=True, gc=False):
    """One code of an HI segment (C022). `qualifier` says what it is: ABK the principal diagnosis,
    ABF another one, BG a condition, BH an occurrence, BE a value, BBR a procedure ..."""

    qualifier: str
    code: str
    date_format: str = ""
    date: str = ""
    amount_cents: int | None = None
    quantity: str = ""
    version: str = ""
    range_end: str = ""
    present_on_admission: str = ""


# The components of the composite, numbered as X12 numbers them.
HEALTH_CODE = Layout(
    HealthCode,
    "HI",
    qualifier=1,
    code=2,
    date_format=3,
    date=4,
    amount_cents=Money(5),
    quantity=Quantity(6),
    version=7,
    range_end=8,
    present_on_admission=9,
)


class InstitutionalStay(Masked, frozen=True, gc=False):
    """CL1: how an institutional patient came and left."""

    admission_type: str = ""
    admission_source: str = ""
    patient_status: str = ""
    nursing_home_status: str = ""


INSTITUTIONAL_STAY = Layout(
    InstitutionalStay,
    "CL1",
    admission_type=1,
    admission_source=2,
    patient_status=3,
    nursing_home_status=4,
)


class Orthodontics(Masked, frozen=True, gc=False):
    """DN1: months of treatment in all, months that remain, and the treatment indicator."""

    total_months: str = ""
    remaining_months: str = ""
    indicator: str = ""
    description: str = ""


ORTHODONTICS = Layout(
    Orthodontics,
    "DN1",
    total_months=Quantity(1),
    remaining_months=Quantity(2),
    indicator=3,
    description=4,
)


class ToothStatus(Masked, frozen=True, gc=False):
    """DN2: a tooth that is missing (M), to be extracted (E) or impacted (I)."""

    tooth: str
    status: str = ""
    quantity: str = ""
    date_format: str = ""
    date: str = ""
    code_list: str = ""


TOOTH_STATUS = Layout(
    ToothStatus,
    "DN2",
    tooth=1,
    status=2,
    quantity=Quantity(3),
    date_format=4,
    date=5,
    code_list=6,
)


class AmbulanceTransport(Masked, frozen=True, gc=False):
    """CR1."""

    weight_unit: str = ""
    weight: str = ""
    transport: str = ""
    reason: str = ""
    distance_unit: str = ""
    distance: str = ""
    round_trip_purpose: str = ""
    stretcher_purpose: str = ""


AMBULANCE_TRANSPORT = Layout(
    AmbulanceTransport,
    "CR1",
    weight_unit=1,
    weight=Quantity(2),
    transport=3,
    reason=4,
    distance_unit=5,
    distance=Quantity(6),
    round_trip_purpose=9,
    stretcher_purpose=10,
)


class SpinalManipulation(Masked, frozen=True, gc=False):
    """CR2."""

    series_number: str = ""
    series_total: str = ""
    first_level: str = ""
    last_level: str = ""
    period_unit: str = ""
    period: str = ""
    monthly_treatments: str = ""
    condition: str = ""
    complication: str = ""
    description: str = ""
    further_description: str = ""
    xrays_available: str = ""


SPINAL_MANIPULATION = Layout(
    SpinalManipulation,
    "CR2",
    series_number=Quantity(1),
    series_total=Quantity(2),
    first_level=3,
    last_level=4,
    period_unit=5,
    period=Quantity(6),
    monthly_treatments=Quantity(7),
    condition=8,
    complication=9,
    description=10,
    further_description=11,
    xrays_available=12,
)


class EquipmentCertification(Masked, frozen=True, gc=False):
    """CR3: for how long durable equipment is needed."""

    kind: str
    period_unit: str = ""
    period: str = ""


EQUIPMENT_CERTIFICATION = Layout(
    EquipmentCertification, "CR3", kind=1, period_unit=2, period=Quantity(3)
)


class Certification(Masked, frozen=True, gc=False):
    """CRC: up to five condition codes of a category that do (Y) or do not (N) apply."""

    category: str
    applies: str = ""
    condition: str = ""
    condition_2: str = ""
    condition_3: str = ""
    condition_4: str = ""
    condition_5: str = ""

    @property
    def conditions(self) -> tuple[str, ...]:
        every = (
            self.condition,
            self.condition_2,
            self.condition_3,
            self.condition_4,
            self.condition_5,
        )
        return tuple([code for code in every if code])


CERTIFICATION = Layout(
    Certification,
    "CRC",
    category=1,
    applies=2,
    condition=3,
    condition_2=4,
    condition_3=5,
    condition_4=6,
    condition_5=7,
)


class Measurement(Masked, frozen=True, gc=False):
    """MEA: a test result, such as a hematocrit (R2) or a height (HT)."""

    reference: str
    qualifier: str
    value: str = ""


MEASUREMENT = Layout(Measurement, "MEA", reference=1, qualifier=2, value=Quantity(3))


class FormAnswer(Masked, frozen=True, gc=False):
    """FRM: the answer to one question of a form: yes or no, text, a date or a percentage."""

    question: str
    response: str = ""
    text: str = ""
    date: str = ""
    percentage: str = ""


FORM_ANSWER = Layout(
    FormAnswer, "FRM", question=1, response=2, text=3, date=4, percentage=Quantity(5)
)
