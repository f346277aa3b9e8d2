from datetime import date, datetime
from uuid import UUID

from sqlalchemy import DateTime, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from billing_saas.kit.db import Row


class Company(Row):
    __tablename__ = "company"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    status: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class Practice(Row):
    __tablename__ = "practice"
    __table_args__ = (
        UniqueConstraint("company_id", "npi", "tax_id"),
        UniqueConstraint("tenant_id", "company_id"),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    company_id: Mapped[UUID] = mapped_column(ForeignKey("company.id"))
    name: Mapped[str]
    npi: Mapped[str]
    tax_id: Mapped[str]
    time_zone: Mapped[str]
    status: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class Agreement(Row):
    """A signed business associate agreement of a company with a practice (45 CFR 164.504(e))."""

    __tablename__ = "agreement"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    company_id: Mapped[UUID] = mapped_column(ForeignKey("company.id"))
    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("practice.tenant_id"))
    kind: Mapped[str]
    signed_on: Mapped[date]
    signed_by: Mapped[str]
    ended_on: Mapped[date | None]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
