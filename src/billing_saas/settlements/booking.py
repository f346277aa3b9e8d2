"""Movements of the practice's balance at the processor: each is known once, and journalled once."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.kit.ids import new_id
from billing_saas.kit.processing import BalanceLine
from billing_saas.ledger import journal
from billing_saas.ledger.rules import Entry
from billing_saas.payments import laying
from billing_saas.payments.tables import BalanceTransaction

EntryOf = Callable[[BalanceLine, date], Entry | None]


@dataclass(frozen=True, slots=True)
class Booker:
    """Knows which of the movements that are told were booked before: most knocks tell nothing new."""

    db: TenantSession
    actor: Actor
    known: set[str] = field(default_factory=set)

    async def book(
        self, line: BalanceLine | None, matched: str, object_id: UUID | None, entry_of: EntryOf
    ) -> None:
        """Keep the movement with what of ours it belongs to, and journal its entry, if it has one."""
        if line is None or line.id in self.known:
            return
        self.known.add(line.id)
        if not await _kept(self.db, line, matched, object_id):
            return
        entry = entry_of(line, await laying.day_of(self.db, line.at))
        if entry is not None:
            await journal.post(self.db, self.actor, [entry])


async def booker(db: TenantSession, actor: Actor, told: Iterable[BalanceLine | None]) -> Booker:
    ids = [line.id for line in told if line is not None]
    return Booker(db, actor, await known(db, ids))


async def known(db: TenantSession, ids: list[str]) -> set[str]:
    if not ids:
        return set()
    rows = await db.scalars(
        select(BalanceTransaction.processor_id).where(
            BalanceTransaction.tenant_id == db.tenant_id,
            BalanceTransaction.processor_id.in_(ids),
        )
    )
    return set(rows)


async def _kept(db: TenantSession, line: BalanceLine, matched: str, object_id: UUID | None) -> bool:
    """False: another transaction was quicker."""
    made = await db.scalar(
        insert(BalanceTransaction)
        .values(
            tenant_id=db.tenant_id,
            id=new_id(),
            processor_id=line.id,
            kind=line.kind,
            source=line.source,
            amount_cents=line.cents,
            fee_cents=line.fee_cents,
            net_cents=line.net_cents,
            matched=matched,
            object_id=object_id,
            at=line.at,
        )
        .on_conflict_do_nothing(index_elements=["tenant_id", "processor_id"])
        .returning(BalanceTransaction.id)
    )
    return made is not None
