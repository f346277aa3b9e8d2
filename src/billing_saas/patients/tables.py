from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, ForeignKeyConstraint, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from billing_saas.kit.db import Row


class Patient(Row):
    """`phi_demo` is `rules.Demographics`; `name_ct` only names and birth date, for search."""

    __tablename__ = "patient"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["practice.tenant_id"]),
        ForeignKeyConstraint(["tenant_id", "merged_into"], ["patient.tenant_id", "patient.id"]),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    phi_demo: Mapped[bytes]
    name_ct: Mapped[bytes]
    key_ver: Mapped[int]
    state: Mapped[str]
    zip3: Mapped[str]
    birth_decade: Mapped[int | None] = mapped_column(SmallInteger)
    merged_into: Mapped[UUID | None]
    version: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class PatientGuarantor(Row):
    """Who pays for a patient, where it is somebody else. No row: the patient pays for himself."""

    __tablename__ = "patient_guarantor"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["practice.tenant_id"]),
        ForeignKeyConstraint(["tenant_id", "patient_id"], ["patient.tenant_id", "patient.id"]),
        ForeignKeyConstraint(["tenant_id", "guarantor_id"], ["patient.tenant_id", "patient.id"]),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(primary_key=True)
    guarantor_id: Mapped[UUID]
    version: Mapped[int]
    assigned_by: Mapped[UUID]
    assigned_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
