from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import pytest

from billing_saas.kit.db import Database
from tests import apps
from tests.cast import Person
from tests.console.browsing import Browser
from tests.signin import people
from tests.signin.people import Account


@pytest.fixture
async def app(database: Database, company: UUID) -> AsyncIterator[Any]:
    with apps.lent(database) as made:
        yield made


@pytest.fixture
async def browser(app: Any) -> AsyncIterator[Browser]:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
        yield Browser(http)


@pytest.fixture
async def other_browser(app: Any) -> AsyncIterator[Browser]:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
        yield Browser(http)


@pytest.fixture
async def alices(database: Database, alice: Person) -> Account:
    return await people.with_app(database, alice)
