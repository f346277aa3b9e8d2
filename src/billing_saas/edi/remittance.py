"""What an 835 says, in billing words. Amounts are integer cents with X12's sign.

`position` is the number of the segment in its set (ST is 1); with `Remittance.place` it says where
a thing stood. `unread` keeps every segment the reader has no field for, as (position, elements).
"""

import msgspec

from billing_saas.edi.findings import NOWHERE, Place
from billing_saas.edi.parties import (
    AmountValue,
    Contact,
    DateValue,
    Party,
    Procedure,
    QuantityValue,
    Reference,
)
from billing_saas.edi.phi_free import Masked

Unread = tuple[tuple[int, tuple[str, ...]], ...]

REVERSAL = "22"
# CLP02 19, 20, 21: processed and forwarded; 23: not ours, forwarded. Not to be billed again by us.
FORWARDED = frozenset({"19", "20", "21", "23"})
PREDETERMINATION = "25"
DENIED = "4"


class Adjustment(msgspec.Struct, frozen=True, gc=False):
    """One triplet of a CAS. Positive reduces the payment. `quantity` is decimal text or "".

    `position` tells which CAS segment held it: payers may send several of one group.
    """

    group: str
    reason: str
    amount_cents: int
    quantity: str = ""
    position: int = 0


class Remark(msgspec.Struct, frozen=True, gc=False):
    """LQ: a remark code of a service line ("HE" says the code is a RARC)."""

    qualifier: str
    code: str


class ServicePayment(Masked, frozen=True, gc=False):
    """SVC and what follows it (2110).

    `procedure` is what was adjudicated; `submitted_procedure` (SVC06) what was billed, where the
    payer bundled or changed it (RFI 2320). Empty `units` means one.
    """

    procedure: Procedure
    charge_cents: int
    paid_cents: int
    revenue_code: str = ""
    units: str = ""
    submitted_procedure: Procedure | None = None
    submitted_units: str = ""
    dates: tuple[DateValue, ...] = ()
    adjustments: tuple[Adjustment, ...] = ()
    references: tuple[Reference, ...] = ()
    amounts: tuple[AmountValue, ...] = ()
    quantities: tuple[QuantityValue, ...] = ()
    remarks: tuple[Remark, ...] = ()
    position: int = 0
    unread: Unread = ()

    @property
    def line_control_number(self) -> str:
        """REF*6R: the number we gave the line in the 837 (RFI 1053), "" where it is not sent."""
        return reference(self.references, "6R")

    @property
    def adjusted_cents(self) -> int:
        return sum([adjustment.amount_cents for adjustment in self.adjustments])


class InpatientAdjudication(Masked, frozen=True, kw_only=True, gc=False):
    """MIA."""

    covered_days: str = ""
    pps_operating_outlier_cents: int | None = None
    lifetime_psychiatric_days: str = ""
    drg_cents: int | None = None
    remark1: str = ""
    disproportionate_share_cents: int | None = None
    msp_pass_through_cents: int | None = None
    pps_capital_cents: int | None = None
    pps_capital_fsp_drg_cents: int | None = None
    pps_capital_hsp_drg_cents: int | None = None
    pps_capital_dsh_drg_cents: int | None = None
    old_capital_cents: int | None = None
    pps_capital_ime_cents: int | None = None
    operating_hospital_specific_drg_cents: int | None = None
    cost_report_days: str = ""
    operating_federal_specific_drg_cents: int | None = None
    pps_capital_outlier_cents: int | None = None
    indirect_teaching_cents: int | None = None
    professional_component_cents: int | None = None
    remark2: str = ""
    remark3: str = ""
    remark4: str = ""
    remark5: str = ""
    pps_capital_exception_cents: int | None = None

    @property
    def remarks(self) -> tuple[str, ...]:
        sent = (self.remark1, self.remark2, self.remark3, self.remark4, self.remark5)
        return tuple([remark for remark in sent if remark])


class OutpatientAdjudication(Masked, frozen=True, gc=False):
    """MOA. `reimbursement_rate` is a decimal fraction as text."""

    reimbursement_rate: str = ""
    hcpcs_payable_cents: int | None = None
    remark1: str = ""
    remark2: str = ""
    remark3: str = ""
    remark4: str = ""
    remark5: str = ""
    esrd_payment_cents: int | None = None
    professional_component_cents: int | None = None

    @property
    def remarks(self) -> tuple[str, ...]:
        sent = (self.remark1, self.remark2, self.remark3, self.remark4, self.remark5)
        return tuple([remark for remark in sent if remark])


class ProviderSummary(Masked, frozen=True, kw_only=True, gc=False):
    """TS3; `medicare` holds TS306 to TS324 (Part A and 4010 totals) as written."""

    provider_id: str = ""
    facility: str = ""
    fiscal_period_end: str = ""
    claim_count: str = ""
    charge_cents: int | None = None
    medicare: tuple[str, ...] = ()


class ClaimHeading(Masked, frozen=True, kw_only=True, gc=False):
    """LX with its TS3 and TS2: under which heading of the payer claims stand.

    `supplement` holds the elements of TS2 (Medicare Part A totals) as written.
    """

    number: str
    summary: ProviderSummary | None = None
    supplement: tuple[str, ...] = ()
    position: int = 0
    unread: Unread = ()


class ClaimPayment(Masked, frozen=True, gc=False):
    """CLP and what follows it (2100). `status` (CLP02) says how it was processed, not whether it
    was paid (RFI 1423)."""

    patient_control_number: str
    status: str
    charge_cents: int
    paid_cents: int
    patient_responsibility_cents: int | None = None
    filing_indicator: str = ""
    payer_control_number: str = ""
    facility: str = ""
    frequency: str = ""
    patient_status: str = ""
    drg: str = ""
    drg_weight: str = ""
    discharge_fraction: str = ""
    patient_authorization: str = ""
    adjustments: tuple[Adjustment, ...] = ()
    parties: tuple[Party, ...] = ()
    inpatient: InpatientAdjudication | None = None
    outpatient: OutpatientAdjudication | None = None
    references: tuple[Reference, ...] = ()
    dates: tuple[DateValue, ...] = ()
    contacts: tuple[Contact, ...] = ()
    amounts: tuple[AmountValue, ...] = ()
    quantities: tuple[QuantityValue, ...] = ()
    services: tuple[ServicePayment, ...] = ()
    heading: ClaimHeading | None = None
    position: int = 0
    unread: Unread = ()

    @property
    def is_reversal(self) -> bool:
        return self.status == REVERSAL

    @property
    def is_forwarded(self) -> bool:
        return self.status in FORWARDED

    @property
    def patient(self) -> Party | None:
        return party(self.parties, "QC")

    @property
    def subscriber(self) -> Party | None:
        return party(self.parties, "IL")

    @property
    def corrected_patient(self) -> Party | None:
        return party(self.parties, "74")

    @property
    def rendering_provider(self) -> Party | None:
        return party(self.parties, "82")

    @property
    def crossover_payer(self) -> Party | None:
        return party(self.parties, "TT")

    @property
    def corrected_priority_payer(self) -> Party | None:
        return party(self.parties, "PR")

    @property
    def other_subscriber(self) -> Party | None:
        return party(self.parties, "GB")

    @property
    def remarks(self) -> tuple[str, ...]:
        """Claim-level remark codes of MIA and MOA."""
        inpatient = self.inpatient.remarks if self.inpatient else ()
        return inpatient + (self.outpatient.remarks if self.outpatient else ())

    @property
    def adjusted_cents(self) -> int:
        """All adjustments of the claim and its lines (RFI 2601: both levels count)."""
        own = sum([adjustment.amount_cents for adjustment in self.adjustments])
        return own + sum([service.adjusted_cents for service in self.services])


class ProviderAdjustment(Masked, frozen=True, gc=False):
    """One pair of a PLB. Positive reduces the payment, negative raises it.

    `reference` (PLB03-2) may name a claim of another 835, or nothing.
    """

    provider_id: str
    fiscal_period_end: str
    reason: str
    reference: str
    amount_cents: int
    position: int = 0


class Account(Masked, frozen=True, gc=False):
    """A bank account of BPR06 to BPR09 or BPR12 to BPR15."""

    bank_qualifier: str = ""
    bank_id: str = ""
    account_qualifier: str = ""
    account_number: str = ""


class Currency(Masked, frozen=True, gc=False):
    """CUR. `rate` is as written; 5010 does not use it."""

    entity: str = ""
    code: str = ""
    rate: str = ""


class Delivery(Masked, frozen=True, gc=False):
    """RDM: how and where the payee gets the remittance."""

    method: str = ""
    name: str = ""
    address: str = ""


class Remittance(Masked, frozen=True, kw_only=True):
    """One payment: one ST is one payment is one TRN, never merged with another.

    Read as a stream, it comes first and without `claims` and `provider_adjustments`.
    """

    payment_cents: int = 0
    handling: str = ""
    credit_or_debit: str = ""
    method: str = ""
    payment_format: str = ""
    payer_account: Account = Account()
    originator_id: str = ""
    originator_supplement: str = ""
    payee_account: Account = Account()
    payment_date: str = ""
    trace_type: str = "1"
    trace_number: str = ""
    trace_payer_id: str = ""
    trace_supplement: str = ""
    currency: Currency | None = None
    references: tuple[Reference, ...] = ()
    dates: tuple[DateValue, ...] = ()
    payer: Party | None = None
    payee: Party | None = None
    delivery: Delivery | None = None
    claims: tuple[ClaimPayment, ...] = ()
    provider_adjustments: tuple[ProviderAdjustment, ...] = ()
    empty_headings: tuple[ClaimHeading, ...] = ()
    version: str = ""
    control_number: str = ""
    group_control_number: str = ""
    interchange_control_number: str = ""
    usage: str = ""
    place: Place = NOWHERE
    unread: Unread = ()

    @property
    def production_date(self) -> str:
        """DTM*405, CCYYMMDD, "" where it is not sent."""
        return next((date.value for date in self.dates if date.qualifier == "405"), "")

    @property
    def balanced(self) -> bool:
        """Whether lines, claims and payment all balance; meaningful once claims are gathered."""
        from billing_saas.edi import era835_balance

        return era835_balance.is_balanced(self)


def reference(references: tuple[Reference, ...], qualifier: str) -> str:
    """The value of the first reference with this qualifier, or ""."""
    for one in references:
        if one.qualifier == qualifier:
            return one.value
    return ""


def party(parties: tuple[Party, ...], entity: str) -> Party | None:
    for one in parties:
        if one.entity == entity:
            return one
    return None
