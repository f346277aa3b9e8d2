"""/ready says within seconds what is missing; what is counted names templates only."""

import asyncio

import httpx
import psycopg
import pytest
from prometheus_client import generate_latest

from billing_saas.api import health
from billing_saas.kit import meters
from billing_saas.kit.db import Database
from billing_saas.kit.ids import new_id
from billing_saas.kit.migrating import configuration, newest
from tests.cast import Person, Tenant
from tests.cluster import Clone
from tests.fakes import MemoryKeys


async def told(http: httpx.AsyncClient) -> tuple[int, dict[str, str]]:
    answer = await http.get("/ready")
    return answer.status_code, answer.json()


async def test_ready_names_what_is_missing(
    http: httpx.AsyncClient, clone: Clone, keys: MemoryKeys
) -> None:
    assert await told(http) == (200, {"status": "ready", "database": "ok", "keys": "ok"})
    keys.down = True
    assert await told(http) == (503, {"status": "not ready", "database": "ok", "keys": "down"})
    keys.down = False
    with psycopg.connect(clone.url("postgres"), autocommit=True) as superuser:
        for version, status, what in (
            ("0018", 503, "older than this version needs"),
            ("9999", 200, "ok"),  # the new version's migration ran; this one goes on serving
        ):
            superuser.execute("UPDATE alembic_version SET version_num = %s", [version])
            status_told, said = await told(http)
            assert (status_told, said["database"]) == (status, what)


async def test_ready_does_not_wait_for_ever(
    http: httpx.AsyncClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "PATIENCE_SECONDS", 0.05)

    async def hang() -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(database.keys, "health", hang)
    status, said = await told(http)
    assert (status, said["keys"]) == (503, "no answer within 0.05 s")


def test_the_newest_revision_is_the_one_that_migrations_end_with() -> None:
    from alembic.script import ScriptDirectory

    assert ScriptDirectory.from_config(configuration("")).get_current_head() == newest()


async def test_requests_are_counted_by_template_and_never_by_path(
    http: httpx.AsyncClient, elm: Tenant, alice: Person
) -> None:
    strange = new_id()
    await http.get(f"/v1/practices/{elm.id}/claims/{strange}", headers=alice.headers)
    await http.get(f"/v1/practices/{elm.id}/claims/{strange}")
    await http.get(f"/nothing/{strange}")
    await http.request("BREW", f"/v1/practices/{elm.id}/claims")
    figures = generate_latest(meters.REGISTRY).decode()
    template = '{method="GET",route="/v1/practices/{practice_id}/claims/{claim_id}"'
    assert f'billing_saas_requests_total{template},status="404"}}' in figures
    assert f'billing_saas_requests_total{template},status="401"}}' in figures
    assert 'method="GET",route="none",status="404"' in figures
    assert 'method="other"' in figures
    assert "BREW" not in figures
    assert str(strange) not in figures
    assert str(elm.id) not in figures
