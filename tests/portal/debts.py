"""Somebody who owes, a bill of it, and a link to that bill."""

from datetime import date, timedelta
from uuid import UUID

from billing_saas.kit import clock
from billing_saas.kit.actor import Actor, ActorKind
from billing_saas.kit.db import Database
from billing_saas.kit.ids import new_id
from billing_saas.ledger import journal
from billing_saas.ledger.rules import Account, Entry, Line
from billing_saas.links import issuing
from billing_saas.statements import rules
from billing_saas.statements.tables import Statement, StatementLine
from tests.cast import Tenant

SYSTEM = Actor(kind=ActorKind.SYSTEM, id=UUID(int=3))


async def owes(database: Database, tenant: Tenant, patient_id: UUID, cents: int) -> None:
    """More, or (negative) less: an insurer paid after all."""
    entry = Entry(
        source=f"test:{new_id()}",
        kind="test",
        effective_on=date(2026, 11, 2),
        lines=(
            Line(Account.PATIENT_RECEIVABLE, cents, "patient", patient_id, patient_id),
            Line(Account.GROSS_CHARGES, -cents, "practice"),
        ),
    )
    async with database.tenant(tenant.id) as db:
        await journal.post(db, SYSTEM, [entry])


async def billed(database: Database, tenant: Tenant, patient_id: UUID, cents: int) -> UUID:
    """A statement over what is owed so far."""
    now = clock.now()
    statement_id = new_id()
    async with database.tenant(tenant.id) as db:
        db.add(
            Statement(
                tenant_id=tenant.id,
                id=statement_id,
                number=rules.new_number(),
                guarantor_id=patient_id,
                stage="reminder",
                state="issued",
                language="en",
                total_cents=cents,
                issued_on=now.date(),
                due_on=now.date() + timedelta(days=25),
                delivery="print",
                pages=1,
                void_reason="",
                version=1,
                created_at=now,
                updated_at=now,
            )
        )
        await db.flush()
        db.add(
            StatementLine(
                tenant_id=tenant.id,
                statement_id=statement_id,
                n=1,
                patient_id=patient_id,
                service_on=date(2026, 10, 5),
                charge_cents=cents,
                contract_cents=0,
                plan_paid_cents=0,
                write_off_cents=0,
                patient_paid_cents=0,
                owed_cents=cents,
            )
        )
    return statement_id


async def linked(
    database: Database, tenant: Tenant, patient_id: UUID, about: UUID | None = None
) -> str:
    async with database.tenant(tenant.id) as db:
        return await issuing.issue(db, SYSTEM, "pay", patient_id, about)


async def coded(database: Database, tenant: Tenant, patient_id: UUID, about: UUID) -> str:
    async with database.tenant(tenant.id) as db:
        return await issuing.paper_code(db, SYSTEM, patient_id, about)
