from collections.abc import AsyncIterator
from uuid import UUID

import httpx
import pytest

from billing_saas.kit.db import Database
from billing_saas.ledger import journal
from billing_saas.tenants import provisioning
from tests.api.walking import knocking
from tests.cast import OAK, OPERATOR, Tenant
from tests.members.office import Colleague, colleague


@pytest.fixture
async def http(database: Database) -> AsyncIterator[httpx.AsyncClient]:
    async with knocking(database) as client:
        yield client.http


@pytest.fixture
async def birch(database: Database, elm: Tenant) -> Tenant:  # Elm was first
    """A practice of another company, beside Elm."""
    company = await provisioning.add_company(database, "Birch Billing")
    practice_id = await provisioning.add_practice(
        database, OPERATOR, company, OAK, journal.open_book
    )
    return Tenant(practice_id, company, OAK)


@pytest.fixture
async def carol(database: Database, company: UUID) -> Colleague:
    """Ash's admin; she works in no practice."""
    return await colleague(database, "carol", company=company, company_roles=["company_admin"])


@pytest.fixture
async def bob(database: Database, elm: Tenant) -> Colleague:
    """A biller of Ash in Elm."""
    return await colleague(database, "bob", practice=elm, roles=["biller"])


@pytest.fixture
async def emma(database: Database, elm: Tenant) -> Colleague:
    """Elm's own admin."""
    return await colleague(
        database, "emma", practice=elm, roles=["practice_admin"], side="practice"
    )


@pytest.fixture
async def bruno(database: Database, birch: Tenant) -> Colleague:
    """Birch's admin."""
    return await colleague(
        database, "bruno", company=birch.company_id, company_roles=["company_admin"]
    )
