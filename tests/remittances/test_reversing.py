"""What a payer takes back: every balance of the claim returns to what it was."""

import msgspec

from billing_saas.ledger.rules import Account
from billing_sandbox import payer
from tests.remittances.books import (
    answer,
    books_of,
    correction,
    nonzero,
    post,
    remit,
    unpost,
    verdicts,
)
from tests.remittances.desk import Desk, paid

CASH = Account.PAYER_CASH
PAYER = Account.PAYER_RECEIVABLE
PATIENT = Account.PATIENT_RECEIVABLE
UNAPPLIED = Account.UNAPPLIED_PAYER_CASH


async def test_a_reversal_alone_returns_every_line_to_what_it_was(desk: Desk) -> None:
    """x12.md rule 11 (RFI 791): per line and per reason, and the payer owes the claim again."""
    claim = desk.claim(lines=2)
    before = await books_of(desk, claim)
    owner_before = (await desk.record(claim)).claim.receivable
    original = answer(claim)
    await remit(desk, claim, original)
    assert await books_of(desk, claim) != before
    await remit(desk, claim, payer.reversed_payment(original))
    assert await books_of(desk, claim) == before
    record = await desk.record(claim)
    assert record.claim.receivable == owner_before == "primary"
    assert [one.adjudication for one in record.submissions] == ["reversed"]
    assert await verdicts(desk, claim) == []
    states = await desk.sql("SELECT state FROM claim_payment ORDER BY id")
    assert [state for (state,) in states] == ["reversed", "auto_posted"]


async def test_reversal_and_correction_in_one_835(desk: Desk) -> None:
    claim = desk.claim(lines=2)
    await remit(desk, claim, answer(claim))
    await remit(desk, claim, payer.reversed_payment(answer(claim)), correction(claim))
    charge = claim.charge_cents
    assert await desk.claim_balances(claim) == {
        Account.GROSS_CHARGES: -charge,
        CASH: charge - 2 * 1_800 - 200,
        Account.CONTRACTUAL_ADJUSTMENT: 2 * 1_000,
        PATIENT: 2 * 800 + 200,
    }
    record = await desk.record(claim)
    assert record.claim.receivable == "patient"
    assert [one.adjudication for one in record.submissions] == ["paid"]
    assert [left for _, left, _ in await verdicts(desk, claim)] == [1_000, 800]


async def test_reversal_and_correction_in_two_835s(desk: Desk) -> None:
    claim = desk.claim()
    before = await books_of(desk, claim)
    await remit(desk, claim, answer(claim))
    await remit(desk, claim, payer.reversed_payment(answer(claim)))
    assert await books_of(desk, claim) == before
    await remit(desk, claim, correction(claim))
    assert (await desk.claim_balances(claim))[PATIENT] == 1_000
    assert (await desk.record(claim)).claim.receivable == "patient"


async def test_a_correction_before_its_reversal_comes_to_the_same(desk: Desk) -> None:
    """RFI 791: the reversal should come first, which must not be assumed."""
    claim, twin = desk.claim(), desk.claim()
    await remit(desk, claim, answer(claim))
    await remit(desk, claim, correction(claim))
    await remit(desk, claim, payer.reversed_payment(answer(claim)))
    balances = await desk.claim_balances(claim)
    assert balances[PATIENT] == 1_000
    assert balances.get(PAYER) is None
    record = await desk.record(claim)
    assert [paid_cents for paid_cents, _, _ in await verdicts(desk, claim)] == [
        claim.charge_cents - 2_000
    ]
    await remit(desk, twin, answer(twin))
    await remit(desk, twin, payer.reversed_payment(answer(twin)), correction(twin))
    assert (await desk.claim_balances(twin))[PATIENT] == 1_000
    assert record.claim.receivable == (await desk.record(twin)).claim.receivable == "patient"


async def test_a_denial_is_taken_back_and_paid(desk: Desk) -> None:
    """The denial moved no money, so its reversal moves none; the correction pays."""
    claim = desk.claim()
    denial = paid(claim, (0, [("CO", "16", claim.charge_cents)]))
    await remit(desk, claim, denial)
    await remit(desk, claim, payer.reversed_payment(denial), paid(claim, (claim.charge_cents, [])))
    record = await desk.record(claim)
    assert (record.claim.receivable, record.money.state) == ("settled", "paid")
    assert [one.adjudication for one in record.submissions] == ["paid"]
    assert "denial" not in await desk.card_kinds()


async def test_a_secondarys_payment_is_taken_back_to_the_secondary(desk: Desk) -> None:
    claim = desk.claim(payers=2)
    first = paid(claim, (claim.charge_cents - 2_000, [("PR", "2", 2_000)]))
    await remit(desk, claim, first)
    assert (await desk.record(claim)).claim.receivable == "secondary"
    between = await books_of(desk, claim)
    await remit(desk, claim, payer.reversed_payment(first))
    assert (await desk.record(claim)).claim.receivable == "primary"
    await remit(desk, claim, first)
    assert await books_of(desk, claim) == between


async def test_a_reversal_of_nothing_waits_unapplied(desk: Desk) -> None:
    claim = desk.claim()
    before = await books_of(desk, claim)
    taken = payer.reversed_payment(answer(claim))
    await remit(desk, claim, taken)
    assert await books_of(desk, claim) == before
    assert (await desk.balances())[UNAPPLIED] == -taken.paid_cents > 0
    (row,) = await desk.sql("SELECT state, review_reason FROM claim_payment")
    assert tuple(row) == ("review", "nothing_to_reverse")
    assert await desk.card_kinds() == ["payment_review", "provider_adjustment"]
    assert (await desk.record(claim)).claim.receivable == "primary"


async def test_a_reversal_that_came_too_early_finds_its_original_when_posted_anew(
    desk: Desk,
) -> None:
    claim = desk.claim()
    before = await books_of(desk, claim)
    early = await remit(desk, claim, payer.reversed_payment(answer(claim)))
    await remit(desk, claim, answer(claim))
    await unpost(desk, early.id)
    posted = await post(desk, early.id)
    assert (posted.matched, posted.reversed, posted.unapplied_cents) == (1, 1, 0)
    assert await books_of(desk, claim) == before
    assert UNAPPLIED not in await nonzero(desk)
    assert "payment_review" not in await desk.card_kinds()


async def test_a_payment_is_taken_back_once(desk: Desk) -> None:
    claim = desk.claim()
    before = await books_of(desk, claim)
    await remit(desk, claim, answer(claim))
    taken = payer.reversed_payment(answer(claim))
    await remit(desk, claim, taken)
    await remit(desk, claim, taken)
    assert await books_of(desk, claim) == before
    assert (await desk.balances())[UNAPPLIED] == -taken.paid_cents
    assert "payment_review" in await desk.card_kinds()


async def test_two_equal_payments_are_taken_back_one_by_one(desk: Desk) -> None:
    claim = desk.claim()
    before = await books_of(desk, claim)
    for _ in range(2):
        await remit(desk, claim, answer(claim))
    taken = payer.reversed_payment(answer(claim))
    await remit(desk, claim, taken, taken)
    assert await books_of(desk, claim) == before
    assert UNAPPLIED not in await nonzero(desk)


async def test_a_reversal_of_other_amounts_is_not_guessed(desk: Desk) -> None:
    claim = desk.claim()
    await remit(desk, claim, answer(claim))
    books = await books_of(desk, claim)
    await remit(desk, claim, payer.reversed_payment(correction(claim)))
    assert await books_of(desk, claim) == books
    (row,) = await desk.sql("SELECT review_reason FROM claim_payment WHERE state = 'review'")
    assert row[0] == "nothing_to_reverse"


async def test_an_original_we_could_not_match_and_its_reversal_leave_nothing(desk: Desk) -> None:
    claim = desk.claim()
    odd = msgspec.structs.replace(answer(claim), patient_control_number="UNKNOWN1")
    odd = msgspec.structs.replace(
        odd, services=tuple(msgspec.structs.replace(one, references=()) for one in odd.services)
    )
    await remit(desk, claim, odd)
    await remit(desk, claim, payer.reversed_payment(odd))
    assert UNAPPLIED not in await nonzero(desk)
