"""Calls to a key provider, counted by what became of them. Which key it was about is not told."""

from collections.abc import Awaitable
from typing import TypeVar

from billing_saas.kit import meters
from billing_saas.kit.protocols import KeyProvider, KeyRefused

T = TypeVar("T")


class CountedKeys:
    """A `KeyProvider` before another: what reaches the provider itself is what one is billed, and
    paged, for."""

    def __init__(self, provider: KeyProvider) -> None:
        self._provider = provider

    def __repr__(self) -> str:
        return f"CountedKeys({self._provider!r})"

    async def create(self, name: str) -> None:
        await _counted("create", self._provider.create(name))

    async def wrap(self, name: str, key: bytes, context: bytes) -> bytes:
        return await _counted("wrap", self._provider.wrap(name, key, context))

    async def unwrap(self, name: str, wrapped: bytes, context: bytes) -> bytes:
        return await _counted("unwrap", self._provider.unwrap(name, wrapped, context))

    async def rewrap(self, name: str, wrapped: bytes, context: bytes) -> bytes:
        return await _counted("rewrap", self._provider.rewrap(name, wrapped, context))

    async def destroy(self, name: str) -> None:
        await _counted("destroy", self._provider.destroy(name))

    async def health(self) -> None:
        await _counted("health", self._provider.health())


async def _counted(call: str, asked: Awaitable[T]) -> T:
    outcome = "down"  # a timeout and a cancelled call count as such
    try:
        answer = await asked
        outcome = "done"
    except KeyRefused:
        outcome = "refused"
        raise
    finally:
        meters.KEY_CALLS.labels(call, outcome).inc()
    return answer
