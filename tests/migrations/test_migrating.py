"""Migrations run twice, two at once, behind a lock, and beside the version that is still serving."""

import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy.exc import OperationalError

from billing_saas.kit import migrating
from billing_saas.kit.embedded import MIGRATOR, SUPERUSER
from tests import cluster as clusters
from tests.cluster import Clone

VERSIONS = migrating.migrations_folder() / "versions"
# What the version that still serves would trip over. It goes in two releases: one that no longer
# needs the old thing, then one whose migration says "Contract:" and takes it away.
_CONTRACTS = re.compile(
    r"DROP\s+(TABLE|COLUMN|SCHEMA|TYPE|VIEW)|\bRENAME\b|ALTER\s+COLUMN\s+\w+\s+(SET\s+NOT\s+NULL|TYPE"
    r"|SET\s+DATA)|op\.drop_|op\.rename_|op\.alter_column",
    re.IGNORECASE,
)


@pytest.fixture
def empty() -> Iterator[Clone]:
    made = clusters.clone("template0")
    yield made
    clusters.drop(made)


def with_one_more(url: str, folder: Path, statement: str) -> Config:
    """The migrations and, after them, one that does `statement`."""
    config = migrating.configuration(url)
    newest = sorted(path.name[:4] for path in VERSIONS.glob("[0-9]*.py"))[-1]
    (folder / "9999_planted.py").write_text(
        f"from alembic import op\nrevision = '9999'\ndown_revision = '{newest}'\n"
        f"branch_labels = None\ndepends_on = None\n\n\ndef upgrade() -> None:\n"
        f"    op.execute({statement!r})\n"
    )
    config.set_main_option("version_locations", f"{VERSIONS}\n{folder}")
    return config


def version(clone: Clone) -> str:
    with psycopg.connect(clone.url(SUPERUSER)) as db:
        row = db.execute("SELECT version_num FROM alembic_version").fetchone()
    assert row is not None
    return str(row[0])


def test_twice_is_once(clone: Clone) -> None:
    before = version(clone)
    migrating.migrate(clone.urls.migrator)
    assert version(clone) == before


def test_two_at_once_make_one_schema(empty: Clone) -> None:
    code = "import sys; from billing_saas.kit import migrating; migrating.migrate(sys.argv[1])"
    both = [
        subprocess.Popen(
            [sys.executable, "-c", code, empty.url(MIGRATOR)],
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    told = [process.communicate(timeout=60)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], told
    newest = sorted(path.name[:4] for path in VERSIONS.glob("[0-9]*.py"))[-1]
    assert version(empty) == newest


@pytest.mark.slow
def test_the_second_waits_longer_than_a_lock_may_take(clone: Clone) -> None:
    # Six seconds: more than the lock_timeout of what a migration does, less than anyone's patience.
    with psycopg.connect(clone.urls.migrator, autocommit=True) as first:
        first.execute("SELECT pg_advisory_lock(hashtext('billing_saas migrations'))")
        release = threading.Timer(
            6, first.execute, ("SELECT pg_advisory_unlock(hashtext('billing_saas migrations'))",)
        )
        release.start()
        before = time.monotonic()
        migrating.migrate(clone.urls.migrator)
        assert time.monotonic() - before >= 5.5
        release.join()


def test_a_migration_does_not_queue_behind_a_lock(clone: Clone, tmp_path: Path) -> None:
    config = with_one_more(clone.urls.migrator, tmp_path, "ALTER TABLE claim ADD COLUMN later text")
    before = version(clone)
    with psycopg.connect(clone.url(SUPERUSER)) as reader:
        reader.execute("LOCK TABLE claim IN ACCESS SHARE MODE")  # what any SELECT takes
        started = time.monotonic()
        with pytest.raises(OperationalError, match="lock timeout"):
            command.upgrade(config, "head")
        assert 4 < time.monotonic() - started < 9
    assert version(clone) == before
    command.upgrade(config, "head")
    assert version(clone) == "9999"


def test_the_version_that_serves_goes_on_beside_a_migration(clone: Clone, tmp_path: Path) -> None:
    config = with_one_more(clone.urls.migrator, tmp_path, "ALTER TABLE claim ADD COLUMN later text")
    done = threading.Event()
    answers: list[object] = []

    def serve() -> None:
        with psycopg.connect(clone.urls.app, autocommit=True) as db:
            while not done.is_set():
                try:
                    answers.append(db.execute("SELECT id, work FROM claim").fetchall())
                except psycopg.Error as error:
                    answers.append(error)

    server = threading.Thread(target=serve)
    server.start()
    command.upgrade(config, "head")
    done.set()
    server.join()
    assert len(answers) > 10
    assert set(map(str, answers)) == {"[]"}


@pytest.mark.parametrize("path", sorted(VERSIONS.glob("[0-9]*.py")), ids=lambda path: path.stem)
def test_a_migration_only_adds_and_keeps_its_lock_timeout(path: Path) -> None:
    text = path.read_text()
    assert text.startswith(('"""', "'''")), "says in a docstring what it does"
    if not text.startswith('"""Contract:'):
        assert _CONTRACTS.findall(text) == [], "what contracts says Contract: in its docstring"
    own = re.findall(r"SET\s+(?:LOCAL\s+)?lock_timeout\s*(?:=|TO)\s*'?(\w+)", text)
    assert set(own) <= {"10s"}, "0001 gives the roles theirs; no migration changes its own"


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE claim DROP COLUMN work",
        "ALTER TABLE claim RENAME TO claims",
        "ALTER TABLE claim ALTER COLUMN work SET NOT NULL",
        "alter table claim alter column work type text",
        "op.drop_table('claim')",
    ],
)
def test_what_contracts_is_seen(statement: str) -> None:
    assert _CONTRACTS.search(statement)
