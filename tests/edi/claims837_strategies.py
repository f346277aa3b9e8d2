"""Strategies: any claim that the structs can hold and a guide can carry."""

from types import ModuleType
from typing import Any

import msgspec
from hypothesis import strategies as st

from billing_saas.edi import (
    claim837_clinical,
    claim837_coordination,
    claim837_parts,
)
from billing_saas.edi.claim837 import Claim
from billing_saas.edi.claim837_clinical import FormAnswer, HealthCode
from billing_saas.edi.claim837_coordination import Adjustment, LineAdjudication, OtherCoverage
from billing_saas.edi.claim837_layout import Layout
from billing_saas.edi.claim837_lines import (
    DentalService,
    Drug,
    EquipmentRental,
    Form,
    InstitutionalService,
    ProfessionalService,
    ServiceLine,
    Tooth,
)
from billing_saas.edi.claim837_parties import (
    BillingProvider,
    Patient,
    Payer,
    Person,
    Provider,
    Subscriber,
)
from billing_saas.edi.claim837_parts import Insurance
from billing_saas.edi.parties import (
    Address,
    AmountValue,
    Contact,
    DateValue,
    Party,
    Procedure,
    QuantityValue,
    Reference,
)

words = st.text(alphabet="ABCXYZ019 .,-'&/()Ñé", min_size=1, max_size=8).filter(
    lambda word: word.strip() != ""
)
maybe = st.just("") | words
cents = st.integers(min_value=-9_999_999_999, max_value=9_999_999_999)
quantities = st.sampled_from(["1", "2.5", ".5", "0", "-3", "999.25"])


def _layouts(module: ModuleType) -> dict[type, Layout[Any]]:
    return {layout.struct: layout for layout in vars(module).values() if isinstance(layout, Layout)}


LAYOUTS: dict[type, Layout[Any]] = {
    **_layouts(claim837_parts),
    **_layouts(claim837_clinical),
    **_layouts(claim837_coordination),
}


def segment_structs(struct: type) -> st.SearchStrategy[Any]:
    """Any value of a struct that has a layout: each field is what its element can hold."""
    layout = LAYOUTS[struct]
    fields: list[st.SearchStrategy[Any]] = [maybe] * len(layout.struct.__struct_fields__)
    for at, _ in layout.money_fields:
        fields[at] = st.none() | cents
    for at, _ in layout.quantity_fields:
        fields[at] = st.just("") | quantities
    return st.tuples(*fields).map(lambda values: struct(*values))


def few(strategy: st.SearchStrategy[Any], most: int = 2) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(strategy, max_size=most).map(tuple)


def optional(struct: type) -> st.SearchStrategy[Any]:
    return st.none() | segment_structs(struct)


references = few(st.builds(Reference, words, words, maybe))
dates = few(st.builds(DateValue, words, words, words))
amounts = few(st.builds(AmountValue, words, cents))
quantity_values = few(st.builds(QuantityValue, words, quantities))
addresses = st.builds(
    Address,
    line1=words,
    line2=maybe,
    city=words,
    state=maybe,
    postal_code=maybe,
    country=maybe,
    subdivision=maybe,
)
contacts = few(
    st.builds(Contact, function=maybe, name=maybe, numbers=few(st.tuples(words, words), most=3))
)
procedures = st.builds(
    Procedure,
    qualifier=words,
    code=words,
    modifiers=few(words, most=4),
    description=maybe,
    range_end=maybe,
)


def parties(struct: type, entity: str, **fields: Any) -> st.SearchStrategy[Any]:
    return st.builds(
        struct,
        entity=st.just(entity),
        entity_type=st.sampled_from(["1", "2"]),
        name=words,
        first_name=maybe,
        middle_name=maybe,
        prefix=maybe,
        suffix=maybe,
        id_qualifier=maybe,
        id=maybe,
        address=st.none() | addresses,
        contacts=contacts,
        references=references,
        **fields,
    )


def providers(roles: tuple[str, ...]) -> st.SearchStrategy[tuple[Provider, ...]]:
    """Some of the roles, in the order in which the guide has them."""
    specialty = optional(claim837_parts.Specialty)
    each = [st.none() | parties(Provider, role, specialty=specialty) for role in roles]
    return st.tuples(*each).map(lambda found: tuple([one for one in found if one is not None]))


adjustments = few(
    st.builds(
        Adjustment, st.sampled_from(["CO", "PR", "OA"]), words, cents, st.just("") | quantities
    ),
    most=9,
)
demographics = optional(claim837_parts.Demographics)
coverages = few(
    st.builds(
        OtherCoverage,
        insurance=segment_structs(Insurance),
        adjustments=adjustments,
        amounts=amounts,
        demographics=demographics,
        consent=optional(claim837_coordination.OtherInsurance),
        inpatient=optional(claim837_coordination.InpatientAdjudication),
        outpatient=optional(claim837_coordination.OutpatientAdjudication),
        subscriber=st.none() | parties(Person, "IL"),
        payer=st.none() | parties(Payer, "PR", dates=dates),
        patient=st.none() | parties(Person, "QC", demographics=demographics),
        providers=providers(("DN", "82")),
    )
)
adjudications = few(
    st.builds(
        LineAdjudication,
        payer_id=words,
        paid_cents=cents,
        procedure=st.none() | procedures,
        revenue_code=maybe,
        quantity=st.just("") | quantities,
        bundled_line=maybe,
        adjustments=adjustments,
        dates=dates,
        amounts=amounts,
    )
)
services: dict[str, dict[str, Any]] = {
    "837P": {
        "professional": st.builds(
            ProfessionalService,
            **dict.fromkeys(ProfessionalService.__struct_fields__, maybe),
        )
    },
    "837I": {
        "institutional": st.builds(
            InstitutionalService,
            revenue_code=maybe,
            rate=st.just("") | quantities,
            noncovered_cents=st.none() | cents,
        )
    },
    "837D": {
        "dental": st.builds(
            DentalService,
            place_of_service=maybe,
            oral_cavities=few(words, most=5),
            replacement=maybe,
            description=maybe,
            copay_status=maybe,
            provider_agreement=maybe,
            teeth=few(st.builds(Tooth, words, maybe, few(words, most=5))),
        )
    },
}
LINE_ROLES = {
    "837P": ("82", "QB", "77", "DQ", "DK", "DN", "PW", "45"),
    "837I": ("72", "ZZ", "82", "DN"),
    "837D": ("82", "77", "DD", "DQ"),
}
CLAIM_ROLES = {
    "837P": ("DN", "82", "77", "DQ", "PW", "45"),
    "837I": ("71", "72", "ZZ", "82", "77", "DN"),
    "837D": ("DN", "82", "77", "DD", "DQ"),
}


def lines(kind: str, diagnoses: int) -> st.SearchStrategy[ServiceLine]:
    pointed = kind != "837I" and diagnoses > 0
    return st.builds(
        ServiceLine,
        procedure=st.none() | procedures,
        charge_cents=cents,
        unit=maybe if kind != "837D" else st.just(""),
        quantity=st.just("") | quantities,
        diagnosis_pointers=few(st.integers(1, diagnoses), most=4) if pointed else st.just(()),
        equipment=st.none()
        | st.builds(
            EquipmentRental,
            procedure=procedures,
            unit=maybe,
            quantity=st.just("") | quantities,
            rental_cents=st.none() | cents,
            purchase_cents=st.none() | cents,
            frequency=maybe,
        ),
        attachments=few(segment_structs(claim837_parts.Attachment)),
        ambulance=optional(claim837_clinical.AmbulanceTransport),
        spinal_manipulation=optional(claim837_clinical.SpinalManipulation),
        equipment_certification=optional(claim837_clinical.EquipmentCertification),
        certifications=few(segment_structs(claim837_clinical.Certification)),
        dates=dates,
        quantities=quantity_values,
        measurements=few(segment_structs(claim837_clinical.Measurement)),
        contract=optional(claim837_parts.Contract),
        references=references,
        amounts=amounts,
        file_information=few(segment_structs(claim837_parts.FileInformation)),
        notes=few(segment_structs(claim837_parts.Note)),
        purchased=optional(claim837_parts.PurchasedService),
        pricing=optional(claim837_parts.Pricing),
        drugs=few(
            st.builds(
                Drug,
                number=maybe,
                qualifier=words,
                code=words,
                unit_price=st.just("") | quantities,
                quantity=st.just("") | quantities,
                unit=maybe,
                references=references,
            )
        ),
        providers=providers(LINE_ROLES[kind]),
        adjudications=adjudications,
        forms=few(
            st.builds(
                Form,
                code_list=words,
                form=maybe,
                answers=few(segment_structs(FormAnswer)),
            )
        ),
        **services[kind],
    )


def codes(*qualifiers: str, most: int = 14) -> st.SearchStrategy[tuple[HealthCode, ...]]:
    """Codes whose first has the first qualifier and the others the last."""
    return few(segment_structs(HealthCode), most=most).map(
        lambda found: tuple(
            [
                msgspec.structs.replace(
                    code, qualifier=qualifiers[0 if at == 0 else -1], code=code.code or "X"
                )
                for at, code in enumerate(found)
            ]
        )
    )


def one_code(qualifier: str) -> st.SearchStrategy[HealthCode | None]:
    return codes(qualifier, most=1).map(lambda found: found[0] if found else None)


_HEALTH_CODES: dict[str, dict[str, Any]] = {
    "837P": {
        "diagnoses": codes("ABK", "ABF", most=12),
        "procedures": codes("BP", "BO", most=2),
        "conditions": codes("BG"),
    },
    "837I": {
        "diagnoses": codes("ABK", "ABF"),
        "admitting_diagnosis": one_code("ABJ"),
        "visit_reasons": codes("APR", most=3),
        "external_causes": codes("ABN", most=3),
        "drg": one_code("DR"),
        "procedures": codes("BBR", "BBQ"),
        "occurrence_spans": codes("BI", most=3),
        "occurrences": codes("BH"),
        "values": codes("BE"),
        "conditions": codes("BG", most=3),
        "treatments": codes("TC", most=3),
    },
    "837D": {"diagnoses": codes("BK", "BF", most=4)},
}
_PLAIN_FIELDS = (
    "number",
    "facility_code",
    "facility_qualifier",
    "frequency",
    "provider_signature",
    "assignment",
    "benefits_assigned",
    "release_of_information",
    "patient_signature_source",
    "accident_state",
    "accident_country",
    "special_program",
    "participation_agreement",
    "remittance_requested",
    "submission_reason",
    "delay_reason",
)
billing_providers = parties(
    BillingProvider,
    "85",
    specialty=optional(claim837_parts.Specialty),
    currency=optional(claim837_parts.Currency),
    pay_to=st.none() | parties(Party, "87"),
    pay_to_plan=st.none() | parties(Party, "PE"),
)
subscribers = parties(
    Subscriber,
    "IL",
    demographics=demographics,
    insurance=segment_structs(Insurance),
    details=optional(claim837_parts.PatientDetails),
    responsible_party=st.none() | parties(Party, "QD"),
    card_holder=st.none() | parties(Party, "AO"),
)
patients = parties(
    Patient, "QC", demographics=demographics, details=segment_structs(claim837_parts.PatientDetails)
)
payers = parties(Payer, "PR")


@st.composite
def claims(draw: st.DrawFn, kind: str, billing_provider: BillingProvider | None = None) -> Claim:
    """A claim of that kind in which anything the structs can hold may stand."""
    health: dict[str, Any] = {
        field: draw(strategy) for field, strategy in _HEALTH_CODES[kind].items()
    }
    diagnoses = min(len(health["diagnoses"]), 12)
    held = draw(st.lists(lines(kind, diagnoses), min_size=1, max_size=3))
    plain: dict[str, Any] = {field: draw(maybe) for field in _PLAIN_FIELDS}
    return Claim(
        billing_provider=billing_provider or draw(billing_providers),
        subscriber=draw(subscribers),
        payer=draw(payers),
        patient=draw(st.none() | patients),
        charge_cents=draw(cents),
        related_causes=draw(few(words, most=3)),
        dates=draw(dates),
        stay=draw(optional(claim837_clinical.InstitutionalStay)),
        orthodontics=draw(optional(claim837_clinical.Orthodontics)),
        teeth=draw(few(segment_structs(claim837_clinical.ToothStatus))),
        attachments=draw(few(segment_structs(claim837_parts.Attachment))),
        contract=draw(optional(claim837_parts.Contract)),
        amounts=draw(amounts),
        references=draw(references),
        file_information=draw(few(segment_structs(claim837_parts.FileInformation))),
        notes=draw(few(segment_structs(claim837_parts.Note))),
        ambulance=draw(optional(claim837_clinical.AmbulanceTransport)),
        spinal_manipulation=draw(optional(claim837_clinical.SpinalManipulation)),
        certifications=draw(few(segment_structs(claim837_clinical.Certification))),
        quantities=draw(quantity_values),
        pricing=draw(optional(claim837_parts.Pricing)),
        providers=draw(providers(CLAIM_ROLES[kind])),
        other_coverages=draw(coverages),
        lines=tuple(
            [msgspec.structs.replace(line, number=number) for number, line in enumerate(held, 1)]
        ),
        **plain,
        **health,
    )
