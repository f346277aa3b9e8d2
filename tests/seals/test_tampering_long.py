"""A hundred tamperings chosen by lot, each against a log of its own length: found, the first named."""

import random

import pytest

from billing_saas.kit.db import Database
from tests.cluster import Clone
from tests.seals import logbook
from tests.seals.logbook import tamper
from tests.seals.test_verifying import TAMPERINGS

_SAVED = (
    "CREATE TABLE saved_event AS SELECT * FROM audit_event",
    "CREATE TABLE saved_subject AS SELECT * FROM audit_subject",
)
_RESTORED = (
    "DELETE FROM audit_event",
    "DELETE FROM audit_subject",
    "INSERT INTO audit_event SELECT * FROM saved_event",
    "INSERT INTO audit_subject SELECT * FROM saved_subject",
)


@pytest.mark.slow
async def test_a_hundred_tamperings_are_found(initialised: Database, clone: Clone) -> None:
    book = await logbook.kept(initialised, rounds=12, seed=5)
    for statement in _SAVED:
        tamper(clone, statement)
    chance = random.Random(100)
    for _ in range(100):
        how = [chance.choice(list(TAMPERINGS)) for _ in range(chance.randint(1, 3))]
        chosen = chance.sample(range(len(book.events)), len(how))
        for name, place in zip(how, chosen, strict=True):
            practice, event = book.events[place]
            (other,) = set(book.practices) - {practice}
            assert tamper(clone, TAMPERINGS[name][0], id=event, other=other) >= 1
        faults = (await logbook.verify(initialised, book.heads)).faults
        assert faults[0].event == book.events[min(chosen)][1], (how, chosen)
        assert {fault.event for fault in faults} == {book.events[place][1] for place in chosen}
        for statement in _RESTORED:
            tamper(clone, statement)
    assert (await logbook.verify(initialised, book.heads)).faults == []
