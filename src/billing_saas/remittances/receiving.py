"""Where a remittance file comes in."""

from collections.abc import AsyncIterable

from billing_saas.inbox import receiving
from billing_saas.inbox.receiving import Received
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.remittances.jobs import TakeInRemittances


async def receive_file(
    db: TenantSession, actor: Actor, name: str, chunks: AsyncIterable[bytes]
) -> Received:
    """Keep an uploaded 835 and owe its intake. The same bytes again answer with the first arrival."""
    return await receiving.receive(
        db,
        actor,
        source="upload",
        kind="835",
        name=name,
        chunks=chunks,
        job_for=TakeInRemittances,
    )
