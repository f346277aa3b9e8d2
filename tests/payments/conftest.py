from collections.abc import AsyncIterator, Iterator

import pytest

from billing_saas.kit.db import Database
from billing_sandbox.stripe.running import Sandbox
from tests.cast import Tenant
from tests.payments.till import Till


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """One Stripe for all; each story has an account of its own."""
    with Sandbox(daily_payouts=False) as made:
        yield made


@pytest.fixture
async def till(database: Database, elm: Tenant, sandbox: Sandbox) -> AsyncIterator[Till]:
    sandbox.no_more_faults()
    opened = await Till.opened(database, elm, sandbox)
    yield opened
    sandbox.no_more_faults()
    sandbox.back_to_now()
