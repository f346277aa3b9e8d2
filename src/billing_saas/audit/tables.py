from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, FetchedValue, Identity, SmallInteger
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
