"""A file on its way in, whole before a transaction opens: a slow sender holds a socket, not a database.

Up to a megabyte stays in memory. The rest goes to a temporary file without a name, each chunk sealed
with a key that is only in this process: what a crash leaves on a disk is noise.
"""

import asyncio
import os
import struct
import tempfile
from collections.abc import AsyncIterator
from typing import IO, Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from litestar.types import Receive

from billing_saas.api.refusals import too_large, too_slow

CHUNK_BYTES = 1 << 20
_NONCE_BYTES = 12
_LENGTH = struct.Struct(">I")


class ClientLeft(Exception):
    """The connection closed before the body was whole: there is nobody to answer."""


class Spool:
    """Written once, read once, in chunks of a megabyte."""

    def __init__(self) -> None:
        self._cipher = AESGCM(AESGCM.generate_key(256))
        self._pending = bytearray()
        self._file: IO[bytes] | None = None
        self._chunks = 0
        self.size = 0

    async def write(self, part: bytes) -> None:
        self.size += len(part)
        self._pending += part
        while len(self._pending) > CHUNK_BYTES:
            chunk = bytes(self._pending[:CHUNK_BYTES])
            del self._pending[:CHUNK_BYTES]
            await asyncio.to_thread(self._put, chunk)

    async def read(self) -> AsyncIterator[bytes]:
        if self._file is not None:
            self._file.seek(0)
            for n in range(self._chunks):
                yield await asyncio.to_thread(self._get, n)
        yield bytes(self._pending)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def _put(self, chunk: bytes) -> None:
        if self._file is None:
            self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115  # closed by `close`
        nonce = os.urandom(_NONCE_BYTES)
        sealed = nonce + self._cipher.encrypt(nonce, chunk, _LENGTH.pack(self._chunks))
        self._file.write(_LENGTH.pack(len(sealed)) + sealed)
        self._chunks += 1

    def _get(self, n: int) -> bytes:
        assert self._file is not None
        (length,) = _LENGTH.unpack(self._file.read(_LENGTH.size))
        sealed = self._file.read(length)
        return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], _LENGTH.pack(n))


async def received(receive: Receive, spool: Spool, most_bytes: int, silent_seconds: float) -> None:
    """Read the body to its end. 413 past `most_bytes`, 408 when nothing comes for `silent_seconds`."""
    more = True
    while more:
        try:
            async with asyncio.timeout(silent_seconds):
                message: Any = await receive()
        except TimeoutError:
            raise too_slow() from None
        if message["type"] == "http.disconnect":
            raise ClientLeft
        part = message.get("body", b"")
        if spool.size + len(part) > most_bytes:
            raise too_large(most_bytes)
        await spool.write(part)
        more = bool(message.get("more_body", False))


def replayed(spool: Spool, receive: Receive) -> Receive:
    """The body as the server would have told it; then whatever the server says."""
    chunks = spool.read()
    ended = False

    async def receive_again() -> Any:
        nonlocal ended
        if ended:
            return await receive()
        part = await anext(chunks, None)
        ended = part is None
        return {"type": "http.request", "body": part or b"", "more_body": not ended}

    return receive_again
