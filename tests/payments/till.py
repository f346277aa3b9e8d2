"""A practice that takes cards at the sandbox, somebody who owes, and what knocks."""

import asyncio
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import select, text

from billing_saas.gateways.stripe import StripeProcessor
from billing_saas.identity import rules as roles
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor, ActorKind
from billing_saas.kit.db import Database
from billing_saas.kit.ids import new_id
from billing_saas.ledger import journal
from billing_saas.ledger.rules import Account, Entry, Line
from billing_saas.patients import registering
from billing_saas.patients.rules import Demographics
from billing_saas.payments import starting
from billing_saas.payments.errors import NotForUs
from billing_saas.payments.jobs import AskAboutPayment
from billing_saas.payments.starting import Started
from billing_saas.payments.tables import Payment, PaymentAttempt, ProcessorAccount
from billing_saas.processor_events import handling
from billing_saas.workers import running
from billing_sandbox.stripe import webhooks
from billing_sandbox.stripe.running import Sandbox
from tests.cast import Tenant

SYSTEM = Actor(kind=ActorKind.SYSTEM, id=UUID(int=3))


def office(*held: str) -> Actor:
    """Somebody who showed a second factor just now."""
    return Actor(
        kind=ActorKind.USER,
        id=new_id(),
        roles=frozenset(held),
        permissions=roles.permissions_of(held),
        # A suite may take longer than a step-up is good for.
        stepped_up_at=clock.now() + timedelta(hours=3),
    )


OFFICE = office("biller", "supervisor", "practice_admin")


@dataclass
class Till:
    database: Database
    tenant: Tenant
    sandbox: Sandbox
    account: str
    seen: set[str] = field(default_factory=set)

    @classmethod
    async def opened(cls, database: Database, tenant: Tenant, sandbox: Sandbox) -> "Till":
        """With an account that takes payments."""
        database.processor = StripeProcessor(
            sandbox.api_key,
            sandbox.webhook_secret,
            "https://billing.test",
            portal_site="https://pay.test",
            api=sandbox.url,
            retries=0,
        )
        till = cls(database, tenant, sandbox, await asyncio.to_thread(sandbox.account))
        async with database.tenant(tenant.id) as db:
            db.add(
                ProcessorAccount(
                    tenant_id=tenant.id,
                    id=new_id(),
                    processor_id=till.account,
                    livemode=False,
                    state="active",
                    charges_enabled=True,
                    payouts_enabled=True,
                    details_submitted=True,
                    created_by=OFFICE.id,
                    created_at=clock.now(),
                )
            )
        return till

    # --- who owes ---

    async def guarantor(self, *owed: int, **known: object) -> UUID:
        """Somebody who owes these charges, the oldest first."""
        named: dict[str, object] = {"last_name": "Moreno", "first_name": "Lucia", **known}
        async with self.database.tenant(self.tenant.id) as db:
            (guarantor_id,) = await registering.register_many(
                db, OFFICE, [Demographics(**cast(Any, named))]
            )
        for place, cents in enumerate(owed):
            await self.owes(guarantor_id, cents, on=date(2026, 9, 1 + place))
        return guarantor_id

    async def owes(self, patient_id: UUID, cents: int, *, on: date = date(2026, 10, 1)) -> None:
        charge_id = new_id()
        entry = Entry(
            source=f"test:{charge_id}",
            kind="test",
            effective_on=on,
            lines=(
                Line(
                    Account.PATIENT_RECEIVABLE,
                    cents,
                    "patient",
                    patient_id,
                    patient_id,
                    charge_id=charge_id,
                ),
                Line(Account.GROSS_CHARGES, -cents, "practice"),
            ),
        )
        async with self.database.tenant(self.tenant.id) as db:
            await journal.post(db, OFFICE, [entry])

    # --- paying ---

    async def start(self, guarantor_id: UUID, cents: int, **more: Any) -> Started:
        actor = Actor(kind=ActorKind.PATIENT, id=guarantor_id)
        return await starting.start(
            self.database, self.tenant.id, actor, guarantor_id, cents, **more
        )

    async def pay(self, started: Started, **how: Any) -> None:
        assert started.url is not None
        if "bank" in how:
            self._offer_debits(started.url)
        await asyncio.to_thread(self.sandbox.pay, started.url, **how)

    def _offer_debits(self, url: str) -> None:
        """As a practice does in its own account at Stripe: which ways of paying are offered is its choice."""
        with self.sandbox.world.lock:
            for page in self.sandbox.world.book_of(self.account).of("checkout.session"):
                if page["url"] == url:
                    page["payment_method_types"] = ["card", "us_bank_account"]

    async def paid(self, guarantor_id: UUID, cents: int) -> UUID:
        """By card, and heard of."""
        started = await self.start(guarantor_id, cents)
        await self.pay(started)
        await self.hear()
        return started.payment_id

    # --- knocking ---

    def events(self, kind: str | None = None) -> list[dict[str, Any]]:
        return self.sandbox.events(kind, account=self.account)

    def unheard(self) -> list[dict[str, Any]]:
        found = [event for event in self.events() if event["id"] not in self.seen]
        self.seen |= {event["id"] for event in found}
        return found

    async def hear(self) -> None:
        """Everything that Stripe would have told by now, and all that follows from it."""
        for event in self.unheard():
            await self.knock(event)
        await self.work()

    async def knock(self, event: dict[str, Any], **signed: Any) -> None:
        body = webhooks.body_of(event)
        await handling.receive(self.database, body, self.signature(body, **signed))

    def signature(self, body: bytes, *, secret: str | None = None, age: int = 0) -> str:
        at = int(clock.now().timestamp()) - age
        return webhooks.signature(body, secret or self.sandbox.webhook_secret, at)

    async def refused(self, event: dict[str, Any], **signed: Any) -> bool:
        try:
            await self.knock(event, **signed)
        except NotForUs:
            return True
        return False

    async def work(self) -> None:
        outcomes = await running.drain(self.database)
        assert set(outcomes) <= {running.Outcome.DONE}, outcomes

    async def ask_about(self, payment_id: UUID) -> None:
        await handling.ask_about(self.database, self.tenant.id, SYSTEM, AskAboutPayment(payment_id))

    # --- what stands ---

    async def payment(self, payment_id: UUID) -> Payment:
        async with self.database.tenant(self.tenant.id) as db:
            return (await db.scalars(select(Payment).where(Payment.id == payment_id))).one()

    async def attempt(self, payment_id: UUID, n: int = 1) -> PaymentAttempt:
        async with self.database.tenant(self.tenant.id) as db:
            query = select(PaymentAttempt).where(
                PaymentAttempt.payment_id == payment_id, PaymentAttempt.n == n
            )
            return (await db.scalars(query)).one()

    async def balances(self) -> dict[str, int]:
        """Of the practice, by account, but what was charged."""
        async with self.database.tenant(self.tenant.id) as db:
            rows = await db.execute(
                text(
                    "SELECT account, CAST(sum(amount_cents) AS bigint) AS cents FROM ledger_line"
                    " WHERE tenant_id = :tenant_id AND account <> 'gross_charges'"
                    " GROUP BY account HAVING sum(amount_cents) <> 0"
                ),
                {"tenant_id": self.tenant.id},
            )
            return {row.account: row.cents for row in rows}

    async def entries(self) -> list[tuple[Any, ...]]:
        """The journal but for ids and times of its own, in an order of its own."""
        async with self.database.tenant(self.tenant.id) as db:
            rows = await db.execute(
                text(
                    "SELECT entry.source, entry.kind, line.account, line.amount_cents,"
                    " line.party_kind, line.patient_id, line.claim_id, line.charge_id"
                    " FROM ledger_entry entry JOIN ledger_line line"
                    " ON line.tenant_id = entry.tenant_id AND line.entry_id = entry.id"
                    " WHERE entry.tenant_id = :tenant_id AND entry.kind <> 'test'"
                    " ORDER BY entry.source, line.n"
                ),
                {"tenant_id": self.tenant.id},
            )
            return [tuple(row) for row in rows]
