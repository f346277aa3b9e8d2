"""Arrivals and what was found wrong with them (migration 0005)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    SmallInteger,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from billing_saas.kit.db import Row

_Sealed = bytes  # inside Arrival, `bytes` is a column


class Arrival(Row):
    __tablename__ = "arrival"
    __table_args__ = (
        UniqueConstraint("tenant_id", "source", "external_id"),
        ForeignKeyConstraint(["tenant_id", "blob_id"], ["blob.tenant_id", "blob.id"]),
        Index("arrival_open_idx", "tenant_id", "received_at"),
        Index("arrival_watch_idx", "state", "received_at"),
    )

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("practice.tenant_id"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    source: Mapped[str]
    external_id: Mapped[str]
    kind: Mapped[str]
    state: Mapped[str]
    blob_id: Mapped[UUID]
    bytes: Mapped[int] = mapped_column(BigInteger)
    received_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    received_by_kind: Mapped[str]
    received_by: Mapped[UUID]
    handled_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    errors: Mapped[int] = mapped_column(default=0)
    warnings: Mapped[int] = mapped_column(default=0)
    phi_demo: Mapped[_Sealed | None]
    key_ver: Mapped[int]


class ArrivalFinding(Row):
    __tablename__ = "arrival_finding"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "arrival_id"], ["arrival.tenant_id", "arrival.id"]),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    arrival_id: Mapped[UUID] = mapped_column(primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True)
    severity: Mapped[str]
    level: Mapped[str]
    code: Mapped[str]
    message: Mapped[str]
    interchange: Mapped[int]
    functional_group: Mapped[int]
    transaction: Mapped[int]
    segment_position: Mapped[int]
    loop: Mapped[str]
    segment: Mapped[str]
    element: Mapped[int] = mapped_column(SmallInteger)
    component: Mapped[int] = mapped_column(SmallInteger)
    element_reference: Mapped[str]
    value: Mapped[str]
