"""A database that stands: the embedded one started and migrated, or the operator's as configured.

In a cluster things start in any order: a process waits a while for a database that is not there yet,
says so, and then gives up with the reason.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import psycopg

from billing_saas.kit import backoff, logs
from billing_saas.kit.db import Urls
from billing_saas.kit.embedded import MIGRATOR, EmbeddedPostgres
from billing_saas.kit.migrating import LOGIN_ROLES, migrate
from billing_saas.kit.safety import Finding
from billing_saas.kit.settings import BadSettings, Settings

_CONNECT_SECONDS = 5


@contextmanager
def standing(settings: Settings, *, migrated: bool = True) -> Iterator[Urls]:
    """Addresses of a running database with a schema.

    The embedded one is started (and with `migrated` brought to the newest schema), and stopped again
    by whoever started it. The operator's is waited for, and migrated by `billing-saas migrate` alone.
    """
    if not settings.embedded:
        wait_for(settings.database_url, settings.database_patience)
        yield urls_of(settings)
        return
    with EmbeddedPostgres(settings.data, binaries=settings.postgres_bin) as cluster:
        cluster.prepare()
        if migrated:
            migrate(cluster.url(MIGRATOR))
            for role in LOGIN_ROLES:
                cluster.set_password(role)
        yield Urls(
            app=cluster.url("billing_app"),
            platform=cluster.url("billing_platform"),
            company_reader=cluster.url("billing_company_reader"),
            migrator=cluster.url(MIGRATOR),
            sealer=cluster.url("billing_sealer"),
        )


def urls_of(settings: Settings) -> Urls:
    return Urls(
        app=settings.database_url,
        platform=settings.platform_database_url,
        company_reader=settings.company_reader_database_url,
        migrator=settings.migrator_database_url,
        sealer=settings.sealer_database_url,
        pooled=settings.pooler == "transaction",
    )


def refuse_unsafe(settings: Settings, look: Callable[[], list[Finding]]) -> None:
    """In production a fault of the database stops the process before it serves anyone."""
    if settings.environment != "production":
        return
    faults = [fault for finding in look() if finding.is_refused for fault in finding.faults]
    if faults:
        raise BadSettings(faults)


class DatabaseMissing(Exception):
    """It did not come up while we waited; the message says why the last try failed."""


def wait_for(url: str, patience: int, *, schema: bool = True) -> None:
    """Until the database answers (and with `schema` has one), or `DatabaseMissing` after `patience` seconds."""
    deadline = time.monotonic() + patience
    attempt = 1
    while (reason := _missing(url, schema)) is not None:
        pause = backoff.delay(
            attempt, first=timedelta(milliseconds=400), most=timedelta(seconds=5)
        ).total_seconds()
        if time.monotonic() + pause > deadline:
            raise DatabaseMissing(f"The database did not come up within {patience} s: {reason}")
        logs.get().warning("database not there yet", attempt=attempt)
        attempt += 1
        time.sleep(pause)
    if attempt > 1:
        logs.get().info("database is there", attempts=attempt)


def _missing(url: str, schema: bool) -> str | None:
    try:
        with psycopg.connect(url, connect_timeout=_CONNECT_SECONDS, autocommit=True) as db:
            row = db.execute("SELECT to_regclass('alembic_version') IS NOT NULL").fetchone()
    except psycopg.OperationalError as error:
        return str(error).strip().partition("\n")[0][:200]
    return None if row == (True,) or not schema else "it has no schema yet (billing-saas migrate)"
