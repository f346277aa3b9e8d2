"""Sessions as a list: one's own, and those of the people whom one looks after; and their end."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from billing_saas.kit.actor import Actor
from billing_saas.kit.db import PlatformSession
from billing_saas.signin import administering, sessions
from billing_saas.signin.errors import SessionNotFound
from billing_saas.signin.tables import UserSession


async def own(db: PlatformSession, actor: Actor) -> Sequence[UserSession]:
    return await sessions.open_of(db, [actor.id])


async def of(db: PlatformSession, actor: Actor, user_id: UUID) -> Sequence[UserSession]:
    """Of somebody whom the actor looks after, or themselves."""
    if user_id != actor.id:
        await administering.must_administer(db, actor, user_id)
    return await sessions.open_of(db, [user_id])


async def end(db: PlatformSession, actor: Actor, session_id: UUID) -> None:
    """One's own, or one of somebody whom one looks after; any other does not exist."""
    owner = await db.scalar(select(UserSession.user_id).where(UserSession.id == session_id))
    if owner is None or (
        owner != actor.id and not await administering.administers(db, actor, owner)
    ):
        raise SessionNotFound("There is no such session.")
    reason = "by_person" if owner == actor.id else "by_admin"
    await sessions.end(db, actor, session_id, reason=reason)


async def end_all(db: PlatformSession, actor: Actor, user_id: UUID) -> None:
    """Everywhere somebody is signed in, whom one looks after."""
    await administering.must_administer(db, actor, user_id)
    await sessions.end_all_of(db, user_id, reason="by_admin", by=actor)
