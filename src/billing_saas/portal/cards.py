"""Cards that are kept for the visitor at the processor: of what kind, and until when. More is not here."""

from uuid import UUID

from billing_saas.kept_cards import saving
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.payments.tables import SavedMethod
from billing_saas.portal import own


async def kept(db: TenantSession, actor: Actor) -> list[SavedMethod]:
    """Newest first."""
    guarantor_id = own.must_be_verified(actor)
    found = await saving.cards_of(db, guarantor_id)
    await own.tell(db, actor, "saved_method.list", object_type="saved_method", count=len(found))
    return found


async def is_kept(db: TenantSession, actor: Actor, card_id: UUID) -> bool:
    """Whether the processor has said so: somebody who comes back from it may be ahead of its word."""
    card = await saving.card_of(db, own.must_be_verified(actor), card_id)
    return card.state == "active"


async def end(db: TenantSession, actor: Actor, card_id: UUID) -> None:
    await saving.end(db, actor, own.must_be_verified(actor), card_id)
