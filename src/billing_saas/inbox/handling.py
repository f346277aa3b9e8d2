"""Handle an arrival once: its row is locked, and how it ended is written with what it caused."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update

from billing_saas.edi.findings import Finding
from billing_saas.inbox import findings
from billing_saas.inbox.errors import AlreadyHandled, ArrivalNotFound
from billing_saas.inbox.rules import MOST_FINDINGS
from billing_saas.inbox.tables import Arrival
from billing_saas.kit import clock, points
from billing_saas.kit.db import TenantSession


@dataclass(slots=True)
class Handling:
    """An arrival while it is being handled. Set `kind` when the file says better what it is."""

    id: UUID
    source: str
    kind: str
    blob_id: UUID
    bytes: int
    received_at: datetime
    state: str = "handled"
    errors: int = 0
    warnings: int = 0
    kept: list[Finding] = field(default_factory=list)

    def report(self, found: Iterable[Finding]) -> None:
        """Add to its findings. Counted to the last one; kept up to `MOST_FINDINGS`."""
        for finding in found:
            if finding.severity == "error":
                self.errors += 1
            else:
                self.warnings += 1
            if len(self.kept) < MOST_FINDINGS:
                self.kept.append(finding)

    def hold(self) -> None:
        """Nothing was done with it, and a person must look: `handling(…, held=True)` takes it up."""
        self.state = "held"

    def unreadable(self, why: str) -> None:
        """It cannot be read to its end; `why` names the place and quotes nothing of the file."""
        self.state = "unreadable"
        self.report(
            [Finding(severity="error", level="interchange", code="unreadable", message=why)]
        )


@asynccontextmanager
async def handling(
    db: TenantSession, arrival_id: UUID, *, held: bool = False
) -> AsyncIterator[Handling]:
    """Lock the arrival, let the body work, and write how it ended: handled, held or unreadable.

    Who comes second waits, and then gets `AlreadyHandled`: an act that forgot to look at a flag
    would do its work twice, one that never gets in cannot. An error in the body leaves the arrival
    as it was. With `held=True` a held arrival is taken up again, and no other.
    """
    arrival = await _locked(db, arrival_id)
    if arrival.state != ("held" if held else "received"):
        raise AlreadyHandled("This arrival was handled before.", state=arrival.state)
    at_work = Handling(
        id=arrival.id,
        source=arrival.source,
        kind=arrival.kind,
        blob_id=arrival.blob_id,
        bytes=arrival.bytes,
        received_at=arrival.received_at,
    )
    yield at_work
    await findings.write(db, at_work.id, at_work.kept)
    await db.execute(
        update(Arrival)
        .where(Arrival.tenant_id == db.tenant_id, Arrival.id == arrival_id)
        .values(
            kind=at_work.kind,
            state=at_work.state,
            handled_at=clock.now(),
            errors=Arrival.errors + at_work.errors,
            warnings=Arrival.warnings + at_work.warnings,
        )
    )
    points.reach("inbox.handling.handled")


async def _locked(db: TenantSession, arrival_id: UUID) -> Arrival:
    query = (
        select(Arrival)
        .where(Arrival.tenant_id == db.tenant_id, Arrival.id == arrival_id)
        .with_for_update()
        # What the session may hold of it was read before the lock.
        .execution_options(populate_existing=True)
    )
    arrival = (await db.scalars(query)).one_or_none()
    if arrival is None:
        raise ArrivalNotFound("There is no such arrival.")
    return arrival
