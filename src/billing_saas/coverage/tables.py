from datetime import date, datetime
from uuid import UUID

from sqlalchemy import DateTime, ForeignKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from billing_saas.kit.db import Row


class Coverage(Row):
    """`phi_demo` is `rules.Policy`: member id, group, and the subscriber."""

    __tablename__ = "coverage"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["practice.tenant_id"]),
        ForeignKeyConstraint(["tenant_id", "patient_id"], ["patient.tenant_id", "patient.id"]),
        ForeignKeyConstraint(["tenant_id", "payer_id"], ["payer.tenant_id", "payer.id"]),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID]
    payer_id: Mapped[UUID]
    sequence: Mapped[str]
    relationship: Mapped[str]
    filing_indicator: Mapped[str]
    qualified_medicare_beneficiary: Mapped[bool]
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]
    phi_demo: Mapped[bytes]
    key_ver: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
