"""Files as Elm's and Oak's own systems hand them in, and the way to hand one in."""

from collections.abc import AsyncIterator
from datetime import date
from uuid import UUID

from billing_saas.edi.parties import Address
from billing_saas.imports import claims837, receiving
from billing_saas.imports.jobs import ImportClaims
from billing_saas.inbox.receiving import Received
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import Database
from billing_sandbox import practice_system
from billing_sandbox.practice_system import Delivery, PracticeIdentity
from tests.cast import Tenant

MONTH = date(2026, 9, 1)


def identity(tenant: Tenant) -> PracticeIdentity:
    return PracticeIdentity(
        name=tenant.name.upper(),
        npi=tenant.new.npi,
        tax_id=tenant.new.tax_id,
        taxonomy="207Q00000X",
        address=Address(
            line1="100 MAIN ST", city="SPRINGFIELD", state="IL", postal_code="627010001"
        ),
        contact_name="BILLING DESK",
        contact_phone="2175550100",
        submitter_id="ELMSYSTEM",
    )


def claims_file(tenant: Tenant, claims: int, *, seed: int = 1, usage: str = "P") -> bytes:
    return practice_system.claims_file(
        identity(tenant),
        seed=seed,
        month=MONTH,
        claims=claims,
        delivery=Delivery(usage=usage),
    )


async def receive(
    database: Database, tenant: Tenant, actor: Actor, content: bytes, *, source: str = "upload"
) -> Received:
    async with database.tenant(tenant.id) as db:
        return await receiving.receive_claims(
            db, actor, "claims.837", _chunks(content), source=source
        )


async def hand_in(
    database: Database, tenant: Tenant, actor: Actor, content: bytes, *, source: str = "upload"
) -> UUID:
    """Receive the file and do its job; the arrival."""
    received = await receive(database, tenant, actor, content, source=source)
    async with database.tenant(tenant.id) as db:
        await claims837.take_in(db, actor, ImportClaims(received.arrival_id))
    return received.arrival_id


async def _chunks(content: bytes) -> AsyncIterator[bytes]:
    for at in range(0, len(content), 50_000):
        yield content[at : at + 50_000]
