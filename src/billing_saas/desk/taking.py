"""Money over the counter: cash, a cheque, a money order. Journalled at once, with a receipt; taken back the
same day where it was entered by mistake."""

from typing import Literal
from uuid import UUID

import msgspec
from sqlalchemy import insert, select

from billing_saas.audit import trail
from billing_saas.desk import receipts, rules
from billing_saas.desk.errors import NoPlanToPay, NoSuchBill, TooLateToVoid
from billing_saas.desk.tables import DeskTaking
from billing_saas.duties import separating
from billing_saas.duties.rules import REFUND
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.patients import guarantors
from billing_saas.patients.errors import PatientNotFound
from billing_saas.payments import recording
from billing_saas.payments.errors import PaymentNotFound
from billing_saas.payments.rules import DeskMethod, Purpose
from billing_saas.payments.tables import Payment
from billing_saas.plans import queries as plans
from billing_saas.plans import watching
from billing_saas.plans.tables import PlanInstalment
from billing_saas.statements import queries as statements
from billing_saas.statements.errors import StatementNotFound
from billing_saas.tenants import queries as tenants

TAKE = recording.TAKE
VOID = recording.VOID
VoidReason = Literal["mistyped", "wrong_patient"]


class Taking(msgspec.Struct, frozen=True, kw_only=True):
    """`purpose`: a bill (the oldest debt first, or the bill of `statement_id`), a copay or prepayment (kept as
    credit for the visit it is for), or the next instalment of the guarantor's plan. `number_last4` is of a
    cheque or money order."""

    guarantor_id: UUID
    cents: int
    method: DeskMethod
    purpose: Purpose = "bill"
    statement_id: UUID | None = None
    number_last4: str = ""


async def take(db: TenantSession, actor: Actor, taking: Taking) -> UUID:
    """The id of the payment. Its receipt is numbered in the same breath."""
    actor.must(TAKE)
    number = rules.last4(taking.number_last4, taking.method)
    payer = (await guarantors.guarantor_of(db, [taking.guarantor_id])).get(taking.guarantor_id)
    if payer is None or not actor.may_see(taking.guarantor_id):
        raise PatientNotFound("There is no such patient.")
    await must_be_payable(db, payer, taking.statement_id)
    plan_id, instalment_id = await _instalment(db, payer, taking.purpose)
    payment_id = await recording.record(
        db,
        actor,
        payer,
        taking.cents,
        taking.method,
        purpose=taking.purpose,
        statement_id=taking.statement_id,
        plan_instalment_id=instalment_id,
        paper_number=number,
    )
    practice = await tenants.this_practice(db)
    await db.execute(
        insert(DeskTaking).values(
            tenant_id=db.tenant_id,
            payment_id=payment_id,
            taken_on=clock.today(practice.time_zone),
            taken_by=actor.id,
            taken_at=clock.now(),
        )
    )
    await receipts.number(db, actor, payment_id, payer)
    if plan_id is not None:
        await watching.look_at(db, actor, [plan_id])
    return payment_id


async def void(db: TenantSession, actor: Actor, payment_id: UUID, reason: VoidReason) -> None:
    """Entered by mistake: reversed whole, on the day it was taken and before the drawer was counted.

    Where the practice keeps refunds apart, not by who took it.
    """
    actor.must(VOID)
    taking = await db.scalar(
        select(DeskTaking)
        .where(DeskTaking.tenant_id == db.tenant_id, DeskTaking.payment_id == payment_id)
        .with_for_update()
    )
    if taking is None:
        raise PaymentNotFound("There is no such payment.")
    practice = await tenants.this_practice(db)
    if taking.taken_on != clock.today(practice.time_zone) or taking.drawer_close_id is not None:
        raise TooLateToVoid("It was counted, or taken on another day: give it back by a refund.")
    await separating.must_differ(db, actor, REFUND, payment_id)
    await recording.void(db, actor, payment_id, reason)
    await trail.record(
        db,
        actor,
        "desk.void",
        object_type="payment",
        object_id=payment_id,
        detail={"reason": reason},
    )
    plan_id = await db.scalar(
        select(PlanInstalment.payment_plan_id)
        .join(
            Payment,
            (Payment.tenant_id == PlanInstalment.tenant_id)
            & (Payment.plan_instalment_id == PlanInstalment.id),
        )
        .where(Payment.tenant_id == db.tenant_id, Payment.id == payment_id)
    )
    if plan_id is not None:
        await watching.look_at(db, actor, [plan_id])


async def must_be_payable(db: TenantSession, guarantor_id: UUID, statement_id: UUID | None) -> None:
    """A bill is paid by whose it is."""
    if statement_id is None:
        return
    try:
        await statements.payable_bill(db, guarantor_id, statement_id)
    except StatementNotFound:
        raise NoSuchBill("There is no such bill to be paid.", field="statement_id") from None


async def _instalment(
    db: TenantSession, guarantor_id: UUID, purpose: Purpose
) -> tuple[UUID | None, UUID | None]:
    if purpose != "plan":
        return None, None
    found = await plans.to_pay(db, guarantor_id)
    if found is None:
        raise NoPlanToPay("This guarantor has no plan with anything left to pay.")
    return found
