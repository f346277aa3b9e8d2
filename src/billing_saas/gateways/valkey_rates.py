"""Rate buckets in Redis or Valkey, for deployments whose requests PostgreSQL should not count.

One script per taking, so that buckets are read and written in one step. The server's clock is the one
that all processes share. A bucket that is full expires by itself.
"""

from collections.abc import Sequence
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from billing_saas.kit.rates import RateStoreDown, Taken, Want, taken

# As `kit.rates.take`. Microseconds since 1970 are below 2^53, what Lua's numbers hold exactly.
_TAKE = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local found = {now}
for n, key in ipairs(KEYS) do
  local tokens, step, depth = tonumber(ARGV[3*n-2]), tonumber(ARGV[3*n-1]), tonumber(ARGV[3*n])
  local begin = math.max(tonumber(redis.call('GET', key) or 0), now)
  local granted = math.min(tokens, math.floor(math.max(0, now + depth - begin) / step))
  local empty_until = begin + granted * step
  if granted > 0 then
    local lives = math.ceil((empty_until - now) / 1000)
    redis.call('SET', key, string.format('%d', empty_until), 'PX', lives)
  end
  found[2*n] = granted
  found[2*n+1] = empty_until
end
return found
"""
_PREFIX = b"billing:rate:"


class ValkeyRates:
    def __init__(self, url: str) -> None:
        """`url`: redis://…, rediss://… or unix://…"""
        self._server: Any = Redis.from_url(url, socket_timeout=1.0, socket_connect_timeout=1.0)
        self._take = self._server.register_script(_TAKE)

    async def take(self, wants: Sequence[Want]) -> list[Taken]:
        arguments: list[int] = []
        for want in wants:
            arguments += [want.tokens, want.limit.step, want.limit.depth]
        try:
            now, *found = await self._take(
                keys=[_PREFIX + want.bucket for want in wants], args=arguments
            )
        except (RedisError, OSError) as error:
            raise RateStoreDown("the rate buckets cannot be reached") from error
        return [
            taken(want.limit, granted, empty_until, now)
            for want, granted, empty_until in zip(wants, found[::2], found[1::2], strict=True)
        ]

    async def sweep(self) -> int:
        """Nothing to do: the server lets full buckets expire."""
        return 0

    async def close(self) -> None:
        await self._server.aclose()
