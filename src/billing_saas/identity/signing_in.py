"""Who stands at the door: looked up at every request, by one statement of its own."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from billing_saas.identity import rules
from billing_saas.identity.errors import NotAMember, NotSignedIn
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor, ActorKind, AuthLevel
from billing_saas.kit.db import PlatformSession


@dataclass(frozen=True, slots=True)
class Principal:
    """A person, and the roles they hold per practice now."""

    user_id: UUID
    token_id: UUID
    roles: dict[UUID, frozenset[str]]
    auth_level: AuthLevel = AuthLevel.TOKEN
    stepped_up_at: datetime | None = None

    @property
    def practices(self) -> frozenset[UUID]:
        return frozenset(self.roles)

    def actor_in(self, practice_id: UUID, *, request_id: str, ip_prefix: str) -> Actor:
        """Act inside one practice, or find that it does not exist."""
        roles = self.roles.get(practice_id)
        if roles is None:
            raise NotAMember("There is no such practice.")
        return Actor(
            kind=ActorKind.USER,
            id=self.user_id,
            permissions=rules.permissions_of(roles),
            roles=roles,
            session=self.token_id,
            auth_level=self.auth_level,
            stepped_up_at=self.stepped_up_at,
            request_id=request_id,
            ip_prefix=ip_prefix,
        )


# A practice counts only while it is open and a signed agreement covers it (domain.md, Law).
_COUNTS = """
      SELECT membership.user_id, membership.tenant_id, membership.role
      FROM membership
      JOIN practice ON practice.tenant_id = membership.tenant_id
        AND practice.status IN ('active', 'leaving')
      JOIN agreement ON agreement.tenant_id = practice.tenant_id
        AND agreement.company_id = practice.company_id
        AND agreement.signed_on <= :today
        AND (agreement.ended_on IS NULL OR agreement.ended_on > :today)
      WHERE membership.ended_at IS NULL"""
_HELD = text(
    f"""
    SELECT DISTINCT api_token.id, api_token.user_id, held.tenant_id, held.role
    FROM api_token
    JOIN app_user ON app_user.id = api_token.user_id AND app_user.status = 'active'
    LEFT JOIN ({_COUNTS}
    ) held ON held.user_id = api_token.user_id
    WHERE api_token.token_hash = :token_hash AND api_token.revoked_at IS NULL
      AND api_token.expires_at > :now
    """  # noqa: S608  # constants of ours
)
_ROLES = text(
    f"SELECT DISTINCT held.tenant_id, held.role FROM ({_COUNTS}) held WHERE held.user_id = :user_id"  # noqa: S608  # constants of ours
)


async def principal_of(db: AsyncConnection | PlatformSession, token: str) -> Principal:
    """The person whose token this is, or `NotSignedIn`, which does not say why. One statement."""
    now = clock.now()
    asked = {"token_hash": rules.token_hash(token), "now": now, "today": now.date()}
    rows = (await db.execute(_HELD, asked)).all()
    if not rows:
        raise NotSignedIn
    return Principal(
        user_id=rows[0].user_id,
        token_id=rows[0].id,
        roles=_by_practice((row.tenant_id, row.role) for row in rows if row.tenant_id is not None),
    )


async def roles_of(
    db: AsyncConnection | PlatformSession, user_id: UUID
) -> dict[UUID, frozenset[str]]:
    """The roles that a person holds now, by practice. One statement."""
    asked = {"user_id": user_id, "today": clock.now().date()}
    return _by_practice((row.tenant_id, row.role) for row in await db.execute(_ROLES, asked))


def _by_practice(held: Iterable[tuple[UUID, str]]) -> dict[UUID, frozenset[str]]:
    roles: dict[UUID, set[str]] = {}
    for tenant_id, role in held:
        roles.setdefault(UUID(str(tenant_id)), set()).add(role)
    return {tenant_id: frozenset(names) for tenant_id, names in roles.items()}
