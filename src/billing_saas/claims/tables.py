from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKeyConstraint, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from billing_saas.kit.db import Row


class Claim(Row):
    """What one encounter asks of its payers. `phi_demo` holds the practice's own account number."""

    __tablename__ = "claim"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["practice.tenant_id"]),
        UniqueConstraint("tenant_id", "encounter_id"),
        ForeignKeyConstraint(
            ["tenant_id", "encounter_id"], ["encounter.tenant_id", "encounter.id"]
        ),
        ForeignKeyConstraint(["tenant_id", "patient_id"], ["patient.tenant_id", "patient.id"]),
        ForeignKeyConstraint(
            ["tenant_id", "billing_provider_id"], ["provider.tenant_id", "provider.id"]
        ),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    encounter_id: Mapped[UUID]
    patient_id: Mapped[UUID]
    billing_provider_id: Mapped[UUID]
    work: Mapped[str]
    receivable: Mapped[str]
    next_action_owner: Mapped[str]
    charge_cents: Mapped[int] = mapped_column(BigInteger)
    service_from: Mapped[date]
    service_to: Mapped[date]
    phi_demo: Mapped[bytes]
    key_ver: Mapped[int]
    version: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class ClaimCoverage(Row):
    """The payers of a claim in their order: P, S, T."""

    __tablename__ = "claim_coverage"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "claim_id"], ["claim.tenant_id", "claim.id"]),
        ForeignKeyConstraint(["tenant_id", "coverage_id"], ["coverage.tenant_id", "coverage.id"]),
        ForeignKeyConstraint(["tenant_id", "payer_id"], ["payer.tenant_id", "payer.id"]),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    claim_id: Mapped[UUID] = mapped_column(primary_key=True)
    sequence: Mapped[str] = mapped_column(primary_key=True)
    coverage_id: Mapped[UUID]
    payer_id: Mapped[UUID]


class Submission(Row):
    """One sending of a claim to one payer. `patient_control_number` is CLM01, ours and random."""

    __tablename__ = "submission"
    __table_args__ = (
        UniqueConstraint("tenant_id", "patient_control_number"),
        ForeignKeyConstraint(["tenant_id", "claim_id"], ["claim.tenant_id", "claim.id"]),
        ForeignKeyConstraint(["tenant_id", "payer_id"], ["payer.tenant_id", "payer.id"]),
        ForeignKeyConstraint(["tenant_id", "replaces"], ["submission.tenant_id", "submission.id"]),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    claim_id: Mapped[UUID]
    payer_id: Mapped[UUID]
    sequence: Mapped[str]
    frequency: Mapped[str]
    patient_control_number: Mapped[str]
    delivery: Mapped[str]
    adjudication: Mapped[str]
    charge_cents: Mapped[int] = mapped_column(BigInteger)
    replaces: Mapped[UUID | None]
    phi_demo: Mapped[bytes | None]
    key_ver: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class ClaimEvent(Row):
    """One move of one state: who, when, from, to, why."""

    __tablename__ = "claim_event"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "claim_id"], ["claim.tenant_id", "claim.id"]),
        ForeignKeyConstraint(
            ["tenant_id", "submission_id"], ["submission.tenant_id", "submission.id"]
        ),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    claim_id: Mapped[UUID]
    submission_id: Mapped[UUID | None]
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    actor_kind: Mapped[str]
    actor_id: Mapped[UUID]
    field: Mapped[str]
    from_state: Mapped[str]
    to_state: Mapped[str]
    why: Mapped[str]
    source_type: Mapped[str]
    source_id: Mapped[UUID | None]


class LineAdjudication(Row):
    """What one payer said of one line, in cents. `adjustments` is [[group, reason, cents, quantity]]."""

    __tablename__ = "line_adjudication"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "claim_id"], ["claim.tenant_id", "claim.id"]),
        ForeignKeyConstraint(["tenant_id", "charge_id"], ["charge.tenant_id", "charge.id"]),
        ForeignKeyConstraint(["tenant_id", "payer_id"], ["payer.tenant_id", "payer.id"]),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    claim_id: Mapped[UUID]
    charge_id: Mapped[UUID]
    payer_id: Mapped[UUID]
    sequence: Mapped[str]
    claim_payment_id: Mapped[UUID]
    adjudicated_on: Mapped[date]
    charge_cents: Mapped[int] = mapped_column(BigInteger)
    allowed_cents: Mapped[int | None] = mapped_column(BigInteger)
    paid_cents: Mapped[int] = mapped_column(BigInteger)
    patient_responsibility_cents: Mapped[int] = mapped_column(BigInteger)
    denied: Mapped[bool]
    adjustments: Mapped[list[Any]] = mapped_column(JSONB)
    remarks: Mapped[str]
    reversed_by: Mapped[UUID | None]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
