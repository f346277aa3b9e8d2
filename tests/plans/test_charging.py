"""A card is charged on its day, once whatever happens, seldom when it says no, and never after a hard no."""

import asyncio
from collections.abc import Iterator
from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import insert, text

from billing_saas.audit import trail
from billing_saas.kit import clock
from billing_saas.kit.ids import new_id
from billing_saas.payments.tables import ProcessorAccount, SavedMethod
from billing_saas.plans import accepting, charging
from billing_saas.plans.errors import ConsentMissing
from billing_saas.plans.jobs import ChargeInstalment, ChargePlans
from billing_saas.plans.rules import State
from billing_saas.workers import running
from tests.plans.bank import Bank, Struck
from tests.plans.debts import OFFICE, SYSTEM, Debts, patient
from tests.plans.test_by_the_day import asked_of, on

FIRST = date(2026, 12, 10)


@pytest.fixture(autouse=True)
def _agreed_in_november() -> Iterator[None]:
    with on(date(2026, 11, 22)):
        yield


@pytest.fixture
async def bank(debts: Debts) -> Bank:
    made = Bank()
    debts.database.processor = made
    async with debts.database.tenant(debts.tenant.id) as db:
        await db.execute(
            insert(ProcessorAccount).values(
                tenant_id=debts.tenant.id,
                id=new_id(),
                processor_id="acct_elm",
                livemode=False,
                state="active",
                charges_enabled=True,
                created_by=OFFICE.id,
                created_at=clock.now(),
            )
        )
        await trail.record(db, OFFICE, "test.account", object_type="processor_account")
    return made


async def card(debts: Debts, guarantor_id: UUID) -> UUID:
    """Kept by the processor, as its page was filled in a moment ago."""
    method_id = new_id()
    async with debts.database.tenant(debts.tenant.id) as db:
        await db.execute(
            insert(SavedMethod).values(
                tenant_id=debts.tenant.id,
                id=method_id,
                guarantor_id=guarantor_id,
                state="active",
                customer_id="cus_1",
                method_id="pm_1",
                consent_version="card-on-file-1",
                consented_at=clock.now(),
                consented_by_kind="patient",
                consented_by=guarantor_id,
                created_at=clock.now(),
                updated_at=clock.now(),
            )
        )
        await trail.record(db, OFFICE, "test.card", object_type="saved_method")
    return method_id


async def on_autopay(debts: Debts, cents: int = 10_000, count: int = 4) -> tuple[UUID, UUID]:
    guarantor_id, plan_id = await debts.standing(cents, count, FIRST, autopay=True)
    await card(debts, guarantor_id)
    await debts.watch()
    assert (await debts.plan(plan_id)).state is State.ACTIVE
    return guarantor_id, plan_id


async def morning(debts: Debts, day: date) -> None:
    with on(day, 10):
        await debts.watch()
        async with debts.database.tenant(debts.tenant.id) as db:
            await charging.find(db, SYSTEM, ChargePlans())
        await running.drain(debts.database)


async def tries(debts: Debts) -> list[tuple[int, date, int, str, str]]:
    query = text(
        "SELECT n, tried_on, amount_cents, outcome, code FROM plan_try WHERE tenant_id = :tenant"
        " ORDER BY id"
    )
    async with debts.database.tenant(debts.tenant.id) as db:
        found = await db.execute(query, {"tenant": debts.tenant.id})
        return [tuple(row) for row in found]


async def owed(debts: Debts, guarantor_id: UUID) -> int:
    query = text(
        "SELECT coalesce(sum(amount_cents), 0) FROM ledger_line WHERE tenant_id = :tenant"
        " AND patient_id = :patient AND account = 'patient_receivable'"
    )
    async with debts.database.tenant(debts.tenant.id) as db:
        asked = {"tenant": debts.tenant.id, "patient": guarantor_id}
        return int((await db.execute(query, asked)).scalar_one())


@pytest.mark.usefixtures("invariants_hold")
async def test_each_instalment_is_charged_on_its_morning(debts: Debts, bank: Bank) -> None:
    guarantor_id, plan_id = await on_autopay(debts, 10_001, 3)
    for due_on in (one.due_on for one in (await debts.plan(plan_id)).instalments):
        for days in (-5, -3, -1, 0, 1):
            await morning(debts, due_on + timedelta(days))
    shown = await debts.plan(plan_id)
    assert shown.state is State.COMPLETED
    assert [call.cents for call in bank.calls] == [3_334, 3_334, 3_333]
    assert [one[1] for one in await tries(debts)] == [one.due_on for one in shown.instalments]
    assert await owed(debts, guarantor_id) == 0
    told = await asked_of(debts, guarantor_id)
    assert told.count("plan_upcoming") == 3
    assert told.count("payment_received") == 3


async def test_asked_for_many_times_at_once_it_is_charged_once(debts: Debts, bank: Bank) -> None:
    _, plan_id = await on_autopay(debts)
    instalment_id = (await debts.plan(plan_id)).instalments[0].id
    job = ChargeInstalment(plan_id, instalment_id)
    with on(FIRST, 10):
        await asyncio.gather(
            *(charging.charge(debts.database, debts.tenant.id, SYSTEM, job) for _ in range(6)),
        )
        await running.drain(debts.database)
        await charging.charge(debts.database, debts.tenant.id, SYSTEM, job)
    assert bank.taken_cents == 2_500
    assert (await debts.plan(plan_id)).paid_cents == 2_500


async def test_a_soft_decline_is_tried_two_days_later(debts: Debts, bank: Bank) -> None:
    guarantor_id, plan_id = await on_autopay(debts)
    bank.will = ["insufficient_funds", "insufficient_funds", "ok"]
    for days in (0, 1, 2, 4, 5, 7, 11):
        await morning(debts, FIRST + timedelta(days))
    assert [(n, on_day, outcome) for n, on_day, _, outcome, _ in await tries(debts)] == [
        (1, FIRST, "declined"),
        (2, FIRST + timedelta(2), "declined"),
        (3, FIRST + timedelta(5), "succeeded"),
    ]
    shown = await debts.plan(plan_id)
    assert (shown.state, shown.paid_cents, shown.autopay_stopped) == (State.ACTIVE, 2_500, "")
    assert (await asked_of(debts, guarantor_id)).count("payment_failed") == 1


async def test_a_hard_decline_is_never_tried_again_until_there_is_another_card(
    debts: Debts, bank: Bank
) -> None:
    guarantor_id, plan_id = await on_autopay(debts)
    bank.will = ["stolen_card"]
    for days in range(4):
        await morning(debts, FIRST + timedelta(days))
    assert len(bank.calls) == 1
    shown = await debts.plan(plan_id)
    assert (shown.state, shown.autopay_stopped) == (State.GRACE, "stolen_card")
    with on(FIRST + timedelta(4)):
        await card(debts, guarantor_id)
    await morning(debts, FIRST + timedelta(5))
    shown = await debts.plan(plan_id)
    assert (shown.state, shown.paid_cents, shown.autopay_stopped) == (State.ACTIVE, 2_500, "")
    assert len(bank.calls) == 2
    assert (await asked_of(debts, guarantor_id)).count("payment_failed") == 1


async def test_consent_taken_back_is_taken_back(debts: Debts, bank: Bank) -> None:
    guarantor_id, plan_id = await on_autopay(debts)
    method_id = await card(debts, guarantor_id)
    async with debts.database.tenant(debts.tenant.id) as db:
        await accepting.stop_charging(db, patient(guarantor_id), plan_id)
    await card(debts, guarantor_id)
    await morning(debts, FIRST)
    assert bank.calls == []
    with pytest.raises(ConsentMissing):
        async with debts.database.tenant(debts.tenant.id) as db:
            await accepting.use_card(db, OFFICE, plan_id, method_id)


@pytest.mark.parametrize("lost", ["ok+unknown", "ok+struck", "down", "struck-before"])
async def test_an_answer_that_nobody_heard_is_one_charge(
    debts: Debts, bank: Bank, lost: str
) -> None:
    guarantor_id, plan_id = await on_autopay(debts)
    bank.will = [lost]
    instalment_id = (await debts.plan(plan_id)).instalments[0].id
    job = ChargeInstalment(plan_id, instalment_id)
    with on(FIRST, 10):
        for _ in range(3):
            try:
                await charging.charge(debts.database, debts.tenant.id, SYSTEM, job)
            except Struck:
                continue
    # Whoever looks after payments of unknown fate asks by the same key, and tells the plan.
    with on(FIRST, 11):
        await sweep(debts)
    for days in range(1, 4):
        await morning(debts, FIRST + timedelta(days))
    assert bank.taken_cents == 2_500
    shown = await debts.plan(plan_id)
    assert (shown.state, shown.paid_cents) == (State.ACTIVE, 2_500)
    assert [outcome for *_, outcome, _ in await tries(debts)] == ["succeeded"]
    assert await owed(debts, guarantor_id) == 7_500


async def sweep(debts: Debts) -> None:
    from billing_saas.payments.jobs import SweepPayments
    from billing_saas.processor_events import sweeping

    async with debts.database.tenant(debts.tenant.id) as db:
        await sweeping.sweep(db, SYSTEM, SweepPayments())
    await running.drain(debts.database)


async def test_an_insurer_pays_between_two_tries(debts: Debts, bank: Bank) -> None:
    guarantor_id, plan_id = await on_autopay(debts)
    bank.will = ["insufficient_funds"]
    await morning(debts, FIRST)
    await debts.owes(guarantor_id, -9_000)
    await morning(debts, FIRST + timedelta(2))
    assert [call.cents for call in bank.calls] == [2_500, 1_000]
    assert bank.taken_cents == 1_000
    assert await owed(debts, guarantor_id) == 0
    assert (await debts.plan(plan_id)).state is State.COMPLETED


@pytest.mark.slow
async def test_a_year_of_no(debts: Debts, bank: Bank) -> None:
    """Every month a plan on the same card, always declined: four tries each, far below the networks'."""
    bank.will = ["insufficient_funds"] * 500
    _, plan_id = await on_autopay(debts)
    for days in (0, 1, 2, 3, 5, 6, 8, 9, 10, 11, 12, 30):
        await morning(debts, FIRST + timedelta(days))
    assert (await debts.plan(plan_id)).state is State.DEFAULTED
    assert [day for _, day, *_ in await tries(debts)] == [
        FIRST + timedelta(days) for days in (0, 2, 5, 9)
    ]
