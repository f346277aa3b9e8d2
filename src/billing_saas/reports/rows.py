"""Whether rows stand once, and behind their practice's wall."""

from sqlalchemy import UniqueConstraint, text

from billing_saas.kit.actor import Actor
from billing_saas.kit.db import Row, TenantSession
from billing_saas.reports import asking


async def nothing_stands_twice(db: TenantSession, actor: Actor) -> list[str]:
    """Every unique key of the rooms, asked again; and one standing entry per payment and visit.

    As the rooms map them, so that a key which the database lost is asked for all the same.
    """
    found = []
    readable = set(await asking.practice_tables(db))
    for table, columns, where in _business_keys():
        if table not in readable:
            continue
        given = " AND ".join(f"{column} IS NOT NULL" for column in columns)
        listed = ", ".join(columns)
        twice = await db.execute(
            text(
                f"SELECT count(*) FROM {table} WHERE tenant_id = :tenant AND {given} AND {where}"  # noqa: S608
                f" GROUP BY {listed} HAVING count(*) > 1 LIMIT {asking.MOST}"
            ),
            {"tenant": db.tenant_id},
        )
        found += [f"{table} ({listed}) stands {count} times" for (count,) in twice]
    return found + await asking.found(
        db,
        """
        WITH RECURSIVE chain AS (
          SELECT id, source, id AS tip, 0 AS undone FROM ledger_entry
          WHERE tenant_id = :tenant AND reverses IS NULL
          UNION ALL
          SELECT chain.id, chain.source, e.id, undone + 1 FROM chain
          JOIN ledger_entry e ON e.tenant_id = :tenant AND e.reverses = chain.tip
        ), standing AS (
          SELECT id, source FROM chain GROUP BY id, source HAVING max(undone) % 2 = 0
        )
        SELECT split_part(source, ':', 1) || ':' || split_part(source, ':', 2) || ' is journalled '
               || count(*) || ' times' FROM standing
        WHERE split_part(source, ':', 1) IN ('claim-payment', 'charge')
        GROUP BY split_part(source, ':', 1), split_part(source, ':', 2) HAVING count(*) > 1""",
    )


def _business_keys() -> list[tuple[str, list[str], str]]:
    """Table, columns, and for which rows they are a key. Primary keys are random: they are not asked."""
    mapped = [
        (table.name, [column.name for column in key.columns], "true")
        for table in Row.metadata.sorted_tables
        if "tenant_id" in table.columns
        for key in table.constraints
        if isinstance(key, UniqueConstraint)
    ]
    return [
        *mapped,
        # TRN02 plus the payer identifies an 835, but for those that are held as duplicates.
        ("remittance", ["payer_id", "trace_number"], "state <> 'duplicate'"),
        ("tenant_key", ["purpose"], "state = 'primary'"),
    ]


async def every_table_is_walled(db: TenantSession, actor: Actor) -> list[str]:
    """Every table with a practice's rows has a forced policy, and none shows more than one practice."""
    return await asking.found(
        db,
        """
        SELECT 'table ' || c.oid::regclass || ' does not force row-level security'
        FROM pg_class c
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
          AND NOT (c.relrowsecurity AND c.relforcerowsecurity) AND EXISTS (
            SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id'
              AND NOT a.attisdropped)
        UNION ALL
        SELECT 'policy ' || p.polname || ' of ' || p.polrelid::regclass || ' is not the practice''s'
        FROM pg_policy p
        JOIN pg_attribute a ON a.attrelid = p.polrelid AND a.attname = 'tenant_id'
        WHERE p.polpermissive AND p.polroles && ARRAY[0::oid, to_regrole('billing_app')::oid]
          AND (coalesce(pg_get_expr(p.polqual, p.polrelid), 'app_tenant') !~ 'app_tenant'
            OR coalesce(pg_get_expr(p.polwithcheck, p.polrelid), 'app_tenant') !~ 'app_tenant')""",
    )
