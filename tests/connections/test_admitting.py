"""What comes over a connection is held to what was agreed: test or production, and numbers once."""

import re
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from billing_saas.connections import making
from billing_saas.connections.making import Changed
from billing_saas.connections.tables import InterchangeReceived
from billing_saas.kit.db import Database
from tests.cast import Person, Tenant, enrolled
from tests.connections.agreements import BOSS, agreement, made, with_payer
from tests.imports.practice_files import claims_file
from tests.imports.test_claims837 import arrived
from tests.remittances.desk import Desk, opened, paid


def numbered(content: bytes, number: int) -> bytes:
    """The same file as another interchange; its claims have other numbers too."""
    isa = b"%09d" % number
    content = re.sub(rb"\*000000001\*0\*P", b"*" + isa + b"*0*P", content)
    return content.replace(b"IEA*1*000000001", b"IEA*1*" + isa)


def renamed(content: bytes, mark: bytes) -> bytes:
    """Other claims in the same interchange."""
    return content.replace(b"~CLM*", b"~CLM*" + mark)


async def history(database: Database, tenant: Tenant) -> list[tuple[UUID, str, str, bool]]:
    async with database.tenant(tenant.id) as db:
        rows = await db.scalars(select(InterchangeReceived).order_by(InterchangeReceived.id))
        return [(row.connection_id, row.control_number, row.usage, row.accepted) for row in rows]


# --- claims of a practice's system ---


async def test_without_a_connection_all_is_as_it_was(
    database: Database, elm: Tenant, alice: Person
) -> None:
    await made(database, elm, agreement(partner=with_payer(elm).partner))
    content = claims_file(elm, 2)
    await arrived(database, elm, alice, content)
    again = await arrived(database, elm, alice, renamed(content, b"N"))
    assert (again.state, again.codes, again.claims) == ("handled", [], 4)
    assert await history(database, elm) == []


async def test_a_number_that_came_before_is_refused_and_its_claims_with_it(
    database: Database, elm: Tenant, alice: Person
) -> None:
    connection_id = await made(database, elm, agreement())
    content = claims_file(elm, 2)
    first = await arrived(database, elm, alice, content)
    assert (first.state, first.codes, first.claims) == ("handled", [], 2)
    repeated = await arrived(database, elm, alice, renamed(content, b"N"))
    assert repeated.claims == 2
    assert repeated.state == "held"
    assert [(f.code, f.segment, f.element) for f in repeated.findings] == [
        ("interchange_repeated", "ISA", 13),
    ]
    mended = await arrived(database, elm, alice, numbered(renamed(content, b"N"), 2))
    assert (mended.state, mended.codes, mended.claims) == ("handled", [], 4)
    assert await history(database, elm) == [
        (connection_id, "000000001", "P", True),
        (connection_id, "000000001", "P", False),
        (connection_id, "000000002", "P", True),
    ]


async def test_a_number_twice_in_one_file_is_taken_once(
    database: Database, elm: Tenant, alice: Person
) -> None:
    await made(database, elm, agreement())
    content = claims_file(elm, 2)
    both = await arrived(database, elm, alice, content + renamed(content, b"N"))
    assert (both.codes, both.claims) == (["interchange_repeated"], 2)


async def test_what_was_refused_as_a_whole_may_come_again_under_its_number(
    database: Database, elm: Tenant, alice: Person
) -> None:
    await made(database, elm, agreement())
    content = claims_file(elm, 2)
    broken = await arrived(database, elm, alice, content[: content.rindex(b"~IEA") + 1])
    assert (broken.state, broken.claims) == ("held", 0)
    unreadable = await arrived(database, elm, alice, content[:-40] + b"\0" + content[-40:])
    assert unreadable.state == "unreadable"
    whole = await arrived(database, elm, alice, content)
    assert (whole.state, whole.codes, whole.claims) == ("handled", [], 2)
    assert [accepted for *_, accepted in await history(database, elm)] == [False, True]


async def test_repeats_are_taken_where_that_was_agreed(
    database: Database, elm: Tenant, alice: Person
) -> None:
    await made(database, elm, agreement(refuses_repeats=False))
    content = claims_file(elm, 2)
    await arrived(database, elm, alice, content)
    again = await arrived(database, elm, alice, renamed(content, b"N"))
    assert (again.codes, again.claims) == ([], 4)
    assert len(await history(database, elm)) == 2


async def test_test_and_production_are_never_mixed(
    database: Database, elm: Tenant, alice: Person
) -> None:
    production = await made(database, elm, agreement())
    content = claims_file(elm, 2)
    test = claims_file(elm, 2, usage="T")
    refused = await arrived(database, elm, alice, test)
    assert (refused.state, refused.codes, refused.claims) == ("held", ["usage_not_agreed"], 0)
    assert (refused.findings[0].segment, refused.findings[0].element) == ("ISA", 15)
    from_sandbox = await arrived(database, elm, alice, test, source="sandbox")
    assert (from_sandbox.codes, from_sandbox.claims) == (["usage_not_agreed"], 0)
    assert {row[0] for row in await history(database, elm)} == {production}

    async with database.tenant(elm.id) as db:
        await making.change(db, BOSS, production, Changed("resting", True, False))
    await made(database, elm, agreement(usage="T"))
    refused = await arrived(database, elm, alice, content)
    assert (refused.codes, refused.claims) == (["usage_not_agreed"], 0)


async def test_the_same_ids_may_serve_both_each_over_its_own_connection(
    database: Database, elm: Tenant, alice: Person
) -> None:
    production = await made(database, elm, agreement())
    test = await made(database, elm, agreement(usage="T"))
    taken = await arrived(database, elm, alice, claims_file(elm, 2))
    assert (taken.codes, taken.claims) == ([], 2)
    # What is a test comes in, and is never a claim (rule 54).
    tried = await arrived(database, elm, alice, claims_file(elm, 2, usage="T"))
    assert (tried.state, tried.codes, tried.claims) == ("held", ["test_file"], 2)
    assert [row[0] for row in await history(database, elm)] == [production, test]


async def test_another_practices_connection_and_numbers_are_not_ours(
    database: Database, elm: Tenant, oak: Tenant, alice: Person, mallory: Person
) -> None:
    await made(database, elm, agreement())
    await arrived(database, elm, alice, claims_file(elm, 2))
    # Oak has no connection: the same sender and number are no repeat there.
    taken = await arrived(database, oak, mallory, claims_file(oak, 2))
    assert (taken.codes, taken.claims) == ([], 2)
    assert await history(database, oak) == []


# --- remittances ---


@pytest.fixture
async def desk(database: Database, elm: Tenant) -> Desk:
    person = await enrolled(database, elm, "sam", "supervisor", "auditor")
    return await opened(database, elm, person, 20)


def answers(desk: Desk, **changes: Any) -> bytes:
    """An 835 that pays one claim in full."""
    claim = desk.claim()
    lines = [(line.charge_cents, ()) for line in claim.lines]
    return desk.remittance(claim, paid(claim, *lines), check=desk.check(**changes))


async def test_a_clearinghouse_uses_numbers_again_and_is_paid(
    database: Database, elm: Tenant, desk: Desk
) -> None:
    connection_id = await made(database, elm, with_payer(elm))
    for _ in range(2):
        arrival = await desk.remit(answers(desk, control_number=7))
        assert arrival.state == "handled"
    assert [one.state for one in await desk.remittances()] == ["posted", "posted"]
    assert await history(database, elm) == [(connection_id, "000000007", "P", True)] * 2


async def test_money_is_never_refused_for_a_number_even_of_a_practices_system(
    database: Database, elm: Tenant, desk: Desk
) -> None:
    await made(database, elm, with_payer(elm, kind="practice_system", refuses_repeats=True))
    for _ in range(2):
        arrival = await desk.remit(answers(desk, control_number=7))
        assert arrival.state == "handled"


async def test_a_test_payment_on_a_production_connection_is_held_and_leaves_no_row(
    database: Database, elm: Tenant, desk: Desk
) -> None:
    await made(database, elm, with_payer(elm))
    arrival = await desk.remit(answers(desk, usage="T"))
    assert arrival.state == "held"
    found = await desk.findings(arrival.id)
    assert [(one.code, one.segment, one.element) for one in found] == [
        ("usage_not_agreed", "ISA", 15)
    ]
    assert await desk.remittances() == []
    assert await desk.card_kinds() == ["remittance_file_held"]
    assert [accepted for *_, accepted in await history(database, elm)] == [False]


async def test_a_production_payment_on_a_test_connection_is_held(
    database: Database, elm: Tenant, desk: Desk
) -> None:
    await made(database, elm, with_payer(elm, usage="T"))
    arrival = await desk.remit(answers(desk))
    assert arrival.state == "held"
    assert [one.code for one in await desk.findings(arrival.id)] == ["usage_not_agreed"]


async def test_of_a_file_of_both_the_payment_agreed_on_is_posted(
    database: Database, elm: Tenant, desk: Desk
) -> None:
    await made(database, elm, with_payer(elm))
    arrival = await desk.remit(answers(desk, usage="T") + answers(desk))
    assert [one.state for one in await desk.remittances()] == ["posted"]
    assert [one.code for one in await desk.findings(arrival.id)] == ["usage_not_agreed"]
    assert arrival.state == "held"  # a person must see that something was not taken
