"""A claim in the words of the 837P: taken apart into what rows hold, and put together from them.

Pure. Whatever a practice's system hands in and no row holds stays in the visit's sealed form, so
that the claim we send says all that the claim we were given said.
"""

from collections.abc import Sequence
from datetime import date

import msgspec

from billing_saas.claims.rules import PayerControlNumber
from billing_saas.claims.tables import Submission
from billing_saas.coverage.finding import Held
from billing_saas.coverage.rules import SELF
from billing_saas.edi.claim837 import Claim
from billing_saas.edi.claim837_coordination import OtherCoverage, OtherInsurance
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
from billing_saas.edi.findings import NOWHERE
from billing_saas.edi.parties import Address, DateValue, Procedure, Reference
from billing_saas.encounters.queries import Visit
from billing_saas.encounters.rules import Clinical
from billing_saas.encounters.tables import Charge
from billing_saas.patients.rules import Demographics as PatientDemographics
from billing_saas.payers.tables import Payer as PayerRow
from billing_saas.providers.tables import Provider as ProviderRow

SERVICE_DATE = "472"
LINE_NUMBER = "6R"
PAYER_CLAIM_NUMBER = "F8"
_TAX_ID = "EI"
_NOBODY = {"name": "", "first_name": "", "middle_name": "", "suffix": "", "id": "", "address": None}


# --- apart ---


def clinical_of(claim: Claim) -> Clinical:
    """What the visit's sealed document keeps of a claim handed in."""
    return Clinical(diagnoses=claim.diagnoses, notes=claim.notes, form=_remainder(claim))


def _remainder(claim: Claim) -> Claim:
    """The claim without what rows hold; of most claims little is left."""
    replace = msgspec.structs.replace
    patient = claim.patient
    return replace(
        claim,
        place=NOWHERE,
        billing_provider=_provider_remainder(claim.billing_provider),
        subscriber=replace(claim.subscriber, position=0, demographics=None, **_NOBODY),
        payer=replace(claim.payer, position=0, name="", id=""),
        patient=replace(patient, position=0, demographics=None, **_NOBODY) if patient else None,
        number="",
        charge_cents=0,
        facility_code="",
        frequency="",
        diagnoses=(),
        notes=(),
        lines=tuple([_line_remainder(line) for line in claim.lines]),
    )


def _provider_remainder(provider: BillingProvider) -> BillingProvider:
    return msgspec.structs.replace(
        provider, position=0, name="", first_name="", id="", address=None, specialty=None
    )


def _line_remainder(line: ServiceLine) -> ServiceLine:
    procedure = line.procedure
    if procedure is not None:
        kept = procedure.description or procedure.range_end
        procedure = (
            Procedure(description=procedure.description, range_end=procedure.range_end)
            if kept
            else None
        )
    service = line.professional or ProfessionalService()
    return msgspec.structs.replace(
        line,
        position=0,
        number=0,
        procedure=procedure,
        charge_cents=0,
        unit="",
        quantity="",
        diagnosis_pointers=(),
        professional=msgspec.structs.replace(service, place_of_service=""),
        dates=tuple([day for day in line.dates if day.qualifier != SERVICE_DATE]),
    )


# --- together ---


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """The rows of one submission. `others` are the other payers of the claim, in their order."""

    submission: Submission
    charge_cents: int
    visit: Visit
    patient: PatientDemographics
    coverage: Held
    payer: PayerRow
    others: Sequence[tuple[str, Held, PayerRow]]
    billing_provider: ProviderRow
    rendering_provider: ProviderRow | None
    reference: PayerControlNumber

    def __repr__(self) -> str:
        return f"<Parts of {self.submission.id}>"


def claim_of(parts: Parts) -> Claim:
    """The claim to send: under our own number, with our own line numbers."""
    clinical = parts.visit.clinical
    form = clinical.form or _blank_form(len(parts.visit.charges))
    own = parts.coverage.relationship == SELF
    claim = msgspec.structs.replace(
        form,
        billing_provider=_billing_provider(form.billing_provider, parts.billing_provider),
        subscriber=_subscriber(form.subscriber, parts, own=own),
        payer=_payer(form.payer, parts.payer),
        patient=None if own else _patient(form.patient, parts),
        number=parts.submission.patient_control_number,
        charge_cents=parts.charge_cents,
        facility_code=parts.visit.encounter.place_of_service,
        facility_qualifier=form.facility_qualifier or "B",
        frequency=parts.submission.frequency,
        references=_references(form.references, parts),
        diagnoses=clinical.diagnoses,
        notes=clinical.notes,
        lines=tuple(
            [
                _line(line, charge)
                for line, charge in zip(form.lines, parts.visit.charges, strict=True)
            ]
        ),
    )
    if clinical.form is None:
        claim = _with_rows_alone(claim, parts)
    return claim


def _blank_form(lines: int) -> Claim:
    """What stands on a claim that no other system made: signed, assigned, released."""
    return Claim(
        billing_provider=BillingProvider(entity="85"),
        subscriber=Subscriber(entity="IL"),
        payer=Payer(entity="PR"),
        number="",
        charge_cents=0,
        provider_signature="Y",
        assignment="A",
        benefits_assigned="Y",
        release_of_information="Y",
        lines=tuple(
            [ServiceLine(charge_cents=0, professional=ProfessionalService()) for _ in range(lines)]
        ),
    )


def _with_rows_alone(claim: Claim, parts: Parts) -> Claim:
    rendering = parts.rendering_provider
    billing = parts.billing_provider
    # The guide (2310B) wants a rendering provider only where it is not the billing provider.
    providers = (
        (_rendering(rendering),) if rendering is not None and rendering.id != billing.id else ()
    )
    return msgspec.structs.replace(
        claim,
        providers=providers,
        other_coverages=tuple(
            [
                _other_coverage(sequence, held, payer, parts)
                for sequence, held, payer in parts.others
            ]
        ),
    )


def _rendering(row: ProviderRow) -> Provider:
    return Provider(
        entity="82",
        entity_type="1" if row.first_name else "2",
        name=row.name,
        first_name=row.first_name,
        id_qualifier="XX",
        id=row.npi,
        specialty=Specialty("PE", "PXC", row.taxonomy) if row.taxonomy else None,
    )


def _billing_provider(form: BillingProvider, row: ProviderRow) -> BillingProvider:
    references = form.references
    if row.tax_id:
        others = [reference for reference in references if reference.qualifier != _TAX_ID]
        references = (Reference(_TAX_ID, row.tax_id), *others)
    return msgspec.structs.replace(
        form,
        entity="85",
        entity_type="1" if row.first_name else "2",
        name=row.name,
        first_name=row.first_name,
        id_qualifier="XX",
        id=row.npi,
        specialty=Specialty("BI", "PXC", row.taxonomy) if row.taxonomy else None,
        address=Address(
            line1=row.address_line1,
            line2=row.address_line2,
            city=row.city,
            state=row.state,
            postal_code=row.postal_code,
        ),
        references=references,
    )


def _payer(form: Payer, row: PayerRow) -> Payer:
    return msgspec.structs.replace(
        form,
        entity="PR",
        entity_type="2",
        name=row.name,
        id_qualifier=form.id_qualifier or "PI",
        id=row.edi_payer_id,
    )


def _subscriber(form: Subscriber, parts: Parts, *, own: bool) -> Subscriber:
    """Address and demographics are sent only of a subscriber who is the patient (2010BA)."""
    held, patient = parts.coverage, parts.patient
    policy = held.policy
    person = None if own else policy.subscriber
    return msgspec.structs.replace(
        form,
        entity_type="1",
        name=person.last_name if person else patient.last_name,
        first_name=person.first_name if person else patient.first_name,
        middle_name=person.middle_name if person else patient.middle_name,
        suffix=person.suffix if person else patient.suffix,
        id_qualifier=form.id_qualifier or ("MI" if policy.member_id else ""),
        id=policy.member_id,
        insurance=_insurance(form.insurance, parts.submission.sequence, held, own=own),
        address=patient.address if own else None,
        demographics=_demographics(patient) if own else None,
    )


def _insurance(form: Insurance | None, sequence: str, held: Held, *, own: bool) -> Insurance:
    return msgspec.structs.replace(
        form or Insurance(sequence),
        sequence=sequence,
        relationship=SELF if own else "",
        group_number=held.policy.group_number,
        # SBR04 is sent only where there is no group number.
        group_name="" if held.policy.group_number else held.policy.group_name,
        filing_indicator=held.filing_indicator,
    )


def _patient(form: Patient | None, parts: Parts) -> Patient:
    patient = parts.patient
    details = (form.details if form else None) or PatientDetails()
    return msgspec.structs.replace(
        form or Patient(entity="QC"),
        entity_type="1",
        name=patient.last_name,
        first_name=patient.first_name,
        middle_name=patient.middle_name,
        suffix=patient.suffix,
        details=msgspec.structs.replace(details, relationship=parts.coverage.relationship),
        address=patient.address,
        demographics=_demographics(patient),
    )


def _demographics(patient: PatientDemographics) -> Demographics | None:
    born = patient.birth_date
    return Demographics(f"{born:%Y%m%d}", patient.sex or "U") if born else None


def _references(form: tuple[Reference, ...], parts: Parts) -> tuple[Reference, ...]:
    """A replacement or a void names the payer's own number of what it replaces (rule 38)."""
    if parts.submission.frequency == "1":
        return form
    kept = [reference for reference in form if reference.qualifier != PAYER_CLAIM_NUMBER]
    number = parts.reference.payer_control_number
    return (Reference(PAYER_CLAIM_NUMBER, number), *kept)


def _line(form: ServiceLine, charge: Charge) -> ServiceLine:
    extra = form.procedure or Procedure()
    service = form.professional or ProfessionalService()
    others = [reference for reference in form.references if reference.qualifier != LINE_NUMBER]
    return msgspec.structs.replace(
        form,
        number=charge.n,
        procedure=Procedure(
            charge.procedure_qualifier,
            charge.procedure_code,
            tuple(charge.modifiers.split()),
            extra.description,
            extra.range_end,
        ),
        charge_cents=charge.charge_cents,
        unit=charge.unit_basis,
        quantity=charge.units,
        diagnosis_pointers=tuple([int(pointer) for pointer in charge.pointers.split()]),
        professional=msgspec.structs.replace(service, place_of_service=charge.place_of_service),
        dates=(_service_date(charge.service_from, charge.service_to), *form.dates),
        references=(*others, Reference(LINE_NUMBER, charge.line_control_number)),
    )


def _service_date(first: date, last: date) -> DateValue:
    if first == last:
        return DateValue(SERVICE_DATE, f"{first:%Y%m%d}", "D8")
    return DateValue(SERVICE_DATE, f"{first:%Y%m%d}-{last:%Y%m%d}", "RD8")


def _other_coverage(sequence: str, held: Held, payer: PayerRow, parts: Parts) -> OtherCoverage:
    own = held.relationship == SELF
    person = None if own else held.policy.subscriber
    patient = parts.patient
    return OtherCoverage(
        insurance=Insurance(
            sequence,
            held.relationship,
            held.policy.group_number,
            "" if held.policy.group_number else held.policy.group_name,
            filing_indicator=held.filing_indicator,
        ),
        consent=OtherInsurance("Y", "", "Y"),
        subscriber=Person(
            entity="IL",
            entity_type="1",
            name=person.last_name if person else patient.last_name,
            first_name=person.first_name if person else patient.first_name,
            id_qualifier="MI" if held.policy.member_id else "",
            id=held.policy.member_id,
            address=person.address if person else patient.address,
        ),
        payer=_payer(Payer(entity="PR"), payer),
    )
