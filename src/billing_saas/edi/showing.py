"""Any file as plain values for JSON: what `billing-saas edi show FILE --json` prints.

    {"interchanges": [{"control_number", "sender", "receiver", "usage",
                       "groups": [{"version", "control_number",
                                   "transactions": [{"kind", "control_number", ...}]}]}],
     "findings": [...]}

Amounts are integer cents with X12's sign. A TA1 stands in no functional group, so it is shown as a
transaction of a group whose version is null. A transaction that could not be read says why in
`refused`. Patients' names are not shown, account and claim numbers are: this is for people who may
open the file itself.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from billing_saas.edi import claim837_reader, era835, showing_answers, showing_inquiries, ta1
from billing_saas.edi.ack999 import AcknowledgmentUnreadable
from billing_saas.edi.ack999 import read as read_acknowledgment
from billing_saas.edi.binaries import Lifted
from billing_saas.edi.claim837 import Claim
from billing_saas.edi.claim837_lines import ServiceLine
from billing_saas.edi.delimiters import Unreadable
from billing_saas.edi.envelope import FunctionalGroup, Interchange, TransactionSet, interchanges
from billing_saas.edi.findings import Finding
from billing_saas.edi.layout_reading import UnsupportedSet
from billing_saas.edi.remittance import Adjustment, ClaimPayment, Remittance, ServicePayment

Shown = dict[str, Any]
_CHUNK = 1 << 16
_CLAIM_VERSIONS = ("005010", "004010")


def show(path: Path) -> Shown:
    """Raises Unreadable where nothing of the file can be read, OSError where it cannot be opened."""
    with path.open("rb") as file:
        return show_chunks(iter(lambda: file.read(_CHUNK), b""))


def show_chunks(chunks: Iterable[bytes]) -> Shown:
    findings: list[Finding] = []
    shown: list[Shown] = []
    lifted = Lifted(chunks)
    try:
        for interchange in interchanges(lifted, findings):
            shown.append(_header(interchange))
            groups: list[Shown] = shown[-1]["groups"]
            for group in interchange.groups():
                groups.append(_group(group, lifted, findings))  # noqa: PERF401 - kept if it breaks off
            if interchange.acknowledgments:
                groups.insert(0, _acknowledgments(interchange, findings))
    except Unreadable as unreadable:
        if not shown:
            raise
        findings.append(_unreadable(unreadable))
    return {"interchanges": shown, "findings": [plain_finding(one) for one in findings]}


def _header(interchange: Interchange) -> Shown:
    header = interchange.header
    return {
        "control_number": header.control_number,
        "sender": header.sender,
        "receiver": header.receiver,
        "usage": header.usage,
        "groups": [],
    }


def _group(group: FunctionalGroup, lifted: Lifted, findings: list[Finding]) -> Shown:
    return {
        "version": group.header.version,
        "control_number": group.header.control_number,
        "transactions": [_transaction(one, lifted, findings) for one in group.transactions()],
    }


def _acknowledgments(interchange: Interchange, findings: list[Finding]) -> Shown:
    return {
        "version": None,
        "control_number": None,
        "transactions": [
            {
                "kind": "TA1",
                "control_number": one.control_number,
                "date": one.date,
                "time": one.time,
                "status": one.status,
                "verdict": one.verdict,
                "note": one.note,
                "meaning": one.meaning,
            }
            for one in ta1.read_all(interchange, findings)
        ],
    }


def _transaction(transaction: TransactionSet, lifted: Lifted, findings: list[Finding]) -> Shown:
    shown: Shown = {"kind": transaction.kind, "control_number": transaction.control_number}
    shown["version"] = transaction.version
    try:
        shown.update(_content(transaction, lifted, findings))
    except (era835.UnsupportedVersion, UnsupportedSet, AcknowledgmentUnreadable) as refusal:
        shown["refused"] = str(refusal)
        shown["claims"] = []
        findings.append(_refused(transaction, str(refusal)))
    transaction.skip()
    shown["segment_count"] = transaction.segment_count
    return shown


def _content(transaction: TransactionSet, lifted: Lifted, findings: list[Finding]) -> Shown:
    kind = transaction.kind
    if kind == "835":
        return remittance(transaction, findings)
    if kind.startswith("837"):
        return claims(transaction, findings)
    if kind in {"999", "997"}:
        return showing_answers.acknowledgment(read_acknowledgment(transaction, findings))
    if kind in showing_answers.KINDS:
        return showing_answers.show(transaction, lifted, findings)
    if kind in showing_inquiries.KINDS:
        return showing_inquiries.show(transaction, findings)
    raise UnsupportedSet("transactions of this kind are not read")


def remittance(transaction: TransactionSet, findings: list[Finding]) -> Shown:
    reading = era835.read(transaction)
    paid = [_claim_payment(claim) for claim in reading.claims()]
    findings += reading.findings
    payment: Remittance = reading.remittance
    return {
        "payment_cents": payment.payment_cents,
        "method": payment.method,
        "payment_date": payment.payment_date,
        "trace_number": payment.trace_number,
        "payer": payment.payer.name if payment.payer else None,
        "payer_id": payment.payer.id if payment.payer else None,
        "payee": payment.payee.name if payment.payee else None,
        "payee_id": payment.payee.id if payment.payee else None,
        "balanced": reading.balanced,
        "claims": paid,
        "provider_adjustments": [
            {
                "provider_id": pair.provider_id,
                "reason": pair.reason,
                "reference": pair.reference,
                "amount_cents": pair.amount_cents,
            }
            for pair in reading.provider_adjustments
        ],
    }


def _claim_payment(claim: ClaimPayment) -> Shown:
    return {
        "patient_control_number": claim.patient_control_number,
        "payer_control_number": claim.payer_control_number,
        "status": claim.status,
        "charge_cents": claim.charge_cents,
        "paid_cents": claim.paid_cents,
        # CLP05 is sent only where the patient owes something.
        "patient_responsibility_cents": claim.patient_responsibility_cents or 0,
        "adjustments": [_adjustment(one) for one in claim.adjustments],
        "remarks": list(claim.remarks),
        "services": [_service_payment(one) for one in claim.services],
    }


def _service_payment(service: ServicePayment) -> Shown:
    submitted = service.submitted_procedure
    return {
        "procedure": service.procedure.code,
        "procedure_qualifier": service.procedure.qualifier,
        "modifiers": list(service.procedure.modifiers),
        "submitted_procedure": submitted.code if submitted else None,
        "charge_cents": service.charge_cents,
        "paid_cents": service.paid_cents,
        # An SVC05 that is not sent means one unit.
        "units": number(service.units or "1"),
        "adjustments": [_adjustment(one) for one in service.adjustments],
        "remarks": [remark.code for remark in service.remarks],
        "line_control_number": service.line_control_number or None,
    }


def _adjustment(adjustment: Adjustment) -> Shown:
    return {
        "group": adjustment.group,
        "reason": adjustment.reason,
        "amount_cents": adjustment.amount_cents,
        "quantity": number(adjustment.quantity),
    }


def claims(transaction: TransactionSet, findings: list[Finding]) -> Shown:
    if not transaction.version.startswith(_CLAIM_VERSIONS):
        raise UnsupportedSet("only versions 005010 and 004010 of the 837 are read")
    stream = claim837_reader.read(transaction, findings)
    return {"reference": stream.header.reference, "claims": [_claim(claim) for claim in stream]}


def _claim(claim: Claim) -> Shown:
    return {
        "patient_control_number": claim.number,
        "charge_cents": claim.charge_cents,
        "frequency": claim.frequency,
        "facility_code": claim.facility_code,
        "payer_claim_number": claim.payer_claim_number or None,
        "diagnoses": [diagnosis.code for diagnosis in claim.diagnoses],
        "lines": [_line(line) for line in claim.lines],
        "payers": list(_payers(claim)),
    }


def _payers(claim: Claim) -> Iterator[Shown]:
    """The payer the claim goes to, then the others in line with what they paid."""
    insurance = claim.subscriber.insurance
    yield {
        "sequence": insurance.sequence if insurance else None,
        "payer_id": claim.payer.id or None,
        "paid_cents": None,
    }
    for other in claim.other_coverages:
        yield {
            "sequence": other.insurance.sequence,
            "payer_id": other.payer.id if other.payer else None,
            "paid_cents": other.paid_cents,
        }


def _line(line: ServiceLine) -> Shown:
    procedure = line.procedure
    return {
        "procedure": procedure.code if procedure else None,
        "modifiers": list(procedure.modifiers) if procedure else [],
        "revenue_code": line.institutional.revenue_code if line.institutional else None,
        "charge_cents": line.charge_cents,
        "units": number(line.quantity),
        "unit": line.unit,
        "pointers": list(line.diagnosis_pointers),
        "line_control_number": line.control_number or None,
    }


def number(text: str) -> int | float | None:
    """A quantity for JSON, which has only numbers; None where none was sent."""
    if not text:
        return None
    return float(text) if "." in text else int(text)


def plain_finding(finding: Finding) -> Shown:
    plain: Shown = msgspec.to_builtins(finding)
    return plain


def _refused(transaction: TransactionSet, reason: str) -> Finding:
    return Finding(
        severity="error",
        level="transaction",
        code="refused",
        message=f"The transaction set was not read: {reason}.",
        place=transaction.place,
    )


def _unreadable(unreadable: Unreadable) -> Finding:
    return Finding(
        severity="error",
        level="interchange",
        code=unreadable.code,
        message=f"The rest of the file cannot be read: {unreadable}.",
        ack_code=unreadable.ack_code,
    )
