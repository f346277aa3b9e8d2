"""Many ask at once: nothing is counted twice and nothing is lost."""

import threading
from collections import Counter
from collections.abc import Callable

import stripe

from billing_sandbox.stripe.running import Sandbox
from tests.sandbox_stripe.asking import charged, checkout, here
from tests.sandbox_stripe.conftest import Receiver


def _together(times: int, ask: Callable[[int], None]) -> None:
    threads = [threading.Thread(target=ask, args=(at,)) for at in range(times)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(30)


def test_no_more_is_refunded_than_was_paid(client: stripe.StripeClient, practice: str) -> None:
    intent = client.v1.payment_intents.create(charged(1000), here(practice))
    outcomes: Counter[str] = Counter()

    def ask(_: int) -> None:
        try:
            client.v1.refunds.create({"payment_intent": intent.id, "amount": 100}, here(practice))
            outcomes["done"] += 1
        except stripe.InvalidRequestError as no:
            outcomes[str(no.code)] += 1

    _together(16, ask)
    assert outcomes == {"done": 10, "charge_already_refunded": 6}
    rows = client.v1.balance_transactions.list({"limit": 100}, here(practice)).data
    assert sum(row.amount for row in rows) == 0


def test_a_page_is_paid_once(
    sandbox: Sandbox, client: stripe.StripeClient, practice: str, receiver: Receiver
) -> None:
    """Two browsers on one bill, and more."""
    sandbox.deliver_to(receiver.url, events=("checkout.session.completed",))
    session = client.v1.checkout.sessions.create(checkout(), here(practice))
    led: list[str] = []
    _together(8, lambda _: led.append(sandbox.pay(str(session.url))))
    assert sorted(led) == [""] * 7 + [f"https://example.com/ok?s={session.id}"]
    assert len(client.v1.charges.list({}, here(practice)).data) == 1
    sandbox.settle()
    assert len(receiver.events) == 1


def test_everything_is_told_once(
    sandbox: Sandbox, client: stripe.StripeClient, receiver: Receiver
) -> None:
    accounts = [sandbox.account() for _ in range(4)]
    sandbox.deliver_to(receiver.url)

    def ask(at: int) -> None:
        client.v1.payment_intents.create(charged(), here(accounts[at % 4]))

    _together(24, ask)
    sandbox.settle()
    assert Counter(receiver.kinds()) == dict.fromkeys(
        (
            "payment_intent.created",
            "charge.succeeded",
            "payment_intent.succeeded",
            "charge.updated",
        ),
        24,
    )
    assert len({event.id for event in receiver.events}) == 96
    for account in accounts:
        balance = client.v1.balance.retrieve({}, here(account))
        assert balance.pending[0].amount == 6 * (5000 - 175)
