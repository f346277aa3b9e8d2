"""T1: whoever is not of a practice finds nothing of it, by any route, and leaves nothing but a trace.

The routes come from the contract, so that a new one is walked the day it is added. What the walk
cannot make a request for fails: a route that is not tried is not safe.
"""

from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import UUID

import psycopg
import pytest
from litestar.routes import HTTPRoute

from billing_saas.api import declaring
from billing_saas.identity import enrolling
from billing_saas.identity.rules import OF_A_COMPANY, PERMISSIONS
from billing_saas.kit.db import Database
from billing_saas.kit.ids import new_id
from billing_saas.outbox import queue
from billing_saas.remittances.jobs import TakeInRemittances
from billing_saas.workers import running
from tests.api.browsing import at_browser
from tests.api.inhabited import inhabit
from tests.api.routes import FOR_STRANGERS, OF_NO_PRACTICE, OPEN_TO_ALL, Route, UnknownShape
from tests.api.walking import Client, ask, ids_for, knocking, told, walked
from tests.build import month
from tests.cast import Person, Tenant, enrolled
from tests.cluster import Clone
from tests.isolation import lost
from tests.isolation.catalogue import Connection
from tests.isolation.rows import World, digest


@pytest.fixture
async def client(database: Database) -> AsyncIterator[Client]:
    async with knocking(database) as made:
        yield made


@pytest.fixture
def above(clone: Clone) -> Iterator[Connection]:
    """The cluster's superuser, who sees what changed and what did not."""
    with psycopg.connect(clone.url("postgres"), autocommit=True) as connection:
        yield connection


async def with_company(database: Database, elm: Tenant, person: Person) -> Person:
    """All that one may do in the company as well, and everything just proven again."""
    async with database.platform() as db:
        for role in OF_A_COMPANY:
            await enrolling.grant_company(db, person.actor.id, elm.company_id, role, by=None)
    return await at_browser(database, person)


async def within(database: Database, elm: Tenant, world: World, route: Route) -> World:
    """What a walk uses up is there anew: somebody to be removed, a dead letter to be discarded."""
    if "letter_id" in route.path_parameters:
        return world | {"letter": {"id": await dead_letter(database, elm)}}
    if {"member_id", "user_id"} & {*route.path_parameters, *route.asked_ids}:
        person = await enrolled(database, elm, "newcomer", "biller")
        return world | {"member": {"id": person.actor.id}, "app_user": {"id": person.actor.id}}
    return world


async def dead_letter(database: Database, elm: Tenant) -> UUID:
    """A job about an arrival that does not exist: an answer, so it is dead at once."""
    async with database.tenant(elm.id) as db:
        job_id = await queue.add(db, TakeInRemittances(new_id()))
    await running.drain(database)
    return job_id


@pytest.fixture
async def boss(database: Database, elm: Tenant) -> Person:
    """Everything that one may do in Elm: whoever else fails, does not fail for want of a permission."""
    return await with_company(database, elm, await enrolled(database, elm, "boss", *PERMISSIONS))


@pytest.fixture
async def mallory(database: Database, oak: Tenant) -> Person:
    """Everything that one may do in Oak."""
    mallory = await enrolled(database, oak, "mallory", *PERMISSIONS, side="practice")
    return await at_browser(database, mallory)


@pytest.fixture
async def elms(
    database: Database, elm: Tenant, oak: Tenant, boss: Person, mallory: Person, clone: Clone
) -> World:
    """Elm after a month of work, with a row in every table; Oak has worked as well."""
    world = await inhabit(database, clone, elm, boss)
    await month.work(database, oak, mallory.actor, claims=3)
    letter = await dead_letter(database, elm)
    return world | {"member": {"id": boss.actor.id}, "letter": {"id": letter}}


def is_page(route: object) -> bool:
    """Pages are for people: tests/console walks them."""
    return isinstance(route, HTTPRoute) and all(
        declaring.is_page(handler) for handler in route.route_handlers
    )


def denials(c: Connection, log: UUID) -> list[str]:
    found = c.execute(
        "SELECT detail ->> 'route' FROM audit_event WHERE tenant_id = %s AND outcome = 'denied'"
        " ORDER BY xid, seq",
        [log],
    )
    return [str(route) for (route,) in found.fetchall()]


def test_every_route_is_in_the_contract_and_of_a_practice_or_accounted_for(client: Client) -> None:
    """A route left out of the contract would be walked by nobody."""
    listed = {route.path for route in walked(client)}
    served = {
        route.path_format
        for route in client.app.routes
        if not any(route.path_format.startswith(open_path) for open_path in OPEN_TO_ALL)
        and not is_page(route)
    }
    assert served == listed | {said.partition(" ")[2] for said in FOR_STRANGERS}
    elsewhere = {str(route) for route in walked(client) if "practice_id" not in route.path}
    assert elsewhere == set(OF_NO_PRACTICE)
    assert len(listed) >= 15


async def test_without_a_token_nobody_is_let_in(client: Client) -> None:
    for route in walked(client):
        ids = ids_for(route, new_id(), None)
        for headers in (
            {},
            {"Authorization": "Bearer bt_unknown"},
            {"Authorization": "Basic YTpi"},
        ):
            answer = await ask(client, route, ids, headers)
            assert answer.status_code == 401, (str(route), headers, answer.text)
            assert answer.headers["WWW-Authenticate"] == "Bearer"


async def test_a_stranger_finds_no_practice(
    client: Client, above: Connection, elms: World, elm: Tenant, oak: Tenant, mallory: Person
) -> None:
    """Elm is to Mallory what no practice at all is: the same words, no change, and one event."""
    before = digest(above, elm.id)
    for route in walked(client):
        if "practice_id" not in route.path_parameters:
            continue
        nowhere = await ask(client, route, ids_for(route, new_id(), None), mallory.headers)
        heard = len(denials(above, oak.id))
        answer = await ask(client, route, ids_for(route, elm.id, elms), mallory.headers)
        assert answer.status_code == 404, (str(route), answer.status_code)
        assert told(answer) == told(nowhere), str(route)
        assert digest(above, elm.id) == before, str(route)
        assert denials(above, oak.id)[heard:] == [said(route)]


async def test_a_stranger_finds_no_row_of_another_practice(
    client: Client, above: Connection, elms: World, elm: Tenant, oak: Tenant, mallory: Person
) -> None:
    """In her own practice, with the id of Elm's row: as if the id were of nothing."""
    before = digest(above, elm.id)
    own = digest(above, oak.id, without=("audit_event",))
    tried = [
        route
        for route in walked(client)
        if route.row_parameters and "practice_id" in route.path_parameters
    ]
    for route in tried:
        nowhere = await ask(client, route, ids_for(route, oak.id, None), mallory.headers)
        heard = len(denials(above, oak.id))
        answer = await ask(client, route, ids_for(route, oak.id, elms), mallory.headers)
        assert answer.status_code == 404, (str(route), answer.status_code, answer.text)
        assert told(answer) == told(nowhere), str(route)
        assert digest(above, elm.id) == before, str(route)
        assert digest(above, oak.id, without=("audit_event",)) == own, str(route)
        assert denials(above, oak.id)[heard:] == [said(route)]
    assert len(tried) >= 5


async def test_an_id_that_is_asked_for_tells_nothing_of_another_practice(
    client: Client, above: Connection, elms: World, elm: Tenant, oak: Tenant, mallory: Person
) -> None:
    """Ids in queries and bodies: what Elm has answers as what nobody has."""
    before = digest(above, elm.id)
    for route in walked(client):
        if not route.asked_ids or route.row_parameters:
            continue
        nowhere = await ask(client, route, ids_for(route, oak.id, None), mallory.headers)
        answer = await ask(client, route, ids_for(route, oak.id, elms), mallory.headers)
        assert answer.status_code == nowhere.status_code < 500, str(route)
        assert told(answer) == told(nowhere), str(route)
        assert digest(above, elm.id) == before, str(route)


async def test_with_both_walls_down_the_walk_finds_what_it_must_not(
    database: Database,
    client: Client,
    elms: World,
    oak: Tenant,
    mallory: Person,
    clone: Clone,
) -> None:
    """The control: rows of Elm are there to be found, and this walk would find them."""
    lost.policies(clone)
    with lost.predicates(database):
        found = [
            (await ask(client, route, ids_for(route, oak.id, elms), mallory.headers)).status_code
            for route in walked(client)
            if route.row_parameters and route.method == "GET"
        ]
    assert len([status for status in found if status != 404]) > 3, found


_P = "/v1/practices/{practice_id}"
# What not even somebody with every role of the practice is let in to, by its own rule; the rooms' own
# tests are let in.
FOR_SOMEBODY_ELSE = {
    f"GET {_P}/emergency-access": "a planted row has no sealed reason to open",
    f"GET {_P}/emergency-access/{{emergency_access_id}}": "a planted row has no sealed reason",
    f"POST {_P}/emergency-access/{{emergency_access_id}}/review": "nobody reviews their own",
    f"DELETE {_P}/identity-providers/{{identity_provider_id}}/people/{{member_id}}": "the"
    " practice's own people alone decide who vouches for them",
    f"GET {_P}/desk/card-payments/{{payment_id}}/code": "a planted payment has no page",
    f"GET {_P}/payments/{{payment_id}}/receipt": "no money came by a planted payment",
    f"GET {_P}/payments/{{payment_id}}/receipt/paper": "no money came by a planted payment",
    f"POST {_P}/members/{{member_id}}/ended-roles": "the role that the walk names is not held",
    f"GET {_P}/cases/{{case_review_id}}": "of the reviewer it was given to",
    f"GET {_P}/cases/{{case_review_id}}/documents/{{document_id}}/content": "of the reviewer",
}


async def test_a_member_finds_what_strangers_do_not(
    database: Database, client: Client, elms: World, elm: Tenant, boss: Person
) -> None:
    """The control: the same requests, by someone of Elm, are neither denied nor lost."""
    lost = []
    for route in walked(client):
        if "practice_id" not in route.path_parameters or str(route) in FOR_SOMEBODY_ELSE:
            continue  # tests/members and tests/signin walk companies and people
        world = await within(database, elm, elms, route)
        answer = await ask(client, route, ids_for(route, elm.id, world), boss.headers)
        if answer.status_code in (401, 403, 404) or answer.status_code >= 500:
            lost.append((str(route), answer.status_code, answer.json()["type"]))
    assert not lost, "\n".join(map(str, lost))


def said(route: Route) -> str:
    """How the trail names a route: by its template, without an id."""
    return f"{route.method} {route.path}"


async def test_a_route_that_the_walk_cannot_try_fails(elms: World, elm: Tenant) -> None:
    """A row of no table we know, a body that is no JSON, a pattern that no word of ours fits."""
    unknown_row = Route("GET", "/v1/practices/{practice_id}/riddles/{riddle_id}", {}, {})
    with pytest.raises(AssertionError, match="which table is riddle_id of"):
        ids_for(unknown_row, elm.id, elms)
    path = "/v1/practices/{practice_id}/claims"
    form: dict[str, Any] = {"requestBody": {"content": {"multipart/form-data": {}}}}
    with pytest.raises(UnknownShape):
        Route("POST", path, form, {}).request({})
    tildes = {"type": "string", "pattern": "^~{9}$"}
    puzzle = {"type": "object", "required": ["x"], "properties": {"x": tildes}}
    body = {"requestBody": {"content": {"application/json": {"schema": puzzle}}}}
    with pytest.raises(UnknownShape):
        Route("POST", path, body, {}).request({})
