"""What a room may ask of the outside, without knowing who answers. Wired at the edge."""

from collections.abc import AsyncIterable, AsyncIterator
from datetime import datetime
from typing import Protocol


class KeyProvider(Protocol):
    """Holds key-encryption keys, and never gives one out. Six calls, all of them fail closed.

    `name` is an opaque key name such as `t/<practice uuid>`. `context` is bound to the wrapped key:
    unwrapping with another context fails.
    """

    async def create(self, name: str) -> None:
        """Make the key; a key that exists is left as it is."""

    async def wrap(self, name: str, key: bytes, context: bytes) -> bytes: ...

    async def unwrap(self, name: str, wrapped: bytes, context: bytes) -> bytes: ...

    async def rewrap(self, name: str, wrapped: bytes, context: bytes) -> bytes:
        """Wrap again under the newest version of the key."""

    async def destroy(self, name: str) -> None:
        """For ever: what it wrapped cannot be read again, from any backup."""

    async def health(self) -> None:
        """Raise `KeyProviderDown` when keys cannot be reached."""


class KeyProviderDown(Exception):
    """Keys cannot be reached now: try again later, and answer 503 until then."""


class KeyRefused(Exception):
    """The key does not exist (any more), or what was wrapped is not what it says."""


class ObjectStore(Protocol):
    """Sealed bytes by key, in a bucket of ours. Whoever calls seals first: a store sees no plaintext."""

    async def put(
        self, key: str, chunks: AsyncIterable[bytes], *, lock_until: datetime | None = None
    ) -> None:
        """Keep it whole or not at all. `lock_until`: nobody may change or delete it before (WORM)."""

    def get(self, key: str) -> AsyncIterator[bytes]:
        """Its bytes in chunks; `ObjectMissing` when there is none."""

    def keys(self, prefix: str) -> AsyncIterator[str]:
        """Keys that begin so, in order."""

    async def delete(self, key: str) -> None:
        """Gone; a key that does not exist is no error."""

    async def health(self) -> None:
        """Raise `ObjectStoreDown` when it cannot be reached."""


class ObjectStoreDown(Exception):
    """The store cannot be reached now: try again later, and answer 503 until then."""


class ObjectMissing(Exception):
    """There is no object of this key."""


class Anchor(Protocol):
    """Keeps lines that nobody takes back: each stands before `append` returns."""

    async def append(self, name: str, line: bytes) -> None:
        """`name` is unique, and sorts with the time."""

    def lines(self) -> AsyncIterator[bytes]:
        """Everything ever appended, in its order."""


class Mailer(Protocol):
    """Carries a letter to a person who works here."""

    site: str
    """Where its links lead: `https://billing.example.com`."""

    async def send(self, to_address: str, subject: str, text: str) -> None:
        """It was taken over, or `MailDown` is raised."""


class MailDown(Exception):
    """No letter can leave now: try again later."""
