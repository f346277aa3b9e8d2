"""How an invariant asks: one statement in the practice's transaction, its answers in sentences without PHI."""

from sqlalchemy import text

from billing_saas.kit.db import TenantSession

MOST = 1_000
"""Findings of one question: whoever has more has one fault, not a thousand."""

_PRACTICE_TABLES = text(
    """
    SELECT c.oid::regclass::text FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
      AND NOT c.relispartition AND has_table_privilege(c.oid, 'SELECT') AND EXISTS (
        SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id')
    ORDER BY 1
    """
)


async def found(db: TenantSession, query: str, **asked: object) -> list[str]:
    """`query` selects one sentence per finding; `:tenant` is the practice."""
    limited = text(f"SELECT * FROM ({query}) AS found LIMIT {MOST}")  # noqa: S608  # ours alone
    return [str(what) for what in await db.scalars(limited, {"tenant": db.tenant_id, **asked})]


async def practice_tables(db: TenantSession) -> list[str]:
    """Tables with rows of practices that the application may read."""
    return list(await db.scalars(_PRACTICE_TABLES))


async def sums(db: TenantSession, query: str) -> dict[str, int]:
    """`query` selects names with their totals."""
    rows = await db.execute(text(query), {"tenant": db.tenant_id})
    return {str(name): int(total) for name, total in rows}
