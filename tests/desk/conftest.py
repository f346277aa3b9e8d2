import pytest

from billing_saas.kit.db import Database
from tests.cast import Tenant
from tests.plans.debts import Debts


@pytest.fixture
def debts(database: Database, elm: Tenant) -> Debts:
    return Debts(database, elm)
