"""Placements for who may see them. What is left of one is the ledger's to say."""

from collections.abc import Sequence
from uuid import UUID

import msgspec
from sqlalchemy import select

from billing_saas.audit import trail
from billing_saas.collections import money_rules, moving
from billing_saas.collections.errors import PlacementNotFound
from billing_saas.collections.rules import Item
from billing_saas.collections.tables import AgencyNotice, Placement, PlacementEvent
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.kit.paging import Page, PageRequest, encode

READ = "collections.read"


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """`left_cents` is what is with the agency, or given up as bad debt."""

    row: Placement
    items: list[Item]
    left_cents: int
    events: list[PlacementEvent]
    notices: list[AgencyNotice]


async def placement(db: TenantSession, actor: Actor, placement_id: UUID) -> Shown:
    actor.must(READ)
    row = await db.scalar(
        select(Placement)
        .where(Placement.tenant_id == db.tenant_id, Placement.id == placement_id)
        .execution_options(populate_existing=True)
    )
    if row is None or not actor.may_see(row.guarantor_id):
        raise PlacementNotFound("There is no such placement.")
    items = (await moving.items_of(db, [row.id]))[row.id]
    await trail.record(
        db,
        actor,
        "placement.read",
        object_type=moving.SUBJECT,
        object_id=row.id,
        subjects=moving.subjects(row, items),
    )
    return Shown(
        row=row,
        items=items,
        left_cents=await _left(db, row),
        events=list(await _events(db, row.id)),
        notices=list(await _notices(db, row.id)),
    )


async def placements(
    db: TenantSession,
    actor: Actor,
    page: PageRequest,
    *,
    state: str | None = None,
    guarantor_id: UUID | None = None,
    agency_id: UUID | None = None,
) -> Page[Placement]:
    """Newest first."""
    actor.must(READ)
    query = select(Placement).where(Placement.tenant_id == db.tenant_id)
    if actor.only_patient is not None:
        query = query.where(Placement.guarantor_id == actor.only_patient)
    if state is not None:
        query = query.where(Placement.state == state)
    if guarantor_id is not None:
        query = query.where(Placement.guarantor_id == guarantor_id)
    if agency_id is not None:
        query = query.where(Placement.agency_id == agency_id)
    if page.after is not None:
        query = query.where(Placement.id < page.after)
    rows = list(await db.scalars(query.order_by(Placement.id.desc()).limit(page.limit + 1)))
    shown = rows[: page.limit]
    await trail.record(
        db,
        actor,
        "placement.list",
        object_type=moving.SUBJECT,
        subjects=[row.guarantor_id for row in shown],
        detail={"count": len(shown)},
    )
    return Page(shown, encode(shown[-1].id) if len(rows) > page.limit else None)


async def _left(db: TenantSession, row: Placement) -> int:
    if row.state not in ("placed", "bad_debt"):
        return 0
    left = await moving.left_of(db, [row.id], money_rules.OWED_IN[row.state])
    return sum(item.cents for item in left[row.id])


async def _events(db: TenantSession, placement_id: UUID) -> Sequence[PlacementEvent]:
    found = await db.scalars(
        select(PlacementEvent)
        .where(
            PlacementEvent.tenant_id == db.tenant_id, PlacementEvent.placement_id == placement_id
        )
        .order_by(PlacementEvent.id)
    )
    return found.all()


async def _notices(db: TenantSession, placement_id: UUID) -> Sequence[AgencyNotice]:
    found = await db.scalars(
        select(AgencyNotice)
        .where(AgencyNotice.tenant_id == db.tenant_id, AgencyNotice.placement_id == placement_id)
        .order_by(AgencyNotice.id)
    )
    return found.all()
