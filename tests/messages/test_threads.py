"""Patient and office write to each other: sealed, told, and announced without a word of it."""

from uuid import UUID

import pytest
from sqlalchemy import select, text

from billing_saas.audit.tables import AuditEvent
from billing_saas.kit.actor import Actor, ActorKind, AuthLevel, NotPermitted
from billing_saas.kit.db import Database
from billing_saas.kit.ids import new_id
from billing_saas.kit.paging import PageRequest
from billing_saas.messages import threads
from billing_saas.messages.errors import BadLetter, ThreadNotFound
from billing_saas.messages.tables import Message
from tests.cast import Person, Tenant, actor_with


def signed_in(patient_id: UUID, level: AuthLevel = AuthLevel.ONE_FACTOR) -> Actor:
    return Actor(kind=ActorKind.PATIENT, id=patient_id, auth_level=level)


async def open_cards(database: Database, elm: Tenant) -> list[tuple[str, str]]:
    async with database.tenant(elm.id) as db:
        rows = await db.execute(text("SELECT kind, state FROM card ORDER BY id"))
        return [(row.kind, row.state) for row in rows]


async def test_a_patient_asks_and_the_office_answers(
    database: Database, elm: Tenant, alice: Person, pat: UUID, noon: None
) -> None:
    patient = signed_in(pat)
    async with database.tenant(elm.id) as db:
        thread_id = await threads.begin(
            db, patient, pat, "bill", "My bill of May", "Why was the biopsy not covered?"
        )
    assert await open_cards(database, elm) == [("patient_wrote", "open")]
    async with database.tenant(elm.id) as db:
        read = await threads.thread(db, alice.actor, thread_id)
        assert [one.text for one in read.letters] == ["Why was the biopsy not covered?"]
        await threads.write(db, alice.actor, thread_id, "Your plan asks for a referral.")
    assert await open_cards(database, elm) == [("patient_wrote", "done")]
    async with database.tenant(elm.id) as db:
        told = (await db.scalars(select(Message))).one()
        assert (told.template, told.decision, told.recipient_id) == (
            "office_answered",
            "allowed",
            pat,
        )
        read = await threads.thread(db, patient, thread_id)
        assert [one.written_by for one in read.letters] == ["patient", "office"]
        assert read.thread.state == "answered"
        # The office read the question; the patient reads the answer just now.
        assert [one.read_at is not None for one in read.letters] == [True, False]
        again = await threads.thread(db, patient, thread_id)
        assert all(one.read_at for one in again.letters)


async def test_nothing_of_it_lies_open(
    database: Database, elm: Tenant, alice: Person, pat: UUID
) -> None:
    async with database.tenant(elm.id) as db:
        await threads.begin(db, signed_in(pat), pat, "bill", "QUAGGA", "about my ZEPHYR")
        rows = []
        for table in ("letter_thread", "thread_letter", "card", "audit_event", "job"):
            query = text(f"SELECT t::text AS shown FROM {table} t")  # names of ours
            rows += [row.shown for row in await db.execute(query)] if table != "job" else []
        actions = set(await db.scalars(select(AuditEvent.action)))
    assert not any(word in str(rows) for word in ("QUAGGA", "ZEPHYR"))
    assert {"thread.begin", "thread.write"} <= actions


async def test_a_closed_thread_opens_by_the_patients_next_letter(
    database: Database, elm: Tenant, alice: Person, pat: UUID
) -> None:
    async with database.tenant(elm.id) as db:
        thread_id = await threads.begin(db, signed_in(pat), pat, "other", "Hours", "When?")
        await threads.close(db, alice.actor, thread_id)
    assert await open_cards(database, elm) == [("patient_wrote", "done")]
    async with database.tenant(elm.id) as db:
        await threads.write(db, signed_in(pat), thread_id, "And on Friday?")
    assert await open_cards(database, elm) == [("patient_wrote", "done"), ("patient_wrote", "open")]


async def test_strangers_find_no_thread(
    database: Database, elm: Tenant, oak: Tenant, mallory: Person, alice: Person, pat: UUID
) -> None:
    async with database.tenant(elm.id) as db:
        thread_id = await threads.begin(db, signed_in(pat), pat, "other", "Hours", "When?")
        other = signed_in(new_id())
        with pytest.raises(ThreadNotFound):
            await threads.thread(db, other, thread_id)
        with pytest.raises(ThreadNotFound):
            await threads.write(db, other, thread_id, "I am somebody else")
        with pytest.raises(NotPermitted):
            await threads.threads_of(db, other, PageRequest(limit=50), patient_id=pat)
        # A link and a birth date open a balance, and no letters.
        with pytest.raises(NotPermitted):
            await threads.thread(db, signed_in(pat, AuthLevel.TOKEN), thread_id)
        with pytest.raises(NotPermitted):
            await threads.thread(db, actor_with(["coder"]), thread_id)
        mine = await threads.threads_of(db, signed_in(pat), PageRequest(limit=50))
        assert [one.id for one in mine.rows] == [thread_id]
    async with database.tenant(oak.id) as db:
        with pytest.raises(ThreadNotFound):
            await threads.thread(db, mallory.actor, thread_id)


@pytest.mark.parametrize("text", ["", "   ", "x" * 4001, "a\0b"])
async def test_what_is_no_letter(
    database: Database, elm: Tenant, alice: Person, pat: UUID, text: str
) -> None:
    async with database.tenant(elm.id) as db:
        with pytest.raises(BadLetter):
            await threads.begin(db, alice.actor, pat, "other", "Hours", text)
