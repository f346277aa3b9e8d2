"""The work of all practices at once: cards, which say nothing of a patient."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import Request, get
from litestar.params import QueryParameter
from sqlalchemy import Row

from billing_saas.api import cursors
from billing_saas.api.declaring import declared
from billing_saas.api.deps import Person
from billing_saas.api.wire import Out, PageOut
from billing_saas.followups import work
from billing_saas.followups.work import After, Order, Wanted
from billing_saas.identity.signing_in import Principal
from billing_saas.kit import paging
from billing_saas.kit.db import Database


class WorkOut(Out, frozen=True):
    """A card, and the practice to enter for it: there it is opened, and that is told in its trail."""

    practice_id: UUID
    practice_name: str
    id: UUID
    kind: str
    why: str
    owner: str
    subject_type: str
    worth_cents: int
    due_on: date | None
    state: str
    opened_at: datetime

    @classmethod
    def of(cls, row: Row[Any]) -> "WorkOut":
        return cls(
            practice_id=row.tenant_id,
            practice_name=row.practice_name,
            id=row.id,
            kind=row.kind,
            why=row.why,
            owner=row.owner,
            subject_type=row.subject_type,
            worth_cents=row.worth_cents,
            due_on=row.due_on,
            state=row.state,
            opened_at=row.opened_at,
        )


Owner = Literal["biller", "coder", "practice", "payer", "patient", "system"]


@get(
    "/work",
    summary="Cards of every practice I may see, most urgent or newest first",
    opt=declared(
        leads_to={
            "get_card": {
                "practice_id": "$response.body#/rows/0/practice_id",
                "card_id": "$response.body#/rows/0/id",
            }
        }
    ),
)
async def list_work(
    principal: Person,
    request: Request[Principal, None, Any],
    order: Annotated[
        Order, QueryParameter(description="By the day they are due, or the youngest first.")
    ] = "urgent",
    card_state: Annotated[
        Literal["open", "done"],
        QueryParameter(name="state", description="Those that wait, or those that are done."),
    ] = "open",
    kind: Annotated[
        str | None, QueryParameter(description="Only of this kind.", max_length=60)
    ] = None,
    owner: Annotated[Owner | None, QueryParameter(description="Who must move next.")] = None,
    practice: Annotated[UUID | None, QueryParameter(description="Only of this practice.")] = None,
    due_before: Annotated[
        date | None, QueryParameter(description="Only those due before that day.")
    ] = None,
    limit: Annotated[
        int, QueryParameter(description="Rows per page, at most 200.", ge=1, le=paging.MOST)
    ] = 50,
    cursor: Annotated[
        str | None, QueryParameter(description="`next_cursor` of the page before.", max_length=200)
    ] = None,
) -> PageOut[WorkOut]:
    seen = principal.practices_where("cards.read")
    wanted = Wanted(order, card_state, kind, owner, due_before)
    after = After.read(cursors.unseal(request, cursor)) if cursor else None
    database: Database = request.app.state.database
    async with database.company(seen & {practice} if practice else seen) as company:
        found = await work.work(company, wanted, limit=limit, after=after)
    more = found.after.written() if found.after else None
    return PageOut([WorkOut.of(row) for row in found.rows], more)
