"""Jobs (migration 0006), and when each schedule is due next (0017)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from billing_saas.kit.db import Row

_INSTANT = TIMESTAMP(timezone=True)


class JobRow(Row):
    __tablename__ = "job"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID | None] = mapped_column(ForeignKey("practice.tenant_id"))
    kind: Mapped[str] = mapped_column(Text)
    arguments: Mapped[dict[str, Any]] = mapped_column(JSONB)
    queue: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text, default="queued")
    run_at: Mapped[datetime] = mapped_column(_INSTANT)
    rung_at: Mapped[datetime | None] = mapped_column(_INSTANT)
    attempts: Mapped[int] = mapped_column(SmallInteger, default=0)
    most_attempts: Mapped[int] = mapped_column(SmallInteger)
    lost: Mapped[int] = mapped_column(SmallInteger, default=0)
    lease: Mapped[int] = mapped_column(BigInteger, default=0)
    leased_until: Mapped[datetime | None] = mapped_column(_INSTANT)
    last_error: Mapped[str | None] = mapped_column(Text)
    request_id: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(_INSTANT)
    finished_at: Mapped[datetime | None] = mapped_column(_INSTANT)


# No primary key: the platform's own schedules have no practice.
schedule_due = Table(
    "schedule_due",
    Row.metadata,
    Column("name", Text, nullable=False),
    Column("tenant_id", Uuid, ForeignKey("practice.tenant_id")),
    Column("rhythm", Text, nullable=False),
    Column("time_zone", Text, nullable=False),
    Column("due_at", _INSTANT, nullable=False),
    Column("last_due_at", _INSTANT),
    UniqueConstraint("name", "tenant_id", postgresql_nulls_not_distinct=True),
)
