"""The hosted page: paid, declined, asked by the bank, by bank debit, cancelled, expired."""

from typing import Any
from urllib.request import urlopen

import pytest
import stripe

from billing_sandbox.stripe.running import Refused, Sandbox
from tests.sandbox_stripe.asking import checkout, here, refused
from tests.sandbox_stripe.conftest import Receiver


def _open(client: stripe.StripeClient, account: str, **more: Any) -> stripe.checkout.Session:
    return client.v1.checkout.sessions.create(checkout(**more), here(account))


def test_a_bill_is_paid(
    sandbox: Sandbox, client: stripe.StripeClient, practice: str, receiver: Receiver
) -> None:
    sandbox.deliver_to(receiver.url)
    session = _open(
        client, practice, cents=12345, client_reference_id="bill-1", metadata={"bill": "1"}
    )
    assert (session.status, session.payment_status) == ("open", "unpaid")
    assert session.payment_intent is None, "it is made when the page is paid"
    assert session.url

    led = sandbox.pay(session.url)

    assert led == f"https://example.com/ok?s={session.id}"
    paid = client.v1.checkout.sessions.retrieve(
        session.id,
        {"expand": ["payment_intent.latest_charge.balance_transaction", "line_items"]},
        here(practice),
    )
    assert (paid.status, paid.payment_status, paid.url) == ("complete", "paid", None)
    assert paid.client_reference_id == "bill-1"
    assert paid.line_items
    assert [line.amount_total for line in paid.line_items.data] == [12345]
    intent = paid.payment_intent
    assert isinstance(intent, stripe.PaymentIntent)
    charge = intent.latest_charge
    assert isinstance(charge, stripe.Charge)
    moved = charge.balance_transaction
    assert isinstance(moved, stripe.BalanceTransaction)
    assert (moved.amount, moved.fee, moved.net) == (12345, 388, 11957)
    sandbox.settle()
    assert receiver.kinds() == [
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
        "charge.updated",
        "checkout.session.completed",
    ]
    told = receiver.events[1].data.object
    assert told.balance_transaction is None, "captured asynchronously: charge.updated brings it"
    assert receiver.events[3].data.object.balance_transaction == moved.id
    assert {event.account for event in receiver.events} == {practice}
    assert not any(event.livemode for event in receiver.events)


def test_a_declined_card_may_be_followed_by_a_good_one(
    sandbox: Sandbox, client: stripe.StripeClient, practice: str
) -> None:
    session = _open(client, practice)
    assert session.url
    with pytest.raises(Refused, match="insufficient funds"):
        sandbox.pay(session.url, "4000000000009995")
    tried = client.v1.checkout.sessions.retrieve(
        session.id, {"expand": ["payment_intent"]}, here(practice)
    )
    assert tried.status == "open"
    assert isinstance(tried.payment_intent, stripe.PaymentIntent)
    assert tried.payment_intent.status == "requires_payment_method"
    assert tried.payment_intent.last_payment_error
    assert tried.payment_intent.last_payment_error.decline_code == "insufficient_funds"
    sandbox.pay(session.url)
    charges = client.v1.charges.list({"payment_intent": tried.payment_intent.id}, here(practice))
    assert [each.status for each in charges.data] == ["succeeded", "failed"]


@pytest.mark.parametrize("passed", [True, False])
def test_the_bank_asks(
    sandbox: Sandbox, client: stripe.StripeClient, practice: str, passed: bool
) -> None:
    session = _open(client, practice)
    assert session.url
    led = sandbox.pay(session.url, "4000000000003220")
    assert "/3ds/" in led
    waiting = client.v1.checkout.sessions.retrieve(session.id, {}, here(practice))
    assert (waiting.status, waiting.payment_status) == ("open", "unpaid")
    if passed:
        assert sandbox.authenticate(led) == f"https://example.com/ok?s={session.id}"
        assert client.v1.charges.list({}, here(practice)).data[0].paid
    else:
        with pytest.raises(Refused, match="unable to authenticate"):
            sandbox.authenticate(led, passed=False)
        assert client.v1.charges.list({}, here(practice)).data == []
        # The page is still open, and takes another card.
        sandbox.pay(session.url)


@pytest.mark.parametrize(
    ("account", "ends"), [("000123456789", "succeeded"), ("000222222227", "failed")]
)
def test_a_bank_debit_is_not_money_yet(
    sandbox: Sandbox,
    client: stripe.StripeClient,
    practice: str,
    receiver: Receiver,
    account: str,
    ends: str,
) -> None:
    sandbox.deliver_to(receiver.url)
    session = _open(client, practice, allowed_payment_method_types=["card", "us_bank_account"])
    assert session.url
    sandbox.pay(session.url, bank=account)
    now = client.v1.checkout.sessions.retrieve(session.id, {}, here(practice))
    assert (now.status, now.payment_status) == ("complete", "unpaid")
    assert client.v1.balance_transactions.list({}, here(practice)).data == []
    sandbox.advance(hours=1)
    sandbox.settle()
    assert receiver.kinds()[:4] == [
        "payment_intent.created",
        "charge.pending",
        "payment_intent.processing",
        "checkout.session.completed",
    ]
    assert receiver.kinds()[-1] == f"checkout.session.async_payment_{ends}"
    then = client.v1.checkout.sessions.retrieve(session.id, {}, here(practice))
    assert then.payment_status == ("paid" if ends == "succeeded" else "unpaid")
    moved = client.v1.balance_transactions.list({}, here(practice)).data
    assert [(each.amount, each.fee) for each in moved] == (
        [(5000, 40)] if ends == "succeeded" else []
    )


def test_a_session_expires_once(
    sandbox: Sandbox, client: stripe.StripeClient, practice: str, receiver: Receiver
) -> None:
    sandbox.deliver_to(receiver.url)
    by_hand = _open(client, practice)
    client.v1.checkout.sessions.expire(by_hand.id, {}, here(practice))
    with refused(match="can be expired"):
        client.v1.checkout.sessions.expire(by_hand.id, {}, here(practice))
    assert by_hand.url
    with pytest.raises(Refused, match="not there"):
        sandbox.pay(by_hand.url)
    by_time = _open(client, practice, expires_at=sandbox.now() + 1800)
    sandbox.advance(1801)
    after = client.v1.checkout.sessions.retrieve(by_time.id, {}, here(practice))
    assert (after.status, after.url) == ("expired", None)
    sandbox.settle()
    assert receiver.kinds() == ["checkout.session.expired"] * 2


def test_a_method_is_kept_for_later(
    sandbox: Sandbox, client: stripe.StripeClient, practice: str
) -> None:
    customer = client.v1.customers.create({"metadata": {"n": "1"}}, here(practice))
    session = client.v1.checkout.sessions.create(
        {
            "mode": "setup",
            "currency": "usd",
            "customer": customer.id,
            "success_url": "https://example.com/ok",
            "setup_intent_data": {"metadata": {"consent": "7"}},
        },
        here(practice),
    )
    assert session.setup_intent
    assert session.payment_status == "no_payment_required"
    assert session.url
    sandbox.pay(session.url)
    setup = client.v1.setup_intents.retrieve(str(session.setup_intent), {}, here(practice))
    assert setup.status == "succeeded"
    assert setup.metadata
    assert setup.metadata["consent"] == "7"
    kept = client.v1.customers.payment_methods.list(customer.id, {}, here(practice)).data
    assert [each.id for each in kept] == [setup.payment_method]
    charged = client.v1.payment_intents.create(
        {
            "amount": 700,
            "currency": "usd",
            "customer": customer.id,
            "payment_method": str(setup.payment_method),
            "off_session": True,
            "confirm": True,
        },
        here(practice),
    )
    assert charged.status == "succeeded"


@pytest.mark.parametrize("mode", ["payment", "setup"])
def test_who_pays_becomes_a_customer_when_asked_for(
    sandbox: Sandbox, client: stripe.StripeClient, practice: str, mode: str
) -> None:
    asked: Any = (
        checkout(
            customer_creation="always", payment_intent_data={"setup_future_usage": "off_session"}
        )
        if mode == "payment"
        else {
            "mode": "setup",
            "currency": "usd",
            "customer_creation": "always",
            "success_url": "https://example.com/ok",
        }
    )
    session = client.v1.checkout.sessions.create(asked, here(practice))
    assert session.customer is None
    assert session.url
    sandbox.pay(session.url, email="pat@example.com")
    done = client.v1.checkout.sessions.retrieve(
        session.id, {"expand": ["customer"]}, here(practice)
    )
    assert isinstance(done.customer, stripe.Customer)
    assert done.customer.email == "pat@example.com"
    kept = client.v1.customers.payment_methods.list(done.customer.id, {}, here(practice)).data
    assert len(kept) == 1
    charged = client.v1.payment_intents.create(
        {
            "amount": 700,
            "currency": "usd",
            "customer": done.customer.id,
            "payment_method": kept[0].id,
            "off_session": True,
            "confirm": True,
        },
        here(practice),
    )
    assert charged.status == "succeeded"


def test_the_page_says_what_it_is(
    sandbox: Sandbox, client: stripe.StripeClient, practice: str
) -> None:
    session = _open(client, practice, cents=123456)
    assert session.url
    with urlopen(session.url, timeout=5) as answer:
        text = answer.read().decode()
    assert "Sandbox practice" in text
    assert "$1,234.56" in text
    assert "no real money" in text
    assert 'href="https://example.com/no"' in text
    assert "<script" not in text
    for field in ("card_number", "expiry", "cvc", "name", "postal_code"):
        assert f'<label for="{field}">' in text


def test_markup_in_what_is_shown_stays_text(
    sandbox: Sandbox, client: stripe.StripeClient, practice: str
) -> None:
    evil = "<b onclick=x>Evil</b>"
    sandbox.enable(practice, business=evil)
    session = _open(client, practice, customer_email='a"<i>@example.com')
    assert session.url
    with urlopen(session.url, timeout=5) as answer:
        text = answer.read().decode()
    assert evil not in text
    assert "&lt;b onclick=x&gt;Evil" in text
    assert "<i>" not in text


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"mode": "subscription"}, "no subscriptions"),
        ({"line_items": []}, "line_items"),
        ({"ui_mode": "embedded_page"}, "hosted page"),
        ({"allowed_payment_method_types": ["klarna"]}, "switched on"),
        ({"expires_at": 1}, "30 minutes"),
        ({"customer": "cus_none"}, "No such customer"),
        ({"payment_intent_data": {"descripton": "x"}}, "descripton"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_what_is_not_understood_is_refused(
    client: stripe.StripeClient, practice: str, wrong: dict[str, Any], said: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError, match=said):
        _open(client, practice, **wrong)


def test_less_than_half_a_dollar_is_no_bill(client: stripe.StripeClient, practice: str) -> None:
    with refused(code="amount_too_small"):
        _open(client, practice, cents=49)
