"""Where an agency's report comes in."""

from collections.abc import AsyncIterable
from uuid import UUID

from billing_saas.agencies.jobs import TakeInAgencyReport
from billing_saas.collections import policies
from billing_saas.inbox import receiving
from billing_saas.inbox.receiving import Received
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession


async def receive_report(
    db: TenantSession,
    actor: Actor,
    agency_id: UUID,
    name: str,
    chunks: AsyncIterable[bytes],
) -> Received:
    """Keep it and owe its taking in. The same bytes of the same agency are the same arrival."""
    actor.must(receiving.RECEIVE)
    agency = await policies.agency_named(db, agency_id)
    return await receiving.receive(
        db,
        actor,
        source=f"agency:{agency.id}",
        kind="agency_report",
        name=name,
        chunks=chunks,
        job_for=lambda arrival_id: TakeInAgencyReport(arrival_id, agency.id),
    )
