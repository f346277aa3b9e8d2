from datetime import date
from uuid import UUID

import pytest

from billing_saas.hardship import policies
from billing_saas.hardship.policies import NewGuideline, Policy
from billing_saas.hardship.rules import Step
from billing_saas.kit.db import Database
from tests.cast import Person, Tenant, enrolled
from tests.collections.accounts import Books

SCALE = (Step(100, 100), Step(150, 75), Step(200, 50))


@pytest.fixture
async def petra(database: Database, elm: Tenant) -> Person:
    return await enrolled(database, elm, "petra", "practice_admin", "supervisor")


@pytest.fixture
def books(database: Database, elm: Tenant, petra: Person) -> Books:
    return Books(database, elm, petra.actor)


@pytest.fixture
async def scale(books: Books) -> UUID:
    """Elm forgives all up to the guideline, three quarters up to 150 percent, half up to 200. The amounts
    are of no year: a practice enters those of its own."""
    first = books.today.replace(month=1, day=1)
    async with books.database.tenant(books.practice.id) as db:
        await policies.change(db, books.actor, Policy(steps=SCALE))
        return await policies.enter_guideline(
            db,
            books.actor,
            NewGuideline(
                region="contiguous",
                effective_on=first,
                ends_on=date(first.year, 12, 31),
                one_person_cents=16_000_00,
                each_more_cents=5_500_00,
                source="as a test has it",
            ),
        )
