"""Documents: announced with their title, which is protected, and then sent as they are."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, delete, get, post, put
from litestar.params import HeaderParameter, JSONBody, QueryParameter

from billing_saas.api.declaring import Upload, declared
from billing_saas.api.deps import Asked, Db, Id, Who
from billing_saas.api.manners import Versioned, manners
from billing_saas.api.wire import In, Out, PageOut
from billing_saas.documents import filing, queries, rules
from billing_saas.documents.errors import (
    ContentKept,
    DocumentRefused,
    NoContentYet,
    NoSuchPatient,
)
from billing_saas.documents.filing import Filed
from billing_saas.documents.queries import DocumentShown
from billing_saas.documents.rules import Kind
from billing_saas.duties.errors import NotShown
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession


class DocumentOut(Out, frozen=True):
    """`media_type`, `bytes` and `pages` tell of its content once that has come. Where `masked` is not
    empty, documents of this kind hold what your roles do not see: its title is empty, its content refused."""

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
    masked: list[str]

    @classmethod
    def of(cls, shown: DocumentShown) -> "DocumentOut":
        return cls(**{**msgspec.structs.asdict(shown), "masked": list(shown.masked)})


class DocumentIn(In, frozen=True, forbid_unknown_fields=True):
    """`patient_id` is the patient it concerns, if it concerns one."""

    kind: Kind
    title: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    patient_id: UUID | None = None

    def filed(self) -> Filed:
        return Filed(kind=self.kind, title=self.title, patient_id=self.patient_id)


_TAKEN = (rules.PDF, rules.JPEG, rules.PNG, rules.TIFF)
_ONE = {"document_id": "$response.body#/id"}
_LEADS_TO = {"get_document": _ONE, "put_content": _ONE, "refile_document": _ONE}


async def _document(db: TenantSession, actor: Actor, document_id: UUID) -> DocumentOut:
    return DocumentOut.of(await queries.document(db, actor, document_id))


@post(
    "/documents",
    summary="Announce a document; its content is sent next",
    opt=declared("documents.write", "documents.read", refusals=[NoSuchPatient], leads_to=_LEADS_TO)
    | manners(told_by=_document, resource="id"),
)
async def announce_document(db: Db, actor: Who, data: JSONBody[DocumentIn]) -> DocumentOut:
    document_id = await filing.announce(db, actor, data.filed())
    return await _document(db, actor, document_id)


@put(
    "/documents/{document_id:uuid}/content",
    request_max_body_size=None,  # counted while it is read: a refusal names the limit
    summary="Send the content of a document, once",
    opt=declared(
        "documents.write",
        "documents.read",
        refusals=[ContentKept, DocumentRefused],
        upload=Upload(
            what="A PDF, JPEG, PNG or TIFF. It is opened apart, and refused if it could do harm.",
            media_types=_TAKEN,
            most_bytes=rules.MOST_BYTES,
            example="%PDF-1.4",
        ),
    ),
)
async def put_content(
    db: Db,
    actor: Who,
    request: Request[Any, Any, Any],
    document_id: Id,
    content_type: Annotated[str, HeaderParameter(name="Content-Type", max_length=100)] = "",
) -> DocumentOut:
    await filing.keep_content(db, actor, document_id, _chunks(request), content_type)
    return await _document(db, actor, document_id)


@get(
    "/documents",
    summary="Documents, newest first",
    opt=declared(
        "documents.read", leads_to={"get_document": {"document_id": "$response.body#/rows/0/id"}}
    ),
)
async def list_documents(
    db: Db,
    actor: Who,
    page: Asked,
    patient_id: Annotated[UUID | None, QueryParameter(description="Of this patient.")] = None,
    kind: Annotated[Kind | None, QueryParameter(description="Of this kind.")] = None,
) -> PageOut[DocumentOut]:
    found = await queries.documents(db, actor, page, patient_id=patient_id, kind=kind)
    return PageOut([DocumentOut.of(shown) for shown in found.rows], found.next_cursor)


@get("/documents/{document_id:uuid}", summary="One document", opt=declared("documents.read"))
async def get_document(db: Db, actor: Who, document_id: Id) -> DocumentOut:
    return await _document(db, actor, document_id)


@get(
    "/documents/{document_id:uuid}/content",
    summary="The content of a document",
    opt=declared("documents.read", refusals=[NoContentYet, NotShown], download=_TAKEN),
)
async def get_content(db: Db, actor: Who, document_id: Id) -> Response[bytes]:
    found = await queries.content(db, actor, document_id)
    return Response(
        found.content,
        media_type=found.media_type,
        # Never shown inside a page of ours: a file of a stranger is a file to save.
        headers={"Content-Disposition": f'attachment; filename="{document_id}"'},
    )


@put(
    "/documents/{document_id:uuid}",
    summary="File a document elsewhere: another patient, kind or title",
    opt=declared("documents.write", "documents.read", refusals=[NoSuchPatient])
    | manners(told_by=_document, versioned=Versioned(lock=filing.lock, show=_document, must=True)),
)
async def refile_document(
    db: Db, actor: Who, document_id: Id, data: JSONBody[DocumentIn]
) -> DocumentOut:
    await filing.refile(db, actor, document_id, data.filed())
    return await _document(db, actor, document_id)


@delete(
    "/documents/{document_id:uuid}",
    summary="Withdraw a document from the lists; its content stays sealed",
    opt=declared("documents.write"),
)
async def withdraw_document(db: Db, actor: Who, document_id: Id) -> None:
    await filing.withdraw(db, actor, document_id)


async def _chunks(request: Request[Any, Any, Any]) -> AsyncIterator[bytes]:
    async for chunk in request.stream():
        yield chunk


HANDLERS = [
    announce_document,
    put_content,
    list_documents,
    get_document,
    get_content,
    refile_document,
    withdraw_document,
]
