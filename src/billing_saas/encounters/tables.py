from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKeyConstraint, SmallInteger, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from billing_saas.kit.db import Row


class Encounter(Row):
    """`phi_clin` is `rules.Clinical`: the diagnoses."""

    __tablename__ = "encounter"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["practice.tenant_id"]),
        ForeignKeyConstraint(["tenant_id", "patient_id"], ["patient.tenant_id", "patient.id"]),
        ForeignKeyConstraint(
            ["tenant_id", "billing_provider_id"], ["provider.tenant_id", "provider.id"]
        ),
        ForeignKeyConstraint(
            ["tenant_id", "rendering_provider_id"], ["provider.tenant_id", "provider.id"]
        ),
        ForeignKeyConstraint(["tenant_id", "arrival_id"], ["arrival.tenant_id", "arrival.id"]),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID]
    billing_provider_id: Mapped[UUID]
    rendering_provider_id: Mapped[UUID | None]
    arrival_id: Mapped[UUID | None]
    place_of_service: Mapped[str]
    service_from: Mapped[date]
    service_to: Mapped[date]
    phi_clin: Mapped[bytes]
    key_ver: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class Charge(Row):
    """One line of a visit. Units are a decimal as text; pointers name diagnoses, e.g. `1 3`."""

    __tablename__ = "charge"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "encounter_id"], ["encounter.tenant_id", "encounter.id"]
        ),
        UniqueConstraint("tenant_id", "encounter_id", "n"),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    encounter_id: Mapped[UUID]
    n: Mapped[int] = mapped_column(SmallInteger)
    procedure_qualifier: Mapped[str]
    procedure_code: Mapped[str]
    modifiers: Mapped[str]
    units: Mapped[str]
    unit_basis: Mapped[str]
    charge_cents: Mapped[int] = mapped_column(BigInteger)
    pointers: Mapped[str]
    place_of_service: Mapped[str]
    line_control_number: Mapped[str]
    service_from: Mapped[date]
    service_to: Mapped[date]
