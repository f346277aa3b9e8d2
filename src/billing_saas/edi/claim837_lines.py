"""Service lines of a claim: loop 2400 with 2410, 2420, 2430 and 2440."""

from billing_saas.edi.claim837_clinical import (
    AmbulanceTransport,
    Certification,
    EquipmentCertification,
    FormAnswer,
    Measurement,
    SpinalManipulation,
)
from billing_saas.edi.claim837_coordination import LineAdjudication
from billing_saas.edi.claim837_parties import Provider
from billing_saas.edi.claim837_parts import (
    Attachment,
    Contract,
    FileInformation,
    Note,
    Pricing,
    PurchasedService,
)
from billing_saas.edi.parties import (
    AmountValue,
    DateValue,
    Procedure,
    QuantityValue,
    Reference,
)
from billing_saas.edi.phi_free import Masked


class ProfessionalService(Masked, frozen=True, kw_only=True, gc=False):
    """What only SV1 holds. `type_of_service` and `shortage_area` are of 4010."""

    place_of_service: str = ""
    type_of_service: str = ""
    emergency: str = ""
    multiple_procedures: str = ""
    epsdt: str = ""
    family_planning: str = ""
    review: str = ""
    copay_status: str = ""
    shortage_area: str = ""


class InstitutionalService(Masked, frozen=True, kw_only=True, gc=False):
    """What only SV2 holds. `rate` is of 4010."""

    revenue_code: str = ""
    rate: str = ""
    noncovered_cents: int | None = None


class Tooth(Masked, frozen=True, gc=False):
    """TOO: a tooth and its surfaces."""

    code_list: str
    tooth: str = ""
    surfaces: tuple[str, ...] = ()


class DentalService(Masked, frozen=True, kw_only=True, gc=False):
    """What only SV3 and TOO hold. `replacement` is I (initial) or R."""

    place_of_service: str = ""
    oral_cavities: tuple[str, ...] = ()
    replacement: str = ""
    description: str = ""
    copay_status: str = ""
    provider_agreement: str = ""
    teeth: tuple[Tooth, ...] = ()


class EquipmentRental(Masked, frozen=True, kw_only=True, gc=False):
    """SV5: durable medical equipment, rented or bought."""

    procedure: Procedure
    unit: str = ""
    quantity: str = ""
    rental_cents: int | None = None
    purchase_cents: int | None = None
    frequency: str = ""


class Drug(Masked, frozen=True, kw_only=True, gc=False):
    """2410: LIN, CTP and REF. `code` is the NDC where `qualifier` is N4."""

    position: int = 0
    number: str = ""
    qualifier: str
    code: str
    unit_price: str = ""
    quantity: str = ""
    unit: str = ""
    references: tuple[Reference, ...] = ()


class Form(Masked, frozen=True, kw_only=True, gc=False):
    """2440: a form (a certificate of medical necessity) and its answers."""

    position: int = 0
    code_list: str
    form: str = ""
    answers: tuple[FormAnswer, ...] = ()


class ServiceLine(Masked, frozen=True, kw_only=True, gc=False):
    """One service. Exactly one of `professional`, `institutional` and `dental` says which guide's
    segment carries it; what they share stands here. `number` is LX01, and 0 where the line has
    not been written yet. A pointer is the place of a diagnosis in `Claim.diagnoses`, from 1."""

    position: int = 0
    number: int = 0
    procedure: Procedure | None = None
    charge_cents: int
    unit: str = ""
    quantity: str = ""
    diagnosis_pointers: tuple[int, ...] = ()
    professional: ProfessionalService | None = None
    institutional: InstitutionalService | None = None
    dental: DentalService | None = None
    equipment: EquipmentRental | None = None
    attachments: tuple[Attachment, ...] = ()
    ambulance: AmbulanceTransport | None = None
    spinal_manipulation: SpinalManipulation | None = None
    equipment_certification: EquipmentCertification | None = None
    certifications: tuple[Certification, ...] = ()
    dates: tuple[DateValue, ...] = ()
    quantities: tuple[QuantityValue, ...] = ()
    measurements: tuple[Measurement, ...] = ()
    contract: Contract | None = None
    references: tuple[Reference, ...] = ()
    amounts: tuple[AmountValue, ...] = ()
    file_information: tuple[FileInformation, ...] = ()
    notes: tuple[Note, ...] = ()
    purchased: PurchasedService | None = None
    pricing: Pricing | None = None
    drugs: tuple[Drug, ...] = ()
    providers: tuple[Provider, ...] = ()
    adjudications: tuple[LineAdjudication, ...] = ()
    forms: tuple[Form, ...] = ()

    def reference(self, qualifier: str) -> str:
        for reference in self.references:
            if reference.qualifier == qualifier:
                return reference.value
        return ""

    @property
    def control_number(self) -> str:
        """REF*6R, which the 835 brings back for this line."""
        return self.reference("6R")

    @property
    def service_date(self) -> DateValue | None:
        """DTP*472: one day (D8) or a range of days (RD8)."""
        for date in self.dates:
            if date.qualifier == "472":
                return date
        return None

    @property
    def place_of_service(self) -> str:
        """Where the line differs from the claim; "" where it does not."""
        service = self.professional or self.dental
        return service.place_of_service if service else ""

    def provider(self, role: str) -> Provider | None:
        for provider in self.providers:
            if provider.entity == role:
                return provider
        return None

    @property
    def rendering_provider(self) -> Provider | None:
        return self.provider("82")
