"""The work list over all practices that a person may see, by PHI-free rows only.

Two ways to the first page, each by an index, and neither reads what it does not show.

Of few practices, or by a filter: each practice's first card is one step into an index, and a card of the
page can only be of a practice whose first card is among the page's firsts. So a page reads one row of
each practice and one page of a few of them, whatever they have open.

Of many practices: the open cards of all are walked in order until the page is full. Who sees a good share
of them fills it at once, so that 2,000 practices cost what 200 do.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Date, Row, TextClause, bindparam, text
from sqlalchemy.types import Uuid

from billing_saas.kit.db import CompanySession
from billing_saas.kit.errors import Invalid
from billing_saas.kit.paging import BadCursor

Order = Literal["urgent", "newest"]

# Cards without a day come last. Not the last day of all: the driver takes that for `infinity`.
_NEVER = date(9000, 1, 1)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What narrows the list; None narrows nothing."""

    order: Order = "urgent"
    state: Literal["open", "done"] = "open"
    kind: str | None = None
    owner: str | None = None
    due_before: date | None = None


@dataclass(frozen=True, slots=True)
class After:
    """The last card of the page before: unique over practices, so that no page misses or repeats."""

    due_on: date
    card_id: UUID
    tenant_id: UUID

    def written(self) -> str:
        return f"{self.due_on.isoformat()} {self.card_id.hex} {self.tenant_id.hex}"

    @classmethod
    def read(cls, written: str) -> "After":
        try:
            day, card_id, tenant_id = written.split()
            return cls(date.fromisoformat(day), UUID(card_id), UUID(tenant_id))
        except ValueError as error:
            raise BadCursor("The cursor is not one of ours.", field="cursor") from error


@dataclass(frozen=True, slots=True)
class WorkPage:
    rows: list[Row[Any]]
    after: After | None


# By the day they are due, then by age; or youngest first. Both with the practice as the last word.
_KEYS = {
    "urgent": "(coalesce(card.due_on, date '9000-01-01'), card.id, card.tenant_id)",
    "newest": "(card.id, card.tenant_id)",
}
_LAST = {"urgent": "(:due_on, :card_id, :last_tenant_id)", "newest": "(:card_id, :last_tenant_id)"}
_SHOWN = """card.tenant_id, card.id, card.kind, card.why, card.owner, card.subject_type,
          card.worth_cents, card.due_on, card.state, card.opened_at"""
_BY_FIRSTS = """
    WITH seen AS MATERIALIZED (SELECT unnest(cast(:tenant_ids AS uuid[])) AS tenant_id),
    firsts AS MATERIALIZED (
      SELECT first.tenant_id FROM seen CROSS JOIN LATERAL (
        SELECT card.tenant_id, card.id, card.due_on FROM card
        WHERE card.tenant_id = seen.tenant_id AND {narrowed}
        ORDER BY {by} LIMIT 1) first
      ORDER BY {by_first} LIMIT :most)
    SELECT page.*, practice.name AS practice_name
    FROM (
      SELECT found.* FROM firsts CROSS JOIN LATERAL (
        SELECT {shown} FROM card WHERE card.tenant_id = firsts.tenant_id AND {narrowed}
        ORDER BY {by} LIMIT :most) found
      ORDER BY {by_found} LIMIT :most) page
    JOIN practice ON practice.tenant_id = page.tenant_id
    ORDER BY {by_page}
"""
# `IS TRUE` keeps the list a hash to look into. As a join it would be planned for ten practices, as
# the planner takes any list to be, and every card of every practice be read and sorted.
_BY_WALK = """
    SELECT page.*, practice.name AS practice_name
    FROM (
      SELECT {shown} FROM card
      WHERE (card.tenant_id IN (SELECT unnest(cast(:tenant_ids AS uuid[])))) IS TRUE AND {narrowed}
      ORDER BY {by}, card.tenant_id {down} LIMIT :most) page
    JOIN practice ON practice.tenant_id = page.tenant_id
    ORDER BY {by_page}
"""
# Below it the one way is quicker, above it the other (benchmark `api.work`).
_MANY = 250


async def work(
    db: CompanySession, wanted: Wanted, *, limit: int, after: After | None = None
) -> WorkPage:
    """Most urgent or newest first. One page, and where the next one begins."""
    if after is not None and wanted.order == "urgent" and after.due_on > _NEVER:
        raise Invalid("There is no such day.", field="cursor")
    values: dict[str, object] = {"tenant_ids": list(db.tenant_ids), "most": limit + 1}
    template = _BY_WALK if _walks(wanted, len(db.tenant_ids)) else _BY_FIRSTS
    found = (await db.execute(_statement(template, wanted, after, values), values)).all()
    rows = list(found[:limit])
    if len(found) <= limit:
        return WorkPage(rows, None)
    last = rows[-1]
    return WorkPage(rows, After(last.due_on or _NEVER, last.id, last.tenant_id))


def _walks(wanted: Wanted, practices: int) -> bool:
    """A filter that few cards pass would make the walk long."""
    if practices < _MANY or wanted.state != "open" or wanted.kind or wanted.owner:
        return False
    return wanted.due_before is None or wanted.order == "urgent"


def _statement(
    template: str, wanted: Wanted, after: After | None, values: dict[str, object]
) -> TextClause:
    conditions = [f"card.state = '{wanted.state}'"]
    binds = []
    for column, value in (("kind", wanted.kind), ("owner", wanted.owner)):
        if value is not None:
            conditions.append(f"card.{column} = :{column}")
            values[column] = value
    if wanted.due_before is not None:
        conditions.append("card.due_on < :due_before")
        values["due_before"] = wanted.due_before
    if after is not None:
        sign = ">" if wanted.order == "urgent" else "<"
        conditions.append(f"{_KEYS[wanted.order]} {sign} {_LAST[wanted.order]}")
        values |= {"card_id": after.card_id, "last_tenant_id": after.tenant_id}
        binds += [bindparam("card_id", type_=Uuid), bindparam("last_tenant_id", type_=Uuid)]
        if wanted.order == "urgent":
            values["due_on"] = after.due_on
            binds.append(bindparam("due_on", type_=Date))
    down = "DESC" if wanted.order == "newest" else ""
    written = template.format(
        shown=_SHOWN,
        narrowed=" AND ".join(conditions),
        down=down,
        by=_by(wanted.order, "card"),
        by_first=f"{_by(wanted.order, 'first')}, first.tenant_id {down}",
        by_found=f"{_by(wanted.order, 'found')}, found.tenant_id {down}",
        by_page=f"{_by(wanted.order, 'page')}, page.tenant_id {down}",
    )
    return text(written).bindparams(*binds)


def _by(order: Order, table: str) -> str:
    if order == "newest":
        return f"{table}.id DESC"
    return f"coalesce({table}.due_on, date '9000-01-01'), {table}.id"
