"""A closed month takes nothing, stays closed, and never closes under a posting."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from billing_saas.kit import clock
from billing_saas.kit.actor import NotPermitted
from billing_saas.kit.db import Database
from billing_saas.kit.ids import new_id
from billing_saas.ledger import journal, periods, queries
from billing_saas.ledger.errors import MonthClosed, MonthNotOver, NotAMonthEnd
from billing_saas.ledger.rules import Account
from tests.cast import Person, Tenant
from tests.ledger.entries import MARCH_2, Visit

MARCH_31 = date(2026, 3, 31)
APRIL_1 = date(2026, 4, 1)
IN_MAY = datetime(2026, 5, 1, 12, tzinfo=UTC)


async def _close(database: Database, practice: Tenant, person: Person, through: date) -> None:
    async with database.tenant(practice.id) as db:
        await periods.close_month(db, person.actor, through)


async def waiting_for_a_lock(database: Database) -> None:
    """Return when some session of ours waits for another's lock."""
    async with asyncio.timeout(10):
        while True:
            async with database.tenant(new_id()) as db:
                waiting = await db.scalar(
                    text(
                        "SELECT count(*) FROM pg_stat_activity"
                        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
                    )
                )
            if waiting:
                return
            await asyncio.sleep(0.01)


async def test_a_closed_month_takes_no_entry_and_the_next_one_does(
    database: Database, elm: Tenant, alice: Person, sam: Person
) -> None:
    visit = Visit()
    with clock.frozen(IN_MAY):
        async with database.tenant(elm.id) as db:
            (posted,) = await journal.post(db, alice.actor, [visit.charged(100)])
        await _close(database, elm, sam, MARCH_31)
        async with database.tenant(elm.id) as db:
            for day in (MARCH_31, MARCH_2, date(2020, 1, 1)):
                with pytest.raises(MonthClosed) as refusal:
                    await journal.post(
                        db, alice.actor, [visit.paid(5, day=APRIL_1), visit.paid(5, day=day)]
                    )
                assert refusal.value.facts == {
                    "effective_on": day.isoformat(),
                    "closed_through": "2026-03-31",
                }
            with pytest.raises(MonthClosed):
                await journal.reverse(db, alice.actor, [posted], effective_on=MARCH_31)
            await journal.post(db, alice.actor, [visit.paid(40, day=APRIL_1)])
            await journal.reverse(db, alice.actor, [posted], effective_on=APRIL_1)
            assert await queries.balances(db, alice.actor) == {
                Account.PAYER_CASH: 40,
                Account.PAYER_RECEIVABLE: -40,
            }


async def test_the_first_open_day(database: Database, elm: Tenant, sam: Person) -> None:
    async with database.tenant(elm.id) as db:
        assert await periods.first_open_day(db, MARCH_2) == MARCH_2
    await _close(database, elm, sam, MARCH_31)
    async with database.tenant(elm.id) as db:
        assert await periods.first_open_day(db, MARCH_2) == APRIL_1
        assert await periods.first_open_day(db, MARCH_31) == APRIL_1
        assert await periods.first_open_day(db, APRIL_1) == APRIL_1


async def test_months_close_forward_whole_and_when_over(
    database: Database, elm: Tenant, sam: Person, alice: Person
) -> None:
    with clock.frozen(datetime(2026, 5, 1, 4, 30, tzinfo=UTC)):  # still April 30 in Chicago
        for through in (date(2026, 4, 30), date(2026, 5, 31)):
            with pytest.raises(MonthNotOver):
                await _close(database, elm, sam, through)
        for through in (date(2026, 3, 30), date(2026, 2, 27), APRIL_1):
            with pytest.raises(NotAMonthEnd):
                await _close(database, elm, sam, through)
        with pytest.raises(NotPermitted):
            await _close(database, elm, alice, MARCH_31)
        await _close(database, elm, sam, MARCH_31)
        for through in (MARCH_31, date(2026, 2, 28)):
            with pytest.raises(MonthClosed):
                await _close(database, elm, sam, through)
    with clock.frozen(datetime(2026, 5, 1, 5, 30, tzinfo=UTC)):
        await _close(database, elm, sam, date(2026, 4, 30))


async def test_closing_is_on_the_audit_trail(database: Database, elm: Tenant, sam: Person) -> None:
    await _close(database, elm, sam, MARCH_31)
    async with database.tenant(elm.id) as db:
        events = await db.execute(
            text(
                "SELECT action, actor_id, detail FROM audit_event WHERE tenant_id = :t ORDER BY id"
            ),
            {"t": elm.id},
        )
    last = list(events)[-1]
    assert (last.action, last.actor_id) == ("ledger.close", sam.actor.id)
    assert last.detail == {"to": "2026-03-31"}


async def test_a_closed_month_is_closed_to_raw_sql_and_stays_closed(
    database: Database, elm: Tenant, sam: Person
) -> None:
    await _close(database, elm, sam, MARCH_31)
    with pytest.raises(IntegrityError, match="is closed"):
        async with database.tenant(elm.id) as db:
            await db.execute(
                text(
                    "INSERT INTO ledger_entry (tenant_id, id, source, kind, effective_on,"
                    " recorded_at, recorded_by_kind, recorded_by)"
                    " VALUES (:t, :t, 'raw', 'raw', :day, now(), 'user', :t)"
                ),
                {"t": elm.id, "day": MARCH_31},
            )
    for value in ("NULL", "'2026-02-28'", "'2026-04-15'"):
        with pytest.raises(IntegrityError, match=r"stays closed|closed_through"):
            async with database.tenant(elm.id) as db:
                await db.execute(text(f"UPDATE ledger_book SET closed_through = {value}"))
    with pytest.raises(DBAPIError, match="permission denied"):
        async with database.tenant(elm.id) as db:
            await db.execute(text("DELETE FROM ledger_book"))


async def test_closing_waits_for_a_posting_under_way(
    database: Database, elm: Tenant, alice: Person, sam: Person
) -> None:
    async with database.tenant(elm.id) as db:
        await journal.post(db, alice.actor, [Visit().charged(100)])
        closing = asyncio.create_task(_close(database, elm, sam, MARCH_31))
        await waiting_for_a_lock(database)
    await closing
    async with database.tenant(elm.id) as db:
        assert (await queries.balances(db, alice.actor))[Account.GROSS_CHARGES] == -100


async def _post_march(database: Database, elm: Tenant, alice: Person) -> None:
    async with database.tenant(elm.id) as db:
        await journal.post(db, alice.actor, [Visit().charged(100)])


async def _insert_march(database: Database, elm: Tenant, alice: Person) -> None:
    """What `post` writes, without asking first."""
    async with database.tenant(elm.id) as db:
        at = clock.now()
        entries = [Visit().charged(100)]
        await journal._insert_entries(db, alice.actor, entries, [new_id()], at)


@pytest.mark.parametrize(
    ("attempt", "refusal"), [(_post_march, MonthClosed), (_insert_march, IntegrityError)]
)
async def test_a_posting_that_waits_for_a_closing_finds_the_month_closed(
    database: Database,
    elm: Tenant,
    alice: Person,
    sam: Person,
    attempt: Callable[[Database, Tenant, Person], Awaitable[None]],
    refusal: type[Exception],
) -> None:
    async with database.tenant(elm.id) as db:
        await periods.close_month(db, sam.actor, MARCH_31)
        posting = asyncio.ensure_future(attempt(database, elm, alice))
        await waiting_for_a_lock(database)
        assert not posting.done()
    with pytest.raises(refusal):
        await posting


async def test_one_practices_closed_month_is_not_anothers(
    database: Database, elm: Tenant, oak: Tenant, sam: Person, mallory: Person
) -> None:
    await _close(database, elm, sam, MARCH_31)
    async with database.tenant(oak.id) as db:
        await journal.post(db, mallory.actor, [Visit().charged(100)])
