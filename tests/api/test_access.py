"""Who saw this patient: paged, with names, told itself, and nothing for strangers."""

from uuid import UUID

import httpx
import psycopg
import pytest

from billing_saas.audit import trail
from billing_saas.audit.rules import PLATFORM_LOG, Classes
from billing_saas.kit.actor import Actor, ActorKind
from billing_saas.kit.db import Database
from billing_saas.patients import registering
from billing_saas.patients.rules import Demographics
from tests.cast import Person, Tenant
from tests.cluster import Clone

GARCIA = Demographics(last_name="Garcia", first_name="Ana")


@pytest.fixture
async def garcia(database: Database, elm: Tenant, alice: Person) -> str:
    async with database.tenant(elm.id) as db:
        return str(await registering.register(db, alice.actor, GARCIA))


async def asked(
    http: httpx.AsyncClient, practice: Tenant, person: Person, patient: str, **query: str
) -> httpx.Response:
    path = f"/v1/practices/{practice.id}/patients/{patient}/access"
    return await http.get(path, headers=person.headers, params=query)


async def test_every_access_is_accounted_for_by_name(
    http: httpx.AsyncClient, elm: Tenant, alice: Person, ada: Person, garcia: str
) -> None:
    seen = await http.get(f"/v1/practices/{elm.id}/patients/{garcia}", headers=alice.headers)
    assert seen.status_code == 200
    answer = await asked(http, elm, ada, garcia)
    rows = answer.json()["rows"]
    assert [(row["action"], row["actor_name"]) for row in rows] == [
        ("patient.read", "Alice"),
        ("patient.register", "Alice"),
    ]
    assert rows[0]["classes_read"] == ["demographic"]
    again = (await asked(http, elm, ada, garcia)).json()["rows"]
    assert (again[0]["action"], again[0]["actor_name"]) == ("audit.access_read", "Ada")


async def test_pages_follow_one_another(
    database: Database,
    http: httpx.AsyncClient,
    elm: Tenant,
    alice: Person,
    ada: Person,
    garcia: str,
) -> None:
    async with database.tenant(elm.id) as db:
        told = [
            str(
                await trail.record(
                    db,
                    alice.actor,
                    "patient.read",
                    object_type="patient",
                    subjects=[UUID(garcia)],
                    classes=Classes.DEMOGRAPHIC,
                )
            )
            for _ in range(5)
        ]
    found: list[str] = []
    cursor = ""
    for _ in range(3):
        page = (
            await asked(http, elm, ada, garcia, limit="2", **({"cursor": cursor} if cursor else {}))
        ).json()
        found += [row["event_id"] for row in page["rows"] if row["action"] == "patient.read"]
        cursor = page["next_cursor"]
    assert found == told[::-1]


async def test_who_may_not_audit_may_not_ask(
    http: httpx.AsyncClient, elm: Tenant, alice: Person, garcia: str
) -> None:
    assert (await asked(http, elm, alice, garcia)).status_code == 403


async def test_a_stranger_finds_nothing(
    http: httpx.AsyncClient, elm: Tenant, oak: Tenant, mallory: Person, garcia: str
) -> None:
    assert (await asked(http, elm, mallory, garcia)).status_code == 404
    assert (await asked(http, oak, mallory, garcia)).status_code == 404


async def test_who_never_was_a_member_has_no_name(
    database: Database,
    http: httpx.AsyncClient,
    elm: Tenant,
    ada: Person,
    mallory: Person,
    garcia: str,
) -> None:
    async with database.tenant(elm.id) as db:
        stranger = Actor(kind=ActorKind.USER, id=mallory.actor.id)
        await trail.record(
            db, stranger, "patient.read", object_type="patient", subjects=[UUID(garcia)]
        )
    rows = (await asked(http, elm, ada, garcia)).json()["rows"]
    assert rows[0]["actor_id"] == str(mallory.actor.id)
    assert rows[0]["actor_name"] is None


async def test_giving_a_role_or_a_token_is_told(clone: Clone, elm: Tenant, alice: Person) -> None:
    with psycopg.connect(clone.url("postgres")) as above:
        told = above.execute(
            "SELECT tenant_id, action, detail ->> 'role' FROM audit_event ORDER BY xid, seq"
        ).fetchall()
    assert (PLATFORM_LOG, "user.add", None) in told
    assert (elm.id, "membership.grant", "biller") in told
    assert (PLATFORM_LOG, "token.issue", None) in told
