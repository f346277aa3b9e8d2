"""What matching reads of both sides, set by set: our charges, and the lines that were paid."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from billing_saas.kit.db import TenantSession
from billing_saas.remittances.matching_rules import ChargeLine
from billing_saas.remittances.rules import Adjusted

_CHARGES = text(
    """
    SELECT c.id AS claim_id, charge.id, charge.procedure_code, charge.modifiers,
      charge.charge_cents, charge.service_from, charge.line_control_number
    FROM unnest(CAST(:claim_ids AS uuid[])) AS found (id)
    JOIN claim c ON c.tenant_id = :tenant_id AND c.id = found.id
    JOIN charge ON charge.tenant_id = :tenant_id AND charge.encounter_id = c.encounter_id
    ORDER BY charge.encounter_id, charge.n
    """
)
_SERVICES = text(
    """
    SELECT sp.id, sp.claim_payment_id, sp.n, sp.procedure_code, sp.modifiers,
      sp.submitted_procedure, sp.charge_cents, sp.paid_cents, sp.allowed_cents, sp.service_from,
      sp.line_control_number, sp.remarks
    FROM unnest(CAST(:ids AS uuid[])) AS paid (id)
    JOIN service_payment sp ON sp.tenant_id = :tenant_id AND sp.claim_payment_id = paid.id
    ORDER BY sp.claim_payment_id, sp.n
    """
)
_ADJUSTMENTS = text(
    """
    SELECT a.claim_payment_id, a.service_payment_id, a.group_code, a.reason_code, a.amount_cents,
      a.quantity
    FROM unnest(CAST(:ids AS uuid[])) AS paid (id)
    JOIN adjustment a ON a.tenant_id = :tenant_id AND a.claim_payment_id = paid.id
    ORDER BY a.claim_payment_id, a.n
    """
)


@dataclass(frozen=True, slots=True)
class Parts:
    """Services by claim payment; adjustments by claim payment, and by service."""

    services: dict[UUID, list[Row[Any]]]
    of_claims: dict[UUID, list[Adjusted]]
    of_services: dict[UUID, list[Adjusted]]

    def all_adjustments(self, claim_payment_id: UUID) -> list[Adjusted]:
        found = list(self.of_claims.get(claim_payment_id, []))
        for service in self.services.get(claim_payment_id, []):
            found += self.of_services.get(service.id, [])
        return found


async def charges_of(db: TenantSession, claim_ids: set[UUID]) -> dict[UUID, list[ChargeLine]]:
    charges: dict[UUID, list[ChargeLine]] = {}
    for row in await db.execute(
        _CHARGES, {"tenant_id": db.tenant_id, "claim_ids": list(claim_ids)}
    ):
        charges.setdefault(row.claim_id, []).append(
            ChargeLine(
                row.id,
                f"{row.procedure_code} {row.modifiers}".strip(),
                row.charge_cents,
                row.service_from,
                row.line_control_number,
            )
        )
    return charges


async def parts_of(db: TenantSession, ids: Sequence[UUID]) -> Parts:
    parts = Parts({}, {}, {})
    for row in await db.execute(_SERVICES, {"tenant_id": db.tenant_id, "ids": list(ids)}):
        parts.services.setdefault(row.claim_payment_id, []).append(row)
    for row in await db.execute(_ADJUSTMENTS, {"tenant_id": db.tenant_id, "ids": list(ids)}):
        adjusted = Adjusted(row.group_code, row.reason_code, row.amount_cents, row.quantity)
        if row.service_payment_id is None:
            parts.of_claims.setdefault(row.claim_payment_id, []).append(adjusted)
        else:
            parts.of_services.setdefault(row.service_payment_id, []).append(adjusted)
    return parts
