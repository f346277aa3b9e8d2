"""What the segments of a claim owe each other: sums, dates, and segments that others ask for.

Each rule is asked of a loop once it is complete. Those that the guides make part of the form (a
segment or element that another one requires) carry an IK304 or IK403; the others are business.
"""

import re

from billing_saas.edi.guides import claim_balance, claim_codes
from billing_saas.edi.guides.catalog import Rules
from billing_saas.edi.validation_loops import Loop, element
from billing_saas.edi.validation_report import Report, Spot

_REPLACES = {"7", "8"}  # CLM05-3: replacement and void; 1 may name the payer's number too
_SELF = "18"
_PO_BOX = re.compile(r"\s*(?:P\.?\s*O\.?\s*B(?:OX|\.)|POST\s+OFFICE\s+BOX|LOCK\s*BOX)", re.I)
_US = {"", "US", "USA"}
_MOST_CLAIMS = 5000  # a set should carry no more (note of the guide on loop 2300)
_INPATIENT = {"11", "18", "21"}
_LONGEST_NUMBER = 20
_OWN_NUMBER = re.compile(r"[A-Z0-9]+", re.ASCII)


def billing_address_can_be_visited(loop: Loop, report: Report) -> None:
    """No post office box: those belong into the pay-to address, 2010AB."""
    position, address = loop.first("N3")
    if _PO_BOX.match(element(address, 1)):
        report.report(
            Spot(position, loop.id, "N3", 1, reference="166"),
            "po_box",
            "The billing provider's address must be a street address; a post office box belongs"
            " into the pay-to address.",
        )


def zip_has_nine_digits(loop: Loop, report: Report) -> None:
    position, city = loop.first("N4")
    code = element(city, 3)
    if code and element(city, 4) in _US and not (len(code) == 9 and code.isdecimal()):
        report.report(
            Spot(position, loop.id, "N4", 3, reference="116"),
            "zip_nine_digits",
            f"The ZIP code of {loop.name} must have nine digits.",
        )


def organization_has_no_first_name(loop: Loop, report: Report) -> None:
    position, name = loop.first("NM1")
    if element(name, 2) != "2":
        return
    for at, reference in ((4, "1036"), (5, "1037"), (7, "1039")):
        if element(name, at):
            report.report(
                Spot(position, loop.id, "NM1", at, reference=reference),
                "not_used_here",
                f"NM1{at:02d} is a part of a person's name, and NM102 says it is an organization.",
                level="element",
                ack_code="I13",
                trigger=Spot(position, loop.id, "NM1", 2, reference="1065"),
            )


def subscriber_is_known(loop: Loop, report: Report) -> None:
    """2010BA: a member id for a person; address and birth date where the patient is the
    subscriber, for there is no patient level then."""
    position, name = loop.first("NM1")
    if element(name, 2) == "1" and not element(name, 9):
        report.report(
            Spot(position, loop.id, "NM1", 9, reference="67"),
            "element_needed",
            "The subscriber's member id (NM109) is missing.",
            level="element",
            ack_code="I9",
            trigger=Spot(position, loop.id, "NM1", 2, reference="1065"),
        )
    if loop.parent is None:
        return
    level, subscriber = loop.parent.first("SBR")
    if element(subscriber, 2) != _SELF:
        return
    for segment_id, label in (("N3", "address"), ("N4", "city"), ("DMG", "birth date and sex")):
        if not loop.every(segment_id):
            report.report(
                Spot(position, loop.id, segment_id),
                "segment_needed",
                f"Segment {segment_id} (subscriber's {label}) is missing: the subscriber is the"
                " patient (SBR02 is 18).",
                level="segment",
                ack_code="I6",
                trigger=Spot(level, loop.parent.id, "SBR", 2, reference="1069"),
            )


def patient_is_in_one_place(loop: Loop, report: Report) -> None:
    """2000B: the patient is either the subscriber or has a level below, and has a claim."""
    position, subscriber = loop.first("SBR")
    if not subscriber:
        return
    is_patient = element(subscriber, 2) == _SELF
    spot = Spot(position, loop.id, "SBR", 2, reference="1069")
    if is_patient and loop.has("2000C"):
        report.report(
            spot,
            "patient_twice",
            "SBR02 says that the subscriber is the patient, and a patient level follows.",
        )
    elif is_patient and not loop.has("2300"):
        _loop_needed(loop, report, ("2300", "CLM", "The claim of the subscriber"), spot)
    elif not is_patient and not loop.has("2000C"):
        _loop_needed(loop, report, ("2000C", "HL", "The level of the patient"), spot)


def _loop_needed(loop: Loop, report: Report, wanted: tuple[str, str, str], trigger: Spot) -> None:
    loop_id, segment_id, words = wanted
    report.report(
        Spot(loop.position, loop_id, segment_id),
        "loop_needed",
        f"{words} (loop {loop_id}) is missing.",
        level="segment",
        ack_code="I6",
        trigger=trigger,
    )


def replacement_names_the_payers_number(loop: Loop, report: Report) -> None:
    """CLM05-3 of 7 or 8 needs REF*F8 with the payer's CLP07 (RFI 1538, RFI 2110)."""
    position, claim = loop.first("CLM")
    facility = element(claim, 5).split(report.delimiters.component)
    if element(facility, 2) in _REPLACES and not loop.every("REF", "F8"):
        report.report(
            Spot(position, loop.id, "REF"),
            "payer_number_needed",
            "Segment REF*F8 (payer's claim number) is missing: the claim replaces or voids"
            " another (CLM05-3).",
            level="segment",
            ack_code="I6",
            trigger=Spot(position, loop.id, "CLM", 5, 3, reference="1325"),
        )


def accident_is_told(loop: Loop, report: Report) -> None:
    """CLM11: an accident has a date, an auto accident a state as well."""
    position, claim = loop.first("CLM")
    causes = element(claim, 11).split(report.delimiters.component)
    trigger = Spot(position, loop.id, "CLM", 11, 1, reference="1362")
    if {"AA", "OA"} & set(causes[:3]) and not loop.every("DTP", "439"):
        report.report(
            Spot(position, loop.id, "DTP"),
            "accident_date_needed",
            "Segment DTP*439 (accident) is missing: CLM11 says that there was an accident.",
            level="segment",
            ack_code="I6",
            trigger=trigger,
        )
    if "AA" in causes[:3] and not element(causes, 3) and element(causes, 4) in _US:
        report.report(
            Spot(position, loop.id, "CLM", 11, 4, reference="156"),
            "accident_state_needed",
            "The state of the auto accident (CLM11-4) is missing.",
            level="element",
            ack_code="I9",
            trigger=trigger,
        )


def inpatient_admission_is_dated(loop: Loop, report: Report) -> None:
    position, claim = loop.first("CLM")
    facility = element(claim, 5).split(report.delimiters.component)
    if facility[0] in _INPATIENT and not loop.every("DTP", "435"):
        report.report(
            Spot(position, loop.id, "DTP"),
            "admission_date_needed",
            "Segment DTP*435 (admission) is missing: the bill type (CLM05-1) is inpatient.",
            level="segment",
            ack_code="I6",
            trigger=Spot(position, loop.id, "CLM", 5, 1, reference="1331"),
        )


def lines_are_numbered(loop: Loop, report: Report) -> None:
    """LX01 counts from 1 in each claim."""
    for number, line in enumerate(loop.inside("2400"), 1):
        position, header = line.first("LX")
        if element(header, 1).lstrip("0") != str(number):
            report.report(
                Spot(position, line.id, "LX", 1, reference="554"),
                "line_number",
                "The service lines (LX01) do not count from 1 without gaps.",
            )
            return


def claim_number_can_be_returned(loop: Loop, report: Report) -> None:
    """CLM01: payers return no more than 20 characters (guide's note). Our own are upper case
    letters and digits, and come once."""
    position, claim = loop.first("CLM")
    number = element(claim, 1)
    spot = Spot(position, loop.id, "CLM", 1, reference="1028")
    own = report.options.own_claims
    if len(number) > _LONGEST_NUMBER:
        words = f"Payers return no more than {_LONGEST_NUMBER} characters of a claim's number."
        report.report(spot, "claim_number_long", words, warning=not own)
    elif own and not _OWN_NUMBER.fullmatch(number):
        words = "A claim's number (CLM01) is upper case letters and digits."
        report.report(spot, "claim_number_form", words)
    if own and number in report.claim_numbers:
        words = "The claim's number (CLM01) stands twice in the set."
        report.report(spot, "claim_number_repeated", words)
    if own:
        report.claim_numbers.add(number)


def set_is_not_too_large(loop: Loop, report: Report) -> None:
    claims = report.tally.get("claims", 0)
    if claims > _MOST_CLAIMS:
        report.report(
            Spot(1, "", "ST"),
            "claims_per_set",
            f"The set carries {claims} claims; partners agree on no more than {_MOST_CLAIMS}.",
            warning=True,
        )


def purpose_fits_medicare(loop: Loop, report: Report) -> None:
    """Medicare takes originals only: BHT02 is 00 (CMS companion of the 837P)."""
    position, beginning = loop.first("BHT")
    if report.options.medicare and element(beginning, 2) not in {"", "00"}:
        report.report(
            Spot(position, "", "BHT", 2, reference="353"),
            "medicare_purpose",
            "Medicare refuses a set whose purpose (BHT02) is not 00.",
        )


def claim_is_counted(loop: Loop, report: Report) -> None:
    report.tally["claims"] = report.tally.get("claims", 0) + 1


_NAMES = (organization_has_no_first_name,)
_PLACES = (organization_has_no_first_name, zip_has_nine_digits)
_CLAIM = (
    claim_is_counted,
    claim_number_can_be_returned,
    claim_balance.charges_add_up,
    claim_balance.other_payers_add_up,
    replacement_names_the_payers_number,
    lines_are_numbered,
    claim_codes.dates_run_forward,
    claim_codes.diagnoses_are_of_one_edition,
    claim_codes.codes_are_good_on_their_day,
    claim_balance.amounts_fit_medicare,
)
_SHARED: Rules = {
    "": (set_is_not_too_large, purpose_fits_medicare),
    "2010AA": (*_PLACES, billing_address_can_be_visited),
    "2000B": (patient_is_in_one_place,),
    "2010BA": (subscriber_is_known, *_NAMES),
    "2310B": _NAMES,
    "2330A": _NAMES,
    "2420A": _NAMES,
}

PROFESSIONAL: Rules = {
    **_SHARED,
    "1000A": _NAMES,
    "2300": (*_CLAIM, accident_is_told, claim_codes.pointers_name_diagnoses),
    "2310C": (zip_has_nine_digits,),
    "2420C": (zip_has_nine_digits,),
}
INSTITUTIONAL: Rules = {
    **_SHARED,
    "1000A": _NAMES,
    "2300": (*_CLAIM, inpatient_admission_is_dated),
    "2310E": (zip_has_nine_digits,),
}
DENTAL: Rules = {
    **_SHARED,
    "1000A": _NAMES,
    "2300": (*_CLAIM, accident_is_told, claim_codes.pointers_name_diagnoses),
    "2310C": (zip_has_nine_digits,),
    "2420D": (zip_has_nine_digits,),
}
