"""Collection agencies: their agreements, the reports they send, and their fees."""

from collections.abc import AsyncIterator
from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post, put
from litestar.params import HeaderParameter, JSONBody, QueryParameter

from billing_saas.agencies import paying, queries, receiving, telling
from billing_saas.agencies.errors import FeeBeyondDue, InvoicePaid
from billing_saas.agencies.rules import MOST_BYTES
from billing_saas.agencies.tables import AgencyFeePayment, AgencyPayment, AgencyReport
from billing_saas.api.declaring import Upload, declared
from billing_saas.api.deps import Asked, Db, Id, Who
from billing_saas.api.manners import Versioned, manners
from billing_saas.api.staff.arrivals import ReceivedOut
from billing_saas.api.wire import In, Out, PageOut
from billing_saas.blobs.errors import BlobTooLarge
from billing_saas.collections import policies
from billing_saas.collections.errors import BadAgency
from billing_saas.collections.policies import NewAgency
from billing_saas.collections.tables import CollectionAgency
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession


class CollectionAgencyOut(Out, frozen=True):
    """`rate_bps` is its share, in hundredths of a percent. `remits`: all that it collects (`gross`, and it
    sends an invoice), or that less its fee (`net`). No file is made without an agreement that is good."""

    id: UUID
    name: str
    rate_bps: int
    remits: str
    state: str
    baa_signed_on: date | None
    baa_signed_by: str
    baa_ends_on: date | None
    baa_document_id: UUID | None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: CollectionAgency) -> "CollectionAgencyOut":
        return cls(**{name: getattr(row, name) for name in cls.__struct_fields__})


class CollectionAgencyIn(In, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`baa_…`: the signed business associate agreement, who signed for the agency, and its paper."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    rate_bps: Annotated[int, msgspec.Meta(ge=0, le=10_000)]
    remits: Literal["gross", "net"]
    state: Literal["active", "ended"] = "active"
    baa_signed_on: date | None = None
    baa_signed_by: Annotated[str, msgspec.Meta(max_length=100)] = ""
    baa_ends_on: date | None = None
    baa_document_id: UUID | None = None

    def new(self) -> NewAgency:
        return NewAgency(**msgspec.structs.asdict(self))


class AgencyReportOut(Out, frozen=True):
    """One that is `held` moved no money: its arrival's findings say why. `direct_cents` was paid to the
    office, and earns the agency its fee."""

    id: UUID
    agency_id: UUID
    arrival_id: UUID
    remits: str
    state: str
    rows: int
    collected_cents: int
    direct_cents: int
    fee_cents: int
    remitted_cents: int
    taken_in_at: datetime

    @classmethod
    def of(cls, row: AgencyReport) -> "AgencyReportOut":
        return cls(**{name: getattr(row, name) for name in cls.__struct_fields__})


class AgencyPaymentOut(Out, frozen=True):
    """`n` is its line in the file; `number` what the agency calls it."""

    id: UUID
    placement_id: UUID
    n: int
    kind: str
    number: str
    paid_on: date
    amount_cents: int
    fee_cents: int

    @classmethod
    def of(cls, row: AgencyPayment) -> "AgencyPaymentOut":
        return cls(**{name: getattr(row, name) for name in cls.__struct_fields__})


class FeesDueOut(Out, frozen=True):
    """What the agency has earned and was not paid."""

    due_cents: int


class FeePaymentIn(In, frozen=True, forbid_unknown_fields=True):
    """`invoice` is what stands on the agency's paper: paid once."""

    amount_cents: Annotated[int, msgspec.Meta(ge=1, le=10**10)]
    paid_on: date
    invoice: Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9][A-Za-z0-9./_-]{0,39}$")]


class FeePaymentOut(Out, frozen=True):
    id: UUID
    agency_id: UUID
    amount_cents: int
    paid_on: date
    invoice: str
    paid_by: UUID
    paid_at: datetime

    @classmethod
    def of(cls, row: AgencyFeePayment) -> "FeePaymentOut":
        return cls(**{name: getattr(row, name) for name in cls.__struct_fields__})


FileName = Annotated[
    str,
    HeaderParameter(
        name="X-File-Name", description="What the sender calls the file.", max_length=255
    ),
]
_REPORT = Upload(
    what="What the agency collected: CSV, as docs/collections.md lays it out.",
    media_types=(telling.MEDIA_TYPE, "application/octet-stream"),
    most_bytes=MOST_BYTES,
    example=(
        "type,reference,number,paid_on,amount,fee\r\n"
        "payment,K7QX2M9TB4WZ,P-1001,2026-10-05,40.00,12.00\r\n"
        "total,,,,28.00,12.00\r\n"
    ),
)
_ONE = {"collection_agency_id": "$response.body#/id"}
_LEADS_TO = {"get_collection_agency": _ONE, "change_collection_agency": _ONE}


async def _agency(
    db: TenantSession, actor: Actor, collection_agency_id: UUID
) -> CollectionAgencyOut:
    return CollectionAgencyOut.of(await policies.agency(db, actor, collection_agency_id))


async def _fee_payment(db: TenantSession, actor: Actor, payment_id: UUID) -> FeePaymentOut:
    return FeePaymentOut.of(await queries.fee_payment(db, actor, payment_id))


@post(
    "/collection-agencies",
    summary="Set up a collection agency",
    opt=declared("agencies.write", "agencies.read", refusals=[BadAgency], leads_to=_LEADS_TO)
    | manners(told_by=_agency, resource="id"),
)
async def add_collection_agency(
    db: Db, actor: Who, data: JSONBody[CollectionAgencyIn]
) -> CollectionAgencyOut:
    return await _agency(db, actor, await policies.add_agency(db, actor, data.new()))


@get(
    "/collection-agencies",
    summary="Collection agencies, newest first",
    opt=declared(
        "agencies.read",
        leads_to={"get_collection_agency": {"collection_agency_id": "$response.body#/rows/0/id"}},
    ),
)
async def list_collection_agencies(db: Db, actor: Who, page: Asked) -> PageOut[CollectionAgencyOut]:
    found = await policies.agencies(db, actor, page)
    return PageOut([CollectionAgencyOut.of(row) for row in found.rows], found.next_cursor)


@get(
    "/collection-agencies/{collection_agency_id:uuid}",
    summary="One collection agency",
    opt=declared("agencies.read"),
)
async def get_collection_agency(
    db: Db, actor: Who, collection_agency_id: Id
) -> CollectionAgencyOut:
    return await _agency(db, actor, collection_agency_id)


@put(
    "/collection-agencies/{collection_agency_id:uuid}",
    summary="Change an agency's terms, or record its agreement",
    opt=declared("agencies.write", "agencies.read", refusals=[BadAgency])
    | manners(
        told_by=_agency,
        versioned=Versioned(lock=policies.lock_agency, show=_agency, must=True),
    ),
)
async def change_collection_agency(
    db: Db, actor: Who, collection_agency_id: Id, data: JSONBody[CollectionAgencyIn]
) -> CollectionAgencyOut:
    """Another rate is of what is placed from now on."""
    await policies.change_agency(db, actor, collection_agency_id, data.new())
    return await _agency(db, actor, collection_agency_id)


async def _chunks(request: Request[Any, Any, Any]) -> AsyncIterator[bytes]:
    async for chunk in request.stream():
        yield chunk


@post(
    "/collection-agencies/{collection_agency_id:uuid}/reports",
    status_code=202,
    request_max_body_size=None,  # streamed to the sealed store, which has a limit of its own
    summary="Hand in what an agency says it collected",
    opt=declared(
        "arrivals.receive",
        refusals=[BlobTooLarge],
        upload=_REPORT,
        leads_to={
            "get_arrival": {"arrival_id": "$response.body#/arrival_id"},
            "list_findings": {"arrival_id": "$response.body#/arrival_id"},
        },
    ),
)
async def receive_agency_report(
    db: Db,
    actor: Who,
    request: Request[Any, Any, Any],
    collection_agency_id: Id,
    file_name: FileName = "",
) -> Response[ReceivedOut]:
    """Kept whatever it holds. All of it is posted by a job, or none; why not is told by its findings."""
    received = await receiving.receive_report(
        db, actor, collection_agency_id, file_name, _chunks(request)
    )
    return Response(ReceivedOut.of(received), status_code=202)


@get(
    "/agency-reports",
    summary="Reports of agencies, newest first",
    opt=declared(
        "agencies.read",
        leads_to={"get_agency_report": {"agency_report_id": "$response.body#/rows/0/id"}},
    ),
)
async def list_agency_reports(
    db: Db,
    actor: Who,
    page: Asked,
    agency_id: Annotated[UUID | None, QueryParameter(description="Of this agency.")] = None,
) -> PageOut[AgencyReportOut]:
    found = await queries.reports(db, actor, page, agency_id=agency_id)
    return PageOut([AgencyReportOut.of(row) for row in found.rows], found.next_cursor)


@get(
    "/agency-reports/{agency_report_id:uuid}",
    summary="One report of an agency",
    opt=declared(
        "agencies.read",
        leads_to={"list_agency_payments": {"agency_report_id": "$request.path.agency_report_id"}},
    ),
)
async def get_agency_report(db: Db, actor: Who, agency_report_id: Id) -> AgencyReportOut:
    return AgencyReportOut.of(await queries.report(db, actor, agency_report_id))


@get(
    "/agency-reports/{agency_report_id:uuid}/payments",
    summary="What a report posted, newest first",
    opt=declared("agencies.read"),
)
async def list_agency_payments(
    db: Db, actor: Who, page: Asked, agency_report_id: Id
) -> PageOut[AgencyPaymentOut]:
    found = await queries.payments(db, actor, agency_report_id, page)
    return PageOut([AgencyPaymentOut.of(row) for row in found.rows], found.next_cursor)


@get(
    "/collection-agencies/{collection_agency_id:uuid}/fees",
    summary="What an agency has earned and was not paid",
    opt=declared("agencies.read"),
)
async def get_agency_fees(db: Db, actor: Who, collection_agency_id: Id) -> FeesDueOut:
    return FeesDueOut(due_cents=await queries.fees_due(db, actor, collection_agency_id))


@post(
    "/collection-agencies/{collection_agency_id:uuid}/fee-payments",
    summary="Record that an agency's invoice was paid",
    opt=declared("agencies.pay", "agencies.read", refusals=[FeeBeyondDue, InvoicePaid])
    | manners(told_by=_fee_payment, resource="id"),
)
async def pay_agency_fees(
    db: Db, actor: Who, collection_agency_id: Id, data: JSONBody[FeePaymentIn]
) -> FeePaymentOut:
    made = await paying.pay(
        db, actor, collection_agency_id, data.amount_cents, data.paid_on, data.invoice
    )
    return await _fee_payment(db, actor, made)


HANDLERS = [
    add_collection_agency,
    list_collection_agencies,
    get_collection_agency,
    change_collection_agency,
    receive_agency_report,
    list_agency_reports,
    get_agency_report,
    list_agency_payments,
    get_agency_fees,
    pay_agency_fees,
]
