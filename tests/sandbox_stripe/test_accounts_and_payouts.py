"""Connected accounts: opened, onboarded, apart from each other, lost; and their money going to the bank."""

from typing import Any
from urllib.request import urlopen

import stripe

from billing_sandbox.stripe.running import Sandbox
from tests.sandbox_stripe.asking import charged, checkout, here, refused
from tests.sandbox_stripe.conftest import Receiver


def test_onboarding(sandbox: Sandbox, client: stripe.StripeClient, receiver: Receiver) -> None:
    sandbox.deliver_to(receiver.url)
    account = client.v1.accounts.create({"type": "standard", "metadata": {"practice": "9"}})
    assert not account.charges_enabled
    assert account.requirements
    assert account.requirements.currently_due
    assert account.requirements.disabled_reason == "requirements.past_due"
    with refused(match="cannot currently make live charges"):
        client.v1.checkout.sessions.create(checkout(), here(account.id))

    def link() -> str:
        return client.v1.account_links.create(
            {
                "account": account.id,
                "type": "account_onboarding",
                "refresh_url": "https://example.com/again",
                "return_url": "https://example.com/back",
            }
        ).url

    url = link()
    with urlopen(url, timeout=5) as page:
        text = page.read().decode()
    assert "Agree and submit" in text
    assert "external_account" in text
    assert sandbox.onboard(url) == "https://example.com/again", "a link is good for one look"
    late = link()
    sandbox.advance(301)
    assert sandbox.onboard(late) == "https://example.com/again", "and for five minutes"
    assert sandbox.onboard(link(), business="Elm Clinic") == "https://example.com/back"
    ready = client.v1.accounts.retrieve(account.id)
    assert (ready.charges_enabled, ready.payouts_enabled, ready.details_submitted) == (
        True,
        True,
        True,
    )
    assert ready.requirements
    assert ready.requirements.currently_due == []
    assert ready.business_profile
    assert ready.business_profile.name == "Elm Clinic"
    sandbox.require(account.id, "individual.verification.document", disabled=True)
    stopped = client.v1.accounts.retrieve(account.id)
    assert not stopped.charges_enabled
    sandbox.settle()
    assert receiver.kinds() == ["account.updated"] * 2
    assert {event.account for event in receiver.events} == {account.id}


def test_nothing_of_one_is_seen_by_another(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    elm, oak = sandbox.account(), sandbox.account()
    intent = client.v1.payment_intents.create(charged(), here(elm))
    assert client.v1.charges.list({}, here(oak)).data == []
    assert client.v1.charges.list({}).data == []
    strangers: list[Any] = [here(oak), {}]
    for stranger in strangers:
        with refused(code="resource_missing", match="No such payment_intent"):
            client.v1.payment_intents.retrieve(intent.id, {}, stranger)
        with refused(code="resource_missing"):
            client.v1.refunds.create({"payment_intent": intent.id}, stranger)
    with refused(stripe.PermissionError, code="account_invalid"):
        client.v1.charges.list({}, here("acct_nobody"))


def test_access_taken_away(
    sandbox: Sandbox, client: stripe.StripeClient, practice: str, receiver: Receiver
) -> None:
    sandbox.deliver_to(receiver.url)
    sandbox.deauthorize(practice)
    with refused(stripe.PermissionError, code="account_invalid"):
        client.v1.charges.list({}, here(practice))
    with refused(stripe.PermissionError, code="account_invalid"):
        client.v1.accounts.retrieve(practice)
    sandbox.settle()
    assert receiver.kinds() == ["account.application.deauthorized"]
    assert receiver.events[0].account == practice


def test_only_standard_accounts(client: stripe.StripeClient) -> None:
    with refused(match="Standard accounts only"):
        client.v1.accounts.create({"type": "express"})
    by_controller = client.v1.accounts.create(
        {"controller": {"stripe_dashboard": {"type": "full"}, "fees": {"payer": "account"}}}
    )
    assert by_controller.type == "none"


def test_the_daily_payout_names_what_is_in_it(
    sandbox: Sandbox, client: stripe.StripeClient, practice: str, receiver: Receiver
) -> None:
    intent = client.v1.payment_intents.create(charged(10_000), here(practice))
    client.v1.payment_intents.create(charged(5000), here(practice))
    client.v1.refunds.create({"payment_intent": intent.id, "amount": 1000}, here(practice))
    balance = client.v1.balance.retrieve({}, here(practice))
    assert (balance.available[0].amount, balance.pending[0].amount) == (0, 13_505)
    sandbox.deliver_to(receiver.url)
    sandbox.advance(days=4)
    [payout] = client.v1.payouts.list({}, here(practice)).data
    assert (payout.amount, payout.automatic, payout.status) == (13_505, True, "paid")
    assert payout.reconciliation_status == "completed"
    rows = client.v1.balance_transactions.list(
        {"payout": payout.id, "expand": ["data.source"]}, here(practice)
    ).data
    assert sum(row.net for row in rows if row.type != "payout") == payout.amount
    assert [row.type for row in rows] == ["payout", "refund", "charge", "charge"]
    assert {type(row.source).__name__ for row in rows} == {"Payout", "Refund", "Charge"}
    assert client.v1.balance.retrieve({}, here(practice)).available[0].amount == 0
    sandbox.settle()
    assert [kind for kind in receiver.kinds() if kind.startswith("payout")] == [
        "payout.created",
        "payout.updated",
        "payout.paid",
        "payout.reconciliation_completed",
    ]
    sandbox.advance(days=3)
    assert len(client.v1.payouts.list({}, here(practice)).data) == 1, "nothing new, no payout"


def test_a_payout_that_comes_back(
    sandbox: Sandbox, client: stripe.StripeClient, practice: str
) -> None:
    client.v1.payment_intents.create(charged(10_000), here(practice))
    name = sandbox.pay_out(practice, wait=True)
    assert name
    sandbox.advance(61)
    sandbox.fail_payout(name)
    failed = client.v1.payouts.retrieve(name, {}, here(practice))
    assert (failed.status, failed.failure_code) == ("failed", "account_closed")
    assert client.v1.balance.retrieve({}, here(practice)).available[0].amount == 9680
    again = sandbox.pay_out(practice)
    assert again
    assert client.v1.payouts.retrieve(again, {}, here(practice)).amount == 9680


def test_by_hand(sandbox: Sandbox, client: stripe.StripeClient, practice: str) -> None:
    client.v1.payment_intents.create(charged(10_000, "pm_card_bypassPending"), here(practice))
    with refused(code="balance_insufficient"):
        client.v1.payouts.create({"amount": 9681, "currency": "usd"}, here(practice))
    made = client.v1.payouts.create({"amount": 680, "currency": "usd"}, here(practice))
    assert (made.status, made.automatic, made.reconciliation_status) == (
        "pending",
        False,
        "not_applicable",
    )
    client.v1.payouts.cancel(made.id, {}, here(practice))
    other = client.v1.payouts.create({"amount": 1000, "currency": "usd"}, here(practice))
    sandbox.advance(61)
    assert client.v1.payouts.retrieve(other.id, {}, here(practice)).status == "paid"
    assert client.v1.balance.retrieve({}, here(practice)).available[0].amount == 8680


def test_what_the_platform_keeps(client: stripe.StripeClient, practice: str) -> None:
    intent = client.v1.payment_intents.create(
        charged(10_000, application_fee_amount=100, expand=["latest_charge.balance_transaction"]),
        here(practice),
    )
    assert isinstance(intent.latest_charge, stripe.Charge)
    moved = intent.latest_charge.balance_transaction
    assert isinstance(moved, stripe.BalanceTransaction)
    assert (moved.fee, moved.net) == (420, 9580)
    assert {each.type for each in moved.fee_details} == {"application_fee", "stripe_fee"}
    [fee] = client.v1.application_fees.list({"charge": intent.latest_charge.id}).data
    assert (fee.amount, fee.account) == (100, practice)
    with refused(match="direct payment"):
        client.v1.payment_intents.create(charged(application_fee_amount=1))
