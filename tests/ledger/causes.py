"""Which remittance moved the cash of an entry: told from the journal alone, without the acts that wrote it."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text

from billing_saas.kit.db import TenantSession


@dataclass(frozen=True, slots=True)
class CashEntry:
    id: UUID
    source: str
    reverses: UUID | None
    payer_cash: int

    @property
    def is_caused(self) -> bool:
        return self.source.startswith(("claim-payment:", "remittance-plb:"))


async def entries(db: TenantSession) -> dict[UUID, CashEntry]:
    rows = await db.execute(
        text(
            """
            SELECT e.id, e.source, e.reverses,
              coalesce(sum(l.amount_cents) FILTER (WHERE l.account = 'payer_cash'), 0)::bigint
            FROM ledger_entry e LEFT JOIN ledger_line l
              ON l.tenant_id = e.tenant_id AND l.entry_id = e.id
            WHERE e.tenant_id = :tenant GROUP BY e.id, e.source, e.reverses"""
        ),
        {"tenant": db.tenant_id},
    )
    return {row[0]: CashEntry(*row) for row in rows}


def cause(standing: dict[UUID, CashEntry], entry: CashEntry) -> CashEntry | None:
    """The entry of a remittance that this one is, or undoes.

    A payer's reversal is caused by the remittance that it came with. What undoes that one (a posting
    taken back) lets the first entry stand again; what then undoes the first, undoes the end of the chain.
    """
    if entry.is_caused:
        return entry
    undone = standing.get(entry.reverses) if entry.reverses else None
    if undone is None or undone.is_caused:
        return undone
    return _restored(standing, undone)


def _restored(standing: dict[UUID, CashEntry], undoing: CashEntry) -> CashEntry | None:
    taken_back = standing.get(undoing.reverses) if undoing.reverses else None
    first = standing.get(taken_back.reverses) if taken_back and taken_back.reverses else None
    return first if first is None or first.is_caused else _restored(standing, first)
