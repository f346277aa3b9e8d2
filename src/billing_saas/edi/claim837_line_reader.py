"""One service line from its segments: LX to the segment before the next LX."""

from typing import Any

from billing_saas.edi.claim837_clinical import (
    AMBULANCE_TRANSPORT,
    CERTIFICATION,
    EQUIPMENT_CERTIFICATION,
    FORM_ANSWER,
    MEASUREMENT,
    SPINAL_MANIPULATION,
)
from billing_saas.edi.claim837_coordination import Adjustment, LineAdjudication
from billing_saas.edi.claim837_layout import ElementFault, money, not_kept, number
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
from billing_saas.edi.claim837_parties import Provider
from billing_saas.edi.claim837_parts import (
    ATTACHMENT,
    CONTRACT,
    FILE_INFORMATION,
    NOTE,
    PRICING,
    PURCHASED_SERVICE,
    QUANTITY,
)
from billing_saas.edi.claim837_reading import (
    EXTEND,
    MANY,
    PROVIDER,
    Reading,
    Slot,
    Table,
    frozen,
    procedure,
    read_amount,
    read_date,
    read_reference,
)
from billing_saas.edi.parties import Procedure
from billing_saas.edi.reel import Segment


def read_adjustments(segment: Segment) -> list[Adjustment]:
    """A CAS: up to six reasons of one group, each with its amount and perhaps a quantity."""
    length = len(segment)
    if length > 20 and any(segment[20:]):
        raise not_kept(20)
    group = segment[1] if length > 1 else ""
    adjustments = []
    for at in range(2, min(length, 20), 3):
        amount = money(segment, at + 1)
        if amount is not None:
            adjustments.append(Adjustment(group, segment[at], amount, number(segment, at + 2)))
        elif any(segment[at : at + 3]):
            raise ElementFault(at + 1, "amount_missing", "The adjustment has no amount.")
    return adjustments


_LINE: Table = {
    "DTP": Slot("dates", read_date, MANY),
    "REF": Slot("references", read_reference, MANY),
    "AMT": Slot("amounts", read_amount, MANY),
    "NTE": Slot("notes", NOTE.read, MANY),
    "PWK": Slot("attachments", ATTACHMENT.read, MANY),
    "CR1": Slot("ambulance", AMBULANCE_TRANSPORT.read),
    "CR2": Slot("spinal_manipulation", SPINAL_MANIPULATION.read),
    "CR3": Slot("equipment_certification", EQUIPMENT_CERTIFICATION.read),
    "CRC": Slot("certifications", CERTIFICATION.read, MANY),
    "QTY": Slot("quantities", QUANTITY.read, MANY),
    "MEA": Slot("measurements", MEASUREMENT.read, MANY),
    "CN1": Slot("contract", CONTRACT.read),
    "K3": Slot("file_information", FILE_INFORMATION.read, MANY),
    "PS1": Slot("purchased", PURCHASED_SERVICE.read),
    "HCP": Slot("pricing", PRICING.read),
}
_DRUG: Table = {"REF": _LINE["REF"]}
_ADJUDICATION: Table = {
    "CAS": Slot("adjustments", read_adjustments, EXTEND),
    "DTP": _LINE["DTP"],
    "AMT": _LINE["AMT"],
}
_FORM: Table = {"FRM": Slot("answers", FORM_ANSWER.read, MANY)}


def read_line(reading: Reading, at: int) -> tuple[ServiceLine, int]:
    """The line whose LX stands at `at`, and where the next one starts."""
    segments = reading.segments
    end = len(segments)
    reading.loop = "2400"
    fields: dict[str, Any] = {"position": reading.first + at, "number": _assigned(reading, at)}
    at += 1
    while at < end:
        tag = segments[at][0]
        if tag in _LINE:
            at = reading.gather(at, _LINE, fields)
        elif tag == "LX":
            break
        elif tag in _PARTS:
            at = _PARTS[tag](reading, at, fields)
            reading.loop = "2400"
        else:
            reading.set_aside(at, "segment_unplaced", "The segment has no place in a line.")
            at += 1
    if "charge_cents" not in fields:
        fields["charge_cents"] = 0
    return ServiceLine(**frozen(fields)), at


def _assigned(reading: Reading, at: int) -> int:
    segment = reading.segments[at]
    written = segment[1] if len(segment) > 1 else ""
    if written.isdecimal() and written.isascii() and len(written) <= 6 and len(segment) == 2:
        return int(written)
    reading.set_aside(at, "line_number", "The line number is not a number.", element=1)
    return 0


def _pad(segment: Segment, size: int) -> Segment:
    return segment + [""] * (size - len(segment)) if len(segment) < size else segment


def _check_unused(reading: Reading, at: int, unused: tuple[int, ...], size: int) -> None:
    """Report elements that no guide uses; `size` is the number of the last one used, plus one."""
    segment = reading.segments[at]
    length = len(segment)
    for element in (*unused, *range(size, length)):
        if element < length and segment[element]:
            reading.refuse(at, not_kept(element))


def _service(
    reading: Reading, at: int, fields: dict[str, Any], elements: tuple[int, int, int]
) -> bool:
    """Procedure, charge and quantity, which stand elsewhere in each SV; False for a second SV."""
    if "charge_cents" in fields:
        reading.set_aside(at, "segment_repeated", "The line has more than one service.")
        return False
    segment = reading.segments[at]
    procedure_at, charge_at, quantity_at = elements
    fields["charge_cents"] = reading.cents(at, charge_at)
    try:
        if procedure_at < len(segment) and segment[procedure_at]:
            fields["procedure"] = procedure(segment[procedure_at], reading.component, procedure_at)
        fields["quantity"] = number(segment, quantity_at)
    except ElementFault as fault:
        reading.refuse(at, fault)
    return True


def _pointers(reading: Reading, at: int, element: int, fields: dict[str, Any]) -> None:
    written = reading.segments[at][element].split(reading.component)
    try:
        fields["diagnosis_pointers"] = tuple([_POINTERS[pointer] for pointer in written])
    except KeyError:
        reading.set_aside(
            at,
            "diagnosis_pointer",
            "A diagnosis pointer is not a number from 1 to 12.",
            element=element,
            severity="error",
        )


_POINTERS = {str(pointer): pointer for pointer in range(1, 13)}


def _professional(reading: Reading, at: int, fields: dict[str, Any]) -> int:
    if not _service(reading, at, fields, (1, 2, 4)):
        return at + 1
    segment = _pad(reading.segments[at], 17)
    fields["unit"] = segment[3]
    if segment[7]:
        _pointers(reading, at, 7, fields)
    if len(reading.segments[at]) > 8:
        _check_unused(reading, at, (8, 14), 17)
        fields["professional"] = ProfessionalService(
            place_of_service=segment[5],
            type_of_service=segment[6],
            emergency=segment[9],
            multiple_procedures=segment[10],
            epsdt=segment[11],
            family_planning=segment[12],
            review=segment[13],
            copay_status=segment[15],
            shortage_area=segment[16],
        )
    else:
        fields["professional"] = ProfessionalService(
            place_of_service=segment[5], type_of_service=segment[6]
        )
    return at + 1


def _institutional(reading: Reading, at: int, fields: dict[str, Any]) -> int:
    if not _service(reading, at, fields, (2, 3, 5)):
        return at + 1
    _check_unused(reading, at, (), 8)
    segment = _pad(reading.segments[at], 8)
    fields["unit"] = segment[4]
    service: dict[str, Any] = {"revenue_code": segment[1]}
    try:
        service["rate"] = number(segment, 6)
        service["noncovered_cents"] = money(segment, 7)
    except ElementFault as fault:
        reading.refuse(at, fault)
    fields["institutional"] = InstitutionalService(**service)
    return at + 1


def _dental(reading: Reading, at: int, fields: dict[str, Any]) -> int:
    if not _service(reading, at, fields, (1, 2, 6)):
        return at + 1
    _check_unused(reading, at, (10,), 12)
    segment = _pad(reading.segments[at], 12)
    if segment[11]:
        _pointers(reading, at, 11, fields)
    service: dict[str, Any] = {
        "place_of_service": segment[3],
        "oral_cavities": tuple(segment[4].split(reading.component)) if segment[4] else (),
        "replacement": segment[5],
        "description": segment[7],
        "copay_status": segment[8],
        "provider_agreement": segment[9],
    }
    teeth, at = _teeth(reading, at + 1)
    fields["dental"] = DentalService(**service, teeth=teeth)
    return at


def _teeth(reading: Reading, at: int) -> tuple[tuple[Tooth, ...], int]:
    teeth = []
    segments = reading.segments
    while at < len(segments) and segments[at][0] == "TOO":
        _check_unused(reading, at, (), 4)
        segment = _pad(segments[at], 4)
        surfaces = tuple(segment[3].split(reading.component)) if segment[3] else ()
        teeth.append(Tooth(segment[1], segment[2], surfaces))
        at += 1
    return tuple(teeth), at


def _equipment(reading: Reading, at: int, fields: dict[str, Any]) -> int:
    _check_unused(reading, at, (), 7)
    segment = _pad(reading.segments[at], 7)
    if "equipment" in fields:
        reading.set_aside(at, "segment_repeated", "The segment may stand here only once.")
        return at + 1
    try:
        fields["equipment"] = EquipmentRental(
            procedure=procedure(segment[1], reading.component, 1) or Procedure(),
            unit=segment[2],
            quantity=number(segment, 3),
            rental_cents=money(segment, 4),
            purchase_cents=money(segment, 5),
            frequency=segment[6],
        )
    except ElementFault as fault:
        reading.refuse(at, fault)
    return at + 1


def _drug(reading: Reading, at: int, fields: dict[str, Any]) -> int:
    reading.loop = "2410"
    _check_unused(reading, at, (), 4)
    segment = _pad(reading.segments[at], 4)
    drug: dict[str, Any] = {
        "position": reading.first + at,
        "number": segment[1],
        "qualifier": segment[2],
        "code": segment[3],
    }
    at += 1
    if at < len(reading.segments) and reading.segments[at][0] == "CTP":
        _drug_quantity(reading, at, drug)
        at += 1
    at = reading.gather(at, _DRUG, drug)
    fields.setdefault("drugs", []).append(Drug(**frozen(drug)))
    return at


def _drug_quantity(reading: Reading, at: int, drug: dict[str, Any]) -> None:
    _check_unused(reading, at, (1, 2), 6)
    segment = _pad(reading.segments[at], 6)
    if reading.component in segment[5]:
        reading.refuse(at, not_kept(5, 2))
        return
    try:
        drug["unit_price"] = number(segment, 3)
        drug["quantity"] = number(segment, 4)
        drug["unit"] = segment[5]
    except ElementFault as fault:
        reading.refuse(at, fault)


def _provider(reading: Reading, at: int, fields: dict[str, Any]) -> int:
    reading.loop = "2420"
    position = reading.first + at
    party, at = reading.party(at, PROVIDER)
    fields.setdefault("providers", []).append(Provider(position=position, **party))
    return at


def _adjudication(reading: Reading, at: int, fields: dict[str, Any]) -> int:
    reading.loop = "2430"
    _check_unused(reading, at, (), 7)
    segment = _pad(reading.segments[at], 7)
    found: dict[str, Any] = {
        "position": reading.first + at,
        "payer_id": segment[1],
        "paid_cents": reading.cents(at, 2),
        "revenue_code": segment[4],
        "bundled_line": segment[6],
    }
    try:
        found["procedure"] = procedure(segment[3], reading.component, 3)
        found["quantity"] = number(segment, 5)
    except ElementFault as fault:
        reading.refuse(at, fault)
    at = reading.gather(at + 1, _ADJUDICATION, found)
    fields.setdefault("adjudications", []).append(LineAdjudication(**frozen(found)))
    return at


def _form(reading: Reading, at: int, fields: dict[str, Any]) -> int:
    reading.loop = "2440"
    _check_unused(reading, at, (), 3)
    segment = _pad(reading.segments[at], 3)
    form: dict[str, Any] = {
        "position": reading.first + at,
        "code_list": segment[1],
        "form": segment[2],
    }
    at = reading.gather(at + 1, _FORM, form)
    fields.setdefault("forms", []).append(Form(**frozen(form)))
    return at


_PARTS = {
    "SV1": _professional,
    "SV2": _institutional,
    "SV3": _dental,
    "SV5": _equipment,
    "LIN": _drug,
    "NM1": _provider,
    "SVD": _adjudication,
    "LQ": _form,
}
