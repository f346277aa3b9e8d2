"""A patient pays by card: what knocked is asked about, and each cent lands once."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from billing_saas.kit import clock
from billing_saas.kit.db import Database
from billing_saas.outbox.tables import JobRow
from billing_saas.payments import queries
from billing_saas.payments.tables import ProcessorEvent
from tests.cast import Tenant
from tests.payments.till import OFFICE, Till


async def test_a_card_pays_what_is_owed(till: Till) -> None:
    guarantor_id = await till.guarantor(6_000, 5_000)
    started = await till.start(guarantor_id, 10_000)
    assert (await till.payment(started.payment_id)).state == "started"
    await till.pay(started)
    await till.hear()
    payment = await till.payment(started.payment_id)
    assert (payment.state, payment.attempts) == ("succeeded", 1)
    fee = 10_000 * 29 // 1000 + 30
    assert await till.balances() == {
        "patient_receivable": 1_000,
        "processor_clearing": 10_000 - fee,
        "processor_fees": fee,
    }
    async with till.database.tenant(till.tenant.id) as db:
        receipt = await queries.receipt_of(db, guarantor_id, started.payment_id)
    assert [share.cents for share in receipt.shares] == [6_000, 4_000]
    assert receipt.unapplied_cents == 0


async def test_what_is_paid_above_the_debt_is_the_patients_credit(till: Till) -> None:
    guarantor_id = await till.guarantor(2_000)
    payment_id = await till.paid(guarantor_id, 5_000)
    assert (await till.balances())["unapplied_patient_cash"] == -3_000
    async with till.database.tenant(till.tenant.id) as db:
        receipt = await queries.receipt_of(db, guarantor_id, payment_id)
    assert receipt.unapplied_cents == 3_000


async def test_a_completed_page_whose_debit_is_on_its_way_is_not_money(till: Till) -> None:
    guarantor_id = await till.guarantor(8_000)
    started = await till.start(guarantor_id, 8_000)
    await till.pay(started, bank="000123456789")
    await till.hear()
    assert (await till.payment(started.payment_id)).state == "processing"
    assert await till.balances() == {"patient_receivable": 8_000}
    intent = (await till.attempt(started.payment_id)).intent_id
    assert intent is not None
    await asyncio.to_thread(till.sandbox.finish_debit, intent)
    await till.hear()
    assert (await till.payment(started.payment_id)).state == "succeeded"
    assert "patient_receivable" not in await till.balances()


async def test_a_debit_that_comes_back_is_no_money_and_can_be_tried_again(till: Till) -> None:
    guarantor_id = await till.guarantor(8_000)
    started = await till.start(guarantor_id, 8_000)
    await till.pay(started, bank="000123456789")
    await till.hear()
    intent = (await till.attempt(started.payment_id)).intent_id
    assert intent is not None
    await asyncio.to_thread(till.sandbox.finish_debit, intent, failed=True)
    await till.hear()
    payment = await till.payment(started.payment_id)
    assert (payment.state, bool(payment.failure_code)) == ("failed", True)
    assert await till.balances() == {"patient_receivable": 8_000}


async def test_fifty_equal_knocks_at_once_are_one(till: Till) -> None:
    """L4."""
    guarantor_id = await till.guarantor(4_000)
    started = await till.start(guarantor_id, 4_000)
    await till.pay(started)
    (event,) = till.events("checkout.session.completed")
    await asyncio.gather(*(till.knock(event) for _ in range(50)))
    async with till.database.tenant(till.tenant.id) as db:
        kept = await db.scalar(select(func.count()).select_from(ProcessorEvent))
    async with till.database.platform() as platform:
        owed = await platform.scalar(
            select(func.count()).where(JobRow.kind == "payments.handle_event")
        )
    assert (kept, owed) == (1, 1)
    await till.work()
    assert (await till.payment(started.payment_id)).state == "succeeded"
    assert (await till.balances())["processor_fees"] == 4_000 * 29 // 1000 + 30


@pytest.mark.parametrize(
    ("change", "signed"),
    [
        ({}, {"secret": "whsec_of_somebody_else"}),
        ({}, {"age": 301}),
        ({}, {"age": -301}),
        ({"livemode": True}, {}),
        ({"account": "acct_nobody"}, {}),
        ({"account": None}, {}),
        ({"object": "charge"}, {}),
        ({"id": "evt <script>"}, {}),
    ],
)
async def test_what_is_forged_stale_of_another_account_or_mode_is_refused_and_not_kept(
    till: Till, change: dict[str, object], signed: dict[str, object]
) -> None:
    """L6."""
    await till.start(await till.guarantor(4_000), 4_000)
    event = {
        "id": "evt_1",
        "object": "event",
        "type": "payment_intent.succeeded",
        "account": till.account,
        "livemode": False,
        "created": int(clock.now().timestamp()),
        "data": {"object": {"id": "pi_1", "object": "payment_intent"}},
    }
    assert await till.refused({**event, **change}, **signed)
    async with till.database.tenant(till.tenant.id) as db:
        assert await db.scalar(select(func.count()).select_from(ProcessorEvent)) == 0
    assert not await till.refused(event)


async def test_an_event_of_another_practices_account_touches_nothing_of_ours(
    till: Till, database: Database, oak: Tenant
) -> None:
    theirs = await Till.opened(database, oak, till.sandbox)
    guarantor_id = await till.guarantor(4_000)
    started = await till.start(guarantor_id, 4_000)
    await till.pay(started)
    (event,) = till.events("checkout.session.completed")
    # Signed by Stripe, and claimed to be of Oak's account: there, there is no such page.
    await theirs.knock({**event, "account": theirs.account})
    await theirs.work()
    assert (await till.payment(started.payment_id)).state == "started"
    assert await theirs.balances() == {}


async def test_an_answer_that_never_came_is_asked_for_by_the_same_key(till: Till) -> None:
    """L10: one page, however often it was asked for."""
    guarantor_id = await till.guarantor(4_000)
    till.sandbox.drop("/v1/checkout/sessions", after=True)
    started = await till.start(guarantor_id, 4_000)
    assert started.url is None
    assert (await till.payment(started.payment_id)).state == "unknown"
    await till.ask_about(started.payment_id)
    attempt = await till.attempt(started.payment_id)
    assert (await till.payment(started.payment_id)).state == "started"
    assert (attempt.state, attempt.checkout_url is not None) == ("open", True)
    assert len(_pages(till)) == 1


async def test_an_asking_older_than_keys_live_is_looked_for_by_our_reference(till: Till) -> None:
    guarantor_id = await till.guarantor(4_000)
    till.sandbox.drop("/v1/checkout/sessions", after=True)
    started = await till.start(guarantor_id, 4_000)
    with clock.frozen(clock.now() + timedelta(hours=25)):
        await till.ask_about(started.payment_id)
    assert (await till.attempt(started.payment_id)).checkout_id in {
        page["id"] for page in _pages(till)
    }
    assert len(_pages(till)) == 1


async def test_a_payment_that_was_never_made_is_known_to_have_failed(till: Till) -> None:
    guarantor_id = await till.guarantor(4_000)
    till.sandbox.drop("/v1/checkout/sessions", after=False)
    started = await till.start(guarantor_id, 4_000)
    with clock.frozen(clock.now() + timedelta(hours=25)):
        await till.ask_about(started.payment_id)
    payment = await till.payment(started.payment_id)
    assert (payment.state, payment.failure_code) == ("failed", "never_asked")
    assert _pages(till) == []


async def test_two_browsers_on_one_payment_get_one_page(till: Till) -> None:
    from billing_saas.payments import starting

    guarantor_id = await till.guarantor(4_000)
    first = await till.start(guarantor_id, 4_000)
    again = await starting.again(till.database, till.tenant.id, OFFICE, first.payment_id)
    assert again == first


def _pages(till: Till) -> list[dict[str, object]]:
    with till.sandbox.world.lock:
        return list(till.sandbox.world.book_of(till.account).of("checkout.session"))
