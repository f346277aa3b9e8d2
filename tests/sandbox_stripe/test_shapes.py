"""Every object the sandbox makes is beside the library's generated classes."""

from typing import Any

import pytest
import stripe

from billing_sandbox.stripe.running import Sandbox
from billing_sandbox.stripe.store import public
from tests.sandbox_stripe.asking import charged, checkout, here, set_up
from tests.sandbox_stripe.shapes import problems


def _live(sandbox: Sandbox, client: stripe.StripeClient, account: str) -> None:
    """A day of a practice with every kind of thing in it."""
    customer = client.v1.customers.create({"email": "a@example.com", "name": "A"}, here(account))
    for card in ("4242424242424242", "4000000000000259", "4000000000001976", "4000000000005126"):
        session = client.v1.checkout.sessions.create(
            _session(5000, customer=customer.id), here(account)
        )
        sandbox.pay(session.url or "", card)
    session = client.v1.checkout.sessions.create(_session(700), here(account))
    with pytest.raises(Exception, match="declined"):
        sandbox.pay(session.url or "", "4000000000000002")
    led = sandbox.pay(session.url or "", "4000000000003220")
    sandbox.authenticate(led)
    for bank in ("000123456789", "000222222227"):
        session = client.v1.checkout.sessions.create(_session(900), here(account))
        sandbox.pay(session.url or "", bank=bank)
    setup: Any = {
        "mode": "setup",
        "success_url": "https://example.com/ok",
        "allowed_payment_method_types": ["card", "us_bank_account"],
        "customer": customer.id,
    }
    sandbox.pay(client.v1.checkout.sessions.create(setup, here(account)).url or "")
    client.v1.setup_intents.create(
        set_up("pm_usBankAccount_success", customer=customer.id), here(account)
    )
    for charge in client.v1.charges.list({"limit": 100}, here(account)).data:
        if charge.status == "succeeded" and not charge.disputed:
            client.v1.refunds.create({"charge": charge.id, "amount": 100}, here(account))
    for dispute in client.v1.disputes.list({}, here(account)).data:
        client.v1.disputes.update(
            dispute.id, {"evidence": {"uncategorized_text": "winning_evidence"}}, here(account)
        )
    client.v1.payment_intents.create(
        charged(800, customer=customer.id, application_fee_amount=50),
        here(account),
    )
    sandbox.advance(days=8)
    sandbox.pay_out(account, wait=True)
    sandbox.advance(hours=1)


def _session(cents: int, **more: Any) -> Any:
    return checkout(cents, allowed_payment_method_types=["card", "us_bank_account"], **more)


def test_every_object_is_as_the_library_says(
    sandbox: Sandbox, client: stripe.StripeClient, practice: str
) -> None:
    _live(sandbox, client, practice)
    book = sandbox.world.book_of(practice)
    seen: dict[str, int] = {}
    found: set[str] = set()
    for kind in list(book.kinds()) + list(sandbox.world.platform.kinds()):
        for home in (book, sandbox.world.platform):
            for obj in home.of(kind):
                seen[kind] = seen.get(kind, 0) + 1
                found |= set(problems(public(obj)))
    assert not found, "\n".join(sorted(found))
    assert set(seen) >= {
        "account",
        "application_fee",
        "balance_transaction",
        "bank_account",
        "charge",
        "checkout.session",
        "customer",
        "dispute",
        "event",
        "mandate",
        "payment_intent",
        "payment_method",
        "payout",
        "price",
        "product",
        "refund",
        "setup_attempt",
        "setup_intent",
    }


def test_the_walk_notices(sandbox: Sandbox, client: stripe.StripeClient, practice: str) -> None:
    account = public(sandbox.world.platform.get("account", practice))
    assert problems(account) == []
    assert problems(account | {"charge_enabled": True}) == [
        "account.charge_enabled: there is no such field"
    ]
    assert problems(account | {"type": "odd"}) == ["account.type: 'odd' is not one of its words"]
    intent = public(
        sandbox.world.book_of(practice).get(
            "payment_intent",
            client.v1.payment_intents.create(
                {"amount": 100, "currency": "usd"}, {"stripe_account": practice}
            ).id,
        )
    )
    assert problems(intent) == []
    assert problems({k: v for k, v in intent.items() if k != "amount"}) == [
        "payment_intent.amount: missing"
    ]
    assert problems(intent | {"amount": "100"}) == ["payment_intent.amount: '100' is no int"]
