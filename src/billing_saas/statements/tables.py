from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from billing_saas.kit.db import Row


class Statement(Row):
    """What a guarantor was told to owe, on a day. `total_cents` stays; what is owed now is the ledger's.

    `blob_id` is the PDF, sealed. `state`: draft, issued, viewed, part_paid, paid, void.
    """

    __tablename__ = "statement"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["practice.tenant_id"]),
        UniqueConstraint("tenant_id", "number"),
        UniqueConstraint("tenant_id", "run_id", "guarantor_id"),
        ForeignKeyConstraint(["tenant_id", "guarantor_id"], ["patient.tenant_id", "patient.id"]),
        ForeignKeyConstraint(
            ["tenant_id", "run_id"], ["statement_run.tenant_id", "statement_run.id"]
        ),
        ForeignKeyConstraint(["tenant_id", "blob_id"], ["blob.tenant_id", "blob.id"]),
        ForeignKeyConstraint(["tenant_id", "replaces"], ["statement.tenant_id", "statement.id"]),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[str]
    guarantor_id: Mapped[UUID]
    run_id: Mapped[UUID | None]
    stage: Mapped[str]
    state: Mapped[str]
    language: Mapped[str]
    total_cents: Mapped[int] = mapped_column(BigInteger)
    issued_on: Mapped[date]
    due_on: Mapped[date]
    delivery: Mapped[str]
    delivered_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    blob_id: Mapped[UUID | None]
    pages: Mapped[int]
    replaces: Mapped[UUID | None]
    void_reason: Mapped[str]
    viewed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    version: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class StatementLine(Row):
    """One charge on a statement, as it stood when the statement was issued; in cents."""

    __tablename__ = "statement_line"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "statement_id"], ["statement.tenant_id", "statement.id"]
        ),
        ForeignKeyConstraint(["tenant_id", "patient_id"], ["patient.tenant_id", "patient.id"]),
        ForeignKeyConstraint(["tenant_id", "claim_id"], ["claim.tenant_id", "claim.id"]),
        ForeignKeyConstraint(["tenant_id", "charge_id"], ["charge.tenant_id", "charge.id"]),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    statement_id: Mapped[UUID] = mapped_column(primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID]
    claim_id: Mapped[UUID | None]
    charge_id: Mapped[UUID | None]
    service_on: Mapped[date]
    charge_cents: Mapped[int] = mapped_column(BigInteger)
    contract_cents: Mapped[int] = mapped_column(BigInteger)
    plan_paid_cents: Mapped[int] = mapped_column(BigInteger)
    write_off_cents: Mapped[int] = mapped_column(BigInteger)
    patient_paid_cents: Mapped[int] = mapped_column(BigInteger)
    owed_cents: Mapped[int] = mapped_column(BigInteger)


class DunningClock(Row):
    """How long a guarantor has been asked, without the days on which asking was paused."""

    __tablename__ = "dunning_clock"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["practice.tenant_id"]),
        ForeignKeyConstraint(["tenant_id", "guarantor_id"], ["patient.tenant_id", "patient.id"]),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    guarantor_id: Mapped[UUID] = mapped_column(primary_key=True)
    started_on: Mapped[date]
    stage: Mapped[str]
    stage_on: Mapped[date]
    paused_on: Mapped[date | None]
    paused_days: Mapped[int]
    ended_on: Mapped[date | None]
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
