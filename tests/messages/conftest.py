from collections.abc import Iterator
from uuid import UUID

import pytest

from billing_saas.kit import clock
from billing_saas.kit.db import Database
from tests.cast import Person, Tenant
from tests.messages.people import NOON, on_file


@pytest.fixture
def noon() -> Iterator[None]:
    """It is noon where the practice is."""
    with clock.frozen(NOON):
        yield


@pytest.fixture
async def pat(database: Database, elm: Tenant, alice: Person) -> UUID:
    """On file, reached both ways, with every consent."""
    return await on_file(database, elm, alice)
