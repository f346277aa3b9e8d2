"""Undo a posting: reverse its entries, take back what the claims were told, and start over.

Nothing is deleted: the journal keeps entry and reversal, the claims keep both moves as events.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Uuid, bindparam, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY

from billing_saas.audit import trail
from billing_saas.claims import adjudicating as claims
from billing_saas.claims import transitions
from billing_saas.claims.rules import is_legal
from billing_saas.claims.tables import Claim, ClaimEvent
from billing_saas.claims.transitions import Move
from billing_saas.duties import separating
from billing_saas.duties.rules import TAKE_BACK_POSTING
from billing_saas.followups import cards
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.ledger import journal, periods
from billing_saas.ledger import queries as ledger
from billing_saas.remittances import carding, claim_rules, finding, queries
from billing_saas.remittances.errors import NotPosted, TakenBackSince
from billing_saas.remittances.tables import ProviderAdjustment, Remittance

ADJUDICATION = "adjudication"

_CLAIMS = text(
    """
    SELECT DISTINCT claim_id FROM claim_payment
    WHERE tenant_id = :tenant_id AND remittance_id = :remittance_id AND claim_id IS NOT NULL
    """
)
_PAYMENTS = text(
    """
    SELECT id, state, reverses, entry_id, claim_id, submission_id FROM claim_payment
    WHERE tenant_id = :tenant_id AND remittance_id = :remittance_id
    """
)
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
    await separating.must_differ(db, actor, TAKE_BACK_POSTING, remittance_id)
    of_it = {"tenant_id": db.tenant_id, "remittance_id": remittance_id}
    await finding.lock(db, await db.scalars(_CLAIMS, of_it))
    payments = (await db.execute(_PAYMENTS, of_it)).all()
    own = {payment.reverses for payment in payments if payment.reverses}
    if any(payment.state == "reversed" and payment.id not in own for payment in payments):
        raise TakenBackSince("A later remittance took a payment of this one back: undo that first.")
    pairs = await queries.provider_adjustments(db, remittance_id)
    await _reverse_entries(db, actor, remittance, payments, pairs)
    await claims.restore(db, [payment.id for payment in payments if payment.reverses])
    await claims.take_back(db, [(payment.id, remittance_id) for payment in payments])
    moves = await _adjudications_back(db, remittance_id)
    moves += await _receivables_back(db, remittance_id, payments)
    await transitions.move_many(db, actor, moves)
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
    originals = [payment.reverses for payment in payments if payment.reverses]
    await cards.reopen(db, originals, outcome=carding.TAKEN_BACK)
    remittance.state, remittance.posted_at = "balanced", None
    await trail.record(
        db, actor, "remittance.unpost", object_type="remittance", object_id=remittance_id
    )


async def _reverse_entries(
    db: TenantSession,
    actor: Actor,
    remittance: Remittance,
    payments: Sequence[Row[Any]],
    pairs: Sequence[ProviderAdjustment],
) -> None:
    """Reversals first: what they undid then stands again, and can be reversed itself."""
    effective_on = await periods.first_open_day(db, remittance.payment_on)
    reversals = [p.entry_id for p in payments if p.reverses is not None and p.entry_id is not None]
    others = [p.entry_id for p in payments if p.reverses is None and p.entry_id is not None]
    others += [pair.entry_id for pair in pairs if pair.entry_id is not None]
    await journal.reverse(db, actor, reversals, effective_on=effective_on)
    await journal.reverse(db, actor, others, effective_on=effective_on)


async def _adjudications_back(db: TenantSession, remittance_id: UUID) -> list[Move]:
    """Every adjudication that this remittance moved, to where it found it, or to `reversed`."""
    events = await db.execute(
        select(
            ClaimEvent.claim_id,
            ClaimEvent.submission_id,
            ClaimEvent.from_state,
            ClaimEvent.to_state,
        )
        .where(
            ClaimEvent.tenant_id == db.tenant_id,
            ClaimEvent.source_type == "remittance",
            ClaimEvent.source_id == remittance_id,
            ClaimEvent.field == ADJUDICATION,
        )
        .order_by(ClaimEvent.id)
    )
    found: dict[tuple[UUID, UUID | None], tuple[str, str]] = {}
    for event in events:
        key = (event.claim_id, event.submission_id)
        before = found[key][0] if key in found else event.from_state
        found[key] = (before, event.to_state)
    return [
        _move(
            remittance_id,
            ADJUDICATION,
            claim_id,
            before if is_legal(ADJUDICATION, now, before) else "reversed",
            submission_id,
        )
        for (claim_id, submission_id), (before, now) in found.items()
        if now != before
    ]


async def _receivables_back(
    db: TenantSession, remittance_id: UUID, payments: Sequence[Row[Any]]
) -> list[Move]:
    """Who owes each claim now that its entries are reversed: by the books, since other remittances
    may have spoken of the claim meanwhile."""
    claim_ids = list({payment.claim_id for payment in payments if payment.submission_id})
    owed = await ledger.owed_by_party(db, claim_ids)
    payers, _ = await finding.payers_of(db, claim_ids)
    standing = await db.execute(
        select(Claim.id, Claim.patient_id).where(
            Claim.tenant_id == db.tenant_id,
            Claim.id == bindparam("claim_ids", claim_ids, ARRAY(Uuid)).any_(),
            # Whoever decided that no insurer owes it decides otherwise.
            Claim.receivable != "non_insurance",
        )
    )
    return [
        _move(
            remittance_id,
            "receivable",
            claim.id,
            claim_rules.standing_receivable(
                payers.get(claim.id, {}), claim.patient_id, owed.get(claim.id, {})
            ),
        )
        for claim in standing
    ]


def _move(
    remittance_id: UUID, field: str, claim_id: UUID, to: str, submission_id: UUID | None = None
) -> Move:
    return Move(
        field=field,
        claim_id=claim_id,
        submission_id=submission_id,
        to_state=to,
        why="posting undone",
        source_type="remittance",
        source_id=remittance_id,
    )
