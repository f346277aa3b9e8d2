from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKey, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from billing_saas.kit.db import Row


class AuditSealKey(Row):
    """A key that signs heads: its public half, and its private one wrapped by the platform's own key."""

    __tablename__ = "audit_seal_key"

    version: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    public_key: Mapped[bytes]
    wrapped: Mapped[bytes]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class AuditHead(Row):
    """A signed moment of the whole log; what it means is at `head_rules.Head`."""

    __tablename__ = "audit_head"

    number: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    epoch: Mapped[int] = mapped_column(BigInteger)
    cluster: Mapped[str]
    from_xid: Mapped[int] = mapped_column(BigInteger)
    to_xid: Mapped[int] = mapped_column(BigInteger)
    first_seq: Mapped[int] = mapped_column(BigInteger)
    last_seq: Mapped[int] = mapped_column(BigInteger)
    practices: Mapped[int] = mapped_column(BigInteger)
    root: Mapped[bytes]
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    previous: Mapped[bytes]
    key_version: Mapped[int] = mapped_column(SmallInteger, ForeignKey("audit_seal_key.version"))
    signature: Mapped[bytes]


class AuditSeal(Row):
    """What a head added to the tree of one practice: id and leaf hash of each event, in their order."""

    __tablename__ = "audit_seal"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    head: Mapped[int] = mapped_column(BigInteger, ForeignKey("audit_head.number"), primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    root: Mapped[bytes]
    frontier: Mapped[bytes]
    leaves: Mapped[bytes]
