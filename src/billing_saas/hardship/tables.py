from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKeyConstraint, SmallInteger, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from billing_saas.kit.db import Row


class PovertyGuideline(Row):
    """A year's poverty guideline in cents a year, and where it stands. Never changed: another is entered."""

    __tablename__ = "poverty_guideline"
    __table_args__ = (
        UniqueConstraint("tenant_id", "region", "effective_on"),
        ForeignKeyConstraint(["tenant_id"], ["practice.tenant_id"]),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    region: Mapped[str]
    effective_on: Mapped[date]
    ends_on: Mapped[date]
    one_person_cents: Mapped[int] = mapped_column(BigInteger)
    each_more_cents: Mapped[int] = mapped_column(BigInteger)
    source: Mapped[str]
    entered_by: Mapped[UUID]
    entered_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class HardshipPolicy(Row):
    """A practice without a row takes no applications."""

    __tablename__ = "hardship_policy"
    __table_args__ = (ForeignKeyConstraint(["tenant_id"], ["practice.tenant_id"]),)

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    region: Mapped[str]
    evidence_days: Mapped[int]
    good_days: Mapped[int]
    version: Mapped[int]
    changed_by: Mapped[UUID]
    changed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class HardshipStep(Row):
    """Up to so many percent of the guideline, so many percent are written off."""

    __tablename__ = "hardship_step"
    __table_args__ = (ForeignKeyConstraint(["tenant_id"], ["hardship_policy.tenant_id"]),)

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    up_to_percent: Mapped[int] = mapped_column(primary_key=True)
    percent_off: Mapped[int] = mapped_column(SmallInteger)


class HardshipApplication(Row):
    """`phi_demo` is `rules.Answers`. `percent` is what is written off of each open item."""

    __tablename__ = "hardship_application"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["practice.tenant_id"]),
        ForeignKeyConstraint(["tenant_id", "guarantor_id"], ["patient.tenant_id", "patient.id"]),
        ForeignKeyConstraint(
            ["tenant_id", "guideline_id"],
            ["poverty_guideline.tenant_id", "poverty_guideline.id"],
        ),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    guarantor_id: Mapped[UUID]
    state: Mapped[str]
    applied_by_kind: Mapped[str]
    applied_by: Mapped[UUID]
    applied_on: Mapped[date]
    evidence_due_on: Mapped[date | None]
    phi_demo: Mapped[bytes]
    key_ver: Mapped[int]
    guideline_id: Mapped[UUID | None]
    percent: Mapped[int | None] = mapped_column(SmallInteger)
    reason: Mapped[str]
    decided_by: Mapped[UUID | None]
    decided_on: Mapped[date | None]
    good_until: Mapped[date | None]
    written_off_on: Mapped[date | None]
    version: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class HardshipEvent(Row):
    """One move of an application: who, when, from, to, why."""

    __tablename__ = "hardship_event"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "application_id"],
            ["hardship_application.tenant_id", "hardship_application.id"],
        ),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    application_id: Mapped[UUID]
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    actor_kind: Mapped[str]
    actor_id: Mapped[UUID]
    from_state: Mapped[str]
    to_state: Mapped[str]
    why: Mapped[str]


class HardshipDocument(Row):
    """Evidence: a document of the guarantor."""

    __tablename__ = "hardship_document"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "application_id"],
            ["hardship_application.tenant_id", "hardship_application.id"],
        ),
        ForeignKeyConstraint(["tenant_id", "document_id"], ["document.tenant_id", "document.id"]),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    application_id: Mapped[UUID] = mapped_column(primary_key=True)
    document_id: Mapped[UUID] = mapped_column(primary_key=True)
    attached_by: Mapped[UUID]
    attached_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class HardshipWriteOff(Row):
    """What of one open item was written off. Once per application, however often it is asked."""

    __tablename__ = "hardship_write_off"
    __table_args__ = (
        UniqueConstraint("tenant_id", "application_id", "patient_id", "claim_id", "charge_id"),
        ForeignKeyConstraint(
            ["tenant_id", "application_id"],
            ["hardship_application.tenant_id", "hardship_application.id"],
        ),
        ForeignKeyConstraint(
            ["tenant_id", "entry_id"], ["ledger_entry.tenant_id", "ledger_entry.id"]
        ),
        ForeignKeyConstraint(["tenant_id", "patient_id"], ["patient.tenant_id", "patient.id"]),
        ForeignKeyConstraint(["tenant_id", "claim_id"], ["claim.tenant_id", "claim.id"]),
        ForeignKeyConstraint(["tenant_id", "charge_id"], ["charge.tenant_id", "charge.id"]),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    application_id: Mapped[UUID]
    entry_id: Mapped[UUID]
    patient_id: Mapped[UUID]
    claim_id: Mapped[UUID | None]
    charge_id: Mapped[UUID | None]
    amount_cents: Mapped[int] = mapped_column(BigInteger)
    written_by: Mapped[UUID]
    written_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
