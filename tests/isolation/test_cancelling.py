"""T7: requests broken off at random points under load. No connection keeps another's practice.

Each run is done twice: as the product is, and with one deliberate fault, which must be found.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from billing_saas.kit.db import Database
from billing_saas.kit.ids import new_id
from tests.api.walking import knocking
from tests.cast import Person, Tenant, enrolled
from tests.cluster import Clone
from tests.fakes import MemoryKeys

pytestmark = pytest.mark.slow

POOL = 4
TASKS = 24
BROKEN_OFF = 0.3
SEEN = text("SELECT app_tenant(), pg_backend_pid()")


@dataclass
class Tally:
    done: int = 0
    broken_off: int = 0
    strangers: int = 0
    """Times a transaction saw a practice that was not its own."""
    left_over: int = 0
    """Times a connection without a practice had one."""
    faults: list[str] = field(default_factory=list)


@asynccontextmanager
async def as_it_is(database: Database, tenant_id: UUID) -> AsyncIterator[AsyncSession]:
    async with database.tenant(tenant_id) as db:
        yield db


@asynccontextmanager
async def for_the_session(database: Database, tenant_id: UUID) -> AsyncIterator[AsyncSession]:
    """The fault: the setting is the connection's, and outlives the transaction."""
    async with AsyncSession(database.app) as db, db.begin():
        told = {"tenant": str(tenant_id)}
        await db.execute(text("SELECT set_config('app.tenant_id', :tenant, false)"), told)
        yield db


_kept: list[AsyncSession] = []


@asynccontextmanager
async def never_given_back(database: Database, tenant_id: UUID) -> AsyncIterator[AsyncSession]:
    """The fault: whoever is broken off keeps the connection, and its transaction stays open."""
    db = AsyncSession(database.app)
    _kept.append(db)
    await db.begin()
    yield db
    await db.rollback()
    await db.close()


@pytest.fixture
async def small(clone: Clone) -> AsyncIterator[Database]:
    made = Database(clone.urls, MemoryKeys(), pool_size=POOL)
    # Less patience than half a minute for a connection that never comes back.
    made.app.pool._timeout = 1.0  # type: ignore[attr-defined]  # a queue's
    yield made
    await made.close()


Opened = Callable[[Database, UUID], AbstractAsyncContextManager[AsyncSession]]


async def storm(database: Database, session: Opened, seconds: float) -> Tally:
    """Many at once, each broken off with a chance of one in three, at any await of its way."""
    tally = Tally()
    practices = [new_id() for _ in range(8)]
    until = time.monotonic() + seconds
    chance = random.Random(7)

    async def one(practice: UUID) -> None:
        async with session(database, practice) as db:
            for _ in range(chance.randrange(1, 4)):
                seen, _ = (await db.execute(SEEN)).one()
                tally.strangers += seen is not None and seen != practice
                await asyncio.sleep(0.003)  # an act that computes

    async def without_practice() -> None:
        async with database.app.connect() as connection:
            seen, _ = (await connection.execute(SEEN)).one()
            tally.left_over += seen is not None

    async def one_after_another() -> None:
        while time.monotonic() < until:
            practice = None if chance.random() < 0.2 else chance.choice(practices)
            work = asyncio.create_task(without_practice() if practice is None else one(practice))
            if practice is not None and chance.random() < BROKEN_OFF:
                await asyncio.sleep(chance.random() * 0.01)
                tally.broken_off += work.cancel()
            try:
                await work
                tally.done += 1
            except asyncio.CancelledError:
                pass
            except Exception as error:
                tally.faults.append(type(error).__name__)

    await asyncio.gather(*(one_after_another() for _ in range(TASKS)))
    return tally


@dataclass(frozen=True)
class Left:
    open_transactions: int
    connections: int
    checked_out: int


def left_behind(clone: Clone, database: Database) -> Left:
    """What stands on the server once nobody works any more, and what the pool thinks."""
    with psycopg.connect(clone.url("postgres"), autocommit=True) as superuser:
        row = superuser.execute(
            "SELECT count(*) FILTER (WHERE state <> 'idle'), count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND usename = 'billing_app'"
        ).fetchone()
    assert row is not None
    return Left(row[0], row[1], database.app.pool.checkedout())  # type: ignore[attr-defined]  # a queue's


async def settled(clone: Clone, database: Database) -> Left:
    """The server learns of a broken connection a moment later."""
    deadline = time.monotonic() + 5
    while (left := left_behind(clone, database)).open_transactions and time.monotonic() < deadline:
        await asyncio.sleep(0.1)
    return left


async def test_whoever_is_broken_off_leaves_nothing_behind(small: Database, clone: Clone) -> None:
    tally = await storm(small, as_it_is, seconds=5)
    assert tally.broken_off > 50, tally
    assert tally.done > 200, tally
    assert (tally.strangers, tally.left_over, tally.faults) == (0, 0, [])
    left = await settled(clone, small)
    assert left.open_transactions == left.checked_out == 0
    assert left.connections <= 2 * POOL


async def test_a_setting_of_the_session_leaks(small: Database) -> None:
    """The control: the same storm finds the fault that the product does not have."""
    tally = await storm(small, for_the_session, seconds=2)
    assert tally.left_over > 5, tally


async def test_a_connection_that_is_kept_is_found(small: Database, clone: Clone) -> None:
    """The control of the other promise."""
    tally = await storm(small, never_given_back, seconds=2)
    left = await settled(clone, small)
    assert left.checked_out, (tally, left)
    assert left.open_transactions, left
    for db in _kept:
        await db.close()
    _kept.clear()


# --- the same, over the application ---


async def test_requests_broken_off_leave_nothing_behind(
    small: Database, clone: Clone, database: Database, elm: Tenant, oak: Tenant
) -> None:
    """Through door, dependency and handler; each answer is of the practice that was asked."""
    small.keys = database.keys
    people = [
        (tenant, await enrolled(database, tenant, name, "biller", "auditor"))
        for tenant, name in ((elm, "ann"), (oak, "oda"))
    ]
    broken_off = answered = 0
    chance = random.Random(11)
    until = time.monotonic() + 6

    async with knocking(small) as client:

        async def ask(tenant: Tenant, person: Person) -> None:
            nonlocal answered
            path = chance.choice(
                ["", "/audit-events", "/cards", "/balances", f"/claims/{new_id()}"]
            )
            answer = await client.http.get(
                f"/v1/practices/{tenant.id}{path}", headers=person.headers
            )
            assert answer.status_code in (200, 404, 429), answer.text
            other = oak if tenant is elm else elm
            assert str(other.id) not in answer.text
            answered += 1

        async def one_after_another() -> None:
            nonlocal broken_off
            while time.monotonic() < until:
                work = asyncio.create_task(ask(*chance.choice(people)))
                if chance.random() < BROKEN_OFF:
                    await asyncio.sleep(chance.random() * 0.05)
                    broken_off += work.cancel()
                with_what = await asyncio.gather(work, return_exceptions=True)
                for error in with_what:
                    assert error is None or isinstance(error, asyncio.CancelledError), error

        await asyncio.gather(*(one_after_another() for _ in range(12)))
    assert broken_off > 5
    assert answered > 20
    left = await settled(clone, small)
    assert left.open_transactions == left.checked_out == 0
    async with small.app.connect() as connection:
        assert (await connection.execute(SEEN)).one()[0] is None
