"""Money that came to the desk: cash, cheques, money orders. Journalled at once; taken back whole."""

from datetime import date
from typing import Literal
from uuid import UUID

import msgspec
from sqlalchemy import insert, select, update

from billing_saas.audit import trail
from billing_saas.duties import separating
from billing_saas.duties.rules import POSTED
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.kit.ids import new_id
from billing_saas.ledger import journal, periods
from billing_saas.payments import laying, rules
from billing_saas.payments.errors import AmountRefused, NotVoidable, PaymentNotFound
from billing_saas.payments.rules import DeskMethod, Purpose
from billing_saas.payments.tables import Payment, PaymentCharge
from billing_saas.tenants import queries as tenants

TAKE = "payments.take"
VOID = "payments.void"
VoidReason = Literal["bounced", "mistyped", "wrong_patient"]


async def record(
    db: TenantSession,
    actor: Actor,
    guarantor_id: UUID,
    cents: int,
    method: DeskMethod,
    *,
    purpose: Purpose = "bill",
    statement_id: UUID | None = None,
    plan_instalment_id: UUID | None = None,
    paper_number: str = "",
    received_on: date | None = None,
) -> UUID:
    """Take `cents` in and lay them on what the guarantor owes; the id of the payment.

    `paper_number` is what is printed on a cheque or money order; `received_on` may be an earlier day.
    """
    actor.must(TAKE)
    if not 0 < cents <= rules.MOST_CENTS:
        raise AmountRefused("A payment is at least one cent.", field="amount_cents")
    day = await _came_on(db, received_on)
    payment_id = new_id()
    now = clock.now()
    await db.execute(
        insert(Payment).values(
            tenant_id=db.tenant_id,
            id=payment_id,
            guarantor_id=guarantor_id,
            statement_id=statement_id,
            plan_instalment_id=plan_instalment_id,
            method=method,
            purpose=purpose,
            state="succeeded",
            amount_cents=cents,
            paper_number=paper_number,
            received_on=day,
            started_by_kind=actor.kind.value,
            started_by=actor.id,
            created_at=now,
            updated_at=now,
            succeeded_at=now,
        )
    )
    shares = await laying.shares_for(db, guarantor_id, cents, statement_id, purpose)
    effective_on = await periods.first_open_day(db, day)
    entry = rules.desk_entry(payment_id, method, effective_on, shares)
    (entry_id,) = await journal.post(db, actor, [entry])
    await db.execute(
        insert(PaymentCharge).values(
            tenant_id=db.tenant_id,
            id=new_id(),
            payment_id=payment_id,
            amount_cents=cents,
            entry_id=entry_id,
            created_at=now,
        )
    )
    await laying.keep(db, payment_id, shares)
    await separating.did(db, actor, POSTED, payment_id, amount_cents=cents)
    await trail.record(
        db,
        actor,
        "payment.record",
        object_type="payment",
        object_id=payment_id,
        subjects=[guarantor_id, *(share.patient_id for share in shares)],
        detail={"kind": method, "cents": cents},
    )
    return payment_id


async def _came_on(db: TenantSession, received_on: date | None) -> date:
    practice = await tenants.this_practice(db)
    today = clock.today(practice.time_zone)
    if received_on is not None and received_on > today:
        raise AmountRefused("Money cannot have come on a day to come.", field="received_on")
    return received_on or today


async def void(db: TenantSession, actor: Actor, payment_id: UUID, reason: VoidReason) -> None:
    """A cheque bounced, or the desk mistyped: what was recorded is reversed whole, and stays to be seen."""
    actor.must(VOID)
    payment = await lock(db, payment_id)
    if (
        payment.method not in rules.AT_DESK
        or payment.voided_at is not None
        or payment.refunded_cents
        or (reason == "bounced" and payment.method == "cash")
    ):
        raise NotVoidable("Only what was recorded at the desk, and stands, can be taken back.")
    charge_entry = await db.scalar(
        select(PaymentCharge.entry_id).where(
            PaymentCharge.tenant_id == db.tenant_id, PaymentCharge.payment_id == payment_id
        )
    )
    assert charge_entry is not None
    before = rules.standing(await laying.shares_of(db, payment_id))
    back = [msgspec.structs.replace(share, cents=-share.cents) for share in before]
    effective_on = await laying.today(db)
    entry = rules.void_entry(payment_id, payment.method, effective_on, back, charge_entry)
    await journal.post(db, actor, [entry])
    await laying.keep(db, payment_id, back)
    await db.execute(
        update(Payment)
        .where(Payment.tenant_id == db.tenant_id, Payment.id == payment_id)
        .values(
            state="failed",
            failure_code=reason,
            voided_at=clock.now(),
            updated_at=clock.now(),
            version=Payment.version + 1,
        )
    )
    await trail.record(
        db,
        actor,
        "payment.void",
        object_type="payment",
        object_id=payment_id,
        subjects=laying.subjects(payment, before),
        detail={"reason": reason, "cents": payment.amount_cents},
    )


async def lock(db: TenantSession, payment_id: UUID) -> Payment:
    """For an act that changes it."""
    payment = await db.scalar(
        select(Payment)
        .where(Payment.tenant_id == db.tenant_id, Payment.id == payment_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if payment is None:
        raise PaymentNotFound("There is no such payment.")
    return payment
