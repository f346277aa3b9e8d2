"""Claims of an 835 into rows: claim payments, service payments and adjustments, a batch at a time."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from billing_saas.audit import contents
from billing_saas.audit.contents import Content
from billing_saas.edi.parties import DateValue, Procedure
from billing_saas.edi.remittance import Adjustment as Adjusted
from billing_saas.edi.remittance import ClaimPayment as ClaimPaid
from billing_saas.edi.remittance import ServicePayment as ServicePaid
from billing_saas.kit import bulk
from billing_saas.kit.db import TenantSession
from billing_saas.kit.ids import new_id, new_ids
from billing_saas.phi.keyring import Keyring
from billing_saas.phi.registry import CLAIM_PAYMENT_PHI_DEMO
from billing_saas.remittances import rules
from billing_saas.remittances.rules import ClaimPaymentIdentity
from billing_saas.remittances.tables import Adjustment, ClaimPayment, ServicePayment

# Where the day of service stands: of the claim (232 to 233), of the line (472, or 150 to 151).
_CLAIM_FROM, _CLAIM_TO = ("232",), ("233", "232")
_LINE_FROM, _LINE_TO = ("472", "150"), ("472", "151", "150")


async def write(
    db: TenantSession,
    ring: Keyring,
    remittance_id: UUID,
    written: int,
    claims: Sequence[ClaimPaid],
) -> list[Content]:
    """Write `claims`, of which `written` came before them in this remittance; what was sealed."""
    if not claims:
        return []
    ids = new_ids(len(claims))
    same = {"tenant_id": db.tenant_id, "remittance_id": remittance_id}
    columns = _claim_columns(ids, written, claims)
    sealed = [
        ring.seal(CLAIM_PAYMENT_PHI_DEMO, row_id, _identity(claim))
        for row_id, claim in zip(ids, claims, strict=True)
    ]
    columns["phi_demo"] = list(sealed)
    await bulk.insert(
        db,
        bulk.table_of(ClaimPayment),
        columns,
        {**same, "state": "unmatched", "review_reason": "", "posting_number": 0}
        | {"key_ver": ring.key_ver},
    )
    await _write_lines(db, ids, claims)
    return [
        contents.of(CLAIM_PAYMENT_PHI_DEMO, row_id, cell)
        for row_id, cell in zip(ids, sealed, strict=True)
    ]


def _claim_columns(
    ids: Sequence[UUID], written: int, claims: Sequence[ClaimPaid]
) -> dict[str, list[object]]:
    return {
        "id": list(ids),
        "n": list(range(written + 1, written + len(claims) + 1)),
        "segment_position": [claim.position for claim in claims],
        "status": [claim.status for claim in claims],
        "charge_cents": [claim.charge_cents for claim in claims],
        "paid_cents": [claim.paid_cents for claim in claims],
        "patient_responsibility_cents": [
            claim.patient_responsibility_cents or 0 for claim in claims
        ],
        "filing_indicator": [claim.filing_indicator for claim in claims],
        "frequency": [claim.frequency for claim in claims],
        "service_from": [_first_day(claim.dates, _CLAIM_FROM) for claim in claims],
        "service_to": [_first_day(claim.dates, _CLAIM_TO) for claim in claims],
        "remarks": [" ".join(claim.remarks) for claim in claims],
    }


async def _write_lines(db: TenantSession, ids: Sequence[UUID], claims: Sequence[ClaimPaid]) -> None:
    services: list[tuple[object, ...]] = []
    adjustments: list[tuple[object, ...]] = []
    for claim_payment_id, claim in zip(ids, claims, strict=True):
        n = 0
        for adjusted in claim.adjustments:
            n += 1
            adjustments.append(_adjustment_row(claim_payment_id, n, None, adjusted))
        for number, service in enumerate(claim.services, 1):
            service_id = new_id()
            services.append(_service_row(service_id, claim_payment_id, number, claim, service))
            for adjusted in service.adjustments:
                n += 1
                adjustments.append(_adjustment_row(claim_payment_id, n, service_id, adjusted))
    same = {"tenant_id": db.tenant_id}
    await bulk.insert(db, bulk.table_of(ServicePayment), _columns(_SERVICE, services), same)
    await bulk.insert(db, bulk.table_of(Adjustment), _columns(_ADJUSTMENT, adjustments), same)


_SERVICE = (
    *("id", "claim_payment_id", "n", "segment_position", "procedure_qualifier", "procedure_code"),
    *("modifiers", "submitted_procedure", "units", "charge_cents", "paid_cents", "allowed_cents"),
    *("service_from", "service_to", "line_control_number", "remarks", "denied"),
)
_ADJUSTMENT = (
    *("claim_payment_id", "n", "service_payment_id", "group_code", "reason_code"),
    *("amount_cents", "quantity"),
)


def _columns(
    names: Sequence[str], rows: Sequence[tuple[object, ...]]
) -> dict[str, Sequence[object]]:
    return dict(zip(names, zip(*rows, strict=True), strict=True)) if rows else {}


def _service_row(
    service_id: UUID, claim_payment_id: UUID, n: int, claim: ClaimPaid, service: ServicePaid
) -> tuple[object, ...]:
    procedure = service.procedure
    submitted = service.submitted_procedure
    judged = rules.Service(
        id=service_id,
        charge_id=None,
        charge_cents=service.charge_cents,
        paid_cents=service.paid_cents,
        allowed_cents=None,
        bundled=submitted is not None and submitted.code != procedure.code,
        adjustments=tuple(
            [rules.Adjusted(a.group, a.reason, a.amount_cents) for a in service.adjustments]
        ),
    )
    return (
        service_id,
        claim_payment_id,
        n,
        service.position,
        procedure.qualifier,
        procedure.code or service.revenue_code,
        " ".join(procedure.modifiers),
        _code(submitted) if submitted else "",
        service.units or "1",
        service.charge_cents,
        service.paid_cents,
        next((a.amount_cents for a in service.amounts if a.qualifier == "B6"), None),
        _first_day(service.dates, _LINE_FROM),
        _first_day(service.dates, _LINE_TO),
        service.line_control_number,
        " ".join(remark.code for remark in service.remarks),
        rules.is_denied(claim.status, judged),
    )


def _code(procedure: Procedure) -> str:
    return " ".join((procedure.code, *procedure.modifiers))


def _adjustment_row(
    claim_payment_id: UUID, n: int, service_id: UUID | None, adjusted: Adjusted
) -> tuple[object, ...]:
    return (
        claim_payment_id,
        n,
        service_id,
        adjusted.group,
        adjusted.reason,
        adjusted.amount_cents,
        adjusted.quantity,
    )


def _first_day(dates: Sequence[DateValue], qualifiers: Sequence[str]) -> date | None:
    for qualifier in qualifiers:
        for value in dates:
            if value.qualifier == qualifier:
                return value.start
    return None


def _identity(claim: ClaimPaid) -> ClaimPaymentIdentity:
    patient, subscriber = claim.patient, claim.subscriber
    holder = subscriber if subscriber is not None and subscriber.id else patient
    return ClaimPaymentIdentity(
        patient_control_number=claim.patient_control_number,
        payer_control_number=claim.payer_control_number,
        patient_last_name=patient.name if patient else "",
        patient_first_name=patient.first_name if patient else "",
        member_id=holder.id if holder else "",
    )
