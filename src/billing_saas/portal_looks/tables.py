"""How the portal of a practice looks (migration 0024)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, ForeignKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from billing_saas.kit.db import Row


class PortalLook(Row):
    """How a practice looks to its patients, and what it lets them do. None is the default look."""

    __tablename__ = "portal_look"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["practice.tenant_id"]),
        ForeignKeyConstraint(
            ["tenant_id", "logo_document_id"], ["document.tenant_id", "document.id"]
        ),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    shown_name: Mapped[str]
    accent: Mapped[str]
    logo_document_id: Mapped[UUID | None]
    languages: Mapped[str]
    pays_part: Mapped[bool]
    opens_record: Mapped[bool]
    version: Mapped[int]
    changed_by: Mapped[UUID]
    changed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
