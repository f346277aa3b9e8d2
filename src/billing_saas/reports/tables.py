"""What was last asked of each practice: the invariants (migration 0017), and what is owed (0021)."""

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


class PracticeReceivable(Row):
    """What payers and patients owe, by days since the service, in whole cents."""

    __tablename__ = "practice_receivable"

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("practice.tenant_id"), primary_key=True)
    counted_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))
    days_0_cents: Mapped[int] = mapped_column(BigInteger)
    days_31_cents: Mapped[int] = mapped_column(BigInteger)
    days_61_cents: Mapped[int] = mapped_column(BigInteger)
    days_91_cents: Mapped[int] = mapped_column(BigInteger)
    days_121_cents: Mapped[int] = mapped_column(BigInteger)
