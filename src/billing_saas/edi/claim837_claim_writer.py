"""A claim as segments, in the order of the guides, within their limits."""

from collections.abc import Sequence

from billing_saas.edi.claim837 import Claim
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
from billing_saas.edi.claim837_layout import AMOUNT_TEXTS, amount_text
from billing_saas.edi.claim837_line_writer import adjustment_segments, write_line
from billing_saas.edi.claim837_parts import (
    ATTACHMENT,
    CONTRACT,
    FILE_INFORMATION,
    NOTE,
    PRICING,
    QUANTITY,
)
from billing_saas.edi.claim837_writing import Writing, inside, trimmed
from billing_saas.edi.writing import Unwritable

MOST_LINES = {"837P": 50, "837I": 999, "837D": 50}
MOST_COVERAGES = 10
_PER_SEGMENT = 12
_MOST_CAUSES = 3
# How many of each kind of code a claim may hold, by guide; what is not named it has none of.
_MOST_CODES = {
    "837P": {"diagnoses": 12, "procedures": 2, "conditions": 24},
    "837I": {
        "diagnoses": 25,
        "admitting_diagnosis": 1,
        "visit_reasons": 3,
        "external_causes": 12,
        "drg": 1,
        "procedures": 25,
        "occurrence_spans": 24,
        "occurrences": 24,
        "values": 24,
        "conditions": 24,
        "treatments": 24,
    },
    "837D": {"diagnoses": 4},
}
_PRINCIPAL_DIAGNOSIS = ("ABK", "BK")
_PRINCIPAL_PROCEDURE = ("BBR", "BR", "CAH", "BP")
# The order in which each guide has the providers of a claim (4010's too).
_RANKS = {
    kind: {role: rank for rank, role in enumerate(roles)}
    for kind, roles in {
        "837P": ("DN", "P3", "82", "QB", "77", "FA", "LI", "TL", "DQ", "PW", "45"),
        "837I": ("71", "72", "ZZ", "73", "82", "77", "FA", "DN"),
        "837D": ("DN", "P3", "82", "77", "FA", "DD", "DQ"),
    }.items()
}


def write_claim(writing: Writing, kind: str, claim: Claim) -> None:
    """CLM and everything of the claim. Raises Unwritable, naming the place."""
    _check_limits(kind, claim)
    _write_information(writing, claim)
    if claim.dates:
        writing.dates(claim.dates)
    if (
        claim.stay is not None
        or claim.orthodontics is not None
        or claim.teeth
        or claim.attachments
        or claim.contract is not None
    ):
        _write_circumstances(writing, claim)
    if claim.amounts:
        writing.amounts(claim.amounts)
    writing.references(claim.references)
    if (
        claim.file_information
        or claim.notes
        or claim.ambulance is not None
        or claim.spinal_manipulation is not None
        or claim.certifications
    ):
        _write_certificates(writing, claim)
    _write_health_codes(writing, kind, claim)
    if claim.quantities:
        writing.add_all(QUANTITY.write(quantity) for quantity in claim.quantities)
    if claim.pricing is not None:
        writing.add(PRICING.write(claim.pricing))
    _write_loops(writing, kind, claim)


def _write_circumstances(writing: Writing, claim: Claim) -> None:
    if claim.stay is not None:
        writing.add(INSTITUTIONAL_STAY.write(claim.stay))
    if claim.orthodontics is not None:
        writing.add(ORTHODONTICS.write(claim.orthodontics))
    writing.add_all(TOOTH_STATUS.write(tooth) for tooth in claim.teeth)
    writing.add_all(ATTACHMENT.write(attachment) for attachment in claim.attachments)
    if claim.contract is not None:
        writing.add(CONTRACT.write(claim.contract))


def _write_certificates(writing: Writing, claim: Claim) -> None:
    writing.add_all(FILE_INFORMATION.write(information) for information in claim.file_information)
    writing.add_all(NOTE.write(note) for note in claim.notes)
    if claim.ambulance is not None:
        writing.add(AMBULANCE_TRANSPORT.write(claim.ambulance))
    if claim.spinal_manipulation is not None:
        writing.add(SPINAL_MANIPULATION.write(claim.spinal_manipulation))
    writing.add_all(CERTIFICATION.write(certification) for certification in claim.certifications)


def _write_loops(writing: Writing, kind: str, claim: Claim) -> None:
    if claim.providers:
        writing.providers(claim.providers, _RANKS[kind])
    for coverage in claim.other_coverages:
        _write_coverage(writing, coverage)
    diagnoses = len(claim.diagnoses)
    for number, line in enumerate(claim.lines, 1):
        try:
            write_line(writing, kind, line, number, diagnoses)
        except Unwritable as fault:
            raise inside(f"line {number}", fault) from None


def _check_limits(kind: str, claim: Claim) -> None:
    if claim.unread:
        raise Unwritable(
            "the claim holds segments that were not understood and would be lost", "CLM"
        )
    if len(claim.lines) > MOST_LINES[kind]:
        raise Unwritable(
            f"the claim has {len(claim.lines)} lines, and at most {MOST_LINES[kind]} may be sent",
            "LX",
        )
    if len(claim.other_coverages) > MOST_COVERAGES:
        raise Unwritable(f"a claim names at most {MOST_COVERAGES} other payers", "SBR")


def _write_information(writing: Writing, claim: Claim) -> None:
    cents = claim.charge_cents
    charge = AMOUNT_TEXTS.get(cents) or amount_text(cents, "CLM", 2)
    if claim.frequency:
        writing.joints += 2
        facility = f"{claim.facility_code}:{claim.facility_qualifier}:{claim.frequency}"
    else:
        facility = writing.composite((claim.facility_code, claim.facility_qualifier))
    more = (
        claim.related_causes
        or claim.accident_state
        or claim.accident_country
        or claim.special_program
        or claim.participation_agreement
        or claim.remittance_requested
        or claim.submission_reason
        or claim.delay_reason
    )
    segment = [
        "CLM",
        claim.number,
        charge,
        "",
        "",
        facility,
        claim.provider_signature,
        claim.assignment,
        claim.benefits_assigned,
        claim.release_of_information,
        claim.patient_signature_source,
    ]
    if more:
        if len(claim.related_causes) > _MOST_CAUSES:
            raise Unwritable("a claim names at most three related causes", "CLM", 11)
        causes = [*claim.related_causes, "", "", ""][:_MOST_CAUSES]
        segment += [
            writing.composite((*causes, claim.accident_state, claim.accident_country)),
            claim.special_program,
            "",
            "",
            "",
            claim.participation_agreement,
            "",
            claim.remittance_requested,
            claim.submission_reason,
            claim.delay_reason,
        ]
    writing.add(segment if segment[-1] else trimmed(segment))


def _write_health_codes(writing: Writing, kind: str, claim: Claim) -> None:
    # Diagnoses alone, as in most professional claims: one segment of at most twelve.
    if kind == "837P" and len(claim.diagnoses) <= _PER_SEGMENT and not _holds_other_codes(claim):
        if claim.diagnoses:
            _write_codes(writing, claim.diagnoses)
        return
    limits = _MOST_CODES[kind]
    for field in _MOST_CODES["837I"]:
        codes = getattr(claim, field)
        count = 0 if not codes else len(codes) if isinstance(codes, tuple) else 1
        if count > limits.get(field, 0):
            most, name = limits.get(field, 0), field.replace("_", " ")
            raise Unwritable(f"a claim of this kind has at most {most} {name}", "HI")
    for codes in _code_segments(kind, claim):
        if codes:
            _write_codes(writing, codes)


def _holds_other_codes(claim: Claim) -> bool:
    return bool(
        claim.admitting_diagnosis
        or claim.visit_reasons
        or claim.external_causes
        or claim.drg
        or claim.procedures
        or claim.occurrence_spans
        or claim.occurrences
        or claim.values
        or claim.conditions
        or claim.treatments
    )


def _code_segments(kind: str, claim: Claim) -> list[Sequence[HealthCode]]:
    """The codes as the guides share them out over HI segments."""
    if kind != "837I":
        return [claim.diagnoses, claim.procedures, *_chunks(claim.conditions)]
    principal, others = _parted(claim.diagnoses, _PRINCIPAL_DIAGNOSIS)
    procedure, procedures = _parted(claim.procedures, _PRINCIPAL_PROCEDURE)
    return [
        principal,
        (claim.admitting_diagnosis,) if claim.admitting_diagnosis else (),
        claim.visit_reasons,
        claim.external_causes,
        (claim.drg,) if claim.drg else (),
        *_chunks(others),
        procedure,
        *_chunks(procedures),
        *_chunks(claim.occurrence_spans),
        *_chunks(claim.occurrences),
        *_chunks(claim.values),
        *_chunks(claim.conditions),
        *_chunks(claim.treatments),
    ]


def _parted(
    codes: Sequence[HealthCode], principal: tuple[str, ...]
) -> tuple[Sequence[HealthCode], Sequence[HealthCode]]:
    if codes and codes[0].qualifier in principal:
        return codes[:1], codes[1:]
    return (), codes


def _chunks(codes: Sequence[HealthCode]) -> list[Sequence[HealthCode]]:
    return [codes[at : at + _PER_SEGMENT] for at in range(0, len(codes), _PER_SEGMENT)]


def _write_codes(writing: Writing, codes: Sequence[HealthCode]) -> None:
    segment = ["HI"]
    for code in codes:
        # Most codes are just that; the others have dates, amounts or an indicator.
        if code.code and not (
            code.present_on_admission
            or code.date_format
            or code.date
            or code.amount_cents is not None
            or code.quantity
            or code.version
            or code.range_end
        ):
            writing.joints += 1
            segment.append(f"{code.qualifier}:{code.code}")
        else:
            segment.append(writing.composite(HEALTH_CODE.write(code)[1:]))
    writing.add(segment)


def _write_coverage(writing: Writing, coverage: OtherCoverage) -> None:
    writing.insurance(coverage.insurance)
    writing.add_all(adjustment_segments(coverage.adjustments))
    writing.amounts(coverage.amounts)
    if coverage.demographics is not None:
        writing.demographics(coverage.demographics)
    if coverage.consent is not None:
        writing.add(OTHER_INSURANCE.write(coverage.consent))
    if coverage.inpatient is not None:
        writing.add(INPATIENT_ADJUDICATION.write(coverage.inpatient))
    if coverage.outpatient is not None:
        writing.add(OUTPATIENT_ADJUDICATION.write(coverage.outpatient))
    if coverage.subscriber is not None:
        writing.party(coverage.subscriber, demographics=coverage.subscriber.demographics)
    if coverage.payer is not None:
        writing.party(coverage.payer, dates=coverage.payer.dates)
    if coverage.patient is not None:
        writing.party(coverage.patient, demographics=coverage.patient.demographics)
    for provider in coverage.providers:
        writing.party(provider, specialty=provider.specialty)
