from datetime import date, datetime
from uuid import UUID

from sqlalchemy import DateTime, ForeignKey, ForeignKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from billing_saas.kit.db import Row


class PatientRequest(Row):
    """`phi_clin` is `rules.Words`. `asked_by` is the patient, or who of the office wrote it down."""

    __tablename__ = "patient_request"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "patient_id"], ["patient.tenant_id", "patient.id"]),
    )

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("practice.tenant_id"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID]
    kind: Mapped[str]
    about: Mapped[str]
    form: Mapped[str]
    since: Mapped[date | None]
    until: Mapped[date | None]
    state: Mapped[str]
    phi_clin: Mapped[bytes]
    key_ver: Mapped[int]
    asked_by: Mapped[UUID]
    asked_on: Mapped[date]
    due_on: Mapped[date]
    extended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    answered_by: Mapped[UUID | None]
    answered_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    disagreed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    version: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class PatientRequestDocument(Row):
    """A document that answers a request: whoever asked may save it."""

    __tablename__ = "patient_request_document"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "patient_request_id"], ["patient_request.tenant_id", "patient_request.id"]
        ),
        ForeignKeyConstraint(["tenant_id", "document_id"], ["document.tenant_id", "document.id"]),
    )

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("practice.tenant_id"), primary_key=True)
    patient_request_id: Mapped[UUID] = mapped_column(primary_key=True)
    document_id: Mapped[UUID] = mapped_column(primary_key=True)
    attached_by: Mapped[UUID]
    attached_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
