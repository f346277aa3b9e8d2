"""Connections are made, changed and seen by who may; their ids and usage stay."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from billing_saas.audit import queries as audit
from billing_saas.connections import making, queries, rules
from billing_saas.connections.errors import BadConnection, ConnectionExists, ConnectionNotFound
from billing_saas.connections.making import Changed
from billing_saas.connections.rules import NewConnection, Side
from billing_saas.kit.actor import NotPermitted
from billing_saas.kit.db import Database
from billing_saas.kit.paging import PageRequest
from tests.cast import Person, Tenant, actor_with
from tests.connections.agreements import BOSS, OWN, agreement, made


async def test_a_connection_is_made_seen_and_told(
    database: Database, elm: Tenant, ada: Person
) -> None:
    first = await made(database, elm, agreement())
    second = await made(database, elm, agreement(usage="T", name=" The test of it "))
    async with database.tenant(elm.id) as db:
        shown = await queries.connection(db, BOSS, first)
        page = await queries.connections(db, BOSS, PageRequest(limit=1))
        rest = await queries.connections(db, BOSS, PageRequest(after=page.rows[0].id))
        events = await audit.events(db, ada.actor, PageRequest())
    assert (shown.partner_id, shown.usage, shown.active) == ("ELMSYSTEM", "P", True)
    assert [row.id for row in page.rows] == [second]
    assert page.rows[0].name == "The test of it"
    assert [row.id for row in rest.rows] == [first]
    assert page.next_cursor is not None
    assert [
        (event.action, event.object_id)
        for event in events.rows
        if event.object_type == "connection"
    ] == [("connection.make", second), ("connection.make", first)]


async def test_one_stream_of_numbers_has_one_connection(database: Database, elm: Tenant) -> None:
    first = await made(database, elm, agreement())
    with pytest.raises(ConnectionExists):
        await made(database, elm, agreement(name="the same again"))
    async with database.tenant(elm.id) as db:
        await making.change(db, BOSS, first, Changed("resting", True, False))
    with pytest.raises(ConnectionExists):  # it would begin to count from 1 again
        await made(database, elm, agreement())


async def test_what_may_change_is_changed_and_told(
    database: Database, elm: Tenant, ada: Person
) -> None:
    connection_id = await made(database, elm, agreement())
    async with database.tenant(elm.id) as db:
        await making.change(db, BOSS, connection_id, Changed("Elm's own system", True, True))
        await making.change(db, BOSS, connection_id, Changed("Old system", False, False))
        shown = await queries.connection(db, BOSS, connection_id)
        events = await audit.events(db, ada.actor, PageRequest())
    assert (shown.name, shown.refuses_repeats, shown.active) == ("Old system", False, False)
    assert [event.detail for event in events.rows if event.action == "connection.change"] == [
        {"field": "name refuses_repeats active", "state": "inactive"}
    ]
    async with database.tenant(elm.id) as db:
        with pytest.raises(BadConnection):
            await making.change(db, BOSS, connection_id, Changed(" ", False, True))


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"name": " "}, ["name"]),
        ({"kind": "friend", "refuses_repeats": False}, ["kind"]),
        ({"usage": "I"}, ["usage"]),
        ({"kind": "clearinghouse"}, ["refuses_repeats"]),
        ({"partner": OWN}, ["partner_id"]),
        ({"own": Side("XX", "ELM*1", "E")}, ["own_qualifier", "own_id", "own_group_id"]),
        ({"own": Side("ZZ", "ELM ", "ELM")}, ["own_id"]),
        ({"own": Side("ZZ", "SIXTEEN-LETTERS1", "ELM\n")}, ["own_id", "own_group_id"]),
    ],
)
def test_what_cannot_be_an_agreement(changes: dict[str, Any], fields: list[str]) -> None:
    assert rules.faults(agreement(**changes)) == fields
    assert rules.faults(agreement()) == []


async def test_a_bad_connection_is_refused_and_its_fields_named(
    database: Database, elm: Tenant
) -> None:
    with pytest.raises(BadConnection, match="cannot be so: refuses_repeats") as refused:
        await made(database, elm, agreement(kind="payer"))
    assert refused.value.facts == {"fields": ["refuses_repeats"]}


def _of(new: NewConnection) -> NewConnection:
    return replace(new, name="Oak's", partner=replace(new.partner, id="OAKSYSTEM"))


async def test_a_stranger_finds_nothing(database: Database, elm: Tenant, oak: Tenant) -> None:
    of_elm = await made(database, elm, agreement())
    boss_of_oak = actor_with(["supervisor"])
    of_oak = await made(database, oak, _of(agreement()))
    async with database.tenant(oak.id) as db:
        with pytest.raises(ConnectionNotFound):
            await queries.connection(db, boss_of_oak, of_elm)
        with pytest.raises(ConnectionNotFound):
            await making.change(db, boss_of_oak, of_elm, Changed("mine", False, False))
        page = await queries.connections(db, boss_of_oak, PageRequest())
        assert [row.id for row in page.rows] == [of_oak]
        with pytest.raises(NotPermitted):
            await making.make(db, actor_with(["biller"]), agreement())
        with pytest.raises(NotPermitted):
            await queries.connection(db, actor_with(["front_desk"]), of_oak)


async def test_the_database_holds_ids_for_good(database: Database, elm: Tenant) -> None:
    await made(database, elm, agreement())
    for change in ("usage = 'T'", "partner_id = 'OTHER'", "kind = 'payer'"):
        with pytest.raises(DBAPIError, match="permission denied"):
            async with database.tenant(elm.id) as db:
                await db.execute(text(f"UPDATE connection SET {change}"))
