"""What the contract does not know is refused: parameters, fields, and bodies that are not what they seem."""

import json
import time

import msgspec
import pytest

from billing_saas.api import json_bodies, wire
from billing_saas.api.refusals import Refusal
from tests.api.asking import Elm
from tests.api.walking import Client, ids_for, walked
from tests.cast import Person, Tenant

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


async def test_in_a_body_a_number_is_a_number(client: Client, sue: Person, elm: Tenant) -> None:
    """By the contract: for each field that is no text, what a lenient reader would take for it."""
    tried = 0
    for route in walked(client):
        for name, kind in route.fields_of_no_text():
            ids = ids_for(route, elm.id, None)
            made = route.request(ids)
            told = {"integer": "12", "number": "1.5", "boolean": "true"}[kind]
            made["content"] = json.dumps(json.loads(made["content"]) | {name: told})
            headers = {**made.pop("headers"), **sue.headers}
            answer = await client.http.request(
                route.method, route.url(ids), headers=headers, **made
            )
            assert answer.status_code in (400, 401, 403, 404), (str(route), name, answer.text)
            if answer.status_code == 400:
                assert answer.json()["errors"][0]["path"] == name, str(route)
                tried += 1
    assert tried


class Charge(msgspec.Struct, forbid_unknown_fields=True):
    charge_cents: int


class Claim(msgspec.Struct, forbid_unknown_fields=True):
    charges: list[Charge]


@pytest.mark.parametrize("cents", [b'"12"', b"12.5", b"true", b"null"])
def test_money_in_a_body_is_whole_cents(cents: bytes) -> None:
    with pytest.raises(Refusal) as refused:
        json_bodies.must_fit(Claim, b'{"charges": [{"charge_cents": %s}]}' % cents)
    assert refused.value.errors[0].path == "charges[0].charge_cents"
    json_bodies.must_fit(Claim, b'{"charges": [{"charge_cents": 12}]}')


async def test_a_query_stays_text_and_is_read_as_what_it_means(at_elm: Elm) -> None:
    assert (await at_elm.ask("GET", "/claims?limit=12&denied=true")).status_code == 200
