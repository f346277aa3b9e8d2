from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, ForeignKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from billing_saas.kit.db import Row


class Payer(Row):
    __tablename__ = "payer"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["practice.tenant_id"]),
        UniqueConstraint("tenant_id", "edi_payer_id"),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    edi_payer_id: Mapped[str]
    name: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
