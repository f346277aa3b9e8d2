from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKeyConstraint, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from billing_saas.kit.db import Row


class KeyRotation(Row):
    """Where a rotation is: `table_number` and `after_id` say how far the pass has come."""

    __tablename__ = "key_rotation"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["practice.tenant_id"]),
        ForeignKeyConstraint(
            ["tenant_id", "purpose", "to_version"],
            ["tenant_key.tenant_id", "tenant_key.purpose", "tenant_key.version"],
        ),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    purpose: Mapped[str]
    to_version: Mapped[int]
    state: Mapped[str]
    table_number: Mapped[int] = mapped_column(SmallInteger, default=0)
    after_id: Mapped[UUID | None]
    pass_: Mapped[int] = mapped_column("pass", default=1)
    step: Mapped[int] = mapped_column(BigInteger, default=1)
    resealed: Mapped[int] = mapped_column(BigInteger, default=0)
    held: Mapped[int] = mapped_column(BigInteger, default=0)
    started_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    promoted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    finished_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
