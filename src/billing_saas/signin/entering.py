"""The way in: a password and a code, or a passkey; every refusal in the same words and at the same cost.

An act here takes several transactions: nothing is held open while a password is hashed, and what was
tried is told even where nothing else happens.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text, update

from billing_saas.audit import trail
from billing_saas.audit.rules import PLATFORM_LOG
from billing_saas.kit.actor import Actor, ActorKind, AuthLevel
from billing_saas.kit.db import Database, PlatformSession
from billing_saas.mail import posting
from billing_saas.signin import (
    credentials,
    factors,
    passkeys,
    recovery_codes,
    rules,
    sessions,
    totp,
)
from billing_saas.signin.errors import WrongCredential
from billing_saas.signin.passkeys import Site
from billing_saas.signin.sessions import OpenSession
from billing_saas.signin.tables import UserSession
from billing_saas.signin.trying import Place, Tries

# Who stands in the trail for somebody whom nobody knows.
NOBODY = UUID(int=0)


@dataclass(frozen=True, slots=True, repr=False)
class Entered:
    """A session's new secret for the cookie; `device` is the cookie of a browser that is known now."""

    secret: str
    device: str = ""
    must_enroll: bool = False

    def __repr__(self) -> str:
        return "<Entered>"


async def by_password(
    database: Database, tries: Tries, email: str, password: str, place: Place
) -> str:
    """The secret of a session that is good for a second factor and nothing else, or
    `WrongCredential`: one look-up, one hash and one event, whoever it is."""
    address = rules.folded(email)
    await tries.of_account("password", address, place)
    found = await credentials.account(database, address)
    right = await credentials.fits(database, found, password[: 4 * rules.LONGEST_PASSWORD])
    async with database.platform() as db:
        if right and found.user_id is not None:
            return await sessions.open_session(
                db,
                found.user_id,
                methods=frozenset({"pwd"}),
                ip_prefix=place.ip_prefix,
                user_agent_hint=place.user_agent_hint,
            )
        await refused(db, found.user_id, place, "pwd")
    raise WrongCredential


async def by_code(
    database: Database, tries: Tries, secret: str, code: str, place: Place
) -> Entered:
    """A code of the app, or one from paper: a second factor at sign-in, or a step-up later."""
    async with database.platform() as db:
        session = await sessions.find(db, secret)
        standing = await factors.of(db, session.user_id)
    await tries.of_account("code", standing.email, place)
    async with database.platform() as db:
        if await totp.spend(db, session.user_id, code):
            return await _raised(db, tries, secret, session, frozenset({"otp"}), place)
        if await recovery_codes.spend(db, session.user_id, code):
            await _told(db, session, "recovery_code.spend")
            return await _raised(db, tries, secret, session, frozenset({"otp"}), place)
    async with database.platform() as db:
        await _wrong_code(db, session, place)
    raise WrongCredential


async def by_passkey(
    database: Database, tries: Tries, site: Site, browser: str, answer: str, place: Place
) -> Entered:
    """Both factors at once, of whomever the passkey belongs to."""
    await tries.of_place("passkey", place)
    user_id = None
    try:
        async with database.platform() as db:
            challenge = await passkeys.take_challenge(db, browser)
        async with database.platform() as db:
            user_id = await passkeys.spend(db, site, challenge, answer)
            return await opened(db, tries, user_id, _PASSKEY, place)
    except WrongCredential:
        async with database.platform() as db:
            await refused(db, user_id, place, "passkey")
        raise


async def by_own_passkey(
    database: Database,
    tries: Tries,
    site: Site,
    browser: str,
    answer: str,
    secret: str,
    place: Place,
) -> Entered:
    """The person of a session shows one of their passkeys: second factor, or step-up."""
    async with database.platform() as db:
        session = await sessions.find(db, secret)
        standing = await factors.of(db, session.user_id)
    await tries.of_account("code", standing.email, place)
    try:
        async with database.platform() as db:
            challenge = await passkeys.take_challenge(db, browser, session.user_id)
        async with database.platform() as db:
            await passkeys.spend(db, site, challenge, answer, session.user_id)
            return await _raised(db, tries, secret, session, frozenset({"hwk", "user"}), place)
    except WrongCredential:
        async with database.platform() as db:
            await _wrong_code(db, session, place)
        raise


async def by_new_factor(
    db: PlatformSession, tries: Tries, secret: str, methods: frozenset[str], place: Place
) -> Entered:
    """The first second factor was made just now, which also showed it: the session is whole."""
    session = await sessions.find(db, secret)
    return await _raised(db, tries, secret, session, methods, place)


_PASSKEY = frozenset({"hwk", "user"})
_IS_ACTIVE = text("SELECT email FROM app_user WHERE id = :user_id AND status = 'active'")


async def opened(
    db: PlatformSession, tries: Tries, user_id: UUID, methods: frozenset[str], place: Place
) -> Entered:
    """For who showed all that `methods` says at once. With one factor there is no notice yet, and the
    browser is not known by it."""
    email = await db.scalar(_IS_ACTIVE, {"user_id": user_id})
    if email is None:
        raise WrongCredential
    secret = await sessions.open_session(
        db,
        user_id,
        methods=methods,
        ip_prefix=place.ip_prefix,
        user_agent_hint=place.user_agent_hint,
    )
    if rules.auth_level(methods) < AuthLevel.TWO_FACTORS:
        return Entered(secret)
    await _notice(db, tries, email, place)
    return Entered(secret, tries.remembering(email, place))


async def _raised(
    db: PlatformSession,
    tries: Tries,
    secret: str,
    session: OpenSession,
    methods: frozenset[str],
    place: Place,
) -> Entered:
    new = await sessions.step_up(db, secret, methods)
    standing = await factors.of(db, session.user_id)
    if session.level < AuthLevel.TWO_FACTORS:
        await _notice(db, tries, standing.email, place)
    return Entered(new, tries.remembering(standing.email, place))


async def _notice(db: PlatformSession, tries: Tries, email: str, place: Place) -> None:
    """Tell a person of a sign-in from a browser that they never used."""
    if not tries.knows(email, place):
        words = {"browser": place.user_agent_hint, "network": place.ip_prefix or "unknown"}
        await posting.post(db, email, "new_sign_in", words)


async def _wrong_code(db: PlatformSession, session: OpenSession, place: Place) -> None:
    """Five wrong ones and the session is over: whoever guesses needs the password again each time."""
    wrong = await db.scalar(
        update(UserSession)
        .where(UserSession.id == session.id)
        .values(wrong_codes=UserSession.wrong_codes + 1)
        .returning(UserSession.wrong_codes)
    )
    await refused(db, session.user_id, place, "otp")
    if (wrong or 0) >= rules.MOST_WRONG_CODES:
        actor = session.actor(request_id=place.request_id, ip_prefix=place.ip_prefix)
        await sessions.end(db, actor, session.id, reason="wrong_codes")


async def refused(
    db: PlatformSession, user_id: UUID | None, place: Place, kind: str, *, reason: str = ""
) -> None:
    """Told in the trail; to who asked, every refusal is the same."""
    await trail.record_in(
        db,
        PLATFORM_LOG,
        Actor(
            kind=ActorKind.SYSTEM,
            id=NOBODY,
            request_id=place.request_id,
            ip_prefix=place.ip_prefix,
        ),
        "sign_in.refuse",
        object_type="user",
        object_id=user_id or NOBODY,
        outcome="denied",
        detail={"kind": kind, "reason": reason} if reason else {"kind": kind},
    )


async def _told(db: PlatformSession, session: OpenSession, action: str) -> None:
    await trail.record_in(
        db,
        PLATFORM_LOG,
        session.actor(),
        action,
        object_type="user",
        object_id=session.user_id,
    )
