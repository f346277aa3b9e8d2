"""The work list of one practice."""

from datetime import date
from uuid import UUID

import msgspec
from sqlalchemy import Select, func, select

from billing_saas.audit import trail
from billing_saas.followups.errors import CardNotFound
from billing_saas.followups.tables import Card
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.kit.paging import Page, PageRequest, encode


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    """None: no matter. `due_before`: those of a day that is earlier; one without a day is not."""

    state: str = "open"
    kind: str | None = None
    owner: str | None = None
    claim_id: UUID | None = None
    due_before: date | None = None


async def card(db: TenantSession, actor: Actor, card_id: UUID) -> Card:
    actor.must("cards.read")
    found = await db.scalar(select(Card).where(Card.tenant_id == db.tenant_id, Card.id == card_id))
    if found is None:
        raise CardNotFound("There is no such card.")
    # From the list of many practices, this is where one enters.
    await trail.record(db, actor, "card.read", object_type="card", object_id=card_id)
    return found


async def cards(
    db: TenantSession, actor: Actor, page: PageRequest, filters: Filters | None = None
) -> Page[Card]:
    """Newest first."""
    actor.must("cards.read")
    query = _filtered(select(Card).where(Card.tenant_id == db.tenant_id), filters or Filters())
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


def _filtered(query: Select[Card], filters: Filters) -> Select[Card]:
    query = query.where(Card.state == filters.state)
    if filters.kind is not None:
        query = query.where(Card.kind == filters.kind)
    if filters.owner is not None:
        query = query.where(Card.owner == filters.owner)
    if filters.claim_id is not None:
        query = query.where(Card.claim_id == filters.claim_id)
    if filters.due_before is not None:
        query = query.where(Card.due_on < filters.due_before)
    return query
