"""The connections of a practice, for who may see them."""

from uuid import UUID

from sqlalchemy import select

from billing_saas.connections.errors import ConnectionNotFound
from billing_saas.connections.tables import Connection
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.kit.paging import Page, PageRequest, encode

READ = "connections.read"


async def connection(db: TenantSession, actor: Actor, connection_id: UUID) -> Connection:
    actor.must(READ)
    found = await db.scalar(
        select(Connection).where(
            Connection.tenant_id == db.tenant_id, Connection.id == connection_id
        )
    )
    if found is None:
        raise ConnectionNotFound("There is no such connection.")
    return found


async def locked(db: TenantSession, connection_id: UUID) -> Connection:
    """For an act that changes it."""
    found = await db.scalar(
        select(Connection)
        .where(Connection.tenant_id == db.tenant_id, Connection.id == connection_id)
        .with_for_update()
    )
    if found is None:
        raise ConnectionNotFound("There is no such connection.")
    return found


async def connections(db: TenantSession, actor: Actor, page: PageRequest) -> Page[Connection]:
    """Newest first, those no longer active among them."""
    actor.must(READ)
    query = select(Connection).where(Connection.tenant_id == db.tenant_id)
    if page.after is not None:
        query = query.where(Connection.id < page.after)
    found = (await db.scalars(query.order_by(Connection.id.desc()).limit(page.limit + 1))).all()
    rows = list(found[: page.limit])
    return Page(rows, encode(rows[-1].id) if len(found) > page.limit else None)
