"""A tenant session says its practice, and the connection forgets it."""

import asyncio
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import text

from billing_saas.kit import db as db_module
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


async def test_whoever_is_cancelled_while_beginning_leaves_no_transaction_open(
    clone: Clone, keys: MemoryKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server has begun and knows the practice, the driver does not: nobody may work in that."""
    database = Database(clone.urls, keys, pool_size=1)
    elm, oak, begun = new_id(), new_id(), asyncio.Event()
    truly_begin = db_module._begin

    async def begin_and_hang(adapter: Any, statement: str) -> None:
        await adapter.driver_connection.execute(f"BEGIN; {statement}")
        begun.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(db_module, "_begin", begin_and_hang)
    broken_off = asyncio.create_task(begin(database, elm))
    await begun.wait()
    broken_off.cancel()
    with pytest.raises(asyncio.CancelledError):
        await broken_off
    monkeypatch.setattr(db_module, "_begin", truly_begin)
    async with database.app.connect() as connection:
        assert (await connection.execute(SHOWN)).scalar_one() in (None, "")
    async with database.tenant(oak) as db:
        assert (await db.execute(SHOWN)).scalar_one() == str(oak)
    with psycopg.connect(clone.url(SUPERUSER), autocommit=True) as superuser:
        states = superuser.execute(
            "SELECT state FROM pg_stat_activity WHERE datname = current_database()"
            " AND usename = 'billing_app'"
        ).fetchall()
    assert states == [("idle",)]
    await database.close()


def lose_connections(clone: Clone) -> None:
    with psycopg.connect(clone.url(SUPERUSER), autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
