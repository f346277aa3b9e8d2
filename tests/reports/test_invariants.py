"""The nightly check keeps its numbers, raises the alarm, and says when it could not ask."""

from dataclasses import replace

import psycopg
import structlog.testing
from sqlalchemy import select

from billing_saas.kit import logs
from billing_saas.kit.db import Database
from billing_saas.outbox import queue
from billing_saas.reports import invariants, queries
from billing_saas.reports.jobs import CheckInvariants
from billing_saas.reports.tables import InvariantCheck
from billing_saas.workers import running
from tests.cast import OPERATOR, Tenant
from tests.cluster import Clone

ASKER = replace(OPERATOR, permissions=frozenset({"ledger.read"}))


async def checked(database: Database, tenant: Tenant) -> dict[str, int | None]:
    async with database.tenant(tenant.id) as db:
        await queue.add(db, CheckInvariants())
    assert await running.drain(database) == {"done": 1}
    async with database.tenant(tenant.id) as db:
        return {row.invariant: row.broken for row in await db.scalars(select(InvariantCheck))}


async def test_a_whole_practice_and_then_a_broken_one(
    database: Database,
    elm: Tenant,
    oak: Tenant,
    clone: Clone,
) -> None:
    names = {invariant.__name__ for invariant in invariants.INVARIANTS}
    assert await checked(database, elm) == dict.fromkeys(names, 0)
    with psycopg.connect(clone.url("postgres")) as above:
        above.execute("ALTER TABLE claim NO FORCE ROW LEVEL SECURITY")
    with structlog.testing.capture_logs() as told:
        broken = await checked(database, oak)
    assert broken == {**dict.fromkeys(names, 0), "every_table_is_walled": 1}
    async with database.platform() as db:
        standing = {one.invariant: one for one in await queries.standing(db)}
    walled = standing["every_table_is_walled"]
    assert (walled.practices, walled.broken_practices, walled.broken) == (2, 1, 1)
    alarms = [line for line in told if line["event"] == "invariant broken"]
    assert alarms == [
        {
            "event": "invariant broken",
            "log_level": "error",
            "tenant": oak.id,
            "invariant": "every_table_is_walled",
            "count": 1,
        }
    ]
    assert all(logs.ALLOWED[key](alarms[0][key]) for key in ("tenant", "invariant", "count"))
