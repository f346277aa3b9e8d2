"""Days pass: notices, missed, grace, default; insurers pay meanwhile; night falls twice in the year."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from billing_saas.desk import taking
from billing_saas.desk.taking import Taking
from billing_saas.kit import clock
from billing_saas.messages import pausing
from billing_saas.plans import moving, queries
from billing_saas.plans.rules import State
from tests.plans.debts import OFFICE, Debts

FIRST = date(2026, 12, 10)
CHICAGO = ZoneInfo("America/Chicago")


@contextmanager
def on(day: date, hour: int = 12, minute: int = 0) -> Iterator[None]:
    """Of Elm's wall clock."""
    local = datetime(day.year, day.month, day.day, hour, minute, tzinfo=CHICAGO)
    with clock.frozen(local.astimezone(UTC)):
        yield


pytestmark = pytest.mark.usefixtures("invariants_hold")


@pytest.fixture(autouse=True)
def _agreed_in_november() -> Iterator[None]:
    with on(date(2026, 11, 22)):
        yield


async def pay(debts: Debts, guarantor_id: UUID, cents: int) -> UUID:
    async with debts.database.tenant(debts.tenant.id) as db:
        wanted = Taking(guarantor_id=guarantor_id, cents=cents, method="cash", purpose="plan")
        return await taking.take(db, OFFICE, wanted)


async def asked_of(debts: Debts, guarantor_id: UUID) -> list[str]:
    query = text(
        "SELECT template FROM message WHERE tenant_id = :tenant AND patient_id = :patient"
        " ORDER BY id"
    )
    async with debts.database.tenant(debts.tenant.id) as db:
        found = await db.scalars(query, {"tenant": debts.tenant.id, "patient": guarantor_id})
        return list(found)


async def test_a_plan_is_kept_and_done(debts: Debts) -> None:
    guarantor_id, plan_id = await debts.standing(10_000, 4, FIRST)
    for n in range(4):
        with on(debts_day := (await debts.plan(plan_id)).instalments[n].due_on):
            await debts.watch()
            assert (await debts.plan(plan_id)).due_cents == 2_500
            await pay(debts, guarantor_id, 2_500)
            assert (await debts.plan(plan_id)).state is (
                State.COMPLETED if n == 3 else State.ACTIVE
            )
    with on(debts_day):
        async with debts.database.tenant(debts.tenant.id) as db:
            assert await pausing.pauses_of(db, [guarantor_id]) == {}
            moves = await queries.events(db, OFFICE, plan_id)
    assert [(one.before, one.after, one.why) for one in moves][-1] == (
        "active",
        "completed",
        "paid",
    )
    told = await asked_of(debts, guarantor_id)
    assert told[0] == "plan_agreed"
    assert told.count("plan_upcoming") == 4
    assert told[-1] == "plan_done"


async def test_missed_then_grace_then_paid_then_missed_for_good(debts: Debts) -> None:
    guarantor_id, plan_id = await debts.standing(10_000, 4, FIRST)
    with on(FIRST, 23, 59):
        await debts.watch()
        assert (await debts.plan(plan_id)).state is State.ACTIVE
    with on(FIRST + timedelta(1), 0, 1):
        await debts.watch()
        assert (await debts.plan(plan_id)).state is State.GRACE
        await debts.watch()
    with on(FIRST + timedelta(10), 23, 59):
        await debts.watch()
        assert (await debts.plan(plan_id)).state is State.GRACE
        await pay(debts, guarantor_id, 2_499)
        assert (await debts.plan(plan_id)).state is State.GRACE
        await pay(debts, guarantor_id, 1)
        assert (await debts.plan(plan_id)).state is State.ACTIVE
    with on(date(2027, 1, 11)):
        await debts.watch()
    with on(date(2027, 1, 21), 0, 1):
        await debts.watch()
        shown = await debts.plan(plan_id)
        async with debts.database.tenant(debts.tenant.id) as db:
            moves = [(one.before, one.after) for one in await queries.events(db, OFFICE, plan_id)]
            assert await pausing.pauses_of(db, [guarantor_id]) == {}
            card = (
                await db.execute(
                    text("SELECT kind, worth_cents FROM card WHERE tenant_id = :tenant"),
                    {"tenant": debts.tenant.id},
                )
            ).one()
    assert shown.state is State.DEFAULTED
    assert moves[3:] == [
        *(("active", "missed"), ("missed", "grace"), ("grace", "active")),
        *(("active", "missed"), ("missed", "grace"), ("grace", "defaulted")),
    ]
    assert tuple(card) == ("plan_default", 7_500)
    assert (await asked_of(debts, guarantor_id)).count("plan_missed") == 2


async def test_nobody_looked_for_a_month_and_grace_is_given_all_the_same(debts: Debts) -> None:
    """A worker that was down must not put anybody in default without having told them."""
    _, plan_id = await debts.standing(10_000, 4, FIRST)
    with on(FIRST + timedelta(25)):
        await debts.watch()
        assert (await debts.plan(plan_id)).state is State.GRACE
        await debts.watch()
        assert (await debts.plan(plan_id)).state is State.GRACE
    with on(FIRST + timedelta(36)):
        await debts.watch()
        assert (await debts.plan(plan_id)).state is State.DEFAULTED


async def test_an_insurer_pays_meanwhile(debts: Debts) -> None:
    """What is asked is never more than what is owed; when nothing is owed, the plan is done."""
    guarantor_id, plan_id = await debts.standing(10_000, 4, FIRST)
    await debts.owes(guarantor_id, -8_000)
    with on(FIRST):
        shown = await debts.plan(plan_id)
        assert (shown.left_cents, shown.due_cents, shown.payoff_cents) == (10_000, 2_000, 2_000)
    await debts.owes(guarantor_id, -2_000)
    with on(FIRST + timedelta(20)):
        await debts.watch()
        assert (await debts.plan(plan_id)).state is State.COMPLETED
        async with debts.database.tenant(debts.tenant.id) as db:
            (*_, last) = await queries.events(db, OFFICE, plan_id)
        assert last.why == "nothing_owed"


async def test_days_are_of_the_practices_clock_in_the_night_it_changes(debts: Debts) -> None:
    """2027-03-14 has 23 hours in Chicago: due that day is late when that day is over, and not an hour off."""
    with on(date(2027, 2, 20)):
        _, plan_id = await debts.standing(10_000, 4, date(2027, 3, 14))
    with clock.frozen(datetime(2027, 3, 15, 4, 59, 59, tzinfo=UTC)):  # 23:59:59 CDT
        await debts.watch()
        assert (await debts.plan(plan_id)).state is State.ACTIVE
    with clock.frozen(datetime(2027, 3, 15, 5, 0, 0, tzinfo=UTC)):
        await debts.watch()
        assert (await debts.plan(plan_id)).state is State.GRACE
    with clock.frozen(datetime(2027, 10, 1, 12, tzinfo=UTC)):
        _, autumn = await debts.standing(10_000, 4, date(2027, 11, 7))
    with clock.frozen(datetime(2027, 11, 8, 5, 59, 59, tzinfo=UTC)):  # 23:59:59 CST, after 25 hours
        await debts.watch()
        assert (await debts.plan(autumn)).state is State.ACTIVE
    with clock.frozen(datetime(2027, 11, 8, 6, 0, 0, tzinfo=UTC)):
        await debts.watch()
        assert (await debts.plan(autumn)).state is State.GRACE


async def test_paid_off_early_and_a_mistake_taken_back(debts: Debts) -> None:
    guarantor_id, plan_id = await debts.standing(10_000, 4, FIRST)
    with on(FIRST):
        payment_id = await pay(debts, guarantor_id, 2_500)
        assert (await debts.plan(plan_id)).paid_cents == 2_500
        async with debts.database.tenant(debts.tenant.id) as db:
            await taking.void(db, OFFICE, payment_id, "mistyped")
        assert (await debts.plan(plan_id)).paid_cents == 0
        await pay(debts, guarantor_id, 10_000)
        shown = await debts.plan(plan_id)
    assert shown.state is State.COMPLETED
    assert [one.paid_cents for one in shown.instalments] == [2_500] * 4


async def test_a_plan_that_waits_for_a_card_begins_without_one(debts: Debts) -> None:
    guarantor_id, plan_id = await debts.standing(10_000, 4, FIRST, autopay=True)
    await debts.watch()
    assert (await debts.plan(plan_id)).state is State.ACCEPTED
    with on(FIRST - timedelta(3)):
        await debts.watch()
        assert (await debts.plan(plan_id)).state is State.ACTIVE
        async with debts.database.tenant(debts.tenant.id) as db:
            await moving.cancel(db, OFFICE, plan_id)
            assert await pausing.pauses_of(db, [guarantor_id]) == {}
