"""Lay money on what is owed: allocate under locks, journal, and keep what went where."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select, text

from billing_saas.kit import clock
from billing_saas.kit.db import TenantSession
from billing_saas.kit.ids import new_ids
from billing_saas.ledger import periods
from billing_saas.payments import rules
from billing_saas.payments.rules import Share
from billing_saas.payments.tables import Payment, PaymentShare
from billing_saas.statements import owing
from billing_saas.statements import queries as statements
from billing_saas.tenants import queries as tenants

_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
# As posting a remittance locks them, in the same order: neither reads what the other is changing.
_CLAIMS = text(
    """
    SELECT claim.id FROM unnest(CAST(:claim_ids AS uuid[])) AS found (id)
    JOIN claim ON claim.tenant_id = :tenant_id AND claim.id = found.id
    ORDER BY claim.id FOR UPDATE OF claim
    """
)


async def lock_guarantor(db: TenantSession, guarantor_id: UUID) -> None:
    """One payment at a time is laid on what a guarantor owes. Taken after a payment's row, never before."""
    await db.execute(_LOCK, {"name": f"payments:{db.tenant_id}:{guarantor_id}"})


async def lock_instalment(db: TenantSession, instalment_id: UUID) -> None:
    """One charge at a time is made for an instalment. Taken before a payment's row."""
    await db.execute(_LOCK, {"name": f"instalment:{db.tenant_id}:{instalment_id}"})


async def lock_claims(db: TenantSession, claim_ids: Collection[UUID]) -> None:
    if claim_ids:
        await db.execute(_CLAIMS, {"tenant_id": db.tenant_id, "claim_ids": list(claim_ids)})


async def shares_for(
    db: TenantSession,
    guarantor_id: UUID,
    cents: int,
    statement_id: UUID | None,
    purpose: str = "bill",
) -> list[Share]:
    """Where `cents` of this guarantor go: the bill that is paid first, then the oldest debt, then credit.
    What was given for a visit is kept as credit until somebody lays it on that."""
    await lock_guarantor(db, guarantor_id)
    if purpose in rules.HELD:
        return [Share(guarantor_id, None, None, cents, unapplied=True)]
    before = await owing.owed_by(db, guarantor_id)
    await lock_claims(db, {item.claim_id for item in before if item.claim_id is not None})
    owed = await owing.owed_by(db, guarantor_id)
    first: set[UUID] = set()
    if statement_id is not None:
        asked = await statements.open_items(db, statement_id)
        first = {item.charge_id for item in asked if item.charge_id is not None}
    items = [Share(item.patient_id, item.claim_id, item.charge_id, item.cents) for item in owed]
    return rules.allocate(items, cents, guarantor_id, first)


async def keep(
    db: TenantSession, payment_id: UUID, shares: Sequence[Share], *, refund_id: UUID | None = None
) -> None:
    if not shares:
        return
    at = clock.now()
    ids = new_ids(len(shares))
    await db.execute(
        insert(PaymentShare),
        [
            {
                "tenant_id": db.tenant_id,
                "id": share_id,
                "payment_id": payment_id,
                "refund_id": refund_id,
                "patient_id": share.patient_id,
                "claim_id": share.claim_id,
                "charge_id": share.charge_id,
                "unapplied": share.unapplied,
                "amount_cents": share.cents,
                "created_at": at,
            }
            for share_id, share in zip(ids, shares, strict=True)
        ],
    )


async def shares_of(db: TenantSession, payment_id: UUID) -> list[Share]:
    """All of them, in the order they came about."""
    rows = await db.scalars(
        select(PaymentShare)
        .where(PaymentShare.tenant_id == db.tenant_id, PaymentShare.payment_id == payment_id)
        .order_by(PaymentShare.id)
    )
    return [
        Share(row.patient_id, row.claim_id, row.charge_id, row.amount_cents, row.unapplied)
        for row in rows
    ]


async def day_of(db: TenantSession, at: datetime) -> date:
    """The day at the practice on which something counts, unless its month is closed."""
    practice = await tenants.this_practice(db)
    return await periods.first_open_day(db, at.astimezone(ZoneInfo(practice.time_zone)).date())


async def today(db: TenantSession) -> date:
    return await day_of(db, clock.now())


def subjects(payment: Payment, shares: Sequence[Share]) -> list[UUID]:
    """The patients whom a payment concerns: who paid, and for whom."""
    return list(dict.fromkeys([payment.guarantor_id, *(share.patient_id for share in shares)]))
