"""Many at once: one source is posted once, and no cent is lost on a claim that all post to."""

import asyncio
import random
from uuid import UUID

import pytest
from sqlalchemy import text

from billing_saas.kit.db import Database
from billing_saas.ledger import journal, queries
from billing_saas.ledger.errors import AlreadyPosted, AlreadyReversed
from billing_saas.ledger.rules import Account, Entry
from tests.cast import Person, Tenant
from tests.ledger.entries import MARCH_2, Visit
from tests.ledger.test_periods import waiting_for_a_lock


async def _post(database: Database, elm: Tenant, alice: Person, *entries: Entry) -> list[UUID]:
    async with database.tenant(elm.id) as db:
        return await journal.post(db, alice.actor, entries)


async def test_two_sessions_post_the_same_source_and_one_wins(
    database: Database, elm: Tenant, alice: Person
) -> None:
    entry = Visit().charged(100)
    async with database.tenant(elm.id) as db:
        await journal.post(db, alice.actor, [entry])
        second = asyncio.create_task(_post(database, elm, alice, entry))
        await waiting_for_a_lock(database)
    with pytest.raises(AlreadyPosted):
        await second
    async with database.tenant(elm.id) as db:
        assert (await queries.balances(db, alice.actor))[Account.GROSS_CHARGES] == -100


async def test_the_second_session_posts_when_the_first_rolls_back(
    database: Database, elm: Tenant, alice: Person
) -> None:
    entry = Visit().charged(100)
    async with database.tenant(elm.id) as db:
        await journal.post(db, alice.actor, [entry])
        second = asyncio.create_task(_post(database, elm, alice, entry))
        await waiting_for_a_lock(database)
        await db.rollback()
    assert len(await second) == 1


async def test_two_sessions_reverse_the_same_entry_and_one_wins(
    database: Database, elm: Tenant, alice: Person
) -> None:
    (entry_id,) = await _post(database, elm, alice, Visit().charged(100))

    async def reverse(source: str) -> list[UUID]:
        async with database.tenant(elm.id) as db:
            return await journal.reverse(
                db, alice.actor, [entry_id], effective_on=MARCH_2, source_of=lambda _: source
            )

    outcomes = await asyncio.gather(*map(reverse, "abcd"), return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["AlreadyReversed"] * 3 + [
        "list"
    ]
    async with database.tenant(elm.id) as db:
        assert await queries.balances(db, alice.actor) == {}


async def test_shared_sources_in_opposite_order_do_not_deadlock(
    database: Database, elm: Tenant, alice: Person
) -> None:
    entries = [Visit().charged(100) for _ in range(200)]
    outcomes = await asyncio.gather(
        *(
            _post(database, elm, alice, *(entries if n % 2 else entries[::-1]), Visit().charged(1))
            for n in range(6)
        ),
        return_exceptions=True,
    )
    assert sum(isinstance(outcome, list) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, AlreadyPosted) for outcome in outcomes) == 5
    async with database.tenant(elm.id) as db:
        assert (await queries.balances(db, alice.actor))[Account.GROSS_CHARGES] == -200_01


async def _storm(
    database: Database, elm: Tenant, alice: Person, *, tasks: int, rounds: int, seed: int
) -> None:
    """Each task posts to one claim, reverses some, and repeats sources that another may have posted."""
    visit = Visit()
    expected: dict[Account, int] = {}
    standing: dict[UUID, Entry] = {}
    shared = [visit.paid(cents) for cents in range(1, rounds)]

    def count(entry: Entry, sign: int) -> None:
        for line in entry.lines:
            expected[line.account] = expected.get(line.account, 0) + sign * line.amount_cents

    async def work(dice: random.Random) -> None:
        for _ in range(rounds):
            own = visit.paid(dice.randint(1, 500), coinsurance=dice.randint(0, 50))
            entries = [own, *dice.sample(shared, dice.choice((0, 0, 1)))]
            undone = dice.choice(list(standing)) if standing and dice.random() < 0.3 else None
            reversed_entry = standing.get(undone) if undone else None
            try:
                async with database.tenant(elm.id) as db:
                    ids = await journal.post(db, alice.actor, entries)
                    if undone:
                        await journal.reverse(db, alice.actor, [undone], effective_on=MARCH_2)
            except (AlreadyPosted, AlreadyReversed):
                continue
            for entry_id, entry in zip(ids, entries, strict=True):
                standing[entry_id] = entry
                count(entry, 1)
            if undone and reversed_entry:
                standing.pop(undone)
                count(reversed_entry, -1)

    await asyncio.gather(*(work(random.Random(seed + n)) for n in range(tasks)))
    async with database.tenant(elm.id) as db:
        found = await queries.claim_balances(db, alice.actor, [visit.claim])
        assert found == {
            visit.claim: {account: cents for account, cents in expected.items() if cents}
        }
        assert await queries.balances(db, alice.actor) == found[visit.claim]
        unbalanced = await db.scalar(
            text(
                "SELECT count(*) FROM (SELECT entry_id FROM ledger_line WHERE tenant_id = :t"
                " GROUP BY entry_id HAVING sum(amount_cents) <> 0) wrong"
            ),
            {"t": elm.id},
        )
        assert unbalanced == 0


async def test_eight_tasks_on_one_claim(database: Database, elm: Tenant, alice: Person) -> None:
    await _storm(database, elm, alice, tasks=8, rounds=12, seed=1)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
async def test_eight_tasks_on_one_claim_for_a_long_while(
    database: Database, elm: Tenant, alice: Person, seed: int
) -> None:
    await _storm(database, elm, alice, tasks=8, rounds=400, seed=seed * 100)
