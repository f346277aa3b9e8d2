"""Invite an address, withdraw that, and accept it: whoever reads the letter is who was meant."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, update

from billing_saas.audit import trail
from billing_saas.audit.rules import PLATFORM_LOG
from billing_saas.identity import enrolling
from billing_saas.identity.rules import token_hash
from billing_saas.identity.tables import AppUser
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor, ActorKind
from billing_saas.kit.db import Database, NarrowedSession
from billing_saas.kit.ids import new_id
from billing_saas.mail import posting
from billing_saas.members import giving, reaching, rules
from billing_saas.members.errors import InvitationNotFound, InvitationNotGood, MemberNotFound
from billing_saas.members.reaching import Reach
from billing_saas.members.rules import Roles
from billing_saas.members.tables import Invitation
from billing_saas.signin import recovering, sessions
from billing_saas.signin import rules as signin_rules
from billing_saas.signin.tables import LocalCredential
from billing_saas.tenants.tables import Company, Practice

_HOURS = str(rules.INVITATION_GOOD_FOR // timedelta(hours=1))


@dataclass(frozen=True, slots=True)
class Accepted:
    user_id: UUID
    password_link: str | None
    """A path that sets a password, for who has none yet."""


async def invite(db: NarrowedSession, actor: Actor, email: str, roles: Roles) -> UUID:
    """The letter leaves by the outbox. An earlier one to the same address is worth nothing any more."""
    within = await reaching.reach(db, actor)
    await giving.must_be_givable(db, within, roles)
    address = email.strip()
    now = clock.now()
    await db.execute(
        update(Invitation)
        .where(*_open(within), func.lower(Invitation.email) == address.lower())
        .values(withdrawn_at=now)
    )
    token = signin_rules.new_secret()
    invitation_id = new_id()
    db.add(
        Invitation(
            id=invitation_id,
            company_id=within.company_id,
            tenant_id=within.tenant_id,
            side=within.side,
            email=address,
            gives=roles.written(),
            token_hash=token_hash(token),
            invited_by=actor.id,
            created_at=now,
            expires_at=now + rules.INVITATION_GOOD_FOR,
        )
    )
    await db.flush()
    words = {
        "organization": await _organization(db),
        "inviter": await _name(db, actor.id),
        "hours": _HOURS,
        "link": f"/invitation/{token}",
    }
    await posting.post(db, address, "invitation", words)
    await _tell(db, actor, "invitation.send", invitation_id)
    return invitation_id


async def withdraw(db: NarrowedSession, actor: Actor, invitation_id: UUID) -> None:
    within = await reaching.reach(db, actor)
    withdrawn = await db.scalar(
        update(Invitation)
        .where(*_open(within), Invitation.id == invitation_id)
        .values(withdrawn_at=clock.now())
        .returning(Invitation.id)
    )
    if withdrawn is None:
        raise InvitationNotFound("There is no such invitation.")
    await _tell(db, actor, "invitation.withdraw", invitation_id)


async def withdraw_all_by(db: NarrowedSession, within: Reach, user_id: UUID) -> None:
    """Who may not give any more, has not given."""
    await db.execute(
        update(Invitation)
        .where(*_open(within), Invitation.invited_by == user_id)
        .values(withdrawn_at=clock.now())
    )


async def accept(database: Database, token: str, display_name: str) -> Accepted:
    """The person is made known by the address that was written to, or is known by it already."""
    async with database.platform() as platform:
        found = (
            await platform.execute(
                select(Invitation.company_id, Invitation.tenant_id).where(
                    Invitation.token_hash == token_hash(token)
                )
            )
        ).one_or_none()
    if found is None:
        raise InvitationNotGood("This invitation is not good, or not any more.")
    async with database.narrowed(found.company_id, found.tenant_id) as db:
        return await _accept(db, token, display_name)


async def _accept(db: NarrowedSession, token: str, display_name: str) -> Accepted:
    now = clock.now()
    invitation = await db.scalar(
        select(Invitation)
        .where(
            Invitation.token_hash == token_hash(token),
            Invitation.accepted_at.is_(None),
            Invitation.withdrawn_at.is_(None),
            Invitation.expires_at > now,
        )
        .with_for_update()
    )
    if invitation is None:
        raise InvitationNotGood("This invitation is not good, or not any more.")
    roles = Roles.read(invitation.gives)
    # What the inviter was asked is not asked again: who may not give any more has no open invitation.
    within = Reach(db.company_id, db.tenant_id, invitation.side, roles.company, roles.in_practices)
    await giving.must_be_givable(db, within, roles)
    user_id = await _person(db, invitation.email, display_name)
    await _must_not_be_suspended(db, within, user_id)
    actor = Actor(kind=ActorKind.USER, id=user_id)
    await giving.write(db, actor, within, user_id, roles, by=invitation.invited_by)
    # What vouched for an open session, such as another company's provider, does not vouch for this.
    await sessions.end_all_of(db, user_id, reason="invitation", by=actor)
    invitation.accepted_at, invitation.accepted_by = now, user_id
    await db.flush()
    await _tell(db, actor, "invitation.accept", invitation.id)
    has_password = await db.scalar(
        select(LocalCredential.user_id).where(LocalCredential.user_id == user_id)
    )
    if has_password is not None:
        return Accepted(user_id, None)
    return Accepted(user_id, f"/password/{await recovering.make_link(db, user_id)}")


async def _person(db: NarrowedSession, email: str, display_name: str) -> UUID:
    user_id = await enrolling.known_user(db, email)
    if user_id is None:
        return await enrolling.add_user(db, email=email, display_name=display_name)
    if await db.scalar(select(AppUser.status).where(AppUser.id == user_id)) != "active":
        raise InvitationNotGood("This invitation is not good, or not any more.")
    return user_id


async def _must_not_be_suspended(db: NarrowedSession, within: Reach, user_id: UUID) -> None:
    try:
        await reaching.must_be_active(db, within, user_id)
    except MemberNotFound:
        return  # new here


def _open(within: Reach) -> tuple[ColumnElement[bool], ...]:
    """Invitations within reach that can still be accepted."""
    of_place = (
        Invitation.tenant_id.is_(None)
        if within.tenant_id is None
        else Invitation.tenant_id == within.tenant_id
    )
    return (
        Invitation.company_id == within.company_id,
        of_place,
        Invitation.side == within.side,
        Invitation.accepted_at.is_(None),
        Invitation.withdrawn_at.is_(None),
    )


async def _organization(db: NarrowedSession) -> str:
    if db.tenant_id is None:
        found = select(Company.name).where(Company.id == db.company_id)
    else:
        found = select(Practice.name).where(Practice.tenant_id == db.tenant_id)
    return (await db.execute(found)).scalar_one()


async def _name(db: NarrowedSession, user_id: UUID) -> str:
    found = select(AppUser.display_name).where(AppUser.id == user_id)
    return (await db.execute(found)).scalar_one()


async def _tell(db: NarrowedSession, actor: Actor, action: str, invitation_id: UUID) -> None:
    log = db.tenant_id or PLATFORM_LOG
    await trail.record_in(db, log, actor, action, object_type="invitation", object_id=invitation_id)
