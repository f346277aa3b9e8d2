"""Files in and out as streams of bytes, a few megabytes in memory whatever their size.

Each chunk is sealed with the file's own key and bound to its practice, file, number and whether it
is the last, so a file that lost its end or whose chunks changed places does not read. Chunks lie in
the database, or one after the other in an object of the object store where there is one; a file is
read from where it was put, so a deployment may change its mind.
"""

import builtins
import hashlib
import secrets
import struct
from collections.abc import AsyncIterable, AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import insert, select

from billing_saas.blobs.errors import BlobNotFound, BlobTooLarge
from billing_saas.blobs.tables import Blob, BlobChunk
from billing_saas.kit import bulk, clock, logs
from billing_saas.kit.db import TenantSession
from billing_saas.kit.ids import new_id, new_ids
from billing_saas.kit.protocols import ObjectMissing, ObjectStore, ObjectStoreDown
from billing_saas.phi import keyring, registry, sealing
from billing_saas.phi.errors import SealBroken

CHUNK_BYTES = 1 << 20
MOST_BYTES = 256 << 20
SEALED_CHUNK_BYTES = CHUNK_BYTES + sealing.OVERHEAD_BYTES

_CHUNK = struct.Struct(">I?")
# In a chunk's header: not a version of the practice's key, but the file's own.
_OWN_KEY = 0


@dataclass(frozen=True, slots=True)
class StoredBlob:
    id: UUID
    bytes: int
    sha256_hex: str
    sealed_key: builtins.bytes = field(repr=False)
    """For the event of whoever stores: `audit.contents.of(BLOB_SEALED_KEY, …)`."""


async def store(
    db: TenantSession, chunks: AsyncIterable[bytes], *, most_bytes: int = MOST_BYTES
) -> StoredBlob:
    """Seal and keep a file. `BlobTooLarge` past `most_bytes`: the caller's transaction goes with it.

    An object whose transaction is rolled back stays behind, unreadable: `sweeping` takes it away.
    """
    ring = await keyring.of(db)
    blob_id = new_id()
    material = secrets.token_bytes(sealing.KEY_BYTES)
    sealer = _Sealer(db.tenant_id, blob_id, sealing.key(material))
    sealed = sealer.sealed(_rechunked(chunks, most_bytes))
    if db.objects is None:
        await _keep_here(db, blob_id, sealed)
    else:
        await db.objects.put(object_key(db.tenant_id, blob_id), sealed)
    sealed_key = ring.seal(registry.BLOB_SEALED_KEY, blob_id, material)
    row = {
        "tenant_id": db.tenant_id,
        "id": blob_id,
        "bytes": sealer.size,
        "chunks": sealer.chunks,
        "stored_in": "database" if db.objects is None else "objects",
        "sealed_key": sealed_key,
        "key_ver": ring.key_ver,
        "created_at": clock.now(),
    }
    await db.execute(insert(Blob), row)
    return StoredBlob(blob_id, sealer.size, sealer.digest.hexdigest(), sealed_key)


async def store_many(db: TenantSession, contents: Sequence[bytes]) -> list[StoredBlob]:
    """Small files of our own making, in two statements; in their order. Each has a key of its own."""
    if db.objects is not None or any(len(content) > CHUNK_BYTES for content in contents):
        return [await store(db, _once(content)) for content in contents]
    ring = await keyring.of(db)
    now = clock.now()
    stored, rows, chunks = [], [], []
    for content, blob_id in zip(contents, new_ids(len(contents)), strict=True):
        material = secrets.token_bytes(sealing.KEY_BYTES)
        place = _place(db.tenant_id, blob_id, 0, last=True)
        sealed = sealing.seal(sealing.key(material), _OWN_KEY, content, place)
        sealed_key = ring.seal(registry.BLOB_SEALED_KEY, blob_id, material)
        row = {"id": blob_id, "bytes": len(content), "chunks": 1, "stored_in": "database"}
        rows.append({**row, "sealed_key": sealed_key, "key_ver": ring.key_ver, "created_at": now})
        chunks.append({"blob_id": blob_id, "n": 0, "sealed": sealed})
        digest = hashlib.sha256(content).hexdigest()
        stored.append(StoredBlob(blob_id, len(content), digest, sealed_key))
    await bulk.insert_rows(db, Blob, rows)
    await bulk.insert_rows(db, BlobChunk, chunks)
    return stored


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content


async def read(db: TenantSession, blob_id: UUID) -> AsyncIterator[bytes]:
    """The file, chunk by chunk. `SealBroken` where it is not what was stored; what came before is."""
    query = select(Blob.bytes, Blob.chunks, Blob.stored_in, Blob.sealed_key, Blob.key_ver).where(
        Blob.tenant_id == db.tenant_id, Blob.id == blob_id
    )
    blob = (await db.execute(query)).one_or_none()
    if blob is None:
        raise BlobNotFound("There is no such file.")
    ring = await keyring.of(db, blob.key_ver)
    cipher = sealing.key(ring.open(registry.BLOB_SEALED_KEY, blob_id, blob.sealed_key, bytes))
    source = _kept_here if blob.stored_in == "database" else _kept_in_objects
    size = n = 0
    async for sealed in source(db, blob_id, blob.chunks):
        last = n == blob.chunks - 1
        try:
            plaintext = sealing.unseal(cipher, sealed, _place(db.tenant_id, blob_id, n, last=last))
        except SealBroken:
            logs.get().error("seal broken", tenant=db.tenant_id, step="blob_chunk.sealed")
            raise
        size += len(plaintext)
        n += 1
        yield plaintext
    if not n or n != blob.chunks or size != blob.bytes:
        raise SealBroken("a file is not of its length")


def object_key(tenant_id: UUID, blob_id: UUID) -> str:
    return f"{tenant_id}/{blob_id}"


@dataclass(slots=True)
class _Sealer:
    """Seals the chunks of one file as they pass, and knows their sum when they have."""

    tenant_id: UUID
    blob_id: UUID
    cipher: AESGCM
    size: int = 0
    chunks: int = 0
    digest: Any = field(default_factory=hashlib.sha256)

    async def sealed(self, chunks: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
        # One chunk is held back, because only the end of the stream tells which is the last.
        held: bytes | None = None
        async for chunk in chunks:
            if held is not None:
                yield self._seal(held, last=False)
            held = chunk
        # An empty file has one empty chunk, so that nothing at all is never a file.
        yield self._seal(held or b"", last=True)

    def _seal(self, chunk: bytes, *, last: bool) -> bytes:
        aad = _place(self.tenant_id, self.blob_id, self.chunks, last=last)
        self.digest.update(chunk)
        self.size += len(chunk)
        self.chunks += 1
        return sealing.seal(self.cipher, _OWN_KEY, chunk, aad)


async def _keep_here(db: TenantSession, blob_id: UUID, sealed: AsyncIterable[bytes]) -> None:
    n = 0
    async for chunk in sealed:
        row = {"tenant_id": db.tenant_id, "blob_id": blob_id, "n": n, "sealed": chunk}
        await db.execute(insert(BlobChunk), row)
        n += 1


async def _kept_here(db: TenantSession, blob_id: UUID, chunks: int) -> AsyncIterator[bytes]:
    for n in range(chunks):
        query = select(BlobChunk.sealed).where(
            BlobChunk.tenant_id == db.tenant_id, BlobChunk.blob_id == blob_id, BlobChunk.n == n
        )
        sealed = (await db.execute(query)).scalar_one_or_none()
        if sealed is None:
            raise SealBroken("a chunk of a file is missing")
        yield sealed


async def _kept_in_objects(db: TenantSession, blob_id: UUID, _chunks: int) -> AsyncIterator[bytes]:
    pending = bytearray()
    try:
        async for arrived in _store_of(db).get(object_key(db.tenant_id, blob_id)):
            pending += arrived
            while len(pending) >= SEALED_CHUNK_BYTES:
                yield bytes(pending[:SEALED_CHUNK_BYTES])
                del pending[:SEALED_CHUNK_BYTES]
    except ObjectMissing:
        raise SealBroken("the object of a file is missing") from None
    if pending:
        yield bytes(pending)


def _store_of(db: TenantSession) -> ObjectStore:
    if db.objects is None:
        raise ObjectStoreDown("this file lies in an object store, and none is set")
    return db.objects


async def _rechunked(chunks: AsyncIterable[bytes], most_bytes: int) -> AsyncIterator[bytes]:
    """The same bytes in chunks of one MiB, the last one shorter; none when there are no bytes."""
    pending = bytearray()
    size = 0
    async for chunk in chunks:
        size += len(chunk)
        if size > most_bytes:
            raise BlobTooLarge("The file is larger than may be kept.", most_bytes=most_bytes)
        pending += chunk
        while len(pending) >= CHUNK_BYTES:
            yield bytes(pending[:CHUNK_BYTES])
            del pending[:CHUNK_BYTES]
    if pending:
        yield bytes(pending)


def _place(tenant_id: UUID, blob_id: UUID, n: int, *, last: bool) -> bytes:
    return sealing.place(tenant_id, registry.BLOB_CHUNK_SEALED, blob_id) + _CHUNK.pack(n, last)
