"""A browser that is in already: sessions are opened as the door opens them, which tests/portal tries."""

from uuid import UUID

from billing_saas.kit.db import Database
from billing_saas.portal import sessions
from tests.cast import Tenant
from tests.portal.visiting import Phone

COOKIE = "billing_portal"


async def knowing(database: Database, tenant: Tenant, phone: Phone, guarantor_id: UUID) -> Phone:
    """By a link and a birth date: balance and paying."""
    async with database.tenant(tenant.id) as db:
        secret, _ = await sessions.open_session(
            db, guarantor_id, link_id=None, statement_id=None, language="en"
        )
    phone.http.cookies.set(COOKIE, secret, domain="localhost.local")
    return phone


async def secret_of(
    database: Database, tenant: Tenant, guarantor_id: UUID, language: str = "en"
) -> str:
    async with database.tenant(tenant.id) as db:
        _, visitor = await sessions.open_session(
            db, guarantor_id, link_id=None, statement_id=None, language=language
        )
        secret, _ = await sessions.raise_level(db, visitor.actor(), visitor)
    return secret


async def verified(database: Database, tenant: Tenant, phone: Phone, guarantor_id: UUID) -> Phone:
    """With a one-time code shown: everything else."""
    secret = await secret_of(database, tenant, guarantor_id)
    phone.http.cookies.set(COOKIE, secret, domain="localhost.local")
    return phone
