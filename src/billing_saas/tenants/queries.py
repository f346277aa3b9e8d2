"""Practices, as those who may see them see them."""

from uuid import UUID

from sqlalchemy import select

from billing_saas.kit.db import CompanySession, PlatformSession, TenantSession
from billing_saas.tenants.errors import PracticeNotFound
from billing_saas.tenants.tables import Practice


async def this_practice(db: TenantSession) -> Practice:
    practice = await db.scalar(select(Practice).where(Practice.tenant_id == db.tenant_id))
    if practice is None:
        raise PracticeNotFound("There is no such practice.")
    return practice


async def practices(db: CompanySession) -> list[Practice]:
    """Every practice of the session's list, by name."""
    found = await db.scalars(
        select(Practice).where(Practice.tenant_id.in_(db.tenant_ids)).order_by(Practice.name)
    )
    return list(found)


async def by_payee(db: PlatformSession, npi: str, tax_id: str) -> list[UUID]:
    """Practices that a payer may mean by this NPI and tax id; more than one is a matter for a person."""
    found = await db.scalars(
        select(Practice.tenant_id).where(Practice.npi == npi, Practice.tax_id == tax_id)
    )
    return list(found)
