"""Where heads of the audit trail are put beside the database: a file that only grows, or a store that
locks what it is given. Whoever owns the database should not own this.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit

from billing_saas.kit import clock
from billing_saas.kit.protocols import Anchor, ObjectStore

# HIPAA documentation is kept for six years (45 CFR 164.316(b)(2)(i)); a head, a little longer.
KEPT = timedelta(days=6 * 366 + 31)
_FOLDER = "audit-heads/"


class FileAnchor:
    """One line per head, on disk when `append` returns."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def append(self, name: str, line: bytes) -> None:
        await asyncio.to_thread(self._append, line)

    async def lines(self) -> AsyncIterator[bytes]:
        for line in await asyncio.to_thread(self._read):
            yield line

    def _append(self, line: bytes) -> None:
        descriptor = os.open(
            self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600
        )
        try:
            # In front as well: a line that a crash cut short must not swallow this one.
            os.write(descriptor, b"\n" + line + b"\n")
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _read(self) -> list[bytes]:
        try:
            return [line for line in self._path.read_bytes().split(b"\n") if line]
        except FileNotFoundError:
            return []


class StoreAnchor:
    """One object per head, locked for as long as heads must be kept."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    async def append(self, name: str, line: bytes) -> None:
        await self._store.put(_FOLDER + name, _once(line), lock_until=clock.now() + KEPT)

    async def lines(self) -> AsyncIterator[bytes]:
        async for key in self._store.keys(_FOLDER):
            yield b"".join([chunk async for chunk in self._store.get(key)])


def anchor_at(address: str) -> Anchor:
    """The anchor that `BILLING_AUDIT_ANCHOR` names."""
    if address.startswith("file:///"):
        return FileAnchor(Path(unquote(urlsplit(address).path)))
    from billing_saas.gateways.object_store import S3Objects

    return StoreAnchor(S3Objects(address))


async def _once(line: bytes) -> AsyncIterator[bytes]:
    yield line
