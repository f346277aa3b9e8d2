"""Asking for a token: by secret or assertion, in one way, once, and without learning who else is known."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, func, select

from billing_saas.audit.rules import PLATFORM_LOG
from billing_saas.audit.tables import AuditEvent
from billing_saas.clients import forgetting, issuing, making, presenting, rules
from billing_saas.clients.assertions import Used
from billing_saas.clients.errors import AssertionRefused, TwoSecretsStand
from billing_saas.clients.issuing import Caller, Shown
from billing_saas.clients.jobs import ForgetTokens
from billing_saas.clients.tables import ClientAssertion, ClientToken
from billing_saas.kit import clock
from billing_saas.kit.db import Database
from billing_saas.kit.ids import new_id
from tests.api.walking import Client
from tests.cast import OPERATOR, Tenant
from tests.clients.desk import Machine, admin, client_of, machine_of, secret_of, wanted
from tests.clients.signing import claims_of, form, pair
from tests.cluster import Clone

GRANT = {"grant_type": "client_credentials"}


async def events(database: Database, log: Any, action: str) -> list[AuditEvent]:
    async with database.tenant(log) as db:
        found = await db.scalars(
            select(AuditEvent).where(AuditEvent.tenant_id == log, AuditEvent.action == action)
        )
        return list(found)


async def test_a_secret_opens_by_basic_and_in_the_body(
    database: Database, client: Client, elm: Tenant
) -> None:
    machine = await machine_of(database, client, elm)
    by_basic = await machine.ask()
    in_body = await client.http.post(
        "/oauth/token",
        data={**GRANT, "client_id": str(machine.client_id), "client_secret": machine.secret},
    )
    for answer in (by_basic, in_body):
        assert answer.status_code == 200, answer.text
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Pragma"] == "no-cache"
        said = answer.json()
        assert said["token_type"] == "Bearer"
        assert said["expires_in"] == 600
        assert said["scope"] == "claims.read patients.read"
        assert rules.SHOWN.fullmatch(said["access_token"])
    told = await events(database, elm.id, "client_token.issue")
    assert [(e.actor_kind, e.actor_id) for e in told] == [("client", machine.client_id)] * 2


async def test_only_hashes_are_kept(
    database: Database, client: Client, elm: Tenant, clone: Clone
) -> None:
    machine = await machine_of(database, client, elm)
    token = await machine.token()
    async with database.tenant(elm.id) as db:
        held = await db.scalar(select(ClientToken.token_hash))
    assert held == rules.digest(token)
    assert machine.secret not in repr(await secret_of(database, elm, machine.client_id))


async def test_scopes_are_narrowed_by_request_and_never_widened(
    database: Database, client: Client, elm: Tenant
) -> None:
    machine = await machine_of(database, client, elm)
    assert (await machine.ask(scope="claims.read")).json()["scope"] == "claims.read"
    for scope in ("claims.write", "claims.read claims.write", "everything", "claims.read,x"):
        answer = await machine.ask(scope=scope)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope"), scope


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        ({}, 401, "invalid_client"),
        ({"client_id": "x"}, 401, "invalid_client"),
        ({"client_secret": "x"}, 400, "invalid_request"),
        ({"client_id": "x", "client_secret": "y"}, 401, "invalid_client"),
        ({"client_assertion": "x"}, 400, "invalid_request"),
        ({"client_id": "x", "client_secret": "y", "client_assertion": "z"}, 400, "invalid_request"),
        (form("a.b.c"), 401, "invalid_client"),
        ({"client_id": "\x00", "client_secret": "y"}, 400, "invalid_request"),
    ],
)
async def test_who_does_not_show_who_it_is_gets_nothing(
    client: Client, elm: Tenant, body: dict[str, str], status: int, error: str
) -> None:
    answer = await client.http.post("/oauth/token", data={**GRANT, **body})
    assert (answer.status_code, answer.json()["error"]) == (status, error), answer.text
    assert ("WWW-Authenticate" in answer.headers) == (status == 401)


async def test_another_grant_or_none_is_refused(
    database: Database, client: Client, elm: Tenant
) -> None:
    machine = await machine_of(database, client, elm)
    for grant in ("password", "authorization_code", "refresh_token"):
        answer = await machine.ask(grant_type=grant)
        assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_grant_type")


@pytest.mark.parametrize(
    "header",
    ["Basic", "Basic !", "Basic /w==", "Basic YQ==", "Basic YTo=", "Bearer mc_x", "Basic \u00e9"],
)
async def test_a_header_that_cannot_be_read_is_no_fault_of_ours(
    client: Client, elm: Tenant, header: str
) -> None:
    answer = await client.http.post(
        "/oauth/token", data=GRANT, headers=[(b"Authorization", header.encode("latin-1"))]
    )
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client"), answer.text


async def test_a_parameter_is_given_once_in_a_body_that_is_a_form(
    database: Database, client: Client, elm: Tenant
) -> None:
    machine = await machine_of(database, client, elm)
    auth = (str(machine.client_id), machine.secret)
    form_type = {"Content-Type": "application/x-www-form-urlencoded"}
    for content in (
        "grant_type=client_credentials&grant_type=client_credentials",
        "grant_type=client_credentials&scope=claims.read&scope=patients.read",
        "grant_type",
        "%zz=%ff",
        "&".join(f"a{n}=1" for n in range(50)),
    ):
        answer = await client.http.post(
            "/oauth/token", content=content, headers=form_type, auth=auth
        )
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request"), content
    as_json = await client.http.post("/oauth/token", json=GRANT, auth=auth)
    assert as_json.status_code == 415
    in_url = await client.http.post("/oauth/token?grant_type=client_credentials", auth=auth)
    assert in_url.status_code in (400, 415)
    twice = await client.http.post(
        "/oauth/token", data={**GRANT, "client_secret": machine.secret}, auth=auth
    )
    assert twice.json()["error"] == "invalid_request"
    another = await client.http.post(
        "/oauth/token", data={**GRANT, "client_id": str(new_id())}, auth=auth
    )
    assert another.json()["error"] == "invalid_request"


async def test_an_assertion_opens_once(database: Database, client: Client, elm: Tenant) -> None:
    signer = pair()
    client_id = await client_of(database, elm, wanted(public_keys=[signer.public]))
    assertion = signer.signed(claims_of(client_id))
    first = await client.http.post("/oauth/token", data=form(assertion))
    assert first.status_code == 200, first.text
    again = await client.http.post("/oauth/token", data=form(assertion))
    assert (again.status_code, again.json()["error"]) == (401, "invalid_client")
    fresh = await client.http.post("/oauth/token", data=form(signer.signed(claims_of(client_id))))
    assert fresh.status_code == 200
    (told,) = await events(database, elm.id, "client_token.refuse")
    assert (told.outcome, told.object_id) == ("denied", client_id)


async def test_of_two_processes_with_one_assertion_one_gets_a_token(
    database: Database, client: Client, elm: Tenant, clone: Clone
) -> None:
    signer = pair()
    client_id = await client_of(database, elm, wanted(public_keys=[signer.public]))
    other = Database(clone.urls, database.keys, pool_size=4)
    used = Used(jti="the-same-in-both", expires_at=clock.now() + timedelta(minutes=1))

    async def issue(mine: Database) -> str:
        async with mine.glance() as glance:
            applicant = await presenting.applicant(glance, str(client_id))
        async with mine.tenant(elm.id) as db:
            return await issuing.issue(
                db, Caller("", ""), applicant, Shown(assertion=used), applicant.scopes
            )

    done = await asyncio.gather(
        *(issue(mine) for mine in (database, other) * 4), return_exceptions=True
    )
    await other.close()
    assert sum(isinstance(one, str) for one in done) == 1
    assert sum(isinstance(one, AssertionRefused) for one in done) == 7


async def test_an_assertion_of_oak_is_none_of_elm(
    database: Database, client: Client, elm: Tenant, oak: Tenant
) -> None:
    """Both have a key of the same name; Oak's signs in the name of Elm's client."""
    elms, oaks = pair(), pair()
    elms_client = await client_of(database, elm, wanted(public_keys=[elms.public]))
    await client_of(database, oak, wanted(public_keys=[oaks.public]))
    answer = await client.http.post("/oauth/token", data=form(oaks.signed(claims_of(elms_client))))
    assert answer.status_code == 401


async def test_a_known_and_an_unknown_client_cost_and_hear_the_same(
    database: Database, client: Client, elm: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counted, not timed: statements, digests and signatures."""
    signer = pair()
    known = await machine_of(database, client, elm, wanted(public_keys=[signer.public]))
    unknown = Machine(client.http, new_id(), known.secret)
    seen: list[str] = []
    for engine in database.engines.values():
        event.listen(
            engine.sync_engine,
            "before_cursor_execute",
            lambda *call: seen.append(str(call[2]).split("(")[0]),
        )
    digest = rules.digest

    def counted(secret: str) -> bytes:
        seen.append("digest")
        return digest(secret)

    monkeypatch.setattr(rules, "digest", counted)
    heard = []
    wrong = rules.SECRET_PREFIX + "x" * 43
    for machine in (Machine(client.http, known.client_id, wrong), unknown):
        await machine.ask()  # whatever is cached, is cached
        seen.clear()
        answer = await machine.ask()
        heard.append((answer.status_code, answer.json(), list(seen)))
    for named in (known.client_id, new_id()):
        seen.clear()
        forged = pair().signed(claims_of(named), kid="key-1")
        answer = await client.http.post("/oauth/token", data=form(forged))
        heard.append((answer.status_code, answer.json(), list(seen)))
    assert heard[0] == heard[1]
    assert heard[2] == heard[3]
    assert "digest" in heard[0][2]
    assert len(await events(database, PLATFORM_LOG, "client_token.refuse")) == 3


async def test_old_and_new_secret_overlap_for_the_time_that_was_said(
    database: Database, client: Client, elm: Tenant
) -> None:
    start = datetime(2026, 11, 20, 9, tzinfo=UTC)
    with clock.frozen(start):
        old = await machine_of(database, client, elm)
        added = await secret_of(database, elm, old.client_id, hours=6)
        new = Machine(client.http, old.client_id, added.secret)
        assert added.others_until == start + timedelta(hours=6)
        assert [(await one.ask()).status_code for one in (old, new)] == [200, 200]
        with pytest.raises(TwoSecretsStand):
            await secret_of(database, elm, old.client_id)
    with clock.frozen(start + timedelta(hours=5, minutes=59, seconds=59)):
        assert [(await one.ask()).status_code for one in (old, new)] == [200, 200]
    with clock.frozen(start + timedelta(hours=6)):
        assert [(await one.ask()).status_code for one in (old, new)] == [401, 200]
        await secret_of(database, elm, old.client_id, hours=0)
        assert [(await one.ask()).status_code for one in (old, new)] == [401, 401]


async def test_no_overlap_is_longer_than_a_week(
    database: Database, client: Client, elm: Tenant
) -> None:
    start = datetime(2026, 11, 20, 9, tzinfo=UTC)
    with clock.frozen(start):
        machine = await machine_of(database, client, elm)
        added = await secret_of(database, elm, machine.client_id, hours=24 * 30)
    assert added.others_until == start + timedelta(days=7)


async def test_a_client_that_ran_out_or_was_revoked_gets_no_token(
    database: Database, client: Client, elm: Tenant
) -> None:
    start = datetime(2026, 11, 20, 9, tzinfo=UTC)
    with clock.frozen(start):
        machine = await machine_of(database, client, elm, wanted(days=1))
        assert (await machine.ask()).status_code == 200
    with clock.frozen(start + timedelta(days=1)):
        assert (await machine.ask()).status_code == 401
    with clock.frozen(start):
        async with database.tenant(elm.id) as db:
            await making.revoke(db, admin(), machine.client_id)
        assert (await machine.ask()).status_code == 401


async def test_from_elsewhere_no_token_is_given(
    database: Database, client: Client, elm: Tenant
) -> None:
    here = await machine_of(database, client, elm, wanted(networks=["127.0.0.0/8"]))
    elsewhere = await machine_of(database, client, elm, wanted(networks=["203.0.113.0/24"]))
    assert (await here.ask()).status_code == 200
    answer = await elsewhere.ask()
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


async def test_who_asks_too_often_in_one_name_waits_and_others_do_not(
    database: Database, client: Client, elm: Tenant
) -> None:
    machine = await machine_of(database, client, elm)
    other = await machine_of(database, client, elm)
    wrong = Machine(client.http, machine.client_id, rules.SECRET_PREFIX + "x" * 43)
    heard = [one.status_code for one in await asyncio.gather(*(wrong.ask() for _ in range(90)))]
    assert 60 <= heard.count(401) < 90
    assert heard.count(429) == 90 - heard.count(401)
    assert (await other.ask()).status_code == 200


async def test_what_ran_out_is_forgotten_and_what_is_good_is_not(
    database: Database, client: Client, elm: Tenant
) -> None:
    signer = pair()
    now = clock.now()
    with clock.frozen(now - timedelta(days=4)):
        client_id = await client_of(database, elm, wanted(public_keys=[signer.public]))
    for days in (3, 0):
        with clock.frozen(now - timedelta(days=days)):
            answer = await client.http.post(
                "/oauth/token", data=form(signer.signed(claims_of(client_id)))
            )
            assert answer.status_code == 200, answer.text
    async with database.tenant(elm.id) as db:
        before = await db.scalar(select(func.count()).select_from(ClientToken))
    async with database.platform() as platform:
        await forgetting.forget(platform, OPERATOR, ForgetTokens())
    async with database.tenant(elm.id) as db:
        left = [
            await db.scalar(select(func.count()).select_from(table))
            for table in (ClientToken, ClientAssertion)
        ]
    assert (before, left) == (2, [1, 1])


async def test_the_server_tells_of_itself(client: Client, elm: Tenant) -> None:
    said = (await client.http.get("/.well-known/oauth-authorization-server")).json()
    assert said["issuer"] == "http://localhost"
    assert said["token_endpoint"] == "http://localhost/oauth/token"
    assert said["grant_types_supported"] == ["client_credentials"]
    assert set(said["scopes_supported"]) == rules.SCOPES
    assert "private_key_jwt" in said["token_endpoint_auth_methods_supported"]
    assert "none" not in said["token_endpoint_auth_signing_alg_values_supported"]
