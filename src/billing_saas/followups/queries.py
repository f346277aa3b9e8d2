"""The work list of one practice."""

from uuid import UUID

from sqlalchemy import func, select

from billing_saas.followups.errors import CardNotFound
from billing_saas.followups.tables import Card
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.kit.paging import Page, PageRequest, encode


async def card(db: TenantSession, actor: Actor, card_id: UUID) -> Card:
    actor.must("cards.read")
    found = await db.scalar(select(Card).where(Card.tenant_id == db.tenant_id, Card.id == card_id))
    if found is None:
        raise CardNotFound("There is no such card.")
    return found


async def cards(
    db: TenantSession, actor: Actor, page: PageRequest, *, state: str = "open"
) -> Page[Card]:
    """Newest first."""
    actor.must("cards.read")
    query = select(Card).where(Card.tenant_id == db.tenant_id, Card.state == state)
    if page.after is not None:
        query = query.where(Card.id < page.after)
    found = (await db.scalars(query.order_by(Card.id.desc()).limit(page.limit + 1))).all()
    rows = list(found[: page.limit])
    return Page(rows, encode(rows[-1].id) if len(found) > page.limit else None)


async def open_by_kind(db: TenantSession, actor: Actor) -> dict[str, int]:
    """How many cards of each kind are open."""
    actor.must("cards.read")
    rows = await db.execute(
        select(Card.kind, func.count().label("cards"))
        .where(Card.tenant_id == db.tenant_id, Card.state == "open")
        .group_by(Card.kind)
        .order_by(Card.kind)
    )
    return {row.kind: row.cards for row in rows}
