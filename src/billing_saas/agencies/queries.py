"""Files for agencies and their reports, for who may see them. None of these opens a file."""

from uuid import UUID

from sqlalchemy import select

from billing_saas.agencies import paying
from billing_saas.agencies.errors import AgencyFileNotFound, AgencyReportNotFound
from billing_saas.agencies.tables import AgencyFeePayment, AgencyFile, AgencyPayment, AgencyReport
from billing_saas.collections import policies
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.kit.paging import Page, PageRequest, encode

READ = "agencies.read"


async def file(db: TenantSession, actor: Actor, file_id: UUID) -> AgencyFile:
    actor.must(READ)
    found = await db.scalar(
        select(AgencyFile)
        .where(AgencyFile.tenant_id == db.tenant_id, AgencyFile.id == file_id)
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise AgencyFileNotFound("There is no such file.")
    return found


async def files(
    db: TenantSession, actor: Actor, page: PageRequest, *, agency_id: UUID | None = None
) -> Page[AgencyFile]:
    """Newest first."""
    actor.must(READ)
    query = select(AgencyFile).where(AgencyFile.tenant_id == db.tenant_id)
    if agency_id is not None:
        query = query.where(AgencyFile.agency_id == agency_id)
    if page.after is not None:
        query = query.where(AgencyFile.id < page.after)
    rows = list(await db.scalars(query.order_by(AgencyFile.id.desc()).limit(page.limit + 1)))
    shown = rows[: page.limit]
    return Page(shown, encode(shown[-1].id) if len(rows) > page.limit else None)


async def report(db: TenantSession, actor: Actor, report_id: UUID) -> AgencyReport:
    actor.must(READ)
    found = await db.scalar(
        select(AgencyReport).where(
            AgencyReport.tenant_id == db.tenant_id, AgencyReport.id == report_id
        )
    )
    if found is None:
        raise AgencyReportNotFound("There is no such report.")
    return found


async def reports(
    db: TenantSession, actor: Actor, page: PageRequest, *, agency_id: UUID | None = None
) -> Page[AgencyReport]:
    """Newest first, those held among them."""
    actor.must(READ)
    query = select(AgencyReport).where(AgencyReport.tenant_id == db.tenant_id)
    if agency_id is not None:
        query = query.where(AgencyReport.agency_id == agency_id)
    if page.after is not None:
        query = query.where(AgencyReport.id < page.after)
    rows = list(await db.scalars(query.order_by(AgencyReport.id.desc()).limit(page.limit + 1)))
    shown = rows[: page.limit]
    return Page(shown, encode(shown[-1].id) if len(rows) > page.limit else None)


async def payments(
    db: TenantSession, actor: Actor, report_id: UUID, page: PageRequest
) -> Page[AgencyPayment]:
    """What a report posted, newest first."""
    await report(db, actor, report_id)
    query = select(AgencyPayment).where(
        AgencyPayment.tenant_id == db.tenant_id, AgencyPayment.report_id == report_id
    )
    if page.after is not None:
        query = query.where(AgencyPayment.id < page.after)
    rows = list(await db.scalars(query.order_by(AgencyPayment.id.desc()).limit(page.limit + 1)))
    shown = rows[: page.limit]
    return Page(shown, encode(shown[-1].id) if len(rows) > page.limit else None)


async def fee_payment(db: TenantSession, actor: Actor, payment_id: UUID) -> AgencyFeePayment:
    actor.must(READ)
    found = await db.scalar(
        select(AgencyFeePayment).where(
            AgencyFeePayment.tenant_id == db.tenant_id, AgencyFeePayment.id == payment_id
        )
    )
    if found is None:
        raise AgencyReportNotFound("There is no such payment.")
    return found


async def fees_due(db: TenantSession, actor: Actor, agency_id: UUID) -> int:
    """What the agency earned and was not paid, in cents."""
    actor.must(READ)
    await policies.agency_named(db, agency_id)
    return await paying.due(db, agency_id)
