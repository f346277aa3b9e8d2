"""Proofs hold for whoever has the public key, and nothing that was touched does."""

import random
from datetime import timedelta
from typing import Any

import msgspec
import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing_saas.kit import clock
from billing_saas.kit.db import Database
from billing_saas.kit.ids import new_id
from billing_saas.seals import head_rules, merkle_rules, proving, signing
from billing_saas.seals.errors import EventNotSealed, HeadNotFound
from billing_saas.seals.merkle_rules import BadProof, Frontier, Levels, Span
from tests.cluster import Clone
from tests.seals import logbook

# RFC 6962's own example inputs, as its reference implementation (certificate-transparency) tests them.
RFC_LEAVES = [
    bytes.fromhex(leaf)
    for leaf in (
        *("", "00", "10", "2021", "3031", "40414243", "5051525354555657"),
        "606162636465666768696a6b6c6d6e6f",
    )
]
RFC_ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)


def test_the_trees_of_the_rfc() -> None:
    tree = Frontier()
    for leaf, root in zip(RFC_LEAVES, RFC_ROOTS, strict=True):
        tree.append(merkle_rules.leaf_hash(leaf))
        assert tree.root.hex() == root
    assert Frontier().root.hex().startswith("e3b0c44298fc1c14")


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_every_proof_of_any_tree_holds(data: st.DataObject) -> None:
    """From any frontier, for any leaf and any two sizes; and a small tree that changes."""
    size = data.draw(st.integers(1, 70))
    leaves = [merkle_rules.leaf_hash(bytes([n])) for n in range(size)]
    known = data.draw(st.integers(0, size))
    index = data.draw(st.integers(min(known, size - 1), size - 1))
    before, whole = Frontier(), Frontier()
    before.extend(leaves[:known])
    whole.extend(leaves)
    span = Span(Frontier(known, before.packed()), leaves[known:])
    if index >= known:
        path = span.inclusion(index, size)
        merkle_rules.check_inclusion(leaves[index], index, size, path, whole.root)
    growth = span.consistency(known, size)
    merkle_rules.check_consistency(known, before.root, size, whole.root, growth)
    levels = Levels(leaves)
    merkle_rules.check_inclusion(leaves[index], index, size, levels.inclusion(index), levels.root)
    leaves[index] = merkle_rules.leaf_hash(b"changed")
    levels.change(index, leaves[index])
    assert levels.root == Levels(leaves).root


async def public_key(database: Database) -> bytes:
    async with database.sealer() as db:
        return (await signing.public_keys(db))[1]


async def proofs(database: Database, book: logbook.Logbook) -> list[Any]:
    """An inclusion in each head, and the growth between two."""
    async with database.sealer() as db:
        made: list[Any] = [
            await proving.inclusion(db, book.events[place][1])
            for place in range(0, len(book.events), 5)
        ]
        return [*made, await proving.consistency(db, book.practices[0], 2, 5)]


def paths(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where every value of a JSON document stands."""
    inside = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    return [at, *(path for key, one in inside for path in paths(one, (*at, key)))]


def mutated(document: Any, chance: random.Random) -> Any:
    """One thing changed: a digit, a number, a hash too many or too few, a field gone or exchanged."""
    again = msgspec.json.decode(msgspec.json.encode(document))
    *way, last = chance.choice(paths(document)[1:])
    holder = again
    for step in way:
        holder = holder[step]
    value = holder[last]
    kind = chance.randrange(6)
    if isinstance(value, str) and value and kind < 4:
        place = chance.randrange(len(value))
        other = chance.choice([c for c in "0123456789abcdefABCDEF-" if c != value[place]])
        holder[last] = value[:place] + other + value[place + 1 :]
    elif isinstance(value, int) and kind < 4:
        holder[last] = value + chance.choice([-1, 1, 2, 64, 1 << 40])
    elif isinstance(value, list) and value and kind < 4:
        place = chance.randrange(len(value))
        value.insert(place, value[place]) if kind < 2 else value.pop(place)
    elif kind == 4:
        holder[last] = chance.choice([None, True, "", 0, [], {}, "00" * 32, 1.5])
    elif isinstance(holder, dict):
        del holder[last]
    else:
        holder.reverse()
    return again


@pytest.mark.parametrize("count", [1_000, pytest.param(10_000, marks=pytest.mark.slow)])
async def test_mutated_proofs_are_refused(initialised: Database, count: int) -> None:
    book = await logbook.kept(initialised, rounds=6)
    key = await public_key(initialised)
    made = await proofs(initialised, book)
    for proof in made:
        head_rules.read_proof(msgspec.json.encode(proof)).check(key)
    documents = [msgspec.json.decode(msgspec.json.encode(proof)) for proof in made]
    chance = random.Random(count)
    accepted = []
    tried = 0
    while tried < count:
        original = chance.choice(documents)
        changed = mutated(original, chance)
        if changed == original and repr(changed) == repr(original):
            continue
        tried += 1
        try:
            head_rules.read_proof(msgspec.json.encode(changed)).check(key)
            accepted.append(changed)
        except BadProof:
            pass
    assert accepted == []


async def test_a_leaf_is_what_postgresql_makes_of_an_event(
    initialised: Database, clone: Clone
) -> None:
    """Who checks a proof makes the leaf from JSON; the server makes it from columns: byte by byte one."""
    await logbook.kept(initialised, rounds=1)
    with psycopg.connect(clone.url("postgres"), row_factory=psycopg.rows.dict_row) as above:
        query = f"SELECT e.*, e.xid::text::bigint AS xid, {head_rules.LEAF_SQL} AS leaf FROM audit_event e"
        rows = above.execute(query.encode()).fetchall()
    assert len(rows) > 3
    for row in rows:
        again = msgspec.json.decode(msgspec.json.encode(head_rules.exported(row)))
        assert head_rules.leaf_of(again) == row["leaf"]


async def test_what_waits_or_is_not_there_cannot_be_proved(initialised: Database) -> None:
    book = await logbook.kept(initialised, rounds=1)
    (waiting,) = await logbook.tell(initialised, book.practices[0])
    async with initialised.sealer() as db:
        for event in (waiting, new_id()):
            with pytest.raises(EventNotSealed):
                await proving.inclusion(db, event)
        with pytest.raises(HeadNotFound):
            await proving.consistency(db, book.practices[0], 1, 9)
        with pytest.raises(HeadNotFound):
            await proving.consistency(db, book.practices[0], 1, 1)


async def test_an_export_is_the_practice_s_events_and_each_is_proved(initialised: Database) -> None:
    book = await logbook.kept(initialised)
    key = await public_key(initialised)
    since = clock.now() - timedelta(minutes=10)
    async with initialised.sealer() as db:
        found = [
            proof
            async for proof in proving.export(
                db, book.practices[0], since, since + timedelta(hours=1)
            )
        ]
        none = [p async for p in proving.export(db, book.practices[0], since, since)]
    own = [str(event) for practice, event in book.events if practice == book.practices[0]]
    assert [proof.event["id"] for proof in found] == own
    assert none == []
    for proof in found:
        proof.check(key)


async def test_an_old_event_is_proved_by_its_own_head(initialised: Database) -> None:
    book = await logbook.kept(initialised)
    async with initialised.sealer() as db:
        proof = await proving.inclusion(db, book.events[0][1])
    assert proof.tree.signed == book.heads[0]
