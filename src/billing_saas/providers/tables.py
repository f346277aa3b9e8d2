from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, ForeignKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from billing_saas.kit.db import Row


class Provider(Row):
    """A person (with a first name) or an organisation."""

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
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
