"""Which links and codes somebody was given, and what became of them. What opens them is told nowhere."""

from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import select, update

from billing_saas.audit import trail
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.kit.paging import Page, PageRequest, encode
from billing_saas.links import rules
from billing_saas.links.errors import LinkNotFound
from billing_saas.links.tables import PortalLink

READ = "portal_links.read"
WRITE = "portal_links.write"


class LinkShown(msgspec.Struct, frozen=True, kw_only=True):
    """`state`: open; opened (a link that was used up); expired; ended, for `end_reason`."""

    id: UUID
    kind: str
    form: str
    guarantor_id: UUID
    about: UUID | None
    state: str
    end_reason: str
    wrong_tries: int
    created_by: UUID
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None


async def links_of(
    db: TenantSession, actor: Actor, guarantor_id: UUID, page: PageRequest
) -> Page[LinkShown]:
    """Newest first. The caller has found the guarantor."""
    actor.must(READ)
    query = select(PortalLink).where(
        PortalLink.tenant_id == db.tenant_id, PortalLink.guarantor_id == guarantor_id
    )
    if page.after is not None:
        query = query.where(PortalLink.id < page.after)
    found = (await db.scalars(query.order_by(PortalLink.id.desc()).limit(page.limit + 1))).all()
    rows = [_shown(row) for row in found[: page.limit]]
    await trail.record(
        db,
        actor,
        "link.list",
        object_type="patient",
        object_id=guarantor_id,
        subjects=[guarantor_id],
        detail={"count": len(rows)},
    )
    return Page(rows, encode(rows[-1].id) if len(found) > page.limit else None)


async def link(db: TenantSession, actor: Actor, link_id: UUID) -> LinkShown:
    actor.must(READ)
    return _shown(await _row(db, link_id))


async def by_path(db: TenantSession, path: str) -> UUID:
    """The id of a link that was made in this transaction, for who just got its path."""
    found = await db.scalar(
        select(PortalLink.id).where(
            PortalLink.tenant_id == db.tenant_id,
            PortalLink.secret_hash == rules.secret_hash(path.removeprefix(rules.PATH)),
        )
    )
    assert found is not None
    return UUID(str(found))


async def end(db: TenantSession, actor: Actor, guarantor_id: UUID, link_id: UUID) -> None:
    """It opens nothing any more. One that is over already stays as it is."""
    actor.must(WRITE)
    row = await _row(db, link_id)
    if row.guarantor_id != guarantor_id:
        raise LinkNotFound("There is no such link.")
    await db.execute(
        update(PortalLink)
        .where(
            PortalLink.tenant_id == db.tenant_id,
            PortalLink.id == link_id,
            PortalLink.ended_at.is_(None),
        )
        .values(ended_at=clock.now(), end_reason="by_staff")
        .execution_options(synchronize_session=False)
    )
    await trail.record(
        db,
        actor,
        "link.end",
        object_type="link",
        object_id=link_id,
        subjects=[guarantor_id],
        detail={"reason": "by_staff"},
    )


async def _row(db: TenantSession, link_id: UUID) -> PortalLink:
    found: PortalLink | None = await db.scalar(
        select(PortalLink).where(PortalLink.tenant_id == db.tenant_id, PortalLink.id == link_id)
    )
    if found is None:
        raise LinkNotFound("There is no such link.")
    return found


def _shown(row: PortalLink) -> LinkShown:
    values = {name: getattr(row, name) for name in LinkShown.__struct_fields__ if name != "state"}
    return LinkShown(**values, state=_state(row))


def _state(row: PortalLink) -> str:
    if row.ended_at is not None:
        return "ended"
    if row.form == "link" and row.used_at is not None:
        return "opened"
    return "expired" if row.expires_at <= clock.now() else "open"
