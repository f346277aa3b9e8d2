"""Make a person known, give roles, issue a token."""

import secrets
from collections.abc import Iterable
from datetime import timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import func, select, update

from billing_saas.audit import trail
from billing_saas.audit.rules import PLATFORM_LOG
from billing_saas.identity import rules
from billing_saas.identity.errors import AlreadyKnown
from billing_saas.identity.tables import ApiToken, AppUser, CompanyMembership, Membership
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor, ActorKind
from billing_saas.kit.db import PlatformSession
from billing_saas.kit.ids import new_id

# Whose people a person is of, in a practice.
Side = Literal["company", "practice"]

PREFIX = "bt_"
# Whoever may run commands on the machine.
_OPERATOR = UUID(int=1)


async def known_user(db: PlatformSession, email: str) -> UUID | None:
    """The person with this address, in whatever case it is written; None when there is none."""
    return await db.scalar(select(AppUser.id).where(func.lower(AppUser.email) == email.lower()))


async def add_user(db: PlatformSession, *, email: str, display_name: str) -> UUID:
    if await known_user(db, email) is not None:
        raise AlreadyKnown("A person with this e-mail address is already known.")
    user = AppUser(
        id=new_id(),
        email=email,
        display_name=display_name,
        status="active",
        created_at=clock.now(),
    )
    db.add(user)
    await db.flush()
    await trail.record_in(
        db, PLATFORM_LOG, _giver(None), "user.add", object_type="user", object_id=user.id
    )
    return user.id


async def grant(
    db: PlatformSession,
    user_id: UUID,
    tenant_id: UUID,
    roles: Iterable[str],
    by: UUID | None,
    *,
    side: Side = "company",
) -> None:
    """Roles in one practice. A role the person already holds there stays as it is.

    The operator's: what people give each other goes through `members`, which asks whether they may.
    """
    held = set(
        await db.scalars(
            select(Membership.role).where(
                Membership.user_id == user_id,
                Membership.tenant_id == tenant_id,
                Membership.ended_at.is_(None),
            )
        )
    )
    for role in sorted(set(roles) - held):
        db.add(
            Membership(
                id=new_id(),
                user_id=user_id,
                tenant_id=tenant_id,
                side=side,
                role=role,
                granted_by=by,
                granted_at=clock.now(),
            )
        )
        await trail.record_in(
            db,
            tenant_id,
            _giver(by),
            "membership.grant",
            object_type="user",
            object_id=user_id,
            detail={"role": role},
        )
    await db.flush()


async def grant_company(
    db: PlatformSession, user_id: UUID, company_id: UUID, role: str, by: UUID | None
) -> None:
    db.add(
        CompanyMembership(
            id=new_id(),
            user_id=user_id,
            company_id=company_id,
            role=role,
            granted_by=by,
            granted_at=clock.now(),
        )
    )
    await db.flush()
    await trail.record_in(
        db,
        PLATFORM_LOG,
        _giver(by),
        "company_membership.grant",
        object_type="user",
        object_id=user_id,
        detail={"role": role},
    )


async def issue_token(
    db: PlatformSession, user_id: UUID, *, name: str, good_for: timedelta = timedelta(days=90)
) -> str:
    """A bearer token, shown this once. Only its hash is kept."""
    token = PREFIX + secrets.token_urlsafe(32)
    now = clock.now()
    token_id = new_id()
    db.add(
        ApiToken(
            id=token_id,
            user_id=user_id,
            token_hash=rules.token_hash(token),
            name=name,
            created_at=now,
            expires_at=now + good_for,
        )
    )
    await db.flush()
    await trail.record_in(
        db,
        PLATFORM_LOG,
        Actor(kind=ActorKind.SYSTEM, id=_OPERATOR, on_behalf_of=user_id),
        "token.issue",
        object_type="api_token",
        object_id=token_id,
    )
    return token


async def revoke_shown(db: PlatformSession, token: str, *, request_id: str, ip_prefix: str) -> bool:
    """End a token that was shown where everybody may read it; whether there was one."""
    revoked = await db.execute(
        update(ApiToken)
        .where(ApiToken.token_hash == rules.token_hash(token), ApiToken.revoked_at.is_(None))
        .values(revoked_at=clock.now())
        .returning(ApiToken.id, ApiToken.user_id)
    )
    row = revoked.one_or_none()
    if row is None:
        return False
    await trail.record_in(
        db,
        PLATFORM_LOG,
        Actor(
            kind=ActorKind.USER,
            id=row.user_id,
            session=row.id,
            request_id=request_id,
            ip_prefix=ip_prefix,
        ),
        "token.leak",
        object_type="api_token",
        object_id=row.id,
        outcome="denied",
    )
    return True


def _giver(by: UUID | None) -> Actor:
    """A person who gives, or the operator."""
    if by is None:
        return Actor(kind=ActorKind.SYSTEM, id=_OPERATOR)
    return Actor(kind=ActorKind.USER, id=by)
