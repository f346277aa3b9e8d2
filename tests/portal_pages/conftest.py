"""Rosa is in, with a code shown; Oscar pays for himself at the same practice; Olga is Oak's."""

from datetime import date
from uuid import UUID

import pytest

from billing_saas.kit.db import Database
from billing_saas.patients import registering
from billing_saas.patients.rules import Demographics
from tests.cast import Person, Tenant, enrolled
from tests.portal.conftest import app, other_phone, phone, rosa
from tests.portal.visiting import Phone
from tests.portal_pages.going_in import knowing, verified

__all__ = ["app", "other_phone", "phone", "rosa"]


async def registered(
    database: Database, tenant: Tenant, person: Person, last: str, first: str
) -> UUID:
    async with database.tenant(tenant.id) as db:
        who = Demographics(last_name=last, first_name=first, birth_date=date(1990, 3, 4))
        (patient_id,) = await registering.register_many(db, person.actor, [who])
        return patient_id


@pytest.fixture
async def mona(database: Database, elm: Tenant) -> Person:
    """Elm's own administrator."""
    return await enrolled(database, elm, "mona", "practice_admin", side="practice")


@pytest.fixture
async def inside(database: Database, elm: Tenant, phone: Phone, rosa: UUID) -> Phone:
    """Rosa's phone, after she typed the code that was sent to her."""
    return await verified(database, elm, phone, rosa)


@pytest.fixture
async def oscars(
    database: Database, elm: Tenant, alice: Person, other_phone: Phone, rosa: UUID
) -> Phone:
    """Another guarantor of the same practice."""
    oscar = await registered(database, elm, alice, "Otero", "Oscar")
    return await verified(database, elm, other_phone, oscar)


@pytest.fixture
async def knower(database: Database, elm: Tenant, other_phone: Phone, rosa: UUID) -> Phone:
    """Rosa's link and birth date, in whoever's hands."""
    return await knowing(database, elm, other_phone, rosa)


@pytest.fixture
async def olgas(database: Database, oak: Tenant, mallory: Person, other_phone: Phone) -> Phone:
    """Oak's patient, verified there."""
    olga = await registered(database, oak, mallory, "Olson", "Olga")
    return await verified(database, oak, other_phone, olga)


def plain(page: str) -> str:
    return " ".join(page.split())
