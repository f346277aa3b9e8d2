"""What nobody knocks for is asked about by the clock, and never done twice."""

from datetime import timedelta

from sqlalchemy import select

from billing_saas.kit import clock
from billing_saas.outbox import queue
from billing_saas.payments.jobs import FindSilentPayments, SweepPayments
from billing_saas.payments.tables import Refund
from billing_saas.processor_events import sweeping
from billing_saas.settlements import refunding
from billing_saas.workers import registry, running
from billing_saas.workers.running import Outcome
from billing_saas.workers.schedule import SCHEDULES
from tests.cast import Tenant
from tests.payments.till import OFFICE, SYSTEM, Till


async def swept(till: Till) -> None:
    async with till.database.platform() as platform:
        await queue.add_for_platform(platform, FindSilentPayments())
    await running.drain(till.database)


async def test_the_clock_asks() -> None:
    (schedule,) = [one for one in SCHEDULES if one.job == FindSilentPayments()]
    assert schedule.times.apart <= timedelta(minutes=2)
    assert registry.act_for(SweepPayments.kind).run is sweeping.sweep


async def test_a_payment_of_which_no_event_came_is_known_within_half_an_hour(
    till: Till, oak: Tenant
) -> None:
    """Paid on the page, and not one event came."""
    guarantor_id = await till.guarantor(4_000)
    started = await till.start(guarantor_id, 4_000)
    await till.pay(started)
    now = clock.now()
    with clock.frozen(now + timedelta(minutes=1)):
        await swept(till)
        assert (await till.payment(started.payment_id)).state == "started"
    with clock.frozen(now + timedelta(minutes=31)):
        await swept(till)
    assert (await till.payment(started.payment_id)).state == "succeeded"
    assert (await till.attempt(started.payment_id)).look_at is None
    async with till.database.platform() as platform:
        assert await sweeping.due(platform) == []


async def test_an_unknown_asking_is_known_in_minutes(till: Till) -> None:
    guarantor_id = await till.guarantor(4_000)
    till.sandbox.drop("/v1/checkout/sessions", after=True)
    started = await till.start(guarantor_id, 4_000)
    with clock.frozen(clock.now() + timedelta(minutes=3)):
        await swept(till)
    assert (await till.attempt(started.payment_id)).state == "open"


async def test_a_refund_that_nobody_heard_the_end_of_is_made_once(till: Till) -> None:
    guarantor_id = await till.guarantor(4_000)
    payment_id = await till.paid(guarantor_id, 4_000)
    async with till.database.tenant(till.tenant.id) as db:
        refund_id = await refunding.ask(db, OFFICE, payment_id, 1_500, "overpaid")
    till.sandbox.drop("/v1/refunds", after=True)
    assert await running.drain(till.database) == {Outcome.RETRIED: 1}
    assert (await _refund(till)).state == "unknown"
    with clock.frozen(clock.now() + timedelta(minutes=10)):
        await swept(till)
    refund = await _refund(till)
    assert (refund.id, refund.state) == (refund_id, "succeeded")
    assert len(till.events("refund.created")) == 1
    await till.hear()
    assert (await till.balances())["patient_receivable"] == 1_500
    assert (await till.payment(payment_id)).refunded_cents == 1_500


async def test_a_sweep_of_nothing_asks_nothing(till: Till) -> None:
    async with till.database.tenant(till.tenant.id) as db:
        await sweeping.sweep(db, SYSTEM, SweepPayments())
    assert await running.drain(till.database) == {}


async def _refund(till: Till) -> Refund:
    async with till.database.tenant(till.tenant.id) as db:
        return (await db.scalars(select(Refund))).one()
