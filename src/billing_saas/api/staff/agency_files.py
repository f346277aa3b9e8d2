"""Files for collection agencies: made and opened by a person, each a disclosure."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Response, get, post
from litestar.params import QueryParameter

from billing_saas.agencies import queries, telling
from billing_saas.agencies.errors import NothingToTell
from billing_saas.agencies.tables import AgencyFile
from billing_saas.api.declaring import declared
from billing_saas.api.deps import Asked, Db, Id, Who
from billing_saas.api.manners import manners
from billing_saas.api.wire import Out, PageOut
from billing_saas.collections.errors import NoAgency, NoAgreement
from billing_saas.kit.actor import Actor, StepUpRequired
from billing_saas.kit.db import TenantSession


class AgencyFileOut(Out, frozen=True):
    """`amount_cents` is what was placed by it. `opened_at`: when it was first opened to be handed over."""

    id: UUID
    agency_id: UUID
    sha256: str
    rows: int
    amount_cents: int
    made_by: UUID
    made_at: datetime
    opened_by: UUID | None
    opened_at: datetime | None

    @classmethod
    def of(cls, row: AgencyFile) -> "AgencyFileOut":
        return cls(**{name: getattr(row, name) for name in cls.__struct_fields__})


async def _file(db: TenantSession, actor: Actor, agency_file_id: UUID) -> AgencyFileOut:
    return AgencyFileOut.of(await queries.file(db, actor, agency_file_id))


@post(
    "/collection-agencies/{collection_agency_id:uuid}/files",
    summary="Make a file of all that the agency must be told",
    opt=declared(
        "agencies.disclose",
        "agencies.read",
        refusals=[NoAgency, NoAgreement, NothingToTell, StepUpRequired],
        leads_to={
            "get_agency_file": {"agency_file_id": "$response.body#/id"},
            "open_agency_file": {"agency_file_id": "$response.body#/id"},
        },
    )
    | manners(told_by=_file, resource="id"),
)
async def make_agency_file(db: Db, actor: Who, collection_agency_id: Id) -> AgencyFileOut:
    """By a person who showed a second factor minutes ago. It names who owes, and nothing clinical."""
    return await _file(db, actor, await telling.make_file(db, actor, collection_agency_id))


@get(
    "/agency-files",
    summary="Files made for agencies, newest first",
    opt=declared(
        "agencies.read",
        leads_to={"get_agency_file": {"agency_file_id": "$response.body#/rows/0/id"}},
    ),
)
async def list_agency_files(
    db: Db,
    actor: Who,
    page: Asked,
    agency_id: Annotated[UUID | None, QueryParameter(description="Of this agency.")] = None,
) -> PageOut[AgencyFileOut]:
    found = await queries.files(db, actor, page, agency_id=agency_id)
    return PageOut([AgencyFileOut.of(row) for row in found.rows], found.next_cursor)


@get(
    "/agency-files/{agency_file_id:uuid}",
    summary="One file, without its content",
    opt=declared("agencies.read"),
)
async def get_agency_file(db: Db, actor: Who, agency_file_id: Id) -> AgencyFileOut:
    return await _file(db, actor, agency_file_id)


@get(
    "/agency-files/{agency_file_id:uuid}/content",
    summary="The file itself, to hand it over",
    opt=declared(
        "agencies.disclose",
        refusals=[NoAgency, NoAgreement, StepUpRequired],
        download=[telling.MEDIA_TYPE],
    ),
)
async def open_agency_file(db: Db, actor: Who, agency_file_id: Id) -> Response[bytes]:
    """A disclosure: told in the trail of everybody in it. By a person, with a second factor."""
    return Response(
        await telling.open_file(db, actor, agency_file_id),
        media_type=telling.MEDIA_TYPE,
        headers={"Content-Disposition": f'attachment; filename="{agency_file_id}.csv"'},
    )


HANDLERS = [
    make_agency_file,
    list_agency_files,
    get_agency_file,
    open_agency_file,
]
