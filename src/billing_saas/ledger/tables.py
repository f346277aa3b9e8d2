from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    DateTime,
    FetchedValue,
    ForeignKeyConstraint,
    SmallInteger,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from billing_saas.kit.db import Row
from billing_saas.ledger.rules import PartyKind


class LedgerBook(Row):
    """One per practice. Posting holds a share lock on it, so a month closes between postings."""

    __tablename__ = "ledger_book"
    __table_args__ = (ForeignKeyConstraint(["tenant_id"], ["practice.tenant_id"]),)

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    closed_through: Mapped[date | None]


class LedgerEntry(Row):
    __tablename__ = "ledger_entry"
    __table_args__ = (
        UniqueConstraint("tenant_id", "source"),
        UniqueConstraint("tenant_id", "reverses"),
        ForeignKeyConstraint(["tenant_id"], ["ledger_book.tenant_id"]),
        ForeignKeyConstraint(
            ["tenant_id", "reverses"], ["ledger_entry.tenant_id", "ledger_entry.id"]
        ),
        ForeignKeyConstraint(
            ["tenant_id", "corrects"], ["ledger_entry.tenant_id", "ledger_entry.id"]
        ),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    source: Mapped[str]
    kind: Mapped[str]
    effective_on: Mapped[date]
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    recorded_by_kind: Mapped[str]
    recorded_by: Mapped[UUID]
    reverses: Mapped[UUID | None]
    corrects: Mapped[UUID | None]
    # The transaction that wrote it, and the only one that may write its lines: the database's to give.
    xid: Mapped[Any] = mapped_column(server_default=FetchedValue(), type_=BigInteger)


class LedgerLine(Row):
    """Partitioned by `recorded_at`, which every line shares with its entry."""

    __tablename__ = "ledger_line"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), primary_key=True)
    entry_id: Mapped[UUID] = mapped_column(primary_key=True)
    n: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    effective_on: Mapped[date]
    account: Mapped[str]
    amount_cents: Mapped[int] = mapped_column(BigInteger)
    party_kind: Mapped[PartyKind] = mapped_column(Text)
    party_id: Mapped[UUID | None]
    patient_id: Mapped[UUID | None]
    claim_id: Mapped[UUID | None]
    charge_id: Mapped[UUID | None]
    group_code: Mapped[str | None]
    reason_code: Mapped[str | None]
