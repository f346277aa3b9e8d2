"""Every answer, whatever was asked: its form, its headers, its request id."""

import pytest

from tests.api.asking import Elm
from tests.api.walking import Client, ask, ids_for, told, walked
from tests.cast import Person, Tenant


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


async def test_told_is_the_same_for_all(client: Client, elm: Tenant, sue: Person) -> None:
    """The control of the walk: a route that is asked as it wants is not refused for its manners."""
    for route in walked(client):
        answer = await ask(client, route, ids_for(route, elm.id, None), sue.headers)
        assert answer.status_code != 400, (str(route), told(answer))
