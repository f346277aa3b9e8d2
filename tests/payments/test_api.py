"""Staff see payments, give money back with four eyes, answer disputes, and see whether the books agree."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from billing_saas.kit.db import Database
from tests.api.asking import Elm
from tests.api.browsing import at_browser
from tests.api.walking import Client, knocking
from tests.cast import Tenant, enrolled
from tests.payments.till import Till


@pytest.fixture
async def client(database: Database) -> AsyncIterator[Client]:
    async with knocking(database) as made:
        yield made


@pytest.fixture
async def bill(database: Database, elm: Tenant, client: Client) -> Elm:
    """Bill bills, and showed a second factor a moment ago."""
    person = await enrolled(database, elm, "bill", "biller", "practice_admin")
    return Elm(client, elm, await at_browser(database, person))


@pytest.fixture
async def mia(database: Database, elm: Tenant, client: Client) -> Elm:
    person = await enrolled(database, elm, "mia", "practice_admin", "supervisor")
    return Elm(client, elm, await at_browser(database, person))


def ok(answer: httpx.Response) -> Any:
    assert answer.status_code < 300, answer.text
    return answer.json() if answer.content else None


async def test_a_part_is_given_back_at_once_and_told(till: Till, bill: Elm) -> None:
    guarantor_id = await till.guarantor(9_000)
    payment_id = await till.paid(guarantor_id, 9_000)
    path = f"/payments/{payment_id}"
    body = {"amount_cents": 2_500, "reason": "insurance_paid"}
    refund = ok(await bill.ask("POST", f"{path}/refunds", json=body))
    assert refund["state"] == "approved"
    await till.work()
    await till.hear()
    shown = ok(await bill.ask("GET", path))
    assert (shown["payment"]["state"], shown["payment"]["refunded_cents"]) == (
        "part_refunded",
        2_500,
    )
    assert [share["cents"] for share in shown["shares"]] == [6_500]
    assert ok(await bill.ask("GET", f"/refunds/{refund['id']}"))["state"] == "succeeded"
    assert (await till.balances())["patient_receivable"] == 2_500


async def test_above_the_limit_somebody_else_approves(till: Till, bill: Elm, mia: Elm) -> None:
    settings = await bill.ask("GET", "/payment-settings")
    assert ok(settings) == {"refund_limit_cents": 50_000, "version": 0}
    ok(
        await mia.ask(
            "PUT",
            "/payment-settings",
            json={"refund_limit_cents": 1_000},
            headers={"If-Match": settings.headers["ETag"]},
        )
    )
    payment_id = await till.paid(await till.guarantor(9_000), 9_000)
    body = {"amount_cents": 1_001, "reason": "overpaid"}
    refund = ok(await bill.ask("POST", f"/payments/{payment_id}/refunds", json=body))
    assert refund["state"] == "awaiting_approval"
    approval = f"/refunds/{refund['id']}/approval"
    own = await bill.ask("POST", approval)
    assert (own.status_code, own.json()["type"]) == (403, "/problems/another-must")
    await till.work()
    assert till.events("refund.created") == []
    ok(await mia.ask("POST", approval))
    await till.work()
    await till.hear()
    assert ok(await bill.ask("GET", f"/refunds/{refund['id']}"))["state"] == "succeeded"
    again = await mia.ask("POST", approval)
    assert (again.status_code, again.json()["type"]) == (409, "/problems/refund-not-waiting")


async def test_two_halves_are_no_way_around_the_second_person(till: Till, bill: Elm) -> None:
    payment_id = await till.paid(await till.guarantor(90_000), 90_000)
    path = f"/payments/{payment_id}/refunds"
    halves = [
        ok(await bill.ask("POST", path, json={"amount_cents": 30_000, "reason": "overpaid"}))
        for _ in range(2)
    ]
    assert [half["state"] for half in halves] == ["approved", "awaiting_approval"]


async def test_nobody_gives_back_more_than_came_nor_without_a_second_factor(
    till: Till, bill: Elm, client: Client, database: Database, elm: Tenant
) -> None:
    payment_id = await till.paid(await till.guarantor(9_000), 9_000)
    path = f"/payments/{payment_id}/refunds"
    body = {"amount_cents": 6_000, "reason": "overpaid"}
    first, second = await asyncio.gather(*(bill.ask("POST", path, json=body) for _ in range(2)))
    answers = sorted([first.status_code, second.status_code])
    assert answers == [201, 409]
    by_token = Elm(client, elm, await enrolled(database, elm, "tom", "biller"))
    refused = await by_token.ask("POST", path, json=body)
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/step-up-required")


async def test_a_refund_that_did_not_reach_the_card_is_owed_until_it_is_repaid(
    till: Till, bill: Elm, mia: Elm
) -> None:
    payment_id = await till.paid(await till.guarantor(9_000), 9_000)
    body = {"amount_cents": 9_000, "reason": "duplicate"}
    refund = ok(await bill.ask("POST", f"/payments/{payment_id}/refunds", json=body))
    await till.work()
    await till.hear()
    (made,) = till.events("refund.created")
    await asyncio.to_thread(till.sandbox.fail_refund, made["data"]["object"]["id"])
    await till.hear()
    assert ok(await bill.ask("GET", f"/refunds/{refund['id']}"))["state"] == "failed"
    assert (await till.balances())["refunds_due_patient"] == -9_000
    repayment = f"/refunds/{refund['id']}/repayment"
    ok(await mia.ask("POST", repayment, json={"number_last4": "0117"}))
    balances = await till.balances()
    assert "refunds_due_patient" not in balances
    assert balances["bank"] == -9_000
    again = await mia.ask("POST", repayment, json={})
    assert again.json()["type"] == "/problems/refund-not-failed"


async def test_a_dispute_withholds_money_is_answered_in_fixed_words_and_won(
    till: Till, bill: Elm
) -> None:
    payment_id = await till.paid(await till.guarantor(9_000), 9_000)
    before = await till.balances()
    (paid,) = till.events("charge.succeeded")
    dispute_id = await asyncio.to_thread(till.sandbox.dispute, paid["data"]["object"]["id"])
    await till.hear()
    (dispute,) = ok(await bill.ask("GET", "/disputes"))["rows"]
    assert (dispute["state"], dispute["amount_cents"]) == ("needs_response", 9_000)
    assert ok(await bill.ask("GET", f"/payments/{payment_id}"))["payment"]["state"] == "disputed"
    assert (await till.balances())["dispute_losses"] == 9_000
    refund = await bill.ask(
        "POST",
        f"/payments/{payment_id}/refunds",
        json={"amount_cents": 100, "reason": "courtesy"},
    )
    assert refund.json()["type"] == "/problems/not-refundable"
    ok(await bill.ask("POST", f"/disputes/{dispute['id']}/answer"))
    await till.work()
    shown = ok(await bill.ask("GET", f"/disputes/{dispute['id']}"))
    assert (shown["state"], shown["evidence_state"]) == ("under_review", "sent")
    await asyncio.to_thread(till.sandbox.decide, dispute_id, won=True)
    await till.hear()
    assert ok(await bill.ask("GET", f"/disputes/{dispute['id']}"))["state"] == "won"
    fee = 1_500  # Stripe keeps it, also of who wins
    assert await till.balances() == {
        "processor_clearing": before["processor_clearing"] - fee,
        "processor_fees": before["processor_fees"] + fee,
    }


async def test_a_payout_is_made_of_its_movements_and_the_books_agree(till: Till, bill: Elm) -> None:
    for cents in (9_000, 4_000):
        await till.paid(await till.guarantor(cents), cents)
    agrees = ok(await bill.ask("GET", "/payment-reconciliation"))
    assert (agrees["difference_cents"], agrees["clearing_cents"]) == (0, agrees["waiting_cents"])
    await asyncio.to_thread(till.sandbox.pay_out, till.account, wait=True)
    await asyncio.to_thread(till.sandbox.advance, 120)
    await till.hear()
    (payout,) = ok(await bill.ask("GET", "/payouts"))["rows"]
    assert (payout["state"], payout["reconciled"]) == ("paid", "balanced")
    in_full = ok(await bill.ask("GET", f"/payouts/{payout['id']}"))
    assert sum(one["net_cents"] for one in in_full["movements"]) == payout["amount_cents"]
    balances = await till.balances()
    assert balances["bank"] == payout["amount_cents"]
    assert "processor_clearing" not in balances
    agrees = ok(await bill.ask("GET", "/payment-reconciliation"))
    assert (agrees["clearing_cents"], agrees["difference_cents"]) == (0, 0)
    await asyncio.to_thread(till.sandbox.fail_payout, _processor_id(till))
    await till.hear()
    assert "bank" not in await till.balances()
    (payout,) = ok(await bill.ask("GET", "/payouts"))["rows"]
    assert payout["state"] == "failed"
    await asyncio.to_thread(till.sandbox.pay_out, till.account, wait=True)
    await asyncio.to_thread(till.sandbox.advance, 120)
    await till.hear()
    assert await till.balances() == balances
    agrees = ok(await bill.ask("GET", "/payment-reconciliation"))
    assert (agrees["clearing_cents"], agrees["difference_cents"]) == (0, 0)


def _processor_id(till: Till) -> str:
    (made,) = till.events("payout.paid")
    return str(made["data"]["object"]["id"])


async def test_other_business_of_the_practices_account_stays_out_of_the_books(
    till: Till, bill: Elm
) -> None:
    await till.paid(await till.guarantor(9_000), 9_000)
    await asyncio.to_thread(_sells_a_mug, till)
    await till.hear()
    await asyncio.to_thread(till.sandbox.pay_out, till.account, wait=True)
    await asyncio.to_thread(till.sandbox.advance, 120)
    await till.hear()
    (payout,) = ok(await bill.ask("GET", "/payouts"))["rows"]
    assert payout["reconciled"] == "with_others"
    assert payout["other_cents"] == 1_500 - (1_500 * 29 + 500) // 1000 - 30
    assert (await till.balances())["bank"] == payout["ours_cents"]
    assert ok(await bill.ask("GET", "/payment-reconciliation"))["difference_cents"] == 0


def _sells_a_mug(till: Till) -> None:
    """In the practice's own Stripe, past us."""
    import stripe

    client = stripe.StripeClient(till.sandbox.api_key, base_addresses={"api": till.sandbox.url})
    client.v1.payment_intents.create(
        {
            "amount": 1_500,
            "currency": "usd",
            "payment_method": "pm_card_visa",
            "allowed_payment_method_types": ["card"],
            "confirm": True,
        },
        {"stripe_account": till.account},
    )


async def test_a_practice_opens_its_account_and_says_who_it_is(
    till: Till, database: Database, oak: Tenant, client: Client
) -> None:
    person = await enrolled(database, oak, "olga", "practice_admin")
    olga = Elm(client, oak, await at_browser(database, person))
    none = await olga.ask("GET", "/payment-account")
    assert none.status_code == 404
    assert ok(await olga.ask("POST", "/payment-account"))["state"] == "opening"
    await till.work()
    shown = ok(await olga.ask("GET", "/payment-account"))
    assert shown["state"] == "onboarding"
    assert shown["requirements"]
    link = ok(await olga.ask("POST", "/payment-account/onboarding-links"))["url"]
    assert await asyncio.to_thread(till.sandbox.onboard, link) == "https://billing.test/home"
    theirs = Till(database, oak, till.sandbox, _opened_last(till))
    await theirs.hear()
    shown = ok(await olga.ask("GET", "/payment-account"))
    assert (shown["state"], shown["requirements"]) == ("active", [])
    again = await olga.ask("POST", "/payment-account")
    assert again.json()["type"] == "/problems/account-stands"
    await asyncio.to_thread(till.sandbox.require, theirs.account, "company.tax_id", disabled=True)
    await theirs.hear()
    assert ok(await olga.ask("GET", "/payment-account"))["state"] == "restricted"
    await asyncio.to_thread(till.sandbox.deauthorize, theirs.account)
    ends = till.sandbox.events("account.application.deauthorized")
    await theirs.knock(next(one for one in ends if one["account"] == theirs.account))
    await theirs.work()
    assert (await olga.ask("GET", "/payment-account")).status_code == 404


def _opened_last(till: Till) -> str:
    with till.sandbox.world.lock:
        return str(till.sandbox.world.platform.of("account")[0]["id"])


async def test_a_bounced_cheque_never_was_money(till: Till, bill: Elm) -> None:
    from billing_saas.payments import recording
    from tests.payments.till import OFFICE

    guarantor_id = await till.guarantor(3_000)
    async with till.database.tenant(till.tenant.id) as db:
        cheque = await recording.record(db, OFFICE, guarantor_id, 5_000, "cheque")
        cash = await recording.record(db, OFFICE, guarantor_id, 1_000, "cash")
    assert (await till.balances())["unapplied_patient_cash"] == -3_000
    ok(await bill.ask("POST", f"/payments/{cheque}/bounce"))
    assert await till.balances() == {
        "patient_receivable": 3_000,
        "patient_cash": 1_000,
        "unapplied_patient_cash": -1_000,
    }
    assert (await bill.ask("POST", f"/payments/{cheque}/bounce")).status_code == 409
    assert (await bill.ask("POST", f"/payments/{cash}/bounce")).status_code == 409
    listed = ok(await bill.ask("GET", f"/payments?patient_id={guarantor_id}"))["rows"]
    assert [row["state"] for row in listed] == ["succeeded", "voided"]


async def test_what_was_paid_in_cash_is_given_back_in_cash(till: Till, bill: Elm) -> None:
    from billing_saas.payments import recording
    from tests.payments.till import OFFICE

    guarantor_id = await till.guarantor(3_000)
    async with till.database.tenant(till.tenant.id) as db:
        cash = await recording.record(db, OFFICE, guarantor_id, 5_000, "cash")
    body = {"amount_cents": 2_000, "reason": "overpaid"}
    refund = ok(await bill.ask("POST", f"/payments/{cash}/refunds", json=body))
    assert (refund["state"], refund["method"]) == ("succeeded", "cash")
    assert await till.balances() == {"patient_cash": 3_000}
