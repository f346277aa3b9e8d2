"""Whatever is done to a file, it is taken, held or unreadable: never a crash, never half an entry."""

import re

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from billing_saas.imports import claims837
from billing_saas.imports.jobs import ImportClaims
from billing_saas.inbox import queries as inbox
from billing_saas.kit.db import Database
from tests.cast import Person, Tenant
from tests.imports.practice_files import claims_file, receive

CODES = [
    "",
    "0",
    "-1",
    "9" * 17,
    "1E5",
    ".5",
    "20261399",
    "0001-01-01",
    "Ñ\x80",
    "A" * 300,
    "~",
    ":",
]


@st.composite
def spoiled(draw: st.DrawFn, segments: list[bytes]) -> bytes:
    """A few segments dropped, doubled, moved or with one element replaced."""
    found = list(segments)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(found) - 1))
        what = draw(st.sampled_from(["drop", "double", "move", "element", "element", "element"]))
        if what == "drop":
            del found[at]
        elif what == "double":
            found.insert(at, found[at])
        elif what == "move":
            found.insert(draw(st.integers(0, len(found) - 1)), found.pop(at))
        else:
            elements = re.split(rb"([*:])", found[at])
            place = draw(st.integers(0, len(elements) - 1))
            elements[place] = draw(st.sampled_from(CODES)).encode("latin-1")
            found[at] = b"".join(elements)
    return b"~".join(found)


async def check(database: Database, elm: Tenant, alice: Person, content: bytes) -> None:
    received = await receive(database, elm, alice.actor, content)
    if received.repeated:
        return
    arrival_id = received.arrival_id
    async with database.tenant(elm.id) as db:
        await claims837.take_in(db, alice.actor, ImportClaims(arrival_id))
    async with database.tenant(elm.id) as db:
        arrival = await inbox.arrival(db, alice.actor, arrival_id)
        total = await db.scalar(text("SELECT coalesce(sum(amount_cents), 0) FROM ledger_line"))
        claims = await db.scalar(
            text(
                "SELECT coalesce(sum(charge_cents), 0) FROM claim JOIN encounter ON"
                " encounter.id = claim.encounter_id WHERE arrival_id = :id"
            ),
            {"id": arrival_id},
        )
        charged = await db.scalar(
            text(
                "SELECT coalesce(-sum(amount_cents), 0) FROM ledger_line JOIN claim"
                " ON claim.id = claim_id JOIN encounter ON encounter.id = claim.encounter_id"
                " WHERE account = 'gross_charges' AND arrival_id = :id"
            ),
            {"id": arrival_id},
        )
    assert arrival.state in ("handled", "held", "unreadable")
    assert total == 0
    assert claims == charged


SETTINGS = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    phases=(Phase.explicit, Phase.generate),
)


@settings(SETTINGS, max_examples=8)
@given(data=st.data())
async def test_a_spoiled_file_ends_well(
    database: Database, elm: Tenant, alice: Person, data: st.DataObject
) -> None:
    await spoil_and_check(database, elm, alice, data)


@pytest.mark.slow
@settings(SETTINGS, max_examples=150)
@given(data=st.data())
async def test_many_spoiled_files_end_well(
    database: Database, elm: Tenant, alice: Person, data: st.DataObject
) -> None:
    await spoil_and_check(database, elm, alice, data)


async def spoil_and_check(
    database: Database, elm: Tenant, alice: Person, data: st.DataObject
) -> None:
    seed = data.draw(st.integers(1, 10_000))
    segments = claims_file(elm, 4, seed=seed).split(b"~")
    content = data.draw(spoiled(segments))
    await check(database, elm, alice, content)
