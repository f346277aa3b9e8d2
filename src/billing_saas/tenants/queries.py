"""Practices, as those who may see them see them."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from billing_saas.kit.actor import Actor
from billing_saas.kit.db import CompanySession, OneCompanySession, PlatformSession, TenantSession
from billing_saas.kit.paging import Page, PageRequest, encode
from billing_saas.tenants.errors import CompanyNotFound, PracticeNotFound
from billing_saas.tenants.tables import Company, Practice


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


async def practices_of(db: OneCompanySession, actor: Actor, page: PageRequest) -> Page[Practice]:
    """Every practice of a company, newest first: their names, and nothing that is theirs."""
    actor.must("company.read")
    query = select(Practice).where(Practice.company_id == db.company_id)
    if page.after is not None:
        query = query.where(Practice.tenant_id < page.after)
    ordered = query.order_by(Practice.tenant_id.desc()).limit(page.limit + 1)
    found = (await db.scalars(ordered)).all()
    rows = list(found[: page.limit])
    return Page(rows, encode(rows[-1].tenant_id) if len(found) > page.limit else None)


async def company(db: OneCompanySession, actor: Actor) -> Company:
    actor.must("company.read")
    found = await db.scalar(select(Company).where(Company.id == db.company_id))
    if found is None:
        raise CompanyNotFound("There is no such company.")
    return found


async def company_of(db: AsyncConnection, practice_id: UUID) -> UUID:
    found = await db.scalar(select(Practice.company_id).where(Practice.tenant_id == practice_id))
    if found is None:
        raise PracticeNotFound("There is no such practice.")
    return UUID(str(found))


async def by_payee(db: PlatformSession, npi: str, tax_id: str) -> list[UUID]:
    """Practices that a payer may mean by this NPI and tax id; more than one is a matter for a person."""
    found = await db.scalars(
        select(Practice.tenant_id).where(Practice.npi == npi, Practice.tax_id == tax_id)
    )
    return list(found)
