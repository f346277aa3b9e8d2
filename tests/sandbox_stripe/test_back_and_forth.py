"""Money that goes back: refunds that stand, wait or fail, and disputes won, lost and merely asked about."""

from typing import Any

import pytest
import stripe

from billing_sandbox.stripe.running import Sandbox
from tests.sandbox_stripe.asking import charged, here, refused
from tests.sandbox_stripe.conftest import Receiver


def _pay(
    client: stripe.StripeClient, account: str, method: str = "pm_card_visa", cents: int = 5000
) -> stripe.PaymentIntent:
    return client.v1.payment_intents.create(charged(cents, method), here(account))


def _moves(client: stripe.StripeClient, account: str) -> list[tuple[str, int, int]]:
    """Oldest first: what for, how much, at what fee."""
    rows = client.v1.balance_transactions.list({"limit": 100}, here(account)).data
    return [(row.reporting_category, row.amount, row.fee) for row in reversed(rows)]


def _charge(client: stripe.StripeClient, account: str, intent: stripe.PaymentIntent) -> Any:
    return client.v1.charges.retrieve(
        str(intent.latest_charge), {"expand": ["refunds"]}, here(account)
    )


def test_in_two_parts_and_no_more(client: stripe.StripeClient, practice: str) -> None:
    intent = _pay(client, practice)
    first = client.v1.refunds.create(
        {"payment_intent": intent.id, "amount": 2000, "reason": "requested_by_customer"},
        here(practice),
    )
    assert (first.status, first.amount, first.charge) == ("succeeded", 2000, intent.latest_charge)
    charge = _charge(client, practice, intent)
    assert (charge.amount_refunded, charge.refunded) == (2000, False)
    with refused(match=r"\$40.00.*\$30.00"):
        client.v1.refunds.create({"charge": charge.id, "amount": 4000}, here(practice))
    rest = client.v1.refunds.create({"charge": charge.id}, here(practice))
    assert rest.amount == 3000
    charge = _charge(client, practice, intent)
    assert (charge.amount_refunded, charge.refunded) == (5000, True)
    assert [each.id for each in charge.refunds.data] == [rest.id, first.id]
    with refused(code="charge_already_refunded"):
        client.v1.refunds.create({"charge": charge.id}, here(practice))
    with refused(code="parameter_invalid_integer"):
        client.v1.refunds.create({"charge": charge.id, "amount": 0}, here(practice))
    assert _moves(client, practice) == [
        ("charge", 5000, 175),
        ("refund", -2000, 0),
        ("refund", -3000, 0),
    ]


def test_one_that_succeeds_later(
    sandbox: Sandbox, client: stripe.StripeClient, practice: str, receiver: Receiver
) -> None:
    sandbox.deliver_to(receiver.url)
    intent = _pay(client, practice, "pm_card_pendingRefund")
    refund = client.v1.refunds.create({"payment_intent": intent.id}, here(practice))
    assert (refund.status, refund.pending_reason) == ("pending", "processing")
    sandbox.advance(61)
    assert client.v1.refunds.retrieve(refund.id, {}, here(practice)).status == "succeeded"
    sandbox.settle()
    assert receiver.kinds()[-4:] == [
        "refund.created",
        "charge.refunded",
        "refund.updated",
        "charge.refund.updated",
    ]


def test_one_that_fails_later(
    sandbox: Sandbox, client: stripe.StripeClient, practice: str, receiver: Receiver
) -> None:
    sandbox.deliver_to(receiver.url)
    intent = _pay(client, practice, "pm_card_refundFail")
    refund = client.v1.refunds.create({"payment_intent": intent.id}, here(practice))
    assert refund.status == "succeeded"
    sandbox.advance(61)
    failed = client.v1.refunds.retrieve(
        refund.id, {"expand": ["failure_balance_transaction"]}, here(practice)
    )
    assert (failed.status, failed.failure_reason) == ("failed", "expired_or_canceled_card")
    charge = _charge(client, practice, intent)
    assert (charge.amount_refunded, charge.refunded) == (0, False)
    assert _moves(client, practice)[1:] == [("refund", -5000, 0), ("refund_failure", 5000, 0)]
    sandbox.settle()
    assert receiver.kinds()[-1] == "refund.failed"
    # Any refund can be made to fail, once.
    other = _pay(client, practice)
    again = client.v1.refunds.create({"payment_intent": other.id}, here(practice))
    sandbox.fail_refund(again.id)
    sandbox.fail_refund(again.id)
    assert [row[0] for row in _moves(client, practice)][-1:] == ["refund_failure"]
    assert len(_moves(client, practice)) == 6


def test_what_was_never_paid_is_not_given_back(client: stripe.StripeClient, practice: str) -> None:
    with refused(stripe.CardError, code="card_declined") as caught:
        _pay(client, practice, "pm_card_chargeDeclined")
    with refused(match="does not have a successful charge"):
        client.v1.refunds.create(
            {"payment_intent": caught.value.error.payment_intent.id}, here(practice)
        )
    with refused(code="resource_missing"):
        client.v1.refunds.create({"charge": "ch_none"}, here(practice))
    with refused(match="payment_intent or charge"):
        client.v1.refunds.create({}, here(practice))


@pytest.mark.parametrize(
    ("text", "ends"), [("winning_evidence", "won"), ("losing_evidence", "lost")]
)
def test_a_dispute(
    sandbox: Sandbox,
    client: stripe.StripeClient,
    practice: str,
    receiver: Receiver,
    text: str,
    ends: str,
) -> None:
    sandbox.deliver_to(receiver.url)
    intent = _pay(client, practice, "pm_card_createDispute")
    [dispute] = client.v1.disputes.list({"payment_intent": intent.id}, here(practice)).data
    assert (dispute.status, dispute.reason, dispute.amount) == (
        "needs_response",
        "fraudulent",
        5000,
    )
    assert _charge(client, practice, intent).disputed
    assert _moves(client, practice) == [("charge", 5000, 175), ("dispute", -5000, 1500)]
    with refused(code="charge_disputed", match="charged back"):
        client.v1.refunds.create({"payment_intent": intent.id}, here(practice))
    draft = client.v1.disputes.update(
        dispute.id,
        {"evidence": {"product_description": "Service"}, "submit": False},
        here(practice),
    )
    assert (draft.status, draft.evidence_details.submission_count) == ("needs_response", 0)
    sent = client.v1.disputes.update(
        dispute.id, {"evidence": {"uncategorized_text": text}}, here(practice)
    )
    assert (sent.status, sent.evidence_details.submission_count) == ("under_review", 1)
    sandbox.advance(61)
    decided = client.v1.disputes.retrieve(dispute.id, {}, here(practice))
    assert decided.status == ends
    back = [("dispute_reversal", 5000, 0)] if ends == "won" else []
    assert _moves(client, practice)[2:] == back
    with refused(match="already closed"):
        client.v1.disputes.close(dispute.id, {}, here(practice))
    sandbox.settle()
    kinds = [kind for kind in receiver.kinds() if "dispute" in kind]
    assert kinds == [
        "charge.dispute.created",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.updated",
        "charge.dispute.updated",
        *(["charge.dispute.funds_reinstated"] if back else []),
        "charge.dispute.closed",
    ]


def test_an_inquiry_moves_no_money(
    sandbox: Sandbox, client: stripe.StripeClient, practice: str
) -> None:
    intent = _pay(client, practice, "pm_card_createDisputeInquiry")
    [dispute] = client.v1.disputes.list({"charge": str(intent.latest_charge)}, here(practice)).data
    assert (dispute.status, dispute.is_charge_refundable) == ("warning_needs_response", True)
    assert dispute.balance_transactions == []
    client.v1.refunds.create({"payment_intent": intent.id, "amount": 100}, here(practice))
    sandbox.decide(dispute.id, won=True)
    assert client.v1.disputes.retrieve(dispute.id, {}, here(practice)).status == "warning_closed"
    assert _moves(client, practice) == [("charge", 5000, 175), ("refund", -100, 0)]


def test_an_inquiry_that_grows(
    sandbox: Sandbox, client: stripe.StripeClient, practice: str
) -> None:
    intent = _pay(client, practice, "pm_card_createDisputeInquiry")
    [dispute] = client.v1.disputes.list({}, here(practice)).data
    client.v1.disputes.update(
        dispute.id,
        {"evidence": {"uncategorized_text": "escalate_inquiry_evidence"}},
        here(practice),
    )
    sandbox.advance(61)
    grown = client.v1.disputes.retrieve(dispute.id, {}, here(practice))
    assert grown.status == "needs_response"
    assert len(grown.balance_transactions) == 1
    with refused(code="charge_disputed"):
        client.v1.refunds.create({"payment_intent": intent.id}, here(practice))


def test_by_a_word_to_the_sandbox_and_without_an_answer(
    sandbox: Sandbox, client: stripe.StripeClient, practice: str
) -> None:
    intent = _pay(client, practice)
    name = sandbox.dispute(str(intent.latest_charge), reason="product_not_received", amount=1200)
    assert client.v1.disputes.retrieve(name, {}, here(practice)).amount == 1200
    sandbox.advance(days=10)
    overdue = client.v1.disputes.retrieve(name, {}, here(practice))
    assert (overdue.status, overdue.evidence_details.past_due) == ("lost", True)


def test_accepting_it_is_losing_it(client: stripe.StripeClient, practice: str) -> None:
    _pay(client, practice, "pm_card_createDisputeProductNotReceived")
    [dispute] = client.v1.disputes.list({}, here(practice)).data
    assert dispute.reason == "product_not_received"
    assert client.v1.disputes.close(dispute.id, {}, here(practice)).status == "lost"
