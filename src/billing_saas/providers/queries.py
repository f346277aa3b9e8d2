"""The providers of a practice. Their names and numbers are public (45 CFR 162.408): no PHI."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Uuid

from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.providers.tables import Provider


async def providers(db: TenantSession, actor: Actor) -> list[Provider]:
    """All of them, by name."""
    actor.must("practice.read")
    found = await db.scalars(
        select(Provider)
        .where(Provider.tenant_id == db.tenant_id)
        .order_by(Provider.name, Provider.first_name, Provider.id)
    )
    return list(found)


async def by_ids(db: TenantSession, ids: Iterable[UUID]) -> dict[UUID, Provider]:
    """For rooms above, which checked what the actor may do."""
    found = await db.scalars(
        select(Provider).where(
            Provider.tenant_id == db.tenant_id,
            Provider.id == bindparam("ids", list(ids), ARRAY(Uuid)).any_(),
        )
    )
    return {provider.id: provider for provider in found}
