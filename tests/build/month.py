"""A month of a practice, small but whole: claims come in, payers answer, one takes back, one errs."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from billing_saas.imports import receiving as imports
from billing_saas.inbox.receiving import Received
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import Database
from billing_saas.remittances import receiving as remittances
from billing_saas.workers import running
from billing_saas.workers.running import Outcome
from billing_sandbox import payer
from billing_sandbox.payer import Check, Payee
from tests.cast import Tenant
from tests.imports.practice_files import claims_file, identity


@dataclass(frozen=True)
class Month:
    """The arrivals, in order: claims, their remittances, a correction, a stray payment."""

    claims: UUID
    remittances: UUID
    correction: UUID
    stray: UUID


async def work(
    database: Database, tenant: Tenant, actor: Actor, *, claims: int = 8, seed: int = 1
) -> Month:
    """`actor` hands everything in; the system does the rest."""
    content = claims_file(tenant, claims, seed=seed)
    practice = identity(tenant)
    payee = Payee(
        name=practice.name, npi=practice.npi, tax_id=practice.tax_id, address=practice.address
    )
    first = Check(trace_prefix=f"A{seed}", paid_on=date(2026, 10, 20))
    second = Check(trace_prefix=f"B{seed}", paid_on=date(2026, 10, 27), control_number=2)
    third = Check(trace_prefix=f"C{seed}", paid_on=date(2026, 10, 28), control_number=3)
    return Month(
        claims=await _handled(database, tenant, actor, imports.receive_claims, content),
        remittances=await _paid(
            database, tenant, actor, payer.pay(content, payee, first, seed=seed)
        ),
        correction=await _paid(
            database,
            tenant,
            actor,
            payer.take_back_and_correct(content, payee, first, second, seed=seed),
        ),
        stray=await _paid(database, tenant, actor, payer.stray(content, payee, third, seed=seed)),
    )


async def _paid(database: Database, tenant: Tenant, actor: Actor, content: bytes) -> UUID:
    return await _handled(database, tenant, actor, remittances.receive_file, content)


async def _handled(
    database: Database,
    tenant: Tenant,
    actor: Actor,
    receive: Callable[..., Awaitable[Received]],
    content: bytes,
) -> UUID:
    async with database.tenant(tenant.id) as db:
        received = await receive(db, actor, "of a month", _chunks(content))
    outcomes = await running.drain(database)
    assert set(outcomes) == {Outcome.DONE}, outcomes
    return received.arrival_id


async def _chunks(content: bytes) -> AsyncIterator[bytes]:
    for at in range(0, len(content), 50_000):
        yield content[at : at + 50_000]
