"""A key provider that is down, slow or wrong: nothing is made up, nobody waits long, someone is told."""

import asyncio
import json
import sys
import time
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from billing_saas.kit import clock, logs
from billing_saas.kit.db import Database
from billing_saas.kit.protocols import KeyProviderDown
from billing_saas.phi import keyring, provisioning, registry, sealing
from billing_saas.phi.errors import WrongKey
from tests.api.walking import knocking
from tests.cast import Person, Tenant
from tests.cluster import Clone
from tests.custody import keeping
from tests.fakes import MemoryKeys
from tests.phi.tampering import as_owner

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
CELL = registry.PATIENT_PHI_DEMO


async def ring_of(database: Database, tenant: Tenant) -> keyring.Keyring:
    async with database.tenant(tenant.id) as db:
        return await keyring.of(db)


def told(captured: str) -> list[str]:
    return [json.loads(line)["event"] for line in captured.splitlines() if line.startswith("{")]


@pytest.fixture(autouse=True)
def heard(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever configured the logs before may have done so with another standard error."""
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", sys.__stderr__)
        logs.configure("ERROR")


async def test_a_wrong_key_is_never_used(
    database: Database, elm: Tenant, keys: MemoryKeys, capfd: pytest.CaptureFixture[str]
) -> None:
    keys.wrong = True
    with pytest.raises(WrongKey):
        await ring_of(database, elm)
    assert "key provider answers wrongly" in told(capfd.readouterr().err)
    keys.wrong = False
    await ring_of(database, elm)


async def test_of_a_provider_that_answers_wrongly_kept_keys_serve_on(
    database: Database, elm: Tenant, keys: MemoryKeys, capfd: pytest.CaptureFixture[str]
) -> None:
    with clock.frozen(NOON):
        sealed = (await ring_of(database, elm)).seal(CELL, elm.id, b"plain")
    keys.wrong = True
    with clock.frozen(NOON + timedelta(minutes=6)):
        ring = await ring_of(database, elm)
        assert ring.open(CELL, elm.id, sealed, bytes) == b"plain"
        assert told(capfd.readouterr().err) == ["key provider answers wrongly"]
        again = ring.seal(CELL, elm.id, b"plain")
    with clock.frozen(NOON + timedelta(minutes=61)), pytest.raises(WrongKey):
        await ring_of(database, elm)
    keys.wrong = False
    with clock.frozen(NOON + timedelta(minutes=70)):
        assert (await ring_of(database, elm)).open(CELL, elm.id, again, bytes) == b"plain"


async def test_a_key_of_before_check_values_gets_one_when_it_is_wrapped_again(
    clone: Clone, database: Database, elm: Tenant, keys: MemoryKeys
) -> None:
    as_owner(clone, ["UPDATE tenant_key SET check_value = NULL"])
    sealed = (await ring_of(database, elm)).seal(CELL, elm.id, b"plain")
    async with database.tenant(elm.id) as db:
        before = {key.wrapped for key in await provisioning.wrapped_keys(db)}
        assert await provisioning.rewrap(db) == 3
        assert not before & {key.wrapped for key in await provisioning.wrapped_keys(db)}
    with clock.frozen(clock.now() + keyring.KEPT_FOR):
        keys.wrong = True
        ring = await ring_of(database, elm)  # those it has, for an hour
        keys.wrong = False
        assert ring.open(CELL, elm.id, sealed, bytes) == b"plain"
    with clock.frozen(clock.now() + timedelta(hours=2)):
        keys.wrong = True
        with pytest.raises(WrongKey):
            await ring_of(database, elm)


async def test_a_wrong_answer_does_not_become_the_wrapped_key(
    database: Database, elm: Tenant, keys: MemoryKeys
) -> None:
    async with database.tenant(elm.id) as db:
        before = [key.wrapped for key in await provisioning.wrapped_keys(db)]
    keys.wrong = True
    with pytest.raises(WrongKey):
        async with database.tenant(elm.id) as db:
            await provisioning.rewrap(db)
    keys.wrong = False
    async with database.tenant(elm.id) as db:
        assert [key.wrapped for key in await provisioning.wrapped_keys(db)] == before


async def test_keys_that_are_no_keys_are_wrong(database: Database) -> None:
    with pytest.raises(WrongKey):
        keyring.check_value(b"short", b"context")
    assert len(keyring.check_value(bytes(sealing.KEY_BYTES), b"context")) == keyring.CHECK_BYTES


async def test_a_hundred_reads_after_expiry_unwrap_once(
    database: Database, elm: Tenant, keys: MemoryKeys
) -> None:
    with clock.frozen(NOON):
        await ring_of(database, elm)
    keys.calls.clear()
    keys.slow = 0.05
    with clock.frozen(NOON + keyring.KEPT_FOR):
        await asyncio.gather(*(ring_of(database, elm) for _ in range(100)))
    assert keys.calls == ["unwrap"] * len(keyring.PURPOSES)


async def test_slow_for_thirty_seconds_is_down_after_two(
    database: Database, elm: Tenant, oak: Tenant, keys: MemoryKeys
) -> None:
    with clock.frozen(NOON):
        await ring_of(database, elm)
    keys.slow = 30
    started = time.perf_counter()
    with clock.frozen(NOON + timedelta(minutes=6)):
        cached, other = await asyncio.gather(
            ring_of(database, elm), ring_of(database, oak), return_exceptions=True
        )
    assert time.perf_counter() - started < 3
    assert isinstance(cached, keyring.Keyring)
    assert isinstance(other, KeyProviderDown)


async def _answer(http: httpx.AsyncClient, elm: Tenant, alice: Person) -> httpx.Response:
    return await http.get(f"/v1/practices/{elm.id}/patients", headers=alice.headers)


async def test_the_api_says_503_and_nothing_else(
    database: Database, elm: Tenant, alice: Person, keys: MemoryKeys
) -> None:
    await keeping.register(database, elm, 2)
    away = Database(database.urls, MemoryKeys(), pool_size=2)
    assert isinstance(away.keys, MemoryKeys)
    away.keys.keys = keys.keys
    async with knocking(away) as client:
        answer = await _answer(client.http, elm, alice)
        assert answer.status_code == 200
        with clock.frozen(clock.now() + timedelta(minutes=61)):
            for fault in ("down", "wrong"):
                setattr(away.keys, fault, True)
                answer = await _answer(client.http, elm, alice)
                assert answer.status_code == 503
                assert answer.headers["content-type"] == "application/problem+json"
                assert answer.json()["type"].endswith("unavailable")
                assert "Garcia" not in answer.text
                setattr(away.keys, fault, False)
            assert (await _answer(client.http, elm, alice)).status_code == 200
            await keys.destroy(keyring.kek_name(elm.id))
        with clock.frozen(clock.now() + timedelta(minutes=130)):
            answer = await _answer(client.http, elm, alice)
            assert answer.status_code == 503
            assert answer.json()["type"].endswith("unavailable")
    await away.close()
