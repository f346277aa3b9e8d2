"""The whole way over HTTP: assistance, a placement, its file, a report, a bankruptcy; and who is let in to what."""

import csv
import io
from typing import Any

import pytest

from billing_saas.kit.db import Database
from billing_saas.workers import running
from tests.agencies.birch import report
from tests.api.browsing import at_browser
from tests.api.walking import Client
from tests.cast import Person, Tenant, enrolled
from tests.collections.accounts import Books

TERMS = {
    "name": "Birch Recovery",
    "rate_bps": 3000,
    "remits": "net",
    "baa_signed_on": "2026-01-07",
    "baa_signed_by": "B. Birch",
}
POLICY = {"propose": True, "minimum_cents": 5000, "age_days": 120, "notice_days": 30}


class Asking:
    def __init__(self, client: Client, practice: Tenant, person: Person) -> None:
        self.client, self.practice, self.person = client, practice, person

    async def __call__(self, method: str, path: str, status: int = 200, **sent: Any) -> Any:
        headers = {**self.person.headers, **sent.pop("headers", {})}
        url = f"/v1/practices/{self.practice.id}{path}"
        answer = await self.client.http.request(method, url, headers=headers, **sent)
        assert answer.status_code == status, (path, answer.status_code, answer.text)
        if "json" in answer.headers.get("Content-Type", ""):
            return answer.json()
        return answer.content


@pytest.fixture
async def ask(client: Client, database: Database, elm: Tenant, petra: Person) -> Asking:
    """As Petra, who has just shown her second factor."""
    return Asking(client, elm, await at_browser(database, petra))


async def with_agency(ask: Asking) -> str:
    agency = await ask("POST", "/collection-agencies", 201, json=TERMS)
    policy = {**POLICY, "agency_id": agency["id"]}
    await ask("PUT", "/collection-policy", json=policy, headers={"If-Match": "*"})
    return str(agency["id"])


async def test_from_eligibility_to_a_report_and_a_stay(
    ask: Asking, books: Books, database: Database
) -> None:
    agency_id = await with_agency(ask)
    garcia, young = await books.overdue(10_000), await books.overdue(10_000, days=119)
    seen = await ask("GET", f"/placement-eligibility?guarantor_id={young}")
    assert (seen["eligible"], seen["reasons"]) == (False, ["nothing_old_enough"])
    assert seen["left_out"][0]["reasons"] == ["too_young"]
    refused = await ask("POST", "/placements", 409, json={"guarantor_id": str(young)})
    assert refused["type"] == "/problems/not-eligible"
    await ask("POST", "/placement-proposals", 204)
    await running.drain(database)
    (listed,) = (await ask("GET", "/placements?state=pre_placement"))["rows"]
    assert listed["guarantor_id"] == str(garcia)
    one = f"/placements/{listed['id']}"
    await ask("POST", f"{one}/placing", 204)
    file = await ask("POST", f"/collection-agencies/{agency_id}/files", 201)
    content = await ask("GET", f"/agency-files/{file['id']}/content")
    (row,) = csv.DictReader(io.StringIO(content.decode(), newline=""))
    assert (row["last_name"], row["amount"]) == ("Garcia", "100.00")
    sent = report(
        ("payment", row["reference"], "P-1", books.today, "40.00", "12.00"), total="28.00"
    )
    await ask(
        "POST",
        f"/collection-agencies/{agency_id}/reports",
        202,
        content=sent,
        headers={"Content-Type": "text/csv", "X-File-Name": "october.csv"},
    )
    await running.drain(database)
    (posted,) = (await ask("GET", f"/agency-reports?agency_id={agency_id}"))["rows"]
    assert (posted["state"], posted["remitted_cents"]) == ("posted", 2_800)
    (payment,) = (await ask("GET", f"/agency-reports/{posted['id']}/payments"))["rows"]
    assert (payment["amount_cents"], payment["fee_cents"]) == (4_000, 1_200)
    assert (await ask("GET", f"/collection-agencies/{agency_id}/fees"))["due_cents"] == 0
    said = {"patient_id": str(garcia), "kind": "bankruptcy", "since_on": str(books.today)}
    made = await ask("POST", "/circumstances", 201, json=said | {"number": "26-10442"})
    shown = await ask("GET", one)
    assert (shown["state"], shown["reason"], shown["left_cents"]) == ("recalled", "bankruptcy", 0)
    assert [notice["kind"] for notice in shown["notices"]] == ["place", "recall"]
    assert (await ask("GET", f"/circumstances/{made['id']}"))["number"] == "26-10442"
    await ask("POST", f"/circumstances/{made['id']}/ending", 204, json={"outcome": "dismissed"})


async def test_assistance_over_http(ask: Asking, books: Books) -> None:
    scale = {
        "region": "contiguous",
        "scale": [
            {"up_to_percent": 100, "percent_off": 100},
            {"up_to_percent": 200, "percent_off": 50},
        ],
        "evidence_days": 30,
        "good_days": 180,
    }
    garcia = await books.overdue(10_000)
    asked = {"guarantor_id": str(garcia), "household": 1, "yearly_income_cents": 2_000_000}
    await ask("POST", "/hardship-applications", 409, json=asked)
    await ask("PUT", "/hardship-policy", json=scale, headers={"If-Match": "*"})
    falling = scale | {"scale": scale["scale"][::-1]}  # type: ignore[index]
    await ask("PUT", "/hardship-policy", 422, json=falling, headers={"If-Match": "*"})
    await ask("PUT", "/hardship-policy", 428, json=scale)
    year = books.today.year
    guideline = {
        "region": "contiguous",
        "effective_on": f"{year}-01-01",
        "ends_on": f"{year}-12-31",
        "one_person_cents": 1_600_000,
        "each_more_cents": 550_000,
        "source": "as a test has it",
    }
    await ask("POST", "/poverty-guidelines", 201, json=guideline)
    await ask("POST", "/poverty-guidelines", 422, json=guideline)
    made = await ask("POST", "/hardship-applications", 201, json=asked)
    assert (made["guideline_percent"], made["scale_percent"]) == (125, 50)
    one = f"/hardship-applications/{made['id']}"
    refused = await ask("POST", f"{one}/approval", 422, json={"percent": 60})
    assert refused["type"] == "/problems/beyond-the-scale"
    await ask("POST", f"{one}/approval", 204, json={"percent": 50})
    key = {"Idempotency-Key": "write-off-1"}
    for _ in range(2):
        written = await ask("POST", f"{one}/write-off", 201, headers=key)
        assert written == {"written_off_cents": 5_000}
    await ask("POST", f"{one}/write-off", 409)
    shown = await ask("GET", one)
    assert (shown["written_off_cents"], shown["state"]) == (5_000, "approved")


async def test_placing_and_files_ask_for_a_second_factor(
    ask: Asking, client: Client, elm: Tenant, petra: Person, books: Books
) -> None:
    agency_id = await with_agency(ask)
    garcia = await books.overdue()
    made = await ask("POST", "/placements", 201, json={"guarantor_id": str(garcia)})
    by_token = Asking(client, elm, petra)
    for path in (f"/placements/{made['id']}/placing", f"/collection-agencies/{agency_id}/files"):
        refused = await by_token("POST", path, 403)
        assert refused["type"] == "/problems/step-up-required"


@pytest.mark.parametrize(
    ("role", "placing", "applying", "recording"),
    [
        ("biller", 403, 409, 201),
        ("front_desk", 403, 409, 201),
        ("coder", 403, 403, 403),
        ("provider", 403, 403, 403),
        ("auditor", 403, 403, 403),
        ("supervisor", 204, 409, 201),
    ],
)
async def test_each_role_does_what_it_may(
    ask: Asking,
    client: Client,
    database: Database,
    elm: Tenant,
    books: Books,
    role: str,
    placing: int,
    applying: int,
    recording: int,
) -> None:
    await with_agency(ask)
    garcia = await books.overdue()
    made = await ask("POST", "/placements", 201, json={"guarantor_id": str(garcia)})
    someone = await at_browser(database, await enrolled(database, elm, role, role))
    theirs = Asking(client, elm, someone)
    await theirs("POST", f"/placements/{made['id']}/placing", placing)
    asked = {"guarantor_id": str(garcia), "household": 1, "yearly_income_cents": 0}
    await theirs("POST", "/hardship-applications", applying, json=asked)
    said = {"patient_id": str(garcia), "kind": "dispute", "since_on": str(books.today)}
    await theirs("POST", "/circumstances", recording, json=said)
