"""An outside expert sees one case for some days, to read; everything else does not exist."""

from typing import Any

import httpx
import psycopg
import pytest

from billing_saas.claims import queries as claims
from billing_saas.documents import filing
from billing_saas.documents.filing import Filed
from billing_saas.kit.db import Database
from billing_saas.kit.ids import new_id
from billing_saas.kit.paging import PageRequest
from tests.api.routes import OF_NO_PRACTICE
from tests.api.walking import Client, ask, ids_for, knocking, walked
from tests.build import month
from tests.cast import Person, Tenant, enrolled
from tests.cluster import Clone
from tests.isolation import rows

# What a reviewer may ask for beside the case: the name of the practice, and which cases.
OPEN_TO_REVIEWERS = {
    "GET /v1/practices/{practice_id}",
    "GET /v1/practices/{practice_id}/cases",
}


@pytest.fixture
async def client(database: Database) -> Any:
    async with knocking(database) as made:
        yield made


@pytest.fixture
async def rhea(database: Database, elm: Tenant) -> Person:
    return await enrolled(database, elm, "rhea", "reviewer")


@pytest.fixture
async def petra(database: Database, elm: Tenant) -> Person:
    return await enrolled(database, elm, "petra", "practice_admin")


@pytest.fixture
async def case(database: Database, elm: Tenant, alice: Person) -> Any:
    """A claim of Elm among others, with a document of its patient."""
    await month.work(database, elm, alice.actor, claims=3)
    async with database.tenant(elm.id) as db:
        page = await claims.claims(db, alice.actor, PageRequest())
        claim = page.rows[0].claim
        filed = Filed(kind="medical_record", title="Operative report", patient_id=claim.patient_id)
        own = await filing.announce(db, alice.actor, filed)
        await filing.keep_content(db, alice.actor, own, _pdf(), "application/pdf")
        stray = await filing.announce(db, alice.actor, Filed(kind="other", title="Of nobody"))
    return {"claim": claim, "document": own, "stray": stray}


async def _pdf() -> Any:
    import io

    from pypdf import PdfWriter

    writer = PdfWriter()
    writer.add_blank_page(72, 72)
    out = io.BytesIO()
    writer.write(out)
    yield out.getvalue()


async def granted(
    http: httpx.AsyncClient, elm: Tenant, by: Person, to: Person, claim_id: object, **more: object
) -> httpx.Response:
    return await http.post(
        f"/v1/practices/{elm.id}/case-reviews",
        headers=by.headers,
        json={"claim_id": str(claim_id), "user_id": str(to.actor.id), **more},
    )


async def test_a_reviewer_reads_the_case_and_it_is_told(
    client: Client, elm: Tenant, petra: Person, rhea: Person, case: Any, clone: Clone
) -> None:
    http, base = client.http, f"/v1/practices/{elm.id}/cases"
    assert (await http.get(base, headers=rhea.headers)).json()["rows"] == []
    made = await granted(http, elm, petra, rhea, case["claim"].id)
    assert made.status_code == 201, made.text
    (mine,) = (await http.get(base, headers=rhea.headers)).json()["rows"]
    seen = (await http.get(f"{base}/{mine['id']}", headers=rhea.headers)).json()
    assert seen["claim"]["id"] == str(case["claim"].id)
    assert seen["claim"]["diagnoses"]
    assert seen["claim"]["masked"] == ["identifiers"]
    assert [one["title"] for one in seen["documents"]] == ["Operative report"]
    assert seen["timeline"]
    content = f"{base}/{mine['id']}/documents/{case['document']}/content"
    assert (await http.get(content, headers=rhea.headers)).content.startswith(b"%PDF")
    other = f"{base}/{mine['id']}/documents/{case['stray']}/content"
    assert (await http.get(other, headers=rhea.headers)).status_code == 404
    with psycopg.connect(clone.url("postgres")) as superuser:
        actions = superuser.execute(
            "SELECT action FROM audit_event WHERE actor_id = %s AND outcome = 'done'"
            " ORDER BY xid, seq",
            [rhea.actor.id],
        ).fetchall()
    assert [action for (action,) in actions] == ["case.read", "case.document"]


async def test_everything_else_does_not_exist_for_a_reviewer(
    client: Client, elm: Tenant, petra: Person, rhea: Person, case: Any, clone: Clone
) -> None:
    """Every route of the contract, with ids of rows that are there."""
    await granted(client.http, elm, petra, rhea, case["claim"].id)
    with psycopg.connect(clone.url("postgres")) as superuser:
        world = rows.fill(superuser, elm.id) | {"member": {"id": rhea.actor.id}}
    world["claim"] = {"id": case["claim"].id}
    tried = 0
    for route in walked(client):
        if str(route) in OPEN_TO_REVIEWERS | set(OF_NO_PRACTICE) or "practice_id" not in route.path:
            continue
        if "/cases/" in route.path:
            continue
        answer = await ask(client, route, ids_for(route, elm.id, world), rhea.headers)
        assert answer.status_code == 404, (str(route), answer.status_code, answer.text)
        tried += 1
    assert tried > 30


async def test_it_ends_by_itself_and_by_hand(
    client: Client, elm: Tenant, petra: Person, sam: Person, rhea: Person, case: Any, clone: Clone
) -> None:
    http, base = client.http, f"/v1/practices/{elm.id}"
    first = (await granted(http, elm, sam, rhea, case["claim"].id, days=30)).json()
    ended = await http.delete(f"{base}/case-reviews/{first['id']}", headers=petra.headers)
    assert ended.status_code == 204
    assert (await http.get(f"{base}/cases/{first['id']}", headers=rhea.headers)).status_code == 404
    second = (await granted(http, elm, petra, rhea, case["claim"].id, days=1)).json()
    shown = await http.get(f"{base}/cases/{second['id']}", headers=rhea.headers)
    assert shown.status_code == 200
    with psycopg.connect(clone.url("postgres"), autocommit=True) as superuser:
        superuser.execute(
            "UPDATE case_review SET granted_at = granted_at - interval '1 day',"
            " expires_at = expires_at - interval '1 day'"
        )
    assert (await http.get(f"{base}/cases/{second['id']}", headers=rhea.headers)).status_code == 404
    over = await http.delete(f"{base}/case-reviews/{second['id']}", headers=petra.headers)
    assert (over.status_code, over.json()["type"]) == (409, "/problems/case-over")
    listed = f"{base}/case-reviews"
    assert await _walked(http, listed, petra) == [[second["id"]], [first["id"]]]


async def test_a_reviewer_walks_their_cases_page_by_page(
    client: Client, elm: Tenant, petra: Person, rhea: Person, case: Any
) -> None:
    http = client.http
    made = [(await granted(http, elm, petra, rhea, case["claim"].id)).json() for _ in range(3)]
    newest_first = [[one["id"]] for one in reversed(made)]
    assert await _walked(http, f"/v1/practices/{elm.id}/cases", rhea) == newest_first


async def _walked(http: httpx.AsyncClient, path: str, person: Person) -> list[list[str]]:
    """The ids of each page of one row."""
    pages, cursor = [], ""
    while True:
        answer = await http.get(f"{path}?limit=1{cursor}", headers=person.headers)
        page = answer.json()
        pages.append([row["id"] for row in page["rows"]])
        if page["next_cursor"] is None:
            return pages
        cursor = f"&cursor={page['next_cursor']}"


async def test_only_who_was_invited_for_it_and_never_another_persons_case(
    client: Client,
    database: Database,
    elm: Tenant,
    alice: Person,
    petra: Person,
    rhea: Person,
    mallory: Person,
    case: Any,
) -> None:
    http, claim_id = client.http, case["claim"].id
    for by, to, status in ((petra, alice, 422), (petra, mallory, 422), (alice, rhea, 403)):
        assert (await granted(http, elm, by, to, claim_id)).status_code == status
    assert (await granted(http, elm, petra, rhea, claim_id, days=31)).status_code == 400
    assert (await granted(http, elm, petra, rhea, new_id())).status_code == 404
    made = (await granted(http, elm, petra, rhea, claim_id)).json()
    another = await enrolled(database, elm, "ruth", "reviewer")
    path = f"/v1/practices/{elm.id}/cases/{made['id']}"
    assert (await http.get(path, headers=another.headers)).status_code == 404
    assert (await http.get(path, headers=alice.headers)).status_code == 403
