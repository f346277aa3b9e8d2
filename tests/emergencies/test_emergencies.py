"""Break-glass by stories over HTTP (S10): asked with a reason, held to what was asked, told, judged."""

from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest

from billing_saas.emergencies import judging, telling
from billing_saas.emergencies.jobs import TellOfEmergencies, WatchEmergencies
from billing_saas.followups import queries as followups
from billing_saas.identity import enrolling
from billing_saas.kit.db import Database
from billing_saas.kit.paging import PageRequest
from billing_saas.patients import registering
from billing_saas.patients.rules import Demographics
from tests.api.browsing import at_browser
from tests.api.walking import knocking
from tests.cast import OPERATOR, Person, Tenant, enrolled
from tests.cluster import Clone

WHY = "Payer calls about a surgery tomorrow; nobody of Elm is at work."


@pytest.fixture
async def http(database: Database) -> Any:
    async with knocking(database) as client:
        yield client.http


@pytest.fixture
async def boss(database: Database, oak: Tenant) -> Person:
    """Supervises the whole company at a browser, and holds no role in Elm."""
    person = await enrolled(database, oak, "boss", "biller")
    async with database.platform() as platform:
        await enrolling.grant_company(
            platform, person.actor.id, oak.company_id, "supervisor", by=None
        )
    return await at_browser(database, person)


@pytest.fixture
async def petra(database: Database, elm: Tenant) -> Person:
    return await enrolled(database, elm, "petra", "practice_admin")


@pytest.fixture
async def people(database: Database, elm: Tenant, alice: Person) -> list[UUID]:
    """Two patients of Elm."""
    async with database.tenant(elm.id) as db:
        return await registering.register_many(
            db,
            alice.actor,
            [Demographics(last_name="Fernhollow"), Demographics(last_name="Fernandez")],
        )


async def opened(
    http: httpx.AsyncClient, elm: Tenant, who: Person, **asked: object
) -> httpx.Response:
    body = {"reason": WHY, **asked}
    path = f"/v1/practices/{elm.id}/emergency-access"
    return await http.post(path, headers=who.headers, json=body)


async def got(http: httpx.AsyncClient, elm: Tenant, who: Person, path: str) -> httpx.Response:
    return await http.get(f"/v1/practices/{elm.id}{path}", headers=who.headers)


def told(clone: Clone, where: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(clone.url("postgres")) as superuser:
        query = f"SELECT action, purpose FROM audit_event WHERE {where} ORDER BY xid, seq"
        return superuser.execute(query.encode()).fetchall()


async def test_who_holds_no_role_enters_reads_and_is_told_of(
    http: httpx.AsyncClient,
    database: Database,
    elm: Tenant,
    alice: Person,
    boss: Person,
    petra: Person,
    people: list[UUID],
    clone: Clone,
) -> None:
    assert (await got(http, elm, boss, "/patients")).status_code == 404
    answer = await opened(http, elm, boss, ticket="T-1")
    assert answer.status_code == 201, answer.text
    seen = await got(http, elm, boss, "/patients")
    assert len(seen.json()["rows"]) == 2
    # It opens what is to be read, and nothing that could hide it.
    assert (await got(http, elm, boss, "/audit-events")).status_code in (403, 404)
    assert (await got(http, elm, boss, "/cards")).status_code == 403
    flagged = told(clone, f"actor_id = '{boss.actor.id}' AND tenant_id = '{elm.id}'")
    assert ("emergency.open", "emergency") in flagged
    assert ("patient.list", "emergency") in flagged
    assert {purpose for _, purpose in flagged} == {"emergency"}
    # The practice's admin has a card, a letter, and the reason.
    async with database.tenant(elm.id) as db:
        cards = await followups.cards(db, alice.actor, PageRequest())
    assert [card.kind for card in cards.rows] == ["emergency_access"]
    async with database.platform() as platform:
        assert await telling.tell(platform, OPERATOR, TellOfEmergencies()) == 1
        assert await telling.tell(platform, OPERATOR, TellOfEmergencies()) == 0
    with psycopg.connect(clone.url("postgres")) as superuser:
        letters = superuser.execute("SELECT template, to_address FROM letter").fetchall()
    assert [(template, to[:5]) for template, to in letters] == [("emergency_access", "petra")]
    listed = (await got(http, elm, petra, "/emergency-access")).json()["rows"]
    assert [(row["reason"], row["ticket"], row["review"]) for row in listed] == [(WHY, "T-1", "")]


async def test_one_patients_emergency_shows_that_patient(
    http: httpx.AsyncClient, elm: Tenant, boss: Person, people: list[UUID]
) -> None:
    first, second = people
    assert (await opened(http, elm, boss, patient_id=str(first))).status_code == 201
    assert (await got(http, elm, boss, f"/patients/{first}")).status_code == 200
    assert (await got(http, elm, boss, f"/patients/{second}")).status_code == 404
    rows = (await got(http, elm, boss, "/patients")).json()["rows"]
    assert [row["id"] for row in rows] == [str(first)]
    searched = await http.post(
        f"/v1/practices/{elm.id}/patients/searches", headers=boss.headers, json={"name": "fern"}
    )
    assert [row["id"] for row in searched.json()] == [str(first)]
    for path in ("/claims", "/documents"):
        assert (await got(http, elm, boss, path)).json()["rows"] == []
    for path in ("/remittances", "/arrivals", "/cards", "/balances", "/emergency-access"):
        assert (await got(http, elm, boss, path)).status_code in (403, 404), path
    # Nor does a second one widen the first.
    again = await opened(http, elm, boss)
    assert (again.status_code, again.json()["type"]) == (409, "/problems/emergency-open")


async def test_what_is_asked_wrongly_is_refused(
    http: httpx.AsyncClient,
    database: Database,
    elm: Tenant,
    oak: Tenant,
    alice: Person,
    mallory: Person,
    boss: Person,
) -> None:
    path = f"/v1/practices/{elm.id}/emergency-access"
    for body in (
        {},
        {"reason": ""},
        {"reason": "short"},
        {"reason": WHY, "minutes": 241},
        {"reason": WHY, "minutes": 4},
        {"reason": WHY, "roles": ["supervisor"]},
    ):
        answer = await http.post(path, headers=boss.headers, json=body)
        assert answer.status_code == 400, body
    dots = await opened(http, elm, boss, reason=". . . . . . . . . .")
    assert (dots.status_code, dots.json()["type"]) == (422, "/problems/no-reason")
    nobody = await opened(http, elm, boss, patient_id=str(boss.actor.id))
    assert (nobody.status_code, nobody.json()["type"]) == (422, "/problems/no-such-patient-here")
    # A token never shows a second factor; who works for one practice is a stranger to the others.
    by_token = Person(boss.actor, boss.token)
    refused = await opened(http, elm, by_token)
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/step-up-required")
    stranger = await at_browser(database, mallory)
    assert (await opened(http, elm, stranger)).status_code == 404
    assert (await opened(http, elm, await at_browser(database, alice))).status_code == 404


async def test_without_an_agreement_there_is_no_emergency(
    http: httpx.AsyncClient, elm: Tenant, boss: Person, clone: Clone
) -> None:
    assert (await opened(http, elm, boss)).status_code == 201
    with psycopg.connect(clone.url("postgres"), autocommit=True) as superuser:
        superuser.execute(
            "UPDATE agreement SET ended_on = signed_on + 1 WHERE tenant_id = %s", [elm.id]
        )
    assert (await got(http, elm, boss, "/patients")).status_code == 404
    assert (await opened(http, elm, boss)).status_code == 404


async def test_it_ends_by_itself_by_hand_and_by_the_admin(
    http: httpx.AsyncClient, elm: Tenant, boss: Person, petra: Person, clone: Clone
) -> None:
    first = (await opened(http, elm, boss)).json()
    path = f"/v1/practices/{elm.id}/emergency-access/"
    assert (await http.delete(path + first["id"], headers=boss.headers)).status_code == 204
    assert (await got(http, elm, boss, "/patients")).status_code == 404
    second = (await opened(http, elm, boss)).json()
    assert (await http.delete(path + second["id"], headers=petra.headers)).status_code == 204
    assert (await got(http, elm, boss, "/patients")).status_code == 404
    third = (await opened(http, elm, boss, minutes=240)).json()
    assert (await got(http, elm, boss, "/patients")).status_code == 200
    with psycopg.connect(clone.url("postgres"), autocommit=True) as superuser:
        superuser.execute(
            "UPDATE emergency_access SET opened_at = opened_at - interval '4 hours',"
            " expires_at = expires_at - interval '4 hours' WHERE id = %s",
            [third["id"]],
        )
    assert (await got(http, elm, boss, "/patients")).status_code == 404
    over = await http.delete(path + third["id"], headers=petra.headers)
    assert (over.status_code, over.json()["type"]) == (409, "/problems/emergency-over")


async def test_the_practice_judges_and_a_week_without_judgment_is_an_alarm(
    http: httpx.AsyncClient,
    database: Database,
    elm: Tenant,
    alice: Person,
    boss: Person,
    petra: Person,
    clone: Clone,
) -> None:
    made = (await opened(http, elm, boss)).json()
    async with database.tenant(elm.id) as db:
        assert await judging.watch(db, OPERATOR, WatchEmergencies()) == 0
    with psycopg.connect(clone.url("postgres"), autocommit=True) as superuser:
        superuser.execute(
            "UPDATE emergency_access SET opened_at = opened_at - interval '7 days',"
            " expires_at = expires_at - interval '7 days'"
        )
    for _ in range(2):  # the same week: one card
        async with database.tenant(elm.id) as db:
            assert await judging.watch(db, OPERATOR, WatchEmergencies()) == 1
    assert await kinds(database, elm, alice) == ["emergency_unreviewed", "emergency_access"]
    path = f"/v1/practices/{elm.id}/emergency-access/{made['id']}/review"
    for who, status in ((alice, 403), (boss, 404), (petra, 204), (petra, 409)):
        answer = await http.post(path, headers=who.headers, json={"review": "not_justified"})
        assert answer.status_code == status, (who, answer.text)
    assert await kinds(database, elm, alice) == []
    async with database.tenant(elm.id) as db:
        assert await judging.watch(db, OPERATOR, WatchEmergencies()) == 0
    (row,) = (await got(http, elm, petra, "/emergency-access")).json()["rows"]
    assert (row["review"], row["reviewed_by"]) == ("not_justified", str(petra.actor.id))


async def kinds(database: Database, elm: Tenant, who: Person) -> list[str]:
    async with database.tenant(elm.id) as db:
        return [card.kind for card in (await followups.cards(db, who.actor, PageRequest())).rows]


async def test_nobody_judges_their_own(
    http: httpx.AsyncClient, database: Database, elm: Tenant, boss: Person
) -> None:
    made = (await opened(http, elm, boss)).json()
    async with database.platform() as platform:
        await enrolling.grant(platform, boss.actor.id, elm.id, ["practice_admin"], by=None)
    path = f"/v1/practices/{elm.id}/emergency-access/{made['id']}/review"
    answer = await http.post(path, headers=boss.headers, json={"review": "justified"})
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/own-emergency")
