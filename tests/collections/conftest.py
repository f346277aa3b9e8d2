"""Elm's office with an agency, and its people at their browsers: who places has just proven who they are."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest

from billing_saas.collections import policies
from billing_saas.collections.policies import NewAgency, Policy
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import Database
from tests.api.asking import Elm
from tests.api.walking import Client, knocking
from tests.cast import Person, Tenant, enrolled
from tests.collections.accounts import Books

AGENCY = NewAgency(
    name="Birch Recovery",
    rate_bps=3000,
    remits="gross",
    baa_signed_on=date(2026, 1, 7),
    baa_signed_by="B. Birch",
)


@pytest.fixture
async def client(database: Database) -> AsyncIterator[Client]:
    async with knocking(database) as made:
        yield made


@pytest.fixture
async def petra(database: Database, elm: Tenant) -> Person:
    return await enrolled(database, elm, "petra", "practice_admin", "supervisor")


@pytest.fixture
def proven(petra: Person) -> Actor:
    """Petra, a minute after she showed her second factor."""
    return replace(petra.actor, stepped_up_at=clock.now())


@pytest.fixture
def books(database: Database, elm: Tenant, petra: Person) -> Books:
    return Books(database, elm, petra.actor)


@pytest.fixture
async def agency(database: Database, elm: Tenant, petra: Person) -> UUID:
    """Birch takes 30 percent and sends all it collects; Elm proposes to it from $50 on."""
    async with database.tenant(elm.id) as db:
        agency_id = await policies.add_agency(db, petra.actor, AGENCY)
        await policies.change_policy(db, petra.actor, Policy(propose=True, agency_id=agency_id))
    return agency_id


@pytest.fixture
def at_elm(client: Client, elm: Tenant, petra: Person) -> Elm:
    return Elm(client, elm, petra)
