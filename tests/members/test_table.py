"""T2: every role on every route: in as the table says, and out as it says.

The routes and what they need are read from the contract; who holds that, from the table. A route that
needs more or less than it declares answers one of the roles otherwise, and fails here.
"""

from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import UUID

import pytest

from billing_saas.identity import enrolling, rules
from billing_saas.kit.db import Database
from tests.api.browsing import at_browser
from tests.api.routes import Route
from tests.api.walking import Client, ask, ids_for, knocking, walked
from tests.cast import Person, Tenant, enrolled

# Let in from outside, for one case: what exists for them depends on it (`identity.cases`).
PRACTICE_ROLES = sorted(set(rules.PERMISSIONS) - rules.OUTSIDERS)


@pytest.fixture
async def client(database: Database) -> AsyncIterator[Client]:
    async with knocking(database) as made:
        yield made


# Of a practice there is one or none.
MAY_NOT_BE = {"GET /v1/practices/{practice_id}/payment-account"}


def needed(route: Route) -> frozenset[str]:
    return frozenset(route.operation["security"][0]["bearer"])


async def otherwise(
    client: Client, route: Route, held: frozenset[str], place: dict[str, UUID], who: Person
) -> str:
    """How a route answers otherwise than the table says; empty when it does not."""
    ids = ids_for(route, place["practice_id"], None) | place
    answer = await ask(client, route, ids, who.headers)
    word = answer.json().get("type", "") if answer.status_code >= 400 else ""
    let_in = needed(route) <= held
    if let_in and (answer.status_code == 401 or word == "/problems/not-permitted"):
        return f"{route} keeps out who may: {answer.status_code} {word}"
    asked = route.operation.get("parameters", [])
    names_one = any(one.get("in") == "query" and one.get("required") for one in asked)
    lists = (
        route.method == "GET"
        and not names_one
        and not set(route.path_parameters) - set(place)
        and str(route) not in MAY_NOT_BE
    )
    if let_in and answer.status_code == 404 and lists:
        return f"{route} does not exist for who may"
    # A body is read before anybody is asked who they are here.
    kept_out = word in ("/problems/not-permitted", "/problems/bad-request")
    if not let_in and not (kept_out or answer.status_code == 404):
        return f"{route} lets in who may not: {answer.status_code} {word}"
    return ""


async def test_in_a_practice(database: Database, client: Client, elm: Tenant) -> None:
    place = {"practice_id": elm.id}
    routes = [
        route
        for route in walked(client)
        if "practice_id" in route.path_parameters and not route.of_company and needed(route)
    ]
    assert len(routes) > 30
    for role in PRACTICE_ROLES:
        person = await at_browser(database, await enrolled(database, elm, role, role))
        held = rules.PERMISSIONS[role]
        found = [await otherwise(client, route, held, place, person) for route in routes]
        assert [one for one in found if one] == [], role


async def test_in_a_company(database: Database, client: Client, elm: Tenant) -> None:
    place = {"company_id": elm.company_id, "practice_id": elm.id}
    routes = [route for route in walked(client) if route.of_company and needed(route)]
    assert len(routes) > 12
    for role in sorted(rules.OF_A_COMPANY):
        person = await enrolled(database, elm, role, "auditor")
        async with database.platform() as db:
            await enrolling.grant_company(db, person.actor.id, elm.company_id, role, by=None)
        at_work = await at_browser(database, person)
        held = rules.COMPANY_PERMISSIONS[role]
        found = [await otherwise(client, route, held, place, at_work) for route in routes]
        assert [one for one in found if one] == [], role


async def test_roles_of_a_practice_are_worth_nothing_in_its_company(
    database: Database, client: Client, elm: Tenant
) -> None:
    everyone = await at_browser(database, await enrolled(database, elm, "all", *PRACTICE_ROLES))
    for route in walked(client):
        if route.of_company:
            ids = ids_for(route, elm.id, None) | {"company_id": elm.company_id}
            answer = await ask(client, route, ids, everyone.headers)
            assert answer.status_code == 404, str(route)


async def test_several_roles_are_all_of_them(
    database: Database, client: Client, elm: Tenant
) -> None:
    """A small office: one person at the desk, at the coding and at the bills."""
    combined = ("front_desk", "coder", "biller")
    person = await at_browser(database, await enrolled(database, elm, "ann", *combined))
    held = rules.permissions_of(combined)
    assert held > max((rules.PERMISSIONS[role] for role in combined), key=len)
    for route in walked(client):
        if "practice_id" in route.path_parameters and not route.of_company and needed(route):
            found = await otherwise(client, route, held, {"practice_id": elm.id}, person)
            assert found == ""


async def test_a_route_that_declares_otherwise_than_it_does_is_found(
    database: Database, client: Client, elm: Tenant
) -> None:
    """The control, in both directions: one that declares less than it asks, and one that asks less."""
    person = await at_browser(database, await enrolled(database, elm, "coder", "coder"))
    by_name = {str(route): route for route in walked(client)}
    held = rules.PERMISSIONS["coder"]
    for name, declared, wrong in (
        ("GET /v1/practices/{practice_id}/arrivals", "cards.read", "keeps out who may"),
        ("GET /v1/practices/{practice_id}/cards", "arrivals.read", "lets in who may not"),
    ):
        route = by_name[name]
        lying = replace(route, operation=route.operation | {"security": [{"bearer": [declared]}]})
        assert await otherwise(client, route, held, {"practice_id": elm.id}, person) == ""
        assert wrong in await otherwise(client, lying, held, {"practice_id": elm.id}, person)


async def test_the_table_is_shown_as_it_decides(
    client: Client, database: Database, elm: Tenant
) -> None:
    person = await enrolled(database, elm, "ann", "auditor")
    shown = (await client.http.get("/v1/roles", headers=person.headers)).json()
    for role in PRACTICE_ROLES:
        told = {p["permission"] for p in shown["permissions"] if role in p["practice_roles"]}
        assert told == rules.PERMISSIONS[role]
    for role, held in rules.COMPANY_PERMISSIONS.items():
        told = {p["permission"] for p in shown["permissions"] if role in p["company_roles"]}
        assert told == held
    assert all(one["says"].endswith(".") for one in shown["permissions"])
    declared = {p for route in walked(client) for p in needed(route)}
    assert declared <= {one["permission"] for one in shown["permissions"]}
