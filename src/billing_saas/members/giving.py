"""Give roles to people who are within reach already, and end them."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Uuid, bindparam, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import ARRAY

from billing_saas.audit import trail
from billing_saas.audit.rules import PLATFORM_LOG
from billing_saas.identity.tables import CompanyMembership, Membership
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import NarrowedSession
from billing_saas.kit.ids import new_id, new_ids
from billing_saas.members import reaching
from billing_saas.members.errors import (
    MemberNotFound,
    NothingGiven,
    NotTheirsToGive,
    OfTheOtherSide,
)
from billing_saas.members.reaching import Reach
from billing_saas.members.rules import Roles
from billing_saas.tenants.errors import PracticeNotFound
from billing_saas.tenants.tables import Practice

_GIVE = text(
    """
    INSERT INTO membership (id, user_id, tenant_id, company_id, side, role, granted_by, granted_at)
    SELECT id, :user_id, tenant_id, :company_id, :side, role, :by, :now
    FROM unnest(cast(:ids AS uuid[]), cast(:tenant_ids AS uuid[]), cast(:roles AS text[]))
      AS given (id, tenant_id, role)
    ON CONFLICT (user_id, tenant_id, role) WHERE ended_at IS NULL DO NOTHING
    RETURNING tenant_id, role
    """
)


async def give(db: NarrowedSession, actor: Actor, user_id: UUID, roles: Roles) -> None:
    """A role that the person holds already stays as it is."""
    within = await reaching.reach(db, actor)
    await reaching.must_be_active(db, within, user_id)
    await must_be_givable(db, within, roles)
    await write(db, actor, within, user_id, roles, by=actor.id)


async def must_be_givable(db: NarrowedSession, within: Reach, roles: Roles) -> None:
    """The roles are the actor's to give, and the practices are the company's."""
    if not roles:
        raise NothingGiven("Name at least one role.")
    if roles.company - within.company_roles or roles.in_practices - within.practice_roles:
        raise NotTheirsToGive("You may not give these roles.")
    if within.tenant_id is not None and set(roles.practices) - {within.tenant_id}:
        raise PracticeNotFound("There is no such practice.")
    wanted = bindparam("wanted", list(roles.practices), ARRAY(Uuid))
    found = await db.scalars(
        select(Practice.tenant_id).where(
            Practice.company_id == db.company_id,
            Practice.tenant_id == wanted.any_(),
            Practice.status.in_(("active", "leaving")),
        )
    )
    if len(found.all()) < len(roles.practices):
        raise PracticeNotFound("There is no such practice.")


async def write(
    db: NarrowedSession, actor: Actor, within: Reach, user_id: UUID, roles: Roles, *, by: UUID
) -> None:
    """What was found to be givable. `by` is who gives; `actor` who makes it so (who accepts)."""
    await _must_be_of_this_side(db, within, user_id, list(roles.practices))
    pairs = roles.pairs
    written = await db.execute(
        _GIVE,
        {
            "user_id": user_id,
            "company_id": db.company_id,
            "side": within.side,
            "by": by,
            "now": clock.now(),
            "ids": new_ids(len(pairs)),
            "tenant_ids": [practice_id for practice_id, _ in pairs],
            "roles": [role for _, role in pairs],
        },
    )
    given: dict[str, list[UUID]] = {}
    for row in written:
        given.setdefault(row.role, []).append(UUID(str(row.tenant_id)))
    await _tell(db, actor, "membership.grant", user_id, given)
    held = await db.scalars(
        select(CompanyMembership.role).where(
            *within.company_memberships, CompanyMembership.user_id == user_id
        )
    )
    for role in sorted(roles.company - set(held)):
        db.add(
            CompanyMembership(
                id=new_id(),
                user_id=user_id,
                company_id=db.company_id,
                role=role,
                granted_by=by,
                granted_at=clock.now(),
            )
        )
        await tell_of_company(db, actor, "company_membership.grant", user_id, role)
    await db.flush()


async def end(db: NarrowedSession, actor: Actor, user_id: UUID, roles: Roles) -> None:
    """End roles of a person within reach; one that is not held is `MemberNotFound`."""
    within = await reaching.reach(db, actor)
    await reaching.must_be_within(db, within, user_id)
    if not roles:
        raise NothingGiven("Name at least one role.")
    now = clock.now()
    ended = await db.execute(
        update(Membership)
        .where(
            *within.memberships,
            Membership.user_id == user_id,
            tuple_(Membership.tenant_id, Membership.role).in_(roles.pairs),
        )
        .values(ended_at=now)
        .returning(Membership.tenant_id, Membership.role)
    )
    gone: dict[str, list[UUID]] = {}
    for row in ended:
        gone.setdefault(row.role, []).append(UUID(str(row.tenant_id)))
    of_company = await db.scalars(
        update(CompanyMembership)
        .where(
            *within.company_memberships,
            CompanyMembership.user_id == user_id,
            CompanyMembership.role.in_(sorted(roles.company)),
        )
        .values(ended_at=now)
        .returning(CompanyMembership.role)
    )
    company_roles = sorted(of_company)
    if sum(map(len, gone.values())) < len(roles.pairs) or len(company_roles) < len(roles.company):
        raise MemberNotFound("The person does not hold all of these roles.")
    await reaching.must_keep_an_admin(db, within)
    await _tell(db, actor, "membership.end", user_id, gone)
    for role in company_roles:
        await tell_of_company(db, actor, "company_membership.end", user_id, role)


async def _must_be_of_this_side(
    db: NarrowedSession, within: Reach, user_id: UUID, practices: Sequence[UUID]
) -> None:
    wanted = bindparam("wanted", practices, ARRAY(Uuid))
    other = await db.scalar(
        select(Membership.id)
        .where(
            Membership.user_id == user_id,
            Membership.tenant_id == wanted.any_(),
            Membership.side != within.side,
            Membership.ended_at.is_(None),
        )
        .limit(1)
    )
    if other is not None:
        raise OfTheOtherSide("The person works there for the other side already.")


async def _tell(
    db: NarrowedSession, actor: Actor, action: str, user_id: UUID, logs: dict[str, list[UUID]]
) -> None:
    """In the log of each practice: who may enter it has changed."""
    for role, practices in sorted(logs.items()):
        await trail.record_in_each(
            db,
            practices,
            actor,
            action,
            object_type="user",
            object_id=user_id,
            detail={"role": role},
        )


async def tell_of_company(
    db: NarrowedSession, actor: Actor, action: str, user_id: UUID, role: str
) -> None:
    await trail.record_in(
        db,
        PLATFORM_LOG,
        actor,
        action,
        object_type="user",
        object_id=user_id,
        detail={"role": role},
    )
