"""Who works here, and who is invited: as a company's people see it, and as a practice's do."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select, union

from billing_saas.identity.tables import AppUser, CompanyMembership, Membership
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import OneCompanySession, TenantSession
from billing_saas.kit.paging import Page, PageRequest, encode
from billing_saas.members.errors import MemberNotFound
from billing_saas.members.tables import Invitation

_Place = OneCompanySession | TenantSession


@dataclass(slots=True)
class Member:
    """A person within a company or a practice; `side` only where both sides are listed."""

    id: UUID
    email: str
    name: str
    side: str = "company"
    suspended: bool = False
    company_roles: set[str] = field(default_factory=set)
    practices: dict[UUID, set[str]] = field(default_factory=dict)


async def company_members(db: OneCompanySession, actor: Actor, page: PageRequest) -> Page[Member]:
    """The company's people, whoever came last first; not those of the practices themselves."""
    actor.must("members.read")
    people = union(
        select(CompanyMembership.user_id).where(
            CompanyMembership.company_id == db.company_id, CompanyMembership.ended_at.is_(None)
        ),
        select(Membership.user_id).where(*_of_company(db)),
    ).subquery()
    return await _page(db, select(people.c.user_id), people.c.user_id, page)


async def company_member(db: OneCompanySession, actor: Actor, user_id: UUID) -> Member:
    actor.must("members.read")
    found = await _members(db, [user_id])
    if not found or not (found[0].company_roles or found[0].practices):
        raise MemberNotFound("There is no such person.")
    return found[0]


async def practice_members(db: TenantSession, actor: Actor, page: PageRequest) -> Page[Member]:
    """Everybody who may enter: the practice's own people and the company's."""
    actor.must("members.read")
    people = select(Membership.user_id).where(*_of_practice(db)).distinct()
    return await _page(db, people, Membership.user_id, page)


async def practice_member(db: TenantSession, actor: Actor, user_id: UUID) -> Member:
    actor.must("members.read")
    found = await _members(db, [user_id])
    if not found or not found[0].practices:
        raise MemberNotFound("There is no such person.")
    return found[0]


async def invitations(db: _Place, actor: Actor, page: PageRequest) -> Page[Invitation]:
    """Also those that were accepted or withdrawn, newest first."""
    actor.must("members.read")
    query = select(Invitation)
    if isinstance(db, TenantSession):
        query = query.where(Invitation.tenant_id == db.tenant_id)
    else:
        query = query.where(Invitation.company_id == db.company_id, Invitation.tenant_id.is_(None))
    if page.after is not None:
        query = query.where(Invitation.id < page.after)
    found = (await db.scalars(query.order_by(Invitation.id.desc()).limit(page.limit + 1))).all()
    rows = list(found[: page.limit])
    return Page(rows, encode(rows[-1].id) if len(found) > page.limit else None)


async def _page(db: _Place, people: Select[Any], user_id: Any, page: PageRequest) -> Page[Member]:
    if page.after is not None:
        people = people.where(user_id < page.after)
    found = (await db.scalars(people.order_by(user_id.desc()).limit(page.limit + 1))).all()
    ids = [UUID(str(one)) for one in found[: page.limit]]
    more = encode(ids[-1]) if len(found) > page.limit else None
    return Page(await _members(db, ids), more)


async def _members(db: _Place, user_ids: list[UUID]) -> list[Member]:
    people = await db.execute(
        select(AppUser.id, AppUser.email, AppUser.display_name).where(AppUser.id.in_(user_ids))
    )
    members = {
        UUID(str(row.id)): Member(UUID(str(row.id)), row.email, row.display_name) for row in people
    }
    place = _of_practice(db) if isinstance(db, TenantSession) else _of_company(db)
    for row in await db.execute(
        select(
            Membership.user_id,
            Membership.tenant_id,
            Membership.side,
            Membership.role,
            Membership.suspended_at,
        ).where(*place, Membership.user_id.in_(user_ids))
    ):
        member = members[UUID(str(row.user_id))]
        member.side = row.side
        member.suspended |= row.suspended_at is not None
        member.practices.setdefault(UUID(str(row.tenant_id)), set()).add(row.role)
    if isinstance(db, OneCompanySession):
        await _add_company_roles(db, members)
    return _in_order(members, user_ids)


async def _add_company_roles(db: OneCompanySession, members: dict[UUID, Member]) -> None:
    for row in await db.execute(
        select(
            CompanyMembership.user_id, CompanyMembership.role, CompanyMembership.suspended_at
        ).where(
            CompanyMembership.company_id == db.company_id,
            CompanyMembership.ended_at.is_(None),
            CompanyMembership.user_id.in_(members),
        )
    ):
        member = members[UUID(str(row.user_id))]
        member.suspended |= row.suspended_at is not None
        member.company_roles.add(row.role)


def _in_order(members: dict[UUID, Member], user_ids: Iterable[UUID]) -> list[Member]:
    return [members[user_id] for user_id in user_ids if user_id in members]


def _of_company(db: OneCompanySession) -> tuple[Any, ...]:
    return (
        Membership.company_id == db.company_id,
        Membership.side == "company",
        Membership.ended_at.is_(None),
    )


def _of_practice(db: TenantSession) -> tuple[Any, ...]:
    return Membership.tenant_id == db.tenant_id, Membership.ended_at.is_(None)
