"""What is told once is not told again under its key, and nobody writes over what they have not seen."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from billing_saas.identity import enrolling
from billing_saas.kit import clock
from billing_saas.kit.db import Database
from tests.api.browsing import at_browser
from tests.api.walking import knocking
from tests.cast import Person, Tenant, enrolled


@pytest.fixture
async def http(database: Database) -> Any:
    async with knocking(database) as client:
        yield client.http


@pytest.fixture
async def petra(database: Database, elm: Tenant) -> Person:
    """Administers Elm; holds what she gives machines."""
    return await at_browser(
        database, await enrolled(database, elm, "petra", "practice_admin", "biller")
    )


async def test_a_secret_asked_again_under_its_key_is_the_same_and_not_told(
    http: httpx.AsyncClient, elm: Tenant, petra: Person
) -> None:
    at = f"/v1/practices/{elm.id}/clients"
    wanted = {
        "name": "Elm's own system",
        "scopes": ["claims.read"],
        "expires_at": (clock.now() + timedelta(days=30)).isoformat(),
    }
    made = await http.post(at, headers=petra.headers, json=wanted)
    assert made.status_code == 201, made.text
    headers = {**petra.headers, "Idempotency-Key": "secret-1"}
    path = f"{at}/{made.json()['id']}/secrets"
    first = await http.post(path, headers=headers, json={})
    again = await http.post(path, headers=headers, json={})
    assert (first.status_code, again.status_code) == (201, 201), again.text
    assert first.json()["secret"]
    assert (again.json()["id"], again.json()["secret"]) == (first.json()["id"], None)
    assert again.headers["Idempotency-Replayed"] == "true"
    listed = (await http.get(path, headers=petra.headers)).json()["rows"]
    assert [row["id"] for row in listed] == [first.json()["id"]]


async def test_an_emergency_asked_again_under_its_key_is_one(
    http: httpx.AsyncClient, database: Database, elm: Tenant, oak: Tenant
) -> None:
    boss = await enrolled(database, oak, "boss", "biller")
    async with database.platform() as platform:
        await enrolling.grant_company(
            platform, boss.actor.id, oak.company_id, "supervisor", by=None
        )
    browsing = await at_browser(database, boss)
    headers = {**browsing.headers, "Idempotency-Key": "emergency-1"}
    path = f"/v1/practices/{elm.id}/emergency-access"
    body = {"reason": "Payer calls about a surgery tomorrow; nobody of Elm is at work."}
    first = await http.post(path, headers=headers, json=body)
    again = await http.post(path, headers=headers, json=body)
    assert (first.status_code, again.status_code) == (201, 201), again.text
    assert again.json() == first.json()
    other = await http.post(path, headers=headers, json={**body, "minutes": 5})
    assert other.status_code == 422


@pytest.mark.parametrize("kept", ["duties", "client", "sign_in_policy"])
async def test_who_saw_an_older_version_changes_nothing(
    http: httpx.AsyncClient, database: Database, elm: Tenant, petra: Person, kept: str
) -> None:
    path, who = await _kept(http, database, elm, petra, kept)
    seen = await http.get(path, headers=who.headers)
    assert seen.status_code == 200, seen.text
    body = {name: value for name, value in seen.json().items() if name not in _OURS}
    blind = await http.put(path, headers=who.headers, json=body)
    assert blind.status_code == 428, blind.text
    body |= _CHANGED[kept]
    saw = {**who.headers, "If-Match": seen.headers["ETag"]}
    assert (await http.put(path, headers=saw, json=body)).status_code == 200
    late = await http.put(path, headers=saw, json=body)
    assert late.status_code == 412, late.text


_OURS = {
    *("id", "created_by", "created_at", "updated_at", "revoked_at", "changed_by", "changed_at"),
    *("company_id", "version"),
}
_CHANGED: dict[str, dict[str, object]] = {
    "duties": {"refunds_apart": True},
    "client": {"name": "Elm's other system"},
    "sign_in_policy": {"idle_minutes": 7},
}


async def _kept(
    http: httpx.AsyncClient, database: Database, elm: Tenant, petra: Person, kept: str
) -> tuple[str, Person]:
    if kept == "duties":
        return f"/v1/practices/{elm.id}/duties", petra
    if kept == "client":
        wanted = {
            "name": "Elm's own system",
            "scopes": ["claims.read"],
            "expires_at": (clock.now() + timedelta(days=30)).isoformat(),
        }
        made = await http.post(
            f"/v1/practices/{elm.id}/clients", headers=petra.headers, json=wanted
        )
        return f"/v1/practices/{elm.id}/clients/{made.json()['id']}", petra
    ann = await enrolled(database, elm, "ann", "biller")
    async with database.platform() as platform:
        await enrolling.grant_company(
            platform, ann.actor.id, elm.company_id, "company_admin", by=None
        )
    return f"/v1/companies/{elm.company_id}/sign-in-policy", await at_browser(database, ann)
