"""Files in: kept sealed and answered at once, handled later; what was wrong is told here."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import HeaderParameter, QueryParameter

from billing_saas.api.contract_examples import CLAIM_837P, REMITTANCE_835
from billing_saas.api.declaring import Upload, declared
from billing_saas.api.deps import Asked, Db, Id, Who
from billing_saas.api.wire import Out, PageOut
from billing_saas.blobs import storing
from billing_saas.blobs.errors import BlobTooLarge
from billing_saas.imports import receiving as imports
from billing_saas.inbox import queries
from billing_saas.inbox.queries import ArrivalShown
from billing_saas.inbox.receiving import Received
from billing_saas.inbox.tables import ArrivalFinding
from billing_saas.remittances import receiving as remittances


class ReceivedOut(Out, frozen=True):
    """`repeated`: the same bytes came before, and `arrival_id` is that first arrival."""

    arrival_id: UUID
    repeated: bool

    @classmethod
    def of(cls, received: Received) -> "ReceivedOut":
        return cls(arrival_id=received.arrival_id, repeated=received.repeated)


class ArrivalOut(Out, frozen=True):
    """`sha256` is of the file as it came. `errors` and `warnings` count its findings."""

    id: UUID
    name: str
    source: str
    sha256: str
    kind: str
    state: str
    bytes: int
    received_at: datetime
    handled_at: datetime | None
    errors: int
    warnings: int

    @classmethod
    def of(cls, arrival: ArrivalShown) -> "ArrivalOut":
        return cls(
            id=arrival.id,
            name=arrival.name,
            source=arrival.source,
            sha256=arrival.external_id,
            kind=arrival.kind,
            state=arrival.state,
            bytes=arrival.bytes,
            received_at=arrival.received_at,
            handled_at=arrival.handled_at,
            errors=arrival.errors,
            warnings=arrival.warnings,
        )


class FindingOut(Out, frozen=True):
    """One fault and its place: all count from 1, and 0 means not inside one."""

    severity: str
    level: str
    code: str
    message: str
    interchange: int
    functional_group: int
    transaction: int
    segment_position: int
    loop: str
    segment: str
    element: int
    component: int
    element_reference: str
    value: str

    @classmethod
    def of(cls, finding: ArrivalFinding) -> "FindingOut":
        return cls(
            severity=finding.severity,
            level=finding.level,
            code=finding.code,
            message=finding.message,
            interchange=finding.interchange,
            functional_group=finding.functional_group,
            transaction=finding.transaction,
            segment_position=finding.segment_position,
            loop=finding.loop,
            segment=finding.segment,
            element=finding.element,
            component=finding.component,
            element_reference=finding.element_reference,
            value=finding.value,
        )


ArrivalState = Literal["received", "handled", "held", "unreadable"]
# A file's name may hold a patient's, so it travels in a header and never in the address.
FileName = Annotated[
    str,
    HeaderParameter(
        name="X-File-Name", description="What the sender calls the file.", max_length=255
    ),
]


_LEADS_TO = {
    "get_arrival": {"arrival_id": "$response.body#/arrival_id"},
    "list_findings": {"arrival_id": "$response.body#/arrival_id"},
}


def _edi(what: str, example: str) -> Upload:
    return Upload(
        what=what,
        media_types=("application/edi-x12", "application/octet-stream"),
        most_bytes=storing.MOST_BYTES,
        example=example,
    )


async def _chunks(request: Request[Any, Any, Any]) -> AsyncIterator[bytes]:
    async for chunk in request.stream():
        yield chunk


@post(
    "/claim-files",
    status_code=202,
    request_max_body_size=None,  # streamed to the sealed store, which has a limit of its own
    summary="Hand in claims (837P) of the practice's own system",
    opt=declared(
        "arrivals.receive",
        refusals=[BlobTooLarge],
        upload=_edi("An X12 interchange of professional claims (005010X222A1).", CLAIM_837P),
        leads_to=_LEADS_TO,
    ),
)
async def receive_claims(
    db: Db, actor: Who, request: Request[Any, Any, Any], file_name: FileName = ""
) -> Response[ReceivedOut]:
    """The file is kept whatever it holds; what is wrong with it is told by its findings."""
    return _accepted(await imports.receive_claims(db, actor, file_name, _chunks(request)))


@post(
    "/remittance-files",
    status_code=202,
    request_max_body_size=None,  # streamed to the sealed store, which has a limit of its own
    summary="Hand in remittances (835)",
    opt=declared(
        "arrivals.receive",
        refusals=[BlobTooLarge],
        upload=_edi("An X12 interchange of remittances (005010X221A1).", REMITTANCE_835),
        leads_to=_LEADS_TO,
    ),
)
async def receive_remittances(
    db: Db, actor: Who, request: Request[Any, Any, Any], file_name: FileName = ""
) -> Response[ReceivedOut]:
    """The file is kept whatever it holds; sound remittances are posted by the worker."""
    return _accepted(await remittances.receive_file(db, actor, file_name, _chunks(request)))


def _accepted(received: Received) -> Response[ReceivedOut]:
    return Response(ReceivedOut.of(received), status_code=202)


@get(
    "/arrivals",
    summary="Files that arrived, newest first",
    opt=declared(
        "arrivals.read", leads_to={"get_arrival": {"arrival_id": "$response.body#/rows/0/id"}}
    ),
)
async def list_arrivals(
    db: Db,
    actor: Who,
    page: Asked,
    arrival_state: Annotated[
        ArrivalState | None, QueryParameter(name="state", description="Only those in this state.")
    ] = None,
) -> PageOut[ArrivalOut]:
    found = await queries.arrivals(db, actor, page, state=arrival_state)
    return PageOut([ArrivalOut.of(arrival) for arrival in found.rows], found.next_cursor)


@get(
    "/arrivals/{arrival_id:uuid}",
    summary="One file that arrived",
    opt=declared(
        "arrivals.read", leads_to={"list_findings": {"arrival_id": "$request.path.arrival_id"}}
    ),
)
async def get_arrival(db: Db, actor: Who, arrival_id: Id) -> ArrivalOut:
    return ArrivalOut.of(await queries.arrival(db, actor, arrival_id))


@get(
    "/arrivals/{arrival_id:uuid}/findings",
    summary="What is wrong with a file, place by place",
    opt=declared("arrivals.read"),
)
async def list_findings(db: Db, actor: Who, page: Asked, arrival_id: Id) -> PageOut[FindingOut]:
    found = await queries.findings(db, actor, arrival_id, page)
    return PageOut([FindingOut.of(finding) for finding in found.rows], found.next_cursor)


HANDLERS = [receive_claims, receive_remittances, list_arrivals, get_arrival, list_findings]
