"""Statements follow the money, and show what the ledger says whoever moved it."""

import asyncio
from uuid import UUID

import pytest
from sqlalchemy import select

from billing_saas.kit.ids import new_id
from billing_saas.links.tables import PortalLink
from billing_saas.messages import consents, contacts, pausing
from billing_saas.messages.contacts import Wanted
from billing_saas.messages.tables import Message
from billing_saas.statement_runs import issuing
from billing_saas.statement_runs.errors import NotIssued
from billing_saas.statements import following, queries
from billing_saas.statements.errors import StatementNotFound
from billing_saas.statements.jobs import FollowStatements
from billing_saas.statements.queries import Bill
from tests.api.asking import Elm
from tests.cast import Person, Tenant
from tests.remittances.books import answer, remit, unpost
from tests.remittances.desk import Desk
from tests.statements.stories import (
    give_back,
    owed,
    owing_patient,
    pay,
    put_rules,
    statements_of,
    text_of,
)


async def issued(at_elm: Elm, guarantor: UUID) -> UUID:
    made = await at_elm.ask("POST", f"/patients/{guarantor}/statements")
    assert made.status_code == 201, made.text
    return UUID(made.json()["id"])


async def bill(desk: Desk, guarantor: UUID, statement: UUID) -> Bill:
    async with desk.database.tenant(desk.tenant.id) as db:
        return await queries.payable_bill(db, guarantor, statement)


async def test_a_statement_is_part_paid_paid_and_open_again(desk: Desk, at_elm: Elm) -> None:
    guarantor = await owing_patient(desk, lines=2)
    statement = await issued(at_elm, guarantor)
    first, second = await owed(desk.database, desk.tenant.id, guarantor)

    async def state() -> tuple[str, int, int]:
        kept = (await at_elm.ask("GET", f"/statements/{statement}")).json()["statement"]
        derived = await bill(desk, guarantor, statement)
        assert kept["state"] == derived.state  # what is kept and what is derived agree
        return kept["state"], kept["balance_cents"], kept["total_cents"]

    assert await state() == ("issued", 1_600, 1_600)
    async with desk.database.tenant(desk.tenant.id) as db:
        await following.viewed(db, desk.person.actor, statement)
        await following.viewed(db, desk.person.actor, statement)
    assert await state() == ("viewed", 1_600, 1_600)
    await pay(desk, first, 300)
    assert await state() == ("part_paid", 1_300, 1_600)
    await pay(desk, first, 500)
    last = await pay(desk, second, 800)
    assert await state() == ("paid", 0, 1_600)
    await give_back(desk, last, guarantor)  # the bank took it back
    assert await state() == ("part_paid", 800, 1_600)


async def test_whoever_journals_the_statement_follows(desk: Desk, at_elm: Elm) -> None:
    """A room that says nothing to statements: what is shown is right at once, what is kept soon."""
    guarantor = await owing_patient(desk, lines=2)
    statement = await issued(at_elm, guarantor)
    (item, *_) = await owed(desk.database, desk.tenant.id, guarantor)
    await pay(desk, item, 300, follow=False)

    async def kept() -> str:
        rows = await desk.sql("SELECT state FROM statement WHERE id = :id", id=statement)
        return str(rows[0].state)

    shown = (await at_elm.ask("GET", f"/statements/{statement}")).json()["statement"]
    assert (await kept(), shown["state"], shown["balance_cents"]) == ("issued", "part_paid", 1_300)
    async with desk.database.tenant(desk.tenant.id) as db:
        await following.recent(db, desk.person.actor, FollowStatements())
    assert await kept() == "part_paid"


async def test_an_era_that_lands_meanwhile_changes_what_is_owed_not_what_was_asked(
    desk: Desk, at_elm: Elm
) -> None:
    """The insurer takes its answer back: nothing is the patient's any more, until it answers anew."""
    claim = desk.claim(lines=2)
    remittance = await remit(desk, claim, answer(claim))
    guarantor = (await desk.record(claim)).claim.patient_id
    statement = await issued(at_elm, guarantor)
    await unpost(desk, remittance.id)
    found = await bill(desk, guarantor, statement)
    assert (found.total_cents, found.balance_cents) == (1_600, 0)
    async with desk.database.tenant(desk.tenant.id) as db:
        assert await queries.open_items(db, statement) == []
        await following.look(db, desk.person.actor)
    assert (await statements_of(at_elm, guarantor))[0]["total_cents"] == 1_600


async def test_what_is_paid_of_one_statement_is_paid_of_the_next(desk: Desk, at_elm: Elm) -> None:
    guarantor = await owing_patient(desk, lines=2)
    first, second = await issued(at_elm, guarantor), await issued(at_elm, guarantor)
    (item, *_) = await owed(desk.database, desk.tenant.id, guarantor)
    await pay(desk, item, 100)
    async with desk.database.tenant(desk.tenant.id) as db:
        bills = await queries.bills_for(db, guarantor)
    assert [(one.id, one.latest) for one in bills] == [(second, True), (first, False)]
    assert [(one.balance_cents, one.state) for one in bills] == [(1_500, "part_paid")] * 2


async def test_a_void_statement_is_no_bill_and_its_links_are_dead(desk: Desk, at_elm: Elm) -> None:
    guarantor = await owing_patient(desk)
    statement = await issued(at_elm, guarantor)
    reason = {"reason": "wrong_amount"}
    voided = await at_elm.ask("POST", f"/statements/{statement}/voiding", json=reason)
    assert voided.status_code == 204
    again = await at_elm.ask("POST", f"/statements/{statement}/voiding", json=reason)
    assert again.json()["type"] == "/problems/illegal-statement-move"
    with pytest.raises(StatementNotFound):
        await bill(desk, guarantor, statement)
    async with desk.database.tenant(desk.tenant.id) as db:
        links = list(await db.scalars(select(PortalLink).where(PortalLink.about == statement)))
    assert links
    assert all(link.ended_at for link in links)


async def test_another_takes_the_place_of_one_that_was_wrong(desk: Desk, at_elm: Elm) -> None:
    guarantor = await owing_patient(desk, lines=2)
    statement = await issued(at_elm, guarantor)
    (item, *_) = await owed(desk.database, desk.tenant.id, guarantor)
    await pay(desk, item, 800)
    made = (await at_elm.ask("POST", f"/statements/{statement}/reissue")).json()
    assert made["statement"]["replaces"] == str(statement)
    assert made["statement"]["total_cents"] == 800
    states = {one["id"]: one["state"] for one in await statements_of(at_elm, guarantor)}
    assert states[str(statement)] == "void"
    (item, *_) = await owed(desk.database, desk.tenant.id, guarantor)
    await pay(desk, item, item.cents)
    refused = await at_elm.ask("POST", f"/statements/{made['id']}/reissue")
    assert refused.status_code == 409
    states = {one["id"]: one["state"] for one in await statements_of(at_elm, guarantor)}
    assert states[made["id"]] == "paid"  # all of it was one act


async def test_who_agreed_to_messages_gets_a_link_and_who_speaks_spanish_spanish(
    desk: Desk, at_elm: Elm, sue: Person
) -> None:
    guarantor = await owing_patient(desk)
    async with desk.database.tenant(desk.tenant.id) as db:
        await contacts.put(
            db,
            sue.actor,
            guarantor,
            Wanted(email="maria@example.test", language="es", confirmed=True),
        )
        await contacts.verify(db, sue.actor, guarantor, "email", how="desk")
        await consents.give(db, sue.actor, guarantor, "email", "billing", source="desk")
    statement = await issued(at_elm, guarantor)
    told = (await at_elm.ask("GET", f"/statements/{statement}")).json()["statement"]
    assert (told["delivery"], told["language"]) == ("email", "es")
    assert "Usted debe" in await text_of(at_elm, f"/statements/{statement}/content")
    async with desk.database.tenant(desk.tenant.id) as db:
        (message,) = await db.scalars(select(Message).where(Message.patient_id == guarantor))
    assert message.template == "statement_ready"
    assert message.decision in ("allowed", "later")


async def test_who_can_be_reached_by_nothing_is_a_card(desk: Desk, at_elm: Elm) -> None:
    guarantor = await owing_patient(desk)
    async with desk.database.tenant(desk.tenant.id) as db:
        await pausing.pause(
            *(db, desk.person.actor, guarantor, "returned_mail"),
            source_type="letter",
            source_id=new_id(),
            channel="post",
        )
    statement = await issued(at_elm, guarantor)
    told = (await at_elm.ask("GET", f"/statements/{statement}")).json()["statement"]
    assert told["delivery"] == ""
    assert "statement_undeliverable" in await desk.card_kinds()


async def test_what_is_paused_is_not_asked_for_even_by_hand(desk: Desk, at_elm: Elm) -> None:
    guarantor = await owing_patient(desk)
    async with desk.database.tenant(desk.tenant.id) as db:
        await pausing.pause(
            *(db, desk.person.actor, guarantor, "bankruptcy"),
            source_type="letter",
            source_id=new_id(),
        )
    refused = await at_elm.ask("POST", f"/patients/{guarantor}/statements")
    assert refused.status_code == 409
    assert refused.json()["type"] == "/problems/not-issued"
    assert await statements_of(at_elm, guarantor) == []


async def test_nobody_reads_or_pays_anothers_statement(
    desk: Desk, at_elm: Elm, client: object, oak: Tenant, mallory: Person
) -> None:
    await put_rules(at_elm)
    mine, other = await owing_patient(desk), await owing_patient(desk)
    statement = await issued(at_elm, mine)
    with pytest.raises(StatementNotFound):
        await bill(desk, other, statement)
    at_oak = Elm(client, oak, mallory)  # type: ignore[arg-type]
    for path in ("", "/content", "/itemization"):
        found = await at_oak.ask("GET", f"/statements/{statement}{path}")
        assert found.status_code == 404


async def test_two_at_once_follow_one_family_without_a_ring(desk: Desk, at_elm: Elm) -> None:
    """L16: payments of the same statements, from both ends."""
    guarantor = await owing_patient(desk, lines=2)
    for _ in range(3):
        await issued(at_elm, guarantor)
    items = await owed(desk.database, desk.tenant.id, guarantor)
    await asyncio.gather(*(pay(desk, item, 200) for item in items for _ in range(4)))
    found = await statements_of(at_elm, guarantor)
    # What is kept, too: whichever came last saw what all others had paid.
    assert [(one["state"], one["balance_cents"]) for one in found] == [("paid", 0)] * 3


async def test_nothing_is_issued_where_nothing_is_owed(desk: Desk, sue: Person) -> None:
    guarantor = (await desk.record(desk.claim())).claim.patient_id
    async with desk.database.tenant(desk.tenant.id) as db:
        with pytest.raises(NotIssued):
            await issuing.issue_for(db, sue.actor, guarantor)
