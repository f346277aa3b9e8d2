"""A patient asks for records; the office has thirty days, and the patient saves what it attached."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text

from billing_saas.kit import clock
from billing_saas.kit.actor import Actor, ActorKind, NotPermitted, Purpose
from billing_saas.kit.db import Database
from billing_saas.kit.ids import new_id
from billing_saas.patient_requests import answering, asking, queries, rules
from billing_saas.patient_requests.errors import (
    BadAnswer,
    BadPatientRequest,
    NothingToDisagreeWith,
    PatientRequestDone,
    PatientRequestNotFound,
    TooManyOpen,
)
from billing_saas.patient_requests.rules import Asked
from billing_saas.patients import registering
from billing_saas.patients.rules import Demographics
from tests.api.walking import knocking
from tests.cast import Person, Tenant, enrolled
from tests.documents import paper

WORDS = "The chart says I smoke. I never did. <b>Fernhollow</b>"


@pytest.fixture
async def mona(database: Database, elm: Tenant) -> Person:
    return await enrolled(database, elm, "mona", "practice_admin")


@pytest.fixture
async def frances(database: Database, elm: Tenant) -> Person:
    return await enrolled(database, elm, "frances", "front_desk")


@pytest.fixture
async def http(database: Database) -> AsyncIterator[httpx.AsyncClient]:
    async with knocking(database) as client:
        yield client.http


async def patient_of(database: Database, tenant: Tenant, person: Person, name: str) -> Actor:
    async with database.tenant(tenant.id) as db:
        demographics = Demographics(last_name=name, first_name="Emil")
        (patient_id,) = await registering.register_many(db, person.actor, [demographics])
    return verified(patient_id)


def verified(patient_id: UUID, *permissions: str) -> Actor:
    """As the portal makes one who showed a code: see `portal.sessions`."""
    held = frozenset(permissions or (queries.OWN,))
    purpose = Purpose.PATIENT_REQUEST
    return Actor(kind=ActorKind.PATIENT, id=patient_id, permissions=held, purpose=purpose)


@pytest.fixture
async def emil(database: Database, elm: Tenant, mona: Person) -> Actor:
    return await patient_of(database, elm, mona, "Fernhollow")


async def asked(database: Database, elm: Tenant, emil: Actor, **said: Any) -> UUID:
    async with database.tenant(elm.id) as db:
        return await asking.ask(db, emil, emil.id, Asked(**{"kind": "records", **said}))


async def events(database: Database, tenant: Tenant, action: str) -> list[Any]:
    query = text(
        "SELECT e.actor_kind, e.purpose, e.classes_read, s.patient_id FROM audit_event e"
        " LEFT JOIN audit_subject s ON s.event_id = e.id"
        " WHERE e.tenant_id = :tenant AND e.action = :action ORDER BY e.id"
    )
    async with database.tenant(tenant.id) as db:
        found = await db.execute(query, {"tenant": tenant.id, "action": action})
        return [tuple(row) for row in found]


async def open_cards(database: Database, tenant: Tenant) -> list[Any]:
    query = text(
        "SELECT why, due_on FROM card WHERE tenant_id = :tenant AND kind = 'patient_request'"
        " AND state = 'open' ORDER BY id"
    )
    async with database.tenant(tenant.id) as db:
        return [tuple(row) for row in await db.execute(query, {"tenant": tenant.id})]


async def test_records_are_asked_for_attached_and_saved(
    database: Database, http: httpx.AsyncClient, elm: Tenant, mona: Person, emil: Actor
) -> None:
    request_id = await asked(database, elm, emil, words="All of 2025, please.", form="portal")
    today = clock.today("America/Chicago")
    assert await open_cards(database, elm) == [(rules.WHYS["records"], today + timedelta(days=30))]
    at = f"/v1/practices/{elm.id}"
    one = f"{at}/patient-requests/{request_id}"
    listed = (await http.get(f"{at}/patient-requests", headers=mona.headers)).json()["rows"]
    assert [(row["id"], row["asked"]) for row in listed] == [(str(request_id), "")]
    shown = (await http.get(one, headers=mona.headers)).json()
    assert (shown["asked"], shown["state"]) == ("All of 2025, please.", "open")

    early = {"outcome": "fulfilled", "words": "Here it is."}
    refused = await http.post(f"{one}/answer", json=early, headers=mona.headers)
    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/bad-answer")

    filed = {"kind": "medical_record", "title": "Visits of 2025", "patient_id": str(emil.id)}
    document = (await http.post(f"{at}/documents", json=filed, headers=mona.headers)).json()["id"]
    attachment = {"document_id": document}
    empty = await http.post(f"{one}/documents", json=attachment, headers=mona.headers)
    assert empty.status_code == 422  # its content has not come
    pdf = mona.headers | {"Content-Type": "application/pdf"}
    sent = await http.put(f"{at}/documents/{document}/content", content=paper.pdf(), headers=pdf)
    assert sent.status_code == 200, sent.text
    for _ in range(2):
        put = await http.post(f"{one}/documents", json=attachment, headers=mona.headers)
        assert put.status_code == 204, put.text

    async with database.tenant(elm.id) as db:
        with pytest.raises(PatientRequestNotFound):  # not before the office says that it is whole
            await queries.own_document(db, emil, request_id, UUID(document))
    done = await http.post(f"{one}/answer", json=early, headers=mona.headers)
    assert done.status_code == 204, done.text
    assert await open_cards(database, elm) == []
    async with database.tenant(elm.id) as db:
        mine, documents = await queries.own_one(db, emil, request_id)
        assert (mine.state, mine.words.answer) == ("fulfilled", "Here it is.")
        assert [one.title for one in documents] == ["Visits of 2025"]
        content = await queries.own_document(db, emil, request_id, UUID(document))
    assert content.content.startswith(b"%PDF-")
    assert ("patient", "patient_request", 8, emil.id) in await events(
        database, elm, "document.open"
    )
    again = await http.post(f"{one}/answer", json=early, headers=mona.headers)
    assert (again.status_code, again.json()["type"]) == (409, "/problems/patient-request-done")


async def test_the_law_allows_one_extension_with_its_reason(
    database: Database, http: httpx.AsyncClient, elm: Tenant, mona: Person, emil: Actor
) -> None:
    request_id = await asked(database, elm, emil)
    at = f"/v1/practices/{elm.id}/patient-requests/{request_id}/extension"
    said = {"reason": "The chart is on paper, in storage."}
    assert (await http.post(at, json=said, headers=mona.headers)).status_code == 204
    due = clock.today("America/Chicago") + timedelta(days=60)
    assert await open_cards(database, elm) == [(rules.EXTENDED, due)]
    again = await http.post(at, json=said, headers=mona.headers)
    assert (again.status_code, again.json()["type"]) == (409, "/problems/extended-before")
    async with database.tenant(elm.id) as db:
        (mine,) = await queries.own(db, emil, emil.id)
    assert (mine.due_on, mine.words.extension) == (due, said["reason"])


async def test_a_declined_amendment_has_a_reason_and_can_be_disagreed_with(
    database: Database, elm: Tenant, mona: Person, frances: Person, emil: Actor
) -> None:
    request_id = await asked(database, elm, emil, kind="amendment", words=WORDS)
    async with database.tenant(elm.id) as db:
        with pytest.raises(NothingToDisagreeWith):
            await asking.disagree(db, emil, request_id, "I never smoked.")
        with pytest.raises(NotPermitted):  # a front desk answers, but does not say no
            await answering.answer(db, frances.actor, request_id, "declined", "No.")
        with pytest.raises(BadAnswer):
            await answering.answer(db, mona.actor, request_id, "declined", "  ")
        await answering.answer(db, mona.actor, request_id, "declined", "It is accurate.")
        await asking.disagree(db, emil, request_id, "I never smoked.")
        with pytest.raises(NothingToDisagreeWith):
            await asking.disagree(db, emil, request_id, "Again.")
        shown = await queries.request(db, mona.actor, request_id)
        masked = await queries.request(db, frances.actor, request_id)
    assert (shown.words.asked, shown.words.disagreement) == (WORDS, "I never smoked.")
    assert (masked.words.asked, masked.masked) == ("", ("diagnoses", "procedures"))
    assert await open_cards(database, elm) == [(rules.DISAGREES, None)]


@pytest.mark.slow
async def test_what_waits_can_be_taken_back_and_is_bounded(
    database: Database, elm: Tenant, mona: Person, emil: Actor
) -> None:
    requests = [await asked(database, elm, emil) for _ in range(rules.MOST_OPEN)]
    with pytest.raises(TooManyOpen):
        await asked(database, elm, emil)
    async with database.tenant(elm.id) as db:
        await asking.withdraw(db, emil, requests[0])
    await asked(database, elm, emil)
    async with database.tenant(elm.id) as db:
        with pytest.raises(PatientRequestDone):
            await answering.answer(db, mona.actor, requests[0], "declined", "No.")
        with pytest.raises(PatientRequestDone):
            await asking.withdraw(db, emil, requests[0])


async def test_a_stranger_finds_nothing(
    database: Database, elm: Tenant, oak: Tenant, mona: Person, mallory: Person, emil: Actor
) -> None:
    request_id = await asked(database, elm, emil)
    olga = await patient_of(database, elm, mona, "Garcia")
    oaks = await patient_of(database, oak, mallory, "Fernhollow")
    for tenant, stranger in ((elm, olga), (oak, oaks), (elm, oaks), (oak, emil)):
        async with database.tenant(tenant.id) as db:
            with pytest.raises(PatientRequestNotFound):
                await queries.own_one(db, stranger, request_id)
            with pytest.raises(PatientRequestNotFound):
                await asking.withdraw(db, stranger, request_id)
            with pytest.raises(PatientRequestNotFound):
                await queries.own_document(db, stranger, request_id, new_id())
    async with database.tenant(elm.id) as db:
        with pytest.raises(PatientRequestNotFound):  # in another's name
            await asking.ask(db, olga, emil.id, Asked(kind="records"))
        with pytest.raises(PatientRequestNotFound):
            await queries.own(db, olga, emil.id)
        with pytest.raises(NotPermitted):  # staff do not act as the patient
            await asking.withdraw(db, mona.actor, request_id)
        staff = replace(mona.actor, permissions=mona.actor.permissions | {queries.OWN})
        with pytest.raises(PatientRequestNotFound):
            await asking.withdraw(db, staff, request_id)
        with pytest.raises(NotPermitted):  # a link and a birth date open no record
            await queries.own(db, verified(emil.id, "portal.pay"), emil.id)


async def test_the_office_writes_down_what_came_by_letter(
    database: Database, http: httpx.AsyncClient, elm: Tenant, mona: Person, emil: Actor
) -> None:
    at = f"/v1/practices/{elm.id}/patient-requests"
    on = clock.today("America/Chicago") - timedelta(days=3)
    body = {"patient_id": str(emil.id), "kind": "accounting", "asked_on": on.isoformat()}
    made = (await http.post(at, json=body, headers=mona.headers)).json()
    assert made["due_on"] == (on + timedelta(days=60)).isoformat()
    later = body | {"asked_on": (on + timedelta(days=9)).isoformat()}
    refused = await http.post(at, json=later, headers=mona.headers)
    assert refused.json()["type"] == "/problems/bad-patient-request"
    unsaid = body | {"kind": "correction"}
    assert (await http.post(at, json=unsaid, headers=mona.headers)).status_code == 422
    found = await http.get(at, params={"kind": "accounting"}, headers=mona.headers)
    assert [row["id"] for row in found.json()["rows"]] == [made["id"]]
    none = await http.get(at, params={"state": "declined"}, headers=mona.headers)
    assert none.json()["rows"] == []


def test_days_of_a_request_are_in_order() -> None:
    today = clock.today("America/Chicago")
    day = timedelta(days=1)
    rules.check_asked(Asked(kind="records", since=today - day, until=today), today)
    for bad in (
        Asked(kind="records", since=today, until=today - day),
        Asked(kind="records", since=today + day),
        Asked(kind="amendment", words=" "),
        Asked(kind="correction", words="x" * (rules.MOST_WORDS + 1)),
    ):
        with pytest.raises(BadPatientRequest):
            rules.check_asked(bad, today)
