"""Financial assistance: applications, decisions, and what they write off."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.params import JSONBody, QueryParameter

from billing_saas.api.declaring import declared
from billing_saas.api.deps import Asked, Db, Id, Who
from billing_saas.api.manners import Versioned, manners
from billing_saas.api.wire import In, Out, PageOut
from billing_saas.duties.errors import AnotherMust
from billing_saas.hardship import applying, deciding, moving, queries, writing_off
from billing_saas.hardship.errors import (
    ApplicationOpen,
    BeyondTheScale,
    IllegalHardshipMove,
    NoGuideline,
    NoHardshipPolicy,
    NotAGuarantor,
    NotEvidence,
    NothingToWriteOff,
)
from billing_saas.hardship.queries import Application
from billing_saas.hardship.rules import MOST_PEOPLE, Answers, Denied
from billing_saas.hardship.tables import HardshipApplication
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession

Percent = Annotated[int, msgspec.Meta(ge=1, le=100)]
State = Literal["applied", "evidence_pending", "approved", "denied", "expired"]


class HardshipApplicationIn(In, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Income is of the household, a year, before taxes."""

    guarantor_id: UUID
    household: Annotated[int, msgspec.Meta(ge=1, le=MOST_PEOPLE)]
    yearly_income_cents: Annotated[int, msgspec.Meta(ge=0, le=10**11)]
    income_from: Annotated[
        list[Annotated[str, msgspec.Meta(max_length=60)]], msgspec.Meta(max_length=10)
    ] = msgspec.field(default_factory=list)
    note: Annotated[str, msgspec.Meta(max_length=2000)] = ""

    def answers(self) -> Answers:
        return Answers(
            household=self.household,
            yearly_income_cents=self.yearly_income_cents,
            income_from=tuple(self.income_from),
            note=self.note,
        )


class HardshipListed(Out, frozen=True):
    """Without its answers: they are opened one application at a time."""

    id: UUID
    guarantor_id: UUID
    state: str
    applied_by_kind: str
    applied_on: date
    evidence_due_on: date | None
    percent: int | None
    reason: str
    decided_on: date | None
    good_until: date | None

    @classmethod
    def of(cls, row: HardshipApplication) -> "HardshipListed":
        return cls(**{name: getattr(row, name) for name in cls.__struct_fields__})


class HardshipEventOut(Out, frozen=True):
    at: datetime
    actor_kind: str
    actor_id: UUID
    from_state: str
    to_state: str
    why: str


class HardshipApplicationOut(Out, frozen=True):
    """`guideline_percent` is the income as a percent of the guideline, and `scale_percent` what the scale
    gives for it; both are null while no guideline of the day is entered."""

    id: UUID
    guarantor_id: UUID
    state: str
    applied_by_kind: str
    applied_by: UUID
    applied_on: date
    evidence_due_on: date | None
    household: int
    yearly_income_cents: int
    income_from: list[str]
    note: str
    guideline_percent: int | None
    scale_percent: int | None
    percent: int | None
    decided_because: str
    reason: str
    decided_by: UUID | None
    decided_on: date | None
    good_until: date | None
    written_off_cents: int
    document_ids: list[UUID]
    events: list[HardshipEventOut]

    @classmethod
    def of(cls, shown: Application) -> "HardshipApplicationOut":
        row, answers, found = shown.row, shown.answers, shown.assessment
        return cls(
            id=row.id,
            guarantor_id=row.guarantor_id,
            state=row.state,
            applied_by_kind=row.applied_by_kind,
            applied_by=row.applied_by,
            applied_on=row.applied_on,
            evidence_due_on=row.evidence_due_on,
            household=answers.household,
            yearly_income_cents=answers.yearly_income_cents,
            income_from=list(answers.income_from),
            note=answers.note,
            guideline_percent=found.guideline_percent if found else None,
            scale_percent=found.percent_off if found else None,
            percent=row.percent,
            decided_because=answers.decided_because,
            reason=row.reason,
            decided_by=row.decided_by,
            decided_on=row.decided_on,
            good_until=row.good_until,
            written_off_cents=shown.written_off_cents,
            document_ids=shown.documents,
            events=[
                HardshipEventOut(
                    **{name: getattr(one, name) for name in HardshipEventOut.__struct_fields__}
                )
                for one in shown.events
            ],
        )


class EvidenceIn(In, frozen=True, forbid_unknown_fields=True):
    """A document of the guarantor, with its content."""

    document_id: UUID


class HardshipApproval(In, frozen=True, forbid_unknown_fields=True):
    """`because` is needed for more than the scale gives, and is kept sealed."""

    percent: Percent
    because: Annotated[str, msgspec.Meta(max_length=1000)] = ""


class HardshipDenial(In, frozen=True, forbid_unknown_fields=True):
    reason: Denied


class WrittenOffOut(Out, frozen=True):
    """What the application has written off by now, in all."""

    written_off_cents: int


async def _application(
    db: TenantSession, actor: Actor, hardship_application_id: UUID
) -> HardshipApplicationOut:
    return HardshipApplicationOut.of(await queries.application(db, actor, hardship_application_id))


async def _written_off(
    db: TenantSession, actor: Actor, hardship_application_id: UUID
) -> WrittenOffOut:
    found = await queries.application(db, actor, hardship_application_id)
    return WrittenOffOut(written_off_cents=found.written_off_cents)


_ONE = {"hardship_application_id": "$response.body#/id"}
_ROW = Versioned(lock=moving.lock, show=_application)


@post(
    "/hardship-applications",
    summary="Apply for financial assistance, for a guarantor",
    opt=declared(
        "hardship.write",
        "hardship.read",
        refusals=[ApplicationOpen, NoHardshipPolicy, NotAGuarantor],
        leads_to={"get_hardship_application": _ONE, "approve_hardship": _ONE},
    )
    | manners(told_by=_application, resource="id"),
)
async def apply_for_hardship(
    db: Db, actor: Who, data: JSONBody[HardshipApplicationIn]
) -> HardshipApplicationOut:
    """Messages about money stop for the guarantor's family until it is decided."""
    made = await applying.apply(db, actor, data.guarantor_id, data.answers())
    return await _application(db, actor, made)


@get(
    "/hardship-applications",
    summary="Applications, newest first",
    opt=declared(
        "hardship.read",
        leads_to={
            "get_hardship_application": {"hardship_application_id": "$response.body#/rows/0/id"}
        },
    ),
)
async def list_hardship_applications(
    db: Db,
    actor: Who,
    page: Asked,
    application_state: Annotated[
        State | None, QueryParameter(name="state", description="Only those in this state.")
    ] = None,
    guarantor_id: Annotated[
        UUID | None, QueryParameter(description="Only those of this guarantor.")
    ] = None,
) -> PageOut[HardshipListed]:
    found = await queries.applications(
        db, actor, page, state=application_state, guarantor_id=guarantor_id
    )
    return PageOut([HardshipListed.of(row) for row in found.rows], found.next_cursor)


@get(
    "/hardship-applications/{hardship_application_id:uuid}",
    summary="One application, with its answers",
    opt=declared("hardship.read"),
)
async def get_hardship_application(
    db: Db, actor: Who, hardship_application_id: Id
) -> HardshipApplicationOut:
    return await _application(db, actor, hardship_application_id)


@post(
    "/hardship-applications/{hardship_application_id:uuid}/evidence-request",
    status_code=204,
    summary="Ask for evidence; without it the application expires",
    opt=declared("hardship.write", refusals=[IllegalHardshipMove]) | manners(versioned=_ROW),
)
async def ask_for_hardship_evidence(db: Db, actor: Who, hardship_application_id: Id) -> None:
    await applying.ask_for_evidence(db, actor, hardship_application_id)


@post(
    "/hardship-applications/{hardship_application_id:uuid}/documents",
    status_code=204,
    summary="Attach a document as evidence",
    opt=declared("hardship.write", refusals=[IllegalHardshipMove, NotEvidence])
    | manners(versioned=_ROW),
)
async def attach_hardship_document(
    db: Db, actor: Who, hardship_application_id: Id, data: JSONBody[EvidenceIn]
) -> None:
    await applying.attach(db, actor, hardship_application_id, data.document_id)


@post(
    "/hardship-applications/{hardship_application_id:uuid}/approval",
    status_code=204,
    summary="Approve an application",
    opt=declared(
        "hardship.decide",
        refusals=[AnotherMust, BeyondTheScale, IllegalHardshipMove, NoGuideline, NoHardshipPolicy],
    )
    | manners(versioned=_ROW),
)
async def approve_hardship(
    db: Db, actor: Who, hardship_application_id: Id, data: JSONBody[HardshipApproval]
) -> None:
    """Nothing is written off by it: that is an act of its own, and can be another person's."""
    await deciding.approve(db, actor, hardship_application_id, data.percent, data.because)


@post(
    "/hardship-applications/{hardship_application_id:uuid}/denial",
    status_code=204,
    summary="Deny an application",
    opt=declared("hardship.decide", refusals=[AnotherMust, IllegalHardshipMove])
    | manners(versioned=_ROW),
)
async def deny_hardship(
    db: Db, actor: Who, hardship_application_id: Id, data: JSONBody[HardshipDenial]
) -> None:
    await deciding.deny(db, actor, hardship_application_id, data.reason)


@post(
    "/hardship-applications/{hardship_application_id:uuid}/write-off",
    summary="Write off what an approval gives, of what is open now",
    opt=declared(
        "hardship.write_off",
        "hardship.read",
        refusals=[AnotherMust, IllegalHardshipMove, NothingToWriteOff],
    )
    | manners(told_by=_written_off, versioned=_ROW),
)
async def write_off_hardship(db: Db, actor: Who, hardship_application_id: Id) -> WrittenOffOut:
    """Once per open charge, however often it is asked; again while the approval is good, for what came since."""
    await writing_off.write_off(db, actor, hardship_application_id)
    return await _written_off(db, actor, hardship_application_id)


HANDLERS = [
    apply_for_hardship,
    list_hardship_applications,
    get_hardship_application,
    ask_for_hardship_evidence,
    attach_hardship_document,
    approve_hardship,
    deny_hardship,
    write_off_hardship,
]
