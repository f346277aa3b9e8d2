"""A rotation whose worker is killed ten times, while people read and write all the while."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select

from billing_saas.audit import attesting
from billing_saas.custody.tables import KeyRotation
from billing_saas.gateways.key_folder import KeyFolder
from billing_saas.kit.db import Database
from billing_saas.outbox import leasing
from billing_saas.patients import queries, registering
from billing_saas.patients.finding import Known
from billing_saas.phi import resealing
from tests import chaos
from tests.cast import Tenant
from tests.cluster import Clone
from tests.custody import keeping
from tests.custody.keeping import BILLER
from tests.phi.tampering import as_owner

pytestmark = pytest.mark.slow

PATIENTS = 8_000
BLOWS = 10
POINTS = ("custody.rotating.locked", "custody.rotating.resealed", "workers.running.finished")
# What waits for hours, made to wait no more. Only the clock is moved: what was read stays read.
HOURS_LATER = [
    "UPDATE tenant_key SET created_at = created_at - interval '3 hours' WHERE state = 'pending'",
    "UPDATE key_rotation SET started_at = started_at - interval '3 hours',"
    " promoted_at = promoted_at - interval '3 hours'",
    "UPDATE job SET run_at = now() WHERE state = 'queued'",
]


@pytest.fixture
def key_folder(tmp_path: Path) -> Path:
    return tmp_path / "keys"


@pytest.fixture
def keys(key_folder: Path) -> KeyFolder:
    return KeyFolder(key_folder)


class People:
    """Who work with the practice meanwhile: what each patient is called at last, and what failed."""

    def __init__(self, database: Database, tenant: Tenant, ids: list[UUID]) -> None:
        self.called = {patient_id: number for number, patient_id in enumerate(ids)}
        self.reads = self.writes = 0
        self.failures: list[Exception] = []
        self._database = database
        self._tenant = tenant
        self._ended = asyncio.Event()
        self._random = random.Random(7)

    async def work(self) -> None:
        async with asyncio.TaskGroup() as people:
            for mine in range(6):
                people.create_task(self._until_ended(self._read, mine))
            for mine in range(2):
                people.create_task(self._until_ended(self._write, mine))

    def end(self) -> None:
        self._ended.set()

    async def _until_ended(self, act: Callable[[UUID], Awaitable[None]], mine: int) -> None:
        while not self._ended.is_set():
            # Each writer has patients of its own, so that what is read can be known.
            patient_id = self._random.choice(list(self.called)[mine::8])
            try:
                await act(patient_id)
            except Exception as error:
                self.failures.append(error)
            await asyncio.sleep(0.01)

    async def _read(self, patient_id: UUID) -> None:
        async with self._database.tenant(self._tenant.id) as db:
            found = await queries.patient(db, BILLER, patient_id)
        assert found.demographics.last_name == f"Garcia{self.called[patient_id]}"
        self.reads += 1

    async def _write(self, patient_id: UUID) -> None:
        number = self.called[patient_id] + 100_000
        known = Known(patient_id, 1, keeping.person(number))
        async with self._database.tenant(self._tenant.id) as db:
            await registering._write_changed(db, BILLER, {patient_id: known})
        self.called[patient_id] = number
        self.writes += 1


async def test_killed_ten_times_no_read_fails_and_nothing_stays_behind(
    clone: Clone, database: Database, elm: Tenant, key_folder: Path
) -> None:
    ids = [
        patient_id
        for first in range(0, PATIENTS, 1_000)
        for patient_id in await keeping.register(database, elm, 1_000, first)
    ]
    await keeping.begin(database, elm)
    people = People(database, elm, ids)
    working = asyncio.create_task(people.work())
    as_owner(clone, HOURS_LATER)
    with chaos.Worker(clone, key_folder, task=chaos.drain) as worker:  # makes the key the primary
        await asyncio.to_thread(worker.process.join)
    as_owner(clone, HOURS_LATER)
    await _strike(clone, database, key_folder)
    await _finish(clone, database, elm, key_folder)
    people.end()
    await working
    assert people.failures == []
    assert people.reads > 100
    assert people.writes > 10
    await _is_complete(database, elm, people)


async def _strike(clone: Clone, database: Database, key_folder: Path) -> None:
    for blow in range(BLOWS):
        point = POINTS[blow % len(POINTS)]
        # In its second batch: a job that is struck down three times is parked, as it should be.
        with chaos.Worker(clone, key_folder, fault=f"{point}:2", task=chaos.drain) as worker:
            await asyncio.to_thread(worker.wait_until_killed)
        as_owner(clone, ["UPDATE job SET leased_until = now() WHERE state = 'leased'"])
        async with database.platform() as db:
            await leasing.recover(db)
        as_owner(clone, HOURS_LATER)


async def _finish(clone: Clone, database: Database, elm: Tenant, key_folder: Path) -> None:
    for _ in range(10):
        with chaos.Worker(clone, key_folder, task=chaos.drain) as worker:
            await asyncio.to_thread(worker.process.join)
        async with database.tenant(elm.id) as db:
            state = await db.scalar(
                select(KeyRotation.state).where(KeyRotation.tenant_id == elm.id)
            )
        if state == "done":
            return
        as_owner(clone, HOURS_LATER)


async def _is_complete(database: Database, elm: Tenant, people: People) -> None:
    async with database.tenant(elm.id) as db:
        for sheet in resealing.sheets("dek"):
            assert set(await resealing.rows_by_version(db, sheet)) <= {2}
        rotation = (
            await db.scalars(select(KeyRotation).where(KeyRotation.tenant_id == elm.id))
        ).one()
        assert (rotation.state, rotation.held) == ("done", 0)
        verdict = await attesting.verify(db)
        assert verdict.clean
        assert verdict.unattested == 0
    some = random.Random(3).sample(list(people.called), 50)
    names = await keeping.last_names(database, elm, some)
    assert names == [f"Garcia{people.called[patient_id]}" for patient_id in some]
