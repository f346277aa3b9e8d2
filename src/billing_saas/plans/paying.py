"""The guarantor pays an instalment, or all that is left, on the processor's page; or saves a card for it."""

from typing import Literal
from uuid import UUID

from sqlalchemy import select

from billing_saas.kit.actor import Actor
from billing_saas.kit.db import Database, TenantSession
from billing_saas.payments import starting
from billing_saas.payments.errors import PaymentUnderWay
from billing_saas.payments.starting import Started
from billing_saas.payments.tables import Payment
from billing_saas.plans import queries
from billing_saas.plans.errors import NothingOwed
from billing_saas.plans.queries import PlanShown
from billing_saas.plans.tables import PlanInstalment

WRITE = "plans.write"
What = Literal["due", "next", "all"]


async def pay(
    database: Database, tenant_id: UUID, actor: Actor, plan_id: UUID, what: What
) -> Started:
    """A page for what is due now, the next instalment, or all that is left: paying early costs nothing.

    Asked again for the same, the same page is answered. `NothingOwed` where there is nothing to pay;
    `PaymentUnderWay` while a payment of this plan may still arrive.
    """
    async with database.tenant(tenant_id) as db:
        await queries.row_for(db, actor, plan_id, lock=True, permission=WRITE)
        shown = await queries.plan(db, actor, plan_id)
        cents = asked_cents(shown, what)
        open_payment = await _open_payment(db, plan_id, cents)
    instalment_id = shown.next_instalment_id
    if cents <= 0 or instalment_id is None:
        raise NothingOwed("Nothing of this plan is to be paid.")
    if open_payment is not None:
        return await starting.again(database, tenant_id, actor, open_payment)
    return await starting.start(
        database,
        tenant_id,
        actor,
        shown.guarantor_id,
        cents,
        purpose="plan",
        plan_instalment_id=instalment_id,
    )


def asked_cents(shown: PlanShown, what: What) -> int:
    """Never more than is still owed."""
    if what == "all":
        return shown.payoff_cents
    following = next((one.left_cents for one in shown.instalments if one.left_cents), 0)
    wanted = max(shown.due_cents, following) if what == "next" else shown.due_cents
    return min(wanted, shown.payoff_cents)


async def _open_payment(db: TenantSession, plan_id: UUID, cents: int) -> UUID | None:
    """A page for as much that was begun before; while the bank has not said, nothing new is begun."""
    found = (
        await db.execute(
            select(Payment.id, Payment.state, Payment.amount_cents)
            .join(
                PlanInstalment,
                (PlanInstalment.tenant_id == Payment.tenant_id)
                & (PlanInstalment.id == Payment.plan_instalment_id),
            )
            .where(
                Payment.tenant_id == db.tenant_id,
                PlanInstalment.payment_plan_id == plan_id,
                Payment.state.in_(("started", "unknown", "processing")),
            )
            .order_by(Payment.id.desc())
        )
    ).all()
    if any(row.state != "started" for row in found):
        raise PaymentUnderWay("A payment of this plan is under way. Look again in a few minutes.")
    return next((row.id for row in found if row.amount_cents == cents), None)
