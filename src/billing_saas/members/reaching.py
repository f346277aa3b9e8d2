"""Whose people an actor looks after, and what they may give: asked anew by every act, under a lock.

A session narrowed to a practice looks after that practice's people of the actor's own side; one that is
narrowed to a company, after the company's people, in all its practices.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, false, func, select

from billing_saas.identity import rules
from billing_saas.identity.tables import AppUser, CompanyMembership, Membership
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import NarrowedSession
from billing_saas.members.errors import LastAdmin, MemberNotFound, Suspended
from billing_saas.tenants.tables import Company, Practice


@dataclass(frozen=True, slots=True)
class Reach:
    company_id: UUID
    tenant_id: UUID | None
    side: str
    company_roles: frozenset[str]
    """Roles that the actor may give in the company."""
    practice_roles: frozenset[str]
    """Roles that the actor may give in each practice within reach."""

    @property
    def memberships(self) -> tuple[ColumnElement[bool], ...]:
        """Current memberships in practices, within reach."""
        within = (
            Membership.company_id == self.company_id
            if self.tenant_id is None
            else Membership.tenant_id == self.tenant_id
        )
        return within, Membership.side == self.side, Membership.ended_at.is_(None)

    @property
    def company_memberships(self) -> tuple[ColumnElement[bool], ...]:
        """Current memberships of the company; none, seen from a practice."""
        if self.tenant_id is not None:
            return (false(),)
        return CompanyMembership.company_id == self.company_id, CompanyMembership.ended_at.is_(None)


async def reach(db: NarrowedSession, actor: Actor) -> Reach:
    """Changes of one company's people, or one practice's, go one after the other."""
    actor.must("members.write")
    actor.must_have_stepped_up()
    if db.tenant_id is None:
        await db.execute(select(Company.id).where(Company.id == db.company_id).with_for_update())
        return Reach(
            db.company_id,
            None,
            "company",
            rules.given_in_company(actor.roles),
            rules.given_from_company(actor.roles),
        )
    await db.execute(
        select(Practice.tenant_id).where(Practice.tenant_id == db.tenant_id).with_for_update()
    )
    side = await db.scalar(
        select(Membership.side).where(
            Membership.user_id == actor.id,
            Membership.tenant_id == db.tenant_id,
            Membership.ended_at.is_(None),
        )
    )
    if side is None:
        raise MemberNotFound("You do not work here any more.")
    return Reach(
        db.company_id, db.tenant_id, side, frozenset(), rules.given_in_practice(actor.roles)
    )


async def must_be_within(db: NarrowedSession, within: Reach, user_id: UUID) -> bool:
    """A person within reach, or there is none; whether they are suspended."""
    suspended = (
        await db.execute(
            select(Membership.suspended_at.is_not(None))
            .where(*within.memberships, Membership.user_id == user_id)
            .union(
                select(CompanyMembership.suspended_at.is_not(None)).where(
                    *within.company_memberships, CompanyMembership.user_id == user_id
                )
            )
        )
    ).scalars()
    found = set(suspended)
    if not found:
        raise MemberNotFound("There is no such person.")
    return True in found


async def must_be_active(db: NarrowedSession, within: Reach, user_id: UUID) -> None:
    if await must_be_within(db, within, user_id):
        raise Suspended("The person is suspended here: reactivate them first.")


async def must_keep_an_admin(db: NarrowedSession, within: Reach) -> None:
    """After a change: somebody is left who can sign in and let others in.

    Of a company's staff in one practice nobody need be: the company's admins stand above.
    """
    if within.tenant_id is None:
        admins = select(func.count()).where(
            *within.company_memberships,
            CompanyMembership.role == "company_admin",
            CompanyMembership.suspended_at.is_(None),
            CompanyMembership.user_id == AppUser.id,
        )
    elif within.side == "practice":
        admins = select(func.count()).where(
            *within.memberships,
            Membership.role == "practice_admin",
            Membership.suspended_at.is_(None),
            Membership.user_id == AppUser.id,
        )
    else:
        return
    if not await db.scalar(admins.where(AppUser.status == "active")):
        raise LastAdmin("This is the last administrator: make another one first.")
