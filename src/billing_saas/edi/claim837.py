"""Health care claims (837 professional, institutional and dental) as plain structs.

`claim837_reader.read` makes them of a transaction set and `claim837_writer.write` makes a
transaction set of them. Money is in cents. The parties above a claim (billing provider,
subscriber, patient, payer) are shared: claims of one subscriber hold the same object.
"""

from collections.abc import Iterator

from billing_saas.edi.claim837_clinical import (
    AmbulanceTransport,
    Certification,
    HealthCode,
    InstitutionalStay,
    Orthodontics,
    SpinalManipulation,
    ToothStatus,
)
from billing_saas.edi.claim837_coordination import OtherCoverage
from billing_saas.edi.claim837_lines import ServiceLine
from billing_saas.edi.claim837_parties import (
    BillingProvider,
    Patient,
    Payer,
    Person,
    Provider,
    Subscriber,
)
from billing_saas.edi.claim837_parts import (
    Attachment,
    Contract,
    FileInformation,
    Note,
    Pricing,
)
from billing_saas.edi.findings import NOWHERE, Place
from billing_saas.edi.parties import AmountValue, DateValue, Party, QuantityValue, Reference
from billing_saas.edi.phi_free import Masked

# The guides HIPAA adopted (45 CFR 162); ST03 and GS08 of what we write.
VERSIONS = {"837P": "005010X222A1", "837I": "005010X223A2", "837D": "005010X224A2"}

# Other guides of the same shape: predetermination (X291, X292) and post-adjudicated claims data
# reporting (X298, X299, X300).
_SHAPES = {
    "X098": "837P",
    "X222": "837P",
    "X291": "837P",
    "X298": "837P",
    "X096": "837I",
    "X223": "837I",
    "X292": "837I",
    "X299": "837I",
    "X097": "837D",
    "X224": "837D",
    "X300": "837D",
}

UnreadSegment = tuple[int, tuple[str, ...]]


def shape_of(version: str) -> str:
    """837P, 837I or 837D: whose shape a guide has; 837P where the version does not say."""
    return _SHAPES.get(version[6:10], "837P")


class BatchHeader(Masked, frozen=True, kw_only=True, gc=False):
    """BHT and loops 1000A and 1000B. `kind` is 837P, 837I or 837D. `reference` (BHT03) comes back
    in a 277CA; `purpose` is 00 original or 18 reissue; `claim_kind` CH chargeable or RP reporting."""

    kind: str
    version: str = ""
    control_number: str = ""
    structure: str = "0019"
    purpose: str = "00"
    reference: str
    date: str
    time: str
    claim_kind: str = "CH"
    references: tuple[Reference, ...] = ()
    submitter: Party | None = None
    receiver: Party | None = None


class Claim(Masked, frozen=True, kw_only=True, gc=False):
    """One claim with the parties it hangs under. `patient` is None where the subscriber is the
    patient. `unread` holds every segment that found no place here, with its position."""

    place: Place = NOWHERE
    billing_provider: BillingProvider
    subscriber: Subscriber
    payer: Payer
    patient: Patient | None = None

    # CLM. `number` is the patient control number, which every answer brings back as CLP01.
    number: str
    charge_cents: int
    facility_code: str = ""
    facility_qualifier: str = ""
    frequency: str = ""
    provider_signature: str = ""
    assignment: str = ""
    benefits_assigned: str = ""
    release_of_information: str = ""
    patient_signature_source: str = ""
    related_causes: tuple[str, ...] = ()
    accident_state: str = ""
    accident_country: str = ""
    special_program: str = ""
    participation_agreement: str = ""
    remittance_requested: str = ""
    submission_reason: str = ""
    delay_reason: str = ""

    dates: tuple[DateValue, ...] = ()
    stay: InstitutionalStay | None = None
    orthodontics: Orthodontics | None = None
    teeth: tuple[ToothStatus, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    contract: Contract | None = None
    amounts: tuple[AmountValue, ...] = ()
    references: tuple[Reference, ...] = ()
    file_information: tuple[FileInformation, ...] = ()
    notes: tuple[Note, ...] = ()
    ambulance: AmbulanceTransport | None = None
    spinal_manipulation: SpinalManipulation | None = None
    certifications: tuple[Certification, ...] = ()

    # HI, by what the codes are. `diagnoses` starts with the principal one, in the order that the
    # lines' pointers count.
    diagnoses: tuple[HealthCode, ...] = ()
    admitting_diagnosis: HealthCode | None = None
    visit_reasons: tuple[HealthCode, ...] = ()
    external_causes: tuple[HealthCode, ...] = ()
    drg: HealthCode | None = None
    procedures: tuple[HealthCode, ...] = ()
    occurrence_spans: tuple[HealthCode, ...] = ()
    occurrences: tuple[HealthCode, ...] = ()
    values: tuple[HealthCode, ...] = ()
    conditions: tuple[HealthCode, ...] = ()
    treatments: tuple[HealthCode, ...] = ()

    quantities: tuple[QuantityValue, ...] = ()
    pricing: Pricing | None = None
    providers: tuple[Provider, ...] = ()
    other_coverages: tuple[OtherCoverage, ...] = ()
    lines: tuple[ServiceLine, ...] = ()
    unread: tuple[UnreadSegment, ...] = ()

    @property
    def patient_person(self) -> Person:
        """Who was treated, dependent or subscriber."""
        return self.patient or self.subscriber

    def reference(self, qualifier: str) -> str:
        for reference in self.references:
            if reference.qualifier == qualifier:
                return reference.value
        return ""

    @property
    def payer_claim_number(self) -> str:
        """REF*F8: the payer's number of the claim that this one replaces or voids."""
        return self.reference("F8")

    @property
    def prior_authorization(self) -> str:
        return self.reference("G1")

    @property
    def referral_number(self) -> str:
        return self.reference("9F")

    @property
    def clearinghouse_number(self) -> str:
        return self.reference("D9")

    @property
    def medical_record_number(self) -> str:
        return self.reference("EA")

    def date(self, qualifier: str) -> DateValue | None:
        for date in self.dates:
            if date.qualifier == qualifier:
                return date
        return None

    def amount_cents(self, qualifier: str) -> int | None:
        for amount in self.amounts:
            if amount.qualifier == qualifier:
                return amount.amount_cents
        return None

    @property
    def patient_paid_cents(self) -> int | None:
        """AMT*F5 (professional and dental)."""
        return self.amount_cents("F5")

    def provider(self, role: str) -> Provider | None:
        for provider in self.providers:
            if provider.entity == role:
                return provider
        return None

    @property
    def rendering_provider(self) -> Provider | None:
        return self.provider("82")

    @property
    def referring_providers(self) -> Iterator[Provider]:
        return (provider for provider in self.providers if provider.entity in ("DN", "P3"))

    @property
    def service_facility(self) -> Provider | None:
        # FA is the code of 4010.
        return self.provider("77") or self.provider("FA")

    @property
    def attending_provider(self) -> Provider | None:
        return self.provider("71")

    def line_place(self, line: ServiceLine) -> Place:
        return self.place.at(line.position)
