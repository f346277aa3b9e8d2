"""The suite's core once more, behind a pgbouncer in transaction mode, whose few server connections are shared.

apt-get install pgbouncer      # .ci/run and `make test-slow` do so where they may
"""

import asyncio
import os
import subprocess
import sys
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import text

from billing_saas.kit.db import Database
from billing_saas.kit.ids import new_id
from tests import pooler
from tests.canary import run
from tests.cluster import Clone
from tests.fakes import MemoryKeys
from tests.operations.conftest import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

CORE = [
    "tests/isolation/test_rows.py",
    "tests/remittances/test_posting.py",
    "tests/workers/test_running.py",
]


@pytest.fixture(autouse=True, scope="module")
def installed() -> None:
    if pooler.binary() is not None:
        return
    if os.environ.get("CI"):
        pytest.fail("pgbouncer is missing: apt-get install pgbouncer")
    told = "NOT TRIED BEHIND A POOLER: apt-get install pgbouncer"
    warnings.warn(told, stacklevel=1)
    pytest.skip(told)


@pytest.fixture
def pooled(clone: Clone) -> Iterator[Clone]:
    pooler.start(clone.port, clone.passwords, size=2)
    yield replace(clone, pooler_port=int(os.environ[pooler.PORT]))
    pooler.stop()


def test_the_core_holds_behind_it() -> None:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("TESTS_")}
    for name in [name for name in clean if name.startswith("PYTEST_")]:
        del clean[name]
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:xdist", "-p", "no:cacheprovider", *CORE],
        env=clean | {pooler.WISH: "transaction"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-6000:] + ran.stderr[-2000:]


async def test_many_practices_share_two_connections_and_none_sees_another(pooled: Clone) -> None:
    database = Database(pooled.urls, MemoryKeys(), pool_size=8)
    seen: set[int] = set()

    async def one(practice: UUID) -> None:
        for _ in range(15):
            async with database.tenant(practice) as db:
                for n in range(3):
                    told = text(f"SELECT app_tenant(), pg_backend_pid(), CAST(:n AS int) + {n}")
                    tenant, pid, _ = (await db.execute(told, {"n": n})).one()
                    assert tenant == practice
                    seen.add(pid)
        async with database.app.connect() as connection:
            assert await connection.scalar(text("SELECT app_tenant()")) is None

    await asyncio.gather(*(one(new_id()) for _ in range(12)))
    assert len(seen) <= 2, "the pooler does not pool"
    await database.close()
    with psycopg.connect(pooled.url("billing_app"), prepare_threshold=None) as connection:
        left = connection.execute("SELECT count(*) FROM pg_prepared_statements").fetchone()
    assert left == (0,), "statements pile up on the server"


async def test_without_the_setting_it_would_fail(pooled: Clone) -> None:
    """The control: the same work, prepared as if nobody stood between."""
    database = Database(replace(pooled.urls, pooled=False), MemoryKeys(), pool_size=8)
    faults = []

    async def one(practice: UUID) -> None:
        for n in range(15):
            try:
                async with database.tenant(practice) as db:
                    await db.execute(text(f"SELECT {n % 3}"))
                    await asyncio.sleep(0)
                    await db.execute(text(f"SELECT {n % 3}, 1"))
            except Exception as error:
                faults.append(str(error))

    await asyncio.gather(*(one(new_id()) for _ in range(12)))
    await database.close()
    assert [fault for fault in faults if "prepared statement" in fault], faults[:3]


def test_a_server_and_a_worker_do_their_work_behind_it(pooled: Clone, tmp_path: Path) -> None:
    with run.running(pooled, tmp_path) as made:
        run.play(made)
        assert "relay does not hear" not in (made.folder / "log").read_text()
