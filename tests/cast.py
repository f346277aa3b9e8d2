"""The people: Alice bills for Elm; Mallory works for Oak; Sam supervises Elm; Ada audits it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import pytest

from billing_saas.identity import enrolling, rules
from billing_saas.identity.enrolling import Side
from billing_saas.kit.actor import Actor, ActorKind
from billing_saas.kit.db import Database
from billing_saas.kit.ids import new_id
from billing_saas.ledger import journal
from billing_saas.tenants import provisioning
from billing_saas.tenants.provisioning import NewPractice

OPERATOR = Actor(kind=ActorKind.SYSTEM, id=UUID(int=1))

ELM = NewPractice(
    name="Elm Family Medicine",
    npi="1922164458",
    tax_id="999994703",
    time_zone="America/Chicago",
    agreement_signed_on=date(2026, 1, 5),
    agreement_signed_by="Dr. E. Elm",
)
OAK = NewPractice(
    name="Oak Orthopedics",
    npi="1245319599",
    tax_id="271234567",
    time_zone="America/New_York",
    agreement_signed_on=date(2026, 1, 6),
    agreement_signed_by="Dr. O. Oak",
)


@dataclass(frozen=True)
class Tenant:
    id: UUID
    company_id: UUID
    new: NewPractice

    @property
    def name(self) -> str:
        return self.new.name


@dataclass(frozen=True)
class Person:
    """A person with a membership: as an actor inside the practice, and with a token at the door."""

    actor: Actor
    token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


def actor_with(roles: Iterable[str]) -> Actor:
    """Someone with these roles who never knocked at a door."""
    held = frozenset(roles)
    return Actor(
        kind=ActorKind.USER, id=new_id(), permissions=rules.permissions_of(held), roles=held
    )


async def enrolled(
    database: Database, tenant: Tenant, name: str, *roles: str, side: Side = "company"
) -> Person:
    async with database.platform() as platform:
        user_id = await enrolling.add_user(
            platform, email=f"{name}.{new_id().hex}@example.test", display_name=name.title()
        )
        await enrolling.grant(platform, user_id, tenant.id, roles, by=None, side=side)
        token = await enrolling.issue_token(platform, user_id, name="tests")
    actor = Actor(
        kind=ActorKind.USER,
        id=user_id,
        permissions=rules.permissions_of(roles),
        roles=frozenset(roles),
    )
    return Person(actor, token)


@pytest.fixture
async def company(database: Database) -> UUID:
    await provisioning.initialise(database)
    return await provisioning.add_company(database, "Ash Billing")


@pytest.fixture
async def elm(database: Database, company: UUID) -> Tenant:
    practice_id = await provisioning.add_practice(
        database, OPERATOR, company, ELM, journal.open_book
    )
    return Tenant(practice_id, company, ELM)


@pytest.fixture
async def oak(database: Database, company: UUID) -> Tenant:
    practice_id = await provisioning.add_practice(
        database, OPERATOR, company, OAK, journal.open_book
    )
    return Tenant(practice_id, company, OAK)


@pytest.fixture
async def alice(database: Database, elm: Tenant) -> Person:
    return await enrolled(database, elm, "alice", "biller")


@pytest.fixture
async def sam(database: Database, elm: Tenant) -> Person:
    return await enrolled(database, elm, "sam", "supervisor")


@pytest.fixture
async def ada(database: Database, elm: Tenant) -> Person:
    return await enrolled(database, elm, "ada", "auditor")


@pytest.fixture
async def mallory(database: Database, oak: Tenant) -> Person:
    return await enrolled(database, oak, "mallory", "biller", "practice_admin", "auditor")
