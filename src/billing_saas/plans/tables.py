"""Plans, their instalments and events, consents and tries (migration 0028)."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    SmallInteger,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from billing_saas.kit.db import Row

_OF_PLAN = (["tenant_id", "payment_plan_id"], ["payment_plan.tenant_id", "payment_plan.id"])


class PlanSetting(Row):
    """What a practice offers. Without a row: what `rules.Settings` says."""

    __tablename__ = "plan_setting"

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("practice.tenant_id"), primary_key=True)
    most_instalments: Mapped[int] = mapped_column(SmallInteger)
    minimum_cents: Mapped[int] = mapped_column(BigInteger)
    grace_days: Mapped[int] = mapped_column(SmallInteger)
    notice_days: Mapped[int] = mapped_column(SmallInteger)
    truth_in_lending: Mapped[bool]
    version: Mapped[int]
    changed_by: Mapped[UUID]
    changed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class PaymentPlan(Row):
    """Its terms never change: another plan supersedes it. `grace_days` and the like are those it was agreed
    with; `autopay_stopped` is the decline after which its card is not asked any more."""

    __tablename__ = "payment_plan"
    __table_args__ = (
        UniqueConstraint("tenant_id", "number"),
        ForeignKeyConstraint(["tenant_id", "guarantor_id"], ["patient.tenant_id", "patient.id"]),
        ForeignKeyConstraint(
            ["tenant_id", "supersedes"], ["payment_plan.tenant_id", "payment_plan.id"]
        ),
        ForeignKeyConstraint(["tenant_id", "agreement_blob_id"], ["blob.tenant_id", "blob.id"]),
        ForeignKeyConstraint(
            ["tenant_id", "saved_method_id"], ["saved_method.tenant_id", "saved_method.id"]
        ),
    )

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("practice.tenant_id"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[str]
    guarantor_id: Mapped[UUID]
    state: Mapped[str]
    total_cents: Mapped[int] = mapped_column(BigInteger)
    instalments: Mapped[int] = mapped_column(SmallInteger)
    first_due_on: Mapped[date]
    grace_days: Mapped[int] = mapped_column(SmallInteger)
    notice_days: Mapped[int] = mapped_column(SmallInteger)
    truth_in_lending: Mapped[bool]
    autopay: Mapped[bool]
    autopay_stopped: Mapped[str]
    language: Mapped[str]
    supersedes: Mapped[UUID | None]
    saved_method_id: Mapped[UUID | None]
    terms_version: Mapped[str]
    terms_digest: Mapped[bytes | None]
    agreement_blob_id: Mapped[UUID | None]
    proposed_by_kind: Mapped[str]
    proposed_by: Mapped[UUID]
    proposed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    changed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    version: Mapped[int]


class PlanItem(Row):
    """What was owed, of which charge, when the plan was proposed."""

    __tablename__ = "plan_item"
    __table_args__ = (
        ForeignKeyConstraint(*_OF_PLAN),
        ForeignKeyConstraint(["tenant_id", "patient_id"], ["patient.tenant_id", "patient.id"]),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    payment_plan_id: Mapped[UUID] = mapped_column(primary_key=True)
    n: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    patient_id: Mapped[UUID]
    claim_id: Mapped[UUID | None]
    charge_id: Mapped[UUID | None]
    amount_cents: Mapped[int] = mapped_column(BigInteger)


class PlanInstalment(Row):
    __tablename__ = "plan_instalment"
    __table_args__ = (
        UniqueConstraint("tenant_id", "payment_plan_id", "n"),
        ForeignKeyConstraint(*_OF_PLAN),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    payment_plan_id: Mapped[UUID]
    n: Mapped[int] = mapped_column(SmallInteger)
    due_on: Mapped[date]
    amount_cents: Mapped[int] = mapped_column(BigInteger)
    noticed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    missed_told_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class PlanTry(Row):
    """A card asked for an instalment; `started` until it is known what became of it."""

    __tablename__ = "plan_try"
    __table_args__ = (
        UniqueConstraint("tenant_id", "plan_instalment_id", "n"),
        ForeignKeyConstraint(
            ["tenant_id", "plan_instalment_id"],
            ["plan_instalment.tenant_id", "plan_instalment.id"],
        ),
        ForeignKeyConstraint(
            ["tenant_id", "saved_method_id"], ["saved_method.tenant_id", "saved_method.id"]
        ),
        ForeignKeyConstraint(["tenant_id", "payment_id"], ["payment.tenant_id", "payment.id"]),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    plan_instalment_id: Mapped[UUID]
    saved_method_id: Mapped[UUID]
    n: Mapped[int] = mapped_column(SmallInteger)
    tried_on: Mapped[date]
    amount_cents: Mapped[int] = mapped_column(BigInteger)
    payment_id: Mapped[UUID | None]
    outcome: Mapped[str]
    code: Mapped[str]
    started_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class PlanEvent(Row):
    """Each move, by whom and why. Append-only."""

    __tablename__ = "plan_event"
    __table_args__ = (ForeignKeyConstraint(*_OF_PLAN),)

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    payment_plan_id: Mapped[UUID]
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    actor_kind: Mapped[str]
    actor_id: Mapped[UUID]
    from_state: Mapped[str]
    to_state: Mapped[str]
    why: Mapped[str]


class PlanConsent(Row):
    """What was agreed to, in its very words, when, by whom and through what. Append-only."""

    __tablename__ = "plan_consent"
    __table_args__ = (
        UniqueConstraint("tenant_id", "payment_plan_id", "kind"),
        ForeignKeyConstraint(*_OF_PLAN),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    payment_plan_id: Mapped[UUID]
    kind: Mapped[str]
    words: Mapped[str]
    words_version: Mapped[str]
    words_digest: Mapped[bytes]
    language: Mapped[str]
    given_through: Mapped[str]
    given_by_kind: Mapped[str]
    given_by: Mapped[UUID]
    given_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ip_prefix: Mapped[str]
