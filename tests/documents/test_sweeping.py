"""The nightly job takes away what the store keeps of files that were never committed."""

from datetime import timedelta

import pytest

from billing_saas.blobs import storing
from billing_saas.documents import sweeping
from billing_saas.documents.jobs import SweepFiles
from billing_saas.gateways import blob_store
from billing_saas.kit import clock
from billing_saas.kit.db import Database
from tests.blobs.test_storing import kept, read_back, stream
from tests.cast import OPERATOR, Tenant
from tests.cluster import Clone
from tests.fakes import MemoryKeys


async def test_only_orphans_of_yesterday_are_swept(
    clone: Clone, keys: MemoryKeys, s3: str, elm: Tenant
) -> None:
    objects = blob_store.opened(s3)
    assert objects is not None
    database = Database(clone.urls, keys, objects=objects, pool_size=1)
    letter = await kept(database, elm, b"a letter")

    async def roll_back() -> None:
        async with database.tenant(elm.id) as db:
            await storing.store(db, stream(b"never committed", 10))
            raise ConnectionError("the client is gone")

    with pytest.raises(ConnectionError):
        await roll_back()

    async def stored() -> int:
        return len([key async for key in objects.keys(f"{elm.id}/")])

    for hours, left in ((23, 2), (25, 1), (50, 1)):
        with clock.frozen(clock.now() + timedelta(hours=hours)):
            async with database.tenant(elm.id) as db:
                await sweeping.sweep(db, OPERATOR, SweepFiles())
        assert await stored() == left
    assert await read_back(database, elm, letter) == b"a letter"
    await database.close()


async def test_files_of_the_database_need_no_sweeping(database: Database, elm: Tenant) -> None:
    letter = await kept(database, elm, b"a letter")
    async with database.tenant(elm.id) as db:
        await sweeping.sweep(db, OPERATOR, SweepFiles())
    assert await read_back(database, elm, letter) == b"a letter"
