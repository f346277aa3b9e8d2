"""The contract is complete and true: what a route leaves out is named here."""

from pathlib import Path
from typing import Any

import pytest
from httpx import Response
from openapi_spec_validator import validate

from billing_saas.api import contract, contract_document, contract_examples
from billing_saas.api.app import create_app
from billing_saas.edi import checking
from billing_saas.identity import rules
from billing_saas.kit.db import Database
from tests.api.browsing import at_browser
from tests.api.conforming import Contract, NotInTheContract, the_contract
from tests.api.routes import FOR_STRANGERS
from tests.api.walking import ask, ids_for, knocking, walked
from tests.cast import Tenant, enrolled

Json = dict[str, Any]


def never() -> Any:
    raise AssertionError("nobody asks for the database here")


@pytest.fixture(scope="module")
def completed() -> contract_document.Completed:
    return contract_document.completed(create_app(never))


@pytest.fixture
def contracted() -> Contract:
    return the_contract()


@pytest.fixture(scope="module")
def operations(completed: contract_document.Completed) -> dict[str, Json]:
    return {
        f"{method.upper()} {path}": operation
        for path, item in completed.document["paths"].items()
        for method, operation in item.items()
    }


def test_every_route_says_who_may_and_what_is_refused(
    completed: contract_document.Completed,
) -> None:
    assert completed.undeclared == [], "give these routes an `opt=declared(…)`"


def test_every_field_has_an_example(completed: contract_document.Completed) -> None:
    assert completed.guessed == [], "add these to api/contract_examples.py"


def test_the_document_is_openapi(completed: contract_document.Completed) -> None:
    validate(completed.document)


def test_every_operation_is_told_whole(operations: dict[str, Json]) -> None:
    ids = [operation["operationId"] for operation in operations.values()]
    assert len(ids) == len(set(ids)), "two handlers of one name"
    for route, operation in operations.items():
        assert operation["summary"], route
        assert operation["description"], route
        assert len(operation["tags"]) == 1, route
        schemes = [name for scheme in operation["security"] for name in scheme]
        if route not in FOR_STRANGERS:
            assert schemes in (["bearer", "session", "client"], ["bearer", "session"]), route
        assert {"401", "500", "503"} <= set(operation["responses"]), route


def test_every_body_has_its_example(operations: dict[str, Json], contracted: Contract) -> None:
    for route, operation in operations.items():
        bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
        for body in map(contracted.resolved, bodies):
            for media_type, media in body.get("content", {}).items():
                answered = media["schema"].get("format") == "binary" and body is not bodies[0]
                assert "examples" in media or answered, (route, media_type)


def test_links_lead_somewhere(operations: dict[str, Json], contracted: Contract) -> None:
    by_id = {operation["operationId"]: operation for operation in operations.values()}
    led_to = set()
    for route, operation in operations.items():
        for answer in operation["responses"].values():
            for name, link in answer.get("links", {}).items():
                assert name in by_id, f"{route} leads to {name}, which does not exist"
                led_to.add(name)
                wanted = {
                    parameter["name"]
                    for parameter in map(contracted.resolved, by_id[name].get("parameters", []))
                    if parameter["in"] == "path"
                }
                assert wanted == set(link["parameters"]), (route, name)
    rows = {
        operation["operationId"]
        for route, operation in operations.items()
        if route.startswith("GET") and route.endswith("_id}")
    }
    assert rows <= led_to, "no answer leads to these"


def test_the_examples_of_files_are_sound(tmp_path: Path) -> None:
    for text in (contract_examples.CLAIM_837P, contract_examples.REMITTANCE_835):
        file = tmp_path / "example.edi"
        file.write_text(text)
        assert checking.check(file).findings == ()


async def test_the_page_shows_the_committed_document(database: Database) -> None:
    async with knocking(database) as client:
        served = await client.http.get("/docs/openapi.json")
        assert served.json() == contract.document(client.app)


async def test_the_permissions_of_a_route_are_those_it_asks_for(
    database: Database, elm: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With all that are declared nobody is refused; with one less everybody is."""
    everything = frozenset().union(*rules.PERMISSIONS.values())
    of_companies = frozenset().union(*rules.COMPANY_PERMISSIONS.values()) - everything
    boss = await at_browser(database, await enrolled(database, elm, "boss", "auditor"))
    async with knocking(database) as client:
        for route in walked(client):
            needed = frozenset(route.operation["security"][0]["bearer"])
            if needed & of_companies:
                continue  # tests/members and tests/emergencies try these, with people of a company
            assert needed <= everything, f"{route}: no role holds {sorted(needed - everything)}"
            monkeypatch.setitem(rules.PERMISSIONS, "auditor", needed)
            allowed = await ask(client, route, ids_for(route, elm.id, None), boss.headers)
            unpermitted = allowed.status_code == 403 and "/not-permitted" in allowed.json()["type"]
            assert not unpermitted, f"{route} wants more: {allowed.text}"
            for one in needed:
                monkeypatch.setitem(rules.PERMISSIONS, "auditor", everything - {one})
                refused = await ask(client, route, ids_for(route, elm.id, None), boss.headers)
                assert refused.status_code in (403, 404, 422), f"{route} does not want {one}"


PATH = "/v1/practices/019a2b3c-4d5e-7f60-8a1b-000000000001/patients"
HEADERS = {
    "Content-Type": "application/json",
    "X-Request-Id": "019a2b3c-4d5e-7f60-8a1b-0c2c3d4e5f60",
}
NOTHING: Json = {"rows": [], "next_cursor": None}
PROBLEM = {"title": "Not Found", "status": 404, "detail": "", "request_id": ""}


@pytest.mark.parametrize(
    ("status", "json", "headers", "why"),
    [
        (418, {}, HEADERS, "not declared"),
        (200, {"rows": []}, HEADERS, "next_cursor"),
        (200, {"rows": [{}], "next_cursor": None}, HEADERS, "unlike its schema"),
        (200, NOTHING, HEADERS | {"Content-Type": "text/html"}, "as 't"),
        (200, NOTHING, {"Content-Type": "application/json"}, "without X"),
        (404, PROBLEM | {"type": "/problems/card-closed"}, HEADERS, "application/json"),
        (
            404,
            PROBLEM | {"type": "/problems/card-closed"},
            HEADERS | {"Content-Type": "application/problem+json"},
            "as /problems/card-closed",
        ),
    ],
)
def test_what_is_not_in_the_contract_is_heard(
    contracted: Contract, status: int, json: Json, headers: dict[str, str], why: str
) -> None:
    """The control of what every other test of the API relies on."""
    contracted.check("GET", PATH, Response(200, json=NOTHING, headers=HEADERS))
    bad = Response(status, json=json, headers=headers)
    with pytest.raises(NotInTheContract, match=why):
        contracted.check("GET", PATH, bad)
