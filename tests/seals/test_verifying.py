"""Whatever is done to the trail by whoever owns the database is found, and the first bad event named."""

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from billing_saas.kit.db import Database
from billing_saas.kit.ids import new_id
from billing_saas.seals import signing
from billing_saas.seals.head_rules import SignedHead
from billing_saas.seals.sealing import Sealer
from billing_saas.seals.tables import AuditSealKey
from tests.cluster import Clone
from tests.seals import logbook
from tests.seals.logbook import tamper

# What is done to event number {n} of the log, and how verification tells it.
TAMPERINGS = {
    "edit": (
        "UPDATE audit_event SET actor_id = gen_random_uuid() WHERE id = %(id)s",
        "was changed",
    ),
    "re-time": (
        "UPDATE audit_event SET at = at - interval '1 hour' WHERE id = %(id)s",
        "its time was changed",
    ),
    "delete": ("DELETE FROM audit_event WHERE id = %(id)s", "was deleted"),
    "re-tenant": (
        "UPDATE audit_event SET tenant_id = %(other)s WHERE id = %(id)s",
        "was moved to practice",
    ),
    "reorder": (
        "UPDATE audit_event SET xid = (xid::text::bigint + 100000)::text::xid8 WHERE id = %(id)s",
        "was moved to another place",
    ),
    "reorder within a transaction": (
        "UPDATE audit_event SET seq = seq + 1000000 WHERE id = %(id)s",
        "not what was sealed",
    ),
    "MAC": ("UPDATE audit_event SET mac = sha256(mac) WHERE id = %(id)s", "was changed"),
    "subject": (
        "UPDATE audit_subject SET patient_id = gen_random_uuid() WHERE event_id = %(id)s",
        "whom it concerns was changed",
    ),
}
INSERTED = """
    INSERT INTO audit_event SELECT (jsonb_populate_record(e, jsonb_build_object('id', %(new)s::uuid,
      'seq', seq + 1))).* FROM audit_event AS e WHERE id = %(id)s"""


async def test_a_log_that_nobody_touched_is_whole(initialised: Database) -> None:
    book = await logbook.kept(initialised)
    waiting = await logbook.tell(initialised, book.practices[0])
    verdict = await logbook.verify(initialised, book.heads)
    assert verdict.faults == []
    assert (verdict.heads, verdict.practices, verdict.anchors) == (4, 2, 4)
    assert verdict.events == len(book.events) + len(waiting)
    assert verdict.unsealed == len(waiting)
    assert verdict.last == book.heads[-1]


@pytest.mark.parametrize("how", TAMPERINGS)
async def test_a_tampered_event_is_named(initialised: Database, clone: Clone, how: str) -> None:
    book = await logbook.kept(initialised)
    statement, told = TAMPERINGS[how]
    practice, event = book.events[len(book.events) // 2]
    (other,) = set(book.practices) - {practice}
    assert tamper(clone, statement, id=event, other=other) >= 1
    first, *others = (await logbook.verify(initialised, book.heads)).faults
    assert (first.practice, first.event) == (practice, event)
    assert told in first.says
    assert str(event) in str(first)
    assert {fault.event for fault in others} <= {event}  # whom it concerned no longer fits, too


async def test_an_inserted_event_is_named(initialised: Database, clone: Clone) -> None:
    book = await logbook.kept(initialised)
    practice, event = book.events[3]
    inserted = new_id()
    assert tamper(clone, INSERTED, id=event, new=inserted) == 1
    first, *others = (await logbook.verify(initialised)).faults
    assert (first.practice, first.event) == (practice, inserted)
    assert "inserted" in first.says
    assert {fault.event for fault in others} <= {inserted}


async def test_two_events_that_changed_places_are_both_told(
    initialised: Database, clone: Clone
) -> None:
    book = await logbook.kept(initialised)
    (_, one), (_, two) = book.events[1], book.events[-1]
    swap = """
        UPDATE audit_event AS e SET xid = o.xid, seq = o.seq FROM audit_event AS o
        WHERE (e.id, o.id) IN ((%(one)s, %(two)s), (%(two)s, %(one)s))"""
    assert tamper(clone, swap, one=one, two=two) == 2
    faults = (await logbook.verify(initialised)).faults
    assert [fault.event for fault in faults] == [one, two]


async def test_the_first_of_many_is_named_first(initialised: Database, clone: Clone) -> None:
    book = await logbook.kept(initialised)
    chosen = [book.events[place][1] for place in (2, 5, len(book.events) - 1)]
    for event in reversed(chosen):
        tamper(clone, TAMPERINGS["edit"][0], id=event)
    faults = (await logbook.verify(initialised)).faults
    assert [fault.event for fault in faults] == chosen


async def test_a_waiting_event_is_checked_by_its_mac(initialised: Database, clone: Clone) -> None:
    book = await logbook.kept(initialised)
    (event,) = await logbook.tell(initialised, book.practices[0])
    tamper(clone, TAMPERINGS["edit"][0], id=event)
    (fault,) = (await logbook.verify(initialised)).faults
    assert fault.event == event


async def test_one_practice_alone(initialised: Database, clone: Clone) -> None:
    book = await logbook.kept(initialised)
    practice, event = book.events[0]
    (other,) = set(book.practices) - {practice}
    tamper(clone, TAMPERINGS["edit"][0], id=event)
    assert (await logbook.verify(initialised, only=other)).faults == []
    assert len((await logbook.verify(initialised, only=practice)).faults) == 1


SEALS = {
    "a leaf": "UPDATE audit_seal SET leaves = overlay(leaves PLACING sha256('x') FROM 17)"
    " WHERE head = 2",
    "a root": "UPDATE audit_seal SET root = sha256(root) WHERE head = 2",
    "a frontier": "UPDATE audit_seal SET frontier = sha256(frontier) WHERE head = 2",
    "a seal": "DELETE FROM audit_seal WHERE head = 2",
    "a head": "UPDATE audit_head SET at = at - interval '1 minute' WHERE number = 2",
    "a signature": "UPDATE audit_head SET signature = sha512(signature) WHERE number = 2",
}


@pytest.mark.parametrize("what", SEALS)
async def test_a_tampered_seal_is_found_at_its_head(
    initialised: Database, clone: Clone, what: str
) -> None:
    await logbook.kept(initialised)
    assert tamper(clone, SEALS[what]) >= 1
    faults = (await logbook.verify(initialised)).faults
    assert faults
    assert faults[0].head == 2


CUT_OFF = (
    "DELETE FROM audit_head WHERE number > %(kept)s",
    "DELETE FROM audit_event AS e WHERE xid >= (SELECT max(to_xid) FROM audit_head)::text::xid8",
    "DELETE FROM audit_subject WHERE event_id NOT IN (SELECT id FROM audit_event)",
    "DELETE FROM audit_seal WHERE head > %(kept)s",
)


async def test_a_tail_cut_off_with_its_seals_is_found_by_the_anchor(
    initialised: Database, clone: Clone
) -> None:
    book = await logbook.kept(initialised)
    for statement in CUT_OFF:
        tamper(clone, statement, kept=2)
    assert (await logbook.verify(initialised)).faults == []  # nothing inside tells it
    (fault,) = (await logbook.verify(initialised, book.heads)).faults
    assert "cut off" in fault.says
    assert "head 3 was anchored" in fault.says


async def remade(database: Database, clone: Clone, private: Ed25519PrivateKey | None) -> None:
    """The whole log sealed anew, after an event was deleted: with the real key, or another."""
    for table in ("audit_seal", "audit_head"):
        tamper(clone, f"DELETE FROM {table}")
    if private is not None:
        public_key = private.public_key().public_bytes_raw()
        wrapped = await database.keys.wrap(
            signing.KEK, private.private_bytes_raw(), b"audit|seal|1"
        )
        new = "UPDATE audit_seal_key SET public_key = %(public)s, wrapped = %(wrapped)s"
        tamper(clone, new, public=public_key, wrapped=wrapped)
    await logbook.seal(database, Sealer())


async def public_key(database: Database) -> bytes:
    async with database.sealer() as db:
        return (await db.scalars(select(AuditSealKey.public_key))).one()


async def test_a_log_made_anew_with_the_stolen_key_is_found_by_the_anchor(
    initialised: Database, clone: Clone
) -> None:
    book = await logbook.kept(initialised)
    tamper(clone, TAMPERINGS["delete"][0], id=book.events[0][1])
    tamper(clone, "DELETE FROM audit_subject WHERE event_id = %(id)s", id=book.events[0][1])
    await remade(initialised, clone, None)
    assert (await logbook.verify(initialised)).faults == []  # the attacker has the key
    fault = (await logbook.verify(initialised, book.heads)).faults[0]
    assert "made anew" in fault.says
    assert fault.event is not None


async def test_a_log_made_anew_with_another_key_is_found_by_the_key_noted_outside(
    initialised: Database, clone: Clone
) -> None:
    await logbook.kept(initialised)
    noted = await public_key(initialised)
    await remade(initialised, clone, Ed25519PrivateKey.generate())
    fault = (await logbook.verify(initialised, pinned=noted)).faults[0]
    assert "not signed by this key" in fault.says


async def test_two_histories_of_one_length_are_refused(initialised: Database, clone: Clone) -> None:
    """A verifier that remembers what it saw is shown another log of the same length."""
    book = await logbook.kept(initialised, rounds=2)
    for table in ("audit_seal", "audit_head"):
        tamper(clone, f"DELETE FROM {table}")
    await logbook.seal(initialised)
    await logbook.tell(initialised, book.practices[0])
    other = await logbook.seal(initialised)
    assert other is not None
    assert other.head.number == book.heads[1].head.number
    faults = (await logbook.verify(initialised, [*book.heads, other])).faults
    assert faults


async def test_an_anchor_that_somebody_wrote_is_not_believed(initialised: Database) -> None:
    book = await logbook.kept(initialised, rounds=1)
    forged = SignedHead(book.heads[0].head, "00" * 64)
    (fault,) = (await logbook.verify(initialised, [forged])).faults
    assert "not signed" in fault.says


async def test_the_sealer_can_change_nothing(initialised: Database, clone: Clone) -> None:
    """It reads the trail and writes heads: not an event, not a head that stands."""
    await logbook.kept(initialised, rounds=1)
    with psycopg.connect(clone.url("billing_sealer"), autocommit=True) as sealer:
        for statement in (
            "UPDATE audit_event SET at = at",
            "DELETE FROM audit_event",
            "TRUNCATE audit_event",
            "INSERT INTO audit_subject SELECT * FROM audit_subject",
            "UPDATE audit_head SET at = at",
            "DELETE FROM audit_head",
            "DELETE FROM audit_seal",
            "UPDATE audit_seal_key SET version = 2",
            "SELECT * FROM patient",
            "SELECT * FROM audit_event_default",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                sealer.execute(statement.encode())
