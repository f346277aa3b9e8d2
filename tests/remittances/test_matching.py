"""Whose claim is being paid, when the payer does not bring back our own number, or pays nothing."""

from msgspec.structs import replace

from billing_saas.edi.claim837 import Claim
from billing_saas.edi.remittance import ClaimPayment
from billing_saas.ledger.rules import Account
from billing_sandbox import payer
from tests.remittances.desk import Desk, paid


def under(number: str, said: ClaimPayment) -> ClaimPayment:
    """As a payer answers what the practice's own system sent: its number, and no line numbers."""
    services = tuple(replace(one, references=()) for one in said.services)
    return replace(said, patient_control_number=number, services=services)


async def account_number(desk: Desk, claim: Claim) -> str:
    return (await desk.record(claim)).account_number


async def test_the_practices_own_number_finds_the_claim(desk: Desk) -> None:
    claim = desk.claim(lines=2)
    said = paid(claim, *((line.charge_cents, []) for line in claim.lines))
    number = await account_number(desk, claim)
    assert number != claim.number
    await desk.remit(desk.remittance(claim, under(number, said)))
    record = await desk.record(claim)
    assert (record.claim.receivable, record.money.state) == ("settled", "paid")
    assert await desk.card_kinds() == []
    taken = payer.reversed_payment(under(number.lower(), said))
    await desk.remit(desk.remittance(claim, taken))
    assert (await desk.record(claim)).claim.receivable == "primary"
    assert await desk.claim_balances(claim) == {
        Account.GROSS_CHARGES: -claim.charge_cents,
        Account.PAYER_RECEIVABLE: claim.charge_cents,
    }


async def test_our_number_of_another_case_or_with_blanks_is_not_our_number(desk: Desk) -> None:
    claim = desk.claim()
    said = paid(claim, (claim.charge_cents, []))
    await desk.remit(desk.remittance(claim, under(claim.number + "X", said)))
    assert await desk.card_kinds() == ["unmatched_payment"]
    assert (await desk.record(claim)).claim.receivable == "primary"


async def test_a_predetermination_is_looked_at_and_posts_nothing(desk: Desk) -> None:
    """CLP02 = 25: what the payer would pay. No payment, and no write-off either."""
    claim = desk.claim()
    before = await desk.balances()
    said = paid(
        claim, (0, [("CO", "45", 500), ("OA", "101", claim.charge_cents - 500)]), status="25"
    )
    arrival = await desk.remit(desk.remittance(claim, said))
    assert arrival.state == "handled"
    assert await desk.balances() == before
    (card,) = await desk.cards()
    assert (card.kind, "25" in card.why) == ("payment_review", True)
    record = await desk.record(claim)
    assert [one.adjudication for one in record.submissions] == ["none"]


async def test_a_forwarded_claim_is_the_next_payers_and_not_ours_to_bill(desk: Desk) -> None:
    """x12.md rule 13: CLP02 19 is processed as primary and forwarded; do not bill it again."""
    claim = desk.claim(payers=2)
    said = paid(claim, (claim.charge_cents - 900, [("PR", "2", 900)]), status="19")
    await desk.remit(desk.remittance(claim, said))
    record = await desk.record(claim)
    assert [one.adjudication for one in record.submissions] == ["forwarded"]
    assert (record.claim.receivable, record.claim.next_action_owner) == ("secondary", "payer")
