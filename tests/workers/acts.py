"""Jobs and acts that only tests know. Each leaves a mark per commit, so that effects can be counted."""

import asyncio
import os
import signal
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text

from billing_saas.kit.actor import Actor
from billing_saas.kit.db import Database, PlatformSession, TenantSession
from billing_saas.kit.errors import Conflict
from billing_saas.kit.ids import new_id
from billing_saas.outbox import queue
from billing_saas.outbox.jobs import Job
from billing_saas.workers import registry


@dataclass(frozen=True, slots=True)
class Mark(Job):
    """Leave one mark, after so many milliseconds of work."""

    kind = "tests.mark"
    queue = "files"

    note_id: UUID
    milliseconds: int = 0


@dataclass(frozen=True, slots=True)
class Urgent(Job):
    kind = "tests.urgent"
    queue = "interactive"

    note_id: UUID


@dataclass(frozen=True, slots=True)
class Bare(Job):
    """Leave one mark by one statement: what a benchmark's job costs should be the queue's own cost."""

    kind = "tests.bare"
    queue = "files"

    note_id: UUID


@dataclass(frozen=True, slots=True)
class Poison(Job):
    """Kill the process that runs it."""

    kind = "tests.poison"
    queue = "files"

    note_id: UUID


@dataclass(frozen=True, slots=True)
class Stumble(Job):
    """Leave a mark, then fail in the named way."""

    kind = "tests.stumble"
    queue = "bulk"
    most_attempts = 2

    note_id: UUID
    how: str


@dataclass(frozen=True, slots=True)
class Chain(Job):
    """Leave a mark and ask for the next link."""

    kind = "tests.chain"
    queue = "files"

    note_id: UUID
    left: int


@dataclass(frozen=True, slots=True)
class MarkEveryone(Job):
    """The platform's own: one `Mark` per practice."""

    kind = "tests.mark_everyone"
    queue = "bulk"
    platform = True

    note_id: UUID


@dataclass(frozen=True, slots=True)
class CloseDay(Job):
    kind = "tests.close_day"
    queue = "bulk"

    day: str


@dataclass(frozen=True, slots=True)
class Bulky(Job):
    """Take up a place of the bulk queue for so long."""

    kind = "tests.bulky"
    queue = "bulk"

    note_id: UUID
    milliseconds: int = 0


class TestConflict(Conflict):
    __test__ = False


_MARK = text(
    "INSERT INTO blind_index (tenant_id, field, version, token, row_id)"
    " VALUES (:tenant_id, 999, 1, :token, :row_id)"
)
_MARKS = text("SELECT count(*) FROM blind_index WHERE tenant_id = :tenant_id AND token = :token")
_TENANT_HERE = text("SELECT app_tenant()")


async def leave_mark(db: TenantSession, note_id: UUID) -> None:
    # The context is the session's own before and after the mark, whatever else this process does.
    assert await db.scalar(_TENANT_HERE) == db.tenant_id
    await db.execute(_MARK, {"tenant_id": db.tenant_id, "token": note_id.bytes, "row_id": new_id()})
    assert await db.scalar(_TENANT_HERE) == db.tenant_id


async def marks(database: Database, tenant_id: UUID, note_id: UUID) -> int:
    async with database.tenant(tenant_id) as db:
        found = await db.scalar(_MARKS, {"tenant_id": tenant_id, "token": note_id.bytes})
    return int(found or 0)


async def mark(db: TenantSession, actor: Actor, job: Mark | Bulky) -> None:
    await leave_mark(db, job.note_id)
    await asyncio.sleep(job.milliseconds / 1000)


async def urgent(db: TenantSession, actor: Actor, job: Urgent) -> None:
    await leave_mark(db, job.note_id)


async def bare(db: TenantSession, actor: Actor, job: Bare) -> None:
    of_job = {"tenant_id": db.tenant_id, "token": job.note_id.bytes, "row_id": job.note_id}
    await db.execute(_MARK, of_job)


async def poison(db: TenantSession, actor: Actor, job: Poison) -> None:
    await leave_mark(db, job.note_id)
    os.kill(os.getpid(), signal.SIGKILL)


async def stumble(db: TenantSession, actor: Actor, job: Stumble) -> None:
    await leave_mark(db, job.note_id)
    if job.how == "answer":
        raise TestConflict("this is an answer")
    if job.how == "permission":
        actor.must("tests.more")
    if job.how == "timeout":
        async with asyncio.timeout(0.01):
            await asyncio.sleep(1)
    if job.how == "database":
        await db.execute(text("SELECT 1 / 0"))
    if job.how == "weather":
        raise RuntimeError("Jane Q. Public must not be told")


async def chain(db: TenantSession, actor: Actor, job: Chain) -> None:
    await leave_mark(db, job.note_id)
    if job.left:
        await queue.add(db, Chain(job.note_id, job.left - 1), request_id=actor.request_id)


async def mark_everyone(db: PlatformSession, actor: Actor, job: MarkEveryone) -> None:
    for tenant_id in await db.scalars(text("SELECT tenant_id FROM practice ORDER BY tenant_id")):
        await queue.add_for_practice(db, tenant_id, [Mark(job.note_id)])


registry.add(
    registry.practice_act(Mark, mark, "tests.mark"),
    registry.practice_act(Bulky, mark),
    registry.practice_act(Urgent, urgent),
    registry.practice_act(Bare, bare),
    registry.practice_act(Poison, poison),
    registry.practice_act(Stumble, stumble),
    registry.practice_act(Chain, chain),
    registry.platform_act(MarkEveryone, mark_everyone),
)
