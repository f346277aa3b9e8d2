"""Manners of every route, walked from the contract; and each manner by a story."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import psycopg
import pytest
from sqlalchemy import text

from billing_saas.api import contract, wire
from billing_saas.kit.db import Database
from billing_saas.kit.ids import new_id
from billing_saas.workers import running
from billing_sandbox import payer
from tests.api.routes import Route
from tests.api.walking import Client, ask, ids_for, knocking, told, walked
from tests.cast import Person, Tenant, enrolled
from tests.cluster import Clone
from tests.remittances.desk import Desk, opened


@pytest.fixture
async def client(database: Database) -> AsyncIterator[Client]:
    async with knocking(database) as made:
        yield made


@pytest.fixture
async def sue(database: Database, elm: Tenant) -> Person:
    return await enrolled(database, elm, "sue", "supervisor", "auditor")


@pytest.fixture
async def desk(database: Database, elm: Tenant, sue: Person) -> Desk:
    return await opened(database, elm, sue, 12)


class Elm:
    """One person's way into Elm."""

    def __init__(self, client: Client, elm: Tenant, person: Person) -> None:
        self.http, self.elm, self.person = client.http, elm, person

    async def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        headers = {**self.person.headers, **more.pop("headers", {})}
        address = f"/v1/practices/{self.elm.id}{path}"
        return await self.http.request(method, address, headers=headers, **more)


@pytest.fixture
def at_elm(client: Client, elm: Tenant, sue: Person) -> Elm:
    return Elm(client, elm, sue)


async def received(at_elm: Elm, desk: Desk) -> dict[str, Any]:
    """A remittance of many claims that was taken in and posted, and then undone: it waits."""
    file = payer.pay(desk.batch, desk.payee, desk.check(), seed=3)
    await at_elm.ask("POST", "/remittance-files", content=file)
    await running.drain(desk.database)
    (remittance, *_) = (await at_elm.ask("GET", "/remittances?state=posted")).json()["rows"]
    undone = await at_elm.ask("DELETE", f"/remittances/{remittance['id']}/posting")
    assert undone.status_code == 204
    return dict(remittance)


def journalled(clone: Clone) -> int:
    with psycopg.connect(clone.url("postgres")) as c:
        found = c.execute("SELECT count(*) FROM ledger_entry").fetchone()
        assert found is not None
        return int(found[0])


# --- once by key ---


async def test_fifty_equal_posts_have_one_effect_and_one_answer(
    at_elm: Elm, desk: Desk, clone: Clone
) -> None:
    remittance = await received(at_elm, desk)
    path = f"/remittances/{remittance['id']}/posting"
    before = journalled(clone)
    key = {"Idempotency-Key": str(new_id())}
    answers = await asyncio.gather(*(at_elm.ask("POST", path, headers=key) for _ in range(50)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert answers[0].json()["cash_cents"] == remittance["payment_cents"]
    first_time = [a for a in answers if "Idempotency-Replayed" not in a.headers]
    assert len(first_time) == 1
    after = journalled(clone)
    assert after > before
    again = await at_elm.ask("POST", path)
    assert again.json()["type"] == "/problems/already-posted"
    assert journalled(clone) == after


async def test_a_key_is_of_one_request_one_person_and_one_practice(
    client: Client, at_elm: Elm, desk: Desk, database: Database, elm: Tenant, mallory: Person
) -> None:
    cards = await open_cards(at_elm, desk)
    key = {"Idempotency-Key": "closing-1"}
    body = {"outcome": "payer_called"}
    first = await at_elm.ask("POST", f"/cards/{cards[0]}/closing", headers=key, json=body)
    same = await at_elm.ask("POST", f"/cards/{cards[0]}/closing", headers=key, json=body)
    assert (first.status_code, same.status_code) == (204, 204)
    assert "Idempotency-Replayed" in same.headers
    for path, other in (
        (f"/cards/{cards[0]}/closing", {"outcome": "written_off"}),
        (f"/cards/{cards[1]}/closing", body),
        (f"/cards/{cards[0]}/closing?", {"outcome": "payer_called "}),
    ):
        answer = await at_elm.ask("POST", path, headers=key, json=other)
        assert answer.status_code in (422, 400)
    other_body = await at_elm.ask(
        "POST", f"/cards/{cards[0]}/closing", headers=key, json={"outcome": "written_off"}
    )
    assert other_body.json()["type"] == "/problems/idempotency-key-reused"
    sid = Elm(client, elm, await enrolled(database, elm, "sid", "supervisor"))
    own = await sid.ask("POST", f"/cards/{cards[1]}/closing", headers=key, json=body)
    assert (own.status_code, "Idempotency-Replayed" in own.headers) == (204, False)
    stranger = await client.http.post(
        f"/v1/practices/{elm.id}/cards/{cards[0]}/closing",
        headers={**mallory.headers, **key},
        json=body,
    )
    assert stranger.status_code == 404


async def open_cards(at_elm: Elm, desk: Desk) -> list[str]:
    file = payer.pay(desk.batch, desk.payee, desk.check(), seed=3)
    for damaged in (file.replace(b"~CLP*", b"~CLX*", 1), file.replace(b"~CLP*", b"~CLY*", 1)):
        await at_elm.ask("POST", "/remittance-files", content=damaged)
    await running.drain(desk.database)
    listed = (await at_elm.ask("GET", "/cards")).json()["rows"]
    return [card["id"] for card in listed]


async def test_a_key_is_not_used_up_by_what_was_refused(at_elm: Elm, desk: Desk) -> None:
    remittance = await received(at_elm, desk)
    path = f"/remittances/{remittance['id']}/posting"
    key = {"Idempotency-Key": str(new_id())}
    assert (await at_elm.ask("POST", path, headers=key)).status_code == 201
    other = {"Idempotency-Key": str(new_id())}
    assert (await at_elm.ask("POST", path, headers=other)).status_code == 409
    assert (await at_elm.ask("DELETE", path, headers=other)).status_code == 204
    assert (await at_elm.ask("POST", path, headers=other)).status_code == 422


async def test_neither_key_nor_body_is_kept(at_elm: Elm, desk: Desk, clone: Clone) -> None:
    (card, *_) = await open_cards(at_elm, desk)
    key = {"Idempotency-Key": "canary-key-7f3a"}
    await at_elm.ask("POST", f"/cards/{card}/closing", headers=key, json={"outcome": "canary_word"})
    with psycopg.connect(clone.url("postgres")) as c:
        (row,) = c.execute(
            "SELECT done_request::text, encode(key_digest, 'escape') FROM done_request"
        )
    assert "canary" not in " ".join(map(str, row))


@pytest.mark.parametrize("key", ["", " ", "ä", "x" * 256, "two words"])
async def test_a_key_that_is_none_is_refused(at_elm: Elm, key: str) -> None:
    headers = {"Idempotency-Key": key.encode()}
    answer = await at_elm.ask("DELETE", f"/remittances/{new_id()}/posting", headers=headers)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["path"] == "Idempotency-Key"


# --- versions ---


async def test_a_version_is_read_once_and_changed_only_when_seen(at_elm: Elm, desk: Desk) -> None:
    remittance = await received(at_elm, desk)
    path = f"/remittances/{remittance['id']}"
    seen = (await at_elm.ask("GET", path)).headers["ETag"]
    for known in (seen, f"W/{seen}", f'"other", {seen}', "*"):
        unchanged = await at_elm.ask("GET", path, headers={"If-None-Match": known})
        assert (unchanged.status_code, unchanged.content) == (304, b"")
        assert unchanged.headers["ETag"] == seen
    for wrong in ('"other"', f"W/{seen}"):
        refused = await at_elm.ask("POST", f"{path}/posting", headers={"If-Match": wrong})
        assert refused.json()["type"] == "/problems/precondition-failed"
    posted = await at_elm.ask("POST", f"{path}/posting", headers={"If-Match": seen})
    assert posted.status_code == 201
    assert (await at_elm.ask("GET", path)).headers["ETag"] != seen
    late = await at_elm.ask("DELETE", f"{path}/posting", headers={"If-Match": seen})
    assert late.status_code == 412
    told_again = await at_elm.ask("GET", f"{path}/posting")
    assert told_again.json() == posted.json()


async def test_of_two_who_saw_the_same_version_one_changes_it(at_elm: Elm, desk: Desk) -> None:
    (card, *_) = await open_cards(at_elm, desk)
    seen = {"If-Match": (await at_elm.ask("GET", f"/cards/{card}")).headers["ETag"]}
    path = f"/cards/{card}/closing"
    answers = await asyncio.gather(
        *(at_elm.ask("POST", path, headers=seen, json={"outcome": o}) for o in ("one", "two"))
    )
    assert sorted(answer.status_code for answer in answers) == [204, 412]


async def test_a_tag_is_of_its_practice(
    client: Client, at_elm: Elm, database: Database, oak: Tenant, mallory: Person
) -> None:
    """Two empty lists are the same bytes, and no practice can tell what another's look like."""
    at_oak = Elm(client, oak, mallory)
    ours, theirs = await at_elm.ask("GET", "/cards"), await at_oak.ask("GET", "/cards")
    assert ours.content == theirs.content
    assert ours.headers["ETag"] != theirs.headers["ETag"]


# --- lists ---


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
    # Bounded by what they are of, and shown whole.
    assert set(unpaged) <= SHOWN_WHOLE


SHOWN_WHOLE = {
    "GET /v1/practices",
    "GET /v1/practices/{practice_id}/claims/{claim_id}/timeline",
}


def parameters_of(shared: dict[str, Any], route: Route) -> list[dict[str, Any]]:
    return [
        shared[p["$ref"].rpartition("/")[2]] if "$ref" in p else p
        for p in route.operation.get("parameters", [])
    ]


# --- what is not known is refused ---


async def test_no_route_takes_a_parameter_that_it_does_not_know(
    client: Client, at_elm: Elm, sue: Person, elm: Tenant
) -> None:
    for route in walked(client):
        ids = ids_for(route, elm.id, None)
        made = route.request(ids)
        made["params"] |= {"stat": "open"}
        headers = {**made.pop("headers", {}), **sue.headers}
        answer = await client.http.request(route.method, route.url(ids), headers=headers, **made)
        assert answer.status_code == 400, (str(route), answer.text)
        assert answer.json()["errors"] == [
            {"path": "stat", "message": "There is no such query parameter."}
        ], str(route)


async def test_a_parameter_is_given_once_and_is_text(at_elm: Elm) -> None:
    for query in ("state=open&state=done", "state=%00"):
        answer = await at_elm.ask("GET", f"/cards?{query}")
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["path"] == "state"


async def test_no_body_takes_a_field_that_it_does_not_know(
    client: Client, sue: Person, elm: Tenant
) -> None:
    """Mass assignment: what an answer shows, and what would be worth having."""
    tried = 0
    for route in walked(client):
        if "application/json" not in route.operation.get("requestBody", {}).get("content", {}):
            continue
        ids = ids_for(route, elm.id, None)
        for field in ("role", "tenant_id", "is_admin", "amount_cents", "id_", "state_"):
            made = route.request(ids)
            content = made["content"][:-1] + ("," if made["content"] != "{}" else "")
            made["content"] = f'{content}"{field}": 1}}'
            headers = {**made.pop("headers"), **sue.headers}
            answer = await client.http.request(
                route.method, route.url(ids), headers=headers, **made
            )
            assert answer.status_code in (400, 403), (str(route), field, answer.text)
            tried += 1
    assert tried


def test_every_request_struct_refuses_what_it_does_not_know(client: Client) -> None:
    def below(struct: type) -> list[type]:
        subs: list[type] = struct.__subclasses__()
        return [one for sub in subs for one in (sub, *below(sub))]

    structs = below(wire.In)
    assert len(structs) >= 2
    for struct in structs:
        assert struct.__struct_config__.forbid_unknown_fields, struct  # type: ignore[attr-defined]  # of msgspec


BOMBS = {
    "depth": b'{"name": ' + b"[" * 100_000,
    "closed depth": b'{"name": ' + b"[" * 900 + b"]" * 900 + b"}",
    "many objects": b'{"name": [' + b"{}," * 100_000 + b"{}]}",
    "many keys": b"{" + b",".join(b'"k%d":1' % n for n in range(90_000)) + b"}",
    "one name twice": b'{"name": "Garcia", "name": "Smith"}',
    "a float of infinity": b'{"name": 1e400}',
    "NaN": b'{"name": NaN}',
    "a huge number": b'{"name": ' + b"9" * 500_000 + b"}",
    "half of a character": b'{"name": "Gar\\ud800cia"}',
    "NUL": b'{"name": "Gar\\u0000cia"}',
    "NUL in a name": b'{"na\\u0000me": "Garcia"}',
    "a raw NUL": b'{"name": "Gar\x00cia"}',
    "no UTF-8": b'{"name": "Gar\xffcia"}',
    "UTF-16": '{"name": "Garcia"}'.encode("utf-16"),
    "an open string": b'{"name": "' + b'\\"' * 500_000,
    "nothing": b"",
    "a list": b"[1]",
    "a word": b"null",
    "two values": b'{"name": "Garcia"}{}',
    "11 MB": b'{"name": "' + b"x" * (11 << 20) + b'"}',
}


@pytest.mark.parametrize("bomb", BOMBS)
async def test_a_hostile_body_is_refused_in_time(at_elm: Elm, bomb: str) -> None:
    headers = {"Content-Type": "application/json"}
    started = time.perf_counter()
    answer = await at_elm.ask("POST", "/patients/searches", content=BOMBS[bomb], headers=headers)
    assert time.perf_counter() - started < 1.0
    assert answer.status_code == (413 if bomb == "11 MB" else 400), answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert "Garcia" not in answer.text


async def test_what_is_no_plain_json_is_refused(at_elm: Elm) -> None:
    body = b'{"name": "Garcia"}'
    for headers in (
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "application/json; charset=latin-1"},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
    ):
        answer = await at_elm.ask("POST", "/patients/searches", content=body, headers=headers)
        assert answer.status_code == 415, headers
    plain = {"Content-Type": 'application/json; charset="UTF-8"'}
    found = await at_elm.ask("POST", "/patients/searches", content=body, headers=plain)
    assert found.status_code == 200


async def test_a_place_in_a_body_is_named(at_elm: Elm) -> None:
    answer = await at_elm.ask("POST", "/patients/searches", json={"name": 7, "birth_date": None})
    assert answer.json()["errors"][0]["path"] == "name"


# --- every answer ---


async def test_whatever_goes_wrong_is_told_in_one_form(client: Client, at_elm: Elm) -> None:
    given = "0190f5b0-aaaa-7bbb-8ccc-000000000001"
    for method, url, status in (
        ("GET", "/nowhere", 404),
        ("GET", f"/v1/practices/{at_elm.elm.id}/nowhere", 404),
        ("PATCH", f"/v1/practices/{at_elm.elm.id}/cards", 405),
        ("GET", f"/v1/practices/{at_elm.elm.id}/cards?limit=0", 400),
        ("GET", "/v1/practices/not-an-id", 404),
    ):
        headers = {**at_elm.person.headers, "X-Request-Id": given}
        answer = await client.http.request(method, url, headers=headers)
        problem = answer.json()
        assert answer.status_code == status == problem["status"], url
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert problem["type"].startswith("/problems/")
        assert problem["request_id"] == answer.headers["X-Request-Id"] == given
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        if status == 405:
            assert "GET" in answer.headers["Allow"]


@pytest.mark.parametrize("given", ["John Smith", "x", "0190F5B0", "a" * 37, "../../etc"])
async def test_a_request_id_that_could_be_a_name_is_replaced(client: Client, given: str) -> None:
    answer = await client.http.get("/live", headers={"X-Request-Id": given})
    assert answer.headers["X-Request-Id"] != given


async def test_every_answer_is_dressed_and_no_other_site_may_read_it(client: Client) -> None:
    headers = {"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "POST"}
    for method, path in (("GET", "/live"), ("GET", "/nowhere"), ("OPTIONS", "/v1/practices")):
        answer = await client.http.request(method, path, headers=headers)
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "max-age" in answer.headers["Strict-Transport-Security"]


async def test_every_change_takes_a_key_and_says_when_it_told_again(client: Client) -> None:
    """By the contract: a route that changes something takes a key, and can tell its answer again."""
    from billing_saas.api import declaring, manners

    without = []
    for route in client.app.routes:
        for method, (handler, _) in getattr(route, "route_handler_map", {}).items():
            if method in ("GET", "OPTIONS", "HEAD") or not route.path_format.startswith("/v1"):
                continue
            declared, mannered = declaring.of(handler), manners.of(handler)
            if mannered.kind == "search" or (declared and declared.upload):
                continue
            if handler.status_code != 204 and mannered.told_by is None:
                without.append(f"{method} {route.path_format}")
    assert without == [], "say who tells the answer again: manners(told_by=…)"


async def test_told_is_the_same_for_all(client: Client, elm: Tenant, sue: Person) -> None:
    """The control of the walk: a route that is asked as it wants is not refused for its manners."""
    for route in walked(client):
        answer = await ask(client, route, ids_for(route, elm.id, None), sue.headers)
        assert answer.status_code != 400, (str(route), told(answer))


async def test_a_commit_that_fails_leaves_the_key_free(
    at_elm: Elm, desk: Desk, clone: Clone, database: Database
) -> None:
    remittance = await received(at_elm, desk)
    path = f"/remittances/{remittance['id']}/posting"
    key = {"Idempotency-Key": str(new_id())}
    with psycopg.connect(clone.url("postgres"), autocommit=True) as above:
        above.execute(
            "ALTER TABLE audit_event ADD CONSTRAINT none CHECK (action <> 'remittance.post') NOT VALID"
        )
        failed = await at_elm.ask("POST", path, headers=key)
        assert failed.status_code >= 500
        above.execute("ALTER TABLE audit_event DROP CONSTRAINT none")
    done = await at_elm.ask("POST", path, headers=key)
    assert (done.status_code, "Idempotency-Replayed" in done.headers) == (201, False)
    async with database.tenant(at_elm.elm.id) as db:
        kept = (await db.execute(text("SELECT count(*) FROM done_request"))).scalar_one()
    assert kept == 1


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
