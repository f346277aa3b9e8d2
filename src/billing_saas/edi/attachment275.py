"""275 (005010X210, 005010X211): documents for a claim or review, as an opaque carrier.

The facts of the header are read; what is inside a document (HL7, PDF, images) is not ours to
read and is kept byte for byte. The file is passed through `binaries.Lifted` first:

    lifted = Lifted(chunks)
    for interchange in interchanges(lifted): ... attachment275.read(transaction, lifted)
"""

from collections.abc import Iterator
from typing import Annotated, TypeVar

import msgspec
from msgspec.structs import replace

from billing_saas.edi.binaries import PLACEHOLDER, Lifted
from billing_saas.edi.envelope import Segment, TransactionSet
from billing_saas.edi.findings import NOWHERE, Finding, Place
from billing_saas.edi.inquiry_parts import Trace
from billing_saas.edi.layout_reading import Reads, Unread, read_set
from billing_saas.edi.layout_writing import write_set
from billing_saas.edi.layouts import at
from billing_saas.edi.parties import DateValue, Party, Reference
from billing_saas.edi.phi_free import Masked
from billing_saas.edi.status_parts import Status
from billing_saas.edi.writing import Pen


class Category(msgspec.Struct, frozen=True, kw_only=True):
    """CAT: what kind of report this is, and its format (HL is HL7, TX text, IA image)."""

    report: Annotated[str, at("CAT", 1)] = ""
    format: Annotated[str, at("CAT", 2)] = ""
    version_qualifier: Annotated[str, at("CAT", 3)] = ""
    version: Annotated[str, at("CAT", 4)] = ""


class AssociatedObject(Masked, frozen=True, kw_only=True):
    """OOI: the type and name of the document, as its maker calls them."""

    reference: Annotated[str, at("OOI", 1)] = ""
    attribute: Annotated[str, at("OOI", 2)] = ""
    value: Annotated[str, at("OOI", 3)] = ""


class FileInformation(Masked, frozen=True, kw_only=True):
    """EFI. The elements after the security level are kept as they stand."""

    security_level: Annotated[str, at("EFI", 1)] = ""
    details: Annotated[tuple[str, ...], at("EFI", *range(2, 17))] = ()


class Document(Masked, frozen=True, kw_only=True):
    """BIN: `stated_length` is what the sender says and `content` what was found. `slot` is the
    number that `Lifted` left behind; it is empty once the payload is in its place."""

    stated_length: Annotated[int | None, at("BIN", 1, kind="count")] = None
    slot: Annotated[str, at("BIN", 2)] = ""
    content: bytes = b""
    place: Place = NOWHERE


class EncodedDocument(Masked, frozen=True, kw_only=True):
    """BDS: a document with an encoding filter (B64 is Base64); `content` stays encoded."""

    encoding: Annotated[str, at("BDS", 1)] = ""
    stated_length: Annotated[int | None, at("BDS", 2, kind="count")] = None
    slot: Annotated[str, at("BDS", 3)] = ""
    content: bytes = b""
    place: Place = NOWHERE


class Assignment(Masked, frozen=True, kw_only=True):
    """LX and what follows it: one question of the payer and the documents that answer it.
    `traces` hold the attachment control number (PWK06 of the claim)."""

    number: Annotated[str, at("LX", 1)] = ""
    traces: tuple[Trace, ...] = ()
    statuses: tuple[Status, ...] = ()
    references: tuple[Reference, ...] = ()
    dates: tuple[DateValue, ...] = ()
    category: Category | None = None
    file: FileInformation | None = None
    objects: tuple[AssociatedObject, ...] = ()
    documents: tuple[Document, ...] = ()
    encoded_documents: tuple[EncodedDocument, ...] = ()
    place: Place = NOWHERE


class AttachmentParty(Masked, frozen=True, kw_only=True):
    """Payer, submitter, provider or patient, with what is said of it."""

    name: Party | None = None
    dates: tuple[DateValue, ...] = ()
    place: Place = NOWHERE


class Attachment(Masked, frozen=True, kw_only=True):
    """One 275. `purpose` 02 is sent unasked, 11 answers a request (277)."""

    purpose: Annotated[str, at("BGN", 1)] = ""
    reference: Annotated[str, at("BGN", 2)] = ""
    date: Annotated[str, at("BGN", 3)] = ""
    time: Annotated[str, at("BGN", 4)] = ""
    traces: tuple[Trace, ...] = ()
    parties: tuple[AttachmentParty, ...] = ()
    assignments: tuple[Assignment, ...] = ()
    place: Place = NOWHERE
    unread: tuple[Unread, ...] = ()

    def party(self, entity: str) -> Party | None:
        """The first party with this NM101: PR payer, 41 submitter, 1P or 85 provider, QC patient."""
        for one in self.parties:
            if one.name and one.name.entity == entity:
                return one.name
        return None

    def documents(self) -> Iterator[Document | EncodedDocument]:
        for assignment in self.assignments:
            yield from assignment.documents
            yield from assignment.encoded_documents


def read(
    transaction: TransactionSet, lifted: Lifted, findings: list[Finding] | None = None
) -> Attachment:
    """`lifted` is what the file was passed through; its payloads go into the documents."""
    found = read_set(Attachment, Reads("275"), transaction, findings)
    assignments = [
        replace(
            assignment,
            documents=tuple([_filled(one, lifted) for one in assignment.documents]),
            encoded_documents=tuple([_filled(one, lifted) for one in assignment.encoded_documents]),
        )
        for assignment in found.assignments
    ]
    found = replace(found, assignments=tuple(assignments))
    if findings is not None:
        findings.extend(_faults(found))
    return found


def write(attachment: Attachment, pen: Pen | None = None) -> list[Segment]:
    """Segments with a placeholder for each payload; `binaries.lower` puts in `payloads`."""
    assignments = [
        replace(
            assignment,
            documents=tuple([_emptied(one) for one in assignment.documents]),
            encoded_documents=tuple([_emptied(one) for one in assignment.encoded_documents]),
        )
        for assignment in attachment.assignments
    ]
    return write_set(replace(attachment, assignments=tuple(assignments)), pen)


def payloads(attachment: Attachment) -> list[bytes]:
    """In the order in which `write` leaves their placeholders."""
    return [document.content for document in attachment.documents()]


AnyDocument = TypeVar("AnyDocument", Document, EncodedDocument)


def _filled(document: AnyDocument, lifted: Lifted) -> AnyDocument:
    payload = lifted.payloads.get(document.slot)
    # Without a payload of its own the text of the element is all there is.
    content = payload.content if payload else document.slot.encode("utf-8")
    return replace(document, content=content, slot="")


def _emptied(document: AnyDocument) -> AnyDocument:
    return replace(document, slot=PLACEHOLDER, stated_length=len(document.content))


def _faults(attachment: Attachment) -> Iterator[Finding]:
    for document in attachment.documents():
        if document.stated_length != len(document.content):
            tag, element = ("BIN", 1) if isinstance(document, Document) else ("BDS", 2)
            yield Finding(
                severity="error",
                level="element",
                code="binary_length",
                message="The stated length is not that of the data; all of the data is kept.",
                place=document.place,
                segment=tag,
                element=element,
            )
