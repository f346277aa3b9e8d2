from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKey, ForeignKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from billing_saas.kit.db import Row


class DocumentRow(Row):
    """`phi_clin` is `rules.Title`. `awaited` until its content comes; `withdrawn` is kept, unlisted."""

    __tablename__ = "document"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "patient_id"], ["patient.tenant_id", "patient.id"]),
        ForeignKeyConstraint(["tenant_id", "blob_id"], ["blob.tenant_id", "blob.id"]),
    )

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("practice.tenant_id"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID | None]
    kind: Mapped[str]
    state: Mapped[str]
    phi_clin: Mapped[bytes]
    key_ver: Mapped[int]
    blob_id: Mapped[UUID | None]
    media_type: Mapped[str]
    bytes: Mapped[int] = mapped_column(BigInteger)
    pages: Mapped[int]
    version: Mapped[int]
    created_by: Mapped[UUID]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
