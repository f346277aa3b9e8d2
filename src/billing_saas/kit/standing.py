"""A database that stands: the embedded one started and migrated, or the operator's as configured."""

from collections.abc import Iterator
from contextlib import contextmanager

from billing_saas.kit.db import Urls
from billing_saas.kit.embedded import MIGRATOR, EmbeddedPostgres
from billing_saas.kit.migrating import LOGIN_ROLES, migrate
from billing_saas.kit.settings import Settings


@contextmanager
def standing(settings: Settings, *, migrated: bool = True) -> Iterator[Urls]:
    """Addresses of a running database. The embedded one is stopped again by whoever started it."""
    if not settings.embedded:
        yield Urls(
            app=settings.database_url,
            platform=settings.platform_database_url,
            company_reader=settings.company_reader_database_url,
            migrator=settings.migrator_database_url,
        )
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
        )
