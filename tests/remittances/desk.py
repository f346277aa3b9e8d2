"""Elm's billing desk: claims on the books and sent, and 835s that answer them, worked by hand."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import select, text

from billing_saas.claims import queries as claim_queries
from billing_saas.claims import submitting
from billing_saas.claims.queries import ClaimRecord
from billing_saas.claims.tables import Submission
from billing_saas.edi.claim837 import Claim
from billing_saas.edi.claim837_lines import ServiceLine
from billing_saas.edi.parties import DateValue, Reference
from billing_saas.edi.remittance import (
    Adjustment,
    ClaimHeading,
    ClaimPayment,
    ProviderAdjustment,
    ServicePayment,
)
from billing_saas.followups.tables import Card
from billing_saas.inbox import queries as inbox
from billing_saas.inbox.queries import ArrivalShown
from billing_saas.inbox.tables import ArrivalFinding
from billing_saas.kit.db import Database
from billing_saas.kit.paging import PageRequest
from billing_saas.ledger import queries as ledger
from billing_saas.ledger.rules import Account
from billing_saas.remittances import receiving
from billing_saas.remittances.tables import Remittance
from billing_saas.workers import running
from billing_sandbox import payer
from tests.cast import Person, Tenant
from tests.imports.practice_files import claims_file, identity, receive

PAID_ON = date(2026, 10, 15)
Cas = tuple[str, str, int]


@dataclass
class Desk:
    """`claims` are as they were sent, under our own numbers."""

    database: Database
    tenant: Tenant
    person: Person
    batch: bytes = b""
    claims: list[Claim] = field(default_factory=list)
    _checks: int = 0

    @property
    def payee(self) -> payer.Payee:
        known = identity(self.tenant)
        return payer.Payee(
            name=known.name, npi=known.npi, tax_id=known.tax_id, address=known.address
        )

    def check(self, **changes: Any) -> payer.Check:
        """A new check, with a trace number of its own."""
        self._checks += 1
        plain = {"trace_prefix": f"T{self._checks}", "paid_on": PAID_ON}
        return payer.Check(**{**plain, "control_number": self._checks, **changes})

    def claim(self, *, lines: int = 1, payers: int = 1, asked: str = "P") -> Claim:
        """The dearest claim sent with so many payers and (at least) lines, taken off the pile."""
        fitting = [
            claim
            for claim in self.claims
            if 1 + len(claim.other_coverages) == payers
            and (len(claim.lines) == lines or (asked == "S" and len(claim.lines) > lines))
            and claim.subscriber.insurance is not None
            and claim.subscriber.insurance.sequence == asked
        ]
        if not fitting:
            raise LookupError("no such claim was sent; hand in more")
        claim = max(fitting, key=lambda one: one.charge_cents)
        self.claims.remove(claim)
        return claim

    def remittance(
        self,
        claim: Claim,
        *paid: ClaimPayment,
        pairs: Sequence[ProviderAdjustment] = (),
        check: payer.Check | None = None,
    ) -> bytes:
        """An 835 of the claim's payer, with one payment."""
        check = check or self.check()
        one = payer.payment_of(claim, self.payee, check, paid, tuple(pairs))
        return payer.file_of([one], self.payee, check)

    async def remit(self, file: bytes) -> ArrivalShown:
        """Hand the file in and let the worker do all that follows."""
        async with self.database.tenant(self.tenant.id) as db:
            received = await receiving.receive_file(
                db, self.person.actor, "remittance.835", _chunks(file)
            )
        await running.drain(self.database)
        async with self.database.tenant(self.tenant.id) as db:
            return await inbox.arrival(db, self.person.actor, received.arrival_id)

    async def findings(self, arrival_id: UUID) -> list[ArrivalFinding]:
        async with self.database.tenant(self.tenant.id) as db:
            page = PageRequest(limit=200)
            return (await inbox.findings(db, self.person.actor, arrival_id, page)).rows

    async def remittances(self) -> list[Remittance]:
        async with self.database.tenant(self.tenant.id) as db:
            return list(await db.scalars(select(Remittance).order_by(Remittance.id)))

    async def cards(self) -> list[Card]:
        async with self.database.tenant(self.tenant.id) as db:
            return list(
                await db.scalars(select(Card).where(Card.state == "open").order_by(Card.id))
            )

    async def card_kinds(self) -> list[str]:
        return sorted(card.kind for card in await self.cards())

    async def balances(self) -> dict[Account, int]:
        async with self.database.tenant(self.tenant.id) as db:
            return await ledger.balances(db, self.person.actor)

    async def record(self, claim: Claim) -> ClaimRecord:
        """The claim as we know it, found by the number it was sent under."""
        async with self.database.tenant(self.tenant.id) as db:
            claim_id = await db.scalar(
                select(Submission.claim_id).where(Submission.patient_control_number == claim.number)
            )
            assert claim_id is not None
            return await claim_queries.claim(db, self.person.actor, claim_id)

    async def claim_balances(self, claim: Claim) -> dict[Account, int]:
        claim_id = (await self.record(claim)).claim.id
        async with self.database.tenant(self.tenant.id) as db:
            found = await ledger.claim_balances(db, self.person.actor, [claim_id])
        return found.get(claim_id, {})

    async def sql(self, statement: str, **values: Any) -> Sequence[Any]:
        async with self.database.tenant(self.tenant.id) as db:
            return (await db.execute(text(statement), values)).all()


async def opened(database: Database, tenant: Tenant, person: Person, claims: int) -> Desk:
    """A desk whose claims were imported and sent."""
    await receive(database, tenant, person.actor, claims_file(tenant, claims))
    await running.drain(database)
    control = submitting.Control(
        sender_id="ELM",
        sender_name="ELM FAMILY MEDICINE",
        sender_phone="2175550100",
        receiver_id="PAYER",
        receiver_name="PAYER",
        number=1,
        usage="P",
    )
    async with database.tenant(tenant.id) as db:
        queued = await claim_queries.queued(db, person.actor)
        batch = await submitting.batch_837p(db, person.actor, queued, control=control)
        await submitting.mark_sent(db, person.actor, queued)
    return Desk(database, tenant, person, batch, payer.claims_of(batch))


def paid(
    claim: Claim,
    *lines: tuple[int, Sequence[Cas]],
    status: str = "1",
    cas: Sequence[Cas] = (),
    **changes: Any,
) -> ClaimPayment:
    """CLP for the claim: per line what was paid and its adjustments; `cas` are the claim's own."""
    services = tuple(
        service(line, cents, adjustments)
        for line, (cents, adjustments) in zip(claim.lines, lines, strict=True)
    )
    made = ClaimPayment(
        patient_control_number=claim.number,
        status=status,
        charge_cents=claim.charge_cents,
        paid_cents=sum(cents for cents, _ in lines),
        filing_indicator="CI",
        payer_control_number=f"P{claim.number}",
        facility="11",
        frequency="1",
        adjustments=tuple(Adjustment(*one) for one in cas),
        services=services,
        heading=ClaimHeading(number="1"),
    )
    return msgspec.structs.replace(made, **changes)


def service(line: ServiceLine, cents: int, adjustments: Sequence[Cas]) -> ServicePayment:
    assert line.procedure is not None
    day = line.service_date
    return ServicePayment(
        procedure=line.procedure,
        charge_cents=line.charge_cents,
        paid_cents=cents,
        units="1",
        dates=(DateValue("472", day.value[:8]),) if day else (),
        adjustments=tuple(Adjustment(*one) for one in adjustments),
        references=(Reference("6R", line.control_number),),
    )


async def _chunks(content: bytes) -> AsyncIterator[bytes]:
    for at in range(0, len(content), 10_000):
        yield content[at : at + 10_000]
