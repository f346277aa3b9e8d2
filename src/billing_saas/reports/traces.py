"""Whether what happened left its traces: an event for each change, and no file left lying."""

from datetime import timedelta

from sqlalchemy import text

from billing_saas.kit import clock
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.reports import asking
from billing_saas.reports.errors import NotAsked

# Written by the platform, or counted and leased beside the work.
NOT_BUSINESS = {
    *("agreement", "membership", "practice", "job", "tenant_key", "schedule_due"),
    "invariant_check",
}
# Whom an event concerns is what was asked for, which need not exist.
AS_ASKED = {"audit_event", "audit_subject"}

# What the server has forgotten is null, and null is in no list and not in none.
_UNTOLD = """
WITH told AS MATERIALIZED (
  SELECT DISTINCT pg_xact_commit_timestamp(xid::xid) AS at FROM audit_event WHERE tenant_id = :tenant
)
SELECT count(*) FROM {table} WHERE tenant_id = :tenant
  AND pg_xact_commit_timestamp(xmin) NOT IN (SELECT at FROM told WHERE at IS NOT NULL)
"""
HANDLED_WITHIN = timedelta(hours=1)


async def every_change_is_told(db: TenantSession, actor: Actor) -> list[str]:
    """The transaction that wrote a row last also wrote an audit event of this practice.

    PostgreSQL knows which transaction wrote a row; in a savepoint that is another number, but with the
    same instant of commit, where the server keeps those. What it has forgotten is taken as told.
    """
    if await db.scalar(text("SELECT current_setting('track_commit_timestamp')")) != "on":
        raise NotAsked
    found = []
    for table in await asking.practice_tables(db):
        if table in NOT_BUSINESS | AS_ASKED:
            continue
        untold = await db.scalar(text(_UNTOLD.format(table=table)), {"tenant": db.tenant_id})
        if untold:
            found.append(f"{untold} rows of {table} were written in transactions without an event")
    return found


async def no_arrival_waits(db: TenantSession, actor: Actor) -> list[str]:
    """What arrived is handled within the hour: taken in, held for a person, or found unreadable."""
    return await asking.found(
        db,
        """
        SELECT 'arrival ' || id || ' has waited since ' || to_char(received_at, 'YYYY-MM-DD HH24.MI')
        FROM arrival WHERE tenant_id = :tenant AND state = 'received' AND received_at < :since""",
        since=clock.now() - HANDLED_WITHIN,
    )
