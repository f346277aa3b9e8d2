"""Whether an interchange that arrived may come in, by the connection it came over; and that it came.

Files that come over no connection we know are not held to any: they are read as before.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from billing_saas.connections import rules
from billing_saas.connections.rules import Agreed
from billing_saas.connections.tables import Connection, InterchangeReceived
from billing_saas.edi import validation_envelope
from billing_saas.edi.envelope import Interchange, InterchangeHeader
from billing_saas.edi.findings import Finding
from billing_saas.edi.validation_envelope import Agreement
from billing_saas.kit import bulk, clock, pulling
from billing_saas.kit.db import TenantSession
from billing_saas.kit.ids import new_id

_ISA13 = 9


@dataclass(frozen=True, slots=True)
class _Came:
    n: int
    connection_id: UUID
    control_number: str
    usage: str
    refused: bool


class Admission:
    """One arrival. `refuse` runs inside the greenlet bridge, so it may wait."""

    def __init__(
        self, db: TenantSession, arrival_id: UUID, agreed: Sequence[Agreed], *, of_claims: bool
    ) -> None:
        self.db = db
        self.arrival_id = arrival_id
        self._agreed = agreed
        self._of_claims = of_claims
        self._seen: set[str] = set()
        self._came: list[_Came] = []

    def refuse(self, interchange: Interchange) -> list[Finding]:
        """Why nothing of this interchange may be read, or nothing. Once for each, in their order."""
        header = interchange.header
        agreed = rules.agreed_with(self._agreed, header)
        if agreed is None:
            return []
        agreement = Agreement(
            usage=agreed.usage,
            # Claims only: an 835 is known by its content, then by payer and trace number.
            refuses_repeats=agreed.refuses_repeats and self._of_claims,
            came_before=lambda known: self._came_before(agreed.connection_id, known),
        )
        found = validation_envelope.check_agreement(interchange, agreement, self._seen)
        self._came.append(
            _Came(
                interchange.place.interchange,
                agreed.connection_id,
                _plain(header.control_number),
                _plain(header.usage),
                bool(found),
            )
        )
        return found

    def _came_before(self, connection_id: UUID, header: InterchangeHeader) -> bool:
        """What was refused as a whole was not read, and does not count."""
        query = (
            select(InterchangeReceived.id)
            .where(
                InterchangeReceived.tenant_id == self.db.tenant_id,
                InterchangeReceived.connection_id == connection_id,
                InterchangeReceived.control_number == _plain(header.control_number),
                InterchangeReceived.accepted,
            )
            .limit(1)
        )
        return pulling.wait(self.db.scalar(query)) is not None

    async def remember(self, findings: Iterable[Finding]) -> None:
        """Write down what came, once the file is read. `findings` are those of its reading: what has
        a broken envelope, or stands in a file that is not whole, would be refused by a TA1."""
        broken = {
            finding.place.interchange
            for finding in findings
            if finding.severity == "error" and finding.level == "interchange"
        }
        now = clock.now()
        rows = [
            {
                "id": new_id(),
                "connection_id": came.connection_id,
                "arrival_id": self.arrival_id,
                "n": came.n,
                "control_number": came.control_number,
                "usage": came.usage,
                "accepted": not (came.refused or {0, came.n} & broken),
                "received_at": now,
            }
            for came in self._came
        ]
        await bulk.insert_rows(self.db, InterchangeReceived, rows)


async def admission(db: TenantSession, arrival_id: UUID, *, of_claims: bool) -> Admission:
    """For one arrival. Connections are few, so all that are active are looked at."""
    rows = await db.scalars(
        select(Connection)
        .where(Connection.tenant_id == db.tenant_id, Connection.active)
        .order_by(Connection.id)
    )
    agreed = [
        Agreed(
            connection_id=row.id,
            own=(row.own_qualifier, row.own_id),
            partner=(row.partner_qualifier, row.partner_id),
            usage=row.usage,
            refuses_repeats=row.refuses_repeats,
        )
        for row in rows
    ]
    return Admission(db, arrival_id, agreed, of_claims=of_claims)


def _plain(written: str) -> str:
    """A number as the database's text can hold it: a damaged file may have anything there."""
    return written[:_ISA13].encode("ascii", "replace").decode().replace("\0", "?")
