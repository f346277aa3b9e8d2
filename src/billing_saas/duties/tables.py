from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from billing_saas.kit.db import Row


class DutySetting(Row):
    """What a practice keeps apart, and shows. Without a row: what a small office needs."""

    __tablename__ = "duty_setting"

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("practice.tenant_id"), primary_key=True)
    front_desk_sees_diagnoses: Mapped[bool]
    coding_apart: Mapped[bool]
    posting_apart: Mapped[bool]
    refunds_apart: Mapped[bool]
    write_offs_apart: Mapped[bool]
    write_off_limit_cents: Mapped[int] = mapped_column(BigInteger)
    version: Mapped[int]
    changed_by: Mapped[UUID]
    changed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class DutyDone(Row):
    """What a person did to an object that somebody else must follow up."""

    __tablename__ = "duty_done"

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("practice.tenant_id"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    step: Mapped[str]
    object_id: Mapped[UUID]
    user_id: Mapped[UUID]
    amount_cents: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class CoderCredential(Row):
    """What a coder is certified as, until when, as this practice recorded it."""

    __tablename__ = "coder_credential"

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("practice.tenant_id"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"))
    kind: Mapped[str]
    expires_on: Mapped[date]
    recorded_by: Mapped[UUID]
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ended_by: Mapped[UUID | None]
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
