"""Which days an entry may still count on."""

from datetime import date, timedelta

from sqlalchemy import select

from billing_saas.kit.db import TenantSession
from billing_saas.ledger.tables import LedgerBook


async def first_open_day(db: TenantSession, day: date) -> date:
    """`day`, or the first day after the closed months when it lies in one (domain.md, Money)."""
    closed_through = await db.scalar(
        select(LedgerBook.closed_through).where(LedgerBook.tenant_id == db.tenant_id)
    )
    if closed_through is None or day > closed_through:
        return day
    return closed_through + timedelta(days=1)
