"""Movements of the practice's balance at the processor: each is known once, and journalled once."""

from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.kit.ids import new_id
from billing_saas.kit.processing import BalanceLine
from billing_saas.ledger import journal
from billing_saas.ledger.rules import Entry
from billing_saas.payments.tables import BalanceTransaction


async def book(
    db: TenantSession,
    actor: Actor,
    line: BalanceLine,
    matched: str,
    object_id: UUID | None,
    entry: Entry | None,
) -> bool:
    """Keep the movement with what of ours it belongs to, and journal `entry`. False: it was known."""
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
    if made is None:
        return False
    if entry is not None:
        await journal.post(db, actor, [entry])
    return True
