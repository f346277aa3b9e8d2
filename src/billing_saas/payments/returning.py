"""What the processor says of refunds, written down: money that went back, and money that came back again."""

from sqlalchemy import insert, select

from billing_saas.audit import trail
from billing_saas.followups import cards
from billing_saas.followups.cards import NewCard
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.kit.ids import new_id
from billing_saas.kit.processing import RefundTold
from billing_saas.ledger import journal
from billing_saas.ledger.rules import Account, source_stripe
from billing_saas.messages import sending
from billing_saas.payments import booking, laying, rules
from billing_saas.payments.tables import Payment, Refund

MOVED = ("succeeded", "failed", "repaid")


async def told(db: TenantSession, actor: Actor, payment: Payment, refund: RefundTold) -> Refund:
    """Of a payment whose row is locked. Money is taken as gone once the processor has moved it."""
    row = await _row(db, actor, payment, refund)
    before = row.state
    row.processor_id = row.processor_id or refund.id
    row.state = rules.refund_state(before, rules.REFUND_STATES[refund.status])
    went = refund.line is not None or refund.status == "succeeded"
    if went and not row.journalled:
        await take_back(
            db, actor, payment, row, source_stripe(refund.id), Account.PROCESSOR_CLEARING
        )
    if refund.line is not None:
        fee = rules.fee_entry(refund.line, await laying.day_of(db, refund.line.at))
        await booking.book(db, actor, refund.line, "refund", row.id, fee)
    if row.state in ("failed", "repaid") and row.journalled and not row.came_back:
        await _came_back(db, actor, payment, row, refund)
    if refund.failure_line is not None:
        fee = rules.fee_entry(refund.failure_line, await laying.day_of(db, refund.failure_line.at))
        await booking.book(db, actor, refund.failure_line, "refund", row.id, fee)
    row.failure_code = refund.failure_code
    if row.state in (*MOVED, "refused"):
        row.look_at = None
    if row.state != before:
        row.updated_at = clock.now()
        row.version += 1
        await _moved_on(db, actor, payment, row, before)
    await db.flush()
    return row


async def take_back(
    db: TenantSession, actor: Actor, payment: Payment, row: Refund, source: str, account: Account
) -> None:
    """Journal what went back, and take it from where the payment had gone."""
    await laying.lock_guarantor(db, payment.guarantor_id)
    shares = await laying.shares_of(db, payment.id)
    back = rules.taken_back(shares, row.amount_cents, payment.guarantor_id)
    effective_on = await laying.today(db)
    await journal.post(db, actor, [rules.refund_entry(source, effective_on, back, account)])
    await laying.keep(db, payment.id, back, refund_id=row.id)
    row.journalled = True
    payment.refunded_cents += row.amount_cents
    payment.updated_at = clock.now()
    payment.version += 1
    await db.flush()
    await trail.record(
        db,
        actor,
        "refund.book",
        object_type="refund",
        object_id=row.id,
        subjects=laying.subjects(payment, back),
        detail={"cents": row.amount_cents},
    )


async def _row(db: TenantSession, actor: Actor, payment: Payment, refund: RefundTold) -> Refund:
    found = await db.scalar(
        select(Refund).where(Refund.tenant_id == db.tenant_id, Refund.processor_id == refund.id)
    )
    if found is None and refund.reference is not None:
        found = await db.scalar(
            select(Refund).where(
                Refund.tenant_id == db.tenant_id,
                Refund.id == refund.reference,
                Refund.payment_id == payment.id,
                Refund.processor_id.is_(None),
            )
        )
    if found is not None:
        return found
    now = clock.now()
    refund_id = new_id()
    # Somebody of the practice gave it back at the processor itself, past us.
    await db.execute(
        insert(Refund).values(
            tenant_id=db.tenant_id,
            id=refund_id,
            payment_id=payment.id,
            amount_cents=refund.cents,
            reason="at_processor",
            method="processor",
            state="approved",
            processor_id=refund.id,
            asked_by_kind=actor.kind.value,
            asked_by=actor.id,
            asked_at=now,
            updated_at=now,
        )
    )
    made = await db.scalar(
        select(Refund).where(Refund.tenant_id == db.tenant_id, Refund.id == refund_id)
    )
    assert made is not None
    return made


async def _came_back(
    db: TenantSession, actor: Actor, payment: Payment, row: Refund, refund: RefundTold
) -> None:
    """It is still the patient's: owed to them, and a person finds another way."""
    entry = rules.refund_failed_entry(
        refund.id, await laying.today(db), row.amount_cents, payment.guarantor_id
    )
    await journal.post(db, actor, [entry])
    row.came_back = True


async def _moved_on(
    db: TenantSession, actor: Actor, payment: Payment, row: Refund, before: str
) -> None:
    await trail.record(
        db,
        actor,
        "refund.change",
        object_type="refund",
        object_id=row.id,
        subjects=[payment.guarantor_id],
        detail={"from": before, "to": row.state},
    )
    if row.state == "succeeded":
        await sending.ask(db, actor, payment.guarantor_id, "refund_made")
    if row.state == "failed":
        await cards.open_cards(
            db,
            [
                NewCard(
                    kind="refund_failed",
                    why="A refund could not reach the card: give the money back in another way.",
                    owner="biller",
                    subject_type="refund",
                    subject_id=row.id,
                    source=f"refund-failed:{row.id}",
                    worth_cents=row.amount_cents,
                )
            ],
        )
