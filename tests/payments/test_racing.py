"""L9: a patient pays while an insurer's answer is posted, or taken back."""

import asyncio
from uuid import UUID

import pytest
from sqlalchemy import text

from billing_saas.kit.db import Database
from billing_saas.payments import laying, recording
from billing_saas.payments.rules import Share
from billing_saas.remittances import posting, unposting
from billing_sandbox import payer
from tests.cast import Tenant, enrolled
from tests.payments.till import OFFICE
from tests.remittances.desk import Desk, opened


@pytest.fixture
async def desk(database: Database, elm: Tenant) -> Desk:
    sue = await enrolled(database, elm, "sue", "supervisor")
    return await opened(database, elm, sue, 6)


async def owing(desk: Desk) -> tuple[UUID, UUID, int]:
    """A remittance that was posted, and a patient who owes by it, and how much."""
    await desk.remit(payer.pay(desk.batch, desk.payee, desk.check(), seed=3))
    rows = await desk.sql(
        "SELECT entry.source, line.patient_id, line.claim_id, sum(line.amount_cents) AS cents"
        " FROM ledger_line line JOIN ledger_entry entry ON entry.id = line.entry_id"
        " WHERE line.account = 'patient_receivable' GROUP BY 1, 2, 3 HAVING sum(amount_cents) > 0"
        " ORDER BY 4 DESC"
    )
    patient_id = UUID(str(rows[0].patient_id))
    (found,) = await desk.sql(
        "SELECT remittance_id FROM claim_payment WHERE claim_id = :claim_id",
        claim_id=rows[0].claim_id,
    )
    remittance_id = UUID(str(found.remittance_id))
    return remittance_id, patient_id, await owed(desk, patient_id)


async def owed(desk: Desk, patient_id: UUID) -> int:
    (row,) = await desk.sql(
        "SELECT coalesce(sum(amount_cents), 0) AS cents FROM ledger_line"
        " WHERE account IN ('patient_receivable', 'unapplied_patient_cash')"
        " AND patient_id = :patient_id",
        patient_id=patient_id,
    )
    return int(row.cents)


async def pay(desk: Desk, patient_id: UUID, cents: int) -> list[Share]:
    async with desk.database.tenant(desk.tenant.id) as db:
        payment_id = await recording.record(db, OFFICE, patient_id, cents, "cash")
    async with desk.database.tenant(desk.tenant.id) as db:
        return await laying.shares_of(db, payment_id)


async def test_money_waits_for_what_is_being_taken_back_and_is_laid_on_what_is_left(
    desk: Desk,
) -> None:
    remittance_id, patient_id, cents = await owing(desk)
    async with desk.database.tenant(desk.tenant.id) as db:
        await unposting.unpost(db, desk.person.actor, remittance_id)
        paying = asyncio.create_task(pay(desk, patient_id, cents))
        await asyncio.sleep(0.3)
        assert not paying.done()
    shares = await paying
    assert [share.unapplied for share in shares] == [True]
    assert await owed(desk, patient_id) == -cents


@pytest.mark.slow
async def test_payments_and_postings_together_end_exact(desk: Desk, database: Database) -> None:
    """Eight at once on one patient's claims, while the remittance is taken back and posted again."""
    remittance_id, patient_id, cents = await owing(desk)
    rounds = 60

    async def pays() -> int:
        for _ in range(rounds):
            await pay(desk, patient_id, 1)
        return rounds

    async def posts() -> int:
        for _ in range(rounds // 4):
            async with database.tenant(desk.tenant.id) as db:
                await unposting.unpost(db, desk.person.actor, remittance_id)
            async with database.tenant(desk.tenant.id) as db:
                await posting.post(db, desk.person.actor, remittance_id)
        return 0

    paid = sum(await asyncio.gather(*(pays() for _ in range(6)), posts()))
    assert await owed(desk, patient_id) == cents - paid
    async with database.tenant(desk.tenant.id) as db:
        odd = await db.execute(
            text(
                "SELECT share.payment_id FROM payment_share share JOIN payment"
                " ON payment.id = share.payment_id GROUP BY share.payment_id, payment.amount_cents"
                " HAVING sum(share.amount_cents) <> payment.amount_cents"
            )
        )
        assert odd.all() == []
