"""Links and paper codes (migration 0024)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, ForeignKeyConstraint, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from billing_saas.kit.db import Row


class PortalLink(Row):
    """Only the SHA-256 of what opens it is kept. `about` is the statement, plan or contact it is for."""

    __tablename__ = "portal_link"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["practice.tenant_id"]),
        ForeignKeyConstraint(["tenant_id", "guarantor_id"], ["patient.tenant_id", "patient.id"]),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    form: Mapped[str]
    guarantor_id: Mapped[UUID]
    about: Mapped[UUID | None]
    secret_hash: Mapped[bytes] = mapped_column(unique=True)
    wrong_tries: Mapped[int] = mapped_column(SmallInteger)
    created_by: Mapped[UUID]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    end_reason: Mapped[str]
