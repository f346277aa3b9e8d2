"""Rosa asks for her record, saves it, disagrees with a no, and sees who saw her."""

import re
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from billing_saas.kit.db import Database
from billing_saas.patient_requests import answering
from billing_saas.patients import queries as patients
from tests.cast import Person, Tenant
from tests.documents import paper
from tests.documents.test_documents import Desk
from tests.portal.visiting import Phone

WORDS = 'It says I smoke. <script>alert("x")</script>'


def request_of(phone: Phone) -> str:
    found = re.search(r"/portal/record/([0-9a-f-]{36})", phone.path)
    assert found, phone.path
    return found[1]


async def told(database: Database, tenant: Tenant, action: str) -> list[Any]:
    query = text(
        "SELECT e.actor_kind, e.purpose, e.classes_read FROM audit_event e"
        " WHERE e.tenant_id = :tenant AND e.action = :action ORDER BY e.id"
    )
    async with database.tenant(tenant.id) as db:
        found = await db.execute(query, {"tenant": tenant.id, "action": action})
        return [tuple(row) for row in found]


async def test_a_copy_of_the_record_is_asked_for_and_saved(
    database: Database, inside: Phone, elm: Tenant, mona: Person, rosa: UUID
) -> None:
    await inside.get("/portal/record")
    assert inside.heading == "Your record and your rights"
    await inside.get("/portal/record/new/records")
    await inside.post(
        "/portal/record/new/records", words="All of 2025", form="portal", since="2025-01-01"
    )
    assert inside.heading == "Your request"
    assert "With the office" in inside.page
    assert "January 1, 2025" in inside.page
    request_id = request_of(inside)

    desk = Desk(inside.http, elm, mona)
    announced = {"kind": "medical_record", "title": "Visits <b>2025</b>", "patient_id": str(rosa)}
    document = (await desk.announce(**announced)).json()
    assert (await desk.send(document["id"], paper.pdf())).status_code == 200
    async with database.tenant(elm.id) as db:
        await answering.attach(db, mona.actor, UUID(request_id), UUID(document["id"]))
        await answering.answer(db, mona.actor, UUID(request_id), "fulfilled", "All of it.")
    await inside.get(f"/portal/record/{request_id}")
    assert "Visits &lt;b&gt;2025&lt;/b&gt;" in inside.page
    saved = await inside.get(f"/portal/record/{request_id}/documents/{document['id']}")
    assert saved.content.startswith(b"%PDF-")
    assert saved.headers["Content-Disposition"] == 'attachment; filename="record.pdf"'
    assert saved.headers["Cache-Control"] == "no-store"
    assert saved.headers["X-Content-Type-Options"] == "nosniff"
    assert ("patient", "patient_request", 8) in await told(database, elm, "document.open")


async def test_an_amendment_is_declined_and_disagreed_with(
    database: Database, inside: Phone, elm: Tenant, mona: Person
) -> None:
    await inside.get("/portal/record/new/amendment")
    empty = await inside.post("/portal/record/new/amendment", words=" ")
    assert empty.status_code == 422
    assert 'role="alert"' in inside.page
    await inside.post("/portal/record/new/amendment", words=WORDS)
    assert "<script>" not in inside.page
    assert "&lt;script&gt;" in inside.page
    request_id = request_of(inside)
    async with database.tenant(elm.id) as db:
        await answering.answer(
            db, mona.actor, UUID(request_id), "declined", "The note is accurate."
        )
    await inside.get(f"/portal/record/{request_id}")
    assert "The note is accurate." in inside.page
    await inside.post(f"/portal/record/{request_id}/disagreement", words="I never smoked.")
    assert "I never smoked." in inside.page
    assert "Add my statement" not in inside.page
    again = await inside.post(f"/portal/record/{request_id}/disagreement", words="Again.")
    assert again.status_code == 409


async def test_what_waits_is_taken_back(inside: Phone) -> None:
    await inside.get("/portal/record/new/correction?about=coverage")
    assert '<option value="coverage" selected>' in inside.page
    await inside.post("/portal/record/new/correction", words="It is 12345.", about="coverage")
    assert "My insurance" in inside.page
    await inside.post(f"{inside.path}/withdrawal")
    assert "Taken back by you" in inside.page


async def test_what_no_field_of_ours_sends_is_refused(inside: Phone) -> None:
    typed_so: list[dict[str, str]] = [
        {"since": "2025-13-01"},
        {"since": "tomorrow"},
        {"since": "2025-05-02", "until": "2025-05-01"},
        {"form": "telegram"},
        {"about": "somebody else"},
        {"words": "x" * 4001},
    ]
    await inside.get("/portal/record/new/records")
    for typed in typed_so:
        answer = await inside.post("/portal/record/new/records", **typed)
        assert answer.status_code == 422, typed
    assert (await inside.get("/portal/record/new/nonsense")).status_code == 404


async def test_who_has_seen_the_record_is_told_by_what_they_do(
    database: Database, inside: Phone, elm: Tenant, alice: Person, rosa: UUID
) -> None:
    async with database.tenant(elm.id) as db:
        await patients.patient(db, alice.actor, rosa)
    await inside.get("/portal/access")
    shown = " ".join(inside.page.split())
    assert (
        "Billing staff, of the company that bills for Elm Family Medicine looked at your name"
        " and details." in shown
    )
    assert "Alice" not in inside.page
    assert "Why: billing and payment" in shown
    await inside.get("/portal/access")  # and so was she herself, just now
    assert "You, on these pages, looked at this list." in " ".join(inside.page.split())
    assert ("patient", "patient_request", 0) in await told(database, elm, "audit.access_read")


@pytest.mark.slow
async def test_older_accesses_are_on_further_pages(
    database: Database, inside: Phone, elm: Tenant, alice: Person, rosa: UUID
) -> None:
    async with database.tenant(elm.id) as db:
        for _ in range(30):
            await patients.patient(db, alice.actor, rosa)
    await inside.get("/portal/access")
    assert "25 times" in inside.page or "24 times" in inside.page  # one line, not a page of them
    older = re.search(r'href="(/portal/access\?cursor=[^"]+)"', inside.page)
    assert older
    await inside.get(older[1])
    assert inside.heading == "Who has seen my record"
    assert (await inside.get("/portal/access?cursor=forged")).status_code == 400


async def test_another_guarantor_of_the_practice_finds_nothing(
    database: Database, inside: Phone, oscars: Phone
) -> None:
    await inside.get("/portal/record/new/accounting")
    await inside.post("/portal/record/new/accounting", words="Rosa asks.")
    at = inside.path
    assert (await oscars.get(at)).status_code == 404
    await oscars.get("/portal/record")
    assert "Rosa asks." not in oscars.page
    for act in ("withdrawal", "disagreement"):
        await oscars.get("/portal/record")
        assert (await oscars.post(f"{at}/{act}", words="Not mine")).status_code == 404
    await inside.get(at)
    assert "With the office" in inside.page


async def test_insurance_is_shown_and_not_changed_here(inside: Phone) -> None:
    await inside.get("/portal/insurance")
    assert "We have no insurance of yours on file." in inside.page
    assert "/portal/record/new/correction?about=coverage" in inside.page
