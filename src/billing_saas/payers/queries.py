"""The payers of a practice."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Uuid

from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.payers.tables import Payer


async def payers(db: TenantSession, actor: Actor) -> list[Payer]:
    """All of them, by name."""
    actor.must("practice.read")
    found = await db.scalars(
        select(Payer).where(Payer.tenant_id == db.tenant_id).order_by(Payer.name, Payer.id)
    )
    return list(found)


async def by_ids(db: TenantSession, ids: Iterable[UUID]) -> dict[UUID, Payer]:
    """For rooms above, which checked what the actor may do."""
    found = await db.scalars(
        select(Payer).where(
            Payer.tenant_id == db.tenant_id,
            Payer.id == bindparam("ids", list(ids), ARRAY(Uuid)).any_(),
        )
    )
    return {payer.id: payer for payer in found}
