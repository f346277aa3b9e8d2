"""Entries and lines as raw SQL writes them, past the journal."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from billing_saas.kit.db import TenantSession
from billing_saas.kit.ids import new_id
from tests.ledger.entries import MARCH_2

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)

ENTRY = text(
    "INSERT INTO ledger_entry (tenant_id, id, source, kind, effective_on, recorded_at,"
    " recorded_by_kind, recorded_by) VALUES (:tenant_id, :id, :source, 'raw', :effective_on,"
    " :recorded_at, 'user', :tenant_id)"
)
LINES = text(
    "INSERT INTO ledger_line (tenant_id, entry_id, n, recorded_at, effective_on, account,"
    " amount_cents, party_kind) SELECT :tenant_id, :id, n, :recorded_at, :effective_on, :account,"
    " cents, 'practice' FROM unnest(cast(:ns AS smallint[]), cast(:cents AS bigint[])) AS x (n, cents)"
)


async def raw_entry(db: TenantSession, entry_id: UUID | None = None, **other: Any) -> UUID:
    entry_id = entry_id or new_id()
    values = {"source": f"raw:{entry_id}", "effective_on": MARCH_2, "recorded_at": NOON, **other}
    await db.execute(ENTRY, {"tenant_id": db.tenant_id, "id": entry_id, **values})
    return entry_id


async def raw_lines(
    db: TenantSession, entry_id: UUID, *cents: int, first: int = 1, **other: Any
) -> None:
    values = {"effective_on": MARCH_2, "recorded_at": NOON, "account": "bank", **other}
    ns = list(range(first, first + len(cents)))
    await db.execute(
        LINES,
        {"tenant_id": db.tenant_id, "id": entry_id, "ns": ns, "cents": list(cents), **values},
    )


def constraint(error: pytest.ExceptionInfo[IntegrityError]) -> str:
    return str(error.value.orig.driver_exception.constraint_name)  # type: ignore[union-attr]  # the driver's own
