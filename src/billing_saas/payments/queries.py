"""Payments and what came of them, as those who may see them see them. Nothing here is sealed."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import select

from billing_saas.audit import trail
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.kit.paging import Page, PageRequest, encode
from billing_saas.payments import laying, rules
from billing_saas.payments.errors import (
    DisputeNotFound,
    PaymentNotFound,
    PayoutNotFound,
    RefundNotFound,
)
from billing_saas.payments.rules import Share
from billing_saas.payments.tables import (
    BalanceTransaction,
    Dispute,
    Payment,
    PaymentAttempt,
    Payout,
    Refund,
)

READ = "payments.read"


class PaymentShown(msgspec.Struct, frozen=True, kw_only=True):
    """`state` is as domain.md has it: part_refunded, refunded, disputed and voided follow from the rest."""

    id: UUID
    guarantor_id: UUID
    statement_id: UUID | None
    plan_instalment_id: UUID | None
    method: str
    purpose: str
    state: str
    amount_cents: int
    refunded_cents: int
    disputed: str
    attempts: int
    failure_code: str
    paper_number: str
    received_on: date
    created_at: datetime
    updated_at: datetime
    succeeded_at: datetime | None

    @classmethod
    def of(cls, row: Payment) -> "PaymentShown":
        values: dict[str, Any] = {name: getattr(row, name) for name in cls.__struct_fields__}
        return cls(**{**values, "state": shown_state(row)})


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """What a person gets who paid: where the money stands now, by charge, and what is their credit."""

    payment: PaymentShown
    shares: tuple[Share, ...]
    unapplied_cents: int


def shown_state(row: Payment) -> str:
    if row.voided_at is not None:
        return "voided"
    if row.state != "succeeded":
        return row.state
    if row.disputed in ("open", "lost"):
        return "disputed"
    if row.refunded_cents >= row.amount_cents:
        return "refunded"
    return "part_refunded" if row.refunded_cents else "succeeded"


# --- for acts and pages that have asked who it is ---


async def payments_of(db: TenantSession, guarantor_id: UUID, most: int = 200) -> list[PaymentShown]:
    """What this guarantor paid or tried to, newest first. The caller has checked who asks."""
    rows = await db.scalars(
        select(Payment)
        .where(Payment.tenant_id == db.tenant_id, Payment.guarantor_id == guarantor_id)
        .order_by(Payment.id.desc())
        .limit(most)
    )
    return [PaymentShown.of(row) for row in rows]


async def payment_of(db: TenantSession, guarantor_id: UUID, payment_id: UUID) -> PaymentShown:
    """One of them; another guarantor's is not found."""
    row = await db.scalar(
        select(Payment).where(
            Payment.tenant_id == db.tenant_id,
            Payment.id == payment_id,
            Payment.guarantor_id == guarantor_id,
        )
    )
    if row is None:
        raise PaymentNotFound("There is no such payment.")
    return PaymentShown.of(row)


async def receipt_of(db: TenantSession, guarantor_id: UUID, payment_id: UUID) -> Receipt:
    """Of money that came; a payment that did not succeed has no receipt."""
    shown = await payment_of(db, guarantor_id, payment_id)
    if shown.succeeded_at is None:
        raise PaymentNotFound("There is no receipt of this payment.")
    standing = rules.standing(await laying.shares_of(db, payment_id))
    return Receipt(
        payment=shown,
        shares=tuple(share for share in standing if not share.unapplied),
        unapplied_cents=sum(share.cents for share in standing if share.unapplied),
    )


async def open_checkout(
    db: TenantSession, guarantor_id: UUID, statement_id: UUID
) -> PaymentAttempt | None:
    """A page of the processor that is open for this bill."""
    found: PaymentAttempt | None = await db.scalar(
        select(PaymentAttempt)
        .join(
            Payment,
            (Payment.tenant_id == PaymentAttempt.tenant_id)
            & (Payment.id == PaymentAttempt.payment_id),
        )
        .where(
            Payment.tenant_id == db.tenant_id,
            Payment.guarantor_id == guarantor_id,
            Payment.statement_id == statement_id,
            PaymentAttempt.state.in_(("asked", "open", "unknown")),
        )
        .order_by(PaymentAttempt.payment_id.desc())
        .limit(1)
    )
    return found


# --- for staff ---


async def payments(
    db: TenantSession,
    actor: Actor,
    page: PageRequest,
    *,
    guarantor_id: UUID | None = None,
    state: str | None = None,
) -> Page[PaymentShown]:
    actor.must(READ)
    query = select(Payment).where(Payment.tenant_id == db.tenant_id)
    if guarantor_id is not None:
        query = query.where(Payment.guarantor_id == guarantor_id)
    if state is not None:
        query = query.where(Payment.state == state)
    if actor.only_patient is not None:
        query = query.where(Payment.guarantor_id == actor.only_patient)
    if page.after is not None:
        query = query.where(Payment.id < page.after)
    rows = list(await db.scalars(query.order_by(Payment.id.desc()).limit(page.limit + 1)))
    more = len(rows) > page.limit
    rows = rows[: page.limit]
    await trail.record(
        db,
        actor,
        "payment.list",
        object_type="payment",
        subjects=[row.guarantor_id for row in rows],
        detail={"rows": len(rows)},
    )
    return Page([PaymentShown.of(row) for row in rows], encode(rows[-1].id) if more else None)


async def payment(db: TenantSession, actor: Actor, payment_id: UUID) -> Receipt:
    """With what it went to, succeeded or not."""
    actor.must(READ)
    row = await db.scalar(
        select(Payment).where(Payment.tenant_id == db.tenant_id, Payment.id == payment_id)
    )
    if row is None or not actor.may_see(row.guarantor_id):
        raise PaymentNotFound("There is no such payment.")
    standing = rules.standing(await laying.shares_of(db, payment_id))
    await trail.record(
        db,
        actor,
        "payment.read",
        object_type="payment",
        object_id=payment_id,
        subjects=laying.subjects(row, standing),
    )
    return Receipt(
        payment=PaymentShown.of(row),
        shares=tuple(share for share in standing if not share.unapplied),
        unapplied_cents=sum(share.cents for share in standing if share.unapplied),
    )


async def refunds(
    db: TenantSession, actor: Actor, page: PageRequest, *, payment_id: UUID | None = None
) -> Page[Refund]:
    actor.must(READ)
    query = select(Refund).where(Refund.tenant_id == db.tenant_id)
    if payment_id is not None:
        query = query.where(Refund.payment_id == payment_id)
    if page.after is not None:
        query = query.where(Refund.id < page.after)
    rows = list(await db.scalars(query.order_by(Refund.id.desc()).limit(page.limit + 1)))
    return _page(rows, page)


async def refund(db: TenantSession, actor: Actor, refund_id: UUID) -> Refund:
    actor.must(READ)
    row = await db.scalar(
        select(Refund).where(Refund.tenant_id == db.tenant_id, Refund.id == refund_id)
    )
    if row is None:
        raise RefundNotFound("There is no such refund.")
    return row


async def disputes(db: TenantSession, actor: Actor, page: PageRequest) -> Page[Dispute]:
    actor.must(READ)
    query = select(Dispute).where(Dispute.tenant_id == db.tenant_id)
    if page.after is not None:
        query = query.where(Dispute.id < page.after)
    rows = list(await db.scalars(query.order_by(Dispute.id.desc()).limit(page.limit + 1)))
    return _page(rows, page)


async def dispute(db: TenantSession, actor: Actor, dispute_id: UUID) -> Dispute:
    actor.must(READ)
    row = await db.scalar(
        select(Dispute).where(Dispute.tenant_id == db.tenant_id, Dispute.id == dispute_id)
    )
    if row is None:
        raise DisputeNotFound("There is no such dispute.")
    return row


async def payouts(db: TenantSession, actor: Actor, page: PageRequest) -> Page[Payout]:
    actor.must(READ)
    query = select(Payout).where(Payout.tenant_id == db.tenant_id)
    if page.after is not None:
        query = query.where(Payout.id < page.after)
    rows = list(await db.scalars(query.order_by(Payout.id.desc()).limit(page.limit + 1)))
    return _page(rows, page)


async def payout(
    db: TenantSession, actor: Actor, payout_id: UUID
) -> tuple[Payout, Sequence[BalanceTransaction]]:
    """With the movements it is made of, as far as they were told."""
    actor.must(READ)
    row = await db.scalar(
        select(Payout).where(Payout.tenant_id == db.tenant_id, Payout.id == payout_id)
    )
    if row is None:
        raise PayoutNotFound("There is no such payout.")
    lines = await db.scalars(
        select(BalanceTransaction)
        .where(
            BalanceTransaction.tenant_id == db.tenant_id, BalanceTransaction.payout_id == payout_id
        )
        .order_by(BalanceTransaction.at, BalanceTransaction.processor_id)
    )
    return row, lines.all()


def _page(rows: list[Any], page: PageRequest) -> Page[Any]:
    more = len(rows) > page.limit
    rows = rows[: page.limit]
    return Page(rows, encode(rows[-1].id) if more else None)
