"""What a payer takes back, and what we undo ourselves: every balance returns to what it was."""

import asyncio
from collections.abc import Coroutine
from datetime import date
from typing import Any
from uuid import UUID

import msgspec
import pytest
from sqlalchemy import text

from billing_saas.edi.claim837 import Claim
from billing_saas.edi.remittance import Adjustment, ClaimPayment
from billing_saas.kit.errors import DomainError, Refused
from billing_saas.ledger.rules import Account
from billing_saas.remittances import posting, unposting
from billing_saas.remittances.errors import AlreadyPosted, NotPosted, TakenBackSince
from billing_saas.remittances.tables import Remittance
from billing_sandbox import payer
from tests.cast import Person, enrolled
from tests.remittances.desk import Desk, paid

CASH = Account.PAYER_CASH
PAYER = Account.PAYER_RECEIVABLE
PATIENT = Account.PATIENT_RECEIVABLE
UNAPPLIED = Account.UNAPPLIED_PAYER_CASH
Books = dict[tuple[Any, ...], int]


async def books_of(desk: Desk, claim: Claim) -> Books:
    """Every balance of the claim: per account, party, line, and reason of an adjustment."""
    rows = await desk.sql(
        "SELECT account, party_id, charge_id, group_code, reason_code, sum(amount_cents)"
        " FROM ledger_line WHERE claim_id = :claim GROUP BY 1, 2, 3, 4, 5",
        claim=(await desk.record(claim)).claim.id,
    )
    return {tuple(row[:5]): int(row[5]) for row in rows if row[5]}


async def whole_book(desk: Desk) -> Books:
    """The trial balance of the practice, to the last line."""
    rows = await desk.sql(
        "SELECT account, party_kind, party_id, patient_id, claim_id, charge_id, group_code,"
        " reason_code, sum(amount_cents) FROM ledger_line GROUP BY 1, 2, 3, 4, 5, 6, 7, 8"
    )
    return {tuple(row[:8]): int(row[8]) for row in rows if row[8]}


def answer(claim: Claim) -> ClaimPayment:
    """A price, a deductible and a coinsurance on each line."""
    lines = [
        (line.charge_cents - 1_800, [("CO", "45", 1_000), ("PR", "1", 500), ("PR", "2", 300)])
        for line in claim.lines
    ]
    return paid(claim, *lines)


def correction(claim: Claim) -> ClaimPayment:
    """The same, and two dollars more of the first line are the patient's."""
    first, *others = answer(claim).services
    more = msgspec.structs.replace(
        first,
        paid_cents=first.paid_cents - 200,
        adjustments=(*first.adjustments, Adjustment("PR", "3", 200)),
    )
    said = answer(claim)
    return msgspec.structs.replace(
        said,
        paid_cents=said.paid_cents - 200,
        payer_control_number="CORRECTED",
        services=(more, *others),
    )


async def remit(desk: Desk, claim: Claim, *said: ClaimPayment) -> Remittance:
    """The remittance, after the worker posted it."""
    arrival = await desk.remit(desk.remittance(claim, *said))
    assert (arrival.state, arrival.errors) == ("handled", 0)
    remittance = (await desk.remittances())[-1]
    assert remittance.state == "posted"
    return remittance


async def unpost(desk: Desk, remittance_id: UUID) -> None:
    async with desk.database.tenant(desk.tenant.id) as db:
        await unposting.unpost(db, desk.person.actor, remittance_id)


async def post(desk: Desk, remittance_id: UUID) -> posting.Posted:
    async with desk.database.tenant(desk.tenant.id) as db:
        return await posting.post(db, desk.person.actor, remittance_id)


async def verdicts(desk: Desk, claim: Claim) -> list[tuple[int, int, bool]]:
    """What counts now of what payers said, per line: paid and left to the patient."""
    record = await desk.record(claim)
    return [
        (said.paid_cents, said.patient_responsibility_cents, said.denied)
        for said in record.adjudications
        if said.reversed_by is None
    ]


# --- what the payer takes back ---


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


# --- what we undo ---


async def nonzero(desk: Desk) -> dict[Account, int]:
    return {account: cents for account, cents in (await desk.balances()).items() if cents}


async def test_undone_the_trial_balance_is_what_it_was_and_done_again_it_is_the_same(
    desk: Desk,
) -> None:
    claim = desk.claim(payers=2)
    before = await whole_book(desk)
    file = payer.pay(desk.batch, desk.payee, desk.check(), seed=3)
    await desk.remit(file)
    posted = await whole_book(desk)
    cards = sorted((card.kind, card.worth_cents) for card in await desk.cards())
    told = await states(desk)
    remittances = await desk.remittances()
    for remittance in remittances:
        await unpost(desk, remittance.id)
    assert await whole_book(desk) == before
    assert await desk.cards() == []
    assert await verdicts(desk, claim) == []
    assert {one.state for one in await desk.remittances()} == {"balanced"}
    rows = await desk.sql(
        "SELECT DISTINCT state, claim_id, submission_id, reverses, entry_id FROM claim_payment"
    )
    assert [tuple(row) for row in rows] == [("unmatched", None, None, None, None)]
    for remittance in remittances:
        await post(desk, remittance.id)
    assert await whole_book(desk) == posted
    assert sorted((card.kind, card.worth_cents) for card in await desk.cards()) == cards
    assert await states(desk) == told
    numbers = await desk.sql(
        "SELECT DISTINCT posting_number FROM remittance"
        " UNION SELECT DISTINCT posting_number FROM claim_payment"
    )
    assert [number for (number,) in numbers] == [2]


async def states(desk: Desk) -> list[tuple[Any, ...]]:
    rows = await desk.sql(
        "SELECT c.id, c.receivable, c.next_action_owner, s.adjudication FROM claim c"
        " JOIN submission s ON s.claim_id = c.id ORDER BY c.id, s.id"
    )
    return [tuple(row) for row in rows]


async def test_undoing_a_reversal_lets_its_original_stand_again(desk: Desk) -> None:
    claim = desk.claim(lines=2)
    first = await remit(desk, claim, answer(claim))
    paid_books, told = await books_of(desk, claim), await verdicts(desk, claim)
    second = await remit(desk, claim, payer.reversed_payment(answer(claim)), correction(claim))
    corrected = await books_of(desk, claim)
    with pytest.raises(TakenBackSince):
        await unpost(desk, first.id)
    assert await books_of(desk, claim) == corrected
    await unpost(desk, second.id)
    assert await books_of(desk, claim) == paid_books
    assert await verdicts(desk, claim) == told
    record = await desk.record(claim)
    assert record.claim.receivable == "patient"
    assert [one.adjudication for one in record.submissions] == ["paid"]
    await post(desk, second.id)
    assert await books_of(desk, claim) == corrected
    await unpost(desk, second.id)
    await unpost(desk, first.id)
    assert (await desk.record(claim)).claim.receivable == "primary"
    assert await desk.claim_balances(claim) == {
        Account.GROSS_CHARGES: -claim.charge_cents,
        PAYER: claim.charge_cents,
    }


async def test_undoing_one_part_of_a_split_claim_leaves_the_payer_owing(desk: Desk) -> None:
    claim = desk.claim(lines=2)
    whole = paid(claim, *((line.charge_cents, []) for line in claim.lines))
    parts = [
        msgspec.structs.replace(
            whole, charge_cents=one.charge_cents, paid_cents=one.paid_cents, services=(one,)
        )
        for one in whole.services
    ]
    first = await remit(desk, claim, parts[0])
    await remit(desk, claim, parts[1])
    assert (await desk.record(claim)).claim.receivable == "settled"
    await unpost(desk, first.id)
    assert (await desk.claim_balances(claim))[PAYER] == claim.lines[0].charge_cents
    assert (await desk.record(claim)).claim.receivable == "primary"


async def test_only_what_is_posted_can_be_undone_and_only_by_who_may(desk: Desk) -> None:
    claim = desk.claim()
    remittance = await remit(desk, claim, answer(claim))
    biller = await enrolled(desk.database, desk.tenant, "alice", "biller")
    async with desk.database.tenant(desk.tenant.id) as db:
        with pytest.raises(Refused):
            await unposting.unpost(db, biller.actor, remittance.id)
    await unpost(desk, remittance.id)
    with pytest.raises(NotPosted):
        await unpost(desk, remittance.id)


async def test_a_posting_into_a_closed_month_counts_on_the_first_open_day(desk: Desk) -> None:
    claim = desk.claim()
    check = desk.check(paid_on=date(2026, 5, 14))
    await close_through(desk, date(2026, 5, 31))
    await desk.remit(desk.remittance(claim, answer(claim), check=check))
    (remittance,) = await desk.remittances()
    assert (remittance.state, remittance.payment_on) == ("posted", date(2026, 5, 14))
    assert await effective_days(desk) == [date(2026, 6, 1)]
    await close_through(desk, date(2026, 6, 30))
    before = await whole_book(desk)
    await unpost(desk, remittance.id)
    await post(desk, remittance.id)
    assert await effective_days(desk) == [date(2026, 6, 1), date(2026, 7, 1), date(2026, 7, 1)]
    assert await whole_book(desk) == before


async def close_through(desk: Desk, day: date) -> None:
    """As `ledger.periods.close_month` leaves it; these months may not be over yet."""
    async with desk.database.tenant(desk.tenant.id) as db:
        await db.execute(text("UPDATE ledger_book SET closed_through = :day"), {"day": day})


async def effective_days(desk: Desk) -> list[date]:
    rows = await desk.sql(
        "SELECT effective_on FROM ledger_entry WHERE kind IN ('claim_payment', 'reversal')"
        " ORDER BY recorded_at, effective_on"
    )
    return [day for (day,) in rows]


# --- two at once ---


async def outcome(act: Coroutine[Any, Any, object]) -> str:
    try:
        await act
    except DomainError as error:
        return type(error).__name__
    return "done"


async def test_two_who_post_at_once_post_once(desk: Desk) -> None:
    claim = desk.claim()
    remittance = await remit(desk, claim, answer(claim))
    books = await whole_book(desk)
    await unpost(desk, remittance.id)
    told = await asyncio.gather(*(outcome(post(desk, remittance.id)) for _ in range(2)))
    assert sorted(told) == [AlreadyPosted.__name__, "done"]
    assert await whole_book(desk) == books


async def test_two_remittances_of_one_claim_at_once_are_both_posted(desk: Desk) -> None:
    """Two parts of a split claim, in two files, taken by two workers: each waits for the other."""
    claim = desk.claim(lines=2)
    whole = paid(claim, *((line.charge_cents, []) for line in claim.lines))
    remittances = [
        await remit(
            desk,
            claim,
            msgspec.structs.replace(
                whole, charge_cents=one.charge_cents, paid_cents=one.paid_cents, services=(one,)
            ),
        )
        for one in whole.services
    ]
    for remittance in reversed(remittances):
        await unpost(desk, remittance.id)
    for _ in range(3):
        told = await asyncio.gather(*(outcome(post(desk, one.id)) for one in remittances))
        assert told == ["done", "done"]
        assert (await desk.record(claim)).claim.receivable == "settled"
        for remittance in reversed(remittances):
            await unpost(desk, remittance.id)


async def test_two_reversals_of_one_payment_at_once_take_it_back_once(desk: Desk) -> None:
    claim = desk.claim()
    before = await books_of(desk, claim)
    await remit(desk, claim, answer(claim))
    taken = payer.reversed_payment(answer(claim))
    remittances = [await remit(desk, claim, taken) for _ in range(2)]
    for remittance in reversed(remittances):
        await unpost(desk, remittance.id)
    told = await asyncio.gather(*(outcome(post(desk, one.id)) for one in remittances))
    assert told == ["done", "done"]
    assert await books_of(desk, claim) == before
    assert (await desk.balances())[UNAPPLIED] == -taken.paid_cents


async def test_a_stranger_undoes_nothing(desk: Desk, oak: Any, mallory: Person) -> None:
    claim = desk.claim()
    remittance = await remit(desk, claim, answer(claim))
    async with desk.database.tenant(oak.id) as db:
        for act in (posting.post, unposting.unpost):
            supervisor = await enrolled(desk.database, oak, "mallory", "supervisor")
            with pytest.raises(DomainError, match="no such remittance"):
                await act(db, supervisor.actor, remittance.id)
    assert (await desk.remittances())[0].state == "posted"
