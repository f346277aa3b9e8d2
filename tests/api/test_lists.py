"""Lists are walked by cursors, and narrowed by what a biller asks for."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from billing_saas.api import contract
from billing_saas.federation import providers
from billing_saas.followups import cards
from billing_saas.kit.db import Database
from billing_saas.kit.ids import new_id
from billing_saas.signin import sessions
from tests.api.asking import Elm, received
from tests.api.routes import Route
from tests.api.walking import Client, walked
from tests.cast import Person, Tenant, enrolled
from tests.remittances.desk import Desk, opened

# Lists without cursors, and why each of them stays small.
SHOWN_WHOLE = {
    "GET /v1/practices": "of one person; every request of theirs reads them all anyway",
    "GET /v1/companies": "of one person; every request of theirs reads them all anyway",
    "GET /v1/practices/{practice_id}/claims/{claim_id}/timeline": "the moves of one claim",
    "GET /v1/sessions": f"at most {sessions.MOST_OPEN}: another one ends the oldest",
    "GET /v1/people/{user_id}/sessions": f"at most {sessions.MOST_OPEN}: another ends the oldest",
    "GET /v1/practices/{practice_id}/identity-providers": f"at most {providers.MOST}: then 409",
    "GET /v1/companies/{company_id}/identity-providers": f"at most {providers.MOST}: then 409",
}


async def test_a_list_is_walked_whole_while_it_grows(at_elm: Elm, desk: Desk) -> None:
    first = (await at_elm.ask("GET", "/claims?limit=5")).json()
    before = {row["id"] for row in (await at_elm.ask("GET", "/claims?limit=200")).json()["rows"]}
    seen = [row["id"] for row in first["rows"]]
    cursor = first["next_cursor"]
    while cursor:
        await opened(desk.database, at_elm.elm, at_elm.person, 1)
        page = (await at_elm.ask("GET", f"/claims?limit=5&cursor={cursor}")).json()
        seen += [row["id"] for row in page["rows"]]
        cursor = page["next_cursor"]
    assert len(seen) == len(set(seen))
    assert set(seen) == before


async def test_a_cursor_cannot_be_made_changed_or_taken_elsewhere(
    client: Client, at_elm: Elm, desk: Desk, database: Database, oak: Tenant, mallory: Person
) -> None:
    cursor = (await at_elm.ask("GET", "/claims?limit=5")).json()["next_cursor"]
    same = await at_elm.ask("GET", f"/claims?limit=2&cursor={cursor}")
    assert same.status_code == 200
    flipped = cursor[:9] + ("A" if cursor[9] != "A" else "B") + cursor[10:]
    for path in (
        f"/claims?cursor={flipped}",
        f"/claims?cursor={cursor[:-2]}",
        f"/claims?cursor={cursor}&work=ready",
        f"/patients?cursor={cursor}",
        "/claims?cursor=AZAAAAAAcACAAAAAAAAAAA",
        "/claims?cursor=%C3%A4",
        "/claims?cursor=_",
    ):
        answer = await at_elm.ask("GET", path)
        assert answer.status_code == 400, path
        assert answer.json()["errors"][0]["path"] == "cursor", path
    both = await enrolled(database, oak, "both", "biller")
    elsewhere = await Elm(client, oak, both).ask("GET", f"/claims?cursor={cursor}")
    assert elsewhere.status_code == 400


def test_every_list_of_a_practice_has_cursors(client: Client) -> None:
    unpaged = []
    shared = contract.document(client.app)["components"]["parameters"]
    for route in walked(client):
        answer = route.operation["responses"].get("200", {})
        schema = answer.get("content", {}).get("application/json", {}).get("schema", {})
        if schema.get("type") == "array" and route.method == "GET":
            unpaged.append(str(route))
        is_page = "next_cursor" in schema.get("properties", {}) or "Page" in str(schema)
        names = {p["name"] for p in parameters_of(shared, route)}
        assert is_page == ({"cursor", "limit"} <= names), str(route)
    assert set(unpaged) == set(SHOWN_WHOLE)


def parameters_of(shared: dict[str, Any], route: Route) -> list[dict[str, Any]]:
    return [
        shared[p["$ref"].rpartition("/")[2]] if "$ref" in p else p
        for p in route.operation.get("parameters", [])
    ]


async def test_a_list_is_narrowed_by_what_a_biller_asks_for(at_elm: Elm, desk: Desk) -> None:
    every = (await at_elm.ask("GET", "/claims?limit=200")).json()["rows"]
    day = every[0]["service_from"]
    of_that_day = [row["id"] for row in every if row["service_from"] == day]
    found = await at_elm.ask("GET", f"/claims?limit=200&service_from={day}&service_to={day}")
    assert [row["id"] for row in found.json()["rows"]] == of_that_day
    claim = (await at_elm.ask("GET", f"/claims/{every[0]['id']}")).json()
    payer_id = claim["payers"][0]["payer_id"]
    theirs = (await at_elm.ask("GET", f"/claims?limit=200&payer_id={payer_id}")).json()["rows"]
    assert every[0]["id"] in {row["id"] for row in theirs}
    for path in ("/claims", "/remittances"):
        assert (await at_elm.ask("GET", f"{path}?payer_id={new_id()}")).json()["rows"] == []


async def test_payments_are_narrowed_by_their_day(at_elm: Elm, desk: Desk) -> None:
    paid_on = (await received(at_elm, desk))["payment_on"]
    day = date.fromisoformat(paid_on)
    of_the_day = len((await at_elm.ask("GET", "/remittances?limit=200")).json()["rows"])
    before, after = day - timedelta(days=1), day + timedelta(days=1)
    for query, found in (
        (f"payment_from={day}&payment_to={day}", of_the_day),
        (f"payment_to={before}", 0),
        (f"payment_from={after}", 0),
    ):
        rows = (await at_elm.ask("GET", f"/remittances?{query}")).json()["rows"]
        assert len(rows) == found, query


async def test_the_work_list_is_narrowed(at_elm: Elm, desk: Desk) -> None:
    claim = (await at_elm.ask("GET", "/claims?limit=1")).json()["rows"][0]["id"]
    opened_cards = [
        card("denial", UUID(claim), date(2026, 9, 1)),
        card("payment_review", None, date(2026, 9, 2)),
        card("denial", None, None),
    ]
    async with desk.database.tenant(at_elm.elm.id) as db:
        await cards.open_cards(db, opened_cards)
    for query, found in (
        ("", 3),
        ("kind=denial", 2),
        ("kind=payment_review&owner=biller", 1),
        ("owner=coder", 0),
        (f"claim_id={claim}", 1),
        ("due_before=2026-09-02", 1),
        ("due_before=2026-09-03", 2),
        ("state=done", 0),
    ):
        rows = (await at_elm.ask("GET", f"/cards?{query}")).json()["rows"]
        assert len(rows) == found, query
    for query in ("kind=Fern%20Hollow", "owner=somebody", "due_before=soon", "assignee=sue"):
        refused = await at_elm.ask("GET", f"/cards?{query}")
        assert refused.status_code == 400, query


def card(kind: str, claim_id: UUID | None, due_on: date | None) -> cards.NewCard:
    return cards.NewCard(
        kind=kind,
        why="",
        owner="biller",
        subject_type="claim",
        subject_id=new_id(),
        claim_id=claim_id,
        due_on=due_on,
        source=str(new_id()),
    )
