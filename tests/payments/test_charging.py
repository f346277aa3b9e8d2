"""A kept card is charged without its owner: once per instalment, however often it is asked for."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from billing_saas.kept_cards import charging, saving
from billing_saas.kept_cards.charging import Charged
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor, ActorKind
from billing_saas.kit.ids import new_id
from billing_saas.outbox.tables import JobRow
from billing_saas.payments.errors import SavedCardEnded
from billing_saas.payments.jobs import TellPlan
from billing_saas.workers import registry
from tests.payments.till import SYSTEM, Till

DECLINED_LATER = "4000000000000341"
WANTS_ITS_OWNER = "4000002500003155"


async def kept(till: Till, guarantor_id: UUID, card: str = "4242424242424242") -> UUID:
    """A card given on the processor's page, by consent."""
    actor = Actor(kind=ActorKind.PATIENT, id=guarantor_id)
    begun = await saving.begin(till.database, till.tenant.id, actor, guarantor_id)
    assert begun.url is not None
    await asyncio.to_thread(till.sandbox.pay, begun.url, card)
    await till.hear()
    async with till.database.tenant(till.tenant.id) as db:
        (found,) = await saving.cards_of(db, guarantor_id)
    assert (found.id, found.brand, found.consent_version) == (
        begun.saved_method_id,
        "visa",
        saving.CONSENT,
    )
    return begun.saved_method_id


async def charged(till: Till, guarantor_id: UUID, card_id: UUID, instalment_id: UUID) -> Charged:
    return await charging.charge_saved(
        till.database,
        till.tenant.id,
        SYSTEM,
        guarantor_id,
        card_id,
        2_500,
        plan_instalment_id=instalment_id,
    )


def intents(till: Till) -> int:
    with till.sandbox.world.lock:
        return len(till.sandbox.world.book_of(till.account).of("payment_intent"))


async def test_an_instalment_is_taken_once(till: Till) -> None:
    guarantor_id = await till.guarantor(10_000)
    card_id, instalment_id = await kept(till, guarantor_id), new_id()
    told = await asyncio.gather(
        *(charged(till, guarantor_id, card_id, instalment_id) for _ in range(5))
    )
    assert len({one.payment_id for one in told}) == 1
    assert (await charged(till, guarantor_id, card_id, instalment_id)).state == "succeeded"
    assert intents(till) == 1
    assert (await till.balances())["patient_receivable"] == 7_500


async def test_a_decline_is_told_and_the_next_attempt_is_of_the_same_payment(till: Till) -> None:
    guarantor_id = await till.guarantor(10_000)
    card_id = await kept(till, guarantor_id, DECLINED_LATER)
    instalment_id = new_id()
    first = await charged(till, guarantor_id, card_id, instalment_id)
    assert (first.state, first.failure_code, first.attempts) == ("failed", "generic_decline", 1)
    second = await charged(till, guarantor_id, card_id, instalment_id)
    assert (second.payment_id, second.state, second.attempts) == (first.payment_id, "failed", 2)
    assert await till.balances() == {"patient_receivable": 10_000}


async def test_a_bank_that_wants_its_owner_is_a_failure_with_a_name(till: Till) -> None:
    guarantor_id = await till.guarantor(10_000)
    actor = Actor(kind=ActorKind.PATIENT, id=guarantor_id)
    begun = await saving.begin(till.database, till.tenant.id, actor, guarantor_id)
    assert begun.url is not None
    asks = await asyncio.to_thread(till.sandbox.pay, begun.url, "4000002760003184")
    await asyncio.to_thread(till.sandbox.authenticate, asks)
    await till.hear()
    told = await charged(till, guarantor_id, begun.saved_method_id, new_id())
    assert (told.state, told.failure_code) == ("failed", "authentication_required")


@pytest.mark.parametrize("hours", [0, 25])
async def test_a_time_out_after_charging_is_one_charge_and_one_entry(
    till: Till, hours: int
) -> None:
    """L10. Within a day asked by the same key; later looked for by our reference."""
    guarantor_id = await till.guarantor(10_000)
    card_id, instalment_id = await kept(till, guarantor_id), new_id()
    till.sandbox.drop("/v1/payment_intents", after=True)
    told = await charged(till, guarantor_id, card_id, instalment_id)
    assert told.state == "unknown"
    # Whoever asks for it again meanwhile gets the one that is under way.
    assert await charged(till, guarantor_id, card_id, instalment_id) == told
    with clock.frozen(clock.now() + timedelta(hours=hours)):
        await till.ask_about(told.payment_id)
    await till.hear()
    assert (await charged(till, guarantor_id, card_id, instalment_id)).state == "succeeded"
    assert intents(till) == 1
    assert [entry[3] for entry in await till.entries() if entry[1] == "patient_payment"] == [
        2_500,
        -2_500,
    ]


async def test_a_time_out_before_charging_is_charged_by_the_sweep_and_once(till: Till) -> None:
    guarantor_id = await till.guarantor(10_000)
    card_id, instalment_id = await kept(till, guarantor_id), new_id()
    till.sandbox.drop("/v1/payment_intents", after=False)
    told = await charged(till, guarantor_id, card_id, instalment_id)
    assert (told.state, intents(till)) == ("unknown", 0)
    await till.ask_about(told.payment_id)
    await till.ask_about(told.payment_id)
    await till.hear()
    assert ((await till.payment(told.payment_id)).state, intents(till)) == ("succeeded", 1)


async def test_when_no_key_is_known_any_more_and_nothing_was_made_it_failed(till: Till) -> None:
    guarantor_id = await till.guarantor(10_000)
    card_id = await kept(till, guarantor_id)
    till.sandbox.drop("/v1/payment_intents", after=False)
    told = await charged(till, guarantor_id, card_id, new_id())
    with clock.frozen(clock.now() + timedelta(hours=25)):
        await till.ask_about(told.payment_id)
    payment = await till.payment(told.payment_id)
    assert (payment.state, payment.failure_code, intents(till)) == ("failed", "never_asked", 0)


async def test_a_plan_is_told_of_what_moves_later(till: Till) -> None:
    assert registry.act_for(TellPlan.kind).job is TellPlan
    guarantor_id = await till.guarantor(10_000)
    card_id = await kept(till, guarantor_id)
    till.sandbox.drop("/v1/payment_intents", after=True)
    told = await charged(till, guarantor_id, card_id, new_id())
    await till.ask_about(told.payment_id)
    async with till.database.platform() as platform:
        owed = await platform.scalars(select(JobRow.arguments).where(JobRow.kind == TellPlan.kind))
        assert [one["payment_id"] for one in owed] == [str(told.payment_id)]


async def test_consent_that_is_withdrawn_ends_the_card_here_and_there(till: Till) -> None:
    guarantor_id = await till.guarantor(10_000)
    card_id = await kept(till, guarantor_id)
    actor = Actor(kind=ActorKind.PATIENT, id=guarantor_id)
    async with till.database.tenant(till.tenant.id) as db:
        await saving.end(db, actor, guarantor_id, card_id)
    with pytest.raises(SavedCardEnded):
        await charged(till, guarantor_id, card_id, new_id())
    await till.work()
    with till.sandbox.world.lock:
        methods = till.sandbox.world.book_of(till.account).of("payment_method")
    assert [method["customer"] for method in methods] == [None]


async def test_a_page_where_nobody_gave_a_card_keeps_none(till: Till) -> None:
    guarantor_id = await till.guarantor(10_000)
    actor = Actor(kind=ActorKind.PATIENT, id=guarantor_id)
    begun = await saving.begin(till.database, till.tenant.id, actor, guarantor_id)
    await asyncio.to_thread(till.sandbox.advance, hours=2)
    await till.hear()
    async with till.database.tenant(till.tenant.id) as db:
        found = await saving.card_of(db, guarantor_id, begun.saved_method_id)
    assert found.state == "failed"
