"""What was paid on plans, and what of their debts is still owed: by payments and by the ledger, now."""

from collections.abc import Collection, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import bindparam, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Uuid

from billing_saas.kit import clock
from billing_saas.kit.db import TenantSession
from billing_saas.plans.tables import PaymentPlan, PlanInstalment, PlanItem
from billing_saas.statements import owing
from billing_saas.tenants import queries as tenants

# Money that was given back, taken back by a bank or entered by mistake is not paid.
_PAID = text(
    """
    SELECT instalment.payment_plan_id, CAST(sum(payment.amount_cents - payment.refunded_cents) AS bigint)
      AS cents
    FROM plan_instalment instalment
    JOIN payment ON payment.tenant_id = :tenant_id AND payment.plan_instalment_id = instalment.id
    WHERE instalment.tenant_id = :tenant_id
      AND instalment.payment_plan_id = ANY (CAST(:plan_ids AS uuid[]))
      AND payment.state = 'succeeded' AND payment.disputed <> 'lost' AND payment.voided_at IS NULL
    GROUP BY instalment.payment_plan_id
    """
)
_UNDER_WAY = text(
    """
    SELECT DISTINCT instalment.payment_plan_id
    FROM plan_instalment instalment
    JOIN payment ON payment.tenant_id = :tenant_id AND payment.plan_instalment_id = instalment.id
    WHERE instalment.tenant_id = :tenant_id
      AND instalment.payment_plan_id = ANY (CAST(:plan_ids AS uuid[]))
      AND payment.state IN ('processing', 'unknown')
    """
)
_CHARGES = text(
    """
    SELECT payment_plan_id, charge_id, claim_id, patient_id FROM plan_item
    WHERE tenant_id = :tenant_id AND payment_plan_id = ANY (CAST(:plan_ids AS uuid[]))
    """
)


async def paid_on(db: TenantSession, plan_ids: Collection[UUID]) -> dict[UUID, int]:
    """By plan, what its payments came to. A plan on which nothing was paid is left out."""
    if not plan_ids:
        return {}
    rows = await db.execute(_PAID, {"tenant_id": db.tenant_id, "plan_ids": list(plan_ids)})
    return {row.payment_plan_id: row.cents for row in rows}


async def under_way(db: TenantSession, plan_ids: Collection[UUID]) -> set[UUID]:
    """Plans with a payment of which it is not known yet whether it is money."""
    if not plan_ids:
        return set()
    rows = await db.scalars(_UNDER_WAY, {"tenant_id": db.tenant_id, "plan_ids": list(plan_ids)})
    return set(rows)


async def still_owed_on(db: TenantSession, plans: Sequence[PaymentPlan]) -> dict[UUID, int]:
    """By plan, what the guarantor owes now of what the plan is about: a cap on all that is asked."""
    if not plans:
        return {}
    owed = await owing.owed_by_many(db, {plan.guarantor_id for plan in plans})
    rows = await db.execute(
        _CHARGES, {"tenant_id": db.tenant_id, "plan_ids": [plan.id for plan in plans]}
    )
    about: dict[UUID, set[tuple[UUID, UUID | None, UUID | None]]] = {}
    for row in rows:
        about.setdefault(row.payment_plan_id, set()).add(
            (row.patient_id, row.claim_id, row.charge_id)
        )
    return {
        plan.id: sum(
            item.cents
            for item in owed.get(plan.guarantor_id, [])
            if (item.patient_id, item.claim_id, item.charge_id) in about.get(plan.id, set())
        )
        for plan in plans
    }


async def instalments_of(
    db: TenantSession, plan_ids: Collection[UUID]
) -> dict[UUID, list[PlanInstalment]]:
    rows = await db.scalars(
        select(PlanInstalment)
        .where(
            PlanInstalment.tenant_id == db.tenant_id,
            PlanInstalment.payment_plan_id
            == bindparam("plans", list(plan_ids), ARRAY(Uuid)).any_(),
        )
        .order_by(PlanInstalment.payment_plan_id, PlanInstalment.n)
    )
    found: dict[UUID, list[PlanInstalment]] = {}
    for row in rows:
        found.setdefault(row.payment_plan_id, []).append(row)
    return found


async def items_of(db: TenantSession, plan_ids: Collection[UUID]) -> dict[UUID, list[PlanItem]]:
    rows = await db.scalars(
        select(PlanItem)
        .where(
            PlanItem.tenant_id == db.tenant_id,
            PlanItem.payment_plan_id == bindparam("plans", list(plan_ids), ARRAY(Uuid)).any_(),
        )
        .order_by(PlanItem.payment_plan_id, PlanItem.n)
    )
    found: dict[UUID, list[PlanItem]] = {}
    for row in rows:
        found.setdefault(row.payment_plan_id, []).append(row)
    return found


async def today(db: TenantSession) -> date:
    """The day in the practice's time zone: an instalment is late when its day is over there."""
    return clock.today((await tenants.this_practice(db)).time_zone)
