"""One PostgreSQL for a whole test run: a migrated template, cloned for each test that asks.

The controller of pytest-xdist starts it; workers are told where it is. Durability is off, which the
product never allows itself.
"""

import json
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psycopg
import psycopg.sql

from billing_saas.kit.db import Urls
from billing_saas.kit.embedded import MIGRATOR, OWNER, SUPERUSER, EmbeddedPostgres
from billing_saas.kit.migrating import LOGIN_ROLES, migrate
from tests import pooler

TEMPLATE = "billing_template"
FOLDER = "TESTS_CLUSTER_FOLDER"


# Each clone is eight hundred small files: in memory they cost a fifth of what they cost on a disk.
_MEMORY = Path("/dev/shm")
_ENOUGH_BYTES = 4 << 30


def start() -> EmbeddedPostgres:
    folder = Path(tempfile.mkdtemp(prefix="billing-tests-", dir=_in_memory()))
    folder.chmod(0o755)  # PostgreSQL runs as another user when we are root
    # Which transaction wrote a row, when it was written in a savepoint: `tests.invariants` asks.
    settings = {"track_commit_timestamp": "on"}
    cluster = EmbeddedPostgres(folder, durable=False, settings=settings).start()
    cluster.prepare(TEMPLATE)
    migrate(cluster.url(MIGRATOR, TEMPLATE))
    _trim(cluster)
    for role in LOGIN_ROLES:
        cluster.set_password(role)
    os.environ[FOLDER] = str(folder)
    if os.environ.get(pooler.WISH):
        pooler.start(cluster.port, json.loads((folder / "roles.json").read_text()))
    return cluster


def _in_memory() -> Path | None:
    """Where a folder is memory, if this machine has such a place with room; else the usual one."""
    roomy = (
        _MEMORY.is_dir()
        and os.access(_MEMORY, os.W_OK)
        and shutil.disk_usage(_MEMORY).free > _ENOUGH_BYTES
    )
    return _MEMORY if roomy else None


# Three years of empty months are a thousand files, and a clone copies each of them.
_FAR_MONTHS = """
SELECT inhrelid::regclass::text FROM pg_inherits
JOIN pg_class parent ON parent.oid = inhparent AND parent.relkind = 'p'
WHERE inhrelid::regclass::text ~ '_[0-9]{6}$'
  AND right(inhrelid::regclass::text, 6) > to_char(now() + interval '2 months', 'YYYYMM')
"""


def _trim(cluster: EmbeddedPostgres) -> None:
    """Keep the months that a test can reach; the default partition takes all others."""
    with psycopg.connect(cluster.url(SUPERUSER, TEMPLATE), autocommit=True) as connection:
        for (partition,) in connection.execute(_FAR_MONTHS).fetchall():
            connection.execute(psycopg.sql.SQL("DROP TABLE {}").format(psycopg.sql.SQL(partition)))
        connection.execute("CHECKPOINT")


def stop(cluster: EmbeddedPostgres) -> None:
    pooler.stop()
    cluster.stop()
    shutil.rmtree(cluster.folder, ignore_errors=True)


@dataclass(frozen=True)
class Clone:
    """A database of one's own, with an address per role."""

    name: str
    port: int
    passwords: dict[str, str]
    pooler_port: int = 0
    """Of a pooler before it, where the roles of the product go through one (tests.pooler)."""

    def url(self, role: str) -> str:
        pooled = self.pooler_port and role in LOGIN_ROLES
        port = self.pooler_port if pooled else self.port
        return f"postgresql://{role}:{self.passwords[role]}@127.0.0.1:{port}/{self.name}"

    @property
    def urls(self) -> Urls:
        return Urls(
            app=self.url("billing_app"),
            platform=self.url("billing_platform"),
            company_reader=self.url("billing_company_reader"),
            migrator=self.url(MIGRATOR),
            sealer=self.url("billing_sealer"),
            pooled=bool(self.pooler_port),
        )

    @property
    def environment(self) -> dict[str, str]:
        """For a process of its own: `billing-saas` under these settings."""
        return {
            "BILLING_DATABASE_URL": self.urls.app,
            "BILLING_PLATFORM_DATABASE_URL": self.urls.platform,
            "BILLING_COMPANY_READER_DATABASE_URL": self.urls.company_reader,
            "BILLING_MIGRATOR_DATABASE_URL": self.urls.migrator,
            "BILLING_SEALER_DATABASE_URL": self.urls.sealer,
            "BILLING_POOLER": "transaction" if self.pooler_port else "",
        }


def clone(template: str = TEMPLATE) -> Clone:
    """A copy of the migrated template, or of another database that nobody is connected to."""
    folder = Path(os.environ[FOLDER])
    passwords = json.loads((folder / "roles.json").read_text())
    port = int((folder / "postgres" / "postmaster.pid").read_text().splitlines()[3])
    made = Clone(f"t_{uuid4().hex}", port, passwords, int(os.environ.get(pooler.PORT, "0")))
    _as_superuser(
        made, f"CREATE DATABASE {{}} OWNER {OWNER} TEMPLATE {template} STRATEGY file_copy"
    )
    return made


def drop(made: Clone) -> None:
    _as_superuser(made, "DROP DATABASE IF EXISTS {} WITH (FORCE)")


def _as_superuser(made: Clone, statement: str) -> None:
    address = f"postgresql://{SUPERUSER}:{made.passwords[SUPERUSER]}@127.0.0.1:{made.port}/postgres"
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(psycopg.sql.SQL(statement).format(psycopg.sql.Identifier(made.name)))
