"""Dead letters are shown to who may see them, and replayed once."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from billing_saas.kit.actor import Actor, ActorKind, NotPermitted
from billing_saas.kit.db import Database
from billing_saas.kit.ids import new_id
from billing_saas.kit.paging import PageRequest
from billing_saas.outbox import leasing, queries, queue
from billing_saas.outbox.errors import JobNotDead, JobNotFound
from billing_saas.outbox.tables import JobRow
from tests.cast import Tenant
from tests.outbox.notes import Jot

MENDER = Actor(
    kind=ActorKind.USER,
    id=new_id(),
    permissions=frozenset({queries.READ, queries.REPLAY}),
    request_id="r-2",
)
ONLOOKER = Actor(kind=ActorKind.USER, id=new_id())


async def dead_jots(database: Database, tenant: Tenant, count: int) -> list[Jot]:
    jots = [Jot(new_id()) for _ in range(count)]
    async with database.tenant(tenant.id) as db:
        ids = await queue.add_many(db, jots)
    async with database.platform() as db:
        for job_id in ids:
            mine = await leasing.claim(db, job_id)
            assert mine is not None
            await leasing.park(db, mine, "already-posted")
    return jots


async def test_dead_letters_come_in_pages_newest_first(database: Database, elm: Tenant) -> None:
    jots = await dead_jots(database, elm, 3)
    async with database.tenant(elm.id) as db:
        first = await queries.dead_letters(db, MENDER, PageRequest(limit=2))
        rest = await queries.dead_letters(db, MENDER, PageRequest(2, first.rows[-1].id))
        with pytest.raises(NotPermitted):
            await queries.dead_letters(db, ONLOOKER, PageRequest())
    shown = [row.arguments["note_id"] for row in [*first.rows, *rest.rows]]
    assert shown == [str(jot.note_id) for jot in reversed(jots)]
    assert first.next_cursor is not None
    assert rest.next_cursor is None
    assert first.rows[0].last_error == "already-posted"


async def test_a_dead_letter_is_replayed_once(database: Database, elm: Tenant) -> None:
    (jot,) = await dead_jots(database, elm, 1)
    async with database.tenant(elm.id) as db:
        (dead,) = (await queries.dead_letters(db, MENDER, PageRequest())).rows
        again = await queries.replay(db, MENDER, dead.id)
    async with database.tenant(elm.id) as db:
        row = (await db.scalars(select(JobRow).where(JobRow.id == again))).one()
        assert row.arguments["note_id"] == str(jot.note_id)
        assert (row.state, row.attempts, row.request_id) == ("queued", 0, "r-2")
        with pytest.raises(JobNotDead):
            await queries.replay(db, MENDER, dead.id)
        with pytest.raises(NotPermitted):
            await queries.replay(db, ONLOOKER, dead.id)


async def test_a_stranger_finds_no_dead_letter(
    database: Database, elm: Tenant, oak: Tenant
) -> None:
    await dead_jots(database, elm, 1)
    async with database.tenant(elm.id) as db:
        (dead,) = (await queries.dead_letters(db, MENDER, PageRequest())).rows
    async with database.tenant(oak.id) as db:
        assert (await queries.dead_letters(db, MENDER, PageRequest())).rows == []
        with pytest.raises(JobNotFound):
            await queries.replay(db, MENDER, dead.id)
    async with database.platform() as platform:
        assert len((await queries.dead_letters(platform, MENDER, PageRequest())).rows) == 1


async def test_the_backlog_counts_what_is_owed(
    database: Database, elm: Tenant, oak: Tenant
) -> None:
    await dead_jots(database, elm, 2)
    async with database.tenant(oak.id) as db:
        await queue.add(db, Jot(new_id()))
        taken = await queue.add(db, Jot(new_id()))
        await queue.add(db, Jot(new_id()), run_at=datetime(2100, 1, 1, tzinfo=UTC))
    async with database.platform() as platform:
        assert await leasing.claim(platform, taken)
        by_queue = {owed.queue: owed for owed in await queries.backlog(platform)}
    backlog = by_queue["interactive"]
    assert (backlog.due, backlog.waiting, backlog.leased, backlog.dead) == (1, 1, 1, 2)
    assert 0 <= backlog.oldest_due_seconds < 60
    assert by_queue["bulk"] == queries.Backlog("bulk", 0, 0, 0, 0, 0.0)
