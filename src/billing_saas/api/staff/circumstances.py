"""Bankruptcies, deaths, disputes and returned mail: recorded by staff, they stop asking at once."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.params import JSONBody, QueryParameter

from billing_saas.api.declaring import declared
from billing_saas.api.deps import Asked, Db, Id, Who
from billing_saas.api.manners import Versioned, manners
from billing_saas.api.wire import In, Out, PageOut
from billing_saas.circumstances import queries, recording
from billing_saas.circumstances.errors import AlreadyRecorded, BadCircumstance, CircumstanceEnded
from billing_saas.circumstances.queries import Shown
from billing_saas.circumstances.rules import Kind, Outcome, Particulars
from billing_saas.circumstances.tables import Circumstance
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession

Line = Annotated[str, msgspec.Meta(max_length=200)]


class CircumstanceIn(In, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`number` and `court` are of a bankruptcy's docket; `contact`, a trustee, executor or lawyer. All of
    them are kept sealed."""

    patient_id: UUID
    kind: Kind
    since_on: date
    number: Line = ""
    court: Line = ""
    contact: Line = ""
    note: Annotated[str, msgspec.Meta(max_length=2000)] = ""

    def particulars(self) -> Particulars:
        return Particulars(
            number=self.number, court=self.court, contact=self.contact, note=self.note
        )


class CircumstanceListed(Out, frozen=True):
    """Without its particulars: they are opened one at a time."""

    id: UUID
    patient_id: UUID
    kind: str
    since_on: date
    recorded_by: UUID
    recorded_at: datetime
    ended_at: datetime | None
    outcome: str

    @classmethod
    def of(cls, row: Circumstance) -> "CircumstanceListed":
        return cls(**{name: getattr(row, name) for name in cls.__struct_fields__})


class CircumstanceOut(Out, frozen=True):
    id: UUID
    patient_id: UUID
    kind: str
    since_on: date
    number: str
    court: str
    contact: str
    note: str
    recorded_by: UUID
    recorded_at: datetime
    ended_by: UUID | None
    ended_at: datetime | None
    outcome: str

    @classmethod
    def of(cls, shown: Shown) -> "CircumstanceOut":
        said = msgspec.structs.asdict(shown.particulars)
        known = {
            name: getattr(shown.row, name) for name in cls.__struct_fields__ if name not in said
        }
        return cls(**known, **said)


class CircumstanceEnd(In, frozen=True, forbid_unknown_fields=True):
    """As one of its kind ends: a bankruptcy is dismissed or discharged, a dispute resolved or withdrawn."""

    outcome: Outcome


async def _circumstance(db: TenantSession, actor: Actor, circumstance_id: UUID) -> CircumstanceOut:
    return CircumstanceOut.of(await queries.circumstance(db, actor, circumstance_id))


@post(
    "/circumstances",
    summary="Record a bankruptcy, a death, a dispute or returned mail",
    opt=declared(
        "circumstances.write",
        "circumstances.read",
        refusals=[AlreadyRecorded, BadCircumstance],
        leads_to={"get_circumstance": {"circumstance_id": "$response.body#/id"}},
    )
    | manners(told_by=_circumstance, resource="id"),
)
async def record_circumstance(
    db: Db, actor: Who, data: JSONBody[CircumstanceIn]
) -> CircumstanceOut:
    """Messages stop, proposals lapse, and but for returned mail every account that is with an agency is
    recalled, all in this one request."""
    made = await recording.record(
        db, actor, data.patient_id, data.kind, data.since_on, data.particulars()
    )
    return await _circumstance(db, actor, made)


@get(
    "/circumstances",
    summary="What was recorded, newest first",
    opt=declared(
        "circumstances.read",
        leads_to={"get_circumstance": {"circumstance_id": "$response.body#/rows/0/id"}},
    ),
)
async def list_circumstances(
    db: Db,
    actor: Who,
    page: Asked,
    patient_id: Annotated[UUID | None, QueryParameter(description="Of this patient.")] = None,
    standing: Annotated[bool, QueryParameter(description="Only those that are not over.")] = False,
) -> PageOut[CircumstanceListed]:
    found = await queries.circumstances(db, actor, page, patient_id=patient_id, standing=standing)
    return PageOut([CircumstanceListed.of(row) for row in found.rows], found.next_cursor)


@get(
    "/circumstances/{circumstance_id:uuid}",
    summary="One of them, with its particulars",
    opt=declared("circumstances.read"),
)
async def get_circumstance(db: Db, actor: Who, circumstance_id: Id) -> CircumstanceOut:
    return await _circumstance(db, actor, circumstance_id)


@post(
    "/circumstances/{circumstance_id:uuid}/ending",
    status_code=204,
    summary="It is over, or never was",
    opt=declared("circumstances.write", refusals=[BadCircumstance, CircumstanceEnded])
    | manners(versioned=Versioned(lock=recording.lock, show=_circumstance)),
)
async def end_circumstance(
    db: Db, actor: Who, circumstance_id: Id, data: JSONBody[CircumstanceEnd]
) -> None:
    """Messages may go on. What was recalled stays with the practice."""
    await recording.end(db, actor, circumstance_id, data.outcome)


HANDLERS = [record_circumstance, list_circumstances, get_circumstance, end_circumstance]
