"""An arrival is handled once, and how it ended is written with what it caused."""

import asyncio
from uuid import UUID

import pytest

from billing_saas.edi.findings import Finding, Place
from billing_saas.inbox import queries, receiving
from billing_saas.inbox.errors import AlreadyHandled, ArrivalNotFound
from billing_saas.inbox.handling import handling
from billing_saas.inbox.queries import ArrivalShown
from billing_saas.inbox.rules import MOST_FINDINGS
from billing_saas.kit.db import Database
from billing_saas.kit.ids import new_id
from billing_saas.kit.paging import PageRequest
from tests.cast import Person, Tenant
from tests.inbox.notes import HandleArrival, chunks


def finding(n: int, severity: str = "error") -> Finding:
    return Finding(
        severity="error" if severity == "error" else "warning",
        level="element",
        code="2",
        message=f"Fault {n}",
        place=Place(1, 1, 1, n),
        segment="CLP",
        element=2,
    )


async def arrived(database: Database, tenant: Tenant, person: Person) -> UUID:
    async with database.tenant(tenant.id) as db:
        received = await receiving.receive(
            db,
            person.actor,
            source="upload",
            kind="unknown",
            name="file",
            chunks=chunks(b"a file"),
            job_for=HandleArrival,
        )
    return received.arrival_id


async def shown(
    database: Database, tenant: Tenant, person: Person, arrival_id: UUID
) -> ArrivalShown:
    async with database.tenant(tenant.id) as db:
        return await queries.arrival(db, person.actor, arrival_id)


async def test_it_is_handled_once(database: Database, elm: Tenant, alice: Person) -> None:
    arrival_id = await arrived(database, elm, alice)
    entered = 0

    async def handle() -> None:
        nonlocal entered
        async with database.tenant(elm.id) as db, handling(db, arrival_id) as arrival:
            entered += 1
            arrival.kind = "835"
            await asyncio.sleep(0.05)

    answers = await asyncio.gather(*(handle() for _ in range(5)), return_exceptions=True)
    assert entered == 1
    assert [type(answer) for answer in answers if answer is not None] == [AlreadyHandled] * 4
    row = await shown(database, elm, alice, arrival_id)
    assert (row.state, row.kind, row.errors, row.warnings) == ("handled", "835", 0, 0)
    assert row.handled_at is not None


async def test_an_error_leaves_it_as_it_was(database: Database, elm: Tenant, alice: Person) -> None:
    arrival_id = await arrived(database, elm, alice)

    async def fail() -> None:
        async with database.tenant(elm.id) as db, handling(db, arrival_id) as arrival:
            arrival.report([finding(1)])
            raise RuntimeError("weather")

    with pytest.raises(RuntimeError):
        await fail()
    row = await shown(database, elm, alice, arrival_id)
    assert (row.state, row.errors, row.handled_at) == ("received", 0, None)


async def test_findings_are_counted_to_the_last_and_kept_in_order(
    database: Database, elm: Tenant, alice: Person
) -> None:
    arrival_id = await arrived(database, elm, alice)
    async with database.tenant(elm.id) as db, handling(db, arrival_id) as arrival:
        arrival.report(finding(n) for n in range(1, 6_001))
        arrival.report(finding(n, "warning") for n in range(300))
    row = await shown(database, elm, alice, arrival_id)
    assert (row.errors, row.warnings) == (6_000, 300)
    messages: list[str] = []
    after = None
    async with database.tenant(elm.id) as db:
        while True:
            page = await queries.findings(
                db, alice.actor, arrival_id, PageRequest(limit=200, after=after)
            )
            messages += [found.message for found in page.rows]
            if page.next_cursor is None:
                break
            after = UUID(int=page.rows[-1].n)
    assert messages == [f"Fault {n}" for n in range(1, MOST_FINDINGS + 1)]


async def test_what_is_unreadable_says_where(
    database: Database, elm: Tenant, alice: Person
) -> None:
    arrival_id = await arrived(database, elm, alice)
    async with database.tenant(elm.id) as db, handling(db, arrival_id) as arrival:
        arrival.unreadable("The file ends inside its ISA segment.")
    assert (await shown(database, elm, alice, arrival_id)).state == "unreadable"
    async with database.tenant(elm.id) as db:
        (found,) = (await queries.findings(db, alice.actor, arrival_id, PageRequest())).rows
    assert (found.code, found.message) == ("unreadable", "The file ends inside its ISA segment.")


async def test_a_held_arrival_is_taken_up_only_on_purpose(
    database: Database, elm: Tenant, alice: Person
) -> None:
    arrival_id = await arrived(database, elm, alice)
    async with database.tenant(elm.id) as db:
        with pytest.raises(AlreadyHandled):
            await handling(db, arrival_id, held=True).__aenter__()
    async with database.tenant(elm.id) as db, handling(db, arrival_id) as arrival:
        arrival.report([finding(1)])
        arrival.hold()
    async with database.tenant(elm.id) as db:
        with pytest.raises(AlreadyHandled):
            await handling(db, arrival_id).__aenter__()
    async with database.tenant(elm.id) as db, handling(db, arrival_id, held=True) as arrival:
        arrival.report([finding(2, "warning")])
    row = await shown(database, elm, alice, arrival_id)
    assert (row.state, row.errors, row.warnings) == ("handled", 1, 1)
    async with database.tenant(elm.id) as db:
        page = await queries.findings(db, alice.actor, arrival_id, PageRequest())
    assert [(found.n, found.message) for found in page.rows] == [(1, "Fault 1"), (2, "Fault 2")]


async def test_a_hostile_finding_is_kept_all_the_same(
    database: Database, elm: Tenant, alice: Person
) -> None:
    arrival_id = await arrived(database, elm, alice)
    hostile = Finding(
        severity="error",
        level="segment",
        code="1",
        message="What is this?",
        place=Place(1, 2**40, 1, 2**40),
        segment="N\0M\ud800",
        element=10**6,
    )
    async with database.tenant(elm.id) as db, handling(db, arrival_id) as arrival:
        arrival.report([hostile])
    async with database.tenant(elm.id) as db:
        (found,) = (await queries.findings(db, alice.actor, arrival_id, PageRequest())).rows
    assert (found.segment, found.element) == ("N\ufffdM?", 32_767)


async def test_a_stranger_cannot_handle_it(
    database: Database, elm: Tenant, oak: Tenant, alice: Person
) -> None:
    arrival_id = await arrived(database, elm, alice)
    async with database.tenant(oak.id) as db:
        for wanted in (arrival_id, new_id()):
            with pytest.raises(ArrivalNotFound):
                await handling(db, wanted).__aenter__()
