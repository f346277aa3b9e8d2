"""Payment intents by the API: every documented number, authentication, holds, cancelling."""

import pytest
import stripe

from billing_sandbox.stripe.cards import BY_NUMBER
from billing_sandbox.stripe.running import Sandbox
from tests.sandbox_stripe.asking import charged, here, refused, set_up

DECLINES = [
    ("4000000000000002", "card_declined", "generic_decline"),
    ("4000000000009995", "card_declined", "insufficient_funds"),
    ("4000000000009987", "card_declined", "lost_card"),
    ("4000000000009979", "card_declined", "stolen_card"),
    ("4000000000000069", "expired_card", "expired_card"),
    ("4000000000000127", "incorrect_cvc", "incorrect_cvc"),
    ("4000000000000119", "processing_error", "processing_error"),
    ("4000000000006975", "card_declined", "card_velocity_exceeded"),
    ("4100000000000019", "card_declined", "fraudulent"),
    ("4000000000000341", "card_declined", "generic_decline"),
]


@pytest.mark.parametrize(("number", "code", "decline"), DECLINES)
def test_a_declined_number(
    client: stripe.StripeClient, practice: str, number: str, code: str, decline: str
) -> None:
    name = "pm_card_" + BY_NUMBER[number].names[0]
    with refused(stripe.CardError, code=code) as caught:
        client.v1.payment_intents.create(charged(method=name), here(practice))
    error = caught.value.error
    assert caught.value.http_status == 402
    assert error.decline_code == decline
    assert error.payment_intent.status == "requires_payment_method"
    intent = client.v1.payment_intents.retrieve(error.payment_intent.id, {}, here(practice))
    assert intent.payment_method is None
    assert intent.last_payment_error
    assert intent.last_payment_error.code == code
    charge = client.v1.charges.retrieve(error.charge, {}, here(practice))
    assert (charge.status, charge.paid, charge.failure_code) == ("failed", False, code)
    assert intent.latest_charge == charge.id
    assert client.v1.balance_transactions.list({}, here(practice)).data == []
    # The same intent takes another method.
    again = client.v1.payment_intents.confirm(
        intent.id, {"payment_method": "pm_card_visa"}, here(practice)
    )
    assert (again.status, again.amount_received) == ("succeeded", 5000)


def test_numbers_that_are_no_test_numbers(client: stripe.StripeClient, practice: str) -> None:
    def keep(number: str) -> None:
        client.v1.payment_methods.create(
            {"type": "card", "card": {"number": number, "exp_month": 12, "exp_year": 2040}},
            here(practice),
        )

    with refused(stripe.CardError, code="incorrect_number"):
        keep("4242424242424241")
    with refused(stripe.CardError, code="card_declined", match="test mode"):
        keep("4111111111111111")


def test_a_date_that_has_passed(client: stripe.StripeClient, practice: str) -> None:
    method = client.v1.payment_methods.create(
        {"type": "card", "card": {"number": "4242424242424242", "exp_month": 1, "exp_year": 2020}},
        here(practice),
    )
    with refused(stripe.CardError, code="expired_card"):
        client.v1.payment_intents.create(charged(method=method.id), here(practice))


@pytest.mark.parametrize("name", ["threeDSecure2Required", "authenticationRequired"])
def test_the_bank_wants_to_ask(
    sandbox: Sandbox, client: stripe.StripeClient, practice: str, name: str
) -> None:
    intent = client.v1.payment_intents.create(
        charged(method=f"pm_card_{name}", return_url="https://example.com/back"), here(practice)
    )
    assert intent.status == "requires_action"
    assert intent.next_action
    assert intent.next_action.redirect_to_url
    led = sandbox.authenticate(str(intent.next_action.redirect_to_url.url))
    assert led.startswith(f"https://example.com/back?payment_intent={intent.id}&")
    assert led.endswith("redirect_status=succeeded")
    assert client.v1.payment_intents.retrieve(intent.id, {}, here(practice)).status == "succeeded"


def test_nobody_is_there_to_be_asked(client: stripe.StripeClient, practice: str) -> None:
    customer = client.v1.customers.create({}, here(practice))
    method = client.v1.payment_methods.attach(
        "pm_card_authenticationRequired", {"customer": customer.id}, here(practice)
    )
    with refused(stripe.CardError, code="authentication_required") as caught:
        client.v1.payment_intents.create(
            charged(method=method.id, customer=customer.id, off_session=True), here(practice)
        )
    assert caught.value.error.decline_code == "authentication_required"
    assert caught.value.error.payment_intent.status == "requires_payment_method"


def test_a_card_set_up_before_is_charged_without_asking(
    sandbox: Sandbox, client: stripe.StripeClient, practice: str
) -> None:
    customer = client.v1.customers.create({}, here(practice))
    setup = client.v1.setup_intents.create(
        set_up(
            "pm_card_authenticationRequiredOnSetup",
            customer=customer.id,
            return_url="https://example.com/back",
        ),
        here(practice),
    )
    assert setup.status == "requires_action"
    assert setup.next_action
    assert setup.next_action.redirect_to_url
    sandbox.authenticate(str(setup.next_action.redirect_to_url.url))
    setup = client.v1.setup_intents.retrieve(setup.id, {}, here(practice))
    assert setup.status == "succeeded"
    paid = client.v1.payment_intents.create(
        charged(method=str(setup.payment_method), customer=customer.id, off_session=True),
        here(practice),
    )
    assert paid.status == "succeeded"


def test_a_card_that_is_kept_and_then_declined(client: stripe.StripeClient, practice: str) -> None:
    customer = client.v1.customers.create({}, here(practice))
    kept = client.v1.payment_methods.attach(
        "pm_card_chargeCustomerFail", {"customer": customer.id}, here(practice)
    )
    with refused(stripe.CardError, code="card_declined"):
        client.v1.payment_intents.create(
            charged(method=kept.id, customer=customer.id, off_session=True), here(practice)
        )
    with refused(stripe.CardError, code="card_declined"):
        client.v1.payment_methods.attach(
            "pm_card_chargeDeclined", {"customer": customer.id}, here(practice)
        )


def test_a_setup_that_is_declined(client: stripe.StripeClient, practice: str) -> None:
    with refused(stripe.CardError, code="card_declined") as caught:
        client.v1.setup_intents.create(set_up("pm_card_chargeDeclined"), here(practice))
    setup = client.v1.setup_intents.retrieve(caught.value.error.setup_intent.id, {}, here(practice))
    assert setup.status == "requires_payment_method"
    assert setup.last_setup_error
    assert setup.last_setup_error.decline_code == "generic_decline"


def test_a_method_is_used_once_unless_it_is_kept(
    client: stripe.StripeClient, practice: str
) -> None:
    method = client.v1.payment_methods.create(
        {"type": "card", "card": {"token": "tok_visa"}}, here(practice)
    )
    client.v1.payment_intents.create(charged(method=method.id), here(practice))
    with refused(match="may not be used again"):
        client.v1.payment_intents.create(charged(method=method.id), here(practice))


def test_somebody_elses_method(client: stripe.StripeClient, practice: str) -> None:
    one, other = (client.v1.customers.create({}, here(practice)) for _ in range(2))
    method = client.v1.payment_methods.attach("pm_card_visa", {"customer": one.id}, here(practice))
    with refused(match="customer"):
        client.v1.payment_intents.create(
            charged(method=method.id, customer=other.id), here(practice)
        )
    client.v1.payment_methods.detach(method.id, {}, here(practice))
    with refused(match="may not be used again"):
        client.v1.payment_methods.attach(method.id, {"customer": one.id}, here(practice))


def test_held_captured_cancelled(client: stripe.StripeClient, practice: str) -> None:
    held = client.v1.payment_intents.create(charged(capture_method="manual"), here(practice))
    assert (held.status, held.amount_capturable, held.amount_received) == (
        "requires_capture",
        5000,
        0,
    )
    assert client.v1.balance_transactions.list({}, here(practice)).data == []
    with refused(code="amount_too_large"):
        client.v1.payment_intents.capture(held.id, {"amount_to_capture": 5001}, here(practice))
    taken = client.v1.payment_intents.capture(held.id, {"amount_to_capture": 3000}, here(practice))
    assert (taken.status, taken.amount_received) == ("succeeded", 3000)
    assert [e.amount for e in client.v1.balance_transactions.list({}, here(practice)).data] == [
        3000
    ]
    with refused(code="payment_intent_unexpected_state"):
        client.v1.payment_intents.cancel(held.id, {}, here(practice))
    other = client.v1.payment_intents.create({"amount": 900, "currency": "usd"}, here(practice))
    gone = client.v1.payment_intents.cancel(
        other.id, {"cancellation_reason": "abandoned"}, here(practice)
    )
    assert (gone.status, gone.cancellation_reason) == ("canceled", "abandoned")
    with refused(code="payment_intent_unexpected_state"):
        client.v1.payment_intents.confirm(
            other.id, {"payment_method": "pm_card_visa"}, here(practice)
        )


def test_without_a_method_nothing_is_confirmed(client: stripe.StripeClient, practice: str) -> None:
    with refused(code="payment_intent_unexpected_state", match="missing a payment method"):
        client.v1.payment_intents.create(
            {"amount": 900, "currency": "usd", "confirm": True, "return_url": "https://x.test"},
            here(practice),
        )
    with refused(code="parameter_invalid_integer"):
        client.v1.payment_intents.create({"amount": 0, "currency": "usd"}, here(practice))


def test_a_debit_that_never_ends_until_it_is_said(
    sandbox: Sandbox, client: stripe.StripeClient, practice: str
) -> None:
    intent = client.v1.payment_intents.create(
        charged(method="pm_usBankAccount_processing"), here(practice)
    )
    sandbox.advance(days=30)
    assert client.v1.payment_intents.retrieve(intent.id, {}, here(practice)).status == "processing"
    sandbox.finish_debit(intent.id, failed=True)
    ended = client.v1.payment_intents.retrieve(intent.id, {}, here(practice))
    assert ended.status == "requires_payment_method"


async def test_the_asynchronous_client(sandbox: Sandbox, practice: str) -> None:
    client = stripe.StripeClient(
        sandbox.api_key,
        base_addresses={"api": sandbox.url},
        http_client=stripe.HTTPXClient(),
    )
    paid = await client.v1.payment_intents.create_async(charged(), here(practice))
    assert paid.status == "succeeded"
    with refused(stripe.CardError, code="card_declined"):
        await client.v1.payment_intents.create_async(
            charged(method="pm_card_chargeDeclined"), here(practice)
        )
