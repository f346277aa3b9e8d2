"""The work list of a practice."""

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
from billing_saas.followups import cards, queries
from billing_saas.followups.errors import CardClosed
from billing_saas.followups.tables import Card
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession

Owner = Literal["biller", "coder", "practice", "payer", "patient", "system"]
_WORD = "^[a-z][a-z_]{0,39}$"


class CardOut(Out, frozen=True):
    """`why` says what happened; `worth_cents` what is at stake."""

    id: UUID
    kind: str
    why: str
    owner: str
    subject_type: str
    subject_id: UUID
    claim_id: UUID | None
    worth_cents: int
    due_on: date | None
    state: str
    outcome: str
    opened_at: datetime
    closed_at: datetime | None

    @classmethod
    def of(cls, card: Card) -> "CardOut":
        return cls(
            id=card.id,
            kind=card.kind,
            why=card.why,
            owner=card.owner,
            subject_type=card.subject_type,
            subject_id=card.subject_id,
            claim_id=card.claim_id,
            worth_cents=card.worth_cents,
            due_on=card.due_on,
            state=card.state,
            outcome=card.outcome,
            opened_at=card.opened_at,
            closed_at=card.closed_at,
        )


class CardClosing(In, frozen=True, forbid_unknown_fields=True):
    """`outcome` says how it ended, in a word such as `corrected`."""

    outcome: Annotated[str, msgspec.Meta(pattern=_WORD)]


@get(
    "/cards",
    summary="Open or closed cards, newest first",
    opt=declared(
        "cards.read",
        leads_to={
            "get_card": {"card_id": "$response.body#/rows/0/id"},
            "close_card": {"card_id": "$response.body#/rows/0/id"},
        },
    ),
)
async def list_cards(
    db: Db,
    actor: Who,
    page: Asked,
    card_state: Annotated[
        Literal["open", "done"],
        QueryParameter(name="state", description="Those that wait, or those that are done."),
    ] = "open",
    kind: Annotated[
        str | None,
        QueryParameter(description="Only those of this kind, such as `denial`.", pattern=_WORD),
    ] = None,
    owner: Annotated[
        Owner | None, QueryParameter(description="Only those that wait for this one.")
    ] = None,
    claim_id: Annotated[
        UUID | None, QueryParameter(description="Only those of this claim.")
    ] = None,
    due_before: Annotated[
        date | None, QueryParameter(description="Only those due on an earlier day than this.")
    ] = None,
) -> PageOut[CardOut]:
    filters = queries.Filters(
        state=card_state, kind=kind, owner=owner, claim_id=claim_id, due_before=due_before
    )
    found = await queries.cards(db, actor, page, filters)
    return PageOut([CardOut.of(card) for card in found.rows], found.next_cursor)


@get(
    "/cards/{card_id:uuid}",
    summary="One card",
    opt=declared("cards.read", leads_to={"close_card": {"card_id": "$response.body#/id"}}),
)
async def get_card(db: Db, actor: Who, card_id: Id) -> CardOut:
    return await _card(db, actor, card_id)


async def _card(db: TenantSession, actor: Actor, card_id: UUID) -> CardOut:
    return CardOut.of(await queries.card(db, actor, card_id))


@post(
    "/cards/{card_id:uuid}/closing",
    status_code=204,
    summary="Close a card",
    opt=declared("cards.work", refusals=[CardClosed])
    | manners(versioned=Versioned(lock=cards.lock, show=_card)),
)
async def close_card(db: Db, actor: Who, card_id: Id, data: JSONBody[CardClosing]) -> None:
    await cards.close(db, actor, card_id, outcome=data.outcome)


HANDLERS = [list_cards, get_card, close_card]
