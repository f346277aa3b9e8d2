"""What stops asking, stops it everywhere at once: messages, proposals, and an agency that was asked already."""

import asyncio
from datetime import timedelta
from uuid import UUID

import psycopg
import pytest

from billing_saas.circumstances import queries, recording, rules
from billing_saas.circumstances.errors import (
    AlreadyRecorded,
    BadCircumstance,
    CircumstanceEnded,
    CircumstanceNotFound,
)
from billing_saas.circumstances.rules import Kind, Particulars
from billing_saas.collections import placing, proposing
from billing_saas.collections import queries as placements
from billing_saas.collections.errors import NotEligible
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import Database
from billing_saas.kit.paging import PageRequest
from billing_saas.ledger.rules import Account
from billing_saas.messages import pausing
from billing_saas.patients.errors import PatientNotFound
from tests.cast import Person, Tenant, enrolled
from tests.cluster import Clone
from tests.collections.accounts import Books

NOTE = Particulars(number="26-10442", court="Northern District", contact="Trustee Thornapple")


async def record(books: Books, patient_id: UUID, kind: Kind, by: Actor | None = None) -> UUID:
    async with books.database.tenant(books.practice.id) as db:
        return await recording.record(db, by or books.actor, patient_id, kind, books.today, NOTE)


async def placed(books: Books, proven: Actor, guarantor_id: UUID) -> UUID:
    async with books.database.tenant(books.practice.id) as db:
        placement_id = await proposing.propose(db, books.actor, guarantor_id)
        await placing.place(db, proven, placement_id)
    return placement_id


async def state_of(books: Books, placement_id: UUID) -> tuple[str, str]:
    async with books.database.tenant(books.practice.id) as db:
        row = (await placements.placement(db, books.actor, placement_id)).row
        return row.state, row.reason


async def paused(books: Books, patient_id: UUID) -> list[str]:
    async with books.database.tenant(books.practice.id) as db:
        return [one.kind for one in (await pausing.pauses_of(db, [patient_id])).get(patient_id, [])]


@pytest.mark.parametrize("kind", ["bankruptcy", "deceased", "dispute"])
async def test_it_recalls_what_an_agency_has(
    books: Books, agency: UUID, proven: Actor, alice: Person, kind: Kind
) -> None:
    """By whoever may record it: Alice may not recall, and the stay waits for nobody who may."""
    garcia = await books.overdue()
    placement_id = await placed(books, proven, garcia)
    await record(books, garcia, kind, alice.actor)
    assert await state_of(books, placement_id) == ("recalled", kind)
    balances = await books.balances(garcia)
    assert balances[Account.PATIENT_RECEIVABLE] == 12_345
    assert Account.AGENCY not in balances
    assert await paused(books, garcia) == [kind]
    with pytest.raises(NotEligible):
        await placed(books, proven, garcia)


async def test_returned_mail_pauses_and_recalls_nothing(
    books: Books, agency: UUID, proven: Actor
) -> None:
    garcia, other = await books.overdue(), await books.overdue()
    with_agency = await placed(books, proven, garcia)
    async with books.database.tenant(books.practice.id) as db:
        proposed = await proposing.propose(db, books.actor, other)
    await record(books, garcia, "returned_mail")
    await record(books, other, "returned_mail")
    assert (await state_of(books, with_agency))[0] == "placed"
    assert (await state_of(books, proposed))[0] == "lapsed"
    assert await paused(books, garcia) == ["returned_mail"]


async def test_of_a_dependant_the_account_of_who_pays_is_recalled(
    books: Books, agency: UUID, proven: Actor
) -> None:
    parent = await books.overdue()
    child = await books.person(pays=parent)
    await books.owe(child, 9_000)
    await books.bill(parent, {child: 9_000}, days_ago=140)
    await books.bill(parent, {child: 9_000}, days_ago=40, stage="final_notice")
    placement_id = await placed(books, proven, parent)
    await record(books, child, "deceased")
    assert await state_of(books, placement_id) == ("recalled", "deceased")


async def test_placing_and_a_bankruptcy_at_once_end_recalled_or_unplaced(
    books: Books, agency: UUID, proven: Actor
) -> None:
    """Whoever comes first: nothing of her is with an agency afterwards."""
    for _ in range(6):
        garcia = await books.overdue()
        async with books.database.tenant(books.practice.id) as db:
            placement_id = await proposing.propose(db, books.actor, garcia)

        async def place(placement_id: UUID = placement_id) -> None:
            async with books.database.tenant(books.practice.id) as db:
                await placing.place(db, proven, placement_id)

        answers = await asyncio.gather(
            place(), record(books, garcia, "bankruptcy"), return_exceptions=True
        )
        assert isinstance(answers[1], UUID), answers
        assert (await state_of(books, placement_id))[0] in ("recalled", "lapsed")
        assert Account.AGENCY not in await books.balances(garcia)


async def test_it_ends_as_one_of_its_kind_and_asking_goes_on(books: Books) -> None:
    garcia = await books.overdue()
    circumstance_id = await record(books, garcia, "dispute")
    with pytest.raises(AlreadyRecorded):
        await record(books, garcia, "dispute")
    await record(books, garcia, "returned_mail")
    with pytest.raises(BadCircumstance):
        async with books.database.tenant(books.practice.id) as db:
            await recording.end(db, books.actor, circumstance_id, "discharged")
    async with books.database.tenant(books.practice.id) as db:
        await recording.end(db, books.actor, circumstance_id, "resolved")
    assert await paused(books, garcia) == ["returned_mail"]
    with pytest.raises(CircumstanceEnded):
        async with books.database.tenant(books.practice.id) as db:
            await recording.end(db, books.actor, circumstance_id, "resolved")
    async with books.database.tenant(books.practice.id) as db:
        page = await queries.circumstances(db, books.actor, PageRequest(), standing=True)
    assert [row.kind for row in page.rows] == ["returned_mail"]
    await record(books, garcia, "dispute")


def test_every_kind_ends_and_can_have_been_a_mistake() -> None:
    kinds = {"bankruptcy", "deceased", "dispute", "returned_mail"}
    assert set(rules.ENDS) == kinds
    assert all("recorded_by_mistake" in ends for ends in rules.ENDS.values())


async def test_particulars_are_sealed_and_shown_one_at_a_time(books: Books, clone: Clone) -> None:
    garcia = await books.person()
    circumstance_id = await record(books, garcia, "bankruptcy")
    async with books.database.tenant(books.practice.id) as db:
        assert (await queries.circumstance(db, books.actor, circumstance_id)).particulars == NOTE
    with psycopg.connect(clone.url("postgres")) as above:
        row = above.execute("SELECT phi_demo FROM circumstance").fetchone()
    assert row is not None
    assert b"Thornapple" not in row[0]
    late = books.today + timedelta(days=1)
    with pytest.raises(BadCircumstance):
        async with books.database.tenant(books.practice.id) as db:
            await recording.record(db, books.actor, garcia, "deceased", late, Particulars())


async def test_a_stranger_finds_nothing(books: Books, database: Database, oak: Tenant) -> None:
    garcia = await books.person()
    circumstance_id = await record(books, garcia, "dispute")
    otto = await enrolled(database, oak, "otto", "practice_admin")
    async with database.tenant(oak.id) as db:
        with pytest.raises(CircumstanceNotFound):
            await queries.circumstance(db, otto.actor, circumstance_id)
        with pytest.raises(CircumstanceNotFound):
            await recording.end(db, otto.actor, circumstance_id, "resolved")
        with pytest.raises(PatientNotFound):
            await recording.record(db, otto.actor, garcia, "dispute", books.today, NOTE)
