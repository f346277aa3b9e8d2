"""The clients of a practice and their secrets, for who may see them."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Uuid

from billing_saas.clients.errors import ClientNotFound, ClientSecretNotFound
from billing_saas.clients.tables import ApiClient, ClientSecret
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.kit.paging import Page, PageRequest, encode

READ = "clients.read"


async def client(db: TenantSession, actor: Actor, client_id: UUID) -> ApiClient:
    actor.must(READ)
    return await found(db, client_id)


async def found(db: TenantSession, client_id: UUID, *, lock: bool = False) -> ApiClient:
    query = select(ApiClient).where(ApiClient.tenant_id == db.tenant_id, ApiClient.id == client_id)
    row = await db.scalar(query.with_for_update() if lock else query)
    if row is None:
        raise ClientNotFound("There is no such client.")
    return row


async def lock(db: TenantSession, client_id: UUID) -> None:
    """For an act that changes it."""
    await found(db, client_id, lock=True)


async def clients(db: TenantSession, actor: Actor, page: PageRequest) -> Page[ApiClient]:
    """Newest first, those that were revoked among them."""
    actor.must(READ)
    query = select(ApiClient).where(ApiClient.tenant_id == db.tenant_id)
    if page.after is not None:
        query = query.where(ApiClient.id < page.after)
    rows = (await db.scalars(query.order_by(ApiClient.id.desc()).limit(page.limit + 1))).all()
    shown = list(rows[: page.limit])
    return Page(shown, encode(shown[-1].id) if len(rows) > page.limit else None)


async def secrets(
    db: TenantSession, actor: Actor, client_id: UUID, page: PageRequest
) -> Page[ClientSecret]:
    """Newest first, with those that are over; none of them says what it is."""
    actor.must(READ)
    await found(db, client_id)
    query = select(ClientSecret).where(
        ClientSecret.tenant_id == db.tenant_id, ClientSecret.client_id == client_id
    )
    if page.after is not None:
        query = query.where(ClientSecret.id < page.after)
    rows = (await db.scalars(query.order_by(ClientSecret.id.desc()).limit(page.limit + 1))).all()
    shown = list(rows[: page.limit])
    return Page(shown, encode(shown[-1].id) if len(rows) > page.limit else None)


async def secret(db: TenantSession, actor: Actor, secret_id: UUID) -> ClientSecret:
    actor.must(READ)
    row = await db.scalar(
        select(ClientSecret).where(
            ClientSecret.tenant_id == db.tenant_id, ClientSecret.id == secret_id
        )
    )
    if row is None:
        raise ClientSecretNotFound("There is no such secret.")
    return row


async def names(db: TenantSession, clients: Iterable[UUID]) -> dict[UUID, str]:
    """What the practice calls its clients: for those who may read its audit trail."""
    wanted = bindparam("clients", list(clients), ARRAY(Uuid))
    rows = await db.execute(
        select(ApiClient.id, ApiClient.name).where(
            ApiClient.tenant_id == db.tenant_id, ApiClient.id == wanted.any_()
        )
    )
    return {row.id: row.name for row in rows}
