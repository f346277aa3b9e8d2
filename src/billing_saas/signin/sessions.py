"""Sessions of people: opened by what they showed, found at every request, ended at once.

A session keeps its id for its life and changes its secret whenever it comes to mean more, so that a
secret somebody knew before is worth nothing after.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from billing_saas.audit import trail
from billing_saas.audit.rules import PLATFORM_LOG
from billing_saas.identity import signing_in
from billing_saas.identity.errors import NotSignedIn
from billing_saas.identity.signing_in import EVERYWHERE, Place, Principal
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor, ActorKind, AuthLevel
from billing_saas.kit.db import PlatformSession
from billing_saas.kit.ids import new_id
from billing_saas.signin import rules
from billing_saas.signin.errors import SecondFactorMissing, SessionNotFound
from billing_saas.signin.rules import TimeLimits
from billing_saas.signin.tables import UserSession

_Looking = AsyncConnection | PlatformSession

# Writing that a session was seen costs a row version: once a minute is enough for limits of minutes.
_SEEN_EVERY = timedelta(minutes=1)

# Of one person. Who opens another signs out where they were seen longest ago.
MOST_OPEN = 50


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session that is good now. `level` says for what."""

    id: UUID
    user_id: UUID
    methods: frozenset[str]
    opened_at: datetime
    stepped_up_at: datetime | None
    wrong_codes: int

    @property
    def level(self) -> AuthLevel:
        return rules.auth_level(self.methods)

    def actor(self, *, request_id: str = "", ip_prefix: str = "") -> Actor:
        """The person outside of any practice: for what they do with their own account."""
        return Actor(
            kind=ActorKind.USER,
            id=self.user_id,
            session=self.id,
            auth_level=self.level,
            stepped_up_at=self.stepped_up_at,
            request_id=request_id,
            ip_prefix=ip_prefix,
        )


# The strictest policy of all companies that the person works with or for.
_FIND = text(
    """
    SELECT s.id, s.user_id, s.methods, s.created_at, s.seen_at, s.stepped_up_at, s.wrong_codes,
      p.idle_minutes, p.absolute_minutes
    FROM user_session s
    JOIN app_user u ON u.id = s.user_id AND u.status = 'active'
    CROSS JOIN LATERAL (
      SELECT min(policy.idle_minutes) AS idle_minutes,
        min(policy.absolute_minutes) AS absolute_minutes
      FROM sign_in_policy policy
      WHERE EXISTS (SELECT FROM company_membership held WHERE held.company_id = policy.company_id
                    AND held.user_id = s.user_id AND held.ended_at IS NULL)
        OR EXISTS (SELECT FROM membership held JOIN practice USING (tenant_id)
                   WHERE practice.company_id = policy.company_id AND held.user_id = s.user_id
                     AND held.ended_at IS NULL)
    ) p
    WHERE s.secret_hash = :secret_hash AND s.ended_at IS NULL
    """
)
_SEEN = text("UPDATE user_session SET seen_at = :now WHERE id = :id AND ended_at IS NULL")
_RAN_OUT = text(
    """
    UPDATE user_session SET ended_at = :now, end_reason = :reason
    WHERE id = :id AND ended_at IS NULL
    """
)


async def open_session(
    db: PlatformSession,
    user_id: UUID,
    *,
    methods: frozenset[str],
    ip_prefix: str,
    user_agent_hint: str,
) -> str:
    """The secret for the cookie. With one factor the session is good for nothing but a second."""
    unknown = methods - rules.METHODS
    if unknown or not methods:
        raise ValueError(f"no way to sign in: {sorted(unknown)}")
    now = clock.now()
    secret = rules.new_secret()
    two = rules.auth_level(methods) is AuthLevel.TWO_FACTORS
    session_id = new_id()
    db.add(
        UserSession(
            id=session_id,
            user_id=user_id,
            secret_hash=rules.secret_hash(secret),
            methods=" ".join(sorted(methods)),
            created_at=now,
            seen_at=now,
            stepped_up_at=now if two else None,
            wrong_codes=0,
            ip_prefix=ip_prefix,
            user_agent_hint=user_agent_hint,
            ended_at=None,
            end_reason="",
        )
    )
    await db.flush()
    await trail.record_in(
        db,
        PLATFORM_LOG,
        Actor(kind=ActorKind.USER, id=user_id, session=session_id, ip_prefix=ip_prefix),
        "session.open" if two else "sign_in.first_factor",
        object_type="session",
        object_id=session_id,
        detail={"kind": " ".join(sorted(methods))},
    )
    await _end_the_most(db, user_id)
    return secret


async def find(db: _Looking, secret: str) -> OpenSession:
    """The session whose secret this is, whatever its level, or `NotSignedIn`."""
    now = clock.now()
    found = await db.execute(_FIND, {"secret_hash": rules.secret_hash(secret)})
    row = found.one_or_none()
    if row is None:
        raise NotSignedIn
    session = OpenSession(
        id=UUID(str(row.id)),
        user_id=UUID(str(row.user_id)),
        methods=frozenset(row.methods.split()),
        opened_at=row.created_at,
        stepped_up_at=row.stepped_up_at,
        wrong_codes=row.wrong_codes,
    )
    usual = TimeLimits()
    limits = TimeLimits(
        timedelta(minutes=row.idle_minutes) if row.idle_minutes else usual.idle,
        timedelta(minutes=row.absolute_minutes) if row.absolute_minutes else usual.absolute,
    )
    over = rules.is_over(session.level, row.created_at, row.seen_at, now, limits)
    if over:
        await db.execute(_RAN_OUT, {"id": session.id, "now": now, "reason": over})
        raise NotSignedIn
    if now - row.seen_at >= _SEEN_EVERY:
        await db.execute(_SEEN, {"id": session.id, "now": now})
    return session


async def principal_of(db: _Looking, secret: str, place: Place = EVERYWHERE) -> Principal:
    """The person whose session it is, with their roles now; `NotSignedIn`, which does not say why."""
    session = await find(db, secret)
    if session.level < AuthLevel.TWO_FACTORS:
        raise SecondFactorMissing
    return await principal(db, session, place)


async def principal(db: _Looking, session: OpenSession, place: Place = EVERYWHERE) -> Principal:
    held = await signing_in.held_by(db, session.user_id, place)
    return Principal(
        user_id=session.user_id,
        token_id=session.id,
        roles=held.practices,
        companies=held.companies,
        auth_level=session.level,
        stepped_up_at=session.stepped_up_at,
    )


async def auth_level(db: _Looking, secret: str) -> AuthLevel:
    return (await find(db, secret)).level


async def step_up(db: PlatformSession, secret: str, methods: frozenset[str]) -> str:
    """Another factor was shown: the session's new secret. The old one is worth nothing from now on."""
    session = await find(db, secret)
    all_methods = session.methods | methods
    new = rules.new_secret()
    two = rules.auth_level(all_methods) is AuthLevel.TWO_FACTORS
    await db.execute(
        update(UserSession)
        .where(UserSession.id == session.id)
        .values(
            secret_hash=rules.secret_hash(new),
            methods=" ".join(sorted(all_methods)),
            stepped_up_at=clock.now() if two else None,
            wrong_codes=0,
        )
    )
    was = session.level
    await trail.record_in(
        db,
        PLATFORM_LOG,
        session.actor(),
        "session.step_up" if was is AuthLevel.TWO_FACTORS else "session.open",
        object_type="session",
        object_id=session.id,
        detail={"kind": " ".join(sorted(all_methods))},
    )
    return new


async def end(db: PlatformSession, actor: Actor, session_id: UUID, *, reason: str) -> None:
    """End one session; `SessionNotFound` when it is none that is open."""
    ended = await db.scalar(
        update(UserSession)
        .where(UserSession.id == session_id, UserSession.ended_at.is_(None))
        .values(ended_at=clock.now(), end_reason=reason)
        .returning(UserSession.user_id)
    )
    if ended is None:
        raise SessionNotFound("There is no such session.")
    await _record_end(db, actor, session_id, reason)


async def end_all_of(
    db: PlatformSession,
    user_id: UUID,
    *,
    reason: str,
    by: Actor | None = None,
    but: UUID | None = None,
) -> int:
    """End every session of a person (`but` one), as when they are suspended; how many there were."""
    ending = update(UserSession).where(
        UserSession.user_id == user_id, UserSession.ended_at.is_(None)
    )
    if but is not None:
        ending = ending.where(UserSession.id != but)
    now = clock.now()
    ended = list(
        await db.scalars(ending.values(ended_at=now, end_reason=reason).returning(UserSession.id))
    )
    actor = by or Actor(kind=ActorKind.USER, id=user_id)
    for session_id in ended:
        await _record_end(db, actor, session_id, reason)
    return len(ended)


async def open_of(db: PlatformSession, user_ids: Sequence[UUID]) -> list[UserSession]:
    """Sessions that were not ended, newest first. Some of them may have run out unseen."""
    found = await db.scalars(
        select(UserSession)
        .where(UserSession.user_id.in_(user_ids), UserSession.ended_at.is_(None))
        .order_by(UserSession.created_at.desc())
        .limit(500)
    )
    return list(found)


async def _end_the_most(db: PlatformSession, user_id: UUID) -> None:
    too_many = await db.scalars(
        select(UserSession.id)
        .where(UserSession.user_id == user_id, UserSession.ended_at.is_(None))
        .order_by(UserSession.seen_at.desc(), UserSession.id.desc())
        .offset(MOST_OPEN)
    )
    for session_id in too_many.all():
        await end(db, Actor(kind=ActorKind.USER, id=user_id), session_id, reason="too_many")


async def _record_end(db: PlatformSession, actor: Actor, session_id: UUID, reason: str) -> None:
    await trail.record_in(
        db,
        PLATFORM_LOG,
        actor,
        "session.end",
        object_type="session",
        object_id=session_id,
        detail={"reason": reason},
    )
