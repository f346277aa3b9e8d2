"""What we undo ourselves, and what two do at once."""

import asyncio
from collections.abc import Coroutine
from datetime import date
from typing import Any

import msgspec
import pytest
from sqlalchemy import text

from billing_saas.kit.errors import DomainError, Refused
from billing_saas.ledger.rules import Account
from billing_saas.remittances import posting, unposting
from billing_saas.remittances.errors import AlreadyPosted, NotPosted, TakenBackSince
from billing_sandbox import payer
from tests.cast import Person, enrolled
from tests.remittances.books import (
    answer,
    books_of,
    correction,
    post,
    remit,
    unpost,
    verdicts,
    whole_book,
)
from tests.remittances.desk import Desk, paid

PAYER = Account.PAYER_RECEIVABLE
UNAPPLIED = Account.UNAPPLIED_PAYER_CASH


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
