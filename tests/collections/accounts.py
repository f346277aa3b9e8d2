"""Accounts of guarantors, as old and as often billed as a story needs them."""

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import insert

from billing_saas.edi.parties import Address
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import Database
from billing_saas.kit.ids import new_id
from billing_saas.ledger import journal
from billing_saas.ledger.rules import Account, Entry, Line
from billing_saas.patients import guarantors, registering
from billing_saas.patients.rules import Demographics
from billing_saas.statements.tables import Statement, StatementLine
from tests.cast import Tenant

ADDRESS = Address(line1="1 Main St", city="Springfield", state="IL", postal_code="62701")


@dataclass(frozen=True)
class Books:
    """A practice's books, and who writes in them."""

    database: Database
    practice: Tenant
    actor: Actor

    @property
    def today(self) -> date:
        return clock.today(self.practice.new.time_zone)

    async def person(
        self,
        last_name: str = "Garcia",
        born: date | None = date(1980, 5, 17),
        address: Address | None = ADDRESS,
        pays: UUID | None = None,
    ) -> UUID:
        """Somebody on file; `pays`: who pays for them."""
        person = Demographics(
            last_name=last_name,
            first_name="Ana",
            birth_date=born,
            address=address,
            phones=("2175550142",),
        )
        async with self.database.tenant(self.practice.id) as db:
            (patient_id,) = await registering.register_many(db, self.actor, [person])
            if pays is not None:
                await guarantors.assign(db, self.actor, patient_id, pays)
        return patient_id

    async def owe(self, patient_id: UUID, cents: int) -> None:
        """A visit that no insurer pays for."""
        entry = Entry(
            source=f"charge:{new_id()}",
            kind="charge",
            effective_on=self.today,
            lines=(
                Line(Account.PATIENT_RECEIVABLE, cents, "patient", patient_id, patient_id),
                Line(Account.GROSS_CHARGES, -cents, "practice", None, patient_id),
            ),
        )
        async with self.database.tenant(self.practice.id) as db:
            await journal.post(db, self.actor, [entry])

    async def bill(
        self,
        guarantor_id: UUID,
        owed: dict[UUID, int],
        *,
        days_ago: int,
        stage: str = "first",
        state: str = "issued",
    ) -> UUID:
        """A statement over what these patients owe."""
        on = self.today - timedelta(days=days_ago)
        statement_id = new_id()
        async with self.database.tenant(self.practice.id) as db:
            await db.execute(
                insert(Statement).values(
                    tenant_id=db.tenant_id,
                    id=statement_id,
                    number=new_id().hex[:12].upper(),
                    guarantor_id=guarantor_id,
                    stage=stage,
                    state=state,
                    language="en",
                    total_cents=sum(owed.values()),
                    issued_on=on,
                    due_on=on + timedelta(days=21),
                    delivery="print",
                    pages=1,
                    void_reason="",
                    version=1,
                    created_at=clock.now(),
                    updated_at=clock.now(),
                )
            )
            await db.execute(
                insert(StatementLine),
                [
                    {
                        "tenant_id": db.tenant_id,
                        "statement_id": statement_id,
                        "n": n,
                        "patient_id": patient_id,
                        "claim_id": None,
                        "charge_id": None,
                        "service_on": on,
                        "charge_cents": cents,
                        "contract_cents": 0,
                        "plan_paid_cents": 0,
                        "write_off_cents": 0,
                        "patient_paid_cents": 0,
                        "owed_cents": cents,
                    }
                    for n, (patient_id, cents) in enumerate(owed.items(), 1)
                ],
            )
        return statement_id

    async def overdue(
        self, cents: int = 12_345, *, days: int = 130, notice_days: int = 45, **of: object
    ) -> UUID:
        """A guarantor who owes, was billed long ago and got a final notice: all that placement asks."""
        guarantor_id = await self.person(**of)  # type: ignore[arg-type]  # the story's own words
        await self.owe(guarantor_id, cents)
        await self.bill(guarantor_id, {guarantor_id: cents}, days_ago=days)
        await self.bill(
            guarantor_id, {guarantor_id: cents}, days_ago=notice_days, stage="final_notice"
        )
        return guarantor_id

    async def balances(self, *patients: UUID) -> dict[Account, int]:
        """What stands under these patients (all of the practice without any), by account."""
        from billing_saas.ledger import queries

        async with self.database.tenant(self.practice.id) as db:
            if not patients:
                return await queries.balances(db, self.actor)
            found = await queries.patient_balances(db, self.actor, patients)
        total: dict[Account, int] = {}
        for of_one in found.values():
            for account, cents in of_one.items():
                total[account] = total.get(account, 0) + cents
        return {account: cents for account, cents in total.items() if cents}
