"""Payments of patients and what comes of them (migration 0027). Ids ending in `processor_id` are Stripe's."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKeyConstraint, SmallInteger, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from billing_saas.kit.db import Row

_INSTANT = DateTime(timezone=True)


class ProcessorAccount(Row):
    """The practice's own account at the processor. `requirements` are the processor's words, by spaces."""

    __tablename__ = "processor_account"
    __table_args__ = (ForeignKeyConstraint(["tenant_id"], ["practice.tenant_id"]),)

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    processor_id: Mapped[str | None]
    livemode: Mapped[bool]
    state: Mapped[str]
    charges_enabled: Mapped[bool] = mapped_column(default=False)
    payouts_enabled: Mapped[bool] = mapped_column(default=False)
    details_submitted: Mapped[bool] = mapped_column(default=False)
    requirements: Mapped[str] = mapped_column(default="")
    disabled_reason: Mapped[str] = mapped_column(default="")
    checked_at: Mapped[datetime | None] = mapped_column(_INSTANT)
    created_by: Mapped[UUID]
    created_at: Mapped[datetime] = mapped_column(_INSTANT)
    ended_at: Mapped[datetime | None] = mapped_column(_INSTANT)


class PaymentSetting(Row):
    """Above `refund_limit_cents` a second person approves a refund. Without a row: `rules.REFUND_LIMIT`."""

    __tablename__ = "payment_setting"
    __table_args__ = (ForeignKeyConstraint(["tenant_id"], ["practice.tenant_id"]),)

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    refund_limit_cents: Mapped[int] = mapped_column(BigInteger)
    version: Mapped[int]
    changed_by: Mapped[UUID]
    changed_at: Mapped[datetime] = mapped_column(_INSTANT)


class Payment(Row):
    """`disputed` is '', open, won or lost. `attempts` counts the askings of the processor."""

    __tablename__ = "payment"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["practice.tenant_id"]),
        ForeignKeyConstraint(["tenant_id", "guarantor_id"], ["patient.tenant_id", "patient.id"]),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    guarantor_id: Mapped[UUID]
    statement_id: Mapped[UUID | None]
    plan_instalment_id: Mapped[UUID | None]
    saved_method_id: Mapped[UUID | None]
    method: Mapped[str]
    purpose: Mapped[str]
    state: Mapped[str]
    amount_cents: Mapped[int] = mapped_column(BigInteger)
    refunded_cents: Mapped[int] = mapped_column(BigInteger, default=0)
    disputed: Mapped[str] = mapped_column(default="")
    attempts: Mapped[int] = mapped_column(SmallInteger, default=0)
    failure_code: Mapped[str] = mapped_column(default="")
    paper_number: Mapped[str] = mapped_column(default="")
    received_on: Mapped[date]
    voided_at: Mapped[datetime | None] = mapped_column(_INSTANT)
    version: Mapped[int] = mapped_column(default=1)
    started_by_kind: Mapped[str]
    started_by: Mapped[UUID]
    created_at: Mapped[datetime] = mapped_column(_INSTANT)
    updated_at: Mapped[datetime] = mapped_column(_INSTANT)
    succeeded_at: Mapped[datetime | None] = mapped_column(_INSTANT)


class PaymentAttempt(Row):
    """One asking of the processor; its key is the payment's id and `n`. Looked after at `look_at`."""

    __tablename__ = "payment_attempt"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "payment_id"], ["payment.tenant_id", "payment.id"]),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    payment_id: Mapped[UUID] = mapped_column(primary_key=True)
    n: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    state: Mapped[str]
    checkout_id: Mapped[str | None]
    intent_id: Mapped[str | None]
    checkout_url: Mapped[str | None]
    failure_code: Mapped[str] = mapped_column(default="")
    asked_at: Mapped[datetime] = mapped_column(_INSTANT)
    expires_at: Mapped[datetime | None] = mapped_column(_INSTANT)
    look_at: Mapped[datetime | None] = mapped_column(_INSTANT)
    updated_at: Mapped[datetime] = mapped_column(_INSTANT)


class PaymentCharge(Row):
    """Money that was taken, journalled as `entry_id`. `processor_id`: of which charge; none at the desk."""

    __tablename__ = "payment_charge"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "payment_id"], ["payment.tenant_id", "payment.id"]),
        UniqueConstraint("tenant_id", "processor_id"),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    payment_id: Mapped[UUID]
    processor_id: Mapped[str | None]
    amount_cents: Mapped[int] = mapped_column(BigInteger)
    entry_id: Mapped[UUID]
    created_at: Mapped[datetime] = mapped_column(_INSTANT)


class PaymentShare(Row):
    """What a payment went to, in cents: a charge of a claim, or nothing yet. Negative: taken back."""

    __tablename__ = "payment_share"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "payment_id"], ["payment.tenant_id", "payment.id"]),
        ForeignKeyConstraint(["tenant_id", "patient_id"], ["patient.tenant_id", "patient.id"]),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    payment_id: Mapped[UUID]
    refund_id: Mapped[UUID | None]
    patient_id: Mapped[UUID]
    claim_id: Mapped[UUID | None]
    charge_id: Mapped[UUID | None]
    unapplied: Mapped[bool]
    amount_cents: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(_INSTANT)


class SavedMethod(Row):
    """A card kept by the processor, and the consent it is kept by. Its number was never here."""

    __tablename__ = "saved_method"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "guarantor_id"], ["patient.tenant_id", "patient.id"]),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    guarantor_id: Mapped[UUID]
    state: Mapped[str]
    checkout_id: Mapped[str | None]
    checkout_url: Mapped[str | None]
    customer_id: Mapped[str | None]
    method_id: Mapped[str | None]
    brand: Mapped[str] = mapped_column(default="")
    expires_on: Mapped[date | None]
    consent_version: Mapped[str]
    consented_at: Mapped[datetime] = mapped_column(_INSTANT)
    consented_by_kind: Mapped[str]
    consented_by: Mapped[UUID]
    look_at: Mapped[datetime | None] = mapped_column(_INSTANT)
    created_at: Mapped[datetime] = mapped_column(_INSTANT)
    updated_at: Mapped[datetime] = mapped_column(_INSTANT)
    ended_at: Mapped[datetime | None] = mapped_column(_INSTANT)


class Refund(Row):
    """`reason` at_processor: the practice gave it back there, and we heard of it. `journalled`: the money
    went; `came_back`: it did not reach the card, and is owed to the patient."""

    __tablename__ = "refund"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "payment_id"], ["payment.tenant_id", "payment.id"]),
        UniqueConstraint("tenant_id", "processor_id"),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    payment_id: Mapped[UUID]
    amount_cents: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str]
    method: Mapped[str]
    state: Mapped[str]
    processor_id: Mapped[str | None]
    journalled: Mapped[bool] = mapped_column(default=False)
    came_back: Mapped[bool] = mapped_column(default=False)
    failure_code: Mapped[str] = mapped_column(default="")
    paper_number: Mapped[str] = mapped_column(default="")
    asked_by_kind: Mapped[str]
    asked_by: Mapped[UUID]
    asked_at: Mapped[datetime] = mapped_column(_INSTANT)
    decided_by: Mapped[UUID | None]
    decided_at: Mapped[datetime | None] = mapped_column(_INSTANT)
    look_at: Mapped[datetime | None] = mapped_column(_INSTANT)
    version: Mapped[int] = mapped_column(default=1)
    updated_at: Mapped[datetime] = mapped_column(_INSTANT)


class Dispute(Row):
    """A cardholder told the bank that the payment was not right. An inquiry moves no money yet."""

    __tablename__ = "dispute"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "payment_id"], ["payment.tenant_id", "payment.id"]),
        UniqueConstraint("tenant_id", "processor_id"),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    payment_id: Mapped[UUID]
    processor_id: Mapped[str]
    amount_cents: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str]
    state: Mapped[str]
    evidence_due_at: Mapped[datetime | None] = mapped_column(_INSTANT)
    evidence_state: Mapped[str] = mapped_column(default="")
    evidence_by: Mapped[UUID | None]
    evidence_at: Mapped[datetime | None] = mapped_column(_INSTANT)
    opened_at: Mapped[datetime] = mapped_column(_INSTANT)
    closed_at: Mapped[datetime | None] = mapped_column(_INSTANT)
    version: Mapped[int] = mapped_column(default=1)
    updated_at: Mapped[datetime] = mapped_column(_INSTANT)


class Payout(Row):
    """Money on its way to the bank. `ours_cents` is of payments known here, `other_cents` of all else."""

    __tablename__ = "payout"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["practice.tenant_id"]),
        UniqueConstraint("tenant_id", "processor_id"),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    processor_id: Mapped[str]
    amount_cents: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str]
    arrival_on: Mapped[date]
    automatic: Mapped[bool]
    ours_cents: Mapped[int] = mapped_column(BigInteger, default=0)
    other_cents: Mapped[int] = mapped_column(BigInteger, default=0)
    reconciled: Mapped[str] = mapped_column(default="")
    entry_id: Mapped[UUID | None]
    created_at: Mapped[datetime] = mapped_column(_INSTANT)
    updated_at: Mapped[datetime] = mapped_column(_INSTANT)


class BalanceTransaction(Row):
    """One movement of the practice's balance at the processor, and what of ours it belongs to."""

    __tablename__ = "balance_transaction"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["practice.tenant_id"]),
        ForeignKeyConstraint(["tenant_id", "payout_id"], ["payout.tenant_id", "payout.id"]),
        UniqueConstraint("tenant_id", "processor_id"),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    processor_id: Mapped[str]
    payout_id: Mapped[UUID | None]
    kind: Mapped[str]
    source: Mapped[str]
    amount_cents: Mapped[int] = mapped_column(BigInteger)
    fee_cents: Mapped[int] = mapped_column(BigInteger)
    net_cents: Mapped[int] = mapped_column(BigInteger)
    matched: Mapped[str]
    object_id: Mapped[UUID | None]
    at: Mapped[datetime] = mapped_column(_INSTANT)


class ProcessorEvent(Row):
    """That something happened, once. The body is not kept: the object is asked of the processor."""

    __tablename__ = "processor_event"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["practice.tenant_id"]),
        UniqueConstraint("tenant_id", "processor_id"),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    processor_id: Mapped[str]
    kind: Mapped[str]
    object_id: Mapped[str]
    body_sha256: Mapped[bytes]
    state: Mapped[str]
    happened_at: Mapped[datetime] = mapped_column(_INSTANT)
    received_at: Mapped[datetime] = mapped_column(_INSTANT)
    handled_at: Mapped[datetime | None] = mapped_column(_INSTANT)
