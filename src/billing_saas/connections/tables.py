"""Connections, the numbers given out on them, and the interchanges received over them (migration 0013)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from billing_saas.kit.db import Row


class Connection(Row):
    """`own_` is the practice and `partner_` the other side: sender and receiver of what we send,
    receiver and sender of what comes in. `usage` is ISA15, T or P."""

    __tablename__ = "connection"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["practice.tenant_id"]),
        UniqueConstraint(
            *("tenant_id", "own_qualifier", "own_id"),
            *("partner_qualifier", "partner_id", "usage"),
        ),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    kind: Mapped[str]
    usage: Mapped[str]
    own_qualifier: Mapped[str]
    own_id: Mapped[str]
    own_group_id: Mapped[str]
    partner_qualifier: Mapped[str]
    partner_id: Mapped[str]
    partner_group_id: Mapped[str]
    refuses_repeats: Mapped[bool]
    active: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class ConnectionNumber(Row):
    """The last ISA13, GS06, ST02 and BHT03 given out. They rise, and a trigger sees to it."""

    __tablename__ = "connection_number"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "connection_id"], ["connection.tenant_id", "connection.id"]
        ),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    connection_id: Mapped[UUID] = mapped_column(primary_key=True)
    last_interchange: Mapped[int] = mapped_column(BigInteger)
    last_group: Mapped[int] = mapped_column(BigInteger)
    last_set: Mapped[int] = mapped_column(BigInteger)
    last_batch: Mapped[int] = mapped_column(BigInteger)


class InterchangeReceived(Row):
    """One interchange of an arrival. `accepted` as a TA1 would say it: what was refused as a whole
    was not read, so its number may come again."""

    __tablename__ = "interchange_received"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "connection_id"], ["connection.tenant_id", "connection.id"]
        ),
        ForeignKeyConstraint(["tenant_id", "arrival_id"], ["arrival.tenant_id", "arrival.id"]),
        UniqueConstraint("tenant_id", "arrival_id", "n"),
        Index("interchange_received_number_idx", "tenant_id", "connection_id", "control_number"),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    connection_id: Mapped[UUID]
    arrival_id: Mapped[UUID]
    n: Mapped[int]
    control_number: Mapped[str]
    usage: Mapped[str]
    accepted: Mapped[bool]
    received_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
