"""Alice works through the API: files in, claims, remittances, balances, cards, and who saw it."""

from typing import Any

import httpx
import pytest

from billing_saas.kit.db import Database
from billing_saas.workers import running
from billing_sandbox import payer
from tests.cast import Person, Tenant, enrolled
from tests.fakes import MemoryKeys
from tests.imports.practice_files import claims_file
from tests.remittances.desk import Desk, opened

EDI = {"Content-Type": "application/edi-x12"}


class Office:
    """One person's way into one practice."""

    def __init__(self, http: httpx.AsyncClient, practice: Tenant, person: Person) -> None:
        self.http = http
        self.practice = practice
        self.person = person

    async def ask(self, method: str, path: str, status: int = 200, **more: Any) -> Any:
        headers = {**self.person.headers, **more.pop("headers", {})}
        address = f"/v1/practices/{self.practice.id}{path}"
        answer = await self.http.request(method, address, headers=headers, **more)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    async def get(self, path: str, status: int = 200) -> Any:
        return await self.ask("GET", path, status)

    async def upload(self, path: str, content: bytes) -> Any:
        headers = {**EDI, "X-File-Name": "JOHNSON_october.edi"}
        return await self.ask("POST", path, 202, content=content, headers=headers)


@pytest.fixture
async def sam_of_elm(database: Database, elm: Tenant) -> Person:
    return await enrolled(database, elm, "sam", "supervisor", "auditor")


@pytest.fixture
async def office(http: httpx.AsyncClient, elm: Tenant, sam_of_elm: Person) -> Office:
    return Office(http, elm, sam_of_elm)


@pytest.fixture
async def desk(database: Database, elm: Tenant, sam_of_elm: Person) -> Desk:
    return await opened(database, elm, sam_of_elm, 12)


async def test_claims_come_in_and_are_shown(
    office: Office, database: Database, elm: Tenant
) -> None:
    file = claims_file(elm, 12)
    received = await office.upload("/claim-files", file)
    assert received["repeated"] is False
    arrival = await office.get(f"/arrivals/{received['arrival_id']}")
    assert (arrival["state"], arrival["name"]) == ("received", "JOHNSON_october.edi")
    again = await office.upload("/claim-files", file)
    assert again == {"arrival_id": received["arrival_id"], "repeated": True}
    await running.drain(database)
    assert (await office.get("/arrivals?state=handled"))["rows"][0]["errors"] == 0
    page = await office.get("/claims?limit=5")
    assert len(page["rows"]) == 5
    rest = await office.get(f"/claims?limit=50&cursor={page['next_cursor']}")
    assert (len(rest["rows"]), rest["next_cursor"]) == (7, None)
    claim = await office.get(f"/claims/{page['rows'][0]['id']}")
    assert all(claim[part] for part in ("diagnoses", "charges", "submissions"))
    assert claim["money"]["balance_cents"] == claim["money"]["payer_balance_cents"]
    timeline = await office.get(f"/claims/{claim['id']}/timeline")
    assert {event["field"] for event in timeline} >= {"work", "receivable", "delivery"}
    entries = await office.get(f"/claims/{claim['id']}/entries")
    assert sum(line["amount_cents"] for e in entries["rows"] for line in e["lines"]) == 0


async def test_a_patient_is_found_by_name_in_a_body(office: Office, desk: Desk) -> None:
    listed = (await office.get("/patients"))["rows"]
    known = listed[0]
    exact = {"name": known["last_name"], "birth_date": known["birth_date"]}
    found = await office.ask("POST", "/patients/searches", json=exact)
    assert known in found
    prefix = await office.ask("POST", "/patients/searches", json={"name": known["last_name"][:3]})
    assert known in prefix
    assert await office.get(f"/patients/{known['id']}") == known
    await office.ask("POST", "/patients/searches", 400, json={**exact, "role": "company_admin"})


async def test_a_remittance_is_posted_undone_and_posted_again(office: Office, desk: Desk) -> None:
    before = await office.get("/balances")
    file = payer.pay(desk.batch, desk.payee, desk.check(), seed=3)
    received = await office.upload("/remittance-files", file)
    await running.drain(desk.database)
    after = await office.get("/balances")
    assert after["debit_cents"] == after["credit_cents"]
    posted = (await office.get("/remittances?state=posted"))["rows"]
    assert {one["arrival_id"] for one in posted} == {received["arrival_id"]}
    for one in posted:
        await office.ask("DELETE", f"/remittances/{one['id']}/posting", 204)
    assert await office.get("/balances") == before
    for one in posted:
        said = await office.ask("POST", f"/remittances/{one['id']}/posting", 201)
        assert said["cash_cents"] == one["payment_cents"]
        problem = await office.ask("POST", f"/remittances/{one['id']}/posting", 409)
        assert problem["type"] == "/problems/already-posted"
    assert await office.get("/balances") == after
    paid = (await office.get(f"/remittances/{posted[0]['id']}/claim-payments"))["rows"]
    assert {one["state"] for one in paid} == {"posted"}
    assert sum(one["paid_cents"] for one in paid) == posted[0]["claims_paid_cents"]


async def test_what_is_wrong_with_a_file_is_told_place_by_place(office: Office, desk: Desk) -> None:
    file = payer.pay(desk.batch, desk.payee, desk.check(), seed=3)
    damaged = file.replace(b"~CLP*", b"~CLX*", 1)
    received = await office.upload("/remittance-files", damaged)
    await running.drain(desk.database)
    arrival = await office.get(f"/arrivals/{received['arrival_id']}")
    assert arrival["state"] == "held"
    findings = (await office.get(f"/arrivals/{received['arrival_id']}/findings"))["rows"]
    assert any(finding["segment_position"] > 1 for finding in findings)
    cards = (await office.get("/cards"))["rows"]
    card = next(card for card in cards if card["subject_type"] == "remittance")
    await office.ask("POST", f"/cards/{card['id']}/closing", 204, json={"outcome": "payer_called"})
    await office.ask("POST", f"/cards/{card['id']}/closing", 409, json={"outcome": "payer_called"})
    assert card["id"] in {one["id"] for one in (await office.get("/cards?state=done"))["rows"]}


async def test_who_saw_a_patient_is_known(office: Office, desk: Desk) -> None:
    patient = (await office.get("/patients"))["rows"][0]
    await office.get(f"/patients/{patient['id']}")
    told = (await office.get(f"/audit-events?patient_id={patient['id']}"))["rows"]
    reads = [event for event in told if event["action"] == "patient.read"]
    assert [event["object_id"] for event in reads] == [patient["id"]]
    assert reads[0]["classes_read"] == ["demographic"]


async def test_roles_decide_what_may_be_done(
    http: httpx.AsyncClient, database: Database, elm: Tenant, desk: Desk
) -> None:
    cora = Office(http, elm, await enrolled(database, elm, "cora", "coder"))
    await cora.get("/claims")
    for path in ("/balances", "/remittances", "/arrivals", "/audit-events"):
        problem = await cora.get(path, 403)
        assert problem["type"] == "/problems/not-permitted"


@pytest.mark.parametrize(
    ("method", "path", "content", "status"),
    [
        ("GET", "/cards?limit=0", b"", 400),
        ("GET", "/cards?limit=many", b"", 400),
        ("GET", "/cards?cursor=%00", b"", 400),
        ("GET", "/claims/not-an-id", b"", 404),
        ("POST", "/patients/searches", b"{", 400),
        ("POST", "/patients/searches", b"[" * 5_000, 400),
        ("POST", "/patients/searches", b'{"name": "A\\u0000B"}', 400),
        ("POST", "/patients/searches", b"x" * (2 << 20), 413),
        ("PUT", "/cards", b"", 405),
    ],
)
async def test_bad_input_gets_an_answer_and_never_a_500(
    office: Office, method: str, path: str, content: bytes, status: int
) -> None:
    headers = {"Content-Type": "application/json"}
    await office.ask(method, path, status, content=content, headers=headers)


async def test_without_keys_nothing_is_shown(
    office: Office, desk: Desk, database: Database, keys: MemoryKeys
) -> None:
    """A process that has not yet seen the practice's keys, while nobody can be asked for them."""
    unreachable = MemoryKeys()
    unreachable.keys, unreachable.down = keys.keys, True
    database.keys = unreachable
    problem = await office.get("/patients", 503)
    assert problem["type"] == "/problems/unavailable"


async def test_the_documentation_needs_no_internet(http: httpx.AsyncClient) -> None:
    page = await http.get("/docs")
    assert page.status_code == 200
    assert "https://" not in page.text
    for asset in ("swagger-ui-bundle.js", "swagger-ui.css"):
        assert f"/docs/assets/{asset}" in page.text
        assert (await http.get(f"/docs/assets/{asset}")).status_code == 200
    # Swagger UI before version 5 shows only an error for an OpenAPI 3.1 document.
    script = await http.get("/docs/assets/swagger-ui-bundle.js")
    assert "oas31" in script.text
