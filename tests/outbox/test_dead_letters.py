"""Dead letters are shown to who may see them, explained without a word of anyone, and dealt with once."""

import pytest
from sqlalchemy import select

from billing_saas.audit.tables import AuditEvent
from billing_saas.kit.actor import Actor, ActorKind, NotPermitted
from billing_saas.kit.db import Database
from billing_saas.kit.ids import new_id
from billing_saas.kit.paging import PageRequest
from billing_saas.outbox import dead_letters, jobs, leasing, queue, rules
from billing_saas.outbox.errors import JobNotDead, JobNotFound
from billing_saas.outbox.tables import JobRow
from billing_saas.workers import registry
from tests.cast import Tenant
from tests.outbox.notes import Jot

MENDER = Actor(
    kind=ActorKind.USER,
    id=new_id(),
    permissions=frozenset({dead_letters.READ, dead_letters.REPLAY}),
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
        first = await dead_letters.listed(db, MENDER, PageRequest(limit=2))
        rest = await dead_letters.listed(db, MENDER, PageRequest(2, first.rows[-1].id))
        with pytest.raises(NotPermitted):
            await dead_letters.listed(db, ONLOOKER, PageRequest())
    shown = [row.arguments["note_id"] for row in [*first.rows, *rest.rows]]
    assert shown == [str(jot.note_id) for jot in reversed(jots)]
    assert first.next_cursor is not None
    assert rest.next_cursor is None
    assert first.rows[0].error == "already-posted"


async def test_a_dead_letter_is_replayed_once(database: Database, elm: Tenant) -> None:
    (jot,) = await dead_jots(database, elm, 1)
    async with database.tenant(elm.id) as db:
        (dead,) = (await dead_letters.listed(db, MENDER, PageRequest())).rows
        again = await dead_letters.replay(db, MENDER, dead.id)
    async with database.tenant(elm.id) as db:
        row = (await db.scalars(select(JobRow).where(JobRow.id == again))).one()
        assert row.arguments["note_id"] == str(jot.note_id)
        assert (row.state, row.attempts, row.request_id) == ("queued", 0, "r-2")
        with pytest.raises(JobNotDead):
            await dead_letters.replay(db, MENDER, dead.id)
        with pytest.raises(NotPermitted):
            await dead_letters.replay(db, ONLOOKER, dead.id)


async def test_a_stranger_finds_no_dead_letter(
    database: Database, elm: Tenant, oak: Tenant
) -> None:
    await dead_jots(database, elm, 1)
    async with database.tenant(elm.id) as db:
        (dead,) = (await dead_letters.listed(db, MENDER, PageRequest())).rows
    async with database.tenant(oak.id) as db:
        assert (await dead_letters.listed(db, MENDER, PageRequest())).rows == []
        with pytest.raises(JobNotFound):
            await dead_letters.replay(db, MENDER, dead.id)
    async with database.platform() as platform:
        assert len((await dead_letters.listed(platform, MENDER, PageRequest())).rows) == 1


async def test_a_discarded_one_is_done_with_and_told(database: Database, elm: Tenant) -> None:
    await dead_jots(database, elm, 2)
    async with database.tenant(elm.id) as db:
        kept, gone = (await dead_letters.listed(db, MENDER, PageRequest())).rows
        await dead_letters.discard(db, MENDER, gone.id)
    async with database.tenant(elm.id) as db:
        left = (await dead_letters.listed(db, MENDER, PageRequest())).rows
        assert [letter.id for letter in left] == [kept.id]
        assert (await dead_letters.shown(db, MENDER, gone.id)).state == "discarded"
        with pytest.raises(JobNotDead):
            await dead_letters.replay(db, MENDER, gone.id)
        told = select(AuditEvent.object_id).where(AuditEvent.action == "job.discard")
        assert list(await db.scalars(told)) == [gone.id]


async def test_what_is_not_dead_is_no_dead_letter(database: Database, elm: Tenant) -> None:
    async with database.tenant(elm.id) as db:
        queued = await queue.add(db, Jot(new_id()))
        with pytest.raises(JobNotFound):
            await dead_letters.shown(db, MENDER, queued)
        with pytest.raises(JobNotDead):
            await dead_letters.discard(db, MENDER, queued)


@pytest.mark.parametrize(
    ("error", "lost", "explanation"),
    [
        ("WorkerLost", 3, "The process that ran it died or froze 3 times: the job itself may be"),
        ("TimeoutError", 0, "It took longer than it may (15 minutes) in each of 2 attempts."),
        ("RuntimeError", 0, "An accident (RuntimeError) ended each of 2 attempts."),
        (
            "job-not-dead",
            0,
            "What it is about is not in a state that allows this. Only a dead letter",
        ),
        ("never-heard-of", 0, "An accident (never-heard-of)"),
    ],
)
def test_an_error_is_explained_in_our_own_words(error: str, lost: int, explanation: str) -> None:
    failure = rules.Failure(error, attempts=2, lost=lost)
    assert rules.explain(failure, Jot).startswith(explanation)


def test_every_job_says_what_it_is_for() -> None:
    for act in registry.ACTS:
        assert rules.about(act.job.kind, jobs.known()) == act.job.about
        assert act.job.about.endswith("."), act.job.kind
