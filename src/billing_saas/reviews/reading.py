"""A case as its reviewer sees it. Whatever is asked, it is of this one claim, and of this one person."""

from collections.abc import Sequence
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, and_, select

from billing_saas.audit import trail
from billing_saas.audit.rules import Classes
from billing_saas.claims import queries as claims
from billing_saas.claims.queries import ClaimRecord
from billing_saas.claims.tables import ClaimEvent
from billing_saas.documents import queries as documents
from billing_saas.documents.queries import Content, DocumentShown
from billing_saas.duties import visibility
from billing_saas.duties.visibility_rules import Field
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.kit.paging import Page, PageRequest, encode
from billing_saas.patients import queries as patients
from billing_saas.patients.rules import NameOnly
from billing_saas.reviews.errors import CaseNotFound
from billing_saas.reviews.tables import CaseReview

READ = "cases.read"


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """A claim with its patient (name and birth date), its documents and every move of it."""

    review: CaseReview
    claim: ClaimRecord
    patient: NameOnly
    documents: Sequence[DocumentShown]
    moves: Sequence[ClaimEvent]

    def __repr__(self) -> str:
        return f"<Case {self.review.id}>"


async def cases(db: TenantSession, actor: Actor, page: PageRequest) -> Page[CaseReview]:
    """Which cases the actor was asked to review, and until when: nothing of them is opened."""
    actor.must(READ)
    query = select(CaseReview).where(_open_to(db, actor))
    if page.after is not None:
        query = query.where(CaseReview.id < page.after)
    found = (await db.scalars(query.order_by(CaseReview.id.desc()).limit(page.limit + 1))).all()
    rows = list(found[: page.limit])
    return Page(rows, encode(rows[-1].id) if len(found) > page.limit else None)


async def case(db: TenantSession, actor: Actor, review_id: UUID) -> Case:
    actor.must(READ)
    review = await _review(db, actor, review_id)
    sight = await visibility.of(db, actor, *Field)
    found = await claims.by_id(db, review.claim_id)
    names = await patients.names(db, [found.patient_id])
    shown = Case(
        review=review,
        claim=await claims.shown(db, found, sight),
        patient=names[found.patient_id],
        documents=await documents.shown_of_patient(db, actor, found.patient_id),
        moves=await claims.moves(db, found.id),
    )
    await trail.record(
        db,
        actor,
        "case.read",
        object_type="claim",
        object_id=found.id,
        subjects=[found.patient_id],
        classes=claims.opened_classes(sight),
    )
    return shown


async def document_content(
    db: TenantSession, actor: Actor, review_id: UUID, document_id: UUID
) -> Content:
    """A document of the case's patient; any other does not exist."""
    actor.must(READ)
    review = await _review(db, actor, review_id)
    found = await claims.by_id(db, review.claim_id)
    content = await documents.content_of_patient(db, actor, document_id, found.patient_id)
    await trail.record(
        db,
        actor,
        "case.document",
        object_type="document",
        object_id=document_id,
        subjects=[found.patient_id],
        classes=Classes.FILE,
    )
    return content


async def _review(db: TenantSession, actor: Actor, review_id: UUID) -> CaseReview:
    found = await db.scalar(
        select(CaseReview).where(_open_to(db, actor), CaseReview.id == review_id)
    )
    if found is None:
        raise CaseNotFound("There is no such case.")
    return found


def _open_to(db: TenantSession, actor: Actor) -> ColumnElement[bool]:
    return and_(
        CaseReview.tenant_id == db.tenant_id,
        CaseReview.user_id == actor.id,
        CaseReview.ended_at.is_(None),
        CaseReview.expires_at > clock.now(),
    )
