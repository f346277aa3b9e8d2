from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKeyConstraint, SmallInteger, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from billing_saas.kit.db import Row


class Remittance(Row):
    """One ST of an 835: one payment, one trace number. Differences in cents; 0 is balanced."""

    __tablename__ = "remittance"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["practice.tenant_id"]),
        UniqueConstraint("tenant_id", "arrival_id", "n"),
        ForeignKeyConstraint(["tenant_id", "arrival_id"], ["arrival.tenant_id", "arrival.id"]),
        ForeignKeyConstraint(["tenant_id", "payer_id"], ["payer.tenant_id", "payer.id"]),
        ForeignKeyConstraint(
            ["tenant_id", "duplicate_of"], ["remittance.tenant_id", "remittance.id"]
        ),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    arrival_id: Mapped[UUID]
    n: Mapped[int]
    payer_id: Mapped[UUID]
    payer_name: Mapped[str]
    trace_number: Mapped[str]
    payment_cents: Mapped[int] = mapped_column(BigInteger)
    method: Mapped[str]
    payment_on: Mapped[date]
    claims: Mapped[int]
    claims_paid_cents: Mapped[int] = mapped_column(BigInteger)
    provider_adjustment_cents: Mapped[int] = mapped_column(BigInteger)
    difference_cents: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str]
    duplicate_of: Mapped[UUID | None]
    posting_number: Mapped[int] = mapped_column(SmallInteger)
    received_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    posted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    phi_demo: Mapped[bytes]
    key_ver: Mapped[int]


class ClaimPayment(Row):
    """One CLP. `phi_demo` is `rules.ClaimPaymentIdentity`: numbers and names that match it."""

    __tablename__ = "claim_payment"
    __table_args__ = (
        UniqueConstraint("tenant_id", "remittance_id", "n"),
        ForeignKeyConstraint(
            ["tenant_id", "remittance_id"], ["remittance.tenant_id", "remittance.id"]
        ),
        ForeignKeyConstraint(["tenant_id", "claim_id"], ["claim.tenant_id", "claim.id"]),
        ForeignKeyConstraint(
            ["tenant_id", "submission_id"], ["submission.tenant_id", "submission.id"]
        ),
        ForeignKeyConstraint(
            ["tenant_id", "reverses"], ["claim_payment.tenant_id", "claim_payment.id"]
        ),
        ForeignKeyConstraint(
            ["tenant_id", "entry_id"], ["ledger_entry.tenant_id", "ledger_entry.id"]
        ),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    remittance_id: Mapped[UUID]
    n: Mapped[int]
    segment_position: Mapped[int]
    status: Mapped[str]
    charge_cents: Mapped[int] = mapped_column(BigInteger)
    paid_cents: Mapped[int] = mapped_column(BigInteger)
    patient_responsibility_cents: Mapped[int] = mapped_column(BigInteger)
    filing_indicator: Mapped[str]
    frequency: Mapped[str]
    service_from: Mapped[date | None]
    service_to: Mapped[date | None]
    remarks: Mapped[str]
    state: Mapped[str]
    review_reason: Mapped[str]
    claim_id: Mapped[UUID | None]
    submission_id: Mapped[UUID | None]
    reverses: Mapped[UUID | None]
    entry_id: Mapped[UUID | None]
    posting_number: Mapped[int] = mapped_column(SmallInteger)
    phi_demo: Mapped[bytes]
    key_ver: Mapped[int]


class ServicePayment(Row):
    __tablename__ = "service_payment"
    __table_args__ = (
        UniqueConstraint("tenant_id", "claim_payment_id", "n"),
        ForeignKeyConstraint(
            ["tenant_id", "claim_payment_id"], ["claim_payment.tenant_id", "claim_payment.id"]
        ),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    claim_payment_id: Mapped[UUID]
    n: Mapped[int] = mapped_column(SmallInteger)
    segment_position: Mapped[int]
    procedure_qualifier: Mapped[str]
    procedure_code: Mapped[str]
    modifiers: Mapped[str]
    submitted_procedure: Mapped[str]
    units: Mapped[str]
    charge_cents: Mapped[int] = mapped_column(BigInteger)
    paid_cents: Mapped[int] = mapped_column(BigInteger)
    allowed_cents: Mapped[int | None] = mapped_column(BigInteger)
    service_from: Mapped[date | None]
    service_to: Mapped[date | None]
    line_control_number: Mapped[str]
    remarks: Mapped[str]
    denied: Mapped[bool]


class Adjustment(Row):
    """One (group, reason, amount) of a CAS, of a claim or of a service. Positive reduces the payment."""

    __tablename__ = "adjustment"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "claim_payment_id"], ["claim_payment.tenant_id", "claim_payment.id"]
        ),
        ForeignKeyConstraint(
            ["tenant_id", "service_payment_id"], ["service_payment.tenant_id", "service_payment.id"]
        ),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    claim_payment_id: Mapped[UUID] = mapped_column(primary_key=True)
    n: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    service_payment_id: Mapped[UUID | None]
    group_code: Mapped[str]
    reason_code: Mapped[str]
    amount_cents: Mapped[int] = mapped_column(BigInteger)
    quantity: Mapped[str]


class ProviderAdjustment(Row):
    """One pair of a PLB. Positive reduces the payment. `phi_demo` holds its reference."""

    __tablename__ = "provider_adjustment"
    __table_args__ = (
        UniqueConstraint("tenant_id", "remittance_id", "n"),
        ForeignKeyConstraint(
            ["tenant_id", "remittance_id"], ["remittance.tenant_id", "remittance.id"]
        ),
        ForeignKeyConstraint(
            ["tenant_id", "entry_id"], ["ledger_entry.tenant_id", "ledger_entry.id"]
        ),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    remittance_id: Mapped[UUID]
    n: Mapped[int] = mapped_column(SmallInteger)
    provider_identifier: Mapped[str]
    fiscal_period_end: Mapped[date | None]
    reason: Mapped[str]
    amount_cents: Mapped[int] = mapped_column(BigInteger)
    phi_demo: Mapped[bytes]
    key_ver: Mapped[int]
    entry_id: Mapped[UUID | None]
