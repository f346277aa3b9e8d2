"""The page on which a person plays the bank, the patient and the clock."""

from urllib.parse import urlencode
from urllib.request import Request, urlopen

import stripe

from billing_sandbox.stripe.running import Sandbox
from tests.sandbox_stripe.asking import charged, here


def _page(sandbox: Sandbox, site: str = "same-origin", **form: str) -> str:
    data = urlencode(form).encode() if form else None
    with urlopen(Request(sandbox.url + "/", data, {"Sec-Fetch-Site": site}), timeout=5) as answer:
        return str(answer.read().decode())


def test_the_buttons(sandbox: Sandbox, client: stripe.StripeClient, practice: str) -> None:
    debit = client.v1.payment_intents.create(
        charged(method="pm_usBankAccount_success"), here(practice)
    )
    paid = client.v1.payment_intents.create(charged(4000), here(practice))
    assert "The bank pays" in _page(sandbox)

    _page(sandbox, act="debit_failed", id=debit.id, site="cross-site")
    assert client.v1.payment_intents.retrieve(debit.id, {}, here(practice)).status == "processing"
    assert "Done" in _page(sandbox, act="debit_paid", id=debit.id)
    assert client.v1.payment_intents.retrieve(debit.id, {}, here(practice)).status == "succeeded"

    _page(sandbox, act="dispute", id=paid.id)
    [dispute] = client.v1.disputes.list({}, here(practice)).data
    _page(sandbox, act="won", id=dispute.id)
    assert client.v1.disputes.retrieve(dispute.id, {}, here(practice)).status == "won"
    assert "already closed" in _page(sandbox, act="lost", id=dispute.id)

    refund = client.v1.refunds.create({"payment_intent": debit.id}, here(practice))
    _page(sandbox, act="fail_refund", id=refund.id)
    assert client.v1.refunds.retrieve(refund.id, {}, here(practice)).status == "failed"

    assert "Nothing is available" in _page(sandbox, act="pay_out", id=practice)
    _page(sandbox, act="week", id="")
    [payout] = client.v1.payouts.list({}, here(practice)).data
    assert payout.status == "paid"
    assert payout.id in _page(sandbox)
    assert "No such object" in _page(sandbox, act="won", id="du_none")
