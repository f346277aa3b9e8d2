"""A machine at the door: in its own practice, with its scopes, from where it may, while it stands."""

import ipaddress
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy import select

from billing_saas.audit.tables import AuditEvent
from billing_saas.clients import making, queries, rotating, rules
from billing_saas.clients.errors import BeyondYourOwn
from billing_saas.clients.rules import NewClient
from billing_saas.kit import clock
from billing_saas.kit.db import Database
from billing_saas.kit.ids import new_id
from tests.api.walking import Client, ask, ids_for, told, walked
from tests.build import month
from tests.cast import Person, Tenant, enrolled
from tests.clients.desk import Machine, admin, everything, machine_of, secret_of, wanted
from tests.cluster import Clone
from tests.isolation import rows
from tests.isolation.catalogue import Connection
from tests.isolation.rows import digest

ALL = sorted(rules.SCOPES)


@pytest.fixture
def above(clone: Clone) -> Iterator[Connection]:
    with psycopg.connect(clone.url("postgres"), autocommit=True) as connection:
        yield connection


async def trail_of(database: Database, practice: Tenant) -> list[AuditEvent]:
    async with database.tenant(practice.id) as db:
        found = await db.scalars(select(AuditEvent).where(AuditEvent.tenant_id == practice.id))
        return list(found)


def claims_at(practice: Tenant) -> str:
    return f"/v1/practices/{practice.id}/claims"


async def test_a_machine_reads_what_its_scopes_say_and_is_named_in_the_trail(
    database: Database, client: Client, elm: Tenant
) -> None:
    machine = await machine_of(database, client, elm, wanted(["claims.read", "cards.read"]))
    headers = await machine.headers()
    assert (await client.http.get(claims_at(elm), headers=headers)).status_code == 200
    refused = await client.http.get(f"/v1/practices/{elm.id}/balances", headers=headers)
    assert refused.status_code == 403
    assert refused.json()["facts"] == {"permission": "ledger.read"}
    (denied,) = [e for e in await trail_of(database, elm) if e.action == "request.denied"]
    assert (denied.actor_kind, denied.actor_id) == ("client", machine.client_id)
    async with database.tenant(elm.id) as db:
        assert await queries.names(db, [machine.client_id]) == {
            machine.client_id: "Elm's own system"
        }


async def test_a_narrower_token_may_less_than_its_client(
    database: Database, client: Client, elm: Tenant
) -> None:
    machine = await machine_of(database, client, elm, wanted(["claims.read", "cards.read"]))
    headers = await machine.headers(scope="cards.read")
    assert (await client.http.get(claims_at(elm), headers=headers)).status_code == 403


async def test_a_machine_finds_its_own_practice_and_no_other(
    database: Database, client: Client, elm: Tenant, oak: Tenant
) -> None:
    headers = await (await machine_of(database, client, oak)).headers()
    listed = (await client.http.get("/v1/practices", headers=headers)).json()
    assert [(one["id"], one["roles"]) for one in listed] == [(str(oak.id), [])]
    assert (await client.http.get(claims_at(elm), headers=headers)).status_code == 404


async def test_a_token_of_oak_on_every_route_of_elm(
    database: Database,
    client: Client,
    above: Connection,
    elm: Tenant,
    oak: Tenant,
    clone: Clone,
) -> None:
    """With every scope there is: Elm is to it what no practice is, and nothing of Elm changes."""
    boss = await enrolled(database, elm, "boss", "biller", "supervisor")
    await month.work(database, elm, boss.actor, claims=2)
    with psycopg.connect(clone.url("postgres")) as superuser:
        elms = {**rows.fill(superuser, elm.id), "member": {"id": boss.actor.id}}
    machine = await machine_of(database, client, oak, wanted(ALL), everything())
    headers = await machine.headers()
    before = digest(above, elm.id)
    tried = 0
    for route in walked(client):
        if "practice_id" not in route.path_parameters:
            continue
        nowhere = await ask(client, route, ids_for(route, new_id(), None), headers)
        answer = await ask(client, route, ids_for(route, elm.id, elms), headers)
        assert answer.status_code == 404, (str(route), answer.status_code)
        assert told(answer) == told(nowhere), str(route)
        if route.row_parameters:
            inside = await ask(client, route, ids_for(route, oak.id, elms), headers)
            assert inside.status_code in (403, 404, 422), (str(route), inside.status_code)
        tried += 1
    assert digest(above, elm.id) == before
    assert tried > 30
    seen = [e for e in await trail_of(database, oak) if e.action == "request.denied"]
    assert {e.actor_id for e in seen} == {machine.client_id}


async def test_no_scope_gives_rights_away_or_shows_a_second_factor(
    database: Database, client: Client, elm: Tenant
) -> None:
    headers = await (await machine_of(database, client, elm, wanted(ALL), everything())).headers()
    wish = {"name": "more", "scopes": ["claims.read"], "expires_at": "2027-01-01T00:00:00Z"}
    made = await client.http.post(f"/v1/practices/{elm.id}/clients", headers=headers, json=wish)
    assert made.status_code == 403
    assert made.json()["type"] == "/problems/not-permitted"


# --- S11: revoked, expired, other address, other scope, in the URL ---


async def test_a_token_is_good_for_ten_minutes(
    database: Database, client: Client, elm: Tenant
) -> None:
    start = datetime(2026, 11, 20, 9, tzinfo=UTC)
    with clock.frozen(start):
        headers = await (await machine_of(database, client, elm)).headers()
    for seconds, status in ((0, 200), (599, 200), (600, 401), (86_400, 401)):
        with clock.frozen(start + timedelta(seconds=seconds)):
            answer = await client.http.get(claims_at(elm), headers=headers)
            assert answer.status_code == status, seconds


async def test_a_machine_that_is_revoked_in_mid_use_is_out_at_once(
    database: Database, client: Client, elm: Tenant, clone: Clone
) -> None:
    """Revoked by another process: nothing of a token is remembered between requests."""
    machine = await machine_of(database, client, elm)
    headers = await machine.headers()
    assert (await client.http.get(claims_at(elm), headers=headers)).status_code == 200
    elsewhere = Database(clone.urls, database.keys, pool_size=2)
    async with elsewhere.tenant(elm.id) as db:
        await making.revoke(db, admin(), machine.client_id)
    await elsewhere.close()
    assert (await client.http.get(claims_at(elm), headers=headers)).status_code == 401
    assert (await machine.ask()).status_code == 401


async def test_a_secret_that_is_ended_takes_its_tokens_along_and_no_others(
    database: Database, client: Client, elm: Tenant
) -> None:
    machine = await machine_of(database, client, elm)
    by_first = await machine.headers()
    second = await secret_of(database, elm, machine.client_id)
    by_second = await Machine(client.http, machine.client_id, second.secret).headers()
    async with database.tenant(elm.id) as db:
        await rotating.end(db, admin(), machine.client_id, second.id)
    assert (await client.http.get(claims_at(elm), headers=by_first)).status_code == 200
    assert (await client.http.get(claims_at(elm), headers=by_second)).status_code == 401


async def test_a_scope_that_is_taken_away_is_gone_from_tokens_too(
    database: Database, client: Client, elm: Tenant
) -> None:
    machine = await machine_of(database, client, elm)
    headers = await machine.headers()
    async with database.tenant(elm.id) as db:
        await making.change(db, admin(), machine.client_id, wanted(["patients.read"]))
    assert (await client.http.get(claims_at(elm), headers=headers)).status_code == 403


async def test_a_practice_that_is_suspended_shuts_its_machines_out(
    database: Database, client: Client, above: Connection, elm: Tenant
) -> None:
    machine = await machine_of(database, client, elm)
    headers = await machine.headers()
    above.execute("UPDATE practice SET status = 'suspended' WHERE tenant_id = %s", [elm.id])
    assert (await client.http.get(claims_at(elm), headers=headers)).status_code == 401
    assert (await machine.ask()).status_code == 401


async def test_from_another_address_a_token_opens_nothing(
    database: Database, client: Client, elm: Tenant
) -> None:
    machine = await machine_of(database, client, elm, wanted(networks=["127.0.0.0/8"]))
    headers = await machine.headers()
    assert (await client.http.get(claims_at(elm), headers=headers)).status_code == 200
    claimed = {**headers, "X-Forwarded-For": "203.0.113.9"}
    assert (await client.http.get(claims_at(elm), headers=claimed)).status_code == 200
    elsewhere = wanted(networks=["203.0.113.0/24", "2001:db8::/32"])
    async with database.tenant(elm.id) as db:
        await making.change(db, admin(), machine.client_id, elsewhere)
    for one in (headers, claimed):  # nobody trusts whoever says so
        assert (await client.http.get(claims_at(elm), headers=one)).status_code == 401


async def in_url(client: Client, url: str) -> Any:
    return await client.http.get(url)


async def test_a_token_in_a_url_is_refused_and_worth_nothing_from_then_on(
    database: Database, client: Client, elm: Tenant, capfd: pytest.CaptureFixture[str]
) -> None:
    machine = await machine_of(database, client, elm)
    for place in ("{base}?access_token={token}", "{base}/{token}", "/nowhere?x=%{hex}{rest}"):
        token = await machine.token()
        headers = {"Authorization": f"Bearer {token}"}
        url = place.format(
            base=claims_at(elm), token=token, hex=f"{ord(token[0]):02X}", rest=token[1:]
        )
        answer = await in_url(client, url)
        assert answer.status_code == 401, url
        assert token not in answer.text
        after = await client.http.get(claims_at(elm), headers=headers)
        assert after.status_code == 401, url
        assert token not in "".join(capfd.readouterr())
    leaks = [e for e in await trail_of(database, elm) if e.action == "client.leak"]
    assert [e.detail for e in leaks] == [{"kind": "token", "reason": "in-url"}] * 3
    assert {e.actor_id for e in leaks} == {machine.client_id}


async def test_a_secret_in_a_url_ends_with_its_tokens(
    database: Database, client: Client, elm: Tenant
) -> None:
    machine = await machine_of(database, client, elm)
    headers = await machine.headers()
    answer = await client.http.post(f"/oauth/token?client_secret={machine.secret}")
    assert answer.status_code == 401
    assert (await machine.ask()).status_code == 401
    assert (await client.http.get(claims_at(elm), headers=headers)).status_code == 401


async def test_a_persons_token_in_a_url_is_ended_as_well(
    client: Client, elm: Tenant, alice: Person
) -> None:
    assert (await client.http.get(claims_at(elm), headers=alice.headers)).status_code == 200
    assert (await in_url(client, f"/docs?t={alice.token}")).status_code == 401
    assert (await client.http.get(claims_at(elm), headers=alice.headers)).status_code == 401


async def test_what_only_looks_like_a_token_ends_nothing(
    database: Database, client: Client, elm: Tenant
) -> None:
    machine = await machine_of(database, client, elm)
    headers = await machine.headers()
    for shown in ("mc_" + "x" * 43, "mc_short", "bt_" + "y" * 43):
        await in_url(client, f"/docs?q={shown}")
    assert (await client.http.get(claims_at(elm), headers=headers)).status_code == 200


# --- the routes ---


async def test_whoever_reads_clients_sees_no_secret(
    database: Database, client: Client, elm: Tenant, ada: Person
) -> None:
    machine = await machine_of(database, client, elm)
    base = f"/v1/practices/{elm.id}/clients"
    for path in (base, f"{base}/{machine.client_id}", f"{base}/{machine.client_id}/secrets"):
        answer = await client.http.get(path, headers=ada.headers)
        assert answer.status_code == 200
        assert machine.secret not in answer.text


async def test_a_token_of_a_person_makes_no_machine(
    database: Database, client: Client, elm: Tenant
) -> None:
    """It never shows a second factor; taking away needs none."""
    may = await enrolled(database, elm, "may", "practice_admin", "biller")
    machine = await machine_of(database, client, elm)
    base = f"/v1/practices/{elm.id}/clients"
    wish = {"name": "Lab", "scopes": ["claims.read"], "expires_at": soon()}
    for method, path, body in (
        ("POST", base, wish),
        ("PUT", f"{base}/{machine.client_id}", wish),
        ("POST", f"{base}/{machine.client_id}/secrets", {}),
    ):
        headers = {**may.headers, **({"If-Match": "*"} if method == "PUT" else {})}
        answer = await client.http.request(method, path, headers=headers, json=body)
        assert answer.status_code == 403, (method, path, answer.text)
        assert answer.json()["type"] == "/problems/step-up-required"
    gone = await client.http.post(f"{base}/{machine.client_id}/revocation", headers=may.headers)
    assert gone.status_code == 204
    assert (await machine.ask()).status_code == 401


def soon() -> str:
    return (clock.now() + timedelta(days=30)).isoformat()


async def test_nobody_gives_what_they_do_not_hold(database: Database, elm: Tenant) -> None:
    async with database.tenant(elm.id) as db:
        with pytest.raises(BeyondYourOwn) as refused:
            await making.make(db, admin("coder"), wanted(["claims.write"]))
    assert refused.value.facts == {"permission": "claims.write"}


@pytest.mark.parametrize(
    ("new", "place"),
    [
        (wanted([]), "scopes"),
        (wanted(["clients.write"]), "scopes"),
        (wanted(["members.write"]), "scopes"),
        (wanted(["claims.everything"]), "scopes"),
        (wanted(days=0), "expires_at"),
        (wanted(days=367), "expires_at"),
        (wanted(networks=["203.0.113.1/24"]), "networks[0]"),
        (wanted(networks=["0.0.0.0/0"]), "networks[0]"),
        (wanted(networks=["10.0.0.0/8", "::/0"]), "networks[1]"),
        (wanted(public_keys=[{"kty": "oct"}]), "public_keys[0]"),
        (NewClient(" ", ["claims.read"], clock.now() + timedelta(days=1)), "name"),
    ],
)
def test_what_a_client_cannot_be_is_told_by_its_place(new: NewClient, place: str) -> None:
    now = clock.now()
    assert place in rules.faults(new, made_at=now, now=now)


def test_a_list_lets_in_who_is_on_it() -> None:
    inside = ipaddress.ip_address("203.0.113.7")
    assert rules.lets_in([], None)
    assert rules.lets_in(["203.0.113.0/24"], inside)
    assert not rules.lets_in(["203.0.113.0/24"], None)
    assert not rules.lets_in(["203.0.113.0/24"], ipaddress.ip_address("2001:db8::1"))
