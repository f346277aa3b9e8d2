"""Any order of paying, taking back, applying, insurers and days: every cent lands once, in one place."""

import random
from datetime import timedelta
from typing import cast
from uuid import UUID

import pytest
from sqlalchemy import text

from billing_saas.desk import crediting, taking
from billing_saas.desk.errors import NoPlanToPay, NothingToApply
from billing_saas.desk.taking import Taking
from billing_saas.kit.errors import DomainError
from billing_saas.payments.errors import NotVoidable
from billing_saas.payments.rules import Purpose
from billing_saas.plans import rules
from tests.plans.debts import OFFICE, Debts
from tests.plans.test_by_the_day import FIRST, on

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("invariants_hold")]
_EXPECTED: tuple[type[DomainError], ...] = (NoPlanToPay, NothingToApply, NotVoidable)


@pytest.mark.parametrize("seed", range(6))
async def test_any_life_of_a_debt_adds_up(debts: Debts, seed: int) -> None:
    chance = random.Random(seed)  # a story, no secret
    owed = 10_000 + chance.randrange(5_000)
    taken = 0
    with on(FIRST - timedelta(15)):
        guarantor_id, plan_id = await debts.standing(owed, chance.randrange(2, 5), FIRST)
    standing: dict[UUID, int] = {}
    day = FIRST - timedelta(3)
    for _ in range(25):
        with on(day):
            try:
                step = chance.choice(("plan", "plan", "bill", "copay", "void", "apply", "insurer"))
                if step == "void" and standing:
                    payment_id = chance.choice(sorted(standing))
                    async with debts.database.tenant(debts.tenant.id) as db:
                        await taking.void(db, OFFICE, payment_id, "mistyped")
                    taken -= standing.pop(payment_id)
                elif step == "apply":
                    async with debts.database.tenant(debts.tenant.id) as db:
                        await crediting.apply(db, OFFICE, guarantor_id, chance.randrange(1, 900))
                elif step == "insurer":
                    less = min(chance.randrange(0, 800), await _of(debts, "patient_receivable"))
                    if less:
                        await debts.owes(guarantor_id, -less)
                        owed -= less
                elif step in ("plan", "bill", "copay"):
                    cents = chance.randrange(1, 3_000)
                    wanted = Taking(
                        guarantor_id=guarantor_id,
                        cents=cents,
                        method="cash",
                        purpose=cast(Purpose, step),
                    )
                    async with debts.database.tenant(debts.tenant.id) as db:
                        standing[await taking.take(db, OFFICE, wanted)] = cents
                    taken += cents
            except _EXPECTED:
                pass
            await debts.watch()
            await _adds_up(debts, plan_id, owed, taken)
        if chance.random() < 0.3:
            day += timedelta(chance.randrange(1, 9))
            standing.clear()  # another day: a mistake is a refund now


async def _of(debts: Debts, account: str) -> int:
    query = text(
        "SELECT CAST(coalesce(sum(amount_cents), 0) AS bigint) FROM ledger_line"
        " WHERE tenant_id = :tenant AND account = :account"
    )
    async with debts.database.tenant(debts.tenant.id) as db:
        asked = {"tenant": debts.tenant.id, "account": account}
        return int((await db.execute(query, asked)).scalar_one())


async def _adds_up(debts: Debts, plan_id: UUID, owed: int, taken: int) -> None:
    left, credit = (
        await _of(debts, "patient_receivable"),
        -await _of(debts, "unapplied_patient_cash"),
    )
    assert await _of(debts, "patient_cash") == taken
    assert left >= 0
    assert credit >= 0
    assert owed - left + credit == taken
    shown = await debts.plan(plan_id)
    assert sum(one.paid_cents for one in shown.instalments) == shown.paid_cents
    assert shown.paid_cents + shown.left_cents == sum(one.cents for one in shown.instalments)
    assert 0 <= shown.due_cents <= max(0, min(shown.left_cents, shown.still_owed_cents))
    if shown.state in rules.STANDING:
        assert shown.still_owed_cents == left > 0
