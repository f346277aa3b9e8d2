"""Key-encryption keys in a folder of this machine, for deployments without a key service.

One file per key name, mode 0600, in a folder that only its owner may enter. A file holds the key's
versions, 32 random bytes each, oldest first, so that a rotated key still unwraps what it wrapped.
The folder must never be in the same backup set as the database: destroying a key would then leave
a copy beside what it protects.
"""

import asyncio
import contextlib
import fcntl
import os
import re
import secrets
import stat
import struct
from collections.abc import Iterator
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from billing_saas.kit.protocols import KeyProviderDown, KeyRefused

_KEY_BYTES = 32
_NONCE_BYTES = 12
_FORMAT = 1
_HEADER = struct.Struct(">BI")  # format, version of the key that wrapped
# Lower case only: some file systems take two names that differ by case for one. No dot, so that
# "/" can become "." and no name leads out of the folder.
_NAME = re.compile(r"[a-z0-9_-]{1,64}(?:/[a-z0-9_-]{1,64}){0,3}")


class UnsafeKeyFolder(KeyProviderDown):
    """The folder or a key file is open to other users: nothing is read from it until that ends."""


class KeyFolder:
    """A `KeyProvider` over `folder`, which is made on first use. Safe between processes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __repr__(self) -> str:
        return f"KeyFolder({str(self._folder)!r})"

    async def create(self, name: str) -> None:
        await asyncio.to_thread(self._create, name)

    async def add_version(self, name: str) -> None:
        """Rotate the key: from now on it wraps with a new version and unwraps with all."""
        await asyncio.to_thread(self._add_version, name)

    async def wrap(self, name: str, key: bytes, context: bytes) -> bytes:
        return await asyncio.to_thread(self._wrap, name, key, context)

    async def unwrap(self, name: str, wrapped: bytes, context: bytes) -> bytes:
        return await asyncio.to_thread(self._unwrap, name, wrapped, context)

    async def rewrap(self, name: str, wrapped: bytes, context: bytes) -> bytes:
        return await asyncio.to_thread(self._rewrap, name, wrapped, context)

    async def destroy(self, name: str) -> None:
        await asyncio.to_thread(self._destroy, name)

    async def health(self) -> None:
        await asyncio.to_thread(self._open_folder)

    def _create(self, name: str) -> None:
        path = self._path(name)
        self._open_folder()
        if path.exists():
            return
        # A link, unlike a rename, fails when the name is taken: the first process wins.
        fresh = self._partial(secrets.token_bytes(_KEY_BYTES))
        with fresh as partial, contextlib.suppress(FileExistsError):
            os.link(partial, path)
        self._sync_folder()

    def _add_version(self, name: str) -> None:
        path = self._path(name)
        self._open_folder()
        with self._locked():
            versions = b"".join(self._versions(name))
            with self._partial(versions + secrets.token_bytes(_KEY_BYTES)) as partial:
                os.replace(partial, path)
        self._sync_folder()

    def _wrap(self, name: str, key: bytes, context: bytes) -> bytes:
        versions = self._versions(name)
        header = _HEADER.pack(_FORMAT, len(versions))
        nonce = os.urandom(_NONCE_BYTES)
        return header + nonce + AESGCM(versions[-1]).encrypt(nonce, key, header + context)

    def _unwrap(self, name: str, wrapped: bytes, context: bytes) -> bytes:
        versions = self._versions(name)
        header, rest = wrapped[: _HEADER.size], wrapped[_HEADER.size :]
        if len(rest) < _NONCE_BYTES + 16:
            raise KeyRefused("not a wrapped key")
        form, version = _HEADER.unpack(header)
        if form != _FORMAT or not 1 <= version <= len(versions):
            raise KeyRefused("not wrapped by this key")
        nonce, sealed = rest[:_NONCE_BYTES], rest[_NONCE_BYTES:]
        try:
            return AESGCM(versions[version - 1]).decrypt(nonce, sealed, header + context)
        except InvalidTag:
            raise KeyRefused("not wrapped by this key for this use") from None

    def _rewrap(self, name: str, wrapped: bytes, context: bytes) -> bytes:
        return self._wrap(name, self._unwrap(name, wrapped, context), context)

    def _destroy(self, name: str) -> None:
        path = self._path(name)
        self._open_folder()
        with self._locked():  # or a rotation under way would put the key back
            path.unlink(missing_ok=True)
        self._sync_folder()

    def _versions(self, name: str) -> list[bytes]:
        path = self._path(name)
        if not self._folder.exists():
            # Not a refusal: a folder that is not mounted comes back, a destroyed key does not.
            raise KeyProviderDown(f"the key folder {self._folder} is missing")
        self._check_closed(self._folder.stat(), self._folder, "700")
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            raise KeyRefused(f"no such key: {name}") from None
        except OSError as error:
            raise KeyProviderDown(f"cannot read {path}: {error.strerror}") from None
        with os.fdopen(descriptor, "rb") as file:
            self._check_closed(os.fstat(file.fileno()), path, "600")
            held = file.read()
        if not held or len(held) % _KEY_BYTES:
            raise KeyProviderDown(f"{path} is damaged: restore it from the backup of the keys")
        return [held[at : at + _KEY_BYTES] for at in range(0, len(held), _KEY_BYTES)]

    def _path(self, name: str) -> Path:
        if _NAME.fullmatch(name) is None:
            raise KeyRefused("a key's name is lower-case words with '/' between them")
        return self._folder / f"{name.replace('/', '.')}.key"

    def _open_folder(self) -> None:
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._check_closed(self._folder.stat(), self._folder, "700")
            if not os.access(self._folder, os.R_OK | os.W_OK | os.X_OK):
                raise KeyProviderDown(f"{self._folder} cannot be written")
        except OSError as error:
            raise KeyProviderDown(f"cannot use {self._folder}: {error.strerror}") from None

    @staticmethod
    def _check_closed(found: os.stat_result, path: Path, mode: str) -> None:
        if found.st_uid != os.geteuid():
            raise UnsafeKeyFolder(f"{path} belongs to another user: chown it to the one we run as")
        if stat.S_IMODE(found.st_mode) & 0o077:
            raise UnsafeKeyFolder(f"{path} is open to other users: chmod {mode} {path}")

    @contextlib.contextmanager
    def _partial(self, content: bytes) -> Iterator[Path]:
        """A complete file under a passing name: no reader ever sees half a key."""
        partial = self._folder / f".partial.{secrets.token_hex(8)}"
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            yield partial
        finally:
            partial.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        descriptor = os.open(self._folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _sync_folder(self) -> None:
        """A key must be on disk before a database commits what it wrapped."""
        descriptor = os.open(self._folder, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
