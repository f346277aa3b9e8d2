"""Sessions of patients and one-time codes (migration 0024)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, ForeignKeyConstraint, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from billing_saas.kit.db import Row


class PortalSession(Row):
    """Only the SHA-256 of its secret is kept. With a `statement_id` it shows that bill and no other."""

    __tablename__ = "portal_session"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["practice.tenant_id"]),
        ForeignKeyConstraint(["tenant_id", "guarantor_id"], ["patient.tenant_id", "patient.id"]),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    secret_hash: Mapped[bytes] = mapped_column(unique=True)
    guarantor_id: Mapped[UUID]
    link_id: Mapped[UUID | None]
    statement_id: Mapped[UUID | None]
    level: Mapped[str]
    language: Mapped[str]
    opened_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    seen_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    raised_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    end_reason: Mapped[str]


class PortalCode(Row):
    """A one-time code: its HMAC under a key that is not in the database, which `key_version` names."""

    __tablename__ = "portal_code"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "session_id"], ["portal_session.tenant_id", "portal_session.id"]
        ),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    session_id: Mapped[UUID]
    guarantor_id: Mapped[UUID]
    channel: Mapped[str]
    code_hash: Mapped[bytes]
    key_version: Mapped[int] = mapped_column(SmallInteger)
    wrong_tries: Mapped[int] = mapped_column(SmallInteger)
    made_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
