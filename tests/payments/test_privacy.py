"""What leaves for Stripe: every request of every way of using it, looked at for anything of a patient."""

import asyncio
import re
from datetime import date
from urllib.parse import parse_qsl

import pytest

from billing_saas.kit.ids import new_id
from billing_saas.kit.processing import ProcessorCall, ProcessorText, ReturnTo
from billing_saas.settlements import refunding
from tests.canary import person
from tests.payments.test_charging import charged, kept
from tests.payments.till import OFFICE, Till

# All that is ever said in words: fixed by the code, and each read here once more.
_WORDS = {
    *(text.value for text in ProcessorText if text),
    *("payment", "setup", "usd", "standard", "US", "account_onboarding", "card", "always"),
    *("True", "true", "1", "100", "latest_charge.balance_transaction", "payment_method"),
    *("data.latest_charge.balance_transaction", "data.balance_transaction"),
}
_OPAQUE = (
    re.compile(r"[a-z]{2,5}_[A-Za-z0-9]+"),  # Stripe's ids
    re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),  # ours
    re.compile(r"[0-9]{1,10}"),  # cents and seconds
    re.compile(
        r"https://(pay|billing)\.test(/portal/(payments|cards)/[0-9a-f-]{36}/returned|/home)"
    ),
)


async def test_stripe_hears_ids_cents_and_fixed_words_only(till: Till) -> None:
    """From a patient whose every value would be known again, by every call that there is."""
    before = len(till.sandbox.requests)
    guarantor_id = await till.guarantor(
        9_000,
        last_name=person.SURNAME,
        first_name=person.GIVEN,
        middle_name=person.MIDDLE,
        birth_date=date(1943, 2, 17),
        email=f"{person.SURNAME.lower()}@example.test",
        ssn=person.SSN,
        medical_record_number=person.RECORD_NUMBER,
    )
    payment_id = await till.paid(guarantor_id, 9_000)
    card_id = await kept(till, guarantor_id)
    await charged(till, guarantor_id, card_id, new_id())
    async with till.database.tenant(till.tenant.id) as db:
        await refunding.ask(db, OFFICE, payment_id, 1_000, "overpaid")
    await till.work()
    await till.hear()
    charge = till.events("charge.succeeded")[-1]["data"]["object"]["id"]
    await asyncio.to_thread(till.sandbox.dispute, charge)
    await till.hear()
    await _answer(till)
    await asyncio.to_thread(till.sandbox.pay_out, till.account, wait=True)
    await till.hear()
    asked = till.sandbox.requests[before:]
    assert {one.path.split("/")[2] for one in asked} >= {
        *("checkout", "payment_intents", "setup_intents", "refunds", "disputes", "payouts"),
        "balance_transactions",
    }
    for one in asked:
        whole = f"{one.method} {one.path}?{one.query} {one.headers}".encode() + one.body
        assert person.found_in(whole) == [], whole
        for name, value in parse_qsl(one.body.decode()) + parse_qsl(one.query):
            assert _is_harmless(value), (one.path, name, value)


async def _answer(till: Till) -> None:
    from sqlalchemy import select

    from billing_saas.payments.tables import Dispute
    from billing_saas.settlements import disputing

    async with till.database.tenant(till.tenant.id) as db:
        dispute_id = (await db.scalars(select(Dispute.id))).one()
        await disputing.answer(db, OFFICE, dispute_id)
    await till.work()


def _is_harmless(value: str) -> bool:
    return value in _WORDS or any(pattern.fullmatch(value) for pattern in _OPAQUE)


@pytest.mark.parametrize(
    "given",
    [
        {"account": "acct 1"},
        {"key": "of Lucia Moreno"},
        {"text": "Colonoscopy"},
        {"return_to": "/x"},
        {"cents": 12.5},
        {"cents": -1},
        {"cents": True},
        {"ids": {"customer": "Lucia Moreno"}},
        {"ids": {"a name": "cus_1"}},
    ],
)
def test_a_call_takes_nothing_else(given: dict[str, object]) -> None:
    with pytest.raises((ValueError, TypeError)):
        ProcessorCall(**{"account": "acct_1", **given})  # type: ignore[arg-type]


def test_a_call_takes_a_fixed_sentence_and_a_place_of_ours() -> None:
    call = ProcessorCall(account="acct_1", text=ProcessorText.PAYMENT, return_to=ReturnTo.CARD)
    assert call.currency == "usd"
