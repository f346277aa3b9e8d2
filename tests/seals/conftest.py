import pytest

from billing_saas.kit.db import Database
from billing_saas.tenants import provisioning


@pytest.fixture
async def initialised(database: Database) -> Database:
    """A deployment with its audit keys, and nobody in it yet."""
    await provisioning.initialise(database)
    return database
