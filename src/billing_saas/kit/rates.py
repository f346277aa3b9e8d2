"""How often something may happen: buckets of tokens that fill evenly, and what a taking leaves.

A bucket is one number, the instant until which it is empty of what was taken (GCRA). Stores keep that
number where all processes see it; the arithmetic is here, and once more in SQL and in Lua.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Limit:
    """`most` in `seconds`: the bucket holds `most`, and fills again in that time."""

    name: str
    most: int
    seconds: int = 60

    def __post_init__(self) -> None:
        if not (1 <= self.most <= self.seconds * 1_000_000):
            raise ValueError(f"{self.name}: a limit lets at least one through, at most one per µs")

    @property
    def step(self) -> int:
        """Microseconds until one more token is there."""
        return self.seconds * 1_000_000 // self.most

    @property
    def depth(self) -> int:
        """Microseconds from empty to full."""
        return self.step * self.most


@dataclass(frozen=True, slots=True)
class Want:
    """`tokens` of one bucket. Its name is 16 bytes that say nothing of whose it is."""

    bucket: bytes
    limit: Limit
    tokens: int = 1


@dataclass(frozen=True, slots=True)
class Taken:
    granted: int
    """As many as wanted, or as there were."""
    left: int
    wait: int
    """Microseconds until one token is there; 0 when one is."""
    full_in: int
    """Microseconds until the bucket is full."""


class RateStoreDown(Exception):
    """The buckets cannot be reached now."""


class RateStore(Protocol):
    """Where buckets are kept. Whatever is granted is gone for every process."""

    async def take(self, wants: Sequence[Want]) -> list[Taken]:
        """Take from each bucket, in the order of `wants`. No bucket twice in one call."""

    async def sweep(self) -> int:
        """Forget buckets that are full; how many there were."""

    async def close(self) -> None: ...


def taken(limit: Limit, granted: int, empty_until: int, now: int) -> Taken:
    """What a bucket looks like to who took `granted` of it at `now`."""
    room = now + limit.depth - max(empty_until, now)
    left = room // limit.step
    return Taken(granted, left, 0 if left else limit.step - room, max(0, empty_until - now))


def take(limit: Limit, tokens: int, empty_until: int, now: int) -> tuple[int, int]:
    """How many of `tokens` are granted, and until when the bucket is empty of them."""
    begin = max(empty_until, now)
    granted = min(tokens, max(0, now + limit.depth - begin) // limit.step)
    return granted, begin + granted * limit.step


class MemoryRates:
    """Of one process: what counts on while the store that all share cannot be reached."""

    def __init__(self, microseconds: Callable[[], int] = lambda: time.monotonic_ns() // 1000):
        self._now = microseconds
        self._empty_until: dict[bytes, int] = {}

    async def take(self, wants: Sequence[Want]) -> list[Taken]:
        now = self._now()
        found = []
        for want in wants:
            granted, until = take(
                want.limit, want.tokens, self._empty_until.get(want.bucket, now), now
            )
            self._empty_until[want.bucket] = until
            found.append(taken(want.limit, granted, until, now))
        return found

    async def sweep(self) -> int:
        now = self._now()
        full = [bucket for bucket, until in self._empty_until.items() if until <= now]
        for bucket in full:
            del self._empty_until[bucket]
        return len(full)

    async def close(self) -> None:
        self._empty_until.clear()
