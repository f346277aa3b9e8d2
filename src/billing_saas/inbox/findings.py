"""Keep what was found wrong with an arrival."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select

from billing_saas.edi.findings import Finding
from billing_saas.inbox import rules
from billing_saas.inbox.tables import ArrivalFinding
from billing_saas.kit import bulk
from billing_saas.kit.db import TenantSession


async def write(db: TenantSession, arrival_id: UUID, found: Sequence[Finding]) -> None:
    """Append in one statement, up to `rules.MOST_FINDINGS` rows of the arrival in all."""
    if not found:
        return
    last = select(func.coalesce(func.max(ArrivalFinding.n), 0)).where(
        ArrivalFinding.tenant_id == db.tenant_id, ArrivalFinding.arrival_id == arrival_id
    )
    n = (await db.scalars(last)).one()
    rows = [
        {"arrival_id": arrival_id, **rules.finding_row(n + at, finding)}
        for at, finding in enumerate(found[: max(rules.MOST_FINDINGS - n, 0)], 1)
    ]
    await bulk.insert_rows(db, ArrivalFinding, rows)
