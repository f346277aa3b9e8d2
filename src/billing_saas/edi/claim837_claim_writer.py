"""A claim as segments, in the order of the guides, within their limits."""

from collections.abc import Sequence
from operator import attrgetter

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
from billing_saas.edi.claim837_layout import amount_text
from billing_saas.edi.claim837_line_writer import adjustment_segments, write_line
from billing_saas.edi.claim837_parts import (
    ATTACHMENT,
    CONTRACT,
    DEMOGRAPHICS,
    FILE_INFORMATION,
    INSURANCE,
    NOTE,
    PRICING,
    QUANTITY,
)
from billing_saas.edi.claim837_writing import Writing, inside, trimmed
from billing_saas.edi.writing import Unwritable

MOST_LINES = {"837P": 50, "837I": 999, "837D": 50}
MOST_COVERAGES = 10
_PER_SEGMENT = 12
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
_ALL_CODES = attrgetter(*_MOST_CODES["837I"])
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
    out = writing.segments
    _write_information(writing, claim)
    writing.dates(claim.dates)
    if claim.stay is not None:
        out.append(INSTITUTIONAL_STAY.write(claim.stay))
    if claim.orthodontics is not None:
        out.append(ORTHODONTICS.write(claim.orthodontics))
    if claim.teeth:
        out += [TOOTH_STATUS.write(tooth) for tooth in claim.teeth]
    if claim.attachments:
        out += [ATTACHMENT.write(attachment) for attachment in claim.attachments]
    if claim.contract is not None:
        out.append(CONTRACT.write(claim.contract))
    if claim.amounts:
        writing.amounts(claim.amounts)
    writing.references(claim.references)
    if claim.file_information:
        out += [FILE_INFORMATION.write(information) for information in claim.file_information]
    if claim.notes:
        out += [NOTE.write(note) for note in claim.notes]
    if claim.ambulance is not None:
        out.append(AMBULANCE_TRANSPORT.write(claim.ambulance))
    if claim.spinal_manipulation is not None:
        out.append(SPINAL_MANIPULATION.write(claim.spinal_manipulation))
    if claim.certifications:
        out += [CERTIFICATION.write(certification) for certification in claim.certifications]
    _write_health_codes(writing, kind, claim)
    if claim.quantities:
        out += [QUANTITY.write(quantity) for quantity in claim.quantities]
    if claim.pricing is not None:
        out.append(PRICING.write(claim.pricing))
    _write_loops(writing, kind, claim)


def _write_loops(writing: Writing, kind: str, claim: Claim) -> None:
    if claim.providers:
        writing.providers(claim.providers, _RANKS[kind])
    for coverage in claim.other_coverages:
        _write_coverage(writing, coverage)
    diagnoses = len(claim.diagnoses)
    for number, line in enumerate(claim.lines, 1):
        try:
            if line.diagnosis_pointers and not (
                min(line.diagnosis_pointers) > 0 and max(line.diagnosis_pointers) <= diagnoses
            ):
                raise Unwritable("a pointer names no diagnosis of the claim", "SV1", 7)
            write_line(writing, kind, line, number)
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
    facility = [claim.facility_code, claim.facility_qualifier, claim.frequency]
    segment = [
        "CLM",
        claim.number,
        amount_text(claim.charge_cents, "CLM", 2),
        "",
        "",
        writing.composite(facility, "CLM", 5),
        claim.provider_signature,
        claim.assignment,
        claim.benefits_assigned,
        claim.release_of_information,
        claim.patient_signature_source,
    ]
    tail = _INFORMATION_TAIL(claim)
    if any(tail):
        causes, state, country, *others = tail
        composite = ""
        if causes or state or country:
            parts = [*[*causes, "", "", ""][:3], state, country]
            composite = writing.composite(parts, "CLM", 11)
        program, agreement, requested, reason, delay = others
        segment += [composite, program, "", "", "", agreement, "", requested, reason, delay]
    writing.segments.append(segment if segment[-1] else trimmed(segment))


# CLM11 and what comes after it.
_INFORMATION_TAIL = attrgetter(
    "related_causes",
    "accident_state",
    "accident_country",
    "special_program",
    "participation_agreement",
    "remittance_requested",
    "submission_reason",
    "delay_reason",
)


def _write_health_codes(writing: Writing, kind: str, claim: Claim) -> None:
    every = _ALL_CODES(claim)
    # Diagnoses alone, as in most professional claims: one segment of at most twelve.
    if kind == "837P" and len(claim.diagnoses) <= _PER_SEGMENT and not any(every[1:]):
        if claim.diagnoses:
            _write_codes(writing, claim.diagnoses)
        return
    limits = _MOST_CODES[kind]
    for field, codes in zip(_MOST_CODES["837I"], every, strict=True):
        count = 0 if not codes else len(codes) if isinstance(codes, tuple) else 1
        if count > limits.get(field, 0):
            most, name = limits.get(field, 0), field.replace("_", " ")
            raise Unwritable(f"a claim of this kind has at most {most} {name}", "HI")
    for codes in _code_segments(kind, claim):
        if codes:
            _write_codes(writing, codes)


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
        if (
            code.present_on_admission
            or code.date_format
            or code.date
            or code.amount_cents is not None
            or code.quantity
            or code.version
            or code.range_end
        ):
            parts = HEALTH_CODE.write(code)[1:]
            segment.append(writing.composite(parts, "HI", len(segment)))
        else:
            segment.append(writing.pair(code.qualifier, code.code, "HI", len(segment)))
    writing.segments.append(segment)


def _write_coverage(writing: Writing, coverage: OtherCoverage) -> None:
    out = writing.segments
    out.append(INSURANCE.write(coverage.insurance))
    out += adjustment_segments(coverage.adjustments)
    writing.amounts(coverage.amounts)
    if coverage.demographics is not None:
        out.append(DEMOGRAPHICS.write(coverage.demographics))
    if coverage.consent is not None:
        out.append(OTHER_INSURANCE.write(coverage.consent))
    if coverage.inpatient is not None:
        out.append(INPATIENT_ADJUDICATION.write(coverage.inpatient))
    if coverage.outpatient is not None:
        out.append(OUTPATIENT_ADJUDICATION.write(coverage.outpatient))
    if coverage.subscriber is not None:
        writing.party(coverage.subscriber, demographics=coverage.subscriber.demographics)
    if coverage.payer is not None:
        writing.party(coverage.payer, dates=coverage.payer.dates)
    if coverage.patient is not None:
        writing.party(coverage.patient, demographics=coverage.patient.demographics)
    for provider in coverage.providers:
        writing.party(provider, specialty=provider.specialty)
