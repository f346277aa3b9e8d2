"""Undo a posting: reverse its entries, take back what the claims were told, and start over.

Nothing is deleted: the journal keeps entry and reversal, the claims keep both moves as events.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Row, select, text, update

from billing_saas.audit import trail
from billing_saas.claims import adjudicating as claims
from billing_saas.claims import transitions
from billing_saas.claims.rules import is_legal
from billing_saas.claims.tables import ClaimEvent
from billing_saas.claims.transitions import Move
from billing_saas.followups import cards
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.ledger import journal, periods
from billing_saas.remittances import queries
from billing_saas.remittances.errors import NotPosted, TakenBackSince
from billing_saas.remittances.tables import ClaimPayment, ProviderAdjustment, Remittance

_FORGET = text(
    """
    UPDATE claim_payment SET state = 'unmatched', review_reason = '', claim_id = NULL,
      submission_id = NULL, reverses = NULL, entry_id = NULL
    WHERE tenant_id = :tenant_id AND remittance_id = :remittance_id
    """
)
_STAND_AGAIN = text(
    """
    UPDATE claim_payment AS original SET state = 'posted'
    FROM claim_payment reversal
    WHERE original.tenant_id = :tenant_id AND reversal.tenant_id = :tenant_id
      AND reversal.remittance_id = :remittance_id AND reversal.reverses = original.id
    """
)


async def unpost(db: TenantSession, actor: Actor, remittance_id: UUID) -> None:
    """After it, the remittance is balanced again and may be posted anew.

    Raises `NotPosted`, or `TakenBackSince` when a later remittance reversed one of its payments.
    """
    actor.must("remittances.reverse")
    remittance = await queries.locked(db, remittance_id)
    if remittance.state != "posted":
        raise NotPosted("Only a posted remittance can be undone.", state=remittance.state)
    of_it = {"tenant_id": db.tenant_id, "remittance_id": remittance_id}
    payments = (
        await db.execute(
            select(
                ClaimPayment.id, ClaimPayment.state, ClaimPayment.reverses, ClaimPayment.entry_id
            ).where(
                ClaimPayment.tenant_id == db.tenant_id, ClaimPayment.remittance_id == remittance_id
            )
        )
    ).all()
    own = {payment.reverses for payment in payments}
    if any(payment.state == "reversed" and payment.id not in own for payment in payments):
        raise TakenBackSince("A later remittance took a payment of this one back: undo that first.")
    pairs = await queries.provider_adjustments(db, remittance_id)
    await _reverse_entries(db, actor, remittance, payments, pairs)
    await claims.restore(db, [payment.id for payment in payments if payment.reverses])
    await claims.take_back(db, [(payment.id, remittance_id) for payment in payments])
    await transitions.move_many(db, actor, await _moves_back(db, remittance_id))
    await db.execute(_STAND_AGAIN, of_it)
    await db.execute(_FORGET, of_it)
    await db.execute(
        update(ProviderAdjustment)
        .where(
            ProviderAdjustment.tenant_id == db.tenant_id,
            ProviderAdjustment.remittance_id == remittance_id,
        )
        .values(entry_id=None)
    )
    subjects = [payment.id for payment in payments] + [pair.id for pair in pairs]
    await cards.withdraw(db, actor, subjects, outcome="posting_undone")
    remittance.state, remittance.posted_at = "balanced", None
    await trail.record(
        db, actor, "remittance.unpost", object_type="remittance", object_id=remittance_id
    )


async def _reverse_entries(
    db: TenantSession,
    actor: Actor,
    remittance: Remittance,
    payments: Sequence[Row[UUID, str, UUID | None, UUID | None]],
    pairs: Sequence[ProviderAdjustment],
) -> None:
    """Reversals first: what they undid then stands again, and can be reversed itself."""
    effective_on = await periods.first_open_day(db, remittance.payment_on)
    reversals = [p.entry_id for p in payments if p.reverses is not None and p.entry_id is not None]
    others = [p.entry_id for p in payments if p.reverses is None and p.entry_id is not None]
    others += [pair.entry_id for pair in pairs if pair.entry_id is not None]
    await journal.reverse(db, actor, reversals, effective_on=effective_on)
    await journal.reverse(db, actor, others, effective_on=effective_on)


async def _moves_back(db: TenantSession, remittance_id: UUID) -> list[Move]:
    """Every state that this remittance moved, to where it found it, or to `reversed`."""
    events = await db.execute(
        select(
            ClaimEvent.field,
            ClaimEvent.claim_id,
            ClaimEvent.submission_id,
            ClaimEvent.from_state,
            ClaimEvent.to_state,
        )
        .where(
            ClaimEvent.tenant_id == db.tenant_id,
            ClaimEvent.source_type == "remittance",
            ClaimEvent.source_id == remittance_id,
        )
        .order_by(ClaimEvent.id)
    )
    found: dict[tuple[str, UUID, UUID | None], tuple[str, str]] = {}
    for event in events:
        key = (event.field, event.claim_id, event.submission_id)
        before = found[key][0] if key in found else event.from_state
        found[key] = (before, event.to_state)
    return [
        Move(
            field=field,
            claim_id=claim_id,
            submission_id=submission_id,
            to_state=before if is_legal(field, now, before) else "reversed",
            why="posting undone",
            source_type="remittance",
            source_id=remittance_id,
        )
        for (field, claim_id, submission_id), (before, now) in found.items()
        if now != before
    ]
