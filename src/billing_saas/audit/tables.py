from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, FetchedValue, ForeignKey, Identity, SmallInteger
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from billing_saas.kit.db import Row


class AuditKey(Row):
    """A key of the row MAC, wrapped by the platform's own key: it outlives every practice."""

    __tablename__ = "audit_key"

    version: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    wrapped: Mapped[bytes]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class AuditEvent(Row):
    __tablename__ = "audit_event"

    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, Identity(always=True))
    # A writer's place in the log is the database's to give; `xid8` is read as text.
    xid: Mapped[Any] = mapped_column(server_default=FetchedValue(), type_=BigInteger)
    tenant_id: Mapped[UUID]
    actor_kind: Mapped[str]
    actor_id: Mapped[UUID]
    on_behalf_of: Mapped[UUID | None]
    session_id: Mapped[UUID | None]
    action: Mapped[str]
    object_type: Mapped[str]
    object_id: Mapped[UUID | None]
    purpose: Mapped[str]
    outcome: Mapped[str]
    request_id: Mapped[str]
    ip_prefix: Mapped[str]
    classes_read: Mapped[int] = mapped_column(SmallInteger)
    content_hash: Mapped[bytes | None]
    subjects_hash: Mapped[bytes | None]
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB)
    mac_key: Mapped[int] = mapped_column(SmallInteger)
    mac: Mapped[bytes]


class AuditSubject(Row):
    """Answers "who saw this patient" by index."""

    __tablename__ = "audit_subject"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), primary_key=True)
    event_id: Mapped[UUID] = mapped_column(primary_key=True)


class AuditContent(Row):
    """The SHA-256 of a sealed cell as the event left it."""

    __tablename__ = "audit_content"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    row_id: Mapped[UUID] = mapped_column(primary_key=True)
    table_number: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    column_number: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), primary_key=True)
    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    hash: Mapped[bytes]


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
