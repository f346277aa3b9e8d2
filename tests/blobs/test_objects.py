"""The same files in an object store: sealed there too, read only as they went in, orphans swept."""

import secrets
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import pytest

from billing_saas.blobs import storing, sweeping
from billing_saas.gateways.object_store import S3Objects
from billing_saas.kit.db import Database
from billing_saas.kit.protocols import ObjectStoreDown
from billing_saas.phi.errors import SealBroken
from tests.blobs.test_storing import kept, read_back, stream
from tests.cast import Tenant
from tests.cluster import Clone
from tests.fakes import MemoryKeys

MIB = storing.CHUNK_BYTES


@pytest.fixture
async def database(clone: Clone, keys: MemoryKeys, s3: str) -> AsyncIterator[Database]:
    made = Database(clone.urls, keys, objects=S3Objects(s3), pool_size=4)
    yield made
    await made.close()


async def objects_of(database: Database, tenant: Tenant) -> list[str]:
    assert database.objects is not None
    return [key async for key in database.objects.keys(f"{tenant.id}/")]


async def put(database: Database, key: str, content: bytes) -> None:
    assert database.objects is not None
    await database.objects.put(key, stream(content, MIB))


async def got(database: Database, key: str) -> bytes:
    assert database.objects is not None
    return b"".join([chunk async for chunk in database.objects.get(key)])


async def test_files_come_back_as_they_were(database: Database, elm: Tenant) -> None:
    for size in (0, 1, MIB, MIB + 1, 9 * MIB + 7):
        content = secrets.token_bytes(size)
        blob_id = await kept(database, elm, content)
        assert await read_back(database, elm, blob_id) == content


async def test_the_store_sees_nothing_of_a_file(database: Database, elm: Tenant) -> None:
    blob_id = await kept(database, elm, b"NM1*QC*1*GARCIA*ANA~" * 100_000)
    sealed = await got(database, storing.object_key(elm.id, blob_id))
    assert len(sealed) == 2_000_000 + 2 * 33
    assert b"GARCIA" not in sealed


WHOLE = storing.SEALED_CHUNK_BYTES
TAMPERINGS: dict[str, Callable[[bytes, bytes], bytes]] = {
    "the end is gone": lambda sealed, other: sealed[:-10],
    "the last chunk is gone": lambda sealed, other: sealed[: 2 * WHOLE],
    "the first chunk is gone": lambda sealed, other: sealed[WHOLE:],
    "two chunks changed places": lambda sealed, other: (
        sealed[WHOLE : 2 * WHOLE] + sealed[:WHOLE] + sealed[2 * WHOLE :]
    ),
    "a chunk of another file": lambda sealed, other: other[:WHOLE] + sealed[WHOLE:],
    "another file altogether": lambda sealed, other: other,
    "one bit is another": lambda sealed, other: (
        sealed[:99] + bytes([sealed[99] ^ 1]) + sealed[100:]
    ),
    "something comes after": lambda sealed, other: sealed + sealed[-33:],
    "it is empty": lambda sealed, other: b"",
}


async def test_a_tampered_object_does_not_read(database: Database, elm: Tenant) -> None:
    undisturbed = []
    for name, tamper in TAMPERINGS.items():
        blob_id = await kept(database, elm, secrets.token_bytes(3 * MIB - 5))
        other_id = await kept(database, elm, secrets.token_bytes(3 * MIB - 5))
        key = storing.object_key(elm.id, blob_id)
        other = await got(database, storing.object_key(elm.id, other_id))
        await put(database, key, tamper(await got(database, key), other))
        try:
            await read_back(database, elm, blob_id)
        except SealBroken:
            continue
        undisturbed.append(name)
    assert undisturbed == []


async def test_an_object_that_is_gone_is_a_broken_seal(database: Database, elm: Tenant) -> None:
    blob_id = await kept(database, elm, b"a letter")
    assert database.objects is not None
    await database.objects.delete(storing.object_key(elm.id, blob_id))
    with pytest.raises(SealBroken):
        await read_back(database, elm, blob_id)


async def test_files_of_the_database_stay_readable_after_the_move(
    clone: Clone, keys: MemoryKeys, database: Database, elm: Tenant
) -> None:
    before = Database(clone.urls, keys, pool_size=1)
    blob_id = await kept(before, elm, b"kept in the database")
    assert await read_back(database, elm, blob_id) == b"kept in the database"
    moved = await kept(database, elm, b"kept in the store")
    with pytest.raises(ObjectStoreDown):
        await read_back(before, elm, moved)
    await before.close()


async def test_the_object_of_a_rolled_back_file_is_swept_when_it_is_old(
    database: Database, elm: Tenant, oak: Tenant
) -> None:
    async def roll_back(tenant: Tenant) -> None:
        async with database.tenant(tenant.id) as db:
            await storing.store(db, stream(b"never committed", MIB))
            raise ConnectionError("the client is gone")

    blob_id = await kept(database, elm, b"a letter")
    for tenant in (elm, oak):
        with pytest.raises(ConnectionError):
            await roll_back(tenant)
    assert len(await objects_of(database, elm)) == 2
    async with database.tenant(elm.id) as db:
        assert await sweeping.sweep(db) == 0, "it may yet be committed"
        assert await sweeping.sweep(db, older_than=timedelta(seconds=-1)) == 1
    assert await objects_of(database, elm) == [storing.object_key(elm.id, blob_id)]
    assert len(await objects_of(database, oak)) == 1
    assert await read_back(database, elm, blob_id) == b"a letter"
