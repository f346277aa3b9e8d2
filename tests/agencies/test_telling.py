"""What leaves for an agency: no more than it needs, by a person, told in the trail of everybody in it."""

from dataclasses import replace
from datetime import date
from uuid import UUID

import psycopg
import pytest

from billing_saas.agencies import telling
from billing_saas.agencies.errors import AgencyFileNotFound, NothingToTell
from billing_saas.collections import ending, policies
from billing_saas.collections.errors import AgencyNotFound, NoAgreement
from billing_saas.edi.parties import Address
from billing_saas.followups import queries as followups
from billing_saas.identity.rules import permissions_of
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor, ActorKind, NotPermitted, StepUpRequired
from billing_saas.kit.db import Database
from billing_saas.kit.paging import PageRequest
from billing_saas.patients import accounting
from tests.agencies.birch import Birch
from tests.cast import Person, Tenant, enrolled
from tests.cluster import Clone
from tests.collections.accounts import Books
from tests.collections.conftest import AGENCY


@pytest.fixture
def birch(books: Books, agency: UUID, proven: Actor) -> Birch:
    return Birch(books, agency, proven)


async def test_a_file_names_who_owes_and_how_much_and_nothing_else(
    birch: Birch, books: Books
) -> None:
    garcia = await books.overdue(12_345, last_name='=cmd|"x"', born=date(1980, 5, 17))
    placement_id = await birch.placed(garcia)
    (row,) = await birch.told()
    shown = (await birch.shown(placement_id)).row
    assert row == {
        "action": "place",
        "reference": shown.reference,
        "amount": "123.45",
        "day": books.today.isoformat(),
        "reason": "",
        "creditor": books.practice.name,
        "last_name": '\'=cmd|"x"',
        "first_name": "Ana",
        "suffix": "",
        "address_1": "1 Main St",
        "address_2": "",
        "city": "Springfield",
        "state": "IL",
        "postal_code": "62701",
        "phone": "2175550142",
        "first_billed_on": shown.first_statement_on.isoformat(),
        "last_billed_on": shown.last_statement_on.isoformat(),
    }
    assert "1980" not in str(row).replace(shown.reference, "")
    assert str(garcia) not in str(row)


async def test_once_told_only_the_reference_is_said_again(birch: Birch, books: Books) -> None:
    placement_id = await birch.placed(await books.overdue())
    await birch.told()
    async with books.database.tenant(books.practice.id) as db:
        await ending.recall(db, birch.proven, placement_id, "insurance_found")
        assert set(await followups.open_by_kind(db, birch.proven)) == {"agency_to_be_told"}
    (row,) = await birch.told()
    assert (row["action"], row["amount"], row["reason"]) == ("recall", "123.45", "insurance_found")
    assert row["reference"] == await birch.reference(placement_id)
    assert row["last_name"] == row["address_1"] == row["phone"] == row["first_billed_on"] == ""
    async with books.database.tenant(books.practice.id) as db:
        assert await followups.open_by_kind(db, birch.proven) == {}
        with pytest.raises(NothingToTell):
            await telling.make_file(db, birch.proven, birch.agency_id)


async def test_what_was_recalled_before_it_was_told_is_never_told(
    birch: Birch, books: Books
) -> None:
    placement_id = await birch.placed(await books.overdue())
    async with books.database.tenant(books.practice.id) as db:
        await ending.recall(db, birch.proven, placement_id, "placed_by_mistake")
        with pytest.raises(NothingToTell):
            await telling.make_file(db, birch.proven, birch.agency_id)


async def test_making_and_opening_are_disclosures_in_the_patients_own_account(
    birch: Birch, books: Books, ada: Person
) -> None:
    garcia = await books.overdue()
    await birch.placed(garcia)
    await birch.file()
    async with books.database.tenant(books.practice.id) as db:
        seen = await accounting.accesses(db, ada.actor, garcia, PageRequest())
    told = {access.event.action: access.event for access in seen.rows}
    assert {"agency.file", "agency.disclose"} <= set(told)
    assert told["agency.disclose"].detail["to"] == str(birch.agency_id)
    assert told["agency.disclose"].actor_id == birch.proven.id


async def test_a_file_is_made_and_opened_by_a_person_who_proved_it(
    birch: Birch, books: Books, alice: Person, proven: Actor
) -> None:
    await birch.placed(await books.overdue())
    file_id, _ = await birch.file()
    everything = permissions_of(["practice_admin", "supervisor"])
    for who, refusal in (
        (replace(proven, stepped_up_at=None), StepUpRequired),
        (replace(alice.actor, stepped_up_at=clock.now()), NotPermitted),
        (Actor(kind=ActorKind.SYSTEM, id=UUID(int=9), permissions=everything), NotPermitted),
        (Actor(kind=ActorKind.CLIENT, id=UUID(int=8), permissions=everything), NotPermitted),
    ):
        async with books.database.tenant(books.practice.id) as db:
            with pytest.raises(refusal):
                await telling.make_file(db, who, birch.agency_id)
            with pytest.raises(refusal):
                await telling.open_file(db, who, file_id)


@pytest.mark.parametrize("day", [None, date(2026, 2, 1)])
async def test_without_an_agreement_that_is_good_no_file_is_made_or_opened(
    birch: Birch, books: Books, day: date | None
) -> None:
    await birch.placed(await books.overdue())
    file_id, _ = await birch.file()
    await birch.placed(await books.overdue())
    lacking = {"baa_signed_on": None, "baa_signed_by": ""} if day is None else {"baa_ends_on": day}
    terms = {name: getattr(AGENCY, name) for name in AGENCY.__struct_fields__} | lacking
    async with books.database.tenant(books.practice.id) as db:
        await policies.change_agency(db, birch.proven, birch.agency_id, policies.NewAgency(**terms))
    async with books.database.tenant(books.practice.id) as db:
        with pytest.raises(NoAgreement):
            await telling.make_file(db, birch.proven, birch.agency_id)
        with pytest.raises(NoAgreement):
            await telling.open_file(db, birch.proven, file_id)


async def test_a_file_lies_sealed(birch: Birch, books: Books, clone: Clone) -> None:
    address = Address(line1="9 Canary Row", city="Springfield", state="IL", postal_code="62701")
    await birch.placed(await books.overdue(last_name="Fernhollow", address=address))
    _, content = await birch.file()
    assert b"Fernhollow" in content
    with psycopg.connect(clone.url("postgres")) as above:
        chunks = above.execute("SELECT sealed FROM blob_chunk").fetchall()
        (row,) = above.execute("SELECT agency_file::text FROM agency_file").fetchall()
    assert chunks
    assert not any(b"Fernhollow" in chunk or b"Canary" in chunk for (chunk,) in chunks)
    assert "Fernhollow" not in row[0]


async def test_a_stranger_finds_nothing(
    birch: Birch, books: Books, database: Database, oak: Tenant
) -> None:
    await birch.placed(await books.overdue())
    file_id, _ = await birch.file()
    otto = replace(
        (await enrolled(database, oak, "otto", "practice_admin", "supervisor")).actor,
        stepped_up_at=clock.now(),
    )
    async with database.tenant(oak.id) as db:
        with pytest.raises(AgencyFileNotFound):
            await telling.open_file(db, otto, file_id)
        with pytest.raises(AgencyNotFound):
            await telling.make_file(db, otto, birch.agency_id)
