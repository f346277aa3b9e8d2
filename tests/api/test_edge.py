"""Who asks, how often, how slowly, by which name; and routes that go or come in several steps."""

import asyncio
import ipaddress
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from typing import Any
from uuid import UUID

import psycopg
import pytest
from httpx import ASGITransport, AsyncClient
from litestar import Router, get, post, put
from litestar.di import Provide

from billing_saas.api import deps, edge
from billing_saas.api.app import create_app
from billing_saas.api.deps import Db, Id, Who
from billing_saas.api.edge import Edge
from billing_saas.api.manners import Deprecated, Versioned, manners
from billing_saas.api.wire import Out
from billing_saas.kit import meters
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import Database, TenantSession
from billing_saas.kit.ids import new_id
from billing_saas.kit.rates import Limit
from billing_saas.kit.settings import Settings
from tests.cast import Person, Tenant, enrolled
from tests.cluster import Clone

PROXY = "10.1.2.3"


def scope_of(peer: str, *forwarded: str) -> Any:
    headers = [(b"x-forwarded-for", value.encode()) for value in forwarded]
    return {"type": "http", "client": (peer, 1234), "headers": headers}


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("203.0.113.9", [], "203.0.113.9"),
        ("203.0.113.9", ["198.51.100.7"], "203.0.113.9"),  # a stranger's word
        (PROXY, ["198.51.100.7"], "198.51.100.7"),
        (PROXY, ["1.1.1.1, 198.51.100.7"], "198.51.100.7"),  # what the client put before
        (PROXY, ["1.1.1.1", "198.51.100.7, 10.9.9.9"], "198.51.100.7"),  # two of ours
        (PROXY, ["junk"], PROXY),
        (PROXY, ["198.51.100.7:8080"], "198.51.100.7"),
        (PROXY, ["[2001:db8:1:2:3::9]:443"], "2001:db8:1:2:3::9"),
        ("::ffff:203.0.113.9", [], "203.0.113.9"),
    ],
)
def test_a_proxy_is_believed_as_far_as_it_is_trusted(
    peer: str, forwarded: list[str], client: str
) -> None:
    meeting = edge.of(Settings(trusted_proxies="10.0.0.0/8, 192.0.2.1"))
    assert str(meeting.client(scope_of(peer, *forwarded))) == client


def test_a_line_is_counted_as_one_and_told_as_less() -> None:
    first, second = (ipaddress.ip_address(f"2001:db8:1:2::{n:x}") for n in (1, 0xFFFF))
    assert edge.limit_prefix(first) == edge.limit_prefix(second)
    assert edge.limit_prefix(ipaddress.ip_address("203.0.113.9")) == "203.0.113.9/32"
    assert edge.audit_prefix(ipaddress.ip_address("203.0.113.9")) == "203.0.113.0/24"
    assert edge.limit_prefix(None) == "unknown"


@asynccontextmanager
async def met(
    database: Database, meeting: Edge, *routes: Any, client: tuple[str, int] = ("203.0.113.9", 1)
) -> AsyncIterator[AsyncClient]:
    app = create_app(lambda: database, edge=meeting)
    app.state.database = database
    if routes:
        app.register(of_practices(*routes))
    asgi: Any = app
    transport = ASGITransport(asgi, raise_app_exceptions=False, client=client)
    async with AsyncClient(transport=transport, base_url="http://api.example.com") as http:
        yield http


def of_practices(*routes: Any) -> Router:
    return Router(
        "/v1/practices/{practice_id:uuid}",
        route_handlers=list(routes),
        dependencies={
            "actor": Provide(deps.actor, sync_to_thread=False),
            "db": Provide(deps.db),
        },
    )


async def test_only_hosts_of_ours_are_answered(database: Database) -> None:
    meeting = edge.of(Settings(allowed_hosts="api.example.com,.clinic.example"))
    async with met(database, meeting) as http:
        for host in ("api.example.com", "API.example.com:443", "elm.clinic.example"):
            assert (await http.get("/nowhere", headers={"Host": host})).status_code == 404
        for host in ("evil.example", "api.example.com.evil.example", "clinic.example", "10.0.0.1"):
            answer = await http.get("/nowhere", headers={"Host": host})
            assert answer.status_code == 421
            assert answer.json()["type"] == "/problems/misdirected-request"
        assert (await http.get("/live", headers={"Host": "10.0.0.1"})).status_code == 200


async def test_who_asks_too_often_is_told_when_to_come_back(
    database: Database, elm: Tenant, oak: Tenant, alice: Person, sam: Person, mallory: Person
) -> None:
    meeting = Edge(per_address=None, per_person=Limit("person", 5, 60), per_practice=None)
    async with met(database, meeting) as one, met(database, meeting) as another:
        mine = f"/v1/practices/{elm.id}"
        left = [
            (await server.get(mine, headers=alice.headers)).headers["RateLimit-Remaining"]
            for server in (one, another, one, another, one)
        ]
        assert left[-1] == "0"
        for server in (one, another):
            refused = await server.get(mine, headers=alice.headers)
            assert refused.status_code == 429
            assert refused.json()["type"] == "/problems/too-many-requests"
            assert 1 <= int(refused.headers["Retry-After"]) <= 12
        assert (await one.get(mine, headers=sam.headers)).status_code == 200


async def test_a_practice_has_a_share_that_strangers_cannot_use_up(
    database: Database, elm: Tenant, alice: Person, sam: Person, mallory: Person
) -> None:
    meeting = Edge(per_address=None, per_person=None, per_practice=Limit("practice", 4, 3600))
    async with met(database, meeting) as http:
        mine = f"/v1/practices/{elm.id}"
        for _ in range(10):
            assert (await http.get(mine, headers=mallory.headers)).status_code == 404
        for person in (alice, sam, alice, sam):
            assert (await http.get(mine, headers=person.headers)).status_code == 200
        before = refused_by("practice")
        assert (await http.get(mine, headers=sam.headers)).status_code == 429
        assert refused_by("practice") == before + 1


def refused_by(limit: str) -> float:
    """As counted: by the template of the route, and nobody's name."""
    labels = {"route": "/v1/practices/{practice_id}", "limit": limit}
    return meters.REGISTRY.get_sample_value("billing_saas_requests_limited_total", labels) or 0


async def test_guessing_tokens_is_counted_by_address_whatever_it_claims(
    database: Database, elm: Tenant
) -> None:
    meeting = Edge(per_address=Limit("address", 5, 3600), per_person=None, per_practice=None)
    statuses = []
    for n in range(8):
        peer = (f"2001:db8:7:7::{n + 1}", 1)  # one line, eight addresses
        async with met(database, meeting, client=peer) as http:
            headers = {"Authorization": f"Bearer guess{n}", "X-Forwarded-For": f"198.51.100.{n}"}
            statuses.append((await http.get("/v1/practices", headers=headers)).status_code)
    assert statuses == [401] * 5 + [429] * 3


# --- slow and large bodies ---


async def drip(parts: int, seconds: float, size: int = 1) -> AsyncIterator[bytes]:
    for _ in range(parts):
        yield b"x" * size
        await asyncio.sleep(seconds)


async def test_a_json_body_that_comes_slowly_is_given_up(
    database: Database, elm: Tenant, alice: Person
) -> None:
    async with met(database, Edge(body_seconds=0.2)) as http:
        answer = await http.post(
            f"/v1/practices/{elm.id}/patients/searches",
            headers={**alice.headers, "Content-Type": "application/json"},
            content=drip(1000, 0.02),
        )
    assert answer.status_code == 408
    assert answer.json()["type"] == "/problems/request-timeout"


async def test_a_slow_upload_holds_no_transaction(
    database: Database, elm: Tenant, alice: Person, clone: Clone
) -> None:
    """It used to hold one for as long as it took; now it comes whole before one is opened."""
    busy: list[int] = []
    with psycopg.connect(clone.url("postgres"), autocommit=True) as above:

        async def slowly() -> AsyncIterator[bytes]:
            for _ in range(5):
                yield b"y" * (700 << 10)
                found = above.execute(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                    " AND state LIKE 'idle in transaction%' AND usename <> 'postgres'"
                ).fetchone()
                busy.append(int(found[0]) if found else -1)

        async with met(database, Edge()) as http:
            answer = await http.post(
                f"/v1/practices/{elm.id}/claim-files", headers=alice.headers, content=slowly()
            )
            assert answer.status_code == 202, answer.text
            arrival = f"/v1/practices/{elm.id}/arrivals/{answer.json()['arrival_id']}"
            kept = (await http.get(arrival, headers=alice.headers)).json()
    assert busy == [0] * 5
    assert kept["bytes"] == 5 * (700 << 10)


async def test_an_upload_that_pauses_too_long_is_given_up(
    database: Database, elm: Tenant, alice: Person
) -> None:
    async with met(database, Edge(silent_seconds=0.1)) as http:
        path = f"/v1/practices/{elm.id}/claim-files"
        slow = await http.post(path, headers=alice.headers, content=drip(3, 0.05))
        assert slow.status_code == 202
        silent = await http.post(path, headers=alice.headers, content=drip(3, 0.5))
    assert silent.status_code == 408


async def test_who_may_not_hand_in_a_file_is_refused_before_it_is_read(
    database: Database, elm: Tenant
) -> None:
    cora = await enrolled(database, elm, "cora", "coder")
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while read < 100:
            read += 1
            yield b"z" * (1 << 20)

    async with met(database, Edge()) as http:
        path = f"/v1/practices/{elm.id}/claim-files"
        answer = await http.post(path, headers=cora.headers, content=endless())
    assert (answer.status_code, read) == (403, 0)


# --- routes of the tests' own: what no route of ours needs yet ---


class NoteOut(Out, frozen=True):
    id: UUID
    text: str


async def test_what_is_replaced_must_have_been_seen(
    database: Database, elm: Tenant, alice: Person
) -> None:
    texts = ["first"]

    async def lock(_: TenantSession, __: UUID) -> None: ...

    async def show(_: TenantSession, __: Actor, note_id: UUID) -> NoteOut:
        return NoteOut(id=note_id, text=texts[-1])

    versioned = Versioned(lock=lock, show=show, must=True)

    @get("/notes/{note_id:uuid}")
    async def get_note(db: Db, actor: Who, note_id: Id) -> NoteOut:
        return await show(db, actor, note_id)

    @put("/notes/{note_id:uuid}", opt=manners(told_by=show, versioned=versioned))
    async def put_note(db: Db, actor: Who, note_id: Id) -> NoteOut:
        texts.append("second")
        return await show(db, actor, note_id)

    async with met(database, Edge(), get_note, put_note) as http:
        path = f"/v1/practices/{elm.id}/notes/{new_id()}"
        blind = await http.put(path, headers=alice.headers)
        assert blind.json()["type"] == "/problems/precondition-required"
        seen = (await http.get(path, headers=alice.headers)).headers["ETag"]
        first = await http.put(path, headers={**alice.headers, "If-Match": seen})
        assert (first.status_code, first.json()["text"]) == (200, "second")
        late = await http.put(path, headers={**alice.headers, "If-Match": seen})
        assert late.status_code == 412


async def test_a_route_that_goes_says_until_when(
    database: Database, elm: Tenant, alice: Person
) -> None:
    going = Deprecated(date(2026, 3, 1), date(2027, 3, 1), "/docs/api-conventions#deprecation")

    @get("/old", opt=manners(deprecated=going))
    async def get_old(db: Db, actor: Who) -> None: ...

    async with met(database, Edge(), get_old) as http:
        answer = await http.get(f"/v1/practices/{elm.id}/old", headers=alice.headers)
        kept = await http.get(f"/v1/practices/{elm.id}", headers=alice.headers)
    assert answer.headers["Deprecation"] == "@1772323200"
    assert answer.headers["Sunset"] == "Mon, 01 Mar 2027 00:00:00 GMT"
    assert 'rel="successor-version"' in answer.headers["Link"]
    assert "Deprecation" not in kept.headers


async def test_an_act_of_several_steps_is_ended_and_never_begun_twice(
    database: Database, elm: Tenant, alice: Person, clone: Clone
) -> None:
    """Prepare (committed, with the key), call, record. A crash between leaves what prepare left: who
    asks again reads that, and the job owed in the same transaction ends it.
    """
    began: list[UUID] = []
    states: dict[UUID, str] = {}

    async def show(_: TenantSession, __: Actor, note_id: UUID) -> NoteOut:
        return NoteOut(id=note_id, text=states[note_id])

    @post("/paid-notes", opt=manners(told_by=show, resource="id"), status_code=202)
    async def prepare(db: Db, actor: Who) -> NoteOut:
        note_id = new_id()
        began.append(note_id)
        states[note_id] = "prepared"  # and here the act owes the job that ends it
        return await show(db, actor, note_id)

    async with met(database, Edge(), prepare) as http:
        path = f"/v1/practices/{elm.id}/paid-notes"
        headers = {**alice.headers, "Idempotency-Key": "pay-1"}
        first = await http.post(path, headers=headers)
        crashed = await http.post(path, headers=headers)  # the client never heard the first
        assert crashed.json() == first.json()
        states[began[0]] = "paid"  # the completer
        after = await http.post(path, headers=headers)
    assert (after.status_code, after.json()["text"]) == (202, "paid")
    assert len(began) == 1


def test_settings_of_the_edge_are_its_own() -> None:
    meeting = edge.of(Settings(requests_per_person=0, requests_per_address=10))
    assert meeting.per_person is None
    assert meeting.per_address == Limit("address", 10)
