"""Stand-ins for what `gateways` reaches: fakes, not patches."""

import asyncio
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from billing_saas.kit.protocols import KeyProviderDown, KeyRefused


class MemoryKeys:
    """A key provider in memory that counts its calls, and can be down, slow (seconds) or wrong."""

    def __init__(self) -> None:
        self.keys: dict[str, bytes] = {}
        self.calls: list[str] = []
        self.down = False
        self.slow = 0.0
        self.wrong = False

    async def create(self, name: str) -> None:
        self._called("create")
        self.keys.setdefault(name, secrets.token_bytes(32))

    async def wrap(self, name: str, key: bytes, context: bytes) -> bytes:
        self._called("wrap")
        nonce = secrets.token_bytes(12)
        return nonce + AESGCM(self._key(name)).encrypt(nonce, key, context)

    async def unwrap(self, name: str, wrapped: bytes, context: bytes) -> bytes:
        self._called("unwrap")
        if self.slow:
            await asyncio.sleep(self.slow)
        if self.wrong:
            return secrets.token_bytes(32)
        try:
            return AESGCM(self._key(name)).decrypt(wrapped[:12], wrapped[12:], context)
        except InvalidTag as error:
            raise KeyRefused("not wrapped by this key for this use") from error

    async def rewrap(self, name: str, wrapped: bytes, context: bytes) -> bytes:
        return await self.wrap(name, await self.unwrap(name, wrapped, context), context)

    async def destroy(self, name: str) -> None:
        self._called("destroy")
        self.keys.pop(name, None)

    async def health(self) -> None:
        self._called("health")

    def _called(self, call: str) -> None:
        if self.down:
            raise KeyProviderDown("the key provider is down")
        self.calls.append(call)

    def _key(self, name: str) -> bytes:
        try:
            return self.keys[name]
        except KeyError as error:
            raise KeyRefused("no such key") from error
