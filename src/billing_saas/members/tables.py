from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, ForeignKey, ForeignKeyConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from billing_saas.kit.db import Row


class Invitation(Row):
    """A way in for whoever reads the mail of an address, once. Only its SHA-256 is kept.

    `gives` is what it gives when it is accepted (`rules.Roles`). `tenant_id` is the practice that
    invites for itself; without one the company does.
    """

    __tablename__ = "invitation"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "company_id"], ["practice.tenant_id", "practice.company_id"]
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    company_id: Mapped[UUID] = mapped_column(ForeignKey("company.id"))
    tenant_id: Mapped[UUID | None]
    side: Mapped[str]
    email: Mapped[str]
    gives: Mapped[dict[str, Any]] = mapped_column(JSONB)
    token_hash: Mapped[bytes] = mapped_column(unique=True, deferred=True)
    invited_by: Mapped[UUID]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    accepted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    accepted_by: Mapped[UUID | None] = mapped_column(ForeignKey("app_user.id"))
    withdrawn_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
