"""Write down what the processor says of a payment: each movement once, whatever knocked when.

`settle` is given the whole truth about one payment and adds what is missing of it, in the order in which
it happened. Nothing is taken back by an older truth, so knocks may come in any order and number.
"""

from collections.abc import Sequence

from sqlalchemy import insert, select

from billing_saas.audit import trail
from billing_saas.followups import cards
from billing_saas.followups.cards import NewCard
from billing_saas.kit import clock, points
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.kit.ids import new_id
from billing_saas.kit.processing import ChargeTold
from billing_saas.ledger import journal
from billing_saas.messages import sending
from billing_saas.messages.rules import Words
from billing_saas.outbox import queue
from billing_saas.payments import attempts, laying, recording, rules
from billing_saas.payments.jobs import TellPlan
from billing_saas.payments.tables import Payment, PaymentCharge
from billing_saas.payments.truth import Truth
from billing_saas.settlements import booking, returning, withholding
from billing_saas.settlements.booking import Booker


async def settle(db: TenantSession, actor: Actor, truth: Truth) -> None:
    payment = await recording.lock(db, truth.payment_id)
    before = (payment.state, payment.refunded_cents, payment.disputed)
    booker = await booking.booker(db, actor, truth.lines)
    charges = truth.charges
    if charges:
        await _take(booker, payment, charges)
    points.reach("payments.settling.taken")
    if truth.refunds:
        await returning.all_told(booker, payment, truth.refunds)
    if truth.disputes:
        await withholding.all_told(booker, payment, truth.disputes)
    if charges:
        await attempts.write_payment(db, payment, "succeeded")
    for n in sorted(truth.attempts):
        await attempts.write_attempt(db, payment, truth.attempts[n])
    if (payment.state, payment.refunded_cents, payment.disputed) == before:
        return
    await _tell(db, actor, payment, before[0])


async def _take(booker: Booker, payment: Payment, charges: Sequence[ChargeTold]) -> None:
    """Money came: laid on what is owed now. A second charge of one payment is money all the same."""
    db = booker.db
    standing = set(
        await db.scalars(
            select(PaymentCharge.processor_id).where(
                PaymentCharge.tenant_id == db.tenant_id, PaymentCharge.payment_id == payment.id
            )
        )
    )
    for charge in charges:
        if charge.id not in standing:
            await _lay(db, booker.actor, payment, charge)
            if standing or charge.cents != payment.amount_cents:
                await cards.open_cards(db, [_unexpected(payment, charge)])
            standing.add(charge.id)
        await booker.book(charge.line, "payment", payment.id, rules.fee_entry)


async def _lay(db: TenantSession, actor: Actor, payment: Payment, charge: ChargeTold) -> None:
    shares = await laying.shares_for(
        db, payment.guarantor_id, charge.cents, payment.statement_id, payment.purpose
    )
    effective_on = await laying.day_of(db, charge.at)
    entry = rules.charge_entry(charge.id, effective_on, shares)
    (entry_id,) = await journal.post(db, actor, [entry])
    await db.execute(
        insert(PaymentCharge).values(
            tenant_id=db.tenant_id,
            id=new_id(),
            payment_id=payment.id,
            processor_id=charge.id,
            amount_cents=charge.cents,
            entry_id=entry_id,
            created_at=clock.now(),
        )
    )
    await laying.keep(db, payment.id, shares)
    await trail.record(
        db,
        actor,
        "payment.settle",
        object_type="payment",
        object_id=payment.id,
        subjects=laying.subjects(payment, shares),
        detail={"kind": payment.method, "cents": charge.cents},
    )


def _unexpected(payment: Payment, charge: ChargeTold) -> NewCard:
    return NewCard(
        kind="payment_unexpected",
        why="A payment came twice, or in another amount than was asked for: look whether to refund.",
        owner="biller",
        subject_type="payment",
        subject_id=payment.id,
        source=f"payment-unexpected:{charge.id}",
        worth_cents=charge.cents,
    )


async def _tell(db: TenantSession, actor: Actor, payment: Payment, before: str) -> None:
    """Whom it concerns: a plan by its job, the guarantor by a message that passes the gate."""
    if payment.plan_instalment_id is not None:
        await queue.add(db, TellPlan(payment.id), request_id=actor.request_id)
    if payment.state == before:
        return
    if payment.state == "succeeded":
        await sending.ask(db, actor, payment.guarantor_id, "payment_received")
    elif payment.state == "failed" and before == "processing":
        # The person has left the page long since, and believes it is paid.
        link = Words(link="/portal")
        await sending.ask(db, actor, payment.guarantor_id, "payment_failed", link)
