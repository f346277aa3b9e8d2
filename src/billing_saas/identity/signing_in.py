"""Who stands at the door: looked up at every request, in a short transaction of its own."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import and_, or_, select

from billing_saas.identity import rules
from billing_saas.identity.errors import NotAMember, NotSignedIn
from billing_saas.identity.tables import ApiToken, AppUser, Membership
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor, ActorKind
from billing_saas.kit.db import PlatformSession
from billing_saas.tenants.tables import Agreement, Practice


@dataclass(frozen=True, slots=True)
class Principal:
    """A person, and the roles they hold per practice now."""

    user_id: UUID
    token_id: UUID
    roles: dict[UUID, frozenset[str]]

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
            request_id=request_id,
            ip_prefix=ip_prefix,
        )


async def principal_of(db: PlatformSession, token: str) -> Principal:
    """The person whose token this is, or `NotSignedIn`, which does not say why.

    A practice counts only while it is open and a signed agreement covers it (domain.md, Law).
    """
    now = clock.now()
    found = (
        await db.execute(
            select(ApiToken.id, AppUser.id.label("user_id"))
            .join(AppUser, AppUser.id == ApiToken.user_id)
            .where(
                ApiToken.token_hash == rules.token_hash(token),
                ApiToken.revoked_at.is_(None),
                ApiToken.expires_at > now,
                AppUser.status == "active",
            )
        )
    ).one_or_none()
    if found is None:
        raise NotSignedIn
    held = await db.execute(
        select(Membership.tenant_id, Membership.role)
        .join(Practice, Practice.tenant_id == Membership.tenant_id)
        .join(
            Agreement,
            and_(
                Agreement.tenant_id == Practice.tenant_id,
                Agreement.company_id == Practice.company_id,
                Agreement.signed_on <= now.date(),
                or_(Agreement.ended_on.is_(None), Agreement.ended_on > now.date()),
            ),
        )
        .where(
            Membership.user_id == found.user_id,
            Membership.ended_at.is_(None),
            Practice.status.in_(["active", "leaving"]),
        )
        .distinct()
    )
    roles: dict[UUID, set[str]] = {}
    for tenant_id, role in held:
        roles.setdefault(UUID(str(tenant_id)), set()).add(role)
    return Principal(
        user_id=found.user_id,
        token_id=found.id,
        roles={tenant_id: frozenset(names) for tenant_id, names in roles.items()},
    )
