"""What carriers and patients tell comes in by the real application: signed, once, in any order."""

import hashlib
import hmac
import itertools
import random
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pytest
from httpx import Response
from sqlalchemy import func, select, text

from billing_saas.inbox.tables import Arrival
from billing_saas.kit import clock
from billing_saas.kit.db import Database
from billing_saas.messages import consents, contacts, pausing, sending
from billing_saas.messages.contacts import Wanted
from billing_saas.messages.tables import Message, TextSender
from billing_saas.workers import running
from billing_saas.workers.running import Outcome
from tests.api.walking import Client, knocking
from tests.carriage import letters
from tests.carriage.carriers import HOOKS, NUMBER, SECRET, Box, TextsServer
from tests.cast import Person, Tenant, enrolled
from tests.messages.people import LINK, NOON, PAT, reached, registered

_RECEIVED = "/hooks/texts/received"


@pytest.fixture
async def door(carried: Database) -> AsyncIterator[Client]:
    async with knocking(carried) as client:
        yield client


async def called(
    door: Client, texts: TextsServer, path: str, fields: dict[str, str], **headers: str
) -> Response:
    """As the carrier calls."""
    return await door.http.post(
        path,
        content=urlencode(fields),
        headers={**texts.signed(HOOKS + path, fields), **headers},
    )


async def texted(door: Client, texts: TextsServer, words: str, **changed: str) -> Response:
    fields = {
        "MessageSid": f"SM{random.randrange(16**32):032x}",
        "From": "+12175550148",
        "To": NUMBER,
        "Body": words,
        **changed,
    }
    return await called(door, texts, _RECEIVED, fields)


async def sent(database: Database, elm: Tenant, alice: Person, pat: UUID, channel: Any) -> UUID:
    async with database.tenant(elm.id) as db:
        decision = await sending.ask(db, alice.actor, pat, "statement_ready", LINK, channel=channel)
    assert await running.drain(database) == {Outcome.DONE: 1}
    return decision.message_id


async def stands(database: Database, elm: Tenant, pat: UUID) -> dict[str, Any]:
    """What is so of the patient."""
    async with database.tenant(elm.id) as db:
        pauses = (await pausing.pauses_of(db, [pat])).get(pat, [])
        given = (await consents.newest_of(db, [pat])).get(pat, [])
        contact = (await contacts.rows_of(db, [pat]))[pat]
        messages = (await db.scalars(select(Message).order_by(Message.id))).all()
        cards = await db.execute(text("SELECT kind FROM card ORDER BY id"))
        return {
            "pauses": sorted((one.kind, one.channel) for one in pauses),
            "given": sorted((one.channel, one.purpose) for one in given if one.given),
            "email": contact.email_state,
            "phone": contact.phone_state,
            "messages": [(one.state, one.complained_at is not None) for one in messages],
            "cards": [row.kind for row in cards],
        }


@pytest.mark.parametrize(
    ("words", "stops", "answer"),
    [
        *((word, True, "no more texts") for word in ("STOP", "stop", " Stop. ", "StopAll")),
        *((word, True, "no more texts") for word in ("UNSUBSCRIBE", "cancel", "End", "QUIT")),
        *(
            (word, True, "no more texts")
            for word in ("revoke", "OPT-OUT", "opt out", "please stop")
        ),
        *(
            (word, True, "No recibirá más")
            for word in ("ALTO", "¡Alto!", "parar", "alto por favor")
        ),
        ("HELP", False, "Reply STOP to opt out"),
        ("Ayuda", False, "Responda ALTO"),
        ("Please do not stop sending me these", False, "Nobody reads texts"),
        ("", False, "Nobody reads texts"),
    ],
)
async def test_words(
    door: Client,
    carried: Database,
    texts: TextsServer,
    elm: Tenant,
    pat: UUID,
    number: str,
    noon: None,
    words: str,
    stops: bool,
    answer: str,
) -> None:
    response = await texted(door, texts, words)
    assert response.status_code == 200
    assert answer in response.text
    assert response.headers["Content-Type"].startswith("text/xml")
    assert await running.drain(carried) == {Outcome.DONE: 1}
    now = await stands(carried, elm, pat)
    assert (("opt_out", "text") in now["pauses"]) is stops
    assert (("text", "billing") not in now["given"]) is stops
    assert ("email", "billing") in now["given"]
    assert now["email"] == now["phone"] == "verified"


async def test_stop_stops_all_of_that_number_in_that_practice(
    door: Client,
    carried: Database,
    texts: TextsServer,
    elm: Tenant,
    oak: Tenant,
    alice: Person,
    mallory: Person,
    pat: UUID,
    number: str,
    noon: None,
) -> None:
    """A family shares a telephone; the same family is with another practice, which has its own number."""
    child = await registered(carried, elm, alice, PAT)
    theirs = await registered(carried, oak, mallory, PAT)
    async with carried.tenant(elm.id) as db:
        await reached(db, alice, child)
    front = (await mallory_at_the_front(carried, oak)).actor
    async with carried.tenant(oak.id) as db:
        wanted = Wanted(phone="217-555-0148", confirmed=True)
        await contacts.put(db, front, theirs, wanted)
        await consents.give(db, front, theirs, "text", "billing", source="desk")
    async with carried.platform() as platform:
        platform.add(TextSender(tenant_id=oak.id, text_number="+12125550199", given_at=NOON))
    await texted(door, texts, "STOP")
    await running.drain(carried)
    assert ("opt_out", "text") in (await stands(carried, elm, pat))["pauses"]
    assert ("opt_out", "text") in (await stands(carried, elm, child))["pauses"]
    assert (await stands(carried, oak, theirs))["pauses"] == []
    # One card for each, and no second one for the same word said twice.
    await texted(door, texts, "STOP")
    await running.drain(carried)
    assert (await stands(carried, elm, pat))["cards"] == ["message_stopped"] * 2
    # START brings back what STOP took, and nothing more.
    async with carried.tenant(elm.id) as db:
        await consents.withdraw(db, alice.actor, pat, "text", "office", source="desk")
    await texted(door, texts, "START")
    await running.drain(carried)
    now = await stands(carried, elm, pat)
    assert now["pauses"] == []
    assert [one for one in now["given"] if one[0] == "text"] == [
        ("text", "billing"),
        ("text", "receipts"),
    ]


async def mallory_at_the_front(database: Database, oak: Tenant) -> Person:
    return await enrolled(database, oak, "front", "front_desk")


async def test_what_a_patient_writes_back_is_sealed_and_carded(
    door: Client,
    carried: Database,
    texts: TextsServer,
    elm: Tenant,
    pat: UUID,
    number: str,
    noon: None,
) -> None:
    await texted(door, texts, "my QUAGGA hurts, call me at noon")
    await running.drain(carried)
    assert (await stands(carried, elm, pat))["cards"] == ["text_received"]
    async with carried.tenant(elm.id) as db:
        shown = [
            row.shown
            for table in ("arrival", "blob", "blob_chunk", "card", "audit_event")
            for row in await db.execute(text(f"SELECT t::text AS shown FROM {table} t"))
        ]
    assert "QUAGGA" not in str(shown)
    assert "5550148" not in str(shown)


@pytest.mark.parametrize("broken", ["signature", "field", "url", "none"])
async def test_who_is_not_the_carrier_is_not_heard(
    door: Client,
    carried: Database,
    texts: TextsServer,
    elm: Tenant,
    pat: UUID,
    number: str,
    broken: str,
) -> None:
    fields = {"MessageSid": "SM1", "From": "+12175550148", "To": NUMBER, "Body": "STOP"}
    headers = texts.signed(HOOKS + _RECEIVED, fields)
    if broken == "signature":
        headers["X-Twilio-Signature"] = "AAAA"
    elif broken == "field":
        fields["From"] = "+12175550149"
    elif broken == "url":
        headers = texts.signed(HOOKS + _RECEIVED + "?x=1", fields)
    else:
        del headers["X-Twilio-Signature"]
    response = await door.http.post(_RECEIVED, content=urlencode(fields), headers=headers)
    assert response.status_code == 403
    async with carried.tenant(elm.id) as db:
        assert await db.scalar(select(func.count()).select_from(Arrival)) == 0


async def test_what_a_carrier_tells_of_a_text_ends_the_same_in_any_order(
    door: Client,
    carried: Database,
    texts: TextsServer,
    elm: Tenant,
    alice: Person,
    pat: UUID,
    number: str,
    noon: None,
) -> None:
    told = [
        {"MessageStatus": "sent"},
        {"MessageStatus": "undelivered", "ErrorCode": "30008"},
        {"MessageStatus": "delivered"},
        {"MessageStatus": "queued"},
    ]
    ends = set()
    for number_of_order, order in enumerate(itertools.permutations(told)):
        if number_of_order % 4:  # six of them, with every first and last
            continue
        async with carried.tenant(elm.id) as db:
            await db.execute(text("UPDATE message SET send_after = send_after - interval '9 days'"))
        async with carried.tenant(elm.id) as db:
            asked = await sending.ask(db, alice.actor, pat, "plan_upcoming", LINK, channel="text")
        assert await running.drain(carried) == {Outcome.DONE: 1}
        path = texts.taken[-1]["StatusCallback"].removeprefix(HOOKS)
        for fields in [*order, *order]:
            response = await called(door, texts, path, {"MessageSid": "SM9", **fields})
            assert response.status_code == 204
        assert await running.drain(carried) == {Outcome.DONE: 3}
        async with carried.tenant(elm.id) as db:
            message = (
                await db.scalars(select(Message).where(Message.id == asked.message_id))
            ).one()
        ends.add((message.state, message.phi_demo))
    assert ends == {("delivered", None)}


@pytest.mark.parametrize(
    ("code", "pause"), [("30006", ("bounce", "text")), ("21610", ("opt_out", "text"))]
)
async def test_a_number_that_takes_no_texts(
    door: Client,
    carried: Database,
    texts: TextsServer,
    elm: Tenant,
    alice: Person,
    pat: UUID,
    number: str,
    noon: None,
    code: str,
    pause: tuple[str, str],
) -> None:
    await sent(carried, elm, alice, pat, "text")
    path = texts.taken[-1]["StatusCallback"].removeprefix(HOOKS)
    await called(door, texts, path, {"MessageStatus": "failed", "ErrorCode": code})
    await running.drain(carried)
    now = await stands(carried, elm, pat)
    assert now["pauses"] == [pause]
    assert now["messages"] == [("failed", False)]
    assert now["phone"] == ("undeliverable" if code == "30006" else "verified")


async def test_a_word_of_nobodys_is_answered_alike(
    door: Client, carried: Database, texts: TextsServer, elm: Tenant
) -> None:
    path = f"/hooks/texts/status/{'a' * 26}"
    assert (await called(door, texts, path, {"MessageStatus": "failed"})).status_code == 204
    answer = await door.http.post(f"/hooks/mail/unsubscribe/{'a' * 26}")
    assert (answer.status_code, "E-mail stopped" in answer.text) == (200, True)


# --- letters ---


async def returned(door: Client, content: bytes, *, age: int = 0, secret: str = SECRET) -> Response:
    stamp = str(int(clock.now().timestamp()) - age)
    shown = hmac.digest(secret.encode(), stamp.encode() + b"." + content, hashlib.sha256).hex()
    return await door.http.post(
        "/hooks/mail/returned",
        content=content,
        headers={"Billing-Signature": f"t={stamp},v1={shown}", "Content-Type": "message/rfc822"},
    )


def word_of(box: Box) -> str:
    return box.senders[-1].partition("@")[0]


@pytest.mark.parametrize(
    ("action", "status", "state", "email"),
    [
        ("failed", "5.1.1", "bounced", "undeliverable"),
        ("failed", "5.2.2", "bounced", "verified"),
        ("failed", "5.7.1", "bounced", "verified"),
        ("failed", "4.4.7", "bounced", "verified"),
        ("delayed", "4.4.1", "sent", "verified"),
        ("delivered", "2.0.0", "delivered", "verified"),
    ],
)
async def test_a_letter_comes_back(
    door: Client,
    carried: Database,
    elm: Tenant,
    alice: Person,
    pat: UUID,
    box: Box,
    noon: None,
    action: str,
    status: str,
    state: str,
    email: str,
) -> None:
    await sent(carried, elm, alice, pat, "email")
    report = letters.bounce(word_of(box), box.letters[-1], action=action, status=status)
    for _ in range(2):
        assert (await returned(door, report)).status_code == 204
    assert await running.drain(carried) == {Outcome.DONE: 1}
    now = await stands(carried, elm, pat)
    assert (now["messages"], now["email"]) == ([(state, False)], email)
    assert now["pauses"] == ([("bounce", "email")] if email == "undeliverable" else [])
    assert now["cards"] == (["message_returned"] if email == "undeliverable" else [])


async def test_a_bounce_of_an_older_address_says_nothing_of_the_new_one(
    door: Client,
    carried: Database,
    elm: Tenant,
    alice: Person,
    pat: UUID,
    box: Box,
    noon: None,
) -> None:
    await sent(carried, elm, alice, pat, "email")
    async with carried.tenant(elm.id) as db:
        wanted = Wanted(email="newer@example.test", confirmed=True)
        await contacts.put(db, alice.actor, pat, wanted)
    await returned(door, letters.bounce(word_of(box), box.letters[-1]))
    await running.drain(carried)
    now = await stands(carried, elm, pat)
    assert (now["email"], now["pauses"]) == ("verified", [])


async def test_a_complaint_ends_it(
    door: Client,
    carried: Database,
    elm: Tenant,
    alice: Person,
    pat: UUID,
    box: Box,
    noon: None,
) -> None:
    await sent(carried, elm, alice, pat, "email")
    # The word is not in the address it came to, but in the letter it is about.
    assert (await returned(door, letters.complaint(box.letters[-1]))).status_code == 204
    await running.drain(carried)
    now = await stands(carried, elm, pat)
    assert now["pauses"] == [("complaint", "email")]
    assert now["messages"] == [("sent", True)]
    assert not any(channel == "email" for channel, _ in now["given"])
    # Who agrees anew, at the desk, is written to again.
    async with carried.tenant(elm.id) as db:
        await consents.give(db, alice.actor, pat, "email", "billing", source="desk")
    assert (await stands(carried, elm, pat))["pauses"] == []


async def test_mail_that_nobody_signed_is_not_heard(
    door: Client,
    carried: Database,
    elm: Tenant,
    alice: Person,
    pat: UUID,
    box: Box,
) -> None:
    report = letters.bounce("a" * 26, None)
    assert (await returned(door, report, secret="x" * 32)).status_code == 403
    assert (await returned(door, report, age=301)).status_code == 403
    assert (await returned(door, report, age=-301)).status_code == 403
    assert (await door.http.post("/hooks/mail/returned", content=report)).status_code == 403
    # Signed, and of no message: taken, and not kept.
    assert (await returned(door, report)).status_code == 204
    async with carried.tenant(elm.id) as db:
        assert await db.scalar(select(func.count()).select_from(Arrival)) == 0


async def test_one_click_and_a_scanner_that_opens_links(
    door: Client,
    carried: Database,
    elm: Tenant,
    alice: Person,
    pat: UUID,
    box: Box,
    noon: None,
) -> None:
    await sent(carried, elm, alice, pat, "email")
    path = str(box.letters[-1]["List-Unsubscribe"]).strip("<>").removeprefix(HOOKS)
    page = await door.http.get(path)
    assert (page.status_code, f'action="{path}"' in page.text) == (200, True)
    assert not await running.drain(carried)
    assert (await stands(carried, elm, pat))["pauses"] == []
    for _ in range(2):
        clicked = await door.http.post(
            path,
            content="List-Unsubscribe=One-Click",
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )
        assert clicked.status_code == 200
    assert await running.drain(carried) == {Outcome.DONE: 1}
    now = await stands(carried, elm, pat)
    assert now["pauses"] == [("opt_out", "email")]
    assert not any(channel == "email" for channel, _ in now["given"])
