"""Outside experts: who is shown which case, and the case as they see it."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, delete, get, post
from litestar.params import JSONBody

from billing_saas.api.declaring import declared
from billing_saas.api.deps import Asked, Db, Id, Who
from billing_saas.api.manners import manners
from billing_saas.api.staff.claims import ClaimEventOut, ClaimOut
from billing_saas.api.staff.documents import DocumentOut
from billing_saas.api.wire import In, Out, PageOut
from billing_saas.documents import rules as document_rules
from billing_saas.documents.errors import NoContentYet
from billing_saas.duties.errors import NotShown
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.reviews import granting, reading
from billing_saas.reviews.errors import CaseOver, NotAReviewer, TooLong
from billing_saas.reviews.granting import MOST_DAYS, USUAL_DAYS, NewReview
from billing_saas.reviews.reading import Case
from billing_saas.reviews.tables import CaseReview


class CaseReviewIn(In, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`user_id` was invited to the practice as a reviewer, which opens nothing by itself."""

    claim_id: UUID
    user_id: UUID
    days: Annotated[int, msgspec.Meta(ge=1, le=MOST_DAYS)] = USUAL_DAYS


class CaseReviewOut(Out, frozen=True):
    """Over at `expires_at`, or when it was ended."""

    id: UUID
    claim_id: UUID
    user_id: UUID
    granted_by: UUID
    granted_at: datetime
    expires_at: datetime
    ended_at: datetime | None

    @classmethod
    def of(cls, review: CaseReview) -> "CaseReviewOut":
        return cls(
            id=review.id,
            claim_id=review.claim_id,
            user_id=review.user_id,
            granted_by=review.granted_by,
            granted_at=review.granted_at,
            expires_at=review.expires_at,
            ended_at=review.ended_at,
        )


class CaseOut(Out, frozen=True):
    """One claim with its patient, the patient's documents, and every move, until `expires_at`."""

    id: UUID
    expires_at: datetime
    claim: ClaimOut
    patient_birth_date: date | None
    documents: list[DocumentOut]
    timeline: list[ClaimEventOut]

    @classmethod
    def of(cls, case: Case) -> "CaseOut":
        return cls(
            id=case.review.id,
            expires_at=case.review.expires_at,
            claim=ClaimOut.of(case.claim),
            patient_birth_date=case.patient.birth_date,
            documents=[DocumentOut.of(shown) for shown in case.documents],
            timeline=[ClaimEventOut.of(event) for event in case.moves],
        )


async def _review(db: TenantSession, actor: Actor, review_id: UUID) -> CaseReviewOut:
    return CaseReviewOut.of(await granting.review(db, actor, review_id))


@post(
    "/case-reviews",
    summary="Show one case to an outside expert for some days",
    opt=declared(
        "reviewers.write",
        "reviewers.read",
        refusals=[NotAReviewer, TooLong],
        leads_to={"end_case_review": {"case_review_id": "$response.body#/id"}},
    )
    | manners(told_by=_review, resource="id"),
)
async def grant_case_review(db: Db, actor: Who, data: JSONBody[CaseReviewIn]) -> CaseReviewOut:
    new = NewReview(claim_id=data.claim_id, user_id=data.user_id, days=data.days)
    return await _review(db, actor, await granting.grant(db, actor, new))


@get(
    "/case-reviews",
    summary="Which cases were shown outside, newest first",
    opt=declared("reviewers.read"),
)
async def list_case_reviews(db: Db, actor: Who, page: Asked) -> PageOut[CaseReviewOut]:
    found = await granting.reviews(db, actor, page)
    return PageOut([CaseReviewOut.of(review) for review in found.rows], found.next_cursor)


@delete(
    "/case-reviews/{case_review_id:uuid}",
    summary="Show a case no longer",
    opt=declared("reviewers.write", "reviewers.read", refusals=[CaseOver]),
)
async def end_case_review(db: Db, actor: Who, case_review_id: Id) -> None:
    await granting.end(db, actor, case_review_id)


@get(
    "/cases",
    summary="The cases that I was asked to review, newest first",
    opt=declared(
        "cases.read", leads_to={"get_case": {"case_review_id": "$response.body#/rows/0/id"}}
    ),
)
async def list_cases(db: Db, actor: Who, page: Asked) -> PageOut[CaseReviewOut]:
    found = await reading.cases(db, actor, page)
    return PageOut([CaseReviewOut.of(review) for review in found.rows], found.next_cursor)


@get(
    "/cases/{case_review_id:uuid}",
    summary="One case that I was asked to review",
    opt=declared("cases.read"),
)
async def get_case(db: Db, actor: Who, case_review_id: Id) -> CaseOut:
    return CaseOut.of(await reading.case(db, actor, case_review_id))


@get(
    "/cases/{case_review_id:uuid}/documents/{document_id:uuid}/content",
    summary="A document of a case that I was asked to review",
    opt=declared(
        "cases.read",
        refusals=[NoContentYet, NotShown],
        download=(
            document_rules.PDF,
            document_rules.JPEG,
            document_rules.PNG,
            document_rules.TIFF,
        ),
    ),
)
async def get_case_document(
    db: Db, actor: Who, case_review_id: Id, document_id: Id
) -> Response[bytes]:
    found = await reading.document_content(db, actor, case_review_id, document_id)
    return Response(
        found.content,
        media_type=found.media_type,
        headers={"Content-Disposition": f'attachment; filename="{document_id}"'},
    )


HANDLERS = [
    grant_case_review,
    list_case_reviews,
    end_case_review,
    list_cases,
    get_case,
    get_case_document,
]
