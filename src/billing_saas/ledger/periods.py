"""Closed months: a day in one takes no entry any more, and a closing waits for postings under way.

Both take a lock on the practice's book: posting a shared one, closing its own. So whoever posts knows
until the end of the transaction which days are open.
"""

from datetime import date, timedelta

from sqlalchemy import select, update

from billing_saas.audit import trail
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.ledger.errors import MonthClosed, MonthNotOver, NoBook, NotAMonthEnd
from billing_saas.ledger.tables import LedgerBook
from billing_saas.tenants import queries as tenants


async def first_open_day(db: TenantSession, day: date) -> date:
    """`day`, or the first day after the closed months when it lies in one (domain.md, Money)."""
    closed_through = await _locked(db, shared=True)
    if closed_through is None or day > closed_through:
        return day
    return closed_through + timedelta(days=1)


async def hold_open(db: TenantSession, day: date) -> None:
    """Refuse a day in a closed month, and keep `day` open until the transaction ends."""
    closed_through = await _locked(db, shared=True)
    if closed_through is not None and day <= closed_through:
        raise MonthClosed(
            "The month is closed: let the entry count in an open one, and name what it corrects.",
            effective_on=day.isoformat(),
            closed_through=closed_through.isoformat(),
        )


async def close_month(db: TenantSession, actor: Actor, through: date) -> None:
    """No entry may be effective on or before `through` any more; `through` is the last day of a month.

    Raises `NotAMonthEnd`, `MonthNotOver` or, when that month is closed already, `MonthClosed`.
    """
    actor.must("ledger.close")
    if (through + timedelta(days=1)).day != 1:
        raise NotAMonthEnd("A month is closed through its last day.", field="through")
    practice = await tenants.this_practice(db)
    if through >= clock.today(practice.time_zone):
        raise MonthNotOver("A month is closed when it is over.", through=through.isoformat())
    closed_through = await _locked(db, shared=False)
    if closed_through is not None and through <= closed_through:
        raise MonthClosed(
            "That month is closed already.", closed_through=closed_through.isoformat()
        )
    await db.execute(
        update(LedgerBook)
        .where(LedgerBook.tenant_id == db.tenant_id)
        .values(closed_through=through)
    )
    await trail.record(
        db,
        actor,
        "ledger.close",
        object_type="ledger_book",
        object_id=db.tenant_id,
        detail={"to": through.isoformat()},
    )


async def _locked(db: TenantSession, *, shared: bool) -> date | None:
    """Lock the book, and say through which day it is closed."""
    locked = await db.execute(
        select(LedgerBook.closed_through)
        .where(LedgerBook.tenant_id == db.tenant_id)
        .with_for_update(read=shared, key_share=not shared)
    )
    book = locked.one_or_none()
    if book is None:
        raise NoBook("The practice has no ledger book.")
    closed_through: date | None = book.closed_through
    return closed_through
