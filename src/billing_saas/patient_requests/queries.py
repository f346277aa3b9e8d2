"""Requests for the office that answers them, and for the patient who asked. What was written is opened
only for one request at a time, but for the patient's own list; each opening is an event."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Uuid

from billing_saas.audit import trail
from billing_saas.audit.rules import Classes
from billing_saas.documents import queries as documents
from billing_saas.documents.queries import Content, DocumentShown
from billing_saas.duties import visibility
from billing_saas.duties.visibility_rules import Field
from billing_saas.kit.actor import Actor, ActorKind
from billing_saas.kit.db import TenantSession
from billing_saas.kit.paging import Page, PageRequest, encode
from billing_saas.patient_requests.errors import PatientRequestNotFound
from billing_saas.patient_requests.rules import Words
from billing_saas.patient_requests.tables import PatientRequest, PatientRequestDocument
from billing_saas.phi import keyring
from billing_saas.phi.registry import PATIENT_REQUEST_PHI_CLIN

READ = "patient_requests.read"
# What a patient holds who showed that a contact of theirs is in their hands (`portal.rules`).
OWN = "portal.record"
_MOST_OF_A_PATIENT = 200

# What the words of a request can tell, by what it is about. Of the record they may tell anything.
HOLDS: dict[str, tuple[Field, ...]] = {
    "record": (Field.DIAGNOSES, Field.PROCEDURES),
    "coverage": (Field.IDENTIFIERS,),
    "contact": (Field.CONTACT,),
    "demographics": (Field.DEMOGRAPHICS,),
}


class RequestShown(msgspec.Struct, frozen=True, kw_only=True):
    """Where `masked` is not empty the words may tell what who asks does not see: they were not opened."""

    id: UUID
    patient_id: UUID
    kind: str
    about: str
    form: str
    since: date | None
    until: date | None
    state: str
    words: Words
    asked_on: date
    due_on: date
    extended_at: datetime | None
    answered_at: datetime | None
    answered_by: UUID | None
    disagreed_at: datetime | None
    document_ids: tuple[UUID, ...]
    masked: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"<RequestShown {self.id}>"


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    """None: no matter."""

    state: str | None = None
    kind: str | None = None
    patient_id: UUID | None = None


def must_be_theirs(actor: Actor, patient_id: UUID) -> None:
    """For a patient's own acts: another's record does not exist."""
    actor.must(OWN)
    if actor.kind is not ActorKind.PATIENT or actor.id != patient_id:
        raise PatientRequestNotFound("There is no such request.")


async def requests(
    db: TenantSession, actor: Actor, page: PageRequest, filters: Filters
) -> Page[RequestShown]:
    """Newest first, without what was written."""
    actor.must(READ)
    query = select(PatientRequest).where(PatientRequest.tenant_id == db.tenant_id)
    if actor.only_patient is not None:
        query = query.where(PatientRequest.patient_id == actor.only_patient)
    if filters.state is not None:
        query = query.where(PatientRequest.state == filters.state)
    if filters.kind is not None:
        query = query.where(PatientRequest.kind == filters.kind)
    if filters.patient_id is not None:
        query = query.where(PatientRequest.patient_id == filters.patient_id)
    if page.after is not None:
        query = query.where(PatientRequest.id < page.after)
    found = (await db.scalars(query.order_by(PatientRequest.id.desc()).limit(page.limit + 1))).all()
    rows = found[: page.limit]
    attached = await _attached(db, [row.id for row in rows])
    shown = [_shown(row, Words(), attached.get(row.id, ())) for row in rows]
    await _tell(db, actor, "patient_request.list", shown, Classes.NONE)
    return Page(shown, encode(rows[-1].id) if len(found) > page.limit else None)


async def request(db: TenantSession, actor: Actor, request_id: UUID) -> RequestShown:
    actor.must(READ)
    row = await the_row(db, actor, request_id)
    holds = HOLDS[row.about]
    masked = (await visibility.of(db, actor, *holds)).masked(*holds)
    words = Words() if masked else (await _opened(db, [row]))[row.id]
    attached = await _attached(db, [row.id])
    shown = _shown(row, words, attached.get(row.id, ()), masked)
    classes = Classes.NONE if masked else Classes.CLINICAL
    await _tell(db, actor, "patient_request.read", [shown], classes, request_id)
    return shown


async def own(db: TenantSession, actor: Actor, patient_id: UUID) -> list[RequestShown]:
    """The patient's, newest first, in full."""
    must_be_theirs(actor, patient_id)
    found = await db.scalars(
        select(PatientRequest)
        .where(PatientRequest.tenant_id == db.tenant_id, PatientRequest.patient_id == patient_id)
        .order_by(PatientRequest.id.desc())
        .limit(_MOST_OF_A_PATIENT)
    )
    rows = found.all()
    attached = await _attached(db, [row.id for row in rows])
    words = await _opened(db, rows)
    shown = [_shown(row, words[row.id], attached.get(row.id, ())) for row in rows]
    await _tell(db, actor, "patient_request.list", shown, Classes.CLINICAL)
    return shown


async def own_one(
    db: TenantSession, actor: Actor, request_id: UUID
) -> tuple[RequestShown, list[DocumentShown]]:
    """One of the patient's own, with what the office attached."""
    row = await own_row(db, actor, request_id)
    ids = (await _attached(db, [row.id])).get(row.id, ())
    shown = _shown(row, (await _opened(db, [row]))[row.id], ids)
    await _tell(db, actor, "patient_request.read", [shown], Classes.CLINICAL, request_id)
    return shown, await documents.own(db, row.patient_id, ids)


async def own_document(
    db: TenantSession, actor: Actor, request_id: UUID, document_id: UUID
) -> Content:
    """A document that answers a request of the patient's own, once the office has answered."""
    row = await own_row(db, actor, request_id)
    ids = (await _attached(db, [row.id])).get(row.id, ())
    if document_id not in ids or row.answered_at is None:
        raise PatientRequestNotFound("There is no such document.")
    await trail.record(
        db,
        actor,
        "document.open",
        object_type="document",
        object_id=document_id,
        subjects=[row.patient_id],
        classes=Classes.FILE,
    )
    return await documents.own_content(db, row.patient_id, document_id)


async def own_row(
    db: TenantSession, actor: Actor, request_id: UUID, *, lock: bool = False
) -> PatientRequest:
    must_be_theirs(actor, actor.id)
    query = select(PatientRequest).where(
        PatientRequest.tenant_id == db.tenant_id,
        PatientRequest.id == request_id,
        PatientRequest.patient_id == actor.id,
    )
    return await _one(db, query.with_for_update() if lock else query)


async def the_row(
    db: TenantSession, actor: Actor, request_id: UUID, *, lock: bool = False
) -> PatientRequest:
    query = select(PatientRequest).where(
        PatientRequest.tenant_id == db.tenant_id, PatientRequest.id == request_id
    )
    row = await _one(db, query.with_for_update() if lock else query)
    if not actor.may_see(row.patient_id):
        raise PatientRequestNotFound("There is no such request.")
    return row


async def _one(db: TenantSession, query: Any) -> PatientRequest:
    row: PatientRequest | None = await db.scalar(query)
    if row is None:
        raise PatientRequestNotFound("There is no such request.")
    return row


async def _opened(db: TenantSession, rows: Sequence[PatientRequest]) -> dict[UUID, Words]:
    ring = await keyring.of(db, max((row.key_ver for row in rows), default=0))
    return {
        row.id: ring.open(PATIENT_REQUEST_PHI_CLIN, row.id, row.phi_clin, Words) for row in rows
    }


async def _attached(db: TenantSession, ids: Sequence[UUID]) -> dict[UUID, tuple[UUID, ...]]:
    if not ids:
        return {}
    found = await db.execute(
        select(PatientRequestDocument.patient_request_id, PatientRequestDocument.document_id)
        .where(
            PatientRequestDocument.tenant_id == db.tenant_id,
            PatientRequestDocument.patient_request_id
            == bindparam("ids", list(ids), ARRAY(Uuid)).any_(),
        )
        .order_by(PatientRequestDocument.document_id)
    )
    attached: dict[UUID, tuple[UUID, ...]] = {}
    for request_id, document_id in found:
        attached[request_id] = (*attached.get(request_id, ()), document_id)
    return attached


def _shown(
    row: PatientRequest, words: Words, ids: tuple[UUID, ...], masked: tuple[str, ...] = ()
) -> RequestShown:
    return RequestShown(
        id=row.id,
        patient_id=row.patient_id,
        kind=row.kind,
        about=row.about,
        form=row.form,
        since=row.since,
        until=row.until,
        state=row.state,
        words=words,
        asked_on=row.asked_on,
        due_on=row.due_on,
        extended_at=row.extended_at,
        answered_at=row.answered_at,
        answered_by=row.answered_by,
        disagreed_at=row.disagreed_at,
        document_ids=ids,
        masked=masked,
    )


async def _tell(
    db: TenantSession,
    actor: Actor,
    action: str,
    shown: Sequence[RequestShown],
    classes: Classes,
    object_id: UUID | None = None,
) -> None:
    await trail.record(
        db,
        actor,
        action,
        object_type="patient_request",
        object_id=object_id,
        subjects=[one.patient_id for one in shown],
        classes=classes if shown else Classes.NONE,
        detail={"count": len(shown)},
    )
