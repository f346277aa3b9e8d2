"""Elm's books as patients find them: a claim answered, a bill sent, a child paid for, money that came."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import insert

from billing_saas.blobs import storing
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import Database
from billing_saas.kit.ids import new_id
from billing_saas.ledger import journal
from billing_saas.ledger.rules import Account, Entry, Line
from billing_saas.patients import guarantors
from billing_saas.payments import recording
from billing_saas.statements.tables import Statement, StatementLine
from tests.cast import Tenant, actor_with
from tests.remittances.books import answer, remit
from tests.remittances.desk import Desk

PAPER = b"%PDF-1.4\n% a bill\n%%EOF\n"
OFFICE = actor_with(["biller", "front_desk", "supervisor", "practice_admin"])


@dataclass
class Scene:
    """`guarantor` owes for a claim of their own: see `answered`."""

    database: Database
    tenant: Tenant
    office: Actor = field(default_factory=lambda: OFFICE)

    async def answered(self, desk: Desk) -> tuple[UUID, UUID, int]:
        """Somebody whose plan left a deductible and a coinsurance: who, the claim, and what is owed."""
        claim = desk.claim(lines=2)
        await remit(desk, claim, answer(claim))
        record = await desk.record(claim)
        return record.claim.patient_id, record.claim.id, 1_600

    async def owes(self, patient_id: UUID, cents: int) -> None:
        """A balance without a claim: brought over from the books of before."""
        entry = Entry(
            source=f"test:{new_id()}",
            kind="test",
            effective_on=date(2026, 10, 2),
            lines=(
                Line(Account.PATIENT_RECEIVABLE, cents, "patient", patient_id, patient_id),
                Line(Account.GROSS_CHARGES, -cents, "practice"),
            ),
        )
        async with self.database.tenant(self.tenant.id) as db:
            await journal.post(db, self.office, [entry])

    async def pays_for(self, guarantor_id: UUID, patient_id: UUID) -> None:
        async with self.database.tenant(self.tenant.id) as db:
            await guarantors.assign(db, self.office, patient_id, guarantor_id)

    async def billed(
        self,
        guarantor_id: UUID,
        cents: int,
        *,
        number: str = "7QK2M4",
        patient_id: UUID | None = None,
        claim_id: UUID | None = None,
        charge_id: UUID | None = None,
        paper: bytes = PAPER,
    ) -> UUID:
        """A bill as a run would have sent it."""
        statement_id, now, today = new_id(), clock.now(), clock.now().date()
        async with self.database.tenant(self.tenant.id) as db:
            blob_id = (await storing.store(db, _once(paper))).id if paper else None
            await db.execute(
                insert(Statement).values(
                    tenant_id=self.tenant.id,
                    id=statement_id,
                    number=number,
                    guarantor_id=guarantor_id,
                    stage="reminder",
                    state="issued",
                    language="en",
                    total_cents=cents,
                    issued_on=today - timedelta(days=3),
                    due_on=today + timedelta(days=18),
                    delivery="email",
                    blob_id=blob_id,
                    pages=1,
                    created_at=now,
                    updated_at=now,
                )
            )
            await db.execute(
                insert(StatementLine).values(
                    tenant_id=self.tenant.id,
                    statement_id=statement_id,
                    n=1,
                    patient_id=patient_id or guarantor_id,
                    claim_id=claim_id,
                    charge_id=charge_id,
                    service_on=date(2026, 9, 14),
                    charge_cents=cents + 5_000,
                    contract_cents=2_000,
                    plan_paid_cents=3_000,
                    write_off_cents=0,
                    patient_paid_cents=0,
                    owed_cents=cents,
                )
            )
        return statement_id

    async def paid(self, guarantor_id: UUID, cents: int) -> UUID:
        async with self.database.tenant(self.tenant.id) as db:
            return await recording.record(db, self.office, guarantor_id, cents, "cash")


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content
