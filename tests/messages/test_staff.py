"""The office's side over HTTP: contacts, consents, pauses, what was sent, letters, and the practice's choice."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from billing_saas.audit.tables import AuditEvent
from billing_saas.kit import clock
from billing_saas.kit.db import Database
from billing_saas.kit.ids import new_id
from billing_saas.messages import pausing, sending
from billing_saas.messages.gate_rules import Pausing
from billing_saas.patients import guarantors
from tests.api.walking import Client, knocking
from tests.cast import Person, Tenant, enrolled
from tests.messages.people import KID, LINK, NOON, PAT, registered


@pytest.fixture
async def client(database: Database) -> AsyncIterator[Client]:
    async with knocking(database) as made:
        yield made


@pytest.fixture
async def fred(database: Database, elm: Tenant) -> Person:
    return await enrolled(database, elm, "fred", "front_desk")


class Office:
    """Somebody at their desk."""

    def __init__(self, client: Client, elm: Tenant, person: Person) -> None:
        self._client, self._person = client, person
        self._root = f"/v1/practices/{elm.id}"

    async def ask(self, method: str, path: str, status: int, **sent: Any) -> Any:
        headers = {**self._person.headers, **sent.pop("headers", {})}
        answer = await self._client.http.request(method, self._root + path, headers=headers, **sent)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    async def put(self, path: str, body: dict[str, Any]) -> Any:
        """Of the version that was just seen."""
        seen = await self._client.http.get(self._root + path, headers=self._person.headers)
        return await self.ask(
            "PUT", path, 200, json=body, headers={"If-Match": seen.headers["etag"]}
        )


async def test_a_patient_is_put_on_file_confirmed_and_consents(
    client: Client, database: Database, elm: Tenant, alice: Person, fred: Person
) -> None:
    desk = Office(client, elm, fred)
    pat = await registered(database, elm, alice, PAT)
    path = f"/patients/{pat}"
    await desk.ask("GET", f"{path}/contact", 404)
    seeded = await desk.ask("POST", f"{path}/contact", 201)
    assert (seeded["email"], seeded["phone"]) == ("patience@example.test", "+12175550148")
    assert (seeded["email_state"], seeded["phone_state"]) == ("unverified", "unverified")
    await desk.ask("PUT", f"{path}/contact", 428, json={"email": "new@example.test"})
    changed = await desk.put(
        f"{path}/contact",
        {"email": "new@example.test", "phone": "(217) 555-0148", "language": "es"},
    )
    assert (changed["email"], changed["language"]) == ("new@example.test", "es")
    await desk.ask("POST", f"{path}/contact-verifications", 204, json={"channel": "text"})
    contact = await desk.ask("GET", f"{path}/contact", 200)
    assert (contact["email_state"], contact["phone_state"]) == ("unverified", "verified")
    given = {"channel": "text", "purpose": "billing", "given": True, "source": "paper"}
    made = await desk.ask("POST", f"{path}/consents", 201, json=given)
    assert (made["wording"], made["by_id"]) == ("2026-11", str(fred.actor.id))
    await desk.ask("POST", f"{path}/consents", 201, json={**given, "given": False})
    history = await desk.ask("GET", f"{path}/consents", 200)
    assert [one["given"] for one in history["rows"]] == [False, True]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"email": "patience@example"}, "email"),
        ({"email": "a@b.test\r\nBcc: c@d.test"}, "email"),
        ({"phone": "555-0148"}, "phone"),
        ({"phone": "+44 20 7946 0958"}, "phone"),
        ({"time_zone": "Springfield"}, "time_zone"),
    ],
)
async def test_what_is_no_contact(
    client: Client,
    elm: Tenant,
    fred: Person,
    pat: UUID,
    body: dict[str, str],
    field: str,
) -> None:
    desk = Office(client, elm, fred)
    seen = {"If-Match": "*"}
    told = await desk.ask("PUT", f"/patients/{pat}/contact", 422, json=body, headers=seen)
    assert field in str(told["errors"])
    assert not any(value in str(told) for value in body.values() if "@" in value)


async def test_staff_lift_what_staff_set_and_nothing_else(
    client: Client, database: Database, elm: Tenant, alice: Person, fred: Person, pat: UUID
) -> None:
    desk = Office(client, elm, fred)
    body = {"kind": "bankruptcy"}
    made = await desk.ask("POST", f"/patients/{pat}/message-pauses", 201, json=body)
    assert (made["kind"], made["source_type"]) == ("bankruptcy", "staff")
    async with database.tenant(elm.id) as db:
        plan = await pausing.pause(
            db, alice.actor, pat, Pausing.PLAN, source_type="plan", source_id=new_id()
        )
    listed = await desk.ask("GET", f"/patients/{pat}/message-pauses", 200)
    assert [one["kind"] for one in listed["rows"]] == ["plan", "bankruptcy"]
    await desk.ask("DELETE", f"/message-pauses/{made['id']}", 204)
    await desk.ask("DELETE", f"/message-pauses/{made['id']}", 404)
    told = await desk.ask("DELETE", f"/message-pauses/{plan}", 409)
    assert told["type"] == "/problems/pause-is-of-another"


async def test_what_was_decided_is_shown_and_its_reading_told(
    client: Client, database: Database, elm: Tenant, alice: Person, fred: Person, pat: UUID
) -> None:
    desk = Office(client, elm, fred)
    async with database.tenant(elm.id) as db:
        await pausing.pause(
            db, alice.actor, pat, Pausing.DISPUTE, source_type="claim", source_id=new_id()
        )
    with clock.frozen(NOON):
        async with database.tenant(elm.id) as db:
            decided = await sending.ask(db, alice.actor, pat, "statement_ready", LINK)
    page = await desk.ask("GET", f"/messages?patient_id={pat}&state=refused", 200)
    (shown,) = page["rows"]
    assert (shown["id"], shown["decision"]) == (str(decided.message_id), "refused")
    assert shown["reasons"] == ["email:dispute", "text:dispute", "text:no_sender"]
    assert "/s/" not in str(page)
    one = await desk.ask("GET", f"/messages/{decided.message_id}", 200)
    assert one == shown
    assert (await desk.ask("GET", "/messages?state=sent", 200))["rows"] == []
    async with database.tenant(elm.id) as db:
        actions = list(await db.scalars(select(AuditEvent.action)))
    assert {"message.ask", "message.list", "message.read"} <= {*actions}


async def test_letters_over_http(client: Client, elm: Tenant, fred: Person, pat: UUID) -> None:
    desk = Office(client, elm, fred)
    body = {"patient_id": str(pat), "kind": "bill", "subject": "Your bill", "text": "It is paid."}
    made = await desk.ask("POST", "/threads", 201, json=body)
    again = await desk.ask(
        "POST", f"/threads/{made['id']}/letters", 201, json={"text": "All of it."}
    )
    assert [one["text"] for one in again["letters"]] == ["It is paid.", "All of it."]
    await desk.ask("POST", f"/threads/{made['id']}/closing", 204)
    listed = await desk.ask("GET", "/threads?state=closed", 200)
    assert [one["subject"] for one in listed["rows"]] == ["Your bill"]


async def test_the_practice_chooses_within_the_law(
    client: Client, database: Database, elm: Tenant, fred: Person
) -> None:
    boss = Office(client, elm, await enrolled(database, elm, "boss", "practice_admin"))
    path = "/message-settings"
    before = await boss.ask("GET", path, 200)
    assert (before["opens_minute"], before["closes_minute"], before["version"]) == (480, 1260, 0)
    choice = {"name_allowed": True, "opens_minute": 540, "closes_minute": 1200, "most_a_week": 2}
    after = await boss.put(path, choice)
    assert {**choice, "version": 1, "text_number": ""} == after
    wrong = {**choice, "opens_minute": 1200, "closes_minute": 540}
    await boss.ask("PUT", path, 422, json=wrong, headers={"If-Match": "*"})
    night = {**choice, "opens_minute": 420}
    await boss.ask("PUT", path, 400, json=night, headers={"If-Match": "*"})
    desk = Office(client, elm, fred)
    await desk.ask("PUT", path, 403, json=choice, headers={"If-Match": "*"})


async def test_what_concerns_a_child_goes_to_who_pays(
    client: Client, database: Database, elm: Tenant, alice: Person, fred: Person, pat: UUID
) -> None:
    kid = await registered(database, elm, alice, KID)
    async with database.tenant(elm.id) as db:
        alone = await sending.ask(db, alice.actor, kid, "payment_received")
        assert "email:minor_without_guarantor" in alone.reasons
        await guarantors.assign(db, fred.actor, kid, pat)
        decided = await sending.ask(db, alice.actor, kid, "payment_received")
    assert (decided.recipient_id, decided.goes) == (pat, True)
