"""The API by a session's cookie: for the console's own pages, and for nobody else's (S8)."""

import re

import pytest

from billing_saas.kit.db import Database
from billing_saas.kit.ids import new_id
from tests.cast import Person, Tenant
from tests.console.browsing import Browser
from tests.signin import people


@pytest.fixture
async def signed_in(browser: Browser, database: Database, alice: Person) -> Browser:
    secret = await people.session_of(database, alice)
    browser.http.cookies.set("billing_session", secret, domain="localhost.local")
    await browser.get("/account")
    assert browser.heading == "Your account"
    return browser


def headers(browser: Browser, **more: str) -> dict[str, str]:
    token = browser.found(r'name="token" value="([0-9a-f]{64})"')
    named = {name.replace("_", "-"): value for name, value in more.items()}
    return {"X-CSRF-Token": token, "Sec-Fetch-Site": "same-origin", **named}


async def test_a_change_needs_a_page_of_ours_and_its_token(signed_in: Browser, elm: Tenant) -> None:
    """What is ours comes as far as to find nothing there."""
    assert (await signed_in.http.get("/v1/practices")).status_code == 200
    nothing = f"/v1/sessions/{new_id()}"
    good = headers(signed_in)
    assert (await signed_in.http.delete(nothing, headers=good)).status_code == 404
    wrong: tuple[dict[str, str], ...] = (
        {},
        {"X-CSRF-Token": good["X-CSRF-Token"]},
        {"Sec-Fetch-Site": "same-origin"},
        {**good, "Sec-Fetch-Site": "cross-site"},
        {**good, "X-CSRF-Token": "0" * 64},
    )
    for sent in wrong:
        answer = await signed_in.http.delete(nothing, headers=sent)
        assert answer.status_code == 403, sent
        assert answer.json()["type"] == "/problems/cross-site-request"
    as_text = await signed_in.http.post(
        f"/v1/practices/{elm.id}/patients/searches",
        content=b"{}",
        headers={**good, "Content-Type": "text/plain"},
    )
    assert as_text.status_code == 415


async def test_a_token_of_a_person_leaves_the_cookie_alone(
    signed_in: Browser, elm: Tenant, mallory: Person
) -> None:
    """Whoever sends both is who the token says."""
    answer = await signed_in.http.get(f"/v1/practices/{elm.id}", headers=mallory.headers)
    assert answer.status_code == 404
    bad = await signed_in.http.get("/v1/practices", headers={"Authorization": "Bearer bt_x"})
    assert bad.status_code == 401


async def test_a_session_is_listed_and_ended(signed_in: Browser) -> None:
    (session,) = (await signed_in.http.get("/v1/sessions")).json()
    assert session["current"] is True
    path = f"/v1/sessions/{session['id']}"
    ended = await signed_in.http.delete(path, headers=headers(signed_in))
    assert ended.status_code == 204
    assert (await signed_in.http.get("/v1/sessions")).status_code == 401


async def test_another_site_is_told_nothing(signed_in: Browser) -> None:
    sent = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    answer = await signed_in.http.options("/v1/practices", headers=sent)
    assert not [name for name in answer.headers if re.match("access-control", name, re.I)]
