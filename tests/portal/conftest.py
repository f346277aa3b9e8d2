from collections.abc import AsyncIterator
from datetime import date
from typing import Any
from uuid import UUID

import httpx
import pytest

from billing_saas.kit.db import Database
from billing_saas.links import issuing
from billing_saas.patients import registering
from billing_saas.patients.rules import Demographics
from tests import apps
from tests.cast import Person, Tenant
from tests.portal.visiting import Phone

BORN = date(1984, 7, 9)


@pytest.fixture
async def app(database: Database, company: UUID) -> AsyncIterator[Any]:
    with apps.lent(database) as made:
        yield made


@pytest.fixture
async def phone(app: Any) -> AsyncIterator[Phone]:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
        yield Phone(http)


@pytest.fixture
async def other_phone(app: Any) -> AsyncIterator[Phone]:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
        yield Phone(http)


@pytest.fixture
async def rosa(database: Database, elm: Tenant, alice: Person) -> UUID:
    """Elm's patient, who pays for herself."""
    async with database.tenant(elm.id) as db:
        rosa = Demographics(last_name="Alvarez", first_name="Rosa", birth_date=BORN)
        return await registering.register(db, alice.actor, rosa)


@pytest.fixture
async def link(database: Database, elm: Tenant, alice: Person, rosa: UUID) -> str:
    """The path of a link to Rosa's balance."""
    async with database.tenant(elm.id) as db:
        return await issuing.issue(db, alice.actor, "pay", rosa, None)
