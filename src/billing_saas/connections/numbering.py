"""Control numbers of our own: unique and rising per connection, whoever else takes some at the same time.

They are taken in the transaction that writes what bears them: the connection's row is locked until
it ends, so a number that was seen by anybody comes after all that were seen before. What is rolled
back gives its numbers back unseen; what is taken and not used leaves a gap, which X12 allows.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select, text

from billing_saas.connections.errors import (
    ConnectionInactive,
    ConnectionNotFound,
    NumbersExhausted,
)
from billing_saas.connections.tables import Connection
from billing_saas.kit.db import TenantSession

# ISA13 is nine digits (rule 52 of the design's X12 page), and so are GS06 and ST02 at the most.
MOST = 999_999_999

_TAKE = text(
    """
    UPDATE connection_number AS n
    SET last_interchange = n.last_interchange + :interchanges,
      last_group = n.last_group + :groups,
      last_set = n.last_set + :sets,
      last_batch = n.last_batch + :batches
    FROM connection AS c
    WHERE n.tenant_id = :tenant_id AND n.connection_id = :connection_id
      AND c.tenant_id = n.tenant_id AND c.id = n.connection_id AND c.active
      AND n.last_interchange + :interchanges <= :most AND n.last_group + :groups <= :most
      AND n.last_set + :sets <= :most AND n.last_batch + :batches <= :most
    RETURNING n.last_interchange, n.last_group, n.last_set, n.last_batch
    """
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """How many of each kind one transaction writes."""

    interchanges: int = 0
    groups: int = 0
    sets: int = 0
    batches: int = 0


class Numbers:
    """What was taken, handed out in order; asking for more than was taken is a mistake of the
    caller. Serves `edi.acknowledging.ControlNumbers`."""

    def __init__(self, last: tuple[int, int, int, int], wanted: Wanted) -> None:
        counts = (wanted.interchanges, wanted.groups, wanted.sets, wanted.batches)
        self._interchanges, self._groups, self._sets, self._batches = (
            iter(range(end - count + 1, end + 1)) for end, count in zip(last, counts, strict=True)
        )

    def interchange(self) -> int:
        """ISA13, and IEA02."""
        return _next(self._interchanges)

    def group(self) -> int:
        """GS06, and GE02."""
        return _next(self._groups)

    def set(self) -> int:
        """ST02, and SE02."""
        return _next(self._sets)

    def batch(self) -> int:
        """BHT03 of an 837, 270, 276 or 278: what a 277CA names the batch by."""
        return _next(self._batches)


def _next(numbers: Iterator[int]) -> int:
    for number in numbers:
        return number
    raise RuntimeError("more control numbers were asked for than were taken")


async def take(db: TenantSession, connection_id: UUID, wanted: Wanted) -> Numbers:
    """One statement for all that an interchange needs."""
    counts = {
        "interchanges": wanted.interchanges,
        "groups": wanted.groups,
        "sets": wanted.sets,
        "batches": wanted.batches,
    }
    if min(counts.values()) < 0:
        raise ValueError("control numbers are not given back")
    row = (
        await db.execute(
            _TAKE,
            {"tenant_id": db.tenant_id, "connection_id": connection_id, "most": MOST, **counts},
        )
    ).one_or_none()
    if row is None:
        raise await _why_not(db, connection_id)
    return Numbers((row.last_interchange, row.last_group, row.last_set, row.last_batch), wanted)


async def _why_not(
    db: TenantSession, connection_id: UUID
) -> ConnectionNotFound | ConnectionInactive | NumbersExhausted:
    active = await db.scalar(
        select(Connection.active).where(
            Connection.tenant_id == db.tenant_id, Connection.id == connection_id
        )
    )
    if active is None:
        return ConnectionNotFound("There is no such connection.")
    if not active:
        return ConnectionInactive("The connection is not active.")
    return NumbersExhausted(
        "The connection has given out every number of nine digits: agree on new ids with the"
        " partner, and make a new connection."
    )
