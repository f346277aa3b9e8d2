"""Processes as a cluster runs them: apart, told to stop in the middle of work, started too early."""

import asyncio
import contextlib
import functools
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import select

from billing_saas.kit.db import Database
from billing_saas.kit.embedded import SUPERUSER
from billing_saas.kit.ids import new_id
from billing_saas.outbox import queue
from billing_saas.outbox.tables import JobRow
from billing_saas.workers.main import Part
from tests import chaos
from tests.cast import Person, Tenant
from tests.cluster import Clone
from tests.operations import processes
from tests.operations.ports import free_port
from tests.workers.acts import Mark, Urgent


def command(*arguments: str, **settings: str) -> subprocess.Popen[str]:
    """`billing-saas` under these settings and no others."""
    bare = {name: text for name, text in os.environ.items() if not name.startswith("BILLING_")}
    return subprocess.Popen(
        [sys.executable, "-m", "billing_saas.cli", *arguments],
        env=bare | settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


@pytest.fixture
def api(clone: Clone, key_folder: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    port = free_port()
    process = command(
        "serve", "--port", str(port), BILLING_KEY_FOLDER=str(key_folder), **clone.environment
    )
    address = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: answers(f"{address}/ready"))
        yield process, address
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # the server's own children, too
        process.communicate()


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def wait_until(condition: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def ask(address: str, headers: dict[str, str]) -> int:
    request = urllib.request.Request(f"{address}/v1/practices", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            answer.read()
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


async def test_the_api_ends_what_is_in_flight_before_it_stops(
    clone: Clone, api: tuple[subprocess.Popen[str], str], alice: Person
) -> None:
    process, address = api
    statuses: list[int] = []
    asking = threading.Thread(target=lambda: statuses.append(ask(address, alice.headers)))
    with psycopg.connect(clone.url(SUPERUSER)) as db:
        db.execute("LOCK TABLE api_token IN ACCESS EXCLUSIVE MODE")  # the request waits at the door
        asking.start()
        with psycopg.connect(clone.url(SUPERUSER), autocommit=True) as watching:
            await asyncio.to_thread(
                wait_until,
                lambda: watching.execute(
                    "SELECT pid FROM pg_stat_activity"
                    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
                ).fetchone(),
            )
        process.send_signal(signal.SIGTERM)
        await asyncio.sleep(1.5)
        assert process.poll() is None
        assert statuses == []
    await asyncio.to_thread(asking.join, 30)
    assert statuses == [200]
    assert await asyncio.to_thread(process.wait, 30) == 0
    assert not answers(f"{address}/live")


async def test_a_worker_of_one_class_leaves_the_others(
    clone: Clone, key_folder: Path, tmp_path: Path, database: Database, elm: Tenant
) -> None:
    async with database.tenant(elm.id) as db:
        theirs = await queue.add(db, Mark(new_id()))
        ours = await queue.add(db, Urgent(new_id()))
    heartbeat = tmp_path / "heartbeat"
    part = Part(queues=frozenset({"interactive"}), schedule=False)
    task = functools.partial(processes.work_a_part, part, heartbeat)
    with chaos.Worker(clone, key_folder, task=task) as worker:
        while await state_of(database, ours) != "done":
            await asyncio.sleep(0.1)
        await asyncio.sleep(1.5)  # the relay has rung for the other, too
        assert await state_of(database, theirs) == "queued"
        assert heartbeat.exists()
        assert await asyncio.to_thread(worker.terminate) == 0
    with chaos.Worker(clone, key_folder):
        await chaos.until_nothing_is_owed(database)


async def test_a_scheduler_runs_no_job_but_rings_for_those_who_do(
    clone: Clone, key_folder: Path, tmp_path: Path, database: Database, elm: Tenant
) -> None:
    async with database.tenant(elm.id) as db:
        job_id = await queue.add(db, Mark(new_id()))
    task = functools.partial(processes.work_a_part, Part(jobs=False), tmp_path / "heartbeat")
    with chaos.Worker(clone, key_folder, task=task) as scheduler:
        await scheduler.wait_until_logged("worker ready")
        while not await rung(database, job_id):
            await asyncio.sleep(0.1)
        await asyncio.sleep(1)
        assert await state_of(database, job_id) == "queued"
        with chaos.Worker(clone, key_folder, task=chaos.work_without_relay):
            while await state_of(database, job_id) != "done":
                await asyncio.sleep(0.1)
        assert await asyncio.to_thread(scheduler.terminate) == 0
        assert "worker stopped" in scheduler.log


async def state_of(database: Database, job_id: object) -> str:
    async with database.platform() as db:
        return str(await db.scalar(select(JobRow.state).where(JobRow.id == job_id)))


async def rung(database: Database, job_id: object) -> bool:
    async with database.platform() as db:
        return await db.scalar(select(JobRow.rung_at).where(JobRow.id == job_id)) is not None


@pytest.mark.parametrize(
    "part",
    [["migrate"], *(pytest.param([part], marks=pytest.mark.slow) for part in ("work", "serve"))],
)
def test_a_database_that_never_comes_up_is_said_in_a_line(part: list[str], tmp_path: Path) -> None:
    nowhere = "postgresql://billing_app:s3cr3t@127.0.0.1:1/billing"
    process = command(
        *part,
        BILLING_DATABASE_URL=nowhere,
        BILLING_PLATFORM_DATABASE_URL=nowhere,
        BILLING_COMPANY_READER_DATABASE_URL=nowhere,
        BILLING_MIGRATOR_DATABASE_URL=nowhere,
        BILLING_DATABASE_PATIENCE="1",
        BILLING_KEY_FOLDER=str(tmp_path / "keys"),
    )
    told, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "The database did not come up within 1 s" in told
    assert "database not there yet" in told
    assert "Traceback" not in told
    assert "s3cr3t" not in told


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["work", "--queues", "urgent"], "urgent: no such queue (interactive, files, bulk)"),
        (["work", "--scheduler-only", "--no-schedule"], "--scheduler-only goes with neither"),
    ],
)
def test_a_part_that_cannot_be_is_refused(arguments: list[str], told: str) -> None:
    process = command(*arguments)
    output, _ = process.communicate(timeout=60)
    assert process.returncode != 0
    assert told in output


def test_production_does_not_start_on_an_unsafe_deployment(clone: Clone) -> None:
    process = command(
        "serve",
        BILLING_ENVIRONMENT="production",
        BILLING_LOG_LEVEL="DEBUG",
        BILLING_DATA="/tmp/x",
        **clone.environment,
    )
    told, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    for fault in ("BILLING_LOG_LEVEL", "BILLING_KEY_FOLDER", "billing_sandbox", "sslmode"):
        assert fault in told
    assert clone.passwords["billing_app"] not in told


def test_the_doctor_lists_what_is_well_and_how_to_mend_the_rest(clone: Clone) -> None:
    process = command("doctor", **clone.environment)
    told, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "[ok] billing_app owns nothing" in told
    assert "[ok] Every practice table is behind a forced row policy" in told
    assert "[FAULT] billing_app connects by TLS" in told
    assert "Mend: Append ?sslmode=verify-full" in told
    assert "[FAULT] billing_migrator connects by TLS" in told
    assert "[FAULT] billing_sealer connects by TLS" in told
    assert "[ok] The audit trail is sealed" in told
    assert "[warn] Heads of the audit trail are anchored outside the database" in told
    for role, password in clone.passwords.items():
        assert password not in told, role
