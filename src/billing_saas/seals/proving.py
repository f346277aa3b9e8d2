"""Proofs that others check with the public key alone, and the events of a practice with them.

A proof starts at the frontier before the head that added its first event, so it costs what was
added since, not what the log holds.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, text

from billing_saas.audit import trail
from billing_saas.kit.db import SealerSession
from billing_saas.seals import comparing, head_rules, sealing
from billing_saas.seals.comparing import PACKED_BYTES
from billing_saas.seals.errors import EventNotSealed, HeadNotFound
from billing_saas.seals.head_rules import Consistency, Inclusion, PracticeTree
from billing_saas.seals.merkle_rules import Frontier, Span
from billing_saas.seals.tables import AuditHead, AuditSeal

# An event is sealed seconds after its time; a day, if something held the sealer up.
_SEALED_WITHIN = timedelta(days=1)

_COLUMNS = ", ".join(f"e.{column}" for column in (*trail.COLUMNS, "seq", "mac"))
_EVENT = (
    f"SELECT {_COLUMNS}, CAST(CAST(e.xid AS text) AS bigint) AS xid FROM audit_event AS e WHERE"  # noqa: S608  # constants of ours
)
_BY_ID = text(f"{_EVENT} e.id = :id")
_BY_ID_AND_TIME = text(f"{_EVENT} e.id = :id AND e.at BETWEEN :since AND :until")
_OF_A_PERIOD = text(
    f"{_EVENT} e.tenant_id = :practice AND e.at >= :since AND e.at < :until ORDER BY e.at, e.id"
)
_SEALED_IN = text(
    """
    SELECT head, (position(:event IN leaves) - 1) / :width AS place FROM audit_seal
    WHERE tenant_id = :practice AND position(:event IN leaves) > 0 ORDER BY head LIMIT 1
    """
)


async def inclusion(db: SealerSession, event_id: UUID) -> Inclusion:
    """That an event stands in its practice's log, as the head that sealed it signed it."""
    row = await _event(db, event_id)
    given = {"practice": row.tenant_id, "event": event_id.bytes, "width": PACKED_BYTES}
    sealed = (await db.execute(_SEALED_IN, given)).one_or_none()
    if sealed is None:
        raise EventNotSealed("The event is not sealed yet: try again in a few seconds.")
    before = await _frontier(db, row.tenant_id, sealed.head - 1)
    span = Span(before, await _added(db, row.tenant_id, sealed.head, sealed.head))
    tree = await _tree(db, row.tenant_id, sealed.head)
    return _inclusion(row, before.size + sealed.place, span, tree)


async def consistency(db: SealerSession, practice: UUID, first: int, second: int) -> Consistency:
    """That the practice's log at head `first` is a beginning of its log at head `second`."""
    if not first < second:
        raise HeadNotFound("The second head must come after the first.")
    old, new = await _tree(db, practice, first), await _tree(db, practice, second)
    before = await _frontier(db, practice, first)
    span = Span(before, await _added(db, practice, first + 1, second))
    path = [node.hex() for node in span.consistency(old.size, new.size)]
    return Consistency(proof="billing-saas audit consistency 1", first=old, second=new, path=path)


async def export(
    db: SealerSession, practice: UUID, since: datetime, until: datetime
) -> AsyncIterator[Inclusion]:
    """Every sealed event of a practice and period, oldest first, each with its proof."""
    heads = (
        await db.scalars(
            select(AuditSeal.head)
            .join(AuditHead, AuditHead.number == AuditSeal.head)
            .where(
                AuditSeal.tenant_id == practice,
                AuditHead.at >= since - comparing.NEVER_APART,
                AuditHead.at < until + _SEALED_WITHIN,
            )
            .order_by(AuditSeal.head)
        )
    ).all()
    if not heads:
        return
    before = await _frontier(db, practice, heads[0] - 1)
    packed = await _packed(db, practice, heads[0], heads[-1])
    known = [event for part in packed for event in comparing.unpacked(part)]
    places = {event: before.size + place for place, (event, _) in enumerate(known)}
    span = Span(before, [leaf for _, leaf in known])
    tree = await _tree(db, practice, heads[-1])
    given = {"practice": practice, "since": since, "until": until}
    async for row in await db.stream(_OF_A_PERIOD, given):
        if row.id in places:
            yield _inclusion(row, places[row.id], span, tree)


async def _event(db: SealerSession, event_id: UUID) -> Any:
    made_at, apart = comparing.born(event_id), comparing.NEVER_APART
    given = {"id": event_id, "since": made_at - apart, "until": made_at + apart}
    found = (await db.execute(_BY_ID_AND_TIME, given)).first()
    # An event of a clock that was held is looked for everywhere.
    found = found or (await db.execute(_BY_ID, {"id": event_id})).first()
    if found is None:
        raise EventNotSealed("There is no such event.")
    return found


async def _frontier(db: SealerSession, practice: UUID, number: int) -> Frontier:
    """The practice's tree as it was at a head."""
    found = (
        await db.execute(
            select(AuditSeal.size, AuditSeal.frontier)
            .where(AuditSeal.tenant_id == practice, AuditSeal.head <= number)
            .order_by(AuditSeal.head.desc())
            .limit(1)
        )
    ).one_or_none()
    return Frontier(found.size, found.frontier) if found else Frontier()


async def _packed(db: SealerSession, practice: UUID, first: int, last: int) -> Sequence[bytes]:
    found = await db.scalars(
        select(AuditSeal.leaves)
        .where(AuditSeal.tenant_id == practice, AuditSeal.head.between(first, last))
        .order_by(AuditSeal.head)
    )
    return found.all()


async def _added(db: SealerSession, practice: UUID, first: int, last: int) -> list[bytes]:
    packed = await _packed(db, practice, first, last)
    return [leaf for part in packed for leaf in comparing.leaves(part)]


async def _tree(db: SealerSession, practice: UUID, number: int) -> PracticeTree:
    row = await db.get(AuditHead, number)
    if row is None:
        raise HeadNotFound(f"There is no head {number}.")
    forest = await sealing.forest_at(db, number)
    tree = forest.trees.get(practice)
    if tree is None:
        raise HeadNotFound(f"Head {number} has nothing of this practice.")
    place, path = forest.place(practice)
    return PracticeTree(
        practice=str(practice),
        size=tree.size,
        root=tree.root.hex(),
        place=place,
        path=[node.hex() for node in path],
        signed=sealing.signed_head(row),
    )


def _inclusion(row: Any, index: int, span: Span, tree: PracticeTree) -> Inclusion:
    return Inclusion(
        proof="billing-saas audit inclusion 1",
        event=head_rules.exported(row._mapping),
        index=index,
        path=[node.hex() for node in span.inclusion(index, span.size)],
        tree=tree,
    )
