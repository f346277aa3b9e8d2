from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKeyConstraint, SmallInteger, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from billing_saas.kit.db import Row


class CollectionAgency(Row):
    """`rate_bps` is its share of what is collected, in hundredths of a percent. `remits`: whether it
    sends all of it and bills its fee (gross), or keeps the fee (net). `baa_…`: its signed agreement."""

    __tablename__ = "collection_agency"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["practice.tenant_id"]),
        ForeignKeyConstraint(
            ["tenant_id", "baa_document_id"], ["document.tenant_id", "document.id"]
        ),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    rate_bps: Mapped[int]
    remits: Mapped[str]
    state: Mapped[str]
    baa_signed_on: Mapped[date | None]
    baa_signed_by: Mapped[str]
    baa_ends_on: Mapped[date | None]
    baa_document_id: Mapped[UUID | None]
    version: Mapped[int]
    created_by: Mapped[UUID]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class CollectionPolicy(Row):
    """What a practice lets be proposed. Without a row: nothing."""

    __tablename__ = "collection_policy"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["practice.tenant_id"]),
        ForeignKeyConstraint(
            ["tenant_id", "agency_id"], ["collection_agency.tenant_id", "collection_agency.id"]
        ),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    propose: Mapped[bool]
    agency_id: Mapped[UUID | None]
    minimum_cents: Mapped[int] = mapped_column(BigInteger)
    age_days: Mapped[int]
    notice_days: Mapped[int]
    version: Mapped[int]
    changed_by: Mapped[UUID]
    changed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class Placement(Row):
    """A guarantor's account, or a part of it, proposed to or with an agency.

    `amount_cents` is what was placed; what is left of it is the ledger's to say. `reference` is random, and
    all that the agency calls the account by.
    """

    __tablename__ = "placement"
    __table_args__ = (
        UniqueConstraint("tenant_id", "reference"),
        ForeignKeyConstraint(["tenant_id"], ["practice.tenant_id"]),
        ForeignKeyConstraint(["tenant_id", "guarantor_id"], ["patient.tenant_id", "patient.id"]),
        ForeignKeyConstraint(
            ["tenant_id", "agency_id"], ["collection_agency.tenant_id", "collection_agency.id"]
        ),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    guarantor_id: Mapped[UUID]
    agency_id: Mapped[UUID]
    state: Mapped[str]
    reference: Mapped[str]
    amount_cents: Mapped[int] = mapped_column(BigInteger)
    rate_bps: Mapped[int]
    first_statement_on: Mapped[date]
    last_statement_on: Mapped[date]
    proposed_by_kind: Mapped[str]
    proposed_by: Mapped[UUID]
    proposed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    placed_by: Mapped[UUID | None]
    placed_on: Mapped[date | None]
    ended_on: Mapped[date | None]
    reason: Mapped[str]
    version: Mapped[int]


class PlacementItem(Row):
    """One charge (None: a claim as a whole) of a placement, oldest first by `n`."""

    __tablename__ = "placement_item"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "placement_id"], ["placement.tenant_id", "placement.id"]
        ),
        ForeignKeyConstraint(["tenant_id", "patient_id"], ["patient.tenant_id", "patient.id"]),
        ForeignKeyConstraint(["tenant_id", "claim_id"], ["claim.tenant_id", "claim.id"]),
        ForeignKeyConstraint(["tenant_id", "charge_id"], ["charge.tenant_id", "charge.id"]),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    placement_id: Mapped[UUID] = mapped_column(primary_key=True)
    n: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    patient_id: Mapped[UUID]
    claim_id: Mapped[UUID | None]
    charge_id: Mapped[UUID | None]
    amount_cents: Mapped[int] = mapped_column(BigInteger)


class PlacementEvent(Row):
    """One move of a placement: who, when, from, to, why, and what was with the agency by then."""

    __tablename__ = "placement_event"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "placement_id"], ["placement.tenant_id", "placement.id"]
        ),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    placement_id: Mapped[UUID]
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    actor_kind: Mapped[str]
    actor_id: Mapped[UUID]
    from_state: Mapped[str]
    to_state: Mapped[str]
    why: Mapped[str]
    amount_cents: Mapped[int] = mapped_column(BigInteger)


class AgencyNotice(Row):
    """What an agency must be told, in the next file that is made for it; once per `source`."""

    __tablename__ = "agency_notice"
    __table_args__ = (
        UniqueConstraint("tenant_id", "source"),
        ForeignKeyConstraint(
            ["tenant_id", "agency_id"], ["collection_agency.tenant_id", "collection_agency.id"]
        ),
        ForeignKeyConstraint(
            ["tenant_id", "placement_id"], ["placement.tenant_id", "placement.id"]
        ),
        ForeignKeyConstraint(["tenant_id", "file_id"], ["agency_file.tenant_id", "agency_file.id"]),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    agency_id: Mapped[UUID]
    placement_id: Mapped[UUID]
    kind: Mapped[str]
    amount_cents: Mapped[int] = mapped_column(BigInteger)
    happened_on: Mapped[date]
    reason: Mapped[str]
    source: Mapped[str]
    dropped: Mapped[bool]
    file_id: Mapped[UUID | None]
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
