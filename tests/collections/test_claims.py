"""Claims that insurers paid: what is left to the patient is placed by charge, once the insurer is done."""

from datetime import timedelta
from uuid import UUID

import psycopg
from sqlalchemy import insert

from billing_saas.collections import ending, placing, proposing
from billing_saas.collections import queries as placements
from billing_saas.collections.rules import Verdict
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor
from billing_saas.kit.ids import new_id
from billing_saas.ledger.rules import Account
from billing_saas.statements import owing
from billing_saas.statements.rules import OpenItem
from billing_saas.statements.tables import Statement, StatementLine
from tests.build import month
from tests.cluster import Clone
from tests.collections.accounts import Books


async def billed(books: Books, guarantor_id: UUID, items: list[OpenItem]) -> None:
    """A first statement and a final notice over these charges, long ago."""
    for stage, days in (("first", 150), ("final_notice", 60)):
        on = books.today - timedelta(days=days)
        statement_id = new_id()
        async with books.database.tenant(books.practice.id) as db:
            await db.execute(
                insert(Statement).values(
                    tenant_id=db.tenant_id,
                    id=statement_id,
                    number=new_id().hex[:12],
                    guarantor_id=guarantor_id,
                    stage=stage,
                    state="issued",
                    language="en",
                    total_cents=sum(item.cents for item in items),
                    issued_on=on,
                    due_on=on,
                    delivery="print",
                    pages=1,
                    void_reason="",
                    version=1,
                    created_at=clock.now(),
                    updated_at=clock.now(),
                )
            )
            zero = dict.fromkeys(
                ("contract_cents", "plan_paid_cents", "write_off_cents", "patient_paid_cents"), 0
            )
            lines = [
                {
                    "tenant_id": db.tenant_id,
                    "statement_id": statement_id,
                    "n": n,
                    "patient_id": item.patient_id,
                    "claim_id": item.claim_id,
                    "charge_id": item.charge_id,
                    "service_on": item.service_on,
                    "charge_cents": item.cents,
                    "owed_cents": item.cents,
                    **zero,
                }
                for n, item in enumerate(items, 1)
            ]
            await db.execute(insert(StatementLine), lines)


async def eligibility(books: Books, guarantor_id: UUID) -> Verdict:
    async with books.database.tenant(books.practice.id) as db:
        return await proposing.eligibility(db, books.actor, guarantor_id)


async def test_what_an_insurer_left_is_placed_by_charge_and_comes_back_by_charge(
    books: Books, agency: UUID, proven: Actor, clone: Clone
) -> None:
    await month.work(books.database, books.practice, books.actor, claims=8)
    async with books.database.tenant(books.practice.id) as db:
        everyone = await owing.owed_by_many(db, await owing.owing(db))
    guarantor_id, items = max(everyone.items(), key=lambda one: sum(i.cents for i in one[1]))
    assert all(item.claim_id and item.charge_id for item in items)
    await billed(books, guarantor_id, items)
    with psycopg.connect(clone.url("postgres"), autocommit=True) as above:
        above.execute("UPDATE collection_policy SET minimum_cents = 1")
        above.execute("UPDATE claim SET receivable = 'patient', work = 'closed'")
        finished = await eligibility(books, guarantor_id)
        above.execute(
            "UPDATE claim SET receivable = 'secondary' WHERE id = %s", [items[0].claim_id]
        )
        waiting = await eligibility(books, guarantor_id)
        above.execute("UPDATE claim SET receivable = 'patient' WHERE id = %s", [items[0].claim_id])
    assert "insurance_not_finished" in waiting.left_out[0].reasons
    assert waiting.cents < sum(item.cents for item in items)
    placed = {item.key: item.cents for item in finished.items}
    assert finished.eligible, finished
    before = await books.balances(guarantor_id)
    async with books.database.tenant(books.practice.id) as db:
        placement_id = await proposing.propose(db, books.actor, guarantor_id)
        await placing.place(db, proven, placement_id)
        shown = await placements.placement(db, proven, placement_id)
    assert {item.key: item.cents for item in shown.items} == placed
    assert (await books.balances(guarantor_id))[Account.AGENCY] == sum(placed.values())
    async with books.database.tenant(books.practice.id) as db:
        left = await owing.owed_by(db, guarantor_id)
    assert not {(item.patient_id, item.claim_id, item.charge_id) for item in left} & set(placed)
    async with books.database.tenant(books.practice.id) as db:
        await ending.recall(db, proven, placement_id, "practice_asked")
    assert await books.balances(guarantor_id) == before
