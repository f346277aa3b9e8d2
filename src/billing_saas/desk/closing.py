"""The day ends: what a person took is counted by method, beside what the books expect, and kept so."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Uuid

from billing_saas.audit import trail
from billing_saas.desk import rules
from billing_saas.desk.errors import DrawerNotFound, NothingTaken
from billing_saas.desk.rules import Counted, Taken
from billing_saas.desk.tables import DeskTaking, DrawerClose, DrawerCount
from billing_saas.kit import bulk, clock
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.kit.ids import new_id
from billing_saas.kit.paging import Page, PageRequest, encode
from billing_saas.payments.tables import Payment
from billing_saas.tenants import queries as tenants

READ = "desk.read"
CLOSE = "desk.close"


class Drawer(msgspec.Struct, frozen=True, kw_only=True):
    """What a person took since the drawer was counted last, by method. Without a name of who paid."""

    user_id: UUID
    since: datetime | None
    expected: list[Counted]
    voided: int


class ClosedDrawer(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    user_id: UUID
    closed_on: date
    closed_by: UUID
    closed_at: datetime
    counts: list[Counted]


async def drawers(db: TenantSession, actor: Actor) -> list[Drawer]:
    """Every drawer with something in it that was not counted."""
    actor.must(READ)
    found: dict[UUID, list[tuple[Taken, datetime]]] = {}
    for row in await _open(db):
        taken = Taken(row.method, row.amount_cents, row.voided_at is not None)
        found.setdefault(row.taken_by, []).append((taken, row.taken_at))
    return [
        Drawer(
            user_id=user_id,
            since=min((at for _, at in rows), default=None),
            expected=rules.counted([taken for taken, _ in rows], {}),
            voided=sum(taken.voided for taken, _ in rows),
        )
        for user_id, rows in sorted(found.items())
    ]


async def close(db: TenantSession, actor: Actor, user_id: UUID, counts: Mapping[str, int]) -> UUID:
    """Count a drawer: one's own, or a colleague's. What was taken back stays in it, and counts nothing."""
    actor.must(CLOSE)
    actor.must(READ)
    rows = await _open(db, user_id)
    if not rows:
        raise NothingTaken("Nothing was taken since this drawer was counted last.")
    practice = await tenants.this_practice(db)
    close_id = new_id()
    await db.execute(
        insert(DrawerClose).values(
            tenant_id=db.tenant_id,
            id=close_id,
            user_id=user_id,
            closed_on=clock.today(practice.time_zone),
            closed_by=actor.id,
            closed_at=clock.now(),
        )
    )
    taken = [Taken(row.method, row.amount_cents, row.voided_at is not None) for row in rows]
    counted = rules.counted(taken, counts)
    await bulk.insert_rows(
        db,
        DrawerCount,
        [{"drawer_close_id": close_id, **msgspec.structs.asdict(one)} for one in counted],
    )
    await db.execute(
        update(DeskTaking)
        .where(
            DeskTaking.tenant_id == db.tenant_id,
            DeskTaking.payment_id
            == bindparam("payments", [row.payment_id for row in rows], ARRAY(Uuid)).any_(),
        )
        .values(drawer_close_id=close_id)
        .execution_options(synchronize_session=False)
    )
    await trail.record(
        db,
        actor,
        "desk.close",
        object_type="drawer_close",
        object_id=close_id,
        detail={"count": len(rows), "cents": sum(one.over_cents for one in counted)},
    )
    return close_id


async def closed(db: TenantSession, actor: Actor, close_id: UUID) -> ClosedDrawer:
    actor.must(READ)
    row = await db.scalar(
        select(DrawerClose).where(DrawerClose.tenant_id == db.tenant_id, DrawerClose.id == close_id)
    )
    if row is None:
        raise DrawerNotFound("There is no such close.")
    (found,) = await _shown(db, [row])
    return found


async def closes(db: TenantSession, actor: Actor, page: PageRequest) -> Page[ClosedDrawer]:
    """Newest first."""
    actor.must(READ)
    query = select(DrawerClose).where(DrawerClose.tenant_id == db.tenant_id)
    if page.after is not None:
        query = query.where(DrawerClose.id < page.after)
    rows = (await db.scalars(query.order_by(DrawerClose.id.desc()).limit(page.limit + 1))).all()
    shown = await _shown(db, rows[: page.limit])
    return Page(shown, encode(shown[-1].id) if len(rows) > page.limit else None)


async def _shown(db: TenantSession, rows: Sequence[DrawerClose]) -> list[ClosedDrawer]:
    counts = await db.scalars(
        select(DrawerCount)
        .where(
            DrawerCount.tenant_id == db.tenant_id,
            DrawerCount.drawer_close_id
            == bindparam("closes", [row.id for row in rows], ARRAY(Uuid)).any_(),
        )
        .order_by(DrawerCount.method)
    )
    by_close: dict[UUID, list[Counted]] = {}
    for one in counts:
        by_close.setdefault(one.drawer_close_id, []).append(
            Counted(one.method, one.takings, one.expected_cents, one.counted_cents)
        )
    return [
        ClosedDrawer(
            id=row.id,
            user_id=row.user_id,
            closed_on=row.closed_on,
            closed_by=row.closed_by,
            closed_at=row.closed_at,
            counts=by_close.get(row.id, []),
        )
        for row in rows
    ]


async def _open(db: TenantSession, user_id: UUID | None = None) -> Sequence[Any]:
    query = (
        select(
            DeskTaking.payment_id,
            DeskTaking.taken_by,
            DeskTaking.taken_at,
            Payment.method,
            Payment.amount_cents,
            Payment.voided_at,
        )
        .join(
            Payment,
            (Payment.tenant_id == DeskTaking.tenant_id) & (Payment.id == DeskTaking.payment_id),
        )
        .where(DeskTaking.tenant_id == db.tenant_id, DeskTaking.drawer_close_id.is_(None))
        .order_by(DeskTaking.payment_id)
    )
    if user_id is not None:
        # Counted once: a second count at the same time waits, and finds nothing left.
        query = query.where(DeskTaking.taken_by == user_id).with_for_update(of=DeskTaking)
    return (await db.execute(query)).all()
