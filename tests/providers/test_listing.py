"""The list of providers: by NPI, brought up to date by what the practice's own files say."""

from billing_saas.edi.parties import Address
from billing_saas.kit.db import Database
from billing_saas.providers import listing, queries
from billing_saas.providers.rules import SeenProvider
from tests.cast import Person, Tenant

ELM_STREET = Address(line1="1 ELM ST", city="ELMTON", state="IL", postal_code="627010001")
GROUP = SeenProvider(
    npi="1922164458",
    name="ELM",
    taxonomy="207Q00000X",
    tax_id="999994703",
    address=ELM_STREET,
)


async def test_listed_once_and_silence_changes_nothing(
    database: Database, elm: Tenant, alice: Person
) -> None:
    async with database.tenant(elm.id) as db:
        first = await listing.list_many(db, alice.actor, [GROUP])
        again = await listing.list_many(
            db,
            alice.actor,
            [SeenProvider(npi=GROUP.npi, name="ELM FAMILY MEDICINE", taxonomy="208D00000X")],
        )
        (row,) = await queries.providers(db, alice.actor)
    assert first == again == {GROUP.npi: row.id}
    assert (row.name, row.taxonomy, row.tax_id) == (
        "ELM FAMILY MEDICINE",
        "208D00000X",
        "999994703",
    )
    assert (row.address_line1, row.postal_code) == ("1 ELM ST", "627010001")


async def test_an_address_is_replaced_whole(database: Database, elm: Tenant, alice: Person) -> None:
    suite = Address(
        line1="2 ELM ST", line2="SUITE 4", city="ELMTON", state="IL", postal_code="627010002"
    )
    bare = Address(line1="3 ELM ST", city="ELMTON", state="IL", postal_code="627010003")
    async with database.tenant(elm.id) as db:
        for address in (suite, bare):
            await listing.list_many(
                db, alice.actor, [SeenProvider(npi=GROUP.npi, name="ELM", address=address)]
            )
        (row,) = await queries.providers(db, alice.actor)
    assert (row.address_line1, row.address_line2) == ("3 ELM ST", "")


async def test_one_who_bills_and_treats_is_one_provider(
    database: Database, elm: Tenant, alice: Person
) -> None:
    treating = SeenProvider(npi=GROUP.npi, name="ELM", taxonomy="207Q00000X")
    async with database.tenant(elm.id) as db:
        await listing.list_many(db, alice.actor, [GROUP, treating])
        (row,) = await queries.providers(db, alice.actor)
    assert row.tax_id == "999994703"
    assert row.address_line1 == "1 ELM ST"


async def test_a_stranger_finds_nothing(
    database: Database, elm: Tenant, oak: Tenant, alice: Person, mallory: Person
) -> None:
    async with database.tenant(elm.id) as db:
        ids = await listing.list_many(db, alice.actor, [GROUP])
    async with database.tenant(oak.id) as db:
        assert await queries.providers(db, mallory.actor) == []
        assert await queries.by_ids(db, ids.values()) == {}
        # The same NPI is Oak's own to list: nothing tells that Elm has it.
        assert (await listing.list_many(db, mallory.actor, [GROUP])).keys() == ids.keys()
