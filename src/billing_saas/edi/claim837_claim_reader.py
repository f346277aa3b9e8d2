"""One claim from its segments: CLM to the segment before the next HL or CLM."""

from typing import Any

from billing_saas.edi.claim837_clinical import (
    AMBULANCE_TRANSPORT,
    CERTIFICATION,
    HEALTH_CODE,
    INSTITUTIONAL_STAY,
    ORTHODONTICS,
    SPINAL_MANIPULATION,
    TOOTH_STATUS,
    HealthCode,
)
from billing_saas.edi.claim837_coordination import (
    INPATIENT_ADJUDICATION,
    OTHER_INSURANCE,
    OUTPATIENT_ADJUDICATION,
    OtherCoverage,
)
from billing_saas.edi.claim837_layout import ElementFault, not_kept
from billing_saas.edi.claim837_line_reader import read_adjustments, read_line
from billing_saas.edi.claim837_parties import Payer, Person, Provider
from billing_saas.edi.claim837_parts import (
    ATTACHMENT,
    CONTRACT,
    DEMOGRAPHICS,
    FILE_INFORMATION,
    INSURANCE,
    NOTE,
    PRICING,
    QUANTITY,
    Insurance,
)
from billing_saas.edi.claim837_reading import (
    EXTEND,
    MANY,
    PAYER,
    PERSON,
    PROVIDER,
    Reading,
    Slot,
    Table,
    frozen,
    read_amount,
    read_date,
    read_reference,
)

_CLAIM: Table = {
    "DTP": Slot("dates", read_date, MANY),
    "REF": Slot("references", read_reference, MANY),
    "AMT": Slot("amounts", read_amount, MANY),
    "NTE": Slot("notes", NOTE.read, MANY),
    "CL1": Slot("stay", INSTITUTIONAL_STAY.read),
    "DN1": Slot("orthodontics", ORTHODONTICS.read),
    "DN2": Slot("teeth", TOOTH_STATUS.read, MANY),
    "PWK": Slot("attachments", ATTACHMENT.read, MANY),
    "CN1": Slot("contract", CONTRACT.read),
    "K3": Slot("file_information", FILE_INFORMATION.read, MANY),
    "CR1": Slot("ambulance", AMBULANCE_TRANSPORT.read),
    "CR2": Slot("spinal_manipulation", SPINAL_MANIPULATION.read),
    "CRC": Slot("certifications", CERTIFICATION.read, MANY),
    "QTY": Slot("quantities", QUANTITY.read, MANY),
    "HCP": Slot("pricing", PRICING.read),
}
_COVERAGE: Table = {
    "CAS": Slot("adjustments", read_adjustments, EXTEND),
    "AMT": _CLAIM["AMT"],
    "DMG": Slot("demographics", DEMOGRAPHICS.read),
    "OI": Slot("consent", OTHER_INSURANCE.read),
    "MIA": Slot("inpatient", INPATIENT_ADJUDICATION.read),
    "MOA": Slot("outpatient", OUTPATIENT_ADJUDICATION.read),
}
# Which field of the claim the codes of an HI qualifier belong to, and whether it holds one.
_CODES: dict[str, tuple[str, bool]] = {
    "ABK": ("diagnoses", False),
    "BK": ("diagnoses", False),
    "ABF": ("diagnoses", False),
    "BF": ("diagnoses", False),
    "ABJ": ("admitting_diagnosis", True),
    "BJ": ("admitting_diagnosis", True),
    "APR": ("visit_reasons", False),
    "PR": ("visit_reasons", False),
    "ABN": ("external_causes", False),
    "BN": ("external_causes", False),
    "DR": ("drg", True),
    "BBR": ("procedures", False),
    "BR": ("procedures", False),
    "CAH": ("procedures", False),
    "BBQ": ("procedures", False),
    "BQ": ("procedures", False),
    "BP": ("procedures", False),
    "BO": ("procedures", False),
    "BI": ("occurrence_spans", False),
    "BH": ("occurrences", False),
    "BE": ("values", False),
    "BG": ("conditions", False),
    "TC": ("treatments", False),
}
# CLM elements that are kept as they stand.
_CLM = {
    6: "provider_signature",
    7: "assignment",
    8: "benefits_assigned",
    9: "release_of_information",
    10: "patient_signature_source",
    12: "special_program",
    16: "participation_agreement",
    18: "remittance_requested",
    19: "submission_reason",
    20: "delay_reason",
}


def read_claim_fields(reading: Reading) -> dict[str, Any]:
    """Every field of a claim but its place and the parties above it."""
    segments = reading.segments
    end = len(segments)
    reading.loop = "2300"
    fields = _information(reading)
    at = 1
    while at < end:
        tag = segments[at][0]
        if tag in _CLAIM:
            at = reading.gather(at, _CLAIM, fields)
        elif tag == "LX":
            line, at = read_line(reading, at)
            fields.setdefault("lines", []).append(line)
            reading.loop = "2300"
        elif tag == "HI":
            _codes(reading, at, fields)
            at += 1
        elif tag == "NM1":
            provider, at = _provider(reading, at, "2310")
            fields.setdefault("providers", []).append(provider)
            reading.loop = "2300"
        elif tag == "SBR":
            coverage, at = _coverage(reading, at)
            fields.setdefault("other_coverages", []).append(coverage)
            reading.loop = "2300"
        else:
            reading.set_aside(at, "segment_unplaced", "The segment has no place in a claim.")
            at += 1
    frozen(fields)
    if reading.unread:
        fields["unread"] = tuple(reading.unread)
    return fields


def _information(reading: Reading) -> dict[str, Any]:
    """CLM: a claim stands even where one of its elements cannot be read."""
    clm = reading.segments[0]
    fields: dict[str, Any] = {
        "number": clm[1] if len(clm) > 1 else "",
        "charge_cents": reading.cents(0, 2),
    }
    for element, value in enumerate(clm):
        if not value or element < 3:
            continue
        if element in _CLM:
            fields[_CLM[element]] = value
        elif element == 5:
            _facility(reading, value, fields)
        elif element == 11:
            _causes(reading, value, fields)
        else:
            reading.refuse(0, not_kept(element))
    return fields


def _facility(reading: Reading, composite: str, fields: dict[str, Any]) -> None:
    parts = [*composite.split(reading.component), "", ""]
    fields["facility_code"], fields["facility_qualifier"], fields["frequency"] = parts[:3]
    if any(parts[3:]):
        reading.refuse(0, not_kept(5, 4))


def _causes(reading: Reading, composite: str, fields: dict[str, Any]) -> None:
    parts = [*composite.split(reading.component), *[""] * 4]
    fields["related_causes"] = tuple([code for code in parts[:3] if code])
    fields["accident_state"], fields["accident_country"] = parts[3:5]
    if any(parts[5:]):
        reading.refuse(0, not_kept(11, 6))


def _codes(reading: Reading, at: int, fields: dict[str, Any]) -> None:
    """An HI: each composite goes to its field; one unknown code sets the whole segment aside."""
    try:
        codes = [
            _code(composite, reading.component, element)
            for element, composite in enumerate(reading.segments[at][1:], 1)
            if composite
        ]
    except ElementFault as fault:
        reading.refuse(at, fault)
        return
    if any(_CODES[code.qualifier][1] and _CODES[code.qualifier][0] in fields for code in codes):
        reading.set_aside(at, "segment_repeated", "The code may be given only once.")
        return
    for code in codes:
        field, single = _CODES[code.qualifier]
        if single:
            fields[field] = code
        else:
            fields.setdefault(field, []).append(code)


def _code(composite: str, component: str, element: int) -> HealthCode:
    parts = composite.split(component)
    if parts[0] not in _CODES:
        raise ElementFault(element, "code_list_unknown", "The list of the code is not known.", 1)
    if len(parts) == 2:
        return HealthCode(parts[0], parts[1])
    try:
        return HEALTH_CODE.read(["HI", *parts])
    except ElementFault as fault:
        raise ElementFault(element, fault.code, fault.message, fault.element) from None


def _provider(reading: Reading, at: int, loop: str) -> tuple[Provider, int]:
    reading.loop = loop
    position = reading.first + at
    party, at = reading.party(at, PROVIDER)
    return Provider(position=position, **party), at


def _coverage(reading: Reading, at: int) -> tuple[OtherCoverage, int]:
    """2320 with 2330: everything up to the next SBR or LX."""
    segments = reading.segments
    end = len(segments)
    reading.loop = "2320"
    fields: dict[str, Any] = {"position": reading.first + at}
    try:
        fields["insurance"] = INSURANCE.read(segments[at])
    except ElementFault as fault:
        reading.refuse(at, fault)
        fields["insurance"] = Insurance(segments[at][1] if len(segments[at]) > 1 else "")
    at += 1
    while at < end:
        tag = segments[at][0]
        if tag in _COVERAGE:
            at = reading.gather(at, _COVERAGE, fields)
        elif tag == "NM1":
            at = _coverage_party(reading, at, fields)
            reading.loop = "2320"
        else:
            break
    return OtherCoverage(**frozen(fields)), at


def _coverage_party(reading: Reading, at: int, fields: dict[str, Any]) -> int:
    role = reading.segments[at][1] if len(reading.segments[at]) > 1 else ""
    position = reading.first + at
    reading.loop = "2330"
    if role == "IL" and "subscriber" not in fields:
        party, at = reading.party(at, PERSON)
        fields["subscriber"] = Person(position=position, **party)
    elif role == "PR" and "payer" not in fields:
        party, at = reading.party(at, PAYER)
        fields["payer"] = Payer(position=position, **party)
    elif role == "QC" and "patient" not in fields:
        party, at = reading.party(at, PERSON)
        fields["patient"] = Person(position=position, **party)
    else:
        provider, at = _provider(reading, at, "2330")
        fields.setdefault("providers", []).append(provider)
    return at
