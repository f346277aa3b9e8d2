"""Examples of assistance, circumstances, placements and agencies: of one invented account at Elm."""

from typing import Any

_POLICY = {"age_days": 120, "minimum_cents": 5000, "notice_days": 30}
_APPLICATION = {
    "household": 3,
    "income_from": "wages",
    "note": "Hours were cut in August.",
    "yearly_income_cents": 3000000,
}
_DOCKET = {"contact": "the trustee", "court": "Northern District", "note": "", "number": "26-10442"}
_REPORT = {
    "collected_cents": 4000,
    "direct_cents": 0,
    "fee_cents": 1200,
    "remits": "net",
    "remitted_cents": 2800,
    "rows": 1,
}
_PLACEMENT = {"proposed_by_kind": "system", "rate_bps": 3000, "reference": "K7QX2M9TB4WZ"}
_AGENCY = {"baa_signed_by": "B. Birch", "name": "Birch Recovery", "rate_bps": 3000, "remits": "net"}


def _of(schema: str, fields: dict[str, Any]) -> dict[str, Any]:
    return {f"{schema}.{name}": value for name, value in fields.items()}


FIELDS: dict[str, Any] = {
    "AgencyFile.rows": 1,
    "AgencyNotice.kind": "place",
    "AgencyPayment.fee_cents": 1200,
    "AgencyPayment.kind": "payment",
    "AgencyPayment.number": "P-1001",
    **_of("AgencyReport", _REPORT),
    "AgencyReport.state": "posted",
    **_of("Circumstance", _DOCKET),
    "Circumstance.kind": "bankruptcy",
    "Circumstance.outcome": "",
    **_of("CircumstanceIn", _DOCKET),
    "CircumstanceListed.kind": "bankruptcy",
    "CircumstanceListed.outcome": "",
    **_of("CollectionAgency", _AGENCY),
    "CollectionAgency.state": "active",
    **_of("CollectionAgencyIn", _AGENCY),
    **_of("CollectionPolicy", _POLICY),
    **_of("CollectionPolicyIn", _POLICY),
    "Eligibility.reasons": "below_minimum",
    "FeePayment.invoice": "INV-2026-10",
    "FeePaymentIn.invoice": "INV-2026-10",
    "FeesDue.due_cents": 1200,
    **_of("HardshipApplication", _APPLICATION),
    "HardshipApplication.applied_by_kind": "user",
    "HardshipApplication.decided_because": "",
    "HardshipApplication.guideline_percent": 112,
    "HardshipApplication.percent": 75,
    "HardshipApplication.reason": "",
    "HardshipApplication.scale_percent": 75,
    "HardshipApplication.state": "approved",
    "HardshipApplication.written_off_cents": 2119,
    **_of("HardshipApplicationIn", _APPLICATION),
    "HardshipApproval.because": "",
    "HardshipApproval.percent": 75,
    "HardshipEvent.from_state": "applied",
    "HardshipEvent.to_state": "approved",
    "HardshipEvent.why": "approved",
    "HardshipListed.applied_by_kind": "user",
    "HardshipListed.percent": 75,
    "HardshipListed.reason": "",
    "HardshipListed.state": "approved",
    **_of("HardshipPolicy", {"evidence_days": 30, "good_days": 180, "region": "contiguous"}),
    **_of("HardshipPolicyIn", {"evidence_days": 30, "good_days": 180}),
    "LeftOutItem.reasons": "too_young",
    **_of("Placement", _PLACEMENT),
    "Placement.left_cents": 2825,
    "Placement.reason": "",
    "Placement.state": "placed",
    "PlacementEvent.from_state": "pre_placement",
    "PlacementEvent.to_state": "placed",
    "PlacementEvent.why": "placed_by_person",
    **_of("PlacementListed", _PLACEMENT),
    "PlacementListed.reason": "",
    "PlacementListed.state": "placed",
    # Of no year: a practice enters those that HHS published.
    **_of("PovertyGuideline", {"each_more_cents": 550000, "one_person_cents": 1600000}),
    "PovertyGuideline.region": "contiguous",
    "PovertyGuideline.source": "91 FR 1797",
    **_of("PovertyGuidelineIn", {"each_more_cents": 550000, "one_person_cents": 1600000}),
    "PovertyGuidelineIn.source": "91 FR 1797",
    "ScaleStep.percent_off": 75,
    "ScaleStep.up_to_percent": 150,
    "WrittenOff.written_off_cents": 2119,
}
