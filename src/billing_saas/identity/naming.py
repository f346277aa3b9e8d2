"""The names of those who work, or worked, in a practice: for those who may read its audit trail."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

import msgspec
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


class Post(msgspec.Struct, frozen=True):
    """A role that somebody held here for a while, for the practice itself or for its billing company."""

    role: str
    side: str
    since: datetime
    until: datetime | None

    def held_at(self, at: datetime) -> bool:
        return self.since <= at and (self.until is None or at < self.until)


async def posts(db: TenantSession, users: Iterable[UUID]) -> dict[UUID, list[Post]]:
    """What each was, without a name: for the patient who asks who saw the record."""
    rows = await db.scalars(
        select(Membership).where(
            Membership.tenant_id == db.tenant_id,
            Membership.user_id == bindparam("users", list(users), ARRAY(Uuid)).any_(),
        )
    )
    found: dict[UUID, list[Post]] = {}
    for row in rows:
        post = Post(row.role, row.side, row.granted_at, row.ended_at)
        found.setdefault(row.user_id, []).append(post)
    return found
