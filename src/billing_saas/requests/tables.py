from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from billing_saas.kit.db import Row


class RequestKey(Row):
    """A key of the platform that recognises requests, wrapped; see `rules.Keys` for what it makes."""

    __tablename__ = "request_key"

    version: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    wrapped: Mapped[bytes]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class DoneRequest(Row):
    """A request with an Idempotency-Key, in the transaction of what it did: its status and resource."""

    __tablename__ = "done_request"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    key_digest: Mapped[bytes] = mapped_column(primary_key=True)
    fingerprint: Mapped[bytes]
    status: Mapped[int] = mapped_column(SmallInteger)
    resource_id: Mapped[UUID | None]
    done_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class RateBucket(Row):
    """What was taken of one bucket (`kit.rates`). Unlogged: a crash fills all of them."""

    __tablename__ = "rate_bucket"

    bucket: Mapped[bytes] = mapped_column(primary_key=True)
    empty_until: Mapped[int] = mapped_column(BigInteger)
    taken_at: Mapped[int] = mapped_column(BigInteger)
    granted: Mapped[int]
    step: Mapped[int] = mapped_column(BigInteger)
    depth: Mapped[int] = mapped_column(BigInteger)
