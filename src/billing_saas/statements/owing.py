"""What guarantors owe now, by the ledger: an open item per charge, oldest service first."""

from collections.abc import Collection
from datetime import date
from uuid import UUID

from sqlalchemy import text

from billing_saas.kit.db import TenantSession
from billing_saas.patients import guarantors
from billing_saas.statements import rules
from billing_saas.statements.rules import OpenItem

# By the patients' lines, whatever the account: an index of the whole account would be read otherwise.
_OWED = text(
    """
    SELECT owed.patient_id, owed.claim_id, owed.charge_id, owed.cents,
      coalesce(charge.service_from, claim.service_from, owed.since) AS service_on
    FROM (
      SELECT line.patient_id, line.claim_id, line.charge_id,
        CAST(sum(line.amount_cents)
          FILTER (WHERE line.account = 'patient_receivable') AS bigint) AS cents,
        min(line.effective_on) FILTER (WHERE line.account = 'patient_receivable') AS since
      FROM ledger_line line
      WHERE line.tenant_id = :tenant_id AND line.patient_id = ANY (CAST(:patient_ids AS uuid[]))
      GROUP BY line.patient_id, line.claim_id, line.charge_id
    ) owed
    LEFT JOIN charge ON charge.tenant_id = :tenant_id AND charge.id = owed.charge_id
    LEFT JOIN claim ON claim.tenant_id = :tenant_id AND claim.id = owed.claim_id
    WHERE owed.cents <> 0
    """
)
_OWING_PATIENTS = text(
    """
    SELECT line.patient_id FROM ledger_line line
    WHERE line.tenant_id = :tenant_id AND line.account = 'patient_receivable'
      AND line.patient_id IS NOT NULL
    GROUP BY line.patient_id HAVING sum(line.amount_cents) > 0
    """
)
_CREDIT = text(
    """
    SELECT line.patient_id, CAST(-sum(line.amount_cents)
      FILTER (WHERE line.account = 'unapplied_patient_cash') AS bigint) AS cents
    FROM ledger_line line
    WHERE line.tenant_id = :tenant_id AND line.patient_id = ANY (CAST(:patient_ids AS uuid[]))
    GROUP BY line.patient_id
    """
)


async def owed_by(db: TenantSession, guarantor_id: UUID) -> list[OpenItem]:
    """What the guarantor owes now, for himself and for those he pays for. Oldest first."""
    return (await owed_by_many(db, [guarantor_id])).get(guarantor_id, [])


async def owed_by_many(
    db: TenantSession, guarantor_ids: Collection[UUID]
) -> dict[UUID, list[OpenItem]]:
    """By guarantor. One who owes nothing is left out."""
    dependants = await guarantors.dependants_of_many(db, guarantor_ids)
    payer_of = {patient: payer for payer, patients in dependants.items() for patient in patients}
    found: dict[UUID, list[OpenItem]] = {}
    for item in await owed_for(db, payer_of):
        found.setdefault(payer_of[item.patient_id], []).append(item)
    return {payer: rules.oldest_first(items) for payer, items in found.items()}


async def owed_for(db: TenantSession, patient_ids: Collection[UUID]) -> list[OpenItem]:
    """Open items of these patients, whoever pays. A credit inside a claim is set against the claim."""
    if not patient_ids:
        return []
    rows = await db.execute(_OWED, {"tenant_id": db.tenant_id, "patient_ids": list(patient_ids)})
    return rules.netted(
        [
            OpenItem(row.patient_id, row.claim_id, row.charge_id, row.cents, _day(row.service_on))
            for row in rows
        ]
    )


async def owing(db: TenantSession) -> list[UUID]:
    """Every guarantor of the practice for whom something is owed."""
    patients = list(await db.scalars(_OWING_PATIENTS, {"tenant_id": db.tenant_id}))
    return sorted(set((await guarantors.guarantor_of(db, patients)).values()))


async def credits_of(db: TenantSession, guarantor_ids: Collection[UUID]) -> dict[UUID, int]:
    """Money of guarantors that is not applied to any charge yet, in cents; none is left out."""
    dependants = await guarantors.dependants_of_many(db, guarantor_ids)
    payer_of = {patient: payer for payer, patients in dependants.items() for patient in patients}
    if not payer_of:
        return {}
    rows = await db.execute(_CREDIT, {"tenant_id": db.tenant_id, "patient_ids": list(payer_of)})
    found: dict[UUID, int] = {}
    for row in rows:
        if row.cents:
            payer = payer_of[row.patient_id]
            found[payer] = found.get(payer, 0) + row.cents
    return found


def _day(value: date | None) -> date:
    return value or date.min
