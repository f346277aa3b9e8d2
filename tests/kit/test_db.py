"""A tenant session says its practice, and the connection forgets it."""

from uuid import UUID

import psycopg
import pytest
from sqlalchemy import text

from billing_saas.kit.db import Database
from billing_saas.kit.embedded import SUPERUSER
from billing_saas.kit.ids import new_id
from tests.cluster import Clone
from tests.fakes import MemoryKeys

SHOWN = text("SELECT current_setting('app.tenant_id', true)")


async def test_a_transaction_knows_its_tenant_and_the_pool_does_not(database: Database) -> None:
    elm = new_id()
    async with database.tenant(elm) as db:
        assert (await db.execute(SHOWN)).scalar_one() == str(elm)
        assert (await db.execute(text("SELECT app_tenant()"))).scalar_one() == elm
    async with database.app.connect() as connection:
        assert (await connection.execute(SHOWN)).scalar_one() in (None, "")
        assert (await connection.execute(text("SELECT app_tenant()"))).scalar_one() is None


async def test_a_lost_connection_is_not_handed_out_again(clone: Clone, keys: MemoryKeys) -> None:
    """A restart of the database costs each pooled connection one failure, and no more."""
    database = Database(clone.urls, keys, pool_size=1)
    elm = new_id()
    for _ in range(3):
        async with database.tenant(elm) as db:
            await db.execute(SHOWN)
        lose_connections(clone)
        with pytest.raises(ConnectionError):
            await begin(database, elm)
        async with database.tenant(elm) as db:
            assert (await db.execute(SHOWN)).scalar_one() == str(elm)
    await database.close()


async def begin(database: Database, tenant_id: UUID) -> None:
    async with database.tenant(tenant_id) as db:
        await db.execute(SHOWN)


def lose_connections(clone: Clone) -> None:
    with psycopg.connect(clone.url(SUPERUSER), autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
