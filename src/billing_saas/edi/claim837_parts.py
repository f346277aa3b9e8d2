"""The smaller segments of a claim in billing words, each with its layout.

Codes are kept as they were sent; what they mean and which are allowed is not known here. Money
is in cents, quantities are canonical decimal text, dates are X12 text with their format beside
them. "" and None say that an element was not sent.
"""

from billing_saas.edi.claim837_layout import Layout, Money, Quantity
from billing_saas.edi.parties import AmountValue, DateValue, QuantityValue, Reference
from billing_saas.edi.phi_free import Masked

REFERENCE = Layout(Reference, "REF", qualifier=1, value=2, description=3, linked=4)
DATE = Layout(DateValue, "DTP", qualifier=1, value=3, format=2, time=4)
AMOUNT = Layout(AmountValue, "AMT", qualifier=1, amount_cents=Money(2))
QUANTITY = Layout(QuantityValue, "QTY", qualifier=1, quantity=Quantity(2))


class Specialty(Masked, frozen=True, gc=False):
    """PRV: the taxonomy code of a provider. `role` is BI, PE, AT ...; `qualifier` PXC (ZZ in 4010)."""

    role: str
    qualifier: str = "PXC"
    taxonomy: str = ""


SPECIALTY = Layout(Specialty, "PRV", role=1, qualifier=2, taxonomy=3)


class Insurance(Masked, frozen=True, gc=False):
    """SBR: where a payer stands in line (P, S, T ...) and the plan."""

    sequence: str
    relationship: str = ""
    group_number: str = ""
    group_name: str = ""
    insurance_type: str = ""
    coordination: str = ""
    response: str = ""
    employment_status: str = ""
    filing_indicator: str = ""


INSURANCE = Layout(
    Insurance,
    "SBR",
    sequence=1,
    relationship=2,
    group_number=3,
    group_name=4,
    insurance_type=5,
    coordination=6,
    response=7,
    employment_status=8,
    filing_indicator=9,
)


class Demographics(Masked, frozen=True, gc=False):
    """DMG. `birth_date` is CCYYMMDD."""

    birth_date: str = ""
    sex: str = ""
    date_format: str = "D8"


DEMOGRAPHICS = Layout(Demographics, "DMG", birth_date=2, sex=3, date_format=1)


class PatientDetails(Masked, frozen=True, gc=False):
    """PAT. `relationship` is to the subscriber, and empty where the subscriber is the patient."""

    relationship: str = ""
    location: str = ""
    employment_status: str = ""
    student_status: str = ""
    death_date_format: str = ""
    death_date: str = ""
    weight_unit: str = ""
    weight: str = ""
    pregnancy: str = ""


PATIENT_DETAILS = Layout(
    PatientDetails,
    "PAT",
    relationship=1,
    location=2,
    employment_status=3,
    student_status=4,
    death_date_format=5,
    death_date=6,
    weight_unit=7,
    weight=Quantity(8),
    pregnancy=9,
)


class Currency(Masked, frozen=True, gc=False):
    """CUR: amounts in another currency than US dollars."""

    entity: str
    code: str


CURRENCY = Layout(Currency, "CUR", entity=1, code=2)


class Attachment(Masked, frozen=True, gc=False):
    """PWK: paper or an electronic attachment that supports the claim."""

    report_type: str
    transmission: str = ""
    qualifier: str = ""
    control_number: str = ""
    description: str = ""


ATTACHMENT = Layout(
    Attachment, "PWK", report_type=1, transmission=2, qualifier=5, control_number=6, description=7
)


class Contract(Masked, frozen=True, gc=False):
    """CN1."""

    kind: str
    amount_cents: int | None = None
    percentage: str = ""
    code: str = ""
    discount_percentage: str = ""
    version: str = ""


CONTRACT = Layout(
    Contract,
    "CN1",
    kind=1,
    amount_cents=Money(2),
    percentage=Quantity(3),
    code=4,
    discount_percentage=Quantity(5),
    version=6,
)


class FileInformation(Masked, frozen=True, gc=False):
    """K3: fixed-format text that a state asked for."""

    text: str


FILE_INFORMATION = Layout(FileInformation, "K3", text=1)


class Note(Masked, frozen=True, gc=False):
    """NTE."""

    kind: str
    text: str


NOTE = Layout(Note, "NTE", kind=1, text=2)


class Pricing(Masked, frozen=True, gc=False):
    """HCP: what a repricer made of the claim or the line."""

    method: str
    allowed_cents: int | None = None
    savings_cents: int | None = None
    repricer: str = ""
    rate: str = ""
    grouping_code: str = ""
    grouping_amount_cents: int | None = None
    revenue_code: str = ""
    procedure_qualifier: str = ""
    procedure_code: str = ""
    unit: str = ""
    quantity: str = ""
    reject_reason: str = ""
    compliance: str = ""
    exception: str = ""


PRICING = Layout(
    Pricing,
    "HCP",
    method=1,
    allowed_cents=Money(2),
    savings_cents=Money(3),
    repricer=4,
    rate=Quantity(5),
    grouping_code=6,
    grouping_amount_cents=Money(7),
    revenue_code=8,
    procedure_qualifier=9,
    procedure_code=10,
    unit=11,
    quantity=Quantity(12),
    reject_reason=13,
    compliance=14,
    exception=15,
)


class PurchasedService(Masked, frozen=True, gc=False):
    """PS1."""

    provider: str
    charge_cents: int | None = None


PURCHASED_SERVICE = Layout(PurchasedService, "PS1", provider=1, charge_cents=Money(2))
