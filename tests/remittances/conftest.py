"""A desk with Elm's claims on the books and sent."""

import pytest

from billing_saas.kit.db import Database
from tests.cast import Tenant, enrolled
from tests.remittances.desk import Desk, opened


@pytest.fixture
async def desk(database: Database, elm: Tenant) -> Desk:
    person = await enrolled(database, elm, "sam", "supervisor", "auditor")
    return await opened(database, elm, person, 60)
