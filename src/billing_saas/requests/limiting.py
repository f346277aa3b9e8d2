"""Limits on how often: tokens leased from the store that all processes share, and spent here.

A process takes a few tokens at a time (a fiftieth of the limit, twenty at the most; one of a small
limit), so most requests cost no round trip and none costs more than one. What is leased is gone for
everyone else, so processes together never let more through than the limit; tokens that a process
does not spend within seconds are lost. A refusal is remembered until it ends: a flood is not asked
about. While the store cannot be reached, each process counts by itself.

Take from the bucket of who asks before that of whom is asked for (an account at sign-in): else who
is locked out already could still use up another's tries. Tokens are spent of all buckets or of none.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from billing_saas.kit import logs
from billing_saas.kit.rates import Limit, MemoryRates, RateStore, RateStoreDown, Taken, Want
from billing_saas.requests.errors import TooMany

LEASE_SECONDS = 5.0
_MOST_LEASED = 20
_MOST_BUCKETS = 10_000
_STORE_SECONDS = 0.5
_RETRY_SECONDS = 5.0


@dataclass(slots=True)
class _Lease:
    tokens: int
    until: float
    seen: Taken
    refused_until: float = 0.0


@dataclass(frozen=True, slots=True)
class Standing:
    """How the tightest of the buckets stands, for the answer's headers."""

    limit: Limit
    left: int
    full_in_seconds: int


class Limiter:
    """Of one process and event loop."""

    def __init__(self, store: RateStore, seconds: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._seconds = seconds
        self._alone = MemoryRates()
        self._alone_until = 0.0
        self._leases: OrderedDict[bytes, _Lease] = OrderedDict()
        self._leasing = asyncio.Lock()

    async def take(self, *wants: Want) -> Standing:
        """Spend tokens of every bucket, or raise `TooMany` and spend of none."""
        if self._missing(wants):
            async with self._leasing:
                missing = self._missing(wants)
                if missing:
                    await self._lease(missing)
        now = self._seconds()
        leases = [(want, self._leases[want.bucket]) for want in wants]
        for want, lease in leases:
            if lease.tokens < want.tokens:
                wait = max(lease.refused_until - now, 0.0)
                raise TooMany(want.limit.name, max(1, -int(-wait // 1)))
        for want, lease in leases:
            lease.tokens -= want.tokens
        return min(
            (_standing(want.limit, lease) for want, lease in leases),
            key=lambda standing: standing.left / standing.limit.most,
        )

    async def close(self) -> None:
        await self._store.close()

    def _missing(self, wants: Sequence[Want]) -> list[Want]:
        """Those of which neither a lease nor a refusal is held."""
        now = self._seconds()
        found = []
        for want in wants:
            lease = self._leases.get(want.bucket)
            held = lease is not None and lease.until >= now and lease.tokens >= want.tokens
            refused = lease is not None and lease.refused_until > now
            if not held and not refused:
                found.append(want)
        return found

    async def _lease(self, wants: Sequence[Want]) -> None:
        sized = [replace(want, tokens=max(want.tokens, _lease_size(want.limit))) for want in wants]
        given = await self._given(sized)
        now = self._seconds()
        for want, taken in zip(wants, given, strict=True):
            held = self._leases.pop(want.bucket, None)
            kept = held.tokens if held is not None and held.until >= now else 0
            tokens = taken.granted + kept
            refused = tokens < want.tokens
            self._leases[want.bucket] = _Lease(
                tokens=tokens,
                until=now + LEASE_SECONDS,
                seen=taken,
                refused_until=now + taken.wait / 1_000_000 if refused else 0.0,
            )
        while len(self._leases) > _MOST_BUCKETS:
            self._leases.popitem(last=False)

    async def _given(self, wants: Sequence[Want]) -> list[Taken]:
        if self._seconds() >= self._alone_until:
            try:
                async with asyncio.timeout(_STORE_SECONDS):
                    return await self._store.take(wants)
            except (RateStoreDown, TimeoutError) as error:
                logs.get().warning("rate store down", exc_info=error)
                self._alone_until = self._seconds() + _RETRY_SECONDS
        return await self._alone.take(wants)


def _lease_size(limit: Limit) -> int:
    return max(1, min(_MOST_LEASED, limit.most // 50))


def _standing(limit: Limit, lease: _Lease) -> Standing:
    left = lease.tokens + lease.seen.left
    return Standing(limit, left, -(-lease.seen.full_in // 1_000_000))
