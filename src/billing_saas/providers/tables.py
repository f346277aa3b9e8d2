from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, ForeignKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from billing_saas.kit.db import Row


class Provider(Row):
    """A person (with a first name) or an organization, and the place it bills or works from."""

    __tablename__ = "provider"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["practice.tenant_id"]),
        UniqueConstraint("tenant_id", "npi"),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    npi: Mapped[str]
    name: Mapped[str]
    first_name: Mapped[str]
    taxonomy: Mapped[str]
    tax_id: Mapped[str]
    address_line1: Mapped[str]
    address_line2: Mapped[str]
    city: Mapped[str]
    state: Mapped[str]
    postal_code: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
