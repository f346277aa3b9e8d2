"""Elm's billing desk, with claims sent, and the application over it."""

from collections.abc import AsyncIterator

import pytest

from billing_saas.kit.db import Database
from tests.api.asking import Elm
from tests.api.walking import Client, knocking
from tests.cast import Person, Tenant, enrolled
from tests.remittances.desk import Desk, opened


@pytest.fixture
async def client(database: Database) -> AsyncIterator[Client]:
    async with knocking(database) as made:
        yield made


@pytest.fixture
async def sue(database: Database, elm: Tenant) -> Person:
    return await enrolled(database, elm, "sue", "supervisor", "practice_admin", "auditor")


@pytest.fixture
async def desk(database: Database, elm: Tenant, sue: Person) -> Desk:
    return await opened(database, elm, sue, 15)


@pytest.fixture
def at_elm(client: Client, elm: Tenant, sue: Person) -> Elm:
    return Elm(client, elm, sue)
