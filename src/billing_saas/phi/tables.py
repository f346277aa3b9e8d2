"""A practice's wrapped keys, and the posting table of its blind indexes."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKey, LargeBinary, SmallInteger, Text
from sqlalchemy.orm import Mapped, mapped_column

from billing_saas.kit.db import Row


class TenantKey(Row):
    __tablename__ = "tenant_key"

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("practice.tenant_id"), primary_key=True)
    purpose: Mapped[str] = mapped_column(Text, primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    wrapped: Mapped[bytes] = mapped_column(LargeBinary)
    kek_name: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    messages: Mapped[int] = mapped_column(BigInteger, server_default="0")
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    check_value: Mapped[bytes | None]


class BlindIndex(Row):
    """`version` is that of the blind-index key: an index changes keys only by a rebuild."""

    __tablename__ = "blind_index"

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("practice.tenant_id"), primary_key=True)
    field: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    version: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    token: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    row_id: Mapped[UUID] = mapped_column(primary_key=True)
