"""Arrivals and their findings, for who may see them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from billing_saas.audit import trail
from billing_saas.audit.rules import Classes
from billing_saas.inbox.errors import ArrivalNotFound
from billing_saas.inbox.rules import ArrivalName
from billing_saas.inbox.tables import Arrival, ArrivalFinding
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.kit.paging import Page, PageRequest, encode
from billing_saas.phi import keyring
from billing_saas.phi.registry import ARRIVAL_PHI_DEMO

READ = "arrivals.read"


@dataclass(frozen=True, slots=True)
class ArrivalShown:
    id: UUID
    name: str = field(repr=False)
    source: str
    external_id: str
    kind: str
    state: str
    blob_id: UUID
    bytes: int
    received_at: datetime
    received_by_kind: str
    received_by: UUID
    handled_at: datetime | None
    errors: int
    warnings: int


async def arrival(db: TenantSession, actor: Actor, arrival_id: UUID) -> ArrivalShown:
    actor.must(READ)
    row = await _arrival(db, arrival_id)
    (shown,) = await _shown(db, [row])
    await trail.record(
        db,
        actor,
        "arrival.read",
        object_type="arrival",
        object_id=arrival_id,
        classes=Classes.DEMOGRAPHIC,
    )
    return shown


async def arrivals(
    db: TenantSession, actor: Actor, page: PageRequest, *, state: str | None = None
) -> Page[ArrivalShown]:
    """Newest first; with `state`, those alone."""
    actor.must(READ)
    query = select(Arrival).where(Arrival.tenant_id == db.tenant_id)
    if state is not None:
        query = query.where(Arrival.state == state)
    if page.after is not None:
        query = query.where(Arrival.id < page.after)
    rows = (await db.scalars(query.order_by(Arrival.id.desc()).limit(page.limit + 1))).all()
    shown = await _shown(db, rows[: page.limit])
    if shown:
        await trail.record(
            db,
            actor,
            "arrival.list",
            object_type="arrival",
            classes=Classes.DEMOGRAPHIC,
            detail={"count": len(shown)},
        )
    return Page(shown, encode(shown[-1].id) if len(rows) > page.limit else None)


async def findings(
    db: TenantSession, actor: Actor, arrival_id: UUID, page: PageRequest
) -> Page[ArrivalFinding]:
    """In the order they were found. The cursor's UUID is the number of the last one shown."""
    actor.must(READ)
    await _arrival(db, arrival_id)
    after = page.after.int if page.after is not None else 0
    rows = (
        await db.scalars(
            select(ArrivalFinding)
            .where(
                ArrivalFinding.tenant_id == db.tenant_id,
                ArrivalFinding.arrival_id == arrival_id,
                ArrivalFinding.n > min(after, 2**31 - 1),
            )
            .order_by(ArrivalFinding.n)
            .limit(page.limit + 1)
        )
    ).all()
    shown = list(rows[: page.limit])
    more = len(rows) > page.limit
    return Page(shown, encode(UUID(int=shown[-1].n)) if more else None)


async def _arrival(db: TenantSession, arrival_id: UUID) -> Arrival:
    query = select(Arrival).where(Arrival.tenant_id == db.tenant_id, Arrival.id == arrival_id)
    row = (await db.scalars(query)).one_or_none()
    if row is None:
        raise ArrivalNotFound("There is no such arrival.")
    return row


async def _shown(db: TenantSession, rows: Sequence[Arrival]) -> list[ArrivalShown]:
    if not rows:
        return []
    ring = await keyring.of(db, max(row.key_ver for row in rows))
    return [
        ArrivalShown(
            id=row.id,
            name=(
                ring.open(ARRIVAL_PHI_DEMO, row.id, row.phi_demo, ArrivalName).name
                if row.phi_demo is not None
                else ""
            ),
            source=row.source,
            external_id=row.external_id,
            kind=row.kind,
            state=row.state,
            blob_id=row.blob_id,
            bytes=row.bytes,
            received_at=row.received_at,
            received_by_kind=row.received_by_kind,
            received_by=row.received_by,
            handled_at=row.handled_at,
            errors=row.errors,
            warnings=row.warnings,
        )
        for row in rows
    ]
