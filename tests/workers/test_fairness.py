"""Nobody waits behind all of somebody else: neither behind another queue, nor behind another practice."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from sqlalchemy import Interval, Select, func, select, text, type_coerce, update

from billing_saas.kit.db import Database
from billing_saas.kit.ids import new_id, new_ids
from billing_saas.outbox import leasing, queue
from billing_saas.outbox.tables import JobRow
from billing_saas.workers import relay
from tests import chaos
from tests.cast import Tenant
from tests.cluster import Clone
from tests.doorbells import Doorbell
from tests.workers.acts import Bulky, Mark, MarkEveryone, Urgent

Bells = list[tuple[str, UUID]]


class Ear:
    """A broker that only listens."""

    def __init__(self) -> None:
        self.heard: Bells = []

    def ring(self, bells: Sequence[tuple[str, UUID]]) -> None:
        self.heard += bells


async def owe(database: Database, tenant: Tenant, count: int) -> list[UUID]:
    async with database.tenant(tenant.id) as db:
        return await queue.add_many(db, [Mark(note) for note in new_ids(count)])


async def done(database: Database, ids: Sequence[UUID]) -> None:
    async with database.platform() as db:
        await db.execute(update(JobRow).where(JobRow.id.in_(ids)).values(state="done"))


async def test_one_job_stands_behind_a_share_of_another_practices_ten_thousand(
    database: Database, elm: Tenant, oak: Tenant
) -> None:
    ear = Ear()
    elms = await owe(database, elm, 10_000)
    assert await relay.one_pass(database, ear.ring) == (relay.SHARE, True)
    (oaks,) = await owe(database, oak, 1)
    assert await relay.one_pass(database, ear.ring) == (1, True)
    rung = [job_id for _, job_id in ear.heard]
    assert rung == [*elms[: relay.SHARE], oaks]
    # What is done makes room for as many.
    await done(database, rung[:10])
    assert (await relay.one_pass(database, ear.ring)).rung == 10
    assert [job_id for _, job_id in ear.heard[-10:]] == elms[relay.SHARE : relay.SHARE + 10]


async def test_practices_take_turns_and_so_does_the_platform(
    database: Database, elm: Tenant, oak: Tenant
) -> None:
    ear = Ear()
    elms, oaks = await owe(database, elm, 60), await owe(database, oak, 2)
    async with database.platform() as db:
        platforms = await queue.add_for_platform(db, MarkEveryone(new_id()))
    await relay.one_pass(database, ear.ring)
    files = [job_id for name, job_id in ear.heard if name == "files"]
    assert files[:4] == [elms[0], oaks[0], elms[1], oaks[1]]
    assert files[4:] == elms[2 : relay.SHARE]
    assert [job_id for name, job_id in ear.heard if name == "bulk"] == [platforms]


async def test_the_window_holds_whatever_is_owed_by_however_many(
    database: Database, elm: Tenant
) -> None:
    """A hundred practices with a hundred jobs each: the window in turns, by as many probes as practices."""
    async with database.platform() as db:
        await db.execute(
            text(
                "INSERT INTO practice SELECT gen_random_uuid(), company_id, name, lpad(n::text, 10, '0'), tax_id,"
                " time_zone, status, created_at FROM practice, generate_series(1, 100) n"
            )
        )
        await db.execute(
            text(
                "INSERT INTO job (id, tenant_id, kind, arguments, queue, most_attempts, run_at,"
                " created_at) SELECT gen_random_uuid(), tenant_id, 'tests.mark', '{}', 'bulk', 8,"
                " clock_timestamp(), clock_timestamp() FROM practice, generate_series(1, 100)"
                " WHERE tenant_id <> :elm"
            ),
            {"elm": elm.id},
        )
    ear = Ear()
    assert await relay.one_pass(database, ear.ring) == (relay.WINDOW, True)
    async with database.platform() as db:
        rows = await db.execute(select(JobRow.id, JobRow.tenant_id))
        practice_of = {row.id: row.tenant_id for row in rows}
    per_practice = Counter(practice_of[job_id] for _, job_id in ear.heard)
    assert set(per_practice.values()) == {relay.WINDOW // 100}


async def test_a_flood_of_bulk_delays_nobody_who_waits(
    clone: Clone, key_folder: Path, database: Database, elm: Tenant, oak: Tenant, doorbell: Doorbell
) -> None:
    """More long bulk jobs than a process has threads: each interactive one is done in its own time."""
    async with database.tenant(elm.id) as db:
        await queue.add_many(db, [Bulky(note, 60_000) for note in new_ids(200)])
    with chaos.Worker(clone, key_folder, broker_url=doorbell.url) as worker:
        await worker.wait_until_logged("worker ready")
        leased = select(func.count()).where(JobRow.state == "leased")
        while await scalar(database, leased) < 4:  # each thread of the bulk queue has one
            await asyncio.sleep(0.05)
        for _ in range(3):
            async with database.tenant(oak.id) as db:
                urgent = await queue.add(db, Urgent(new_id()))
            state = select(func.count()).where(JobRow.id == urgent, JobRow.state == "done")
            while not await scalar(database, state):
                await asyncio.sleep(0.02)
        assert await scalar(database, leased) == 4
    wait = select(func.max(type_coerce(JobRow.finished_at - JobRow.created_at, Interval))).where(
        JobRow.queue == "interactive"
    )
    async with database.platform() as db:
        longest = (await db.scalars(wait)).one()
        backlog = await leasing.due(db, most=1_000)
    assert longest is not None
    assert longest.total_seconds() < 5, longest  # 60 s, behind any of the others
    assert len(backlog) == 196


async def scalar(database: Database, wanted: Select[int]) -> int:
    async with database.platform() as db:
        return await db.scalar(wanted) or 0
