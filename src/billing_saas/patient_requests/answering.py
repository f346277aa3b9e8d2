"""The office answers: attaches what was asked for, takes the one extension of the law, says yes or no."""

from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError

from billing_saas.audit import trail
from billing_saas.documents.tables import DocumentRow
from billing_saas.followups import cards
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.messages import sending
from billing_saas.messages.rules import Words
from billing_saas.patient_requests import queries, rules, writing
from billing_saas.patient_requests.errors import (
    BadAnswer,
    ExtendedBefore,
    NotTheirDocument,
    PatientRequestDone,
)
from billing_saas.patient_requests.tables import PatientRequest, PatientRequestDocument

ANSWER = "patient_requests.answer"
DECLINE = "patient_requests.decline"
WHERE = "/portal/record"
"""Where the patient reads it: a message says that there is an answer, and nothing of it."""


async def lock(db: TenantSession, request_id: UUID) -> None:
    """For an act that changes it."""
    await db.scalar(
        select(PatientRequest.id)
        .where(PatientRequest.tenant_id == db.tenant_id, PatientRequest.id == request_id)
        .with_for_update()
    )


async def attach(db: TenantSession, actor: Actor, request_id: UUID, document_id: UUID) -> None:
    """A kept document of the same patient. Asked again it is attached already."""
    actor.must(ANSWER)
    row = await _waiting(db, actor, request_id)
    found = await db.scalar(
        select(DocumentRow.id).where(
            DocumentRow.tenant_id == db.tenant_id,
            DocumentRow.id == document_id,
            DocumentRow.patient_id == row.patient_id,
            DocumentRow.state == "kept",
        )
    )
    if found is None:
        raise NotTheirDocument(
            "There is no such document of this patient with a content.", field="document_id"
        )
    try:
        async with db.begin_nested():
            await db.execute(
                insert(PatientRequestDocument).values(
                    tenant_id=db.tenant_id,
                    patient_request_id=request_id,
                    document_id=document_id,
                    attached_by=actor.id,
                    attached_at=clock.now(),
                )
            )
    except IntegrityError:
        return
    await trail.record(
        db,
        actor,
        "patient_request.attach",
        object_type="document",
        object_id=document_id,
        subjects=[row.patient_id],
    )


async def extend(db: TenantSession, actor: Actor, request_id: UUID, reason: str) -> None:
    """Once, with the reason and the new day told to the patient."""
    actor.must(ANSWER)
    row = await _waiting(db, actor, request_id)
    due = rules.extended_to(row.kind, row.due_on)
    if due is None or row.extended_at is not None:
        raise ExtendedBefore("Such a request can be extended no further.")
    if not reason.strip():
        raise BadAnswer("Tell the patient the reason for the delay.", field="reason")
    sealed = await writing.said(db, row, extension=reason)
    await writing.change(db, row, due_on=due, extended_at=clock.now(), **sealed)
    await cards.withdraw(db, actor, [row.id], outcome="extended")
    await writing.open_card(db, row.id, rules.EXTENDED, f"patient-request:{row.id}:extended", due)
    await writing.tell(db, actor, "patient_request.extend", row, sealed)
    await sending.ask(db, actor, row.patient_id, "office_answered", Words(link=WHERE))


async def answer(
    db: TenantSession, actor: Actor, request_id: UUID, outcome: rules.Outcome, words: str
) -> None:
    """To say no to a right takes more than to say yes."""
    actor.must(ANSWER)
    if outcome == "declined":
        actor.must(DECLINE)
    row = await _waiting(db, actor, request_id)
    attached = await db.scalar(
        select(func.count())
        .select_from(PatientRequestDocument)
        .where(
            PatientRequestDocument.tenant_id == db.tenant_id,
            PatientRequestDocument.patient_request_id == request_id,
        )
    )
    rules.check_answer(row.kind, row.form, outcome, words, attached or 0)
    sealed = await writing.said(db, row, answer=words)
    await writing.change(
        db, row, state=outcome, answered_at=clock.now(), answered_by=actor.id, **sealed
    )
    await cards.withdraw(db, actor, [row.id], outcome=outcome)
    await writing.tell(db, actor, "patient_request.answer", row, sealed)
    await sending.ask(db, actor, row.patient_id, "office_answered", Words(link=WHERE))


async def _waiting(db: TenantSession, actor: Actor, request_id: UUID) -> PatientRequest:
    row = await queries.the_row(db, actor, request_id, lock=True)
    if row.state != "open":
        raise PatientRequestDone("This request was answered or taken back.")
    return row
