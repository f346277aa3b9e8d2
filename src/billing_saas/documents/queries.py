"""Documents, for who may see them. A title or a content shown is an event of the patient it concerns."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Uuid

from billing_saas.audit import trail
from billing_saas.audit.rules import Classes
from billing_saas.blobs import storing
from billing_saas.documents import rules
from billing_saas.documents.errors import DocumentNotFound, NoContentYet
from billing_saas.documents.rules import Title
from billing_saas.documents.tables import DocumentRow
from billing_saas.duties import visibility
from billing_saas.duties.errors import NotShown
from billing_saas.duties.visibility_rules import Field
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.kit.paging import Page, PageRequest, encode
from billing_saas.phi import keyring
from billing_saas.phi.registry import DOCUMENT_PHI_CLIN

READ = "documents.read"
_MOST_OF_A_PATIENT = 200


class DocumentShown(msgspec.Struct, frozen=True, kw_only=True):
    """`bytes` and `pages` are 0 while its content is awaited. Where `masked` names the class of field that
    its kind holds, who asks sees that there is such a document: its title was not opened."""

    id: UUID
    patient_id: UUID | None
    kind: str
    state: str
    title: str
    media_type: str
    bytes: int
    pages: int
    created_by: UUID
    created_at: datetime
    updated_at: datetime
    masked: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"<DocumentShown {self.id}>"


class Content(msgspec.Struct, frozen=True, kw_only=True):
    media_type: str
    content: bytes

    def __repr__(self) -> str:
        return "<Content>"


async def documents(
    db: TenantSession,
    actor: Actor,
    page: PageRequest,
    *,
    patient_id: UUID | None = None,
    kind: str | None = None,
) -> Page[DocumentShown]:
    """Newest first, without those withdrawn; of one patient or kind when asked."""
    actor.must(READ)
    query = select(DocumentRow).where(
        DocumentRow.tenant_id == db.tenant_id, DocumentRow.state != "withdrawn"
    )
    if actor.only_patient is not None:
        query = query.where(DocumentRow.patient_id == actor.only_patient)
    if patient_id is not None:
        query = query.where(DocumentRow.patient_id == patient_id)
    if kind is not None:
        query = query.where(DocumentRow.kind == kind)
    if page.after is not None:
        query = query.where(DocumentRow.id < page.after)
    rows = (await db.scalars(query.order_by(DocumentRow.id.desc()).limit(page.limit + 1))).all()
    listed = await _opened(db, actor, rows[: page.limit])
    if listed:
        await _tell(db, actor, "document.list", listed)
    more = len(rows) > page.limit
    return Page(listed, encode(listed[-1].id) if more else None)


async def document(db: TenantSession, actor: Actor, document_id: UUID) -> DocumentShown:
    actor.must(READ)
    (shown,) = await _opened(db, actor, [await _row(db, actor, document_id)])
    await _tell(db, actor, "document.read", [shown], document_id)
    return shown


async def content(db: TenantSession, actor: Actor, document_id: UUID) -> Content:
    """The file itself, whole: it is at most `rules.MOST_BYTES`, or an image of so many bytes written anew."""
    actor.must(READ)
    row = await _row(db, actor, document_id)
    await _must_show(db, actor, row)
    await trail.record(
        db,
        actor,
        "document.open",
        object_type="document",
        object_id=document_id,
        subjects=[row.patient_id] if row.patient_id else [],
        classes=Classes.FILE,
        detail={"kind": row.kind},
    )
    return await _read(db, row)


async def kept_of(db: TenantSession, document_id: UUID) -> UUID | None:
    """Whom a document concerns whose content has come (None: no patient). For acts that lean on one, and
    check who asks; opens nothing."""
    row = (
        await db.execute(
            select(DocumentRow.patient_id).where(
                DocumentRow.tenant_id == db.tenant_id,
                DocumentRow.id == document_id,
                DocumentRow.state == "kept",
            )
        )
    ).one_or_none()
    if row is None:
        raise DocumentNotFound("There is no such document.")
    concerned: UUID | None = row.patient_id
    return concerned


async def _read(db: TenantSession, row: DocumentRow) -> Content:
    if row.blob_id is None:
        raise NoContentYet("The content of this document has not come yet.")
    chunks = [chunk async for chunk in storing.read(db, row.blob_id)]
    return Content(media_type=row.media_type, content=b"".join(chunks))


async def shown_of_patient(
    db: TenantSession, actor: Actor, patient_id: UUID
) -> list[DocumentShown]:
    """Newest first, as who asks sees them. For acts that check who asks and tell the trail themselves."""
    found = await db.scalars(
        select(DocumentRow)
        .where(
            DocumentRow.tenant_id == db.tenant_id,
            DocumentRow.patient_id == patient_id,
            DocumentRow.state == "kept",
        )
        .order_by(DocumentRow.id.desc())
        .limit(_MOST_OF_A_PATIENT)
    )
    return await _opened(db, actor, found.all())


async def content_of_patient(
    db: TenantSession, actor: Actor, document_id: UUID, patient_id: UUID
) -> Content:
    """As `content`, of a document that concerns this patient. For acts that check who asks and tell the
    trail themselves."""
    row = await _row(db, actor, document_id)
    if row.patient_id != patient_id:
        raise DocumentNotFound("There is no such document.")
    await _must_show(db, actor, row)
    return await _read(db, row)


async def own(db: TenantSession, patient_id: UUID, ids: Sequence[UUID]) -> list[DocumentShown]:
    """Those of `ids` that concern this patient, as the patient sees them: whole. For acts that check
    that it is the patient who asks, and tell the trail themselves."""
    if not ids:
        return []
    found = await db.scalars(
        select(DocumentRow)
        .where(
            DocumentRow.tenant_id == db.tenant_id,
            DocumentRow.patient_id == patient_id,
            DocumentRow.state == "kept",
            DocumentRow.id == bindparam("ids", list(ids), ARRAY(Uuid)).any_(),
        )
        .order_by(DocumentRow.id.desc())
    )
    rows = found.all()
    return await _open(db, rows, {row.id: () for row in rows})


async def own_content(db: TenantSession, patient_id: UUID, document_id: UUID) -> Content:
    """As `own`."""
    row = await db.scalar(
        select(DocumentRow).where(
            DocumentRow.tenant_id == db.tenant_id,
            DocumentRow.id == document_id,
            DocumentRow.patient_id == patient_id,
            DocumentRow.state == "kept",
        )
    )
    if row is None:
        raise DocumentNotFound("There is no such document.")
    return await _read(db, row)


async def _masked(
    db: TenantSession, actor: Actor, rows: Sequence[DocumentRow]
) -> dict[UUID, tuple[str, ...]]:
    """By row, what of it is not shown. Whoever scans a referral has seen it: one's own stay shown."""
    sight = await visibility.of(db, actor, *Field)
    return {
        row.id: () if row.created_by == actor.id else sight.masked(*rules.HOLDS[row.kind])
        for row in rows
    }


async def _must_show(db: TenantSession, actor: Actor, row: DocumentRow) -> None:
    if (await _masked(db, actor, [row]))[row.id]:
        raise NotShown("Your roles do not show what such a document holds.", field="content")


async def _row(db: TenantSession, actor: Actor, document_id: UUID) -> DocumentRow:
    found = await db.scalar(
        select(DocumentRow).where(
            DocumentRow.tenant_id == db.tenant_id,
            DocumentRow.id == document_id,
            DocumentRow.state != "withdrawn",
        )
    )
    if found is None or not actor.may_see(found.patient_id):
        raise DocumentNotFound("There is no such document.")
    return found


async def _opened(
    db: TenantSession, actor: Actor, rows: Sequence[DocumentRow]
) -> list[DocumentShown]:
    return await _open(db, rows, await _masked(db, actor, rows))


async def _open(
    db: TenantSession, rows: Sequence[DocumentRow], masked: Mapping[UUID, tuple[str, ...]]
) -> list[DocumentShown]:
    ring = await keyring.of(db, max((row.key_ver for row in rows), default=0))
    return [
        DocumentShown(
            id=row.id,
            patient_id=row.patient_id,
            kind=row.kind,
            state=row.state,
            title=(
                ""
                if masked[row.id]
                else ring.open(DOCUMENT_PHI_CLIN, row.id, row.phi_clin, Title).title
            ),
            media_type=row.media_type,
            bytes=row.bytes,
            pages=row.pages,
            created_by=row.created_by,
            created_at=row.created_at,
            updated_at=row.updated_at,
            masked=masked[row.id],
        )
        for row in rows
    ]


async def _tell(
    db: TenantSession,
    actor: Actor,
    action: str,
    shown: Sequence[DocumentShown],
    object_id: UUID | None = None,
) -> None:
    await trail.record(
        db,
        actor,
        action,
        object_type="document",
        object_id=object_id,
        subjects=[one.patient_id for one in shown if one.patient_id is not None],
        classes=Classes.CLINICAL if any(not one.masked for one in shown) else Classes.NONE,
        detail={"count": len(shown)},
    )
