"""Fifty practices' jobs interleaved in one process: no statement of one under another's name (T8)."""

import asyncio
import random
import re
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import event, text

from billing_saas.kit import clock
from billing_saas.kit.db import Database
from billing_saas.kit.ids import new_id, new_ids
from billing_saas.outbox import leasing, queue
from billing_saas.outbox.jobs import Job
from billing_saas.workers import running
from billing_saas.workers.claiming import Claims
from billing_saas.workers.running import Outcome
from tests.workers.acts import Mark, Stumble, marks

PRACTICES = 50
_SET = re.compile(r"SET LOCAL app\.tenant_id = '([0-9a-f-]{36})'")
_END = re.compile(r"(COMMIT|ROLLBACK|BEGIN)\b(?! TO)", re.IGNORECASE)

whose: ContextVar[UUID | None] = ContextVar("whose_job", default=None)


class _Traced(asyncpg.Connection):  # type: ignore[misc]  # the library has no types
    """Remembers what the server was last told; transactions begin and end by `execute` as well."""

    setting: UUID | None = None

    async def execute(self, query: str, *arguments: Any, timeout: float | None = None) -> str:
        said = _SET.search(query)  # begun and said in one round trip
        if said:
            self.setting = UUID(said.group(1))
        elif _END.match(query):
            self.setting = None
        status: str = await super().execute(query, *arguments, timeout=timeout)
        return status


@dataclass
class Trace:
    statements: int = 0
    foreign: list[str] = field(default_factory=list)

    def watch(self, database: Database) -> None:
        engine = database.app.sync_engine

        @event.listens_for(engine, "do_connect")
        def connects(_dialect: Any, _record: Any, _arguments: Any, options: dict[str, Any]) -> None:
            options["connection_class"] = _Traced

        @event.listens_for(engine, "before_cursor_execute")
        def executes(connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            if whose.get() is None:
                return
            self.statements += 1
            driver = connection.connection.dbapi_connection.driver_connection
            if driver.setting != whose.get():
                self.foreign.append(statement)


async def practices(database: Database) -> list[UUID]:
    ids = new_ids(PRACTICES)
    async with database.platform() as db:
        company = new_id()
        await db.execute(
            text("INSERT INTO company VALUES (:id, 'Ash', 'active', :now)"),
            {"id": company, "now": clock.now()},
        )
        for n, tenant_id in enumerate(ids):
            await db.execute(
                text(
                    "INSERT INTO practice VALUES"
                    " (:id, :company, 'P', :npi, '999999999', 'UTC', 'active', :now)"
                ),
                {"id": tenant_id, "company": company, "npi": f"{n:010d}", "now": clock.now()},
            )
    return ids


@pytest.mark.slow
async def test_no_statement_runs_under_another_practices_name(database: Database) -> None:
    chance = random.Random(8)
    trace = Trace()
    trace.watch(database)
    tenant_ids = await practices(database)
    done, failing = new_ids(2)
    owed: list[tuple[UUID, UUID]] = []
    for tenant_id in tenant_ids:
        jobs: list[Job] = [Mark(done, chance.randrange(20)) for _ in range(2)]
        jobs += [Stumble(failing, how) for how in ("answer", "timeout", "database", "weather")]
        async with database.tenant(tenant_id) as db:
            owed += [(tenant_id, job_id) for job_id in await queue.add_many(db, jobs)]
    chance.shuffle(owed)
    places = asyncio.Semaphore(20)
    claims = Claims(database, leasing.LEASE)

    async def run(tenant_id: UUID, job_id: UUID) -> Outcome:
        async with places:
            whose.set(tenant_id)
            return await running.run_asked(claims, job_id)

    tasks = [asyncio.create_task(run(*one)) for one in owed]
    cancelled = chance.sample(tasks, 30)
    for task in cancelled:
        await asyncio.sleep(0.02)
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert trace.statements > 3 * len(owed)
    assert trace.foreign == []
    async with database.app.connect() as connection:
        assert (await connection.scalar(text("SELECT app_tenant()"))) is None
    outcomes = await running.drain(database)  # what was broken off is still owed
    for tenant_id in tenant_ids:
        assert await marks(database, tenant_id, done) == 2
        assert await marks(database, tenant_id, failing) == 0
    assert set(outcomes) <= {Outcome.DONE, Outcome.DEAD, Outcome.RETRIED}
