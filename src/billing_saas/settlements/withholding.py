"""What the processor says of disputes, written down: money withheld, given back or lost; dunning paused."""

from collections.abc import Sequence

from sqlalchemy import insert, select

from billing_saas.audit import trail
from billing_saas.followups import cards
from billing_saas.followups.cards import NewCard
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.kit.ids import new_id
from billing_saas.kit.processing import DisputeTold
from billing_saas.messages import pausing
from billing_saas.payments import rules
from billing_saas.payments.tables import Dispute, Payment
from billing_saas.settlements import booking
from billing_saas.settlements.booking import Booker

OPEN = ("needs_response", "under_review", "inquiry")
_SOURCE = "payment_dispute"


async def told(db: TenantSession, actor: Actor, payment: Payment, dispute: DisputeTold) -> None:
    """One that was answered a moment ago."""
    await all_told(await booking.booker(db, actor, dispute.lines), payment, [dispute])


async def all_told(booker: Booker, payment: Payment, disputes: Sequence[DisputeTold]) -> None:
    """Of a payment whose row is locked."""
    db = booker.db
    query = select(Dispute).where(
        Dispute.tenant_id == db.tenant_id, Dispute.payment_id == payment.id
    )
    rows = {row.processor_id: row for row in await db.scalars(query)}
    missing = [dispute for dispute in disputes if dispute.id not in rows]
    if missing:
        await db.execute(insert(Dispute), [_new(db, payment, dispute) for dispute in missing])
        rows = {row.processor_id: row for row in await db.scalars(query)}
    for dispute in disputes:
        row = rows[dispute.id]
        for line in sorted(dispute.lines, key=lambda line: (line.at, line.id)):
            await booker.book(line, "dispute", row.id, rules.dispute_entry)
        await _one(db, booker.actor, payment, row, dispute, is_new=dispute in missing)
    word = rules.disputed_word(row.state for row in rows.values())
    if word != payment.disputed:
        payment.disputed = word
        payment.updated_at = clock.now()
        payment.version += 1
    await db.flush()


async def _one(
    db: TenantSession,
    actor: Actor,
    payment: Payment,
    row: Dispute,
    dispute: DisputeTold,
    *,
    is_new: bool,
) -> None:
    before = row.state
    row.state = rules.dispute_state(before, rules.DISPUTE_STATES.get(dispute.status, before))
    row.amount_cents = dispute.cents
    row.evidence_due_at = dispute.due_at or row.evidence_due_at
    if not is_new and row.state == before:
        return
    row.updated_at = clock.now()
    row.version += 1
    if row.state not in OPEN:
        row.closed_at = row.closed_at or clock.now()
    await db.flush()
    await _moved_on(db, actor, payment, row, "" if is_new else before)


def _new(db: TenantSession, payment: Payment, dispute: DisputeTold) -> dict[str, object]:
    return {
        "tenant_id": db.tenant_id,
        "id": new_id(),
        "payment_id": payment.id,
        "processor_id": dispute.id,
        "amount_cents": dispute.cents,
        "reason": dispute.reason,
        "state": rules.DISPUTE_STATES.get(dispute.status, "needs_response"),
        "evidence_due_at": dispute.due_at,
        "opened_at": dispute.at,
        "updated_at": clock.now(),
    }


async def _moved_on(
    db: TenantSession, actor: Actor, payment: Payment, row: Dispute, before: str
) -> None:
    await trail.record(
        db,
        actor,
        "dispute.change",
        object_type="dispute",
        object_id=row.id,
        subjects=[payment.guarantor_id],
        detail={"from": before or "none", "to": row.state},
    )
    if row.state in OPEN:
        # Who says a payment was not theirs is not asked for money until that is settled.
        await pausing.pause(
            db, actor, payment.guarantor_id, "dispute", source_type=_SOURCE, source_id=row.id
        )
    elif before:
        await pausing.lift(db, actor, source_type=_SOURCE, source_id=row.id)
    if row.state == "needs_response" and before != row.state:
        await cards.open_cards(db, [_card(row, "dispute_open", _OPENED)])
    if row.state in ("won", "lost", "inquiry_closed"):
        await cards.withdraw(db, actor, [row.id], outcome=row.state, kind="dispute_open")
    if row.state == "lost":
        await cards.open_cards(db, [_card(row, "dispute_lost", _LOST)])


_OPENED = "A patient told the bank that a payment was not right: answer before the day it is due."
_LOST = "A dispute was lost: the payment and a fee are gone. Decide whether the debt stands."


def _card(row: Dispute, kind: str, why: str) -> NewCard:
    due = row.evidence_due_at.date() if row.evidence_due_at and kind == "dispute_open" else None
    return NewCard(
        kind=kind,
        why=why,
        owner="biller",
        subject_type="dispute",
        subject_id=row.id,
        source=f"{kind}:{row.id}",
        worth_cents=row.amount_cents,
        due_on=due,
    )
