"""The real application over a database of the test's own, spoken to over HTTP."""

from collections.abc import AsyncIterator

import httpx
import pytest

from billing_saas.kit.db import Database
from tests.api.walking import knocking


@pytest.fixture
async def http(database: Database) -> AsyncIterator[httpx.AsyncClient]:
    async with knocking(database) as client:
        yield client.http
