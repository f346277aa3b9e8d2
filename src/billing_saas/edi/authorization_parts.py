"""Segments that only a services review (278) carries: UM, HCR, CRC, CL1, CR1 to CR6, SV1 to SV3."""

from typing import Annotated

import msgspec

from billing_saas.edi.inquiry_codes import DECISION_REASONS, DECISIONS, Decision
from billing_saas.edi.inquiry_parts import DiagnosisPointers
from billing_saas.edi.layouts import at, part
from billing_saas.edi.parties import Procedure
from billing_saas.edi.phi_free import Masked


class Facility(msgspec.Struct, frozen=True, kw_only=True):
    """Where care is given: a place of service (qualifier B) or type of bill (A)."""

    code: Annotated[str, part(1)] = ""
    qualifier: Annotated[str, part(2)] = ""
    frequency: Annotated[str, part(3)] = ""


class RelatedCauses(msgspec.Struct, frozen=True, kw_only=True):
    """AA auto accident, AP another party responsible, EM employment; with the state."""

    causes: Annotated[tuple[str, ...], part(1, 2, 3)] = ()
    state: Annotated[str, part(4)] = ""
    country: Annotated[str, part(5)] = ""


class ReviewRequest(Masked, frozen=True, kw_only=True):
    """UM: what is to be reviewed. `category` is AR admission, HS services, SC specialty care,
    IN information; `certification` is I initial, R renewal, S revised, 3 cancel, 4 extension."""

    category: Annotated[str, at("UM", 1)] = ""
    certification: Annotated[str, at("UM", 2)] = ""
    service_type: Annotated[str, at("UM", 3)] = ""
    facility: Annotated[Facility | None, at("UM", 4)] = None
    related_causes: Annotated[RelatedCauses | None, at("UM", 5)] = None
    level_of_service: Annotated[str, at("UM", 6)] = ""
    health_condition: Annotated[str, at("UM", 7)] = ""
    prognosis: Annotated[str, at("UM", 8)] = ""
    release_of_information: Annotated[str, at("UM", 9)] = ""
    delay_reason: Annotated[str, at("UM", 10)] = ""


class ReviewDecision(Masked, frozen=True, kw_only=True):
    """HCR: what the payer decided. `authorization_number` goes on the claim."""

    action: Annotated[str, at("HCR", 1)] = ""
    authorization_number: Annotated[str, at("HCR", 2)] = ""
    reason: Annotated[str, at("HCR", 3)] = ""
    second_opinion: Annotated[str, at("HCR", 4)] = ""

    @property
    def decision(self) -> Decision:
        return DECISIONS.get(self.action, "unknown")

    @property
    def meaning(self) -> str:
        """The reason in words, "" where none was given."""
        if not self.reason:
            return ""
        return DECISION_REASONS.get(self.reason, "a reason that is not in our list")


class Condition(msgspec.Struct, frozen=True, kw_only=True):
    """CRC: conditions that apply (Y) or do not (N)."""

    category: Annotated[str, at("CRC", 1)] = ""
    applies: Annotated[str, at("CRC", 2)] = ""
    codes: Annotated[tuple[str, ...], at("CRC", 3, 4, 5, 6, 7)] = ()


class Admission(msgspec.Struct, frozen=True, kw_only=True):
    """CL1."""

    type: Annotated[str, at("CL1", 1)] = ""
    source: Annotated[str, at("CL1", 2)] = ""
    patient_status: Annotated[str, at("CL1", 3)] = ""
    residence: Annotated[str, at("CL1", 4)] = ""


class Ambulance(Masked, frozen=True, kw_only=True):
    """CR1."""

    weight_unit: Annotated[str, at("CR1", 1)] = ""
    weight: Annotated[str, at("CR1", 2, kind="quantity")] = ""
    transport: Annotated[str, at("CR1", 3)] = ""
    reason: Annotated[str, at("CR1", 4)] = ""
    distance_unit: Annotated[str, at("CR1", 5)] = ""
    distance: Annotated[str, at("CR1", 6, kind="quantity")] = ""
    origin: Annotated[str, at("CR1", 7)] = ""
    destination: Annotated[str, at("CR1", 8)] = ""
    round_trip_purpose: Annotated[str, at("CR1", 9)] = ""
    stretcher_purpose: Annotated[str, at("CR1", 10)] = ""


class SpinalManipulation(Masked, frozen=True, kw_only=True):
    """CR2."""

    treatment_number: Annotated[str, at("CR2", 1)] = ""
    treatment_count: Annotated[str, at("CR2", 2, kind="quantity")] = ""
    first_level: Annotated[str, at("CR2", 3)] = ""
    last_level: Annotated[str, at("CR2", 4)] = ""
    period_unit: Annotated[str, at("CR2", 5)] = ""
    period: Annotated[str, at("CR2", 6, kind="quantity")] = ""
    monthly_treatments: Annotated[str, at("CR2", 7, kind="quantity")] = ""
    condition: Annotated[str, at("CR2", 8)] = ""
    complication: Annotated[str, at("CR2", 9)] = ""
    description: Annotated[str, at("CR2", 10)] = ""
    more_description: Annotated[str, at("CR2", 11)] = ""
    x_rays_available: Annotated[str, at("CR2", 12)] = ""


class HomeOxygen(Masked, frozen=True, kw_only=True):
    """CR5."""

    equipment: Annotated[str, at("CR5", 3)] = ""
    second_equipment: Annotated[str, at("CR5", 4)] = ""
    equipment_reason: Annotated[str, at("CR5", 5)] = ""
    flow_rate: Annotated[str, at("CR5", 6, kind="quantity")] = ""
    daily_uses: Annotated[str, at("CR5", 7, kind="quantity")] = ""
    hours_per_use: Annotated[str, at("CR5", 8, kind="quantity")] = ""
    therapist_order: Annotated[str, at("CR5", 9)] = ""
    blood_gas: Annotated[str, at("CR5", 10, kind="quantity")] = ""
    saturation: Annotated[str, at("CR5", 11, kind="quantity")] = ""
    test_condition: Annotated[str, at("CR5", 12)] = ""
    test_findings: Annotated[tuple[str, ...], at("CR5", 13, 14, 15)] = ()
    portable_flow_rate: Annotated[str, at("CR5", 16, kind="quantity")] = ""
    delivery: Annotated[str, at("CR5", 17)] = ""
    third_equipment: Annotated[str, at("CR5", 18)] = ""


class HomeHealth(Masked, frozen=True, kw_only=True):
    """CR6."""

    prognosis: Annotated[str, at("CR6", 1)] = ""
    start_date: Annotated[str, at("CR6", 2)] = ""
    period_format: Annotated[str, at("CR6", 3)] = ""
    period: Annotated[str, at("CR6", 4)] = ""
    diagnosis_date: Annotated[str, at("CR6", 5)] = ""
    in_skilled_facility: Annotated[str, at("CR6", 6)] = ""
    medicare: Annotated[str, at("CR6", 7)] = ""
    certification: Annotated[str, at("CR6", 8)] = ""
    surgery_date: Annotated[str, at("CR6", 9)] = ""
    procedure_qualifier: Annotated[str, at("CR6", 10)] = ""
    procedure: Annotated[str, at("CR6", 11)] = ""
    order_date: Annotated[str, at("CR6", 12)] = ""
    last_visit_date: Annotated[str, at("CR6", 13)] = ""
    physician_contact_date: Annotated[str, at("CR6", 14)] = ""
    admission_format: Annotated[str, at("CR6", 15)] = ""
    admission_period: Annotated[str, at("CR6", 16)] = ""
    admitted_from: Annotated[str, at("CR6", 17)] = ""


class ProfessionalService(Masked, frozen=True, kw_only=True):
    """SV1."""

    procedure: Annotated[Procedure | None, at("SV1", 1)] = None
    charge_cents: Annotated[int | None, at("SV1", 2, kind="cents")] = None
    unit: Annotated[str, at("SV1", 3)] = ""
    quantity: Annotated[str, at("SV1", 4, kind="quantity")] = ""
    diagnoses: Annotated[DiagnosisPointers | None, at("SV1", 7)] = None
    early_screening: Annotated[str, at("SV1", 11)] = ""
    level_of_care: Annotated[str, at("SV1", 20)] = ""


class InstitutionalService(Masked, frozen=True, kw_only=True):
    """SV2."""

    revenue_code: Annotated[str, at("SV2", 1)] = ""
    procedure: Annotated[Procedure | None, at("SV2", 2)] = None
    charge_cents: Annotated[int | None, at("SV2", 3, kind="cents")] = None
    unit: Annotated[str, at("SV2", 4)] = ""
    quantity: Annotated[str, at("SV2", 5, kind="quantity")] = ""
    unit_rate_cents: Annotated[int | None, at("SV2", 6, kind="cents")] = None
    residence: Annotated[str, at("SV2", 9)] = ""
    level_of_care: Annotated[str, at("SV2", 10)] = ""


class OralCavity(msgspec.Struct, frozen=True, kw_only=True):
    areas: Annotated[tuple[str, ...], part(1, 2, 3, 4, 5)] = ()


class DentalService(Masked, frozen=True, kw_only=True):
    """SV3."""

    procedure: Annotated[Procedure | None, at("SV3", 1)] = None
    charge_cents: Annotated[int | None, at("SV3", 2, kind="cents")] = None
    oral_cavity: Annotated[OralCavity | None, at("SV3", 4)] = None
    prosthesis: Annotated[str, at("SV3", 5)] = ""
    quantity: Annotated[str, at("SV3", 6, kind="quantity")] = ""
    description: Annotated[str, at("SV3", 7)] = ""


class ToothSurfaces(msgspec.Struct, frozen=True, kw_only=True):
    surfaces: Annotated[tuple[str, ...], part(1, 2, 3, 4, 5)] = ()


class Tooth(Masked, frozen=True, kw_only=True):
    """TOO."""

    code_list: Annotated[str, at("TOO", 1)] = ""
    number: Annotated[str, at("TOO", 2)] = ""
    surfaces: Annotated[ToothSurfaces | None, at("TOO", 3)] = None
