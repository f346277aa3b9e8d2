"""The names of those who work, or worked, in a practice: for those who may read its audit trail."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Uuid

from billing_saas.identity.tables import AppUser, Membership
from billing_saas.kit.db import TenantSession


async def names(db: TenantSession, users: Iterable[UUID]) -> dict[UUID, str]:
    """Of people who were ever members here; who is not, has no name here."""
    wanted = bindparam("users", list(users), ARRAY(Uuid))
    found = await db.execute(
        select(AppUser.id, AppUser.display_name).where(
            AppUser.id == wanted.any_(),
            AppUser.id.in_(select(Membership.user_id).where(Membership.tenant_id == db.tenant_id)),
        )
    )
    return {row.id: row.display_name for row in found}
