"""L5: whatever knocks in whatever order and number, and however old the truth that was asked meanwhile,
the books come out the same."""

import os
import random
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert, select, text

from billing_saas.kit import clock
from billing_saas.kit.processing import ProcessorCall
from billing_saas.payments import attempts
from billing_saas.payments.tables import Dispute, Payment, PaymentAttempt, Payout, Refund
from billing_saas.processor_events import handling
from billing_saas.settlements import reconciling, settling
from billing_saas.settlements.reconciling import PayoutTruth
from tests.payments.storyboard import CENTS, EVENTS, LAST, Storyboard
from tests.payments.till import OFFICE, SYSTEM, Till

_ACCOUNT = "acct_story"
Hearing = Callable[[Till, Storyboard, Sequence[tuple[int, str, str]]], Awaitable[None]]


async def story(till: Till, name: str) -> tuple[Storyboard, UUID]:
    """Somebody who owes 90 dollars on two charges, and whose second attempt at 100 is on its way."""
    guarantor_id = await till.guarantor(6_000, 3_000)
    now = clock.now()
    async with till.database.tenant(till.tenant.id) as db:
        payment = await attempts.new_payment(
            db, OFFICE, guarantor_id, CENTS, method="checkout", purpose="bill"
        )
        board = Storyboard(name, payment.id)
        for n, page in ((1, "first_page"), (2, "page")):
            await db.execute(
                insert(PaymentAttempt).values(
                    tenant_id=till.tenant.id,
                    payment_id=payment.id,
                    n=n,
                    state="open",
                    checkout_id=board.id(page),
                    asked_at=now,
                    updated_at=now,
                )
            )
        payment.attempts = 2
    return board, guarantor_id


async def told(till: Till, board: Storyboard, knocks: Sequence[tuple[int, str, str]]) -> None:
    """Each with a truth that may be later than itself, and older than one that was written before."""
    till.database.processor = board.processor
    for scene, kind, about in knocks:
        board.scene = scene
        way = handling.way_of(kind)
        assert way is not None
        assert await way(till.database, till.tenant.id, SYSTEM, _ACCOUNT, board.id(about))


async def written(till: Till, board: Storyboard, knocks: Sequence[tuple[int, str, str]]) -> None:
    """The same, but for the asking: what each knock would make us write, in one transaction."""
    async with till.database.tenant(till.tenant.id) as db:
        for scene, _, about in knocks:
            board.scene = scene
            if about == "payout":
                payout = await board.payout(ProcessorCall(account=""))
                truth = PayoutTruth(payout, (await board.truth(),))
                await reconciling.write(db, SYSTEM, truth)
            else:
                await settling.settle(db, SYSTEM, await board.truth())


async def outcome(till: Till, board: Storyboard, guarantor_id: UUID) -> dict[str, Any]:
    """Everything that this payment left behind, by the story's own names."""
    async with till.database.tenant(till.tenant.id) as db:
        payment = (await db.scalars(select(Payment).where(Payment.id == board.payment_id))).one()
        attempts = await db.scalars(
            select(PaymentAttempt)
            .where(PaymentAttempt.payment_id == payment.id)
            .order_by(PaymentAttempt.n)
        )
        refunds = await db.scalars(
            select(Refund).where(Refund.payment_id == payment.id).order_by(Refund.processor_id)
        )
        disputes = await db.scalars(
            select(Dispute).where(Dispute.payment_id == payment.id).order_by(Dispute.processor_id)
        )
        payout = (
            await db.scalars(select(Payout).where(Payout.processor_id == board.id("payout")))
        ).one()
        lines = await db.execute(
            text(
                "SELECT entry.source, entry.effective_on, line.account, line.amount_cents,"
                " line.patient_id IS NULL AS is_practice, owed.n AS charge"
                " FROM ledger_entry entry JOIN ledger_line line"
                " ON line.tenant_id = entry.tenant_id AND line.entry_id = entry.id"
                " LEFT JOIN (SELECT charge_id, row_number() OVER (ORDER BY effective_on) AS n"
                "   FROM ledger_line WHERE patient_id = :guarantor_id"
                "   AND account = 'patient_receivable' AND amount_cents > 0"
                "   AND recorded_at = (SELECT min(first.recorded_at) FROM ledger_line first"
                "     WHERE first.charge_id = ledger_line.charge_id)) owed"
                " ON owed.charge_id = line.charge_id"
                " WHERE entry.tenant_id = :tenant_id AND strpos(entry.source, :name) > 0"
                " ORDER BY entry.source, line.account, line.amount_cents, owed.n"
            ),
            {"tenant_id": till.tenant.id, "name": board.name, "guarantor_id": guarantor_id},
        )
        return {
            "payment": (payment.state, payment.refunded_cents, payment.disputed),
            "attempts": [(row.state, row.failure_code) for row in attempts],
            "refunds": [(row.state, row.amount_cents, row.came_back) for row in refunds],
            "disputes": [(row.state, row.amount_cents) for row in disputes],
            "payout": (payout.state, payout.amount_cents, payout.ours_cents, payout.reconciled),
            "lines": [(row[0].replace(board.name, "_"), *row[1:]) for row in lines],
        }


def permutation(chance: random.Random) -> list[tuple[int, str, str]]:
    """Every event once or twice, anyhow. An event tells of its scene, and the processor, when it
    is asked, of that or a later one; the last scene is asked about once at least."""
    knocks = [
        (LAST if kind == "payout.paid" else chance.randint(scene, LAST), kind, about)
        for scene, kind, about in EVENTS
        for _ in range(chance.choice((1, 1, 1, 2)))
    ]
    chance.shuffle(knocks)
    return knocks


async def _all_end_alike(till: Till, count: int, seed: int, hear: Hearing) -> None:
    chance = random.Random(seed)
    board, guarantor_id = await story(till, "inorder")
    await told(till, board, EVENTS)
    wanted = await outcome(till, board, guarantor_id)
    _is_right(wanted)
    for n in range(count):
        board, guarantor_id = await story(till, f"p{n}x")
        knocks = permutation(chance)
        await hear(till, board, knocks)
        assert await outcome(till, board, guarantor_id) == wanted, (n, knocks)


def _is_right(wanted: dict[str, Any]) -> None:
    """By hand: 100 came, 320 cents fee; 25 went back, 40 went and came back; a dispute of 30 was won, one
    of 10 lost with 15 fee."""
    by_account: dict[str, int] = {}
    for line in wanted["lines"]:
        by_account[line[2]] = by_account.get(line[2], 0) + line[3]
    assert {account: cents for account, cents in by_account.items() if cents} == {
        # 10 unapplied went back first, then 15 and 40 of what was paid: of 90 paid, 35 stay.
        "patient_receivable": -3_500,
        "refunds_due_patient": -4_000,
        "processor_fees": 320 + 1_500,
        "dispute_losses": 1_000,
        "bank": 10_000 - 320 - 2_500 - 1_000 - 1_500,
    }
    assert wanted["payment"] == ("succeeded", 6_500, "lost")
    assert wanted["attempts"] == [("failed", "debit_not_authorized"), ("succeeded", "")]
    assert wanted["refunds"] == [("succeeded", 2_500, False), ("failed", 4_000, True)]
    assert wanted["disputes"] == [("won", 3_000), ("lost", 1_000)]
    assert wanted["payout"] == ("paid", 4_680, 4_680, "balanced")


async def test_thirty_orders_end_in_one_ledger(till: Till) -> None:
    await _all_end_alike(till, 30, 1, told)


# A hundred orders each: three are tried by CI, a thousand by `ORDERS=10 make test-slow`.
HUNDREDS = int(os.environ.get("ORDERS", "3"))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 2 + HUNDREDS))
async def test_a_thousand_orders_end_in_one_ledger(till: Till, seed: int) -> None:
    await _all_end_alike(till, 100, seed, written)
