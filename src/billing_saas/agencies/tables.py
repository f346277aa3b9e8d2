from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from billing_saas.kit.db import Row

_ITS_AGENCY = (["tenant_id", "agency_id"], ["collection_agency.tenant_id", "collection_agency.id"])


class AgencyFile(Row):
    """A file as an agency got it, sealed in `blob_id`."""

    __tablename__ = "agency_file"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["practice.tenant_id"]),
        ForeignKeyConstraint(*_ITS_AGENCY),
        ForeignKeyConstraint(["tenant_id", "blob_id"], ["blob.tenant_id", "blob.id"]),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    agency_id: Mapped[UUID]
    blob_id: Mapped[UUID]
    sha256: Mapped[str]
    rows: Mapped[int]
    amount_cents: Mapped[int] = mapped_column(BigInteger)
    made_by: Mapped[UUID]
    made_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    opened_by: Mapped[UUID | None]
    opened_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class AgencyReport(Row):
    """What an agency collected and sent, by one file. One that is held moved nothing."""

    __tablename__ = "agency_report"
    __table_args__ = (
        UniqueConstraint("tenant_id", "arrival_id"),
        ForeignKeyConstraint(["tenant_id"], ["practice.tenant_id"]),
        ForeignKeyConstraint(*_ITS_AGENCY),
        ForeignKeyConstraint(["tenant_id", "arrival_id"], ["arrival.tenant_id", "arrival.id"]),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    agency_id: Mapped[UUID]
    arrival_id: Mapped[UUID]
    remits: Mapped[str]
    state: Mapped[str]
    rows: Mapped[int]
    collected_cents: Mapped[int] = mapped_column(BigInteger)
    direct_cents: Mapped[int] = mapped_column(BigInteger)
    fee_cents: Mapped[int] = mapped_column(BigInteger)
    remitted_cents: Mapped[int] = mapped_column(BigInteger)
    taken_in_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class AgencyPayment(Row):
    """One row of a report: money the agency collected, that the practice did, or that bounced."""

    __tablename__ = "agency_payment"
    __table_args__ = (
        UniqueConstraint("tenant_id", "agency_id", "kind", "number"),
        ForeignKeyConstraint(
            ["tenant_id", "report_id"], ["agency_report.tenant_id", "agency_report.id"]
        ),
        ForeignKeyConstraint(*_ITS_AGENCY),
        ForeignKeyConstraint(
            ["tenant_id", "placement_id"], ["placement.tenant_id", "placement.id"]
        ),
        ForeignKeyConstraint(
            ["tenant_id", "entry_id"], ["ledger_entry.tenant_id", "ledger_entry.id"]
        ),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    report_id: Mapped[UUID]
    agency_id: Mapped[UUID]
    placement_id: Mapped[UUID]
    n: Mapped[int]
    kind: Mapped[str]
    number: Mapped[str]
    paid_on: Mapped[date]
    amount_cents: Mapped[int] = mapped_column(BigInteger)
    fee_cents: Mapped[int] = mapped_column(BigInteger)
    entry_id: Mapped[UUID | None]


class AgencyFeePayment(Row):
    """The practice paid an agency's invoice: of one that sends all it collects."""

    __tablename__ = "agency_fee_payment"
    __table_args__ = (
        UniqueConstraint("tenant_id", "agency_id", "invoice"),
        ForeignKeyConstraint(*_ITS_AGENCY),
        ForeignKeyConstraint(
            ["tenant_id", "entry_id"], ["ledger_entry.tenant_id", "ledger_entry.id"]
        ),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    agency_id: Mapped[UUID]
    amount_cents: Mapped[int] = mapped_column(BigInteger)
    paid_on: Mapped[date]
    invoice: Mapped[str]
    entry_id: Mapped[UUID]
    paid_by: Mapped[UUID]
    paid_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
