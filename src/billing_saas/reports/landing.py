"""Where a person lands: their practices side by side, by sums of what holds nothing of a patient."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import text

from billing_saas.kit import clock, ids
from billing_saas.kit.db import CompanySession

BUCKETS = ("0-30", "31-60", "61-90", "91-120", "over 120")
_WEEK = timedelta(days=7)

# One statement, whatever the number of practices. A remittance's id says when it came.
_ROWS = text(
    """
    SELECT practice.tenant_id, practice.name,
      coalesce(cards.open, 0) AS open_cards, coalesce(cards.overdue, 0) AS overdue_cards,
      coalesce(came.remittances, 0) AS remittances, coalesce(came.cents, 0) AS paid_cents,
      owed.counted_at, owed.days_0_cents, owed.days_31_cents, owed.days_61_cents,
      owed.days_91_cents, owed.days_121_cents
    FROM practice
    LEFT JOIN (
      SELECT tenant_id, count(*) AS open, count(*) FILTER (WHERE due_on < :today) AS overdue
      FROM card WHERE tenant_id = ANY (CAST(:cards AS uuid[])) AND state = 'open' GROUP BY tenant_id
    ) cards ON cards.tenant_id = practice.tenant_id
    LEFT JOIN (
      SELECT tenant_id, count(*) AS remittances, CAST(sum(payment_cents) AS bigint) AS cents
      FROM remittance
      WHERE tenant_id = ANY (CAST(:remittances AS uuid[])) AND id >= :since AND state <> 'duplicate'
      GROUP BY tenant_id
    ) came ON came.tenant_id = practice.tenant_id
    LEFT JOIN practice_receivable owed
      ON owed.tenant_id = practice.tenant_id AND owed.tenant_id = ANY (CAST(:ledger AS uuid[]))
    WHERE practice.tenant_id = ANY (CAST(:practices AS uuid[]))
    ORDER BY practice.name, practice.tenant_id
    """
)


@dataclass(frozen=True, slots=True)
class PracticeRow:
    """`receivable_cents` by `BUCKETS`; empty where it was not counted, or is not for this person."""

    practice_id: UUID | None
    name: str
    open_cards: int
    overdue_cards: int
    remittances: int
    paid_cents: int
    receivable_cents: tuple[int, ...]
    counted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Sees:
    """Practices by what the person may see of them."""

    cards: frozenset[UUID]
    remittances: frozenset[UUID]
    ledger: frozenset[UUID]


async def rows(db: CompanySession, sees: Sees, today: date) -> list[PracticeRow]:
    """Every practice of the session, by name."""
    found = await db.execute(
        _ROWS,
        {
            "practices": list(db.tenant_ids),
            "cards": list(sees.cards & db.tenant_ids),
            "remittances": list(sees.remittances & db.tenant_ids),
            "ledger": list(sees.ledger & db.tenant_ids),
            "since": ids.first_at(clock.now() - _WEEK),
            "today": today,
        },
    )
    return [
        PracticeRow(
            practice_id=row.tenant_id,
            name=row.name,
            open_cards=row.open_cards,
            overdue_cards=row.overdue_cards,
            remittances=row.remittances,
            paid_cents=row.paid_cents,
            receivable_cents=tuple(row[7:12]) if row.counted_at is not None else (),
            counted_at=row.counted_at,
        )
        for row in found
    ]


def total(of: Iterable[PracticeRow]) -> PracticeRow:
    listed = list(of)
    counted = [row.receivable_cents for row in listed if row.receivable_cents]
    return PracticeRow(
        practice_id=None,
        name="",
        open_cards=sum(row.open_cards for row in listed),
        overdue_cards=sum(row.overdue_cards for row in listed),
        remittances=sum(row.remittances for row in listed),
        paid_cents=sum(row.paid_cents for row in listed),
        receivable_cents=tuple(map(sum, zip(*counted, strict=True))) if counted else (0,) * 5,
        counted_at=max((row.counted_at for row in listed if row.counted_at), default=None),
    )
