"""Examples of explanations and statements: $142.50 charged, $100.00 paid, $28.25 taken off, $14.25 owed."""

from typing import Any

_RULES = {
    "cycle_days": 30,
    "due_days": 25,
    "minimum_cents": 500,
    "pay_to": "PO Box 12\nSpringfield, IL 62701",
    "phone": "217-555-0100",
}
_PARTS = {
    "contract_cents": 2825,
    "patient_paid_cents": 0,
    "plan_paid_cents": 10000,
    "write_off_cents": 0,
}


def _of(schema: str, fields: dict[str, Any]) -> dict[str, Any]:
    return {f"{schema}.{name}": value for name, value in fields.items()}


FIELDS: dict[str, Any] = {
    **_of("StatementRules", _RULES),
    **_of("StatementRulesIn", _RULES),
    **_of("StatementLine", {**_PARTS, "owed_cents": 1425}),
    **_of("Sums", _PARTS),
    "Candidate.billed_cents": 1425,
    "Candidate.guarantor_first_name": "Emil",
    "Candidate.guarantor_last_name": "Fernhollow",
    "Candidate.owed_cents": 1425,
    "Candidate.reasons": "first",
    "Candidate.stage": "first",
    "GuarantorExplanation.owed_cents": 1425,
    "PlanPart.contract_cents": 2825,
    "PrintBatch.statements": 1,
    "PrintBatchItem.first_page": 1,
    "Share.cents": 1425,
    "Share.meaning": "Your plan pays most of the price; this is the percentage that is yours.",
    "Statement.guarantor_first_name": "Emil",
    "Statement.guarantor_last_name": "Fernhollow",
    "Statement.language": "en",
    "Statement.number": "4821-0037-1902",
    "Statement.stage": "first",
    "Statement.total_cents": 1425,
    "Statement.void_reason": "",
    "StatementRun.asked": "person",
    "StatementRun.guarantors": 1,
    "StatementRun.included": 1,
    "StatementRun.issued": 1,
    "StatementRun.total_cents": 1425,
    "Sums.agency_cents": 0,
    "Sums.insurer_owes_cents": 0,
    "Sums.other_owes_cents": 0,
    "Sums.patient_owes_cents": 1425,
    "WriteOff.cents": 500,
}
