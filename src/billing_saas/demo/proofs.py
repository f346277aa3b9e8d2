"""What the demo proves by looking behind the API."""

from uuid import UUID

import psycopg
import psycopg.sql
from sqlalchemy import text

from billing_saas.kit.db import Database
from billing_sandbox.office import Desk


def rows_without_tenant(url: str) -> tuple[int, int]:
    """Tables of practices, and how many of their rows a session without a tenant can see."""
    with psycopg.connect(url) as connection:
        tables = connection.execute(
            "SELECT table_name FROM information_schema.columns WHERE column_name = 'tenant_id'"
            " AND table_schema = 'public' AND has_table_privilege(table_name, 'SELECT')"
        ).fetchall()
        counts = [
            connection.execute(
                psycopg.sql.SQL("SELECT count(*) FROM {}").format(psycopg.sql.Identifier(table))
            ).fetchone()
            for (table,) in tables
        ]
    return len(tables), sum(count[0] for count in counts if count)


async def journal(database: Database, practices: list[UUID]) -> tuple[int, int]:
    """Entries, and how many of them do not sum to zero."""
    entries = off = 0
    for practice_id in practices:
        async with database.tenant(practice_id) as db:
            sums = await db.execute(
                text(
                    "SELECT sum(amount_cents) FROM ledger_line WHERE tenant_id = :tenant_id"
                    " GROUP BY entry_id"
                ),
                {"tenant_id": practice_id},
            )
            found = [int(row[0]) for row in sums]
        entries += len(found)
        off += sum(total != 0 for total in found)
    return entries, off


async def untold(database: Database, desk: Desk) -> int:
    """Of the answers that showed sealed data, how many the audit trail does not know."""
    async with database.tenant(desk.practice_id) as db:
        told = await db.scalars(
            text(
                "SELECT DISTINCT request_id FROM audit_event"
                " WHERE tenant_id = :tenant_id AND classes_read > 0"
            ),
            {"tenant_id": desk.practice_id},
        )
        known = set(told)
    return sum(request_id not in known for request_id in desk.read)
