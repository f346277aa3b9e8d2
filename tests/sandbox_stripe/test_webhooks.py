"""Events told to endpoints: signed, again after failures, twice, in any order, of whom they are."""

import time

import pytest
import stripe

from billing_sandbox.stripe.running import Sandbox
from tests.sandbox_stripe.asking import charged, here
from tests.sandbox_stripe.conftest import Receiver


def _customer(client: stripe.StripeClient, account: str) -> str:
    return client.v1.customers.create({}, here(account)).id


def test_it_is_tried_again_until_it_is_taken(
    sandbox: Sandbox, client: stripe.StripeClient, practice: str, receiver: Receiver
) -> None:
    sandbox.deliver_to(receiver.url)
    receiver.refuse = [500, 0, 302]
    _customer(client, practice)
    [event] = client.v1.events.list({"type": "customer.created"}, here(practice)).data
    for _ in range(4):
        sandbox.settle()
        sandbox.advance(3)
    sandbox.settle()
    assert receiver.kinds() == ["customer.created"]
    assert [each.status for each in sandbox.attempts] == [500, None, 302, 200]
    assert {each.event_id for each in sandbox.attempts} == {event.id}
    seen = client.v1.events.retrieve(event.id, {}, here(practice))
    assert (event.pending_webhooks, seen.pending_webhooks) == (1, 0)


def test_it_is_given_up_after_the_last_try(
    sandbox: Sandbox, client: stripe.StripeClient, practice: str, receiver: Receiver
) -> None:
    sandbox.deliver_to(receiver.url)
    receiver.refuse = [500] * 50
    _customer(client, practice)
    for _ in range(12):
        sandbox.settle()
        sandbox.advance(days=1)
    tries = len(sandbox.world.timing.webhook_retries) + 1
    assert [e.status for e in sandbox.attempts if e.kind == "customer.created"] == [500] * tries


def test_signed_with_its_own_secret_and_the_hour_it_was_sent(
    sandbox: Sandbox, client: stripe.StripeClient, practice: str, receiver: Receiver
) -> None:
    sandbox.deliver_to(receiver.url, secret="whsec_other")
    _customer(client, practice)
    sandbox.settle()
    assert (receiver.kinds(), receiver.forged) == ([], 1)
    [event] = sandbox.events("customer.created")
    assert sandbox.post(receiver.url, event) == 200
    assert sandbox.post(receiver.url, event, at=int(time.time()) - 299) == 200
    assert sandbox.post(receiver.url, event, at=int(time.time()) - 301) == 400
    assert sandbox.post(receiver.url, event, secret="whsec_forged") == 400
    assert sandbox.post(receiver.url, event | {"livemode": True}) == 200
    assert len(receiver.events) == 3


def test_twice_and_backwards(
    sandbox: Sandbox, client: stripe.StripeClient, practice: str, receiver: Receiver
) -> None:
    sandbox.deliver_to(receiver.url)
    sandbox.hold()
    client.v1.payment_intents.create(charged(), here(practice))
    told = [event["id"] for event in sandbox.events(account=practice) if "account" in event][-4:]
    assert sandbox.release(order="reversed", copies=2) == 8
    sandbox.settle()
    assert [event.id for event in receiver.events] == list(reversed(told * 2))
    sandbox.duplicate(3)
    _customer(client, practice)
    sandbox.settle()
    assert receiver.kinds()[8:] == ["customer.created"] * 3
    sandbox.resend(told[0])
    sandbox.settle()
    assert receiver.events[-1].id == told[0]


def test_shuffled_is_the_same_for_the_same_seed(
    sandbox: Sandbox, client: stripe.StripeClient, practice: str, receiver: Receiver
) -> None:
    sandbox.deliver_to(receiver.url)
    orders = []
    for _ in range(2):
        receiver.events.clear()
        sandbox.hold()
        client.v1.payment_intents.create(charged(), here(practice))
        sandbox.release(order="shuffled", seed=4)
        sandbox.settle()
        orders.append(receiver.kinds())
    assert orders[0] == orders[1]
    assert orders[0] != sorted(orders[0])


def test_the_platform_and_its_accounts_have_endpoints_of_their_own(
    sandbox: Sandbox, client: stripe.StripeClient, practice: str, receiver: Receiver
) -> None:
    sandbox.deliver_to(receiver.url, events=("customer.created",))
    client.v1.customers.create({})
    sandbox.settle()
    assert receiver.events == []
    _customer(client, practice)
    client.v1.payment_intents.create(charged(), here(practice))
    sandbox.deliver_to(receiver.url, connect=False)
    client.v1.customers.create({})
    sandbox.settle()
    assert [(e.type, e.account if "account" in e else None) for e in receiver.events] == [
        ("customer.created", practice),
        ("customer.created", None),
    ]


def test_endpoints_by_the_api(
    client: stripe.StripeClient, sandbox: Sandbox, practice: str, receiver: Receiver
) -> None:
    made = client.v1.webhook_endpoints.create(
        {"url": receiver.url, "enabled_events": ["*"], "connect": True}
    )
    assert made.secret
    receiver.secret = made.secret
    again = client.v1.webhook_endpoints.retrieve(made.id)
    assert "secret" not in again, "told once"
    _customer(client, practice)
    sandbox.settle()
    client.v1.webhook_endpoints.update(made.id, {"disabled": True})
    _customer(client, practice)
    client.v1.webhook_endpoints.update(made.id, {"disabled": False})
    client.v1.webhook_endpoints.delete(made.id)
    _customer(client, practice)
    sandbox.settle()
    assert receiver.kinds() == ["customer.created"]


def test_events_are_kept_and_listed(
    client: stripe.StripeClient, practice: str, sandbox: Sandbox
) -> None:
    key = "my-key"
    client.v1.payment_intents.create(charged(), here(practice, idempotency_key=key))
    events = client.v1.events.list({"type": "payment_intent.*"}, here(practice)).data
    assert [e.type for e in events] == ["payment_intent.succeeded", "payment_intent.created"]
    assert events[0].request
    assert events[0].request.idempotency_key == key
    both = client.v1.events.list({"types": ["charge.succeeded", "charge.updated"]}, here(practice))
    assert [e.type for e in both.data] == ["charge.updated", "charge.succeeded"]
    other = sandbox.account()
    with pytest.raises(stripe.InvalidRequestError, match="No such event"):
        client.v1.events.retrieve(events[0].id, {}, here(other))
