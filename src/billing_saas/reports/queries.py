"""The latest answers over all practices, as numbers: for who watches."""

from dataclasses import dataclass

from sqlalchemy import text

from billing_saas.kit import clock
from billing_saas.kit.db import PlatformSession


@dataclass(frozen=True, slots=True)
class Standing:
    invariant: str
    practices: int
    """Where it was asked."""
    broken_practices: int
    broken: int
    unasked_practices: int
    """Whose server does not keep what the question needs."""
    oldest_seconds: float
    """Since the practice that was asked longest ago: a check that no longer runs looks well."""


_STANDING = text(
    """
    SELECT invariant, count(*), count(*) FILTER (WHERE broken > 0),
           CAST(coalesce(sum(broken), 0) AS bigint), count(*) FILTER (WHERE broken IS NULL),
           CAST(extract(epoch FROM coalesce(CAST(:held AS timestamptz), clock_timestamp())
                        - min(checked_at)) AS double precision)
    FROM invariant_check
    WHERE EXISTS (SELECT FROM practice WHERE practice.tenant_id = invariant_check.tenant_id
                  AND practice.status IN ('onboarding', 'active', 'leaving'))
    GROUP BY invariant ORDER BY invariant
    """
)


async def standing(db: PlatformSession) -> list[Standing]:
    rows = await db.execute(_STANDING, {"held": clock.held()})
    return [Standing(*row) for row in rows]
