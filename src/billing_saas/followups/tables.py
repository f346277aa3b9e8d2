from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from billing_saas.kit.db import Row


class Card(Row):
    """`why` is a sentence without PHI. `source` is what opened it: the same source opens one card."""

    __tablename__ = "card"
    __table_args__ = (
        UniqueConstraint("tenant_id", "source"),
        ForeignKeyConstraint(["tenant_id"], ["practice.tenant_id"]),
        ForeignKeyConstraint(["tenant_id", "claim_id"], ["claim.tenant_id", "claim.id"]),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    why: Mapped[str]
    owner: Mapped[str]
    subject_type: Mapped[str]
    subject_id: Mapped[UUID]
    claim_id: Mapped[UUID | None]
    worth_cents: Mapped[int] = mapped_column(BigInteger)
    due_on: Mapped[date | None]
    state: Mapped[str]
    source: Mapped[str]
    opened_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    closed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    closed_by: Mapped[UUID | None]
    outcome: Mapped[str]
