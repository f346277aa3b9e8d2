"""Somebody who owes, and what the office and the guarantor do about it."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from billing_saas.audit import trail
from billing_saas.identity import rules as roles
from billing_saas.kit.actor import Actor, ActorKind
from billing_saas.kit.db import Database
from billing_saas.kit.ids import new_id
from billing_saas.ledger import journal
from billing_saas.ledger.rules import Account, Entry, Line
from billing_saas.patients import registering
from billing_saas.patients.rules import Demographics
from billing_saas.plans import accepting, proposing, queries, watching
from billing_saas.plans.accepting import Consent
from billing_saas.plans.jobs import WatchPlans
from billing_saas.plans.proposing import Proposal
from billing_saas.plans.queries import PlanShown
from tests.cast import Tenant

SYSTEM = Actor(
    kind=ActorKind.SYSTEM,
    id=UUID(int=3),
    permissions=frozenset({"plans.read", "plans.write", "payments.take"}),
)
OFFICE = Actor(
    kind=ActorKind.USER,
    id=UUID(int=4),
    roles=frozenset({"biller", "supervisor", "practice_admin"}),
    permissions=roles.permissions_of(["biller", "front_desk", "supervisor", "practice_admin"])
    | {"payments.take", "payments.void"},
)


def patient(guarantor_id: UUID) -> Actor:
    return Actor(kind=ActorKind.PATIENT, id=guarantor_id, ip_prefix="198.51.100.0/24")


@dataclass
class Debts:
    """Of one practice."""

    database: Database
    tenant: Tenant

    async def guarantor(
        self, cents: int = 0, *, name: str = "Moreno", on: date | None = None
    ) -> UUID:
        async with self.database.tenant(self.tenant.id) as db:
            (guarantor_id,) = await registering.register_many(
                db, OFFICE, [Demographics(last_name=name, first_name="Lucía")]
            )
        if cents:
            await self.owes(guarantor_id, cents, on=on)
        return guarantor_id

    async def owes(self, patient_id: UUID, cents: int, *, on: date | None = None) -> None:
        """More, or (negative) less: an insurer paid after all."""
        entry = Entry(
            source=f"test:{new_id()}",
            kind="test",
            effective_on=on or date(2026, 11, 2),
            lines=(
                Line(Account.PATIENT_RECEIVABLE, cents, "patient", patient_id, patient_id),
                Line(Account.GROSS_CHARGES, -cents, "practice"),
            ),
        )
        async with self.database.tenant(self.tenant.id) as db:
            await journal.post(db, OFFICE, [entry])
            await trail.record(db, OFFICE, "test.owe", object_type="patient", object_id=patient_id)

    async def proposed(self, guarantor_id: UUID, count: int, first: date, **other: object) -> UUID:
        proposal = Proposal(
            guarantor_id=guarantor_id,
            instalments=count,
            first_due_on=first,
            **other,  # type: ignore[arg-type]
        )
        async with self.database.tenant(self.tenant.id) as db:
            return await proposing.propose_and_disclose(db, OFFICE, proposal)

    async def accept(self, plan_id: UUID, actor: Actor, **other: object) -> None:
        async with self.database.tenant(self.tenant.id) as db:
            shown = await queries.disclosure_of(db, actor, plan_id)
            through = "portal" if actor.kind is ActorKind.PATIENT else "desk"
            consent = Consent(digest=shown.digest, through=through, **other)  # type: ignore[arg-type]
            await accepting.accept(db, actor, plan_id, consent)

    async def standing(
        self, cents: int = 10_000, count: int = 4, first: date = date(2026, 12, 10), **other: object
    ) -> tuple[UUID, UUID]:
        """A guarantor and the plan that they agreed to."""
        guarantor_id = await self.guarantor(cents)
        plan_id = await self.proposed(guarantor_id, count, first, **other)
        charges = bool(other.get("autopay"))
        await self.accept(plan_id, patient(guarantor_id), future_charges=charges)
        return guarantor_id, plan_id

    async def plan(self, plan_id: UUID) -> PlanShown:
        async with self.database.tenant(self.tenant.id) as db:
            return await queries.plan(db, OFFICE, plan_id)

    async def watch(self) -> None:
        async with self.database.tenant(self.tenant.id) as db:
            await watching.watch(db, SYSTEM, WatchPlans())
