"""Accounts proposed to collection agencies one by one, placed by a person, and ended."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.params import JSONBody, QueryParameter

from billing_saas.agencies import recognising
from billing_saas.api.declaring import declared
from billing_saas.api.deps import Asked, Db, Id, Who
from billing_saas.api.manners import Versioned, manners
from billing_saas.api.wire import In, Out, PageOut
from billing_saas.collections import ending, moving, placing, proposing, queries
from billing_saas.collections.errors import (
    AgencyNotFound,
    AlreadyProposed,
    IllegalPlacementMove,
    NoAgency,
    NoAgreement,
    NotEligible,
    PaidByAnother,
    ProposalStale,
)
from billing_saas.collections.queries import Shown
from billing_saas.collections.rules import (
    CloseReason,
    DeclineReason,
    Item,
    RecallReason,
)
from billing_saas.collections.tables import Placement
from billing_saas.kit.actor import Actor, StepUpRequired
from billing_saas.kit.db import TenantSession
from billing_saas.patients.errors import PatientNotFound

State = Literal["pre_placement", "declined", "lapsed", "placed", "recalled", "settled", "bad_debt"]


class PlacementItemOut(Out, frozen=True):
    """A charge; without one, a claim as a whole, or what is owed of no claim."""

    patient_id: UUID
    claim_id: UUID | None
    charge_id: UUID | None
    amount_cents: int

    @classmethod
    def of(cls, item: Item) -> "PlacementItemOut":
        return cls(
            patient_id=item.patient_id,
            claim_id=item.claim_id,
            charge_id=item.charge_id,
            amount_cents=item.cents,
        )


class PlacementListed(Out, frozen=True):
    """`reference` is what the agency calls the account by."""

    id: UUID
    guarantor_id: UUID
    agency_id: UUID
    state: str
    reference: str
    amount_cents: int
    rate_bps: int
    first_statement_on: date
    last_statement_on: date
    proposed_by_kind: str
    proposed_at: datetime
    placed_by: UUID | None
    placed_on: date | None
    ended_on: date | None
    reason: str

    @classmethod
    def of(cls, row: Placement) -> "PlacementListed":
        return cls(**{name: getattr(row, name) for name in cls.__struct_fields__})


class PlacementEventOut(Out, frozen=True):
    at: datetime
    actor_kind: str
    actor_id: UUID
    from_state: str
    to_state: str
    why: str
    amount_cents: int


class AgencyNoticeOut(Out, frozen=True):
    """What the agency is told: in the file `file_id`, or in the next one. `dropped`: it need not be."""

    kind: str
    amount_cents: int
    happened_on: date
    reason: str
    dropped: bool
    file_id: UUID | None


class PlacementOut(Out, frozen=True):
    """`left_cents` is what is with the agency now, or given up as bad debt."""

    id: UUID
    guarantor_id: UUID
    agency_id: UUID
    state: str
    reference: str
    amount_cents: int
    left_cents: int
    rate_bps: int
    first_statement_on: date
    last_statement_on: date
    proposed_by_kind: str
    proposed_at: datetime
    placed_by: UUID | None
    placed_on: date | None
    ended_on: date | None
    reason: str
    items: list[PlacementItemOut]
    events: list[PlacementEventOut]
    notices: list[AgencyNoticeOut]

    @classmethod
    def of(cls, shown: Shown) -> "PlacementOut":
        return cls(
            **msgspec.structs.asdict(PlacementListed.of(shown.row)),
            left_cents=shown.left_cents,
            items=[PlacementItemOut.of(item) for item in shown.items],
            events=[
                PlacementEventOut(
                    **{name: getattr(one, name) for name in PlacementEventOut.__struct_fields__}
                )
                for one in shown.events
            ],
            notices=[
                AgencyNoticeOut(
                    **{name: getattr(one, name) for name in AgencyNoticeOut.__struct_fields__}
                )
                for one in shown.notices
            ],
        )


class PlacementIn(In, frozen=True, forbid_unknown_fields=True):
    guarantor_id: UUID


class PlacementDecline(In, frozen=True, forbid_unknown_fields=True):
    reason: DeclineReason


class PlacementRecall(In, frozen=True, forbid_unknown_fields=True):
    reason: RecallReason


class PlacementClosing(In, frozen=True, forbid_unknown_fields=True):
    """Bad debt may still be paid, and is taken then."""

    reason: CloseReason


async def _placement(db: TenantSession, actor: Actor, placement_id: UUID) -> PlacementOut:
    return PlacementOut.of(await queries.placement(db, actor, placement_id))


_ONE = {"placement_id": "$response.body#/id"}
_FIRST = {"placement_id": "$response.body#/rows/0/id"}
_ROW = Versioned(lock=moving.lock, show=_placement)


@post(
    "/placements",
    summary="Propose one account",
    opt=declared(
        "collections.propose",
        "collections.read",
        refusals=[
            AgencyNotFound,
            AlreadyProposed,
            NoAgency,
            NoAgreement,
            NotEligible,
            PaidByAnother,
            PatientNotFound,
        ],
        leads_to={"get_placement": _ONE, "place_account": _ONE},
    )
    | manners(told_by=_placement, resource="id"),
)
async def propose_placement(db: Db, actor: Who, data: JSONBody[PlacementIn]) -> PlacementOut:
    return await _placement(db, actor, await proposing.propose(db, actor, data.guarantor_id))


@get(
    "/placements",
    summary="Accounts proposed and placed, newest first",
    opt=declared("collections.read", leads_to={"get_placement": _FIRST}),
)
async def list_placements(
    db: Db,
    actor: Who,
    page: Asked,
    placement_state: Annotated[
        State | None, QueryParameter(name="state", description="Only those in this state.")
    ] = None,
    guarantor_id: Annotated[
        UUID | None, QueryParameter(description="Only those of this guarantor.")
    ] = None,
    agency_id: Annotated[
        UUID | None, QueryParameter(description="Only those of this agency.")
    ] = None,
) -> PageOut[PlacementListed]:
    found = await queries.placements(
        db, actor, page, state=placement_state, guarantor_id=guarantor_id, agency_id=agency_id
    )
    return PageOut([PlacementListed.of(row) for row in found.rows], found.next_cursor)


@get(
    "/placements/{placement_id:uuid}",
    summary="One account, what of it is left, and what became of it",
    opt=declared("collections.read"),
)
async def get_placement(db: Db, actor: Who, placement_id: Id) -> PlacementOut:
    return await _placement(db, actor, placement_id)


@post(
    "/placements/{placement_id:uuid}/placing",
    status_code=204,
    summary="Place a proposed account with its agency",
    opt=declared(
        "collections.place",
        refusals=[
            AgencyNotFound,
            IllegalPlacementMove,
            NoAgency,
            NoAgreement,
            NotEligible,
            ProposalStale,
            StepUpRequired,
        ],
    )
    | manners(versioned=_ROW),
)
async def place_account(db: Db, actor: Who, placement_id: Id) -> None:
    """By a person who showed a second factor minutes ago. All that speaks against it is asked again."""
    await placing.place(db, actor, placement_id)


@post(
    "/placements/{placement_id:uuid}/declining",
    status_code=204,
    summary="Decline to place a proposed account",
    opt=declared("collections.place", refusals=[IllegalPlacementMove]) | manners(versioned=_ROW),
)
async def decline_placement(
    db: Db, actor: Who, placement_id: Id, data: JSONBody[PlacementDecline]
) -> None:
    await placing.decline(db, actor, placement_id, data.reason)


@post(
    "/placements/{placement_id:uuid}/recall",
    status_code=204,
    summary="Recall an account from its agency",
    opt=declared("collections.close", refusals=[IllegalPlacementMove]) | manners(versioned=_ROW),
)
async def recall_placement(
    db: Db, actor: Who, placement_id: Id, data: JSONBody[PlacementRecall]
) -> None:
    """What is left is owed to the practice again; the agency's next file says so."""
    await ending.recall(db, actor, placement_id, data.reason)


@post(
    "/placements/{placement_id:uuid}/settlement",
    status_code=204,
    summary="The agency took less for all of it: give up the rest",
    opt=declared("collections.close", refusals=[IllegalPlacementMove, StepUpRequired])
    | manners(versioned=_ROW),
)
async def settle_placement(db: Db, actor: Who, placement_id: Id) -> None:
    await ending.settle(db, actor, placement_id)


@post(
    "/placements/{placement_id:uuid}/bad-debt",
    status_code=204,
    summary="Nobody expects what is left: call it bad debt",
    opt=declared("collections.close", refusals=[IllegalPlacementMove, StepUpRequired])
    | manners(versioned=_ROW),
)
async def call_bad_debt(
    db: Db, actor: Who, placement_id: Id, data: JSONBody[PlacementClosing]
) -> None:
    await ending.call_bad_debt(db, actor, placement_id, data.reason)


@post(
    "/placements/{placement_id:uuid}/office-payments",
    summary="Recognise what was paid to the office after placement",
    opt=declared("collections.close", "collections.read")
    | manners(told_by=_placement, versioned=_ROW),
)
async def recognise_office_payments(db: Db, actor: Who, placement_id: Id) -> PlacementOut:
    """It is done every night as well. The agency's next file tells of it."""
    await recognising.recognise(db, actor, placement_id)
    return await _placement(db, actor, placement_id)


HANDLERS = [
    propose_placement,
    list_placements,
    get_placement,
    place_account,
    decline_placement,
    recall_placement,
    settle_placement,
    call_bad_debt,
    recognise_office_payments,
]
