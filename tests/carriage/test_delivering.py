"""Messages leave by a real server of mail and a real carrier of texts, once, or say why they did not."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import select, text

from billing_saas.carriage import opting
from billing_saas.kit import clock
from billing_saas.kit.db import Database
from billing_saas.messages import contacts, pausing, sending
from billing_saas.messages.contacts import Wanted
from billing_saas.messages.rules import Words
from billing_saas.messages.sending import Decision
from billing_saas.messages.tables import Message
from billing_saas.workers import running
from billing_saas.workers.running import Outcome
from tests.carriage.carriers import BOUNCES, HOOKS, PORTAL, Box, TextsServer
from tests.cast import Person, Tenant
from tests.cluster import Clone
from tests.messages.people import LINK, NOON


async def asked(
    database: Database, elm: Tenant, alice: Person, pat: UUID, channel: str = "email"
) -> Decision:
    async with database.tenant(elm.id) as db:
        return await sending.ask(db, alice.actor, pat, "statement_ready", LINK, channel=channel)  # type: ignore[arg-type]


async def kept(database: Database, elm: Tenant, decision: Decision) -> Message:
    async with database.tenant(elm.id) as db:
        return (await db.scalars(select(Message).where(Message.id == decision.message_id))).one()


async def test_a_letter_leaves_and_is_blank_after(
    carried: Database, elm: Tenant, alice: Person, pat: UUID, box: Box, noon: None, clone: Clone
) -> None:
    decision = await asked(carried, elm, alice, pat)
    assert await running.drain(carried) == {Outcome.DONE: 1}
    assert not await running.drain(carried)
    (letter,) = box.letters
    assert letter["To"] == "patience@example.test"
    assert letter["From"] == "Your billing office <office@example.test>"
    body = letter.get_payload(decode=True)
    assert isinstance(body, bytes)
    assert f"{PORTAL}/s/abcdefghijklmnopqrstuv" in body.decode()
    # RFC 8058: a mail program may stop it by itself.
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = str(letter["List-Unsubscribe"]).strip("<>")
    assert link.startswith(f"{HOOKS}/hooks/mail/unsubscribe/")
    assert link in body.decode()
    assert box.senders == [f"{link.rpartition('/')[2]}@{BOUNCES}"]
    message = await kept(carried, elm, decision)
    assert (message.state, message.phi_demo, message.attempts) == ("sent", None, 1)
    with psycopg.connect(clone.url("postgres")) as above:
        rows = above.execute(
            "SELECT message::text, r::text FROM message, message_route r"
        ).fetchall()
    assert not any(word in str(rows) for word in (link.rpartition("/")[2], "patience", "/s/abc"))


async def test_a_text_leaves_in_twilios_shape(
    carried: Database,
    elm: Tenant,
    alice: Person,
    pat: UUID,
    texts: TextsServer,
    number: str,
    noon: None,
) -> None:
    decision = await asked(carried, elm, alice, pat, "text")
    assert await running.drain(carried) == {Outcome.DONE: 1}
    (taken,) = texts.taken
    assert (taken["To"], taken["From"]) == ("+12175550148", number)
    assert taken["Body"] == (
        "Your billing office: you have a new statement:"
        f" {PORTAL}/s/abcdefghijklmnopqrstuv Reply STOP to opt out."
    )
    assert taken["StatusCallback"].startswith(f"{HOOKS}/hooks/texts/status/")
    message = await kept(carried, elm, decision)
    assert (message.state, message.carrier_id) == ("sent", f"SM{1:032x}")


async def test_spanish_is_written_to_who_asked_for_it(
    carried: Database, elm: Tenant, alice: Person, pat: UUID, box: Box, noon: None
) -> None:
    async with carried.tenant(elm.id) as db:
        wanted = Wanted(email="patience@example.test", language="es", confirmed=True)
        await contacts.put(db, alice.actor, pat, wanted)
        words = Words(link=LINK.link, initial="P")
        await sending.ask(db, alice.actor, pat, "statement_ready", words)
    await running.drain(carried)
    (letter,) = box.letters
    body = letter.get_payload(decode=True)
    assert isinstance(body, bytes)
    assert body.decode().startswith("Hola, P.:\r\n\r\nTiene un nuevo estado de cuenta.")
    assert letter["Content-Language"] == "es"


async def test_what_comes_between_stops_it(
    carried: Database, elm: Tenant, alice: Person, pat: UUID, box: Box, noon: None
) -> None:
    decision = await asked(carried, elm, alice, pat)
    async with carried.tenant(elm.id) as db:
        await opting.stop(db, alice.actor, pat, "email", source="desk")
    assert await running.drain(carried) == {Outcome.DONE: 1}
    assert box.letters == []
    message = await kept(carried, elm, decision)
    assert (message.state, message.ended_because, message.phi_demo) == (
        "dropped",
        "consent_withdrawn opt_out",
        None,
    )


async def test_at_night_it_waits_for_the_morning_where_the_patient_is(
    carried: Database, elm: Tenant, alice: Person, pat: UUID, box: Box
) -> None:
    async with carried.tenant(elm.id) as db:
        wanted = Wanted(
            email="patience@example.test", time_zone="America/Los_Angeles", confirmed=True
        )
        await contacts.put(db, alice.actor, pat, wanted)
    with clock.frozen(datetime(2026, 11, 2, 15, 0, tzinfo=UTC)):  # nine in Chicago, seven there
        decision = await asked(carried, elm, alice, pat)
        assert (decision.outcome, decision.reasons[0]) == ("later", "email:quiet_hours")
        assert decision.at == datetime(2026, 11, 2, 16, tzinfo=UTC)
        assert not await running.drain(carried)
    with clock.frozen(datetime(2026, 11, 2, 16, 0, 1, tzinfo=UTC)):
        assert await running.drain(carried) == {Outcome.DONE: 1}
    assert len(box.letters) == 1


async def test_two_that_ask_for_money_leave_a_day_apart(
    carried: Database, elm: Tenant, alice: Person, pat: UUID, box: Box
) -> None:
    """Asked for in one breath: the second counts the first, and not the other way round as well."""
    with clock.frozen(NOON):
        first = await asked(carried, elm, alice, pat)
        second = await asked(carried, elm, alice, pat)
        assert (first.outcome, second.outcome, second.reasons[0]) == (
            "allowed",
            "later",
            "email:too_often",
        )
        assert second.at == NOON + timedelta(days=1)
        await running.drain(carried)
        assert len(box.letters) == 1
    with clock.frozen(NOON + timedelta(days=1, seconds=1)):
        await running.drain(carried)
    assert len(box.letters) == 2
    assert {(await kept(carried, elm, one)).state for one in (first, second)} == {"sent"}


async def test_what_could_not_leave_for_days_is_dropped(
    carried: Database, elm: Tenant, alice: Person, pat: UUID, box: Box
) -> None:
    with clock.frozen(NOON):
        decision = await asked(carried, elm, alice, pat)
    with clock.frozen(NOON + timedelta(days=6)):
        await running.drain(carried)
    assert box.letters == []
    message = await kept(carried, elm, decision)
    assert (message.state, message.ended_because) == ("dropped", "stale")


async def test_while_the_server_is_down_it_waits(
    carried: Database, elm: Tenant, alice: Person, pat: UUID, box: Box, noon: None
) -> None:
    decision = await asked(carried, elm, alice, pat)
    box.refusing = "451 4.3.0 try again"
    assert await running.drain(carried) == {Outcome.RETRIED: 1}
    message = await kept(carried, elm, decision)
    assert (message.state, message.attempts) == ("waiting", 1)
    assert message.phi_demo is not None


async def test_an_address_that_is_none_is_told_at_once(
    carried: Database, elm: Tenant, alice: Person, pat: UUID, box: Box, noon: None
) -> None:
    decision = await asked(carried, elm, alice, pat)
    box.refusing = "550 5.1.1 no such user"
    assert await running.drain(carried) == {Outcome.DONE: 1}
    message = await kept(carried, elm, decision)
    assert (message.state, message.ended_because) == ("bounced", "address:550")
    async with carried.tenant(elm.id) as db:
        contact = await contacts.contact_of(db, alice.actor, pat)
        assert contact.email_state == "undeliverable"
        pauses = (await pausing.pauses_of(db, [pat]))[pat]
        assert [(one.kind, one.channel) for one in pauses] == [("bounce", "email")]
        cards = (await db.execute(text("SELECT kind, subject_id FROM card"))).all()
        assert [tuple(one) for one in cards] == [("message_returned", pat)]
        # Another address, and letters leave again.
        wanted = Wanted(email="new@example.test", confirmed=True)
        await contacts.put(db, alice.actor, pat, wanted)
        assert not await pausing.pauses_of(db, [pat])


async def test_a_carrier_that_falls_silent_is_given_time_and_asked_again(
    carried: Database,
    elm: Tenant,
    alice: Person,
    pat: UUID,
    texts: TextsServer,
    number: str,
) -> None:
    texts.answers = ["drop"]
    with clock.frozen(NOON):
        decision = await asked(carried, elm, alice, pat, "text")
        assert await running.drain(carried) == {Outcome.DONE: 1}
    assert (await kept(carried, elm, decision)).state == "sending"
    with clock.frozen(NOON + timedelta(minutes=3)):
        assert await running.drain(carried) == {Outcome.DONE: 1}
    message = await kept(carried, elm, decision)
    assert (message.state, message.attempts, len(texts.taken)) == ("sent", 2, 2)


@pytest.mark.parametrize(
    ("code", "state", "because", "pause"),
    [
        (21610, "failed", "opted_out:21610", "opt_out"),
        (21614, "bounced", "address:21614", "bounce"),
        (30034, "failed", "content:30034", ""),
    ],
)
async def test_what_a_carrier_refuses(
    carried: Database,
    elm: Tenant,
    alice: Person,
    pat: UUID,
    texts: TextsServer,
    number: str,
    noon: None,
    code: int,
    state: str,
    because: str,
    pause: str,
) -> None:
    texts.answers = [code]
    decision = await asked(carried, elm, alice, pat, "text")
    assert await running.drain(carried) == {Outcome.DONE: 1}
    message = await kept(carried, elm, decision)
    assert (message.state, message.ended_because) == (state, because)
    async with carried.tenant(elm.id) as db:
        pauses = (await pausing.pauses_of(db, [pat])).get(pat, [])
    assert [one.kind for one in pauses] == ([pause] if pause else [])


async def test_what_is_wrong_with_our_account_waits_for_a_person(
    carried: Database,
    elm: Tenant,
    alice: Person,
    pat: UUID,
    texts: TextsServer,
    number: str,
    noon: None,
) -> None:
    texts.answers = [20003, 429, 401]
    decision = await asked(carried, elm, alice, pat, "text")
    for _ in range(3):
        await running.drain(carried)
    assert (await kept(carried, elm, decision)).state == "waiting"
    assert texts.taken == []


async def test_without_a_carrier_it_waits(
    database: Database, elm: Tenant, alice: Person, pat: UUID, noon: None
) -> None:
    decision = await asked(database, elm, alice, pat)
    assert await running.drain(database) == {Outcome.RETRIED: 1}
    assert (await kept(database, elm, decision)).state == "waiting"
