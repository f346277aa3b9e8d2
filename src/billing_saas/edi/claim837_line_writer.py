"""A service line as segments, in the order of the guides."""

from collections.abc import Iterable
from itertools import groupby
from typing import NamedTuple

from billing_saas.edi.claim837_clinical import (
    AMBULANCE_TRANSPORT,
    CERTIFICATION,
    EQUIPMENT_CERTIFICATION,
    FORM_ANSWER,
    MEASUREMENT,
    SPINAL_MANIPULATION,
)
from billing_saas.edi.claim837_coordination import Adjustment, LineAdjudication
from billing_saas.edi.claim837_layout import AMOUNT_TEXTS, amount_text
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


class _Pointers(NamedTuple):
    """SV107: the composite, its separators, and the highest of the pointers."""

    text: str
    joints: int
    highest: int


def write_line(writing: Writing, kind: str, line: ServiceLine, number: int, diagnoses: int) -> None:
    """LX and everything of the line, whose claim has so many diagnoses. Raises Unwritable where a
    limit of the guide is passed."""
    pointed = line.diagnosis_pointers
    pointers = _POINTERS.get(pointed) or _pointers(pointed)
    if pointers.highest > diagnoses:
        raise Unwritable("a pointer names no diagnosis of the claim", "SV1", 7)
    writing.joints += 1
    writing.texts.append(f"LX*{number}")
    if kind == "837P":
        _professional(writing, line, pointers)
    elif kind == "837D":
        _dental(writing, line, pointers)
    else:
        _institutional(writing, line)
    if (
        line.equipment is not None
        or line.attachments
        or line.ambulance is not None
        or line.spinal_manipulation is not None
        or line.equipment_certification is not None
        or line.certifications
    ):
        _write_certificates(writing, line)
    if line.dates:
        writing.dates(line.dates)
    if line.quantities or line.measurements or line.contract is not None:
        _write_measures(writing, line)
    if line.references:
        writing.references(line.references)
    if (
        line.amounts
        or line.file_information
        or line.notes
        or line.purchased is not None
        or line.pricing is not None
    ):
        _write_remarks(writing, line)
    if line.drugs or line.providers or line.adjudications or line.forms:
        _write_loops(writing, line)


def _write_measures(writing: Writing, line: ServiceLine) -> None:
    writing.add_all(QUANTITY.write(quantity) for quantity in line.quantities)
    writing.add_all(MEASUREMENT.write(measurement) for measurement in line.measurements)
    if line.contract is not None:
        writing.add(CONTRACT.write(line.contract))


def _write_certificates(writing: Writing, line: ServiceLine) -> None:
    if line.equipment is not None:
        writing.add(_equipment(writing, line.equipment))
    writing.add_all(ATTACHMENT.write(attachment) for attachment in line.attachments)
    if line.ambulance is not None:
        writing.add(AMBULANCE_TRANSPORT.write(line.ambulance))
    if line.spinal_manipulation is not None:
        writing.add(SPINAL_MANIPULATION.write(line.spinal_manipulation))
    if line.equipment_certification is not None:
        writing.add(EQUIPMENT_CERTIFICATION.write(line.equipment_certification))
    writing.add_all(CERTIFICATION.write(certification) for certification in line.certifications)


def _write_remarks(writing: Writing, line: ServiceLine) -> None:
    writing.amounts(line.amounts)
    writing.add_all(FILE_INFORMATION.write(information) for information in line.file_information)
    writing.add_all(NOTE.write(note) for note in line.notes)
    if line.purchased is not None:
        writing.add(PURCHASED_SERVICE.write(line.purchased))
    if line.pricing is not None:
        writing.add(PRICING.write(line.pricing))


def _write_loops(writing: Writing, line: ServiceLine) -> None:
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


# Lines point to the same few places over and over: (1,), (1, 2) ...
_POINTERS: dict[tuple[int, ...], _Pointers] = {}
_MOST_REMEMBERED = 4096


def _pointers(pointed: tuple[int, ...]) -> _Pointers:
    if pointed and min(pointed) < 1:
        raise Unwritable("a pointer names no diagnosis of the claim", "SV1", 7)
    if len(pointed) > MOST_POINTERS:
        raise Unwritable("a line points to at most four diagnoses", "SV1", 7)
    text = ":".join([str(pointer) for pointer in pointed])
    pointers = _Pointers(text, text.count(":"), max(pointed, default=0))
    if len(_POINTERS) < _MOST_REMEMBERED:
        _POINTERS[pointed] = pointers
    return pointers


_PLAIN = ProfessionalService()


def _professional(writing: Writing, line: ServiceLine, pointers: _Pointers) -> None:
    if line.institutional is not None or line.dental is not None:
        raise Unwritable("a professional claim holds a line of another kind", "SV1")
    service = line.professional or _PLAIN
    cents = line.charge_cents
    charge = AMOUNT_TEXTS.get(cents) or amount_text(cents, "SV1", 2)
    segment = [
        "SV1",
        writing.procedure(line.procedure, "SV1", 1),
        charge,
        line.unit,
        line.quantity,
        service.place_of_service,
        service.type_of_service,
        pointers.text,
    ]
    writing.joints += pointers.joints
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
    writing.add(segment if segment[-1] else trimmed(segment))


def _institutional(writing: Writing, line: ServiceLine) -> None:
    if line.professional is not None or line.dental is not None:
        raise Unwritable("an institutional claim holds a line of another kind", "SV2")
    service = line.institutional or InstitutionalService()
    segment = [
        "SV2",
        service.revenue_code,
        writing.procedure(line.procedure, "SV2", 2),
        amount_text(line.charge_cents, "SV2", 3),
        line.unit,
        line.quantity,
        service.rate,
        _money(service.noncovered_cents, "SV2", 7),
    ]
    writing.add(trimmed(segment))


def _dental(writing: Writing, line: ServiceLine, pointers: _Pointers) -> None:
    if line.professional is not None or line.institutional is not None:
        raise Unwritable("a dental claim holds a line of another kind", "SV3")
    service = line.dental or DentalService()
    segment = [
        "SV3",
        writing.procedure(line.procedure, "SV3", 1),
        amount_text(line.charge_cents, "SV3", 2),
        service.place_of_service,
        writing.composite(service.oral_cavities),
        service.replacement,
        line.quantity,
        service.description,
        service.copay_status,
        service.provider_agreement,
        "",
        pointers.text,
    ]
    writing.joints += pointers.joints
    writing.add(trimmed(segment))
    for tooth in service.teeth:
        surfaces = writing.composite(tooth.surfaces)
        writing.add(trimmed(["TOO", tooth.code_list, tooth.tooth, surfaces]))


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
    writing.add(trimmed(["LIN", drug.number, drug.qualifier, drug.code]))
    quantity = trimmed(["CTP", "", "", drug.unit_price, drug.quantity, drug.unit])
    if len(quantity) > 1:
        writing.add(quantity)
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
    writing.add(trimmed(segment))
    writing.add_all(adjustment_segments(adjudication.adjustments))
    writing.dates(adjudication.dates)
    writing.amounts(adjudication.amounts)


def _write_form(writing: Writing, form: Form) -> None:
    writing.add(trimmed(["LQ", form.code_list, form.form]))
    writing.add_all(FORM_ANSWER.write(answer) for answer in form.answers)
