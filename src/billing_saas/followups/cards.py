"""Open cards for what a person must look at, and close them with an outcome."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import msgspec
from sqlalchemy import Uuid, bindparam, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY

from billing_saas.audit import trail
from billing_saas.followups.errors import CardClosed, CardNotFound
from billing_saas.followups.tables import Card
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.kit.ids import new_ids


class NewCard(msgspec.Struct, frozen=True, kw_only=True):
    """`why` tells a biller what happened, without a name or number of a patient."""

    kind: str
    why: str
    owner: str
    subject_type: str
    subject_id: UUID
    source: str
    claim_id: UUID | None = None
    worth_cents: int = 0
    due_on: date | None = None


_OPEN = text(
    """
    INSERT INTO card (tenant_id, id, kind, why, owner, subject_type, subject_id, claim_id,
      worth_cents, due_on, source, opened_at)
    SELECT :tenant_id, id, kind, why, owner, subject_type, subject_id, claim_id, worth_cents,
      due_on, source, :opened_at
    FROM unnest(cast(:ids AS uuid[]), cast(:kinds AS text[]), cast(:whys AS text[]),
      cast(:owners AS text[]), cast(:subject_types AS text[]), cast(:subject_ids AS uuid[]),
      cast(:claim_ids AS uuid[]), cast(:worths AS bigint[]), cast(:due_ons AS date[]),
      cast(:sources AS text[]))
      AS new (id, kind, why, owner, subject_type, subject_id, claim_id, worth_cents, due_on, source)
    ON CONFLICT (tenant_id, source) DO NOTHING
    """
)


async def open_cards(db: TenantSession, cards: Sequence[NewCard]) -> None:
    """Set-based. A card whose source already opened one is left as it is."""
    if not cards:
        return
    await db.execute(
        _OPEN,
        {
            "tenant_id": db.tenant_id,
            "opened_at": clock.now(),
            "ids": new_ids(len(cards)),
            "kinds": [card.kind for card in cards],
            "whys": [card.why for card in cards],
            "owners": [card.owner for card in cards],
            "subject_types": [card.subject_type for card in cards],
            "subject_ids": [card.subject_id for card in cards],
            "claim_ids": [card.claim_id for card in cards],
            "worths": [card.worth_cents for card in cards],
            "due_ons": [card.due_on for card in cards],
            "sources": [card.source for card in cards],
        },
    )


async def lock(db: TenantSession, card_id: UUID) -> Card:
    """For an act that changes it."""
    card = await db.scalar(
        select(Card).where(Card.tenant_id == db.tenant_id, Card.id == card_id).with_for_update()
    )
    if card is None:
        raise CardNotFound("There is no such card.")
    return card


async def close(db: TenantSession, actor: Actor, card_id: UUID, *, outcome: str) -> None:
    """A person is done with it, and says in a word how it ended."""
    actor.must("cards.work")
    card = await lock(db, card_id)
    if card.state == "done":
        raise CardClosed("The card is already closed.")
    await db.execute(
        update(Card)
        .where(Card.tenant_id == db.tenant_id, Card.id == card_id)
        .values(state="done", closed_at=clock.now(), closed_by=actor.id, outcome=outcome)
    )
    await trail.record(db, actor, "card.close", object_type="card", object_id=card_id)


async def withdraw(
    db: TenantSession,
    actor: Actor,
    subject_ids: Sequence[UUID],
    *,
    outcome: str,
    kind: str = "",
) -> None:
    """Close the open cards of these subjects (of one kind): what they asked for is done, or undone."""
    await db.execute(
        update(Card)
        .where(
            Card.tenant_id == db.tenant_id,
            Card.subject_id == bindparam("subjects", list(subject_ids), ARRAY(Uuid)).any_(),
            Card.state == "open",
            *([Card.kind == kind] if kind else []),
        )
        .values(state="done", closed_at=clock.now(), closed_by=actor.id, outcome=outcome)
        .execution_options(synchronize_session=False)
    )


async def reopen(db: TenantSession, subject_ids: Sequence[UUID], *, outcome: str) -> None:
    """Open again what was withdrawn with this outcome: what withdrew it was undone itself."""
    await db.execute(
        update(Card)
        .where(
            Card.tenant_id == db.tenant_id,
            Card.subject_id == bindparam("subjects", list(subject_ids), ARRAY(Uuid)).any_(),
            Card.outcome == outcome,
        )
        .values(state="open", closed_at=None, closed_by=None, outcome="")
        .execution_options(synchronize_session=False)
    )
