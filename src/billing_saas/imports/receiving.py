"""Take in a file of a practice's system at the door; a job reads it."""

from collections.abc import AsyncIterable

from billing_saas.imports.jobs import ImportClaims
from billing_saas.inbox import receiving
from billing_saas.inbox.receiving import Received
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession


async def receive_claims(
    db: TenantSession,
    actor: Actor,
    name: str,
    chunks: AsyncIterable[bytes],
    *,
    source: str = "upload",
) -> Received:
    """Keep an 837 as an arrival. The same bytes from the same source are the same arrival."""
    return await receiving.receive(
        db, actor, source=source, kind="837", name=name, chunks=chunks, job_for=ImportClaims
    )
