"""Files go in and come out as streams, and come out only as they went in."""

import hashlib
import secrets
import tracemalloc
from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from sqlalchemy import text

from billing_saas.blobs import storing
from billing_saas.blobs.errors import BlobNotFound, BlobTooLarge
from billing_saas.kit.db import Database, TenantSession
from billing_saas.kit.ids import new_id
from billing_saas.phi.errors import SealBroken
from tests.cast import Tenant
from tests.cluster import Clone
from tests.phi.tampering import as_owner

MIB = storing.CHUNK_BYTES


async def stream(content: bytes, step: int) -> AsyncIterator[bytes]:
    for at in range(0, len(content), step):
        yield content[at : at + step]


async def kept(database: Database, tenant: Tenant, content: bytes) -> UUID:
    async with database.tenant(tenant.id) as db:
        return (await storing.store(db, stream(content, 300_001))).id


async def read_back(database: Database, tenant: Tenant, blob_id: UUID) -> bytes:
    async with database.tenant(tenant.id) as db:
        return b"".join([chunk async for chunk in storing.read(db, blob_id)])


async def test_files_come_back_as_they_were(database: Database, elm: Tenant) -> None:
    for size in (0, 1, MIB - 1, MIB, MIB + 1, 2 * MIB, 2 * MIB + 7):
        for step in (65_536, 3 * MIB):
            content = secrets.token_bytes(size)
            async with database.tenant(elm.id) as db:
                stored = await storing.store(db, stream(content, step))
            assert stored.bytes == size
            assert stored.sha256_hex == hashlib.sha256(content).hexdigest()
            assert await read_back(database, elm, stored.id) == content


async def test_nothing_of_a_file_is_readable_in_the_database(
    database: Database, elm: Tenant
) -> None:
    blob_id = await kept(database, elm, b"NM1*QC*1*GARCIA*ANA~" * 100_000)
    async with database.tenant(elm.id) as db:
        query = text("SELECT sealed FROM blob_chunk WHERE blob_id = :blob")
        chunks = (await db.execute(query, {"blob": blob_id})).scalars().all()
    assert len(chunks) == 2
    assert not any(b"GARCIA" in chunk for chunk in chunks)


async def test_a_file_past_the_limit_is_refused_and_leaves_nothing(
    database: Database, elm: Tenant
) -> None:
    pulled = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal pulled
        while True:
            pulled += 1
            yield bytes(MIB)

    with pytest.raises(BlobTooLarge):
        async with database.tenant(elm.id) as db:
            await storing.store(db, endless(), most_bytes=3 * MIB)
    assert pulled == 4
    async with database.tenant(elm.id) as db:
        assert (await db.execute(text("SELECT count(*) FROM blob_chunk"))).scalar_one() == 0


async def test_a_file_of_exactly_the_limit_is_kept(database: Database, elm: Tenant) -> None:
    async with database.tenant(elm.id) as db:
        stored = await storing.store(db, stream(bytes(2 * MIB), MIB), most_bytes=2 * MIB)
    assert stored.bytes == 2 * MIB


async def test_a_large_file_takes_little_memory(database: Database, elm: Tenant) -> None:
    async def large() -> AsyncIterator[bytes]:
        for _ in range(40 * 16):
            yield bytes(MIB // 16)

    tracemalloc.start()
    try:
        async with database.tenant(elm.id) as db:
            stored = await storing.store(db, large())
        async with database.tenant(elm.id) as db:
            read = sum([len(chunk) async for chunk in storing.read(db, stored.id)])
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert read == stored.bytes == 40 * MIB
    assert peak < 16 * MIB


async def test_no_such_file(database: Database, elm: Tenant) -> None:
    with pytest.raises(BlobNotFound):
        await read_back(database, elm, new_id())


async def test_a_stranger_finds_nothing(database: Database, elm: Tenant, oak: Tenant) -> None:
    blob_id = await kept(database, elm, b"elm's file")
    with pytest.raises(BlobNotFound):
        await read_back(database, oak, blob_id)


TAMPERINGS = {
    "the last chunk is gone": ["DELETE FROM blob_chunk WHERE blob_id = :blob AND n = 2"],
    "the end is gone and the count says so": [
        "DELETE FROM blob_chunk WHERE blob_id = :blob AND n = 2",
        "UPDATE blob SET chunks = 2, bytes = 2097152 WHERE id = :blob",
    ],
    "a chunk in the middle is gone": [
        "DELETE FROM blob_chunk WHERE blob_id = :blob AND n = 1",
        "UPDATE blob_chunk SET n = 1 WHERE blob_id = :blob AND n = 2",
        "UPDATE blob SET chunks = 2 WHERE id = :blob",
    ],
    "two chunks changed places": [
        "UPDATE blob_chunk SET n = n + 10 WHERE blob_id = :blob AND n < 2",
        "UPDATE blob_chunk SET n = 11 - n WHERE blob_id = :blob AND n >= 10",
    ],
    "a chunk is there twice": [
        "UPDATE blob_chunk SET n = 3 WHERE blob_id = :blob AND n = 2",
        "INSERT INTO blob_chunk SELECT tenant_id, blob_id, 2, sealed FROM blob_chunk"
        " WHERE blob_id = :blob AND n = 1",
        "UPDATE blob SET chunks = 4 WHERE id = :blob",
    ],
    "a chunk of another file": [
        "UPDATE blob_chunk SET sealed = other.sealed FROM blob_chunk AS other"
        " WHERE blob_chunk.blob_id = :blob AND blob_chunk.n = 0"
        " AND other.blob_id = :other AND other.n = 0"
    ],
    "another file altogether": [
        "UPDATE blob SET sealed_key = other.sealed_key FROM blob AS other"
        " WHERE blob.id = :blob AND other.id = :other"
    ],
    "one bit is another": [
        "UPDATE blob_chunk SET sealed = set_byte(sealed, 40, get_byte(sealed, 40) # 1)"
        " WHERE blob_id = :blob AND n = 1"
    ],
    "the length lies": ["UPDATE blob SET bytes = bytes - 1 WHERE id = :blob"],
    "the count says none": ["UPDATE blob SET chunks = 0, bytes = 0 WHERE id = :blob"],
}


async def test_a_tampered_file_does_not_read(clone: Clone, database: Database, elm: Tenant) -> None:
    undisturbed = []
    for name, statements in TAMPERINGS.items():
        blob_id = await kept(database, elm, secrets.token_bytes(3 * MIB - 5))
        other = await kept(database, elm, secrets.token_bytes(3 * MIB - 5))
        assert len(await read_back(database, elm, blob_id)) == 3 * MIB - 5
        as_owner(clone, statements, blob=blob_id, other=other)
        try:
            await read_back(database, elm, blob_id)
        except SealBroken:
            continue
        undisturbed.append(name)
    assert undisturbed == []


async def test_a_file_moved_to_another_practice_does_not_read(
    clone: Clone, database: Database, elm: Tenant, oak: Tenant
) -> None:
    blob_id = await kept(database, elm, b"elm's file")
    as_owner(
        clone,
        [
            "UPDATE blob SET tenant_id = :oak WHERE id = :blob",
            "UPDATE blob_chunk SET tenant_id = :oak WHERE blob_id = :blob",
        ],
        blob=blob_id,
        oak=oak.id,
    )
    with pytest.raises(SealBroken):
        await read_back(database, oak, blob_id)


async def test_a_chunk_without_its_file_does_not_commit(database: Database, elm: Tenant) -> None:
    async def orphan(db: TenantSession) -> None:
        await db.execute(
            text("INSERT INTO blob_chunk VALUES (:tenant, :blob, 0, '')"),
            {"tenant": elm.id, "blob": new_id()},
        )

    with pytest.raises(Exception, match="foreign key"):
        async with database.tenant(elm.id) as db:
            await orphan(db)
