"""What was taken at the desk, drawers that were counted, and receipts (migration 0028)."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKey, ForeignKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from billing_saas.kit.db import Row

_OF_PAYMENT = (["tenant_id", "payment_id"], ["payment.tenant_id", "payment.id"])
_OF_CLOSE = (["tenant_id", "drawer_close_id"], ["drawer_close.tenant_id", "drawer_close.id"])


class DeskTaking(Row):
    """Who took a payment over the counter, on which day; `drawer_close_id` once it was counted."""

    __tablename__ = "desk_taking"
    __table_args__ = (ForeignKeyConstraint(*_OF_PAYMENT), ForeignKeyConstraint(*_OF_CLOSE))

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("practice.tenant_id"), primary_key=True)
    payment_id: Mapped[UUID] = mapped_column(primary_key=True)
    taken_on: Mapped[date]
    taken_by: Mapped[UUID]
    taken_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    drawer_close_id: Mapped[UUID | None]


class DrawerClose(Row):
    """One person's drawer, counted. Append-only."""

    __tablename__ = "drawer_close"

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("practice.tenant_id"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID]
    closed_on: Mapped[date]
    closed_by: Mapped[UUID]
    closed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class DrawerCount(Row):
    """Of one method: what the books expect in the drawer, and what was counted. Append-only."""

    __tablename__ = "drawer_count"
    __table_args__ = (ForeignKeyConstraint(*_OF_CLOSE),)

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    drawer_close_id: Mapped[UUID] = mapped_column(primary_key=True)
    method: Mapped[str] = mapped_column(primary_key=True)
    takings: Mapped[int]
    expected_cents: Mapped[int] = mapped_column(BigInteger)
    counted_cents: Mapped[int] = mapped_column(BigInteger)


class ReceiptCounter(Row):
    """The number that was given last, of this practice."""

    __tablename__ = "receipt_counter"

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("practice.tenant_id"), primary_key=True)
    last_number: Mapped[int]


class ReceiptRow(Row):
    """Of a payment there is one receipt, and its number is without a gap. Append-only."""

    __tablename__ = "receipt"
    __table_args__ = (
        UniqueConstraint("tenant_id", "number"),
        UniqueConstraint("tenant_id", "payment_id"),
        ForeignKeyConstraint(*_OF_PAYMENT),
        ForeignKeyConstraint(["tenant_id", "guarantor_id"], ["patient.tenant_id", "patient.id"]),
    )

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("practice.tenant_id"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int]
    payment_id: Mapped[UUID]
    guarantor_id: Mapped[UUID]
    issued_by_kind: Mapped[str]
    issued_by: Mapped[UUID]
    issued_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
