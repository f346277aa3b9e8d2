from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from billing_saas.kit.db import Row


class StatementRule(Row):
    """When a practice sends statements. A practice without a row has `rules.DEFAULTS`."""

    __tablename__ = "statement_rule"
    __table_args__ = (ForeignKeyConstraint(["tenant_id"], ["practice.tenant_id"]),)

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    minimum_cents: Mapped[int] = mapped_column(BigInteger)
    cycle_days: Mapped[int]
    due_days: Mapped[int]
    automatic: Mapped[bool]
    electronic: Mapped[bool]
    phone: Mapped[str]
    pay_to: Mapped[str]
    version: Mapped[int]
    changed_by: Mapped[UUID]
    changed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class StatementRun(Row):
    """A preview of who gets a statement, and then the issuing of them. One by the clock per day."""

    __tablename__ = "statement_run"
    __table_args__ = (ForeignKeyConstraint(["tenant_id"], ["practice.tenant_id"]),)

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    asked: Mapped[str]
    state: Mapped[str]
    run_on: Mapped[date]
    guarantors: Mapped[int]
    included: Mapped[int]
    issued: Mapped[int]
    total_cents: Mapped[int] = mapped_column(BigInteger)
    version: Mapped[int]
    created_by: Mapped[UUID]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    finished_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class StatementCandidate(Row):
    """Why a guarantor who owes is in a run, or out of it. `reasons` are words, apart by blanks."""

    __tablename__ = "statement_candidate"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "run_id"], ["statement_run.tenant_id", "statement_run.id"]
        ),
        ForeignKeyConstraint(["tenant_id", "guarantor_id"], ["patient.tenant_id", "patient.id"]),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    run_id: Mapped[UUID] = mapped_column(primary_key=True)
    guarantor_id: Mapped[UUID] = mapped_column(primary_key=True)
    included: Mapped[bool]
    reasons: Mapped[str]
    stage: Mapped[str]
    owed_cents: Mapped[int] = mapped_column(BigInteger)
    billed_cents: Mapped[int] = mapped_column(BigInteger)
    statement_id: Mapped[UUID | None]


class PrintBatch(Row):
    """Statements to be printed and mailed: one PDF, `blob_id`, in the order of its items."""

    __tablename__ = "print_batch"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["practice.tenant_id"]),
        ForeignKeyConstraint(["tenant_id", "blob_id"], ["blob.tenant_id", "blob.id"]),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    state: Mapped[str]
    statements: Mapped[int]
    pages: Mapped[int]
    blob_id: Mapped[UUID | None]
    version: Mapped[int]
    created_by: Mapped[UUID]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    mailed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class PrintBatchItem(Row):
    __tablename__ = "print_batch_item"
    __table_args__ = (
        UniqueConstraint("tenant_id", "statement_id"),
        ForeignKeyConstraint(
            ["tenant_id", "batch_id"], ["print_batch.tenant_id", "print_batch.id"]
        ),
        ForeignKeyConstraint(
            ["tenant_id", "statement_id"], ["statement.tenant_id", "statement.id"]
        ),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    batch_id: Mapped[UUID] = mapped_column(primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True)
    statement_id: Mapped[UUID]
    first_page: Mapped[int]
    pages: Mapped[int]
