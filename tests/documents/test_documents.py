"""Front desk scans a card, finds it under the patient, files it right, and takes it off the lists."""

from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text

from billing_saas.kit.db import Database
from billing_saas.kit.ids import new_id
from billing_saas.patients import registering
from billing_saas.patients.rules import Demographics
from tests.api.walking import knocking
from tests.cast import Person, Tenant, enrolled
from tests.cluster import Clone
from tests.documents import paper

TITLE = "Oncology referral, Fernhollow"


class Desk:
    """Somebody's requests to the documents of one practice."""

    def __init__(self, http: httpx.AsyncClient, tenant: Tenant, person: Person) -> None:
        self.http = http
        self.at = f"/v1/practices/{tenant.id}/documents"
        self.headers = person.headers

    async def announce(self, **said: Any) -> httpx.Response:
        body = {"kind": "referral", "title": TITLE} | said
        return await self.http.post(self.at, json=body, headers=self.headers)

    async def send(self, document_id: str, content: bytes, kind: str = "") -> httpx.Response:
        headers = self.headers | {"Content-Type": kind or "application/pdf"}
        return await self.http.put(
            f"{self.at}/{document_id}/content", content=content, headers=headers
        )

    async def filed(self, content: bytes, kind: str = "", **said: Any) -> dict[str, Any]:
        announced = (await self.announce(**said)).json()
        sent = await self.send(announced["id"], content, kind)
        assert sent.status_code == 200, sent.text
        answer: dict[str, Any] = sent.json()
        return answer

    async def get(self, path: str = "", **params: str) -> httpx.Response:
        return await self.http.get(self.at + path, params=params, headers=self.headers)


@pytest.fixture
async def frances(database: Database, elm: Tenant) -> Person:
    return await enrolled(database, elm, "frances", "front_desk")


@pytest.fixture
async def desk(database: Database, elm: Tenant, frances: Person) -> Any:
    async with knocking(database) as client:
        yield Desk(client.http, elm, frances)


async def registered(database: Database, tenant: Tenant, person: Person, name: str) -> str:
    async with database.tenant(tenant.id) as db:
        demographics = Demographics(last_name=name, first_name="Emil")
        return str((await registering.register_many(db, person.actor, [demographics]))[0])


async def events(database: Database, tenant: Tenant, action: str) -> list[tuple[Any, ...]]:
    query = text(
        "SELECT e.object_id, e.classes_read, array_agg(s.patient_id)"
        " FROM audit_event e LEFT JOIN audit_subject s ON s.event_id = e.id"
        " WHERE e.tenant_id = :tenant AND e.action = :action GROUP BY e.id, e.object_id,"
        " e.classes_read ORDER BY e.id"
    )
    async with database.tenant(tenant.id) as db:
        found = await db.execute(query, {"tenant": tenant.id, "action": action})
        return [tuple(row) for row in found]


async def test_a_scan_is_announced_sent_listed_and_opened(
    database: Database, desk: Desk, elm: Tenant, frances: Person
) -> None:
    patient = await registered(database, elm, frances, "Fernhollow")
    announced = await desk.announce(patient_id=patient)
    assert announced.status_code == 201, announced.text
    document = announced.json()
    assert (document["state"], document["bytes"], document["title"]) == ("awaited", 0, TITLE)
    early = await desk.get(f"/{document['id']}/content")
    assert (early.status_code, early.json()["type"].rpartition("/")[2]) == (409, "no-content-yet")

    content = paper.pdf(2)
    sent = (await desk.send(document["id"], content)).json()
    assert (sent["state"], sent["pages"], sent["bytes"]) == ("kept", 2, len(content))
    listed = (await desk.get(patient_id=patient, kind="referral")).json()["rows"]
    assert [row["id"] for row in listed] == [document["id"]]
    opened = await desk.get(f"/{document['id']}/content")
    assert opened.content == content
    assert opened.headers["Content-Type"] == "application/pdf"
    assert opened.headers["Content-Disposition"].startswith("attachment;")
    assert "Fernhollow" not in opened.headers["Content-Disposition"]

    told = await events(database, elm, "document.open")
    assert told == [(UUID(document["id"]), 8, [UUID(patient)])]


async def test_content_comes_once(desk: Desk) -> None:
    document = await desk.filed(paper.pdf())
    again = await desk.send(document["id"], paper.pdf(2))
    assert (again.status_code, again.json()["type"].rpartition("/")[2]) == (409, "content-kept")


async def test_a_refused_file_says_why_and_leaves_the_document_open(desk: Desk) -> None:
    document = (await desk.announce()).json()
    refused = await desk.send(document["id"], paper.pdf_with_script())
    assert refused.status_code == 422
    assert "holds a script" in refused.text
    sent = await desk.send(document["id"], paper.fax(3), "image/tiff")
    assert (sent.status_code, sent.json()["pages"]) == (200, 3)


async def test_a_file_past_the_limit_is_refused(desk: Desk) -> None:
    document = (await desk.announce()).json()
    refused = await desk.send(document["id"], b"%PDF-" + bytes(26 << 20))
    assert (refused.status_code, refused.json()["type"]) == (
        413,
        "/problems/request-entity-too-large",
    )


async def test_a_document_filed_under_the_wrong_patient_is_moved_and_both_are_told(
    database: Database, desk: Desk, elm: Tenant, frances: Person
) -> None:
    wrong = await registered(database, elm, frances, "Fernhollow")
    right = await registered(database, elm, frances, "Quillon")
    document = await desk.filed(paper.pdf(), patient_id=wrong)
    body = {"kind": "appeal", "title": "Appeal", "patient_id": right}
    at = f"{desk.at}/{document['id']}"
    blindly = await desk.http.put(at, json=body, headers=desk.headers)
    assert (blindly.status_code, blindly.json()["type"]) == (428, "/problems/precondition-required")
    seen = (await desk.http.get(at, headers=desk.headers)).headers["ETag"]
    seen_by_me = {**desk.headers, "If-Match": seen}
    moved = await desk.http.put(at, json=body, headers=seen_by_me)
    assert moved.status_code == 200, moved.text
    assert moved.json()["patient_id"] == right
    late = await desk.http.put(at, json=body | {"patient_id": wrong}, headers=seen_by_me)
    assert (late.status_code, late.json()["type"]) == (412, "/problems/precondition-failed")
    assert (await desk.get(patient_id=wrong)).json()["rows"] == []
    ((_, _, subjects),) = await events(database, elm, "document.refile")
    assert set(subjects) == {UUID(wrong), UUID(right)}


async def test_a_withdrawn_document_is_off_every_list_and_its_content_stays(
    database: Database, desk: Desk, elm: Tenant
) -> None:
    document = await desk.filed(paper.pdf())
    gone = await desk.http.delete(f"{desk.at}/{document['id']}", headers=desk.headers)
    assert gone.status_code == 204
    assert (await desk.get()).json()["rows"] == []
    for path in ("", "/content"):
        assert (await desk.get(f"/{document['id']}{path}")).status_code == 404
    async with database.tenant(elm.id) as db:
        assert await db.scalar(text("SELECT count(*) FROM blob_chunk")) == 1


async def test_the_database_knows_neither_title_nor_content(
    desk: Desk, clone: Clone, database: Database, elm: Tenant
) -> None:
    await desk.filed(paper.image("PNG"), "image/png")
    async with database.tenant(elm.id) as db:
        rows = (await db.execute(text("SELECT d::text FROM document d"))).scalars().all()
        chunks = (await db.execute(text("SELECT sealed FROM blob_chunk"))).scalars().all()
    assert len(rows) == 1
    assert "Oncology" not in rows[0]
    assert TITLE.encode().hex() not in rows[0]
    assert not any(b"PNG" in chunk for chunk in chunks)


async def test_a_coder_reads_and_files_nothing(database: Database, desk: Desk, elm: Tenant) -> None:
    document = await desk.filed(paper.pdf())
    cody = await enrolled(database, elm, "cody", "coder")
    coder = Desk(desk.http, elm, cody)
    assert (await coder.get(f"/{document['id']}")).status_code == 200
    assert (await coder.announce()).status_code == 403


async def test_a_stranger_finds_nothing_and_files_nothing_under_our_patient(
    database: Database, desk: Desk, elm: Tenant, oak: Tenant, frances: Person, mallory: Person
) -> None:
    patient = await registered(database, elm, frances, "Fernhollow")
    document = await desk.filed(paper.pdf(), patient_id=patient)
    there, here = Desk(desk.http, elm, mallory), Desk(desk.http, oak, mallory)
    assert (await there.get(f"/{document['id']}")).status_code == 404
    for path in (f"/{document['id']}", f"/{document['id']}/content"):
        assert (await here.get(path)).status_code == 404
    assert (await here.send(document["id"], paper.pdf())).status_code == 404
    assert (await here.get(patient_id=patient)).json()["rows"] == []
    theirs = await here.announce(patient_id=patient)
    nobodys = await here.announce(patient_id=str(new_id()))
    assert theirs.status_code == nobodys.status_code == 422
    same = [{k: v for k, v in one.json().items() if k != "request_id"} for one in (theirs, nobodys)]
    assert same[0] == same[1]
