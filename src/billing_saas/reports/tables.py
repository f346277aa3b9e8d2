"""What the invariants last answered (migration 0017)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Text
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from billing_saas.kit.db import Row


class InvariantCheck(Row):
    __tablename__ = "invariant_check"

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("practice.tenant_id"), primary_key=True)
    invariant: Mapped[str] = mapped_column(Text, primary_key=True)
    checked_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))
    broken: Mapped[int | None] = mapped_column(BigInteger)
