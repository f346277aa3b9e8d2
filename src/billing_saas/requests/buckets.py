"""Rate buckets in PostgreSQL: one statement per taking, whatever the number of buckets."""

from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from billing_saas.kit.db import Database
from billing_saas.kit.rates import RateStoreDown, Taken, Want, taken

# As `kit.rates.take`. The database's clock is the one that all processes share. Ordered, so that two
# takings never wait for each other in a circle.
_TAKE = text(
    """
    INSERT INTO rate_bucket AS b (bucket, empty_until, taken_at, granted, step, depth)
    SELECT w.bucket, now.us + w.tokens * w.step, now.us, w.tokens, w.step, w.depth
    FROM unnest(CAST(:buckets AS bytea[]), CAST(:tokens AS int[]), CAST(:steps AS bigint[]),
                CAST(:depths AS bigint[])) AS w (bucket, tokens, step, depth),
      (SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint) AS us) AS now
    ORDER BY w.bucket
    ON CONFLICT (bucket) DO UPDATE SET
      granted = least(EXCLUDED.granted, greatest(0, EXCLUDED.taken_at + EXCLUDED.depth
        - greatest(b.empty_until, EXCLUDED.taken_at)) / EXCLUDED.step),
      empty_until = greatest(b.empty_until, EXCLUDED.taken_at) + EXCLUDED.step
        * least(EXCLUDED.granted, greatest(0, EXCLUDED.taken_at + EXCLUDED.depth
          - greatest(b.empty_until, EXCLUDED.taken_at)) / EXCLUDED.step),
      taken_at = EXCLUDED.taken_at, step = EXCLUDED.step, depth = EXCLUDED.depth
    RETURNING b.bucket, b.granted, b.empty_until, b.taken_at
    """
)
_FORGET_FULL = text(
    """
    DELETE FROM rate_bucket
    WHERE empty_until < CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint)
    """
)


class PostgresRates:
    """The buckets that every process of a deployment sees, without another server."""

    def __init__(self, database: Database) -> None:
        # No transaction around the one statement: it would be two more round trips.
        self._engine = database.platform_engine.execution_options(isolation_level="AUTOCOMMIT")

    async def take(self, wants: Sequence[Want]) -> list[Taken]:
        try:
            async with self._engine.connect() as connection:
                rows = await connection.execute(
                    _TAKE,
                    {
                        "buckets": [want.bucket for want in wants],
                        "tokens": [want.tokens for want in wants],
                        "steps": [want.limit.step for want in wants],
                        "depths": [want.limit.depth for want in wants],
                    },
                )
                found = {row.bucket: row for row in rows}
        except (SQLAlchemyError, OSError) as error:
            raise RateStoreDown("the rate buckets cannot be reached") from error
        return [
            taken(want.limit, row.granted, row.empty_until, row.taken_at)
            for want in wants
            for row in [found[want.bucket]]
        ]

    async def sweep(self) -> int:
        async with self._engine.connect() as connection:
            return await forget_full(connection)

    async def close(self) -> None:
        """The engine is the database's own."""


async def forget_full(db: AsyncSession | AsyncConnection) -> int:
    gone = await db.execute(_FORGET_FULL)
    return int(getattr(gone, "rowcount", 0))
