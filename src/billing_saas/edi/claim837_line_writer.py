"""A service line as segments, in the order of the guides."""

from collections.abc import Iterable
from functools import lru_cache
from itertools import groupby

from billing_saas.edi.claim837_clinical import (
    AMBULANCE_TRANSPORT,
    CERTIFICATION,
    EQUIPMENT_CERTIFICATION,
    FORM_ANSWER,
    MEASUREMENT,
    SPINAL_MANIPULATION,
)
from billing_saas.edi.claim837_coordination import Adjustment, LineAdjudication
from billing_saas.edi.claim837_layout import amount_text
from billing_saas.edi.claim837_lines import (
    DentalService,
    Drug,
    EquipmentRental,
    Form,
    InstitutionalService,
    ProfessionalService,
    ServiceLine,
)
from billing_saas.edi.claim837_parts import (
    ATTACHMENT,
    CONTRACT,
    FILE_INFORMATION,
    NOTE,
    PRICING,
    PURCHASED_SERVICE,
    QUANTITY,
)
from billing_saas.edi.claim837_writing import Writing, trimmed
from billing_saas.edi.reel import Segment
from billing_saas.edi.writing import Unwritable

MOST_POINTERS = 4
MOST_ADJUDICATIONS = 15
# The order in which the guides have the providers of a line (4010's too).
_RANKS = {
    role: rank
    for rank, role in enumerate(
        ("72", "ZZ", "82", "QB", "77", "FA", "DD", "DQ", "DK", "DN", "P3", "PR", "PW", "45")
    )
}


def adjustment_segments(adjustments: Iterable[Adjustment]) -> list[Segment]:
    """CAS segments: reasons of one group that follow each other share one, six at the most."""
    segments: list[Segment] = []
    for group, run in groupby(adjustments, key=_group):
        for adjustment in run:
            if not segments or segments[-1][1] != group or len(segments[-1]) > 19:
                segments.append(["CAS", group])
            segment = segments[-1]
            # The quantity of the reason before may have been left out.
            segment += [""] * (-(len(segment) - 2) % 3)
            segment += [adjustment.reason, amount_text(adjustment.amount_cents, "CAS", 3)]
            segment.append(adjustment.quantity)
    return [trimmed(segment) for segment in segments]


def _group(adjustment: Adjustment) -> str:
    return adjustment.group


def write_line(writing: Writing, kind: str, line: ServiceLine, number: int) -> None:
    """LX and everything of the line. Raises Unwritable where a limit of the guide is passed."""
    out = writing.segments
    out.append(["LX", str(number)])
    if len(line.diagnosis_pointers) > MOST_POINTERS:
        raise Unwritable("a line points to at most four diagnoses", "SV1", 7)
    if kind == "837I":
        _institutional(writing, line)
    elif kind == "837D":
        _dental(writing, line)
    else:
        _professional(writing, line)
    if line.equipment is not None:
        out.append(_equipment(writing, line.equipment))
    if line.attachments:
        out += [ATTACHMENT.write(attachment) for attachment in line.attachments]
    if line.ambulance is not None:
        out.append(AMBULANCE_TRANSPORT.write(line.ambulance))
    if line.spinal_manipulation is not None:
        out.append(SPINAL_MANIPULATION.write(line.spinal_manipulation))
    if line.equipment_certification is not None:
        out.append(EQUIPMENT_CERTIFICATION.write(line.equipment_certification))
    if line.certifications:
        out += [CERTIFICATION.write(certification) for certification in line.certifications]
    writing.dates(line.dates)
    if line.quantities:
        out += [QUANTITY.write(quantity) for quantity in line.quantities]
    if line.measurements:
        out += [MEASUREMENT.write(measurement) for measurement in line.measurements]
    if line.contract is not None:
        out.append(CONTRACT.write(line.contract))
    writing.references(line.references)
    _write_rest(writing, line)


def _write_rest(writing: Writing, line: ServiceLine) -> None:
    out = writing.segments
    if line.amounts:
        writing.amounts(line.amounts)
    if line.file_information:
        out += [FILE_INFORMATION.write(information) for information in line.file_information]
    if line.notes:
        out += [NOTE.write(note) for note in line.notes]
    if line.purchased is not None:
        out.append(PURCHASED_SERVICE.write(line.purchased))
    if line.pricing is not None:
        out.append(PRICING.write(line.pricing))
    for drug in line.drugs:
        _write_drug(writing, drug)
    if line.providers:
        writing.providers(line.providers, _RANKS)
    if len(line.adjudications) > MOST_ADJUDICATIONS:
        raise Unwritable("a line holds at most 15 adjudications of other payers", "SVD")
    for adjudication in line.adjudications:
        _write_adjudication(writing, adjudication)
    for form in line.forms:
        _write_form(writing, form)


@lru_cache(maxsize=1024)
def _joined(pointers: tuple[int, ...], component: str) -> str:
    return component.join([str(pointer) for pointer in pointers])


def _pointers(writing: Writing, pointers: tuple[int, ...]) -> str:
    if not pointers:
        return ""
    writing.components += len(pointers) - 1
    return _joined(pointers, writing.component)


_PLAIN = ProfessionalService()


def _professional(writing: Writing, line: ServiceLine) -> None:
    if line.institutional is not None or line.dental is not None:
        raise Unwritable("a professional claim holds a line of another kind", "SV1")
    service = line.professional or _PLAIN
    segment = [
        "SV1",
        writing.procedure(line.procedure, "SV1", 1),
        amount_text(line.charge_cents, "SV1", 2),
        line.unit,
        line.quantity,
        service.place_of_service,
        service.type_of_service,
        _pointers(writing, line.diagnosis_pointers),
    ]
    # Few lines say more than that.
    if (
        service.emergency
        or service.epsdt
        or service.family_planning
        or service.copay_status
        or service.multiple_procedures
        or service.review
        or service.shortage_area
    ):
        segment += [
            "",
            service.emergency,
            service.multiple_procedures,
            service.epsdt,
            service.family_planning,
            service.review,
            "",
            service.copay_status,
            service.shortage_area,
        ]
    writing.segments.append(segment if segment[-1] else trimmed(segment))


def _institutional(writing: Writing, line: ServiceLine) -> None:
    if line.professional is not None or line.dental is not None:
        raise Unwritable("an institutional claim holds a line of another kind", "SV2")
    service = line.institutional or InstitutionalService()
    noncovered = service.noncovered_cents
    segment = [
        "SV2",
        service.revenue_code,
        writing.procedure(line.procedure, "SV2", 2),
        amount_text(line.charge_cents, "SV2", 3),
        line.unit,
        line.quantity,
        service.rate,
        "" if noncovered is None else amount_text(noncovered, "SV2", 7),
    ]
    writing.segments.append(trimmed(segment))


def _dental(writing: Writing, line: ServiceLine) -> None:
    if line.professional is not None or line.institutional is not None:
        raise Unwritable("a dental claim holds a line of another kind", "SV3")
    service = line.dental or DentalService()
    segment = [
        "SV3",
        writing.procedure(line.procedure, "SV3", 1),
        amount_text(line.charge_cents, "SV3", 2),
        service.place_of_service,
        writing.composite(service.oral_cavities, "SV3", 4) if service.oral_cavities else "",
        service.replacement,
        line.quantity,
        service.description,
        service.copay_status,
        service.provider_agreement,
        "",
        _pointers(writing, line.diagnosis_pointers),
    ]
    writing.segments.append(trimmed(segment))
    for tooth in service.teeth:
        surfaces = writing.composite(tooth.surfaces, "TOO", 3) if tooth.surfaces else ""
        writing.segments.append(trimmed(["TOO", tooth.code_list, tooth.tooth, surfaces]))


def _money(cents: int | None, segment: str, element: int) -> str:
    return "" if cents is None else amount_text(cents, segment, element)


def _equipment(writing: Writing, equipment: EquipmentRental) -> Segment:
    return trimmed(
        [
            "SV5",
            writing.procedure(equipment.procedure, "SV5", 1),
            equipment.unit,
            equipment.quantity,
            _money(equipment.rental_cents, "SV5", 4),
            _money(equipment.purchase_cents, "SV5", 5),
            equipment.frequency,
        ]
    )


def _write_drug(writing: Writing, drug: Drug) -> None:
    writing.segments.append(trimmed(["LIN", drug.number, drug.qualifier, drug.code]))
    quantity = trimmed(["CTP", "", "", drug.unit_price, drug.quantity, drug.unit])
    if len(quantity) > 1:
        writing.segments.append(quantity)
    writing.references(drug.references)


def _write_adjudication(writing: Writing, adjudication: LineAdjudication) -> None:
    segment = [
        "SVD",
        adjudication.payer_id,
        amount_text(adjudication.paid_cents, "SVD", 2),
        writing.procedure(adjudication.procedure, "SVD", 3),
        adjudication.revenue_code,
        adjudication.quantity,
        adjudication.bundled_line,
    ]
    writing.segments.append(trimmed(segment))
    writing.segments += adjustment_segments(adjudication.adjustments)
    writing.dates(adjudication.dates)
    writing.amounts(adjudication.amounts)


def _write_form(writing: Writing, form: Form) -> None:
    writing.segments.append(trimmed(["LQ", form.code_list, form.form]))
    writing.segments += [FORM_ANSWER.write(answer) for answer in form.answers]
