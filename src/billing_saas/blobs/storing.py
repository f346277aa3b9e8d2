"""Files in and out as streams of bytes, a few megabytes in memory whatever their size.

Each chunk is sealed with the file's own key and bound to its practice, file, number and whether it
is the last, so a file that lost its end or whose chunks changed places does not read.
"""

import hashlib
import secrets
import struct
from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import insert, select

from billing_saas.blobs.errors import BlobNotFound, BlobTooLarge
from billing_saas.blobs.tables import Blob, BlobChunk
from billing_saas.kit import clock, logs
from billing_saas.kit.db import TenantSession
from billing_saas.kit.ids import new_id
from billing_saas.phi import keyring, registry, sealing
from billing_saas.phi.errors import SealBroken

CHUNK_BYTES = 1 << 20
MOST_BYTES = 256 << 20

_CHUNK = struct.Struct(">I?")
# In a chunk's header: not a version of the practice's key, but the file's own.
_OWN_KEY = 0


@dataclass(frozen=True, slots=True)
class StoredBlob:
    id: UUID
    bytes: int
    sha256_hex: str


async def store(
    db: TenantSession, chunks: AsyncIterable[bytes], *, most_bytes: int = MOST_BYTES
) -> StoredBlob:
    """Seal and keep a file. `BlobTooLarge` past `most_bytes`: the caller's transaction goes with it."""
    ring = await keyring.of(db)
    blob_id = new_id()
    material = secrets.token_bytes(sealing.KEY_BYTES)
    cipher = sealing.key(material)
    digest = hashlib.sha256()
    size = n = 0
    # One chunk is held back, because only the end of the stream tells which is the last.
    held: bytes | None = None
    async for chunk in _rechunked(chunks, most_bytes):
        if held is not None:
            await _write(db, cipher, blob_id, n, held, last=False)
            n += 1
        digest.update(chunk)
        size += len(chunk)
        held = chunk
    # An empty file has one empty chunk, so that nothing at all is never a file.
    await _write(db, cipher, blob_id, n, held or b"", last=True)
    row = {
        "tenant_id": db.tenant_id,
        "id": blob_id,
        "bytes": size,
        "chunks": n + 1,
        "sealed_key": ring.seal(registry.BLOB_SEALED_KEY, blob_id, material),
        "key_ver": ring.key_ver,
        "created_at": clock.now(),
    }
    await db.execute(insert(Blob), row)
    return StoredBlob(blob_id, size, digest.hexdigest())


async def read(db: TenantSession, blob_id: UUID) -> AsyncIterator[bytes]:
    """The file, chunk by chunk. `SealBroken` where it is not what was stored; what came before is."""
    query = select(Blob.bytes, Blob.chunks, Blob.sealed_key, Blob.key_ver).where(
        Blob.tenant_id == db.tenant_id, Blob.id == blob_id
    )
    blob = (await db.execute(query)).one_or_none()
    if blob is None:
        raise BlobNotFound("There is no such file.")
    ring = await keyring.of(db, blob.key_ver)
    cipher = sealing.key(ring.open(registry.BLOB_SEALED_KEY, blob_id, blob.sealed_key, bytes))
    size = 0
    for n in range(blob.chunks):
        sealed = await _sealed_chunk(db, blob_id, n)
        last = n == blob.chunks - 1
        try:
            plaintext = sealing.unseal(cipher, sealed, _place(db.tenant_id, blob_id, n, last=last))
        except SealBroken:
            logs.get().error("seal broken", tenant=db.tenant_id, step="blob_chunk.sealed")
            raise
        size += len(plaintext)
        yield plaintext
    if not blob.chunks or size != blob.bytes:
        raise SealBroken("a file is not of its length")


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


async def _write(
    db: TenantSession, cipher: AESGCM, blob_id: UUID, n: int, chunk: bytes, *, last: bool
) -> None:
    aad = _place(db.tenant_id, blob_id, n, last=last)
    row = {
        "tenant_id": db.tenant_id,
        "blob_id": blob_id,
        "n": n,
        "sealed": sealing.seal(cipher, _OWN_KEY, chunk, aad),
    }
    await db.execute(insert(BlobChunk), row)


async def _sealed_chunk(db: TenantSession, blob_id: UUID, n: int) -> bytes:
    query = select(BlobChunk.sealed).where(
        BlobChunk.tenant_id == db.tenant_id, BlobChunk.blob_id == blob_id, BlobChunk.n == n
    )
    sealed = (await db.execute(query)).scalar_one_or_none()
    if sealed is None:
        raise SealBroken("a chunk of a file is missing")
    return sealed


def _place(tenant_id: UUID, blob_id: UUID, n: int, *, last: bool) -> bytes:
    return sealing.place(tenant_id, registry.BLOB_CHUNK_SEALED, blob_id) + _CHUNK.pack(n, last)
