"""The way to a provider and back, as a browser goes it; and its admin's routes."""

from collections.abc import AsyncIterator, Iterator
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from billing_saas.api.app import create_app
from billing_saas.api.edge import Edge
from billing_saas.federation import providers
from billing_saas.gateways.outward import Outward
from billing_saas.identity import enrolling
from billing_saas.kit.db import Database
from billing_saas.kit.ids import new_id
from tests.api.conforming import Conforming
from tests.cast import Person, Tenant, enrolled
from tests.signin import federated
from tests.signin import provider as providers_of_tests
from tests.signin.people import session_of
from tests.signin.provider import CLIENT_ID, CLIENT_SECRET, Provider

SITE = "http://test"
OURS = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with providers_of_tests.running() as made:
        yield made


@pytest.fixture
async def browser(database: Database, provider: Provider) -> AsyncIterator[httpx.AsyncClient]:
    outward = Outward(frozenset({urlsplit(provider.issuer).netloc}), plain=True)
    app = create_app(lambda: database, edge=Edge(site=SITE, outward=outward))
    app.state.database = database
    asgi: Any = app
    transport = Conforming(httpx.ASGITransport(asgi, raise_app_exceptions=False))
    async with httpx.AsyncClient(transport=transport, base_url=SITE) as client:
        yield client


@pytest.fixture
async def anna(database: Database, elm: Tenant) -> Person:
    """She administers the company."""
    anna = await enrolled(database, elm, "anna", "biller")
    async with database.platform() as db:
        await enrolling.grant_company(db, anna.actor.id, elm.company_id, "company_admin", by=None)
    return anna


async def _as(browser: httpx.AsyncClient, database: Database, person: Person) -> dict[str, str]:
    """Signed in with both factors just now; what a change must carry."""
    secret = await session_of(database, person)
    browser.cookies.clear()
    browser.cookies.set("billing_session", secret)
    page = await browser.get("/account")
    token = page.text.split('name="token" value="')[1].split('"')[0]
    return {**OURS, "X-CSRF-Token": token}


def _wanted(provider: Provider, **changed: Any) -> dict[str, Any]:
    return {
        "name": "Ash",
        "issuer": provider.issuer,
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "email_domains": ["example.test"],
    } | changed


async def test_an_admin_sets_a_provider_up_and_alice_comes_in_by_it(
    browser: httpx.AsyncClient,
    database: Database,
    provider: Provider,
    elm: Tenant,
    anna: Person,
    alice: Person,
) -> None:
    headers = await _as(browser, database, anna)
    path = f"/v1/companies/{elm.company_id}/identity-providers"
    made = await browser.post(path, json=_wanted(provider), headers=headers)
    assert made.status_code == 201, made.text
    told = made.json()
    assert "secret" not in made.text
    assert told["redirect_uri"] == f"{SITE}/sign-in/oidc/{told['id']}/callback"
    assert (await browser.get(path)).json() == [told]

    browser.cookies.clear()
    page = await browser.get("/sign-in/oidc")
    token = page.text.split('name="token" value="')[1].split('"')[0]
    email = await federated.email_of(database, alice)
    found = await browser.post("/sign-in/oidc", data={"email": email, "token": token}, headers=OURS)
    way = f"/sign-in/oidc/{told['id']}"
    assert f'href="{way}"' in found.text
    assert "Continue to Ash" in found.text
    assert way in (await browser.get(f"/sign-in/oidc?organization={elm.company_id}")).text

    left = await browser.get(way, headers={"Host": "evil.example"})
    assert left.status_code == 303
    assert (
        f"{SITE}/sign-in/oidc".replace(":", "%3A").replace("/", "%2F") in left.headers["location"]
    )
    cookie: Any = SimpleCookie(left.headers["set-cookie"])["billing_way"]
    assert (cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (True, "lax", "600")
    before = dict(browser.cookies)
    provider.person = {"sub": "a", "email": email, "email_verified": True, "amr": ["pwd", "mfa"]}
    brought = provider.visited(left.headers["location"])

    for near in (f"{way}/callback/../callback2", f"{way}/callbacks", f"/sign-in/oidc/{new_id()}"):
        assert (await browser.get(near, params=brought)).status_code == 404
    # As Google and Entra bring more than was asked for.
    back = await browser.get(f"{way}/callback", params={**brought, "session_state": "x", "hd": "y"})
    assert (back.status_code, back.headers["location"]) == (303, "/home")
    assert "billing_way" not in browser.cookies
    assert browser.cookies["billing_session"] not in before.values()
    home = await browser.get("/home")
    assert home.status_code == 200

    token = home.text.split('name="token" value="')[1].split('"')[0]
    out = await browser.post("/sign-out", data={"token": token}, headers=OURS)
    assert "Sign out of Ash too" in out.text
    assert f"{provider.issuer}/logout?client_id={CLIENT_ID}" in out.text
    assert (await browser.get("/home")).headers["location"] == "/sign-in"

    again = await browser.get(f"{way}/callback", params=brought)
    assert again.status_code == 401
    assert "could not be signed in" in again.text
    assert "billing_session" not in browser.cookies


async def test_what_an_admin_is_told(
    browser: httpx.AsyncClient,
    database: Database,
    provider: Provider,
    elm: Tenant,
    anna: Person,
    alice: Person,
) -> None:
    headers = await _as(browser, database, anna)
    path = f"/v1/companies/{elm.company_id}/identity-providers"
    cases: list[tuple[dict[str, Any], str]] = [
        ({"issuer": "https://127.0.0.1:1"}, "provider-not-good"),
        ({"issuer": "https://169.254.169.254/latest"}, "provider-not-good"),
        ({"issuer": provider.issuer + "/"}, "provider-not-good"),
        ({"email_domains": ["gmail.com"]}, "domain-not-good"),
        ({"email_domains": ["no domain"]}, "bad-request"),
    ]
    for changed, problem in cases:
        refused = await browser.post(path, json=_wanted(provider, **changed), headers=headers)
        assert refused.json()["type"].endswith(problem), refused.text
    made = await browser.post(path, json=_wanted(provider), headers=headers)
    taken = await browser.post(path, json=_wanted(provider), headers=headers)
    assert taken.json()["type"].endswith("domain-taken")
    one = f"{path}/{made.json()['id']}"
    wanted = _wanted(provider, active=False, name="Ash, retired", client_secret="")
    seen = {**headers, "If-Match": (await browser.get(one)).headers["ETag"]}
    blindly = await browser.put(one, json=wanted, headers=headers)
    assert blindly.json()["type"].endswith("precondition-required")
    put = await browser.put(one, json=wanted, headers=seen)
    late = await browser.put(one, json=wanted, headers=seen)
    assert late.json()["type"].endswith("precondition-failed")
    assert (put.json()["active"], put.json()["name"]) == (False, "Ash, retired")
    forgotten = await browser.delete(f"{one}/people/{alice.actor.id}", headers=headers)
    assert forgotten.status_code == 404

    # Nobody's token steps up, and a stranger finds no company.
    browser.cookies.clear()
    by_token = await browser.post(path, json=_wanted(provider), headers=anna.headers)
    assert by_token.json()["type"].endswith("step-up-required")
    assert (await browser.get(path, headers=alice.headers)).status_code == 404


async def test_there_are_no_more_providers_than_a_page_shows(
    browser: httpx.AsyncClient,
    database: Database,
    provider: Provider,
    elm: Tenant,
    anna: Person,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(providers, "MOST", 1)
    headers = await _as(browser, database, anna)
    path = f"/v1/companies/{elm.company_id}/identity-providers"
    wanted = _wanted(provider, email_domains=[])
    answers = [await browser.post(path, json=wanted, headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 409]
    assert answers[1].json()["type"] == "/problems/too-many-providers"


async def test_a_practices_provider_is_its_own_peoples_to_choose(
    browser: httpx.AsyncClient, database: Database, provider: Provider, elm: Tenant
) -> None:
    of_company = await enrolled(database, elm, "carl", "practice_admin")
    own = await enrolled(database, elm, "olive")
    async with database.platform() as db:
        await enrolling.grant(db, own.actor.id, elm.id, ["practice_admin"], None, side="practice")
    path = f"/v1/practices/{elm.id}/identity-providers"
    headers = await _as(browser, database, of_company)
    refused = await browser.post(path, json=_wanted(provider), headers=headers)
    assert refused.json()["type"].endswith("not-of-the-practice")
    headers = await _as(browser, database, own)
    made = await browser.post(path, json=_wanted(provider), headers=headers)
    assert made.status_code == 201, made.text
    provider.person = {
        "sub": "o",
        "email": await federated.email_of(database, own),
        "email_verified": True,
    }
    way = f"/sign-in/oidc/{made.json()['id']}"
    brought = provider.visited((await browser.get(way)).headers["location"])
    back = await browser.get(f"{way}/callback", params=brought)
    assert back.headers["location"] == "/second-factor"
    provider.person["email"] = await federated.email_of(database, of_company)
    provider.person["sub"] = "c"
    brought = provider.visited((await browser.get(way)).headers["location"])
    assert (await browser.get(f"{way}/callback", params=brought)).status_code == 401


async def test_a_provider_that_cannot_be_reached(
    browser: httpx.AsyncClient, database: Database, provider: Provider, elm: Tenant
) -> None:
    door = await federated.door(database, provider, elm.company_id)
    provider.says = {"jwks_uri": None}
    down = await browser.get(f"/sign-in/oidc/{door.provider_id}")
    provider.says = {}
    assert down.status_code == 502
    assert "cannot be reached" in down.text
