"""Acknowledgments and attachments as plain values: 999, 997, 277CA, 275."""

from typing import Any

from billing_saas.edi import attachment275, folding277ca, status277ca
from billing_saas.edi.ack999 import Acknowledgment, SegmentError, SetAcknowledgment
from billing_saas.edi.binaries import Lifted
from billing_saas.edi.envelope import TransactionSet
from billing_saas.edi.findings import Finding
from billing_saas.edi.status277ca import ClaimAcknowledgment, ClaimStatus
from billing_saas.edi.status_parts import Status

Shown = dict[str, Any]
KINDS = frozenset({"277CA", "275"})


def show(transaction: TransactionSet, lifted: Lifted, findings: list[Finding]) -> Shown:
    if transaction.kind == "277CA":
        return claim_acknowledgment(status277ca.read(transaction, findings))
    return attachment(attachment275.read(transaction, lifted, findings))


def acknowledgment(answer: Acknowledgment) -> Shown:
    """A 999 or 997: of which group it speaks, and what it says of each set."""
    return {
        "acknowledged_group": {
            "functional_id": answer.functional_id,
            "control_number": answer.control_number,
            "version": answer.version,
        },
        "status": answer.status,
        "verdict": answer.verdict,
        "included": answer.included,
        "received": answer.received,
        "accepted": answer.accepted,
        "notes": list(answer.notes),
        "sets": [_set(one) for one in answer.sets],
    }


def _set(one: SetAcknowledgment) -> Shown:
    return {
        "kind": one.identifier,
        "control_number": one.control_number,
        "status": one.status,
        "notes": list(one.notes),
        "errors": [_segment_error(error) for error in one.errors],
    }


def _segment_error(error: SegmentError) -> Shown:
    return {
        "segment": error.segment,
        "position": error.position,
        "loop": error.loop,
        "code": error.code,
        # The copy of the bad value is left out: it may be a patient's.
        "elements": [
            {
                "element": one.where.element if one.where else "",
                "component": one.where.component if one.where else "",
                "repetition": one.where.repetition if one.where else "",
                "reference": one.reference,
                "code": one.code,
            }
            for one in error.elements
        ],
    }


def claim_acknowledgment(answer: ClaimAcknowledgment) -> Shown:
    return {
        "reference": answer.beginning.reference if answer.beginning else "",
        "batches": [
            {
                "reference": receiver.batch_reference,
                "statuses": [status(one) for one in receiver.statuses],
                "accepted_count": receiver.accepted_count,
                "rejected_count": receiver.rejected_count,
                "accepted_cents": receiver.accepted_cents,
                "rejected_cents": receiver.rejected_cents,
            }
            for _, receiver in answer.receivers()
        ],
        "verdicts": [
            {"patient_control_number": one.claim_number, "verdict": one.verdict}
            for one in folding277ca.claim_verdicts(answer)
        ],
        "claims": [
            _claim(claim)
            for _, receiver in answer.receivers()
            for provider in receiver.providers
            for patient in provider.patients
            for claim in patient.claims
        ],
    }


def _claim(claim: ClaimStatus) -> Shown:
    return {
        "patient_control_number": claim.claim_number,
        "payer_control_number": claim.payer_claim_number,
        "clearinghouse_number": claim.clearinghouse_number,
        "statuses": [status(one) for one in claim.statuses],
        "lines": [
            {
                "line_control_number": line.line_number,
                "statuses": [status(one) for one in line.statuses],
            }
            for line in claim.lines
        ],
    }


def status(one: Status) -> Shown:
    return {
        "codes": [
            {"category": code.category, "status": code.status, "entity": code.entity}
            for code in one.codes
        ],
        "date": one.date,
        "action": one.action,
        "charge_cents": one.charge_cents,
        "paid_cents": one.paid_cents,
    }


def _lengths(assignment: attachment275.Assignment) -> list[int]:
    plain = [len(document.content) for document in assignment.documents]
    return plain + [len(document.content) for document in assignment.encoded_documents]


def attachment(carrier: attachment275.Attachment) -> Shown:
    return {
        "purpose": carrier.purpose,
        "reference": carrier.reference,
        "traces": [trace.number for trace in carrier.traces],
        "assignments": [
            {
                "number": one.number,
                "traces": [trace.number for trace in one.traces],
                "report": one.category.report if one.category else None,
                "documents": [{"length": length} for length in _lengths(one)],
            }
            for one in carrier.assignments
        ],
    }
