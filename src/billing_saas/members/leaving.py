"""Suspend, reactivate, remove. Sessions and tokens end in the same transaction, and all of them: whoever
is not trusted here shows again who they are before they work anywhere else."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import update

from billing_saas.audit import trail
from billing_saas.audit.rules import PLATFORM_LOG
from billing_saas.identity.tables import ApiToken, CompanyMembership, Membership
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import NarrowedSession
from billing_saas.members import inviting, reaching
from billing_saas.members.errors import NotSuspended, Suspended
from billing_saas.members.reaching import Reach
from billing_saas.signin import sessions


async def suspend(db: NarrowedSession, actor: Actor, user_id: UUID) -> None:
    """What the person holds stays written, and is worth nothing."""
    within = await reaching.reach(db, actor)
    if await reaching.must_be_within(db, within, user_id):
        raise Suspended("The person is suspended already.")
    await _change(db, actor, within, user_id, "suspend", suspended_at=clock.now())
    await reaching.must_keep_an_admin(db, within)
    await _end_everything(db, actor, within, user_id, "suspended")


async def reactivate(db: NarrowedSession, actor: Actor, user_id: UUID) -> None:
    within = await reaching.reach(db, actor)
    if not await reaching.must_be_within(db, within, user_id):
        raise NotSuspended("The person is not suspended.")
    await _change(db, actor, within, user_id, "reactivate", suspended_at=None)


async def remove(db: NarrowedSession, actor: Actor, user_id: UUID) -> None:
    """Every role within reach ends. What the person did here keeps their name."""
    within = await reaching.reach(db, actor)
    await reaching.must_be_within(db, within, user_id)
    await _change(db, actor, within, user_id, "remove", ended_at=clock.now())
    await reaching.must_keep_an_admin(db, within)
    await _end_everything(db, actor, within, user_id, "removed")


async def _change(
    db: NarrowedSession,
    actor: Actor,
    within: Reach,
    user_id: UUID,
    verb: str,
    **values: datetime | None,
) -> None:
    practices = await db.scalars(
        update(Membership)
        .where(*within.memberships, Membership.user_id == user_id)
        .values(**values)
        .returning(Membership.tenant_id)
    )
    await trail.record_in_each(
        db,
        sorted({UUID(str(practice_id)) for practice_id in practices}),
        actor,
        f"member.{verb}",
        object_type="user",
        object_id=user_id,
    )
    await db.execute(
        update(CompanyMembership)
        .where(*within.company_memberships, CompanyMembership.user_id == user_id)
        .values(**values)
    )
    await trail.record_in(
        db, PLATFORM_LOG, actor, f"member.{verb}", object_type="user", object_id=user_id
    )


async def _end_everything(
    db: NarrowedSession, actor: Actor, within: Reach, user_id: UUID, reason: str
) -> None:
    await inviting.withdraw_all_by(db, within, user_id)
    await sessions.end_all_of(db, user_id, reason=reason, by=actor)
    await db.execute(
        update(ApiToken)
        .where(ApiToken.user_id == user_id, ApiToken.revoked_at.is_(None))
        .values(revoked_at=clock.now())
    )
