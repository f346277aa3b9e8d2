"""What other payers made of a claim: loops 2320, 2330 and 2430 (coordination of benefits)."""

from billing_saas.edi.claim837_layout import Layout, Money, Quantity
from billing_saas.edi.claim837_parties import Payer, Person, Provider
from billing_saas.edi.claim837_parts import Demographics, Insurance
from billing_saas.edi.parties import AmountValue, DateValue, Procedure
from billing_saas.edi.phi_free import Masked


class OtherInsurance(Masked, frozen=True, gc=False):
    """OI: what the other payer's subscriber consented to."""

    benefits_assigned: str = ""
    signature_source: str = ""
    release_of_information: str = ""


OTHER_INSURANCE = Layout(
    OtherInsurance, "OI", benefits_assigned=3, signature_source=4, release_of_information=6
)


class InpatientAdjudication(Masked, frozen=True, gc=False):
    """MIA: how Medicare (or another payer) priced an inpatient stay."""

    covered_days: str = ""
    operating_outlier_cents: int | None = None
    lifetime_psychiatric_days: str = ""
    drg_cents: int | None = None
    remark_1: str = ""
    disproportionate_share_cents: int | None = None
    pass_through_cents: int | None = None
    capital_cents: int | None = None
    capital_federal_cents: int | None = None
    capital_hospital_cents: int | None = None
    capital_disproportionate_cents: int | None = None
    old_capital_cents: int | None = None
    capital_medical_education_cents: int | None = None
    hospital_specific_cents: int | None = None
    cost_report_days: str = ""
    federal_specific_cents: int | None = None
    capital_outlier_cents: int | None = None
    indirect_teaching_cents: int | None = None
    professional_component_cents: int | None = None
    remark_2: str = ""
    remark_3: str = ""
    remark_4: str = ""
    remark_5: str = ""
    capital_exception_cents: int | None = None


INPATIENT_ADJUDICATION = Layout(
    InpatientAdjudication,
    "MIA",
    covered_days=Quantity(1),
    operating_outlier_cents=Money(2),
    lifetime_psychiatric_days=Quantity(3),
    drg_cents=Money(4),
    remark_1=5,
    disproportionate_share_cents=Money(6),
    pass_through_cents=Money(7),
    capital_cents=Money(8),
    capital_federal_cents=Money(9),
    capital_hospital_cents=Money(10),
    capital_disproportionate_cents=Money(11),
    old_capital_cents=Money(12),
    capital_medical_education_cents=Money(13),
    hospital_specific_cents=Money(14),
    cost_report_days=Quantity(15),
    federal_specific_cents=Money(16),
    capital_outlier_cents=Money(17),
    indirect_teaching_cents=Money(18),
    professional_component_cents=Money(19),
    remark_2=20,
    remark_3=21,
    remark_4=22,
    remark_5=23,
    capital_exception_cents=Money(24),
)


class OutpatientAdjudication(Masked, frozen=True, gc=False):
    """MOA: the payer's rate and remarks on a claim that is no inpatient stay."""

    reimbursement_rate: str = ""
    payable_cents: int | None = None
    remark_1: str = ""
    remark_2: str = ""
    remark_3: str = ""
    remark_4: str = ""
    remark_5: str = ""
    end_stage_renal_cents: int | None = None
    professional_component_cents: int | None = None


OUTPATIENT_ADJUDICATION = Layout(
    OutpatientAdjudication,
    "MOA",
    reimbursement_rate=Quantity(1),
    payable_cents=Money(2),
    remark_1=3,
    remark_2=4,
    remark_3=5,
    remark_4=6,
    remark_5=7,
    end_stage_renal_cents=Money(8),
    professional_component_cents=Money(9),
)


class Adjustment(Masked, frozen=True, gc=False):
    """One reason of a CAS. A positive amount lowers what was paid, a negative one raises it."""

    group: str
    reason: str
    amount_cents: int
    quantity: str = ""


class OtherCoverage(Masked, frozen=True, kw_only=True, gc=False):
    """One other payer in line (2320), its subscriber, and how it adjudicated the whole claim.

    `amounts` holds AMT*D (paid), AMT*A8 (non-covered) and AMT*EAF (remaining patient liability).
    """

    position: int = 0
    insurance: Insurance
    adjustments: tuple[Adjustment, ...] = ()
    amounts: tuple[AmountValue, ...] = ()
    demographics: Demographics | None = None
    consent: OtherInsurance | None = None
    inpatient: InpatientAdjudication | None = None
    outpatient: OutpatientAdjudication | None = None
    subscriber: Person | None = None
    payer: Payer | None = None
    patient: Person | None = None
    providers: tuple[Provider, ...] = ()

    def amount_cents(self, qualifier: str) -> int | None:
        for amount in self.amounts:
            if amount.qualifier == qualifier:
                return amount.amount_cents
        return None

    @property
    def paid_cents(self) -> int | None:
        """AMT*D; None where this payer has not adjudicated the claim."""
        return self.amount_cents("D")

    @property
    def remaining_liability_cents(self) -> int | None:
        return self.amount_cents("EAF")

    @property
    def noncovered_cents(self) -> int | None:
        return self.amount_cents("A8")


class LineAdjudication(Masked, frozen=True, kw_only=True, gc=False):
    """How one other payer adjudicated a line (2430). `payer_id` is the id of that payer in 2330B."""

    position: int = 0
    payer_id: str
    paid_cents: int
    procedure: Procedure | None = None
    revenue_code: str = ""
    quantity: str = ""
    bundled_line: str = ""
    adjustments: tuple[Adjustment, ...] = ()
    dates: tuple[DateValue, ...] = ()
    amounts: tuple[AmountValue, ...] = ()

    @property
    def remaining_liability_cents(self) -> int | None:
        for amount in self.amounts:
            if amount.qualifier == "EAF":
                return amount.amount_cents
        return None
