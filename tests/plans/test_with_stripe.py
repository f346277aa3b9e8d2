"""Plans and the desk against Stripe's sandbox: pages, kept cards, charges without their owner, knocks."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from billing_saas.desk import asking, crediting
from billing_saas.desk.asking import CardAsked
from billing_saas.desk.errors import NoOpenPage
from billing_saas.kit import clock
from billing_saas.kit.db import Database
from billing_saas.payments.errors import PaymentUnderWay
from billing_saas.plans import accepting, charging, paying
from billing_saas.plans.jobs import ChargePlans
from billing_saas.plans.rules import State
from billing_sandbox.stripe.running import Sandbox
from tests.cast import Tenant
from tests.payments.till import Till
from tests.plans.debts import OFFICE, SYSTEM, Debts, patient

pytestmark = pytest.mark.slow
ELM = "America/Chicago"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(daily_payouts=False) as made:
        yield made


@pytest.fixture
async def till(database: Database, elm: Tenant, sandbox: Sandbox) -> AsyncIterator[Till]:
    sandbox.no_more_faults()
    yield await Till.opened(database, elm, sandbox)
    sandbox.no_more_faults()


async def with_card(
    debts: Debts, till: Till, number: str, cents: int = 10_000
) -> tuple[UUID, UUID]:
    """Agreed today to begin today, with a card given on Stripe's page."""
    guarantor_id, plan_id = await debts.standing(cents, 4, clock.today(ELM), autopay=True)
    saving = await accepting.give_card(
        till.database, till.tenant.id, patient(guarantor_id), plan_id
    )
    assert saving.url is not None
    await asyncio.to_thread(till.sandbox.pay, saving.url, number)
    await till.hear()
    await debts.watch()
    shown = await debts.plan(plan_id)
    assert (shown.state, shown.card_saved) == (State.ACTIVE, True)
    return guarantor_id, plan_id


async def morning(debts: Debts, till: Till) -> None:
    async with debts.database.tenant(debts.tenant.id) as db:
        await charging.find(db, SYSTEM, ChargePlans())
    await till.work()


async def test_a_card_is_given_and_charged_on_the_day(debts: Debts, till: Till) -> None:
    _, plan_id = await with_card(debts, till, "4242424242424242")
    await morning(debts, till)
    shown = await debts.plan(plan_id)
    assert (shown.state, shown.paid_cents) == (State.ACTIVE, 2_500)
    await till.hear()
    await morning(debts, till)
    assert (await debts.plan(plan_id)).paid_cents == 2_500
    assert len(till.events("charge.succeeded")) == 1
    balances = await till.balances()
    assert balances["patient_receivable"] == 7_500
    assert balances["processor_clearing"] + balances["processor_fees"] == 2_500


async def test_a_kept_card_says_no(debts: Debts, till: Till) -> None:
    """4000000000000341 can be kept, and is declined when it is charged."""
    _, plan_id = await with_card(debts, till, "4000000000000341")
    await morning(debts, till)
    await till.hear()
    await morning(debts, till)
    query = text("SELECT outcome, code FROM plan_try WHERE tenant_id = :tenant")
    async with debts.database.tenant(debts.tenant.id) as db:
        found = [tuple(row) for row in await db.execute(query, {"tenant": debts.tenant.id})]
    assert len(found) == 1
    assert found[0][0] == "declined"
    assert (await debts.plan(plan_id)).paid_cents == 0
    assert (await till.balances())["patient_receivable"] == 10_000


async def test_an_answer_lost_on_the_line_is_one_charge(debts: Debts, till: Till) -> None:
    _, plan_id = await with_card(debts, till, "4242424242424242")
    till.sandbox.drop("/v1/payment_intents", after=True)
    await morning(debts, till)
    await morning(debts, till)
    assert (await debts.plan(plan_id)).paid_cents in (0, 2_500)
    await till.hear()
    await morning(debts, till)
    assert (await debts.plan(plan_id)).paid_cents == 2_500
    assert len(till.events("charge.succeeded")) == 1


async def test_what_is_left_is_paid_off_on_one_page(debts: Debts, till: Till) -> None:
    guarantor_id, plan_id = await debts.standing(10_000, 4, clock.today(ELM) + timedelta(10))
    me = patient(guarantor_id)
    first = await paying.pay(till.database, till.tenant.id, me, plan_id, "all")
    again = await paying.pay(till.database, till.tenant.id, me, plan_id, "all")
    assert first == again
    await till.pay(first)
    await till.hear()
    shown = await debts.plan(plan_id)
    assert (shown.state, shown.paid_cents) == (State.COMPLETED, 10_000)
    assert len(till.events("charge.succeeded")) == 1


async def test_while_a_bank_debit_is_under_way_nothing_is_late_and_nothing_begun(
    debts: Debts, till: Till
) -> None:
    guarantor_id, plan_id = await debts.standing(10_000, 4, clock.today(ELM))
    started = await paying.pay(till.database, till.tenant.id, OFFICE, plan_id, "next")
    await till.pay(started, bank="000123456789")
    for event in till.unheard():
        await till.knock(event)
    await till.work()
    assert (await till.payment(started.payment_id)).state == "processing"
    with pytest.raises(PaymentUnderWay):
        await paying.pay(till.database, till.tenant.id, patient(guarantor_id), plan_id, "all")
    with clock.frozen(clock.now() + timedelta(3)):
        await debts.watch()
        assert (await debts.plan(plan_id)).state is State.ACTIVE


async def test_a_copay_is_photographed_from_the_screen(debts: Debts, till: Till) -> None:
    guarantor_id = await debts.guarantor(8_000)
    asked = CardAsked(guarantor_id=guarantor_id, cents=3_000)
    first = await asking.ask_card(till.database, till.tenant.id, OFFICE, asked)
    again = await asking.ask_card(till.database, till.tenant.id, OFFICE, asked)
    assert first == again
    async with till.database.tenant(till.tenant.id) as db:
        assert await asking.page_of(db, OFFICE, first.payment_id) == first.url
        assert asking.code_of(first.url or "").count(b"<path") >= 1
    await till.pay(first)
    await till.hear()
    async with till.database.tenant(till.tenant.id) as db:
        with pytest.raises(NoOpenPage):
            await asking.page_of(db, OFFICE, first.payment_id)
        shown = await crediting.credit(db, OFFICE, guarantor_id)
    # For the visit of today: the old debt is as it was.
    assert (shown.credit_cents, shown.owed_cents) == (3_000, 8_000)
