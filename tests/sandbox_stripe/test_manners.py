"""What all of the API has in common: cursors, expansion, nested parameters, refusals; and the command."""

import os
import signal
import subprocess
import sys
from typing import Any

import pytest
import stripe

from billing_sandbox.stripe import forms
from billing_sandbox.stripe.running import Sandbox
from tests.sandbox_stripe.asking import charged, here, refused


def test_pages(client: stripe.StripeClient, practice: str) -> None:
    names = [client.v1.customers.create({}, here(practice)).id for _ in range(7)]
    first = client.v1.customers.list({"limit": 3}, here(practice))
    assert [each.id for each in first.data] == names[:3:-1]
    assert first.has_more
    walked = [each.id for each in first.auto_paging_iter()]
    assert walked == list(reversed(names))
    back = client.v1.customers.list({"limit": 2, "ending_before": names[0]}, here(practice))
    assert [each.id for each in back.data] == [names[2], names[1]]
    assert back.has_more
    with refused(match="between 1 and 100"):
        client.v1.customers.list({"limit": 101}, here(practice))
    with refused(code="resource_missing"):
        client.v1.customers.list({"starting_after": "cus_none"}, here(practice))


def test_by_when(sandbox: Sandbox, client: stripe.StripeClient, practice: str) -> None:
    early = client.v1.customers.create({}, here(practice))
    sandbox.advance(days=1)
    late = client.v1.customers.create({}, here(practice))
    found = client.v1.customers.list({"created": {"gt": early.created}}, here(practice)).data
    assert [each.id for each in found] == [late.id]
    found = client.v1.customers.list({"created": {"lte": early.created}}, here(practice)).data
    assert [each.id for each in found] == [early.id]


def test_time_that_was_moved_on_and_back(
    sandbox: Sandbox, client: stripe.StripeClient, practice: str
) -> None:
    wall = sandbox.now()
    sandbox.advance(days=40)
    late = client.v1.customers.create({}, here(practice))
    assert late.created - wall >= 40 * 86_400
    sandbox.back_to_now()
    assert 0 <= sandbox.now() - wall < 60


def test_expanding(client: stripe.StripeClient, practice: str) -> None:
    customer = client.v1.customers.create({}, here(practice))
    made = client.v1.payment_intents.create(
        charged(customer=customer.id, expand=["customer", "latest_charge.balance_transaction"]),
        here(practice),
    )
    assert isinstance(made.customer, stripe.Customer)
    assert isinstance(made.latest_charge, stripe.Charge)
    listed = client.v1.charges.list({"expand": ["data.payment_intent"]}, here(practice))
    assert isinstance(listed.data[0].payment_intent, stripe.PaymentIntent)
    plain = client.v1.payment_intents.retrieve(made.id, {}, here(practice))
    assert plain.customer == customer.id
    for wrong in ("amount", "nothing", "customer.nothing"):
        with refused(match="cannot be expanded"):
            client.v1.payment_intents.retrieve(made.id, {"expand": [wrong]}, here(practice))


def test_metadata(client: stripe.StripeClient, practice: str) -> None:
    customer = client.v1.customers.create({"metadata": {"a": "1", "b": "2"}}, here(practice))
    client.v1.customers.update(customer.id, {"metadata": {"a": "", "c": "3"}}, here(practice))
    kept = client.v1.customers.retrieve(customer.id, {}, here(practice)).metadata
    assert kept
    assert kept.to_dict() == {"b": "2", "c": "3"}
    cleared = client.v1.customers.update(customer.id, {"metadata": ""}, here(practice)).metadata
    assert cleared is not None
    assert cleared.to_dict() == {}
    with refused(match="500"):
        client.v1.customers.create({"metadata": {"a": "x" * 501}}, here(practice))


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("a=1&b[c]=2&b[d]=3", {"a": "1", "b": {"c": "2", "d": "3"}}),
        ("x[0][a]=1&x[1][a]=2&x[10][a]=3", {"x": [{"a": "1"}, {"a": "2"}, {"a": "3"}]}),
        ("expand[]=a&expand[]=b", {"expand": ["a", "b"]}),
        ("a=%5Bb%5D&c=&d=1+2", {"a": "[b]", "c": "", "d": "1 2"}),
        ("a%5Bb%5D=1", {"a": {"b": "1"}}),
    ],
)
def test_forms(text: str, meant: dict[str, Any]) -> None:
    assert forms.decoded(text) == meant


@pytest.mark.parametrize(
    ("params", "code", "param"),
    [
        ({"currency": "usd"}, "parameter_missing", "amount"),
        ({"amount": 100}, "parameter_missing", "currency"),
        ({"amount": "much", "currency": "usd"}, "parameter_invalid_integer", "amount"),
        ({"amount": 100, "currency": "usd", "colour": "red"}, "parameter_unknown", "colour"),
        ({"amount": 100, "currency": "usd", "customer": "cus_x"}, "resource_missing", "customer"),
    ],
)
def test_refusals(
    client: stripe.StripeClient, practice: str, params: Any, code: str, param: str
) -> None:
    with refused(code=code) as caught:
        client.v1.payment_intents.create(params, here(practice))
    assert caught.value.param == param
    assert caught.value.http_status == 400
    assert caught.value.request_id.startswith("req_")


def test_what_is_not_there_is_404(client: stripe.StripeClient, practice: str) -> None:
    with refused(code="resource_missing", match="No such charge: 'ch_x'") as caught:
        client.v1.charges.retrieve("ch_x", {}, here(practice))
    assert caught.value.http_status == 404
    with refused(match="Unrecognized request URL") as caught:
        client.v1.invoices.list({}, here(practice))
    assert caught.value.http_status == 404


def test_a_deleted_customer(client: stripe.StripeClient, practice: str) -> None:
    customer = client.v1.customers.create({}, here(practice))
    method = client.v1.payment_methods.attach(
        "pm_card_visa", {"customer": customer.id}, here(practice)
    )
    assert client.v1.customers.delete(customer.id, {}, here(practice)).deleted
    assert client.v1.customers.retrieve(customer.id, {}, here(practice)).deleted
    assert client.v1.customers.list({}, here(practice)).data == []
    assert client.v1.payment_methods.retrieve(method.id, {}, here(practice)).customer is None


def test_the_command() -> None:
    command = [sys.executable, "-m", "billing_sandbox.stripe", "--port", "0", "--quick"]
    environment = {**os.environ, "PYTHONPATH": "src"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as running:
        assert running.stdout
        told = dict(running.stdout.readline().strip().split("=", 1) for _ in range(3))
        client = stripe.StripeClient(told["api_key"], base_addresses={"api": told["url"]})
        assert client.v1.customers.create({}).id.startswith("cus_")
        running.send_signal(signal.SIGTERM)
        assert running.wait(10) == 0


def test_it_ends_with_its_block() -> None:
    with Sandbox() as first:
        client = stripe.StripeClient(first.api_key, base_addresses={"api": first.url})
        client.v1.customers.create({})
    with pytest.raises(stripe.APIConnectionError):
        client.v1.customers.create({})
    with Sandbox(port=first.port, api_key=first.api_key) as second:
        assert second.url == first.url
        assert client.v1.customers.list({}).data == [], "nothing is left of the first"
