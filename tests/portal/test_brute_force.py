"""P1 and S5, at length: guessers from a thousand addresses open nothing, and learn nothing by waiting."""

import asyncio
import statistics
import time
from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select

from billing_saas.followups.tables import Card
from billing_saas.kit.db import Database
from billing_saas.links import issuing, rules
from billing_saas.links.issuing import Wanted
from billing_saas.links.tables import PortalLink
from billing_saas.patients import registering
from billing_saas.patients.rules import Demographics
from billing_saas.portal import entering
from billing_saas.portal.entering import Shown
from billing_saas.portal.errors import WrongEntry
from billing_saas.portal.tables import PortalSession
from billing_saas.portal.trying import Place, Tries
from billing_saas.requests.buckets import PostgresRates
from billing_saas.requests.errors import TooMany
from billing_saas.requests.limiting import Limiter
from tests.cast import Person, Tenant

pytestmark = pytest.mark.slow

BORN = date(1984, 7, 9)


@pytest.fixture
def tries(database: Database) -> Tries:
    return Tries(Limiter(PostgresRates(database)), b"k" * 32)


async def tokens_of(database: Database, elm: Tenant, alice: Person, patients: int) -> list[str]:
    """A link for each of so many patients, all born on one day."""
    people = [
        Demographics(last_name=f"Guess{n}", first_name="Ed", birth_date=BORN)
        for n in range(patients)
    ]
    async with database.tenant(elm.id) as db:
        ids = await registering.register_many(db, alice.actor, people)
        wanted = [Wanted(one) for one in ids]
        paths = await issuing.issue_many(db, alice.actor, "pay", wanted)
    return [path.removeprefix(rules.PATH) for path in paths]


async def outcome(database: Database, tries: Tries, token: str, born: date, address: int) -> str:
    place = Place(prefix=f"10.{address >> 8}.{address & 255}.0/32")
    try:
        await entering.enter(database, tries, Shown(token, born, "en"), place)
    except WrongEntry:
        return "wrong"
    except TooMany:
        return "too many"
    return "right"


async def test_guessers_from_a_thousand_addresses_open_nothing(
    database: Database, elm: Tenant, alice: Person, tries: Tries
) -> None:
    """Every day of fifty years is tried at sixteen links at once; each takes five, whoever asks."""
    tokens = await tokens_of(database, elm, alice, 16)
    gate = asyncio.Semaphore(6)

    async def guessed(n: int) -> str:
        async with gate:
            day = date(1950, 1, 1) + timedelta(days=n % 12_000)
            day = day if day != BORN else date(2000, 1, 1)
            return await outcome(database, tries, tokens[n % 16], day, n % 1_000)

    found = await asyncio.gather(*(guessed(n) for n in range(640)))
    assert set(found) == {"wrong"}
    async with database.tenant(elm.id) as db:
        reasons = list(await db.scalars(select(PortalLink.end_reason)))
        cards = await db.scalar(select(func.count()).select_from(Card))
        opened = await db.scalar(select(func.count()).select_from(PortalSession))
    assert reasons == ["wrong_tries"] * 16
    assert (cards, opened) == (16, 0)
    assert await outcome(database, tries, tokens[0], BORN, 5_000) == "wrong"


async def test_five_at_once_are_five(
    database: Database, elm: Tenant, alice: Person, tries: Tries
) -> None:
    """A burst at one link: no more than five are looked at, whatever their order."""
    (token,) = await tokens_of(database, elm, alice, 1)
    days = [BORN + timedelta(days=n) for n in range(1, 41)]
    await asyncio.gather(*(outcome(database, tries, token, day, n) for n, day in enumerate(days)))
    assert await outcome(database, tries, token, BORN, 900) == "wrong"


async def test_one_address_is_held_to_twenty_an_hour(
    database: Database, elm: Tenant, alice: Person, tries: Tries
) -> None:
    found = [await outcome(database, tries, rules.new_token(), BORN, 7) for _ in range(25)]
    assert found == ["wrong"] * 20 + ["too many"] * 5


async def test_codes_of_paper_are_not_found_by_drawing(
    database: Database, elm: Tenant, alice: Person, tries: Tries
) -> None:
    async with database.tenant(elm.id) as db:
        (patient,) = await registering.register_many(
            db, alice.actor, [Demographics(last_name="Paper", birth_date=BORN)]
        )
        await issuing.paper_codes(db, alice.actor, [Wanted(patient, UUID(int=1))] * 500)
    found = [await outcome(database, tries, rules.new_code(), BORN, 2_000 + n) for n in range(100)]
    assert set(found) == {"wrong"}


async def test_waiting_tells_nothing(
    database: Database, elm: Tenant, alice: Person, tries: Tries
) -> None:
    """Unknown, wrong birth date, dead, opened before: the medians of five hundred tries in all differ by
    less than five milliseconds. In turn, so that a busy machine is busy for each of them."""
    live = await tokens_of(database, elm, alice, 60)
    dead = await tokens_of(database, elm, alice, 6)
    used = await tokens_of(database, elm, alice, 6)
    for n, token in enumerate(dead):
        for again in range(5):
            await outcome(database, tries, token, date(1990, 1, 1), 10_000 + n * 5 + again)
    for n, token in enumerate(used):
        assert await outcome(database, tries, token, BORN, 11_000 + n) == "right"
    took: dict[str, list[float]] = {"unknown": [], "wrong": [], "dead": [], "used": []}
    address = 20_000
    for n in range(120):
        shown = {
            "unknown": rules.new_token(),
            "wrong": live[n % 60],
            "dead": dead[n % 6],
            "used": used[n % 6],
        }
        for kind, token in shown.items():
            address += 1
            begun = time.perf_counter()
            assert await outcome(database, tries, token, date(1991, 2, 3), address) == "wrong"
            took[kind].append(time.perf_counter() - begun)
    medians = {kind: statistics.median(times) * 1000 for kind, times in took.items()}
    assert max(medians.values()) - min(medians.values()) < 5, medians
