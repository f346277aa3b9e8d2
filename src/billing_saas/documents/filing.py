"""A document is announced, gets its content once, may be filed elsewhere, and can be withdrawn."""

from collections.abc import AsyncIterable, AsyncIterator
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from billing_saas.audit import contents, trail
from billing_saas.audit.rules import Classes
from billing_saas.blobs import storing
from billing_saas.documents import inspecting, rules
from billing_saas.documents.errors import (
    ContentKept,
    DocumentNotFound,
    DocumentRefused,
    NoSuchPatient,
)
from billing_saas.documents.rules import Title
from billing_saas.documents.tables import DocumentRow
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.kit.ids import new_id
from billing_saas.phi import keyring
from billing_saas.phi.registry import BLOB_SEALED_KEY, DOCUMENT_PHI_CLIN

WRITE = "documents.write"


class Filed(msgspec.Struct, frozen=True, kw_only=True):
    """What a document is, and whom it concerns; `patient_id` is None for one about no patient."""

    kind: rules.Kind
    title: str
    patient_id: UUID | None = None

    def __repr__(self) -> str:
        return "<Filed>"


async def announce(db: TenantSession, actor: Actor, filed: Filed) -> UUID:
    """A document whose content is to come: a title is protected, so it cannot travel with a file."""
    actor.must(WRITE)
    ring = await keyring.of(db)
    document_id = new_id()
    now = clock.now()
    row = {
        "tenant_id": db.tenant_id,
        "id": document_id,
        "patient_id": filed.patient_id,
        "kind": filed.kind,
        "state": "awaited",
        "phi_clin": ring.seal(DOCUMENT_PHI_CLIN, document_id, Title(filed.title)),
        "key_ver": ring.key_ver,
        "created_by": actor.id,
        "created_at": now,
        "updated_at": now,
    }
    await _write(db, insert(DocumentRow).values(row))
    await _tell(db, actor, "document.announce", row)
    return document_id


async def keep_content(
    db: TenantSession,
    actor: Actor,
    document_id: UUID,
    chunks: AsyncIterable[bytes],
    declared: str,
) -> None:
    """Inspect what came and keep it, sealed. `DocumentRefused` says what is wrong with it."""
    actor.must(WRITE)
    if (await _document(db, document_id)).state != "awaited":
        raise ContentKept("The document has its content; another scan is another document.")
    inspected = await inspecting.inspect(await _whole(chunks), declared)
    document = await _document(db, document_id, lock=True)
    if document.state != "awaited":
        raise ContentKept("The document has its content; another scan is another document.")
    stored = await storing.store(db, _once(inspected.content), most_bytes=rules.MOST_KEPT_BYTES)
    await _change(
        db,
        document,
        state="kept",
        blob_id=stored.id,
        media_type=inspected.media_type,
        bytes=stored.bytes,
        pages=inspected.pages,
    )
    await trail.record(
        db,
        actor,
        "document.keep",
        object_type="document",
        object_id=document_id,
        subjects=_concerned(document.patient_id),
        classes=Classes.FILE,
        sealed=[contents.of(BLOB_SEALED_KEY, stored.id, stored.sealed_key)],
        detail={"kind": document.kind},
    )


async def lock(db: TenantSession, document_id: UUID) -> None:
    """For an act that changes it."""
    await _document(db, document_id, lock=True)


async def refile(db: TenantSession, actor: Actor, document_id: UUID, filed: Filed) -> None:
    """It was filed under the wrong patient, kind or title. The trail tells both patients."""
    actor.must(WRITE)
    document = await _document(db, document_id, lock=True)
    filed_under = document.patient_id
    ring = await keyring.of(db)
    row = {
        "id": document_id,
        "phi_clin": ring.seal(DOCUMENT_PHI_CLIN, document_id, Title(filed.title)),
        "patient_id": filed.patient_id,
        "kind": filed.kind,
    }
    await _change(
        db,
        document,
        **{key: value for key, value in row.items() if key != "id"},
        key_ver=ring.key_ver,
    )
    await _tell(db, actor, "document.refile", row, also=filed_under)


async def withdraw(db: TenantSession, actor: Actor, document_id: UUID) -> None:
    """Off the lists; its content stays sealed, for it may have been relied on."""
    actor.must(WRITE)
    document = await _document(db, document_id, lock=True)
    await _change(db, document, state="withdrawn")
    await trail.record(
        db,
        actor,
        "document.withdraw",
        object_type="document",
        object_id=document_id,
        subjects=_concerned(document.patient_id),
        detail={"kind": document.kind},
    )


async def _document(db: TenantSession, document_id: UUID, *, lock: bool = False) -> DocumentRow:
    query = select(DocumentRow).where(
        DocumentRow.tenant_id == db.tenant_id,
        DocumentRow.id == document_id,
        DocumentRow.state != "withdrawn",
    )
    found = await db.scalar(query.with_for_update() if lock else query)
    if found is None:
        raise DocumentNotFound("There is no such document.")
    return found


async def _change(db: TenantSession, document: DocumentRow, **changed: Any) -> None:
    await _write(
        db,
        update(DocumentRow)
        .where(DocumentRow.tenant_id == db.tenant_id, DocumentRow.id == document.id)
        .values(**changed, version=DocumentRow.version + 1, updated_at=clock.now()),
    )


async def _write(db: TenantSession, statement: Any) -> None:
    # Patients stand above documents: the foreign key knows whether there is such a one.
    try:
        async with db.begin_nested():
            await db.execute(statement)
    except IntegrityError as error:
        if "document_tenant_id_patient_id_fkey" in str(error.orig):
            raise NoSuchPatient("There is no such patient.", field="patient_id") from None
        raise


async def _tell(
    db: TenantSession,
    actor: Actor,
    action: str,
    row: dict[str, Any],
    *,
    also: UUID | None = None,
) -> None:
    await trail.record(
        db,
        actor,
        action,
        object_type="document",
        object_id=row["id"],
        subjects=[*_concerned(row["patient_id"]), *_concerned(also)],
        classes=Classes.CLINICAL,
        sealed=contents.of_rows([row], DOCUMENT_PHI_CLIN),
        detail={"kind": row["kind"]},
    )


def _concerned(patient_id: UUID | None) -> list[UUID]:
    return [patient_id] if patient_id is not None else []


async def _whole(chunks: AsyncIterable[bytes]) -> bytes:
    content = bytearray()
    async for chunk in chunks:
        content += chunk
        if len(content) > rules.MOST_BYTES:
            raise DocumentRefused(
                f"The file is larger than {rules.MOST_BYTES >> 20} MB.",
                field="content",
                reason="too_large",
            )
    return bytes(content)


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content
