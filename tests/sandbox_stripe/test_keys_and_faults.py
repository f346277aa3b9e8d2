"""Idempotency keys, and what a test can plan to go wrong."""

import threading
import time
from typing import Any

import pytest
import stripe

from billing_sandbox.stripe.running import Sandbox
from tests.sandbox_stripe.asking import charged, checkout, here, refused


def _paid(client: stripe.StripeClient, account: str) -> list[str]:
    return [each.id for each in client.v1.charges.list({"limit": 100}, here(account)).data]


def test_the_same_key_is_the_same_payment(client: stripe.StripeClient, practice: str) -> None:
    first = client.v1.payment_intents.create(charged(), here(practice, idempotency_key="pay-1"))
    second = client.v1.payment_intents.create(charged(), here(practice, idempotency_key="pay-1"))
    assert second.id == first.id
    assert second.last_response is not None
    assert first.last_response is not None
    assert second.last_response.body == first.last_response.body
    assert second.last_response.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.last_response.headers
    assert len(_paid(client, practice)) == 1


def test_a_decline_is_replayed_too(client: stripe.StripeClient, practice: str) -> None:
    said = []
    for _ in range(2):
        with refused(stripe.CardError, code="card_declined") as caught:
            client.v1.payment_intents.create(
                charged(method="pm_card_chargeDeclined"), here(practice, idempotency_key="k")
            )
        said.append(caught.value.http_body)
    assert said[0] == said[1]
    assert len(_paid(client, practice)) == 1


def test_other_parameters_under_the_key(client: stripe.StripeClient, practice: str) -> None:
    client.v1.payment_intents.create(charged(5000), here(practice, idempotency_key="k"))
    with refused(stripe.IdempotencyError, match="same parameters") as caught:
        client.v1.payment_intents.create(charged(5001), here(practice, idempotency_key="k"))
    assert caught.value.http_status == 400
    with refused(stripe.IdempotencyError, match="same endpoint"):
        client.v1.customers.create({}, here(practice, idempotency_key="k"))
    assert len(_paid(client, practice)) == 1


def test_a_key_is_of_one_account(
    sandbox: Sandbox, client: stripe.StripeClient, practice: str
) -> None:
    other = sandbox.account()
    client.v1.payment_intents.create(charged(), here(practice, idempotency_key="k"))
    client.v1.payment_intents.create(charged(9900), here(other, idempotency_key="k"))
    assert len(_paid(client, practice)) == len(_paid(client, other)) == 1


def test_what_was_refused_before_it_began_frees_the_key(
    client: stripe.StripeClient, practice: str
) -> None:
    with refused(code="parameter_unknown"):
        client.v1.payment_intents.create(charged(colour="red"), here(practice, idempotency_key="k"))
    paid = client.v1.payment_intents.create(charged(), here(practice, idempotency_key="k"))
    assert paid.status == "succeeded"


def test_a_key_is_forgotten_after_a_day(
    sandbox: Sandbox, client: stripe.StripeClient, practice: str
) -> None:
    for later, charges in ((0.0, 1), (23.9, 1), (0.2, 2)):
        sandbox.advance(hours=later)
        client.v1.payment_intents.create(charged(), here(practice, idempotency_key="k"))
        assert len(_paid(client, practice)) == charges


def test_two_at_once_with_one_key(
    sandbox: Sandbox, client: stripe.StripeClient, practice: str
) -> None:
    sandbox.delay(0.5, "/v1/payment_intents")
    first: list[Any] = []
    thread = threading.Thread(
        target=lambda: first.append(
            client.v1.payment_intents.create(charged(), here(practice, idempotency_key="k"))
        )
    )
    thread.start()
    while not any(each.path == "/v1/payment_intents" for each in sandbox.requests):
        time.sleep(0.005)
    with refused(stripe.APIError, code="idempotency_key_in_use") as caught:
        client.v1.payment_intents.create(charged(), here(practice, idempotency_key="k"))
    assert caught.value.http_status == 409
    thread.join(5)
    assert len(_paid(client, practice)) == 1
    again = client.v1.payment_intents.create(charged(), here(practice, idempotency_key="k"))
    assert again.id == first[0].id


def test_twenty_at_once_with_one_key(sandbox: Sandbox, practice: str) -> None:
    """The library tries again after 409, as it does with Stripe: all get the one payment."""
    client = stripe.StripeClient(
        sandbox.api_key, base_addresses={"api": sandbox.url}, max_network_retries=5
    )
    got: list[str] = []

    def ask() -> None:
        got.append(
            client.v1.payment_intents.create(charged(), here(practice, idempotency_key="k")).id
        )

    threads = [threading.Thread(target=ask) for _ in range(20)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(30)
    assert len(got) == 20
    assert len(set(got)) == 1
    assert len(_paid(client, practice)) == 1


def test_the_line_goes_dead_after_the_charge(
    sandbox: Sandbox, client: stripe.StripeClient, practice: str
) -> None:
    sandbox.drop("/v1/payment_intents")
    with refused(stripe.APIConnectionError):
        client.v1.payment_intents.create(charged(), here(practice, idempotency_key="k"))
    assert len(_paid(client, practice)) == 1, "the money was taken all the same"
    again = client.v1.payment_intents.create(charged(), here(practice, idempotency_key="k"))
    assert again.status == "succeeded"
    assert len(_paid(client, practice)) == 1


def test_the_library_s_own_retry_finds_the_charge(sandbox: Sandbox, practice: str) -> None:
    client = stripe.StripeClient(
        sandbox.api_key, base_addresses={"api": sandbox.url}, max_network_retries=2
    )
    sandbox.drop("/v1/payment_intents")
    paid = client.v1.payment_intents.create(charged(), here(practice))
    assert paid.status == "succeeded"
    assert len(_paid(client, practice)) == 1


def test_the_line_goes_dead_before_the_charge(
    sandbox: Sandbox, client: stripe.StripeClient, practice: str
) -> None:
    sandbox.drop("/v1/payment_intents", after=False)
    with refused(stripe.APIConnectionError):
        client.v1.payment_intents.create(charged(), here(practice, idempotency_key="k"))
    assert _paid(client, practice) == []
    client.v1.payment_intents.create(charged(), here(practice, idempotency_key="k"))
    assert len(_paid(client, practice)) == 1


def test_slower_than_the_caller_waits(sandbox: Sandbox, practice: str) -> None:
    hasty = stripe.StripeClient(
        sandbox.api_key,
        base_addresses={"api": sandbox.url},
        http_client=stripe.HTTPXClient(timeout=0.2, allow_sync_methods=True),
        max_network_retries=0,
    )
    sandbox.delay(0.6, "/v1/checkout", after=True)
    with refused(stripe.APIConnectionError):
        hasty.v1.checkout.sessions.create(checkout(), here(practice, idempotency_key="k"))
    time.sleep(0.6)
    opened = hasty.v1.checkout.sessions.create(checkout(), here(practice, idempotency_key="k"))
    assert [s.id for s in hasty.v1.checkout.sessions.list({}, here(practice)).data] == [opened.id]


@pytest.mark.parametrize(
    ("status", "kind"),
    [(500, stripe.APIError), (503, stripe.APIError), (429, stripe.RateLimitError)],
)
def test_planned_answers(
    sandbox: Sandbox,
    client: stripe.StripeClient,
    practice: str,
    status: int,
    kind: type[stripe.StripeError],
) -> None:
    sandbox.fail(status, "/v1/refunds", times=2)
    intent = client.v1.payment_intents.create(charged(), here(practice))
    for _ in range(2):
        with pytest.raises(kind) as caught:
            client.v1.refunds.create(
                {"payment_intent": intent.id}, here(practice, idempotency_key="r")
            )
        assert caught.value.http_status == status
    done = client.v1.refunds.create(
        {"payment_intent": intent.id}, here(practice, idempotency_key="r")
    )
    assert done.status == "succeeded"


def test_an_answer_of_500_after_the_work(
    sandbox: Sandbox, client: stripe.StripeClient, practice: str
) -> None:
    sandbox.fail(500, "/v1/payment_intents", after=True)
    with refused(stripe.APIError):
        client.v1.payment_intents.create(charged(), here(practice, idempotency_key="k"))
    client.v1.payment_intents.create(charged(), here(practice, idempotency_key="k"))
    assert len(_paid(client, practice)) == 1


def test_who_asks_must_show_the_key(sandbox: Sandbox, practice: str) -> None:
    stranger = stripe.StripeClient("sk_test_somebody", base_addresses={"api": sandbox.url})
    with refused(stripe.AuthenticationError, match="Invalid API Key provided: sk_test_"):
        stranger.v1.customers.create({}, here(practice))
