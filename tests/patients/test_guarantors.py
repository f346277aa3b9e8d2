"""Who pays for whom."""

from uuid import UUID

import pytest
from sqlalchemy import update

from billing_saas.kit.db import Database
from billing_saas.kit.errors import Refused
from billing_saas.kit.ids import new_id
from billing_saas.patients import guarantors, registering
from billing_saas.patients.errors import PaidForByAnother, PatientNotFound
from billing_saas.patients.rules import Demographics
from billing_saas.patients.tables import Patient
from tests.cast import Person, Tenant, actor_with


@pytest.fixture
async def family(database: Database, elm: Tenant, alice: Person) -> tuple[UUID, UUID, UUID]:
    """A mother and two children."""
    async with database.tenant(elm.id) as db:
        mother, first, second = [
            await registering.register(
                db, alice.actor, Demographics(last_name="Okafor", first_name=name)
            )
            for name in ("Ada", "Ben", "Cleo")
        ]
    return mother, first, second


async def test_without_a_word_each_pays_for_himself(
    database: Database, elm: Tenant, family: tuple[UUID, UUID, UUID]
) -> None:
    async with database.tenant(elm.id) as db:
        assert await guarantors.guarantor_of(db, [*family, new_id()]) == {
            one: one for one in family
        }
        for one in family:
            assert await guarantors.dependants_of(db, one) == [one]


async def test_a_mother_pays_for_her_children_until_one_is_grown(
    database: Database, elm: Tenant, alice: Person, family: tuple[UUID, UUID, UUID]
) -> None:
    mother, first, second = family
    async with database.tenant(elm.id) as db:
        await guarantors.assign(db, alice.actor, first, mother)
        await guarantors.assign(db, alice.actor, second, mother)
        assert set((await guarantors.guarantor_of(db, family)).values()) == {mother}
        assert set(await guarantors.dependants_of(db, mother)) == set(family)
        assert await guarantors.dependants_of(db, first) == []
        await guarantors.assign(db, alice.actor, first, first)
        assert set(await guarantors.dependants_of(db, mother)) == {mother, second}
        assert await guarantors.dependants_of(db, first) == [first]


async def test_there_is_no_chain_of_payers(
    database: Database, elm: Tenant, alice: Person, family: tuple[UUID, UUID, UUID]
) -> None:
    mother, first, second = family
    async with database.tenant(elm.id) as db:
        await guarantors.assign(db, alice.actor, first, mother)
        with pytest.raises(PaidForByAnother):
            await guarantors.assign(db, alice.actor, second, first)
        with pytest.raises(PaidForByAnother):
            await guarantors.assign(db, alice.actor, mother, second)
        with pytest.raises(PatientNotFound):
            await guarantors.assign(db, alice.actor, second, new_id())


async def test_what_is_owed_under_a_merged_record_is_owed_by_who_pays_for_the_survivor(
    database: Database, elm: Tenant, alice: Person, family: tuple[UUID, UUID, UUID]
) -> None:
    mother, child, twice = family
    async with database.tenant(elm.id) as db:
        await guarantors.assign(db, alice.actor, child, mother)
        await db.execute(update(Patient).where(Patient.id == twice).values(merged_into=child))
        assert (await guarantors.guarantor_of(db, [twice]))[twice] == mother
        assert set(await guarantors.dependants_of(db, mother)) == set(family)


async def test_who_pays_was_merged_too(
    database: Database, elm: Tenant, alice: Person, family: tuple[UUID, UUID, UUID]
) -> None:
    """The mother was on file twice: whoever survives pays for her child."""
    mother, child, twice = family
    async with database.tenant(elm.id) as db:
        await guarantors.assign(db, alice.actor, child, twice)
        await db.execute(update(Patient).where(Patient.id == twice).values(merged_into=mother))
        assert (await guarantors.guarantor_of(db, [child, twice])) == {
            child: mother,
            twice: mother,
        }
        assert set(await guarantors.dependants_of(db, mother)) == set(family)
        assert await guarantors.dependants_of(db, twice) == []


async def test_it_takes_a_permission_and_stays_in_its_practice(
    database: Database,
    elm: Tenant,
    oak: Tenant,
    mallory: Person,
    family: tuple[UUID, UUID, UUID],
) -> None:
    mother, child, _ = family
    async with database.tenant(elm.id) as db:
        with pytest.raises(Refused):
            await guarantors.assign(db, actor_with(["coder"]), child, mother)
    async with database.tenant(oak.id) as db:
        with pytest.raises(PatientNotFound):
            await guarantors.assign(db, mallory.actor, child, mother)
        assert await guarantors.guarantor_of(db, [child]) == {}
        assert await guarantors.dependants_of(db, mother) == []
