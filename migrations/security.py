"""What every practice table gets, in one place: owner, forced policy, and grants by name.

docs/decisions/0003-roles-and-policies.md lists the outcome table by table.
"""

from collections.abc import Sequence

from alembic import op

APP = "billing_app"
PLATFORM = "billing_platform"
READER = "billing_company_reader"
SEALER = "billing_sealer"


def run(*statements: str) -> None:
    for statement in statements:
        op.execute(statement)


def practice_table(
    table: str,
    *,
    app: str = "SELECT, INSERT",
    updates: Sequence[str] = (),
    reader: bool = False,
    platform: str = "",
) -> None:
    """Force the tenant policy on `table` and grant the application `app`, and UPDATE of `updates` only.

    `reader` opens a PHI-free table to company lists; `platform` grants the platform role, all rows.
    """
    run(
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY tenant ON {table} TO {APP}"
        " USING (tenant_id = app_tenant()) WITH CHECK (tenant_id = app_tenant())",
        f"GRANT {app} ON {table} TO {APP}",
    )
    if updates:
        run(f"GRANT UPDATE ({', '.join(updates)}) ON {table} TO {APP}")
    if reader:
        run(
            f"CREATE POLICY company ON {table} FOR SELECT TO {READER}"
            # Read once and hashed: a list of 2,000 practices is not looked through for each row.
            " USING (tenant_id IN (SELECT unnest(app_tenants())))",
            f"GRANT SELECT ON {table} TO {READER}",
        )
    if platform:
        platform_table(table, platform)


def platform_table(table: str, grants: str) -> None:
    """Rows that the platform role works on across practices: provisioning, identity, jobs."""
    run(
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY platform ON {table} TO {PLATFORM} USING (true) WITH CHECK (true)",
        f"GRANT {grants} ON {table} TO {PLATFORM}",
    )


def append_only(table: str) -> None:
    """Refuse UPDATE, DELETE and TRUNCATE even to who is granted them."""
    run(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}"
        " FOR EACH ROW EXECUTE FUNCTION refuse_change()",
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    )


def by_month(table: str, months: int = 36) -> None:
    """Partitions of a table partitioned by a timestamp: last month, `months` ahead, and a default.

    Nobody is granted anything on a partition: a policy on the parent does not hold there.
    """
    run(
        f"SELECT make_month_partitions('{table}', date_trunc('month', now())::date, {months})",
        f"CREATE TABLE {table}_default PARTITION OF {table} DEFAULT",
        f"SELECT guard_partition('{table}_default')",
    )
