"""Which ways of paying are offered, and what Stripe's releases have changed about saying so."""

import json
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest
import stripe

from billing_sandbox.stripe.running import Sandbox
from tests.sandbox_stripe.asking import checkout, here, refused


def _gone(client: stripe.StripeClient, account: str) -> list[Any]:
    intent: Any = {"amount": 500, "currency": "usd"}
    kinds: Any = {"payment_method_types": ["card"]}
    return [
        lambda: client.v1.payment_intents.create(intent | kinds, here(account)),
        lambda: client.v1.setup_intents.create(kinds, here(account)),
        lambda: client.v1.checkout.sessions.create(checkout(**kinds), here(account)),
    ]


@pytest.mark.parametrize("which", [0, 1, 2])
def test_the_old_list_is_refused(client: stripe.StripeClient, practice: str, which: int) -> None:
    """Since 2026-09-30, and the library speaks a later version."""
    with refused(code="payment_method_types_no_longer_supported") as caught:
        _gone(client, practice)[which]()
    assert caught.value.param == "payment_method_types"


def test_old_callers_may_still_say_it(sandbox: Sandbox, practice: str) -> None:
    def ask(version: str | None) -> dict[str, Any]:
        form = {"amount": 500, "currency": "usd", "payment_method_types[0]": "card"}
        headers = {"Authorization": f"Bearer {sandbox.api_key}"}
        if version:
            headers["Stripe-Version"] = version
        request = Request(f"{sandbox.url}/v1/payment_intents", urlencode(form).encode(), headers)
        with urlopen(request, timeout=5) as answer:
            made: dict[str, Any] = json.load(answer)
        return made

    for version in (None, "2026-08-26.dahlia"):
        assert ask(version)["payment_method_types"] == ["card"]


def test_what_the_account_has_switched_on(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    account = sandbox.account()

    def offered(**more: Any) -> list[str]:
        made = client.v1.checkout.sessions.create(checkout(**more), here(account))
        return made.payment_method_types

    assert offered() == ["card"]
    sandbox.offer(account, "card", "us_bank_account")
    assert offered() == ["card", "us_bank_account"]
    assert offered(allowed_payment_method_types=["card", "klarna"]) == ["card"]
    assert offered(excluded_payment_method_types=["card"]) == ["us_bank_account"]
    with refused(match="switched on"):
        offered(allowed_payment_method_types=["klarna"])
    with refused(match="only specify one"):
        offered(allowed_payment_method_types=["card"], excluded_payment_method_types=["card"])


def test_an_intent_that_may_lead_away_must_lead_back(
    client: stripe.StripeClient, practice: str
) -> None:
    plain: Any = {
        "amount": 500,
        "currency": "usd",
        "payment_method": "pm_card_visa",
        "confirm": True,
    }
    with refused(match="return_url"):
        client.v1.payment_intents.create(plain, here(practice))
    assert client.v1.payment_intents.list({}, here(practice)).data == [], "nothing was begun"
    customer = client.v1.customers.create({"payment_method": "pm_card_visa"}, here(practice))
    kept = client.v1.customers.payment_methods.list(customer.id, {}, here(practice)).data[0]
    for more in (
        {"return_url": "https://example.com/back"},
        {"allowed_payment_method_types": ["card"]},
        {"automatic_payment_methods": {"enabled": True, "allow_redirects": "never"}},
        {"off_session": True, "customer": customer.id, "payment_method": kept.id},
    ):
        paid = client.v1.payment_intents.create(plain | more, here(practice))
        assert paid.status == "succeeded"
