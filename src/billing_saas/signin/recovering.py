"""The way back: a link for who forgot the password; two persons for who lost every second factor."""

from datetime import timedelta
from pathlib import Path
from uuid import UUID

from sqlalchemy import ColumnElement, select, text, update

from billing_saas.audit import trail
from billing_saas.audit.rules import PLATFORM_LOG
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import Database, PlatformSession
from billing_saas.kit.ids import new_id
from billing_saas.mail import posting
from billing_saas.outbox import queue
from billing_saas.signin import administering, credentials, factors, rules, sessions
from billing_saas.signin.errors import LinkNotGood, ResetNotFound, ResetOver, SamePerson
from billing_saas.signin.jobs import AnswerAsk
from billing_saas.signin.tables import FactorReset, PasswordAsk, PasswordLink
from billing_saas.signin.trying import Place, Tries

_HOURS = str(rules.LINK_GOOD_FOR // timedelta(hours=1))
# Only whoever can sign in by password gets a link; where an identity provider vouches, it resets.
_WHO = text(
    """
    SELECT u.id, u.email FROM app_user u JOIN local_credential c ON c.user_id = u.id
    WHERE lower(u.email) = :email AND u.status = 'active'
    """
)
_EMAIL = text("SELECT email FROM app_user WHERE id = :user_id")


async def ask(db: PlatformSession, tries: Tries, email: str, place: Place) -> None:
    """Somebody forgot the password of an address. The same is written whoever it is, and a worker
    looks whose it is: nobody can tell by the answer or by how long it took."""
    address = rules.folded(email)
    await tries.of_asking(address, place)
    asked = PasswordAsk(id=new_id(), email=address, asked_at=clock.now())
    db.add(asked)
    await db.flush()
    await queue.add_for_platform(db, AnswerAsk(asked.id), request_id=place.request_id)


async def answer(db: PlatformSession, actor: Actor, job: AnswerAsk) -> None:
    asked = await db.get(PasswordAsk, job.ask_id)
    if asked is None:
        return
    found = (await db.execute(_WHO, {"email": asked.email})).one_or_none()
    await db.delete(asked)
    if found is not None:
        await _send_link(db, actor, UUID(str(found.id)), found.email, "password_reset")


async def make_link(db: PlatformSession, user_id: UUID) -> str:
    """A token that sets the person's password, once, within a day. Only its hash is kept."""
    token = rules.new_secret()
    now = clock.now()
    db.add(
        PasswordLink(
            id=new_id(),
            user_id=user_id,
            token_hash=rules.secret_hash(token),
            created_at=now,
            expires_at=now + rules.LINK_GOOD_FOR,
            used_at=None,
        )
    )
    await db.flush()
    return token


async def is_good(db: PlatformSession, token: str) -> bool:
    """For the page that asks for a password; opening it uses up nothing: scanners open links."""
    found = select(PasswordLink.id).where(*_good(token))
    return (await db.execute(found)).first() is not None


async def set_password_by(
    database: Database, token: str, password: str, *, breached: Path | None = None
) -> None:
    """`LinkNotGood`, or a new password: the link is used up, and every session is over."""
    async with database.platform() as db:
        user_id = await db.scalar(select(PasswordLink.user_id).where(*_good(token)))
        if user_id is None:
            raise LinkNotGood("This link is not good, or not any more.")
        email: str = (await db.execute(_EMAIL, {"user_id": user_id})).scalar_one()
        credentials.check_strength(password, email=email, breached=breached)
        used = await db.scalar(
            update(PasswordLink)
            .where(*_good(token))
            .values(used_at=clock.now())
            .returning(PasswordLink.id)
        )
        if used is None:
            raise LinkNotGood("This link is not good, or not any more.")
        await credentials.set_password(db, user_id, password, email=email, breached=breached)
        # Others that were sent earlier are worth nothing from now on.
        await db.execute(
            update(PasswordLink)
            .where(PasswordLink.user_id == user_id, PasswordLink.used_at.is_(None))
            .values(used_at=clock.now())
        )
        await sessions.end_all_of(db, user_id, reason="password_set")
        await posting.post(db, email, "password_changed", {})


async def ask_reset(db: PlatformSession, actor: Actor, user_id: UUID) -> UUID:
    """An admin says that a person of theirs lost every second factor. Another must confirm it."""
    actor.must_have_stepped_up()
    await administering.must_administer(db, actor, user_id)
    if actor.id == user_id:
        raise SamePerson("Nobody asks for themselves.")
    now = clock.now()
    reset_id = new_id()
    db.add(
        FactorReset(
            id=reset_id,
            user_id=user_id,
            asked_by=actor.id,
            asked_at=now,
            expires_at=now + rules.RESET_GOOD_FOR,
            confirmed_by=None,
            confirmed_at=None,
        )
    )
    await db.flush()
    await _record(db, actor, "factor_reset.ask", reset_id)
    return reset_id


async def confirm_reset(db: PlatformSession, actor: Actor, reset_id: UUID) -> None:
    """Another admin confirms: factors, password and sessions are gone, and the person gets a link."""
    actor.must_have_stepped_up()
    asked = await db.scalar(select(FactorReset).where(FactorReset.id == reset_id).with_for_update())
    if asked is None:
        raise ResetNotFound("There is no such request.")
    await administering.must_administer(db, actor, asked.user_id)
    if actor.id in (asked.asked_by, asked.user_id):
        raise SamePerson("It takes two: another administrator must confirm.")
    if asked.confirmed_at is not None or asked.expires_at < clock.now():
        raise ResetOver("The request was confirmed already, or is older than a day.")
    asked.confirmed_by, asked.confirmed_at = actor.id, clock.now()
    await db.flush()
    await factors.remove_all(db, actor, asked.user_id)
    await credentials.remove(db, asked.user_id)
    await sessions.end_all_of(db, asked.user_id, reason="factors_reset", by=actor)
    email: str = (await db.execute(_EMAIL, {"user_id": asked.user_id})).scalar_one()
    await _send_link(db, actor, asked.user_id, email, "factors_reset")
    await _record(db, actor, "factor_reset.confirm", reset_id)


async def _send_link(
    db: PlatformSession, actor: Actor, user_id: UUID, email: str, template: str
) -> None:
    token = await make_link(db, user_id)
    await posting.post(db, email, template, {"link": f"/password/{token}", "hours": _HOURS})
    await trail.record_in(
        db, PLATFORM_LOG, actor, "password_link.send", object_type="user", object_id=user_id
    )


async def _record(db: PlatformSession, actor: Actor, action: str, reset_id: UUID) -> None:
    await trail.record_in(
        db, PLATFORM_LOG, actor, action, object_type="factor_reset", object_id=reset_id
    )


def _good(token: str) -> tuple[ColumnElement[bool], ...]:
    return (
        PasswordLink.token_hash == rules.secret_hash(token),
        PasswordLink.used_at.is_(None),
        PasswordLink.expires_at > clock.now(),
    )
