"""The real application over a database of the test's own, and the people of two practices."""

from collections.abc import AsyncIterator

import pytest

from billing_saas.kit.db import Database
from tests.api.walking import Client, knocking


@pytest.fixture
async def client(database: Database) -> AsyncIterator[Client]:
    async with knocking(database) as made:
        yield made
