"""What the processor says of refunds, written down: money that went back, and money that came back again."""

from collections.abc import Sequence

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
from billing_saas.payments import laying, rules
from billing_saas.payments.tables import Payment, Refund
from billing_saas.settlements import booking
from billing_saas.settlements.booking import Booker

SETTLED = ("succeeded", "failed", "refused", "repaid")


async def told(db: TenantSession, actor: Actor, payment: Payment, refund: RefundTold) -> None:
    """One that was asked for a moment ago."""
    booker = await booking.booker(db, actor, [refund.line, refund.failure_line])
    await all_told(booker, payment, [refund])


async def all_told(booker: Booker, payment: Payment, refunds: Sequence[RefundTold]) -> None:
    """Of a payment whose row is locked, in the order they were made."""
    db = booker.db
    rows = list(
        await db.scalars(
            select(Refund).where(Refund.tenant_id == db.tenant_id, Refund.payment_id == payment.id)
        )
    )
    by_theirs = {row.processor_id: row for row in rows}
    by_ours = {row.id: row for row in rows if row.processor_id is None}
    for refund in refunds:
        row = by_theirs.get(refund.id)
        if row is None and refund.reference is not None:
            row = by_ours.get(refund.reference)
        if row is None:
            row = await _made_there(db, booker.actor, payment, refund)
        await _one(booker, payment, row, refund)
    await db.flush()


async def _one(booker: Booker, payment: Payment, row: Refund, refund: RefundTold) -> None:
    """Money is taken as gone once the processor has moved it."""
    db, actor = booker.db, booker.actor
    before = row.state
    row.processor_id = row.processor_id or refund.id
    row.state = rules.refund_state(before, rules.REFUND_STATES[refund.status])
    row.failure_code = refund.failure_code or row.failure_code
    if row.state in SETTLED:
        row.look_at = None
    went = refund.line is not None or refund.status == "succeeded"
    if went and not row.journalled:
        source = source_stripe(refund.id)
        await take_back(db, actor, payment, row, source, Account.PROCESSOR_CLEARING)
    await booker.book(refund.line, "refund", row.id, rules.fee_entry)
    if row.state == "failed" and row.journalled and not row.came_back:
        await _came_back(db, actor, payment, row, refund)
    await booker.book(refund.failure_line, "refund", row.id, rules.fee_entry)
    if row.state != before:
        row.updated_at = clock.now()
        row.version += 1
        await db.flush()
        await _moved_on(db, actor, payment, row, before)


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


async def _made_there(
    db: TenantSession, actor: Actor, payment: Payment, refund: RefundTold
) -> Refund:
    """Somebody of the practice gave it back at the processor itself, past us."""
    now = clock.now()
    refund_id = new_id()
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
