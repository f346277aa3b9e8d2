"""Show one case to somebody from outside for some days, and end it."""

from datetime import timedelta
from uuid import UUID

import msgspec
from sqlalchemy import insert, select, update

from billing_saas.audit import trail
from billing_saas.claims import queries as claims
from billing_saas.identity.tables import Membership
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.kit.ids import new_id
from billing_saas.kit.paging import Page, PageRequest, encode
from billing_saas.reviews.errors import CaseNotFound, CaseOver, NotAReviewer, TooLong
from billing_saas.reviews.tables import CaseReview

READ = "reviewers.read"
WRITE = "reviewers.write"
USUAL_DAYS = 14
MOST_DAYS = 30


class NewReview(msgspec.Struct, frozen=True, kw_only=True):
    claim_id: UUID
    user_id: UUID
    days: int = USUAL_DAYS


async def grant(db: TenantSession, actor: Actor, new: NewReview) -> UUID:
    """The person has the role `reviewer` here, which opens nothing by itself."""
    actor.must(WRITE)
    if not 1 <= new.days <= MOST_DAYS:
        raise TooLong(f"A case is shown for 1 to {MOST_DAYS} days.", field="days")
    claim = await claims.by_id(db, new.claim_id)
    if not await _is_reviewer(db, new.user_id):
        raise NotAReviewer("Invite this person as a reviewer first.", field="user_id")
    now = clock.now()
    review_id = new_id()
    await db.execute(
        insert(CaseReview).values(
            tenant_id=db.tenant_id,
            id=review_id,
            claim_id=claim.id,
            user_id=new.user_id,
            granted_by=actor.id,
            granted_at=now,
            expires_at=now + timedelta(days=new.days),
        )
    )
    await trail.record(
        db,
        actor,
        "case.grant",
        object_type="claim",
        object_id=claim.id,
        subjects=[claim.patient_id],
        detail={"to": str(new.user_id), "count": new.days},
    )
    return review_id


async def end(db: TenantSession, actor: Actor, review_id: UUID) -> None:
    actor.must(WRITE)
    found = await review(db, actor, review_id)
    now = clock.now()
    if found.ended_at is not None or found.expires_at <= now:
        raise CaseOver("It is over already.")
    await db.execute(
        update(CaseReview)
        .where(CaseReview.tenant_id == db.tenant_id, CaseReview.id == review_id)
        .values(ended_by=actor.id, ended_at=now)
    )
    await trail.record(
        db,
        actor,
        "case.end",
        object_type="claim",
        object_id=found.claim_id,
        detail={"to": str(found.user_id)},
    )


async def review(db: TenantSession, actor: Actor, review_id: UUID) -> CaseReview:
    actor.must(READ)
    found = await db.scalar(
        select(CaseReview).where(CaseReview.tenant_id == db.tenant_id, CaseReview.id == review_id)
    )
    if found is None:
        raise CaseNotFound("There is no such case.")
    return found


async def reviews(db: TenantSession, actor: Actor, page: PageRequest) -> Page[CaseReview]:
    """Newest first, whether they are over or not."""
    actor.must(READ)
    query = select(CaseReview).where(CaseReview.tenant_id == db.tenant_id)
    if page.after is not None:
        query = query.where(CaseReview.id < page.after)
    found = (await db.scalars(query.order_by(CaseReview.id.desc()).limit(page.limit + 1))).all()
    rows = list(found[: page.limit])
    return Page(rows, encode(rows[-1].id) if len(found) > page.limit else None)


async def _is_reviewer(db: TenantSession, user_id: UUID) -> bool:
    found = await db.scalar(
        select(Membership.id)
        .where(
            Membership.tenant_id == db.tenant_id,
            Membership.user_id == user_id,
            Membership.role == "reviewer",
            Membership.ended_at.is_(None),
        )
        .limit(1)
    )
    return found is not None
