"""Seal the trail: every second, what was committed goes into its practice's tree, and a head is signed.

What is sealed together is found by transaction id. Every transaction below the oldest that is still
open has ended, so nothing can appear there later, and writers need not wait for one another. What it
costs: one long transaction, of whatever database of the cluster, holds sealing up (`lag_seconds`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import insert, select, text

from billing_saas.kit import clock
from billing_saas.kit.db import PlatformSession, SealerSession
from billing_saas.seals import comparing, head_rules, merkle_rules, signing
from billing_saas.seals.comparing import PACKED_BYTES
from billing_saas.seals.head_rules import NO_HEAD, Head, SignedHead
from billing_saas.seals.merkle_rules import Frontier, Levels
from billing_saas.seals.tables import AuditHead, AuditSeal

MOST_AT_ONCE = 50_000
# Any number, the same in every process: whoever holds this lock seals.
_ELECTION = 0x61756469745F7365

_HORIZON = text(
    """
    SELECT CAST(CAST(pg_snapshot_xmin(now.snapshot) AS text) AS bigint) AS horizon,
           pg_snapshot_xmin(now.snapshot) = pg_snapshot_xmax(now.snapshot) AS quiet,
           (SELECT CAST(system_identifier AS text) FROM pg_control_system()) AS cluster
    FROM (SELECT pg_current_snapshot() AS snapshot) AS now
    """
)

# What a head of `Reach` adds, by practice, in the order of the log: what a seal keeps of each event.
# Hashed and packed where the events are: 48 bytes of each cross the wire. Both halves of the condition
# can use the index on (xid, seq), and the inner order keeps to it.
_EVENTS = f"""
    SELECT tenant_id, max(seq) AS last_seq,
           string_agg(uuid_send(id) || leaf, ''::bytea ORDER BY xid, seq) AS packed
    FROM (SELECT e.tenant_id, e.xid, e.seq, e.id,
                 sha256('\\x00'::bytea || {head_rules.LEAF_SQL}) AS leaf
          FROM audit_event AS e WHERE {{reach}} ORDER BY e.xid, e.seq OFFSET 0) AS event
    GROUP BY tenant_id ORDER BY tenant_id
"""  # noqa: S608  # constants of ours
_BEYOND = """
    SELECT CAST(CAST(e.xid AS text) AS bigint) FROM audit_event AS e WHERE {reach}
    ORDER BY e.xid, e.seq OFFSET CAST(:most AS bigint) LIMIT 1
"""
_BY_XID = """
    e.xid >= CAST(CAST(:from_xid AS text) AS xid8) AND e.xid < CAST(CAST(:to_xid AS text) AS xid8)
    AND e.seq > :first_seq AND e.seq <= :last_seq"""
# The head that begins an epoch takes what the cluster before had left unsealed.
_LEFT_OVER = """
    (e.xid >= CAST(CAST(:from_xid AS text) AS xid8) OR e.seq > :sealed_seq)
    AND e.seq > :first_seq AND e.seq <= :last_seq"""
EVER = (1 << 63) - 1

_LAST_OF_EACH = text(
    """
    WITH RECURSIVE practice (id) AS (
      (SELECT tenant_id FROM audit_seal ORDER BY tenant_id LIMIT 1)
      UNION ALL
      SELECT (SELECT tenant_id FROM audit_seal WHERE tenant_id > practice.id
              ORDER BY tenant_id LIMIT 1)
      FROM practice WHERE practice.id IS NOT NULL
    )
    SELECT last.tenant_id, last.size, last.root, last.frontier
    FROM practice CROSS JOIN LATERAL (
      SELECT tenant_id, size, root, frontier FROM audit_seal
      WHERE tenant_id = practice.id AND head <= :head ORDER BY head DESC LIMIT 1
    ) AS last
    ORDER BY last.tenant_id
    """
)


@dataclass(frozen=True, slots=True)
class Sealed:
    """What one round did."""

    head: SignedHead
    events: int
    is_all: bool
    """Nothing more waited below the horizon."""


class _Added(NamedTuple):
    """What a head adds to the tree of one practice."""

    practice: UUID
    last_seq: int
    packed: bytes


@dataclass
class Forest:
    """The tree of each practice, and the tree over them, as of head `number`."""

    number: int = 0
    trees: dict[UUID, Frontier] = field(default_factory=dict)
    _order: dict[UUID, int] = field(default_factory=dict)
    _levels: Levels = field(default_factory=lambda: Levels([]))

    def grow(self, leaves: dict[UUID, list[bytes]]) -> None:
        for practice, hashes in leaves.items():
            self.trees.setdefault(practice, Frontier()).extend(hashes)
        if any(practice not in self._order for practice in leaves):
            self._order = {practice: place for place, practice in enumerate(sorted(self.trees))}
            self._levels = Levels([self._leaf(practice) for practice in self._order])
            return
        for practice in leaves:
            self._levels.change(self._order[practice], self._leaf(practice))

    @property
    def root(self) -> bytes:
        return self._levels.root

    def place(self, practice: UUID) -> tuple[int, list[bytes]]:
        """Where a practice stands in the tree over all, and its path there."""
        place = self._order[practice]
        return place, self._levels.inclusion(place)

    def _leaf(self, practice: UUID) -> bytes:
        tree = self.trees[practice]
        return merkle_rules.leaf_hash(head_rules.practice_leaf(practice, tree.size, tree.root))


async def forest_at(db: SealerSession, number: int) -> Forest:
    forest = Forest(number)
    found = await db.execute(_LAST_OF_EACH, {"head": number})
    for practice, size, _, frontier in found:
        forest.trees[UUID(str(practice))] = Frontier(size, frontier)
    forest.grow({practice: [] for practice in forest.trees})
    return forest


class Sealer:
    """One process's; it remembers the forest for as long as nobody else has sealed since."""

    def __init__(self) -> None:
        self._forest = Forest()

    async def seal(self, db: SealerSession, *, most: int = MOST_AT_ONCE) -> Sealed | None:
        """One round; None when there is nothing to seal, or when another process is at it."""
        # The lock goes with the transaction: an elected sealer that dies holds nobody up.
        elected = await db.scalar(text("SELECT pg_try_advisory_xact_lock(:n)"), {"n": _ELECTION})
        if not elected:
            return None
        last = await last_head(db)
        reach = await _reach(db, last)
        if reach is None:
            return None
        if not reach.begins_epoch:
            reach = await _shortened(db, reach, most)
        added = await _read(db, reach)
        if not added and not reach.begins_epoch:
            return None
        return await self._write(db, last, reach, added)

    async def _write(
        self, db: SealerSession, last: SignedHead | None, reach: "Reach", added: Sequence[_Added]
    ) -> Sealed:
        before = last.head.number if last else 0
        if self._forest.number != before:
            self._forest = await forest_at(db, before)
        forest, self._forest = self._forest, Forest(-1)  # until this round is written
        forest.grow({one.practice: comparing.leaves(one.packed) for one in added})
        key = await signing.current(db)
        head = Head(
            format="billing-saas audit head 1",
            number=before + 1,
            epoch=reach.epoch,
            cluster=reach.cluster,
            from_xid=reach.from_xid,
            to_xid=reach.to_xid,
            first_seq=reach.last_seq if reach.begins_epoch else reach.first_seq,
            last_seq=max([reach.sealed_seq, *(one.last_seq for one in added)]),
            practices=len(forest.trees),
            root=forest.root.hex(),
            at=clock.now().isoformat(timespec="microseconds"),
            previous=(last.head.hash() if last else NO_HEAD).hex(),
            key=key.version,
        )
        signed = key.sign(head)
        await db.execute(insert(AuditHead).values(**_columns(signed)))
        if added:
            await db.execute(insert(AuditSeal), [_seal(head.number, forest, one) for one in added])
        forest.number = head.number
        self._forest = forest
        events = sum(len(one.packed) for one in added) // PACKED_BYTES
        return Sealed(signed, events, reach.is_all)


@dataclass(frozen=True, slots=True)
class Reach:
    """Which events a head adds: those of a range of transactions, within an epoch."""

    epoch: int
    cluster: str
    from_xid: int
    to_xid: int
    first_seq: int
    sealed_seq: int
    """The last that any head before had sealed."""
    begins_epoch: bool = False
    is_all: bool = True
    last_seq: int = EVER

    @property
    def where(self) -> str:
        return _LEFT_OVER if self.begins_epoch else _BY_XID

    @property
    def parameters(self) -> dict[str, int | str]:
        given: dict[str, int | str] = {
            "from_xid": str(self.from_xid),  # `xid8` is read as text
            "first_seq": self.first_seq,
            "last_seq": self.last_seq,
        }
        if self.begins_epoch:
            return given | {"sealed_seq": self.sealed_seq}
        return given | {"to_xid": str(self.to_xid)}


async def _reach(db: SealerSession, last: SignedHead | None) -> Reach | None:
    now = (await db.execute(_HORIZON)).one()
    head = last.head if last else None
    if head is not None and head.cluster != now.cluster:
        return await _new_epoch(db, head, now)
    reach = Reach(
        epoch=head.epoch if head else 1,
        cluster=now.cluster,
        from_xid=head.to_xid if head else 0,
        to_xid=now.horizon,
        first_seq=head.first_seq if head else 0,
        sealed_seq=head.last_seq if head else 0,
    )
    if reach.to_xid <= reach.from_xid:
        return None
    return reach


async def _shortened(db: SealerSession, reach: Reach, most: int) -> Reach:
    """So much of it as has about `most` events: a transaction is sealed whole, however many it wrote."""
    given = {**reach.parameters, "most": most}
    beyond = await db.scalar(text(_BEYOND.format(reach=reach.where)), given)
    if beyond is None:
        return reach
    first = await db.scalar(text(_BEYOND.format(reach=reach.where)), {**given, "most": 0})
    return replace(reach, to_xid=beyond + 1 if beyond == first else beyond, is_all=False)


async def _read(db: SealerSession, reach: Reach) -> Sequence[_Added]:
    found = await db.execute(text(_EVENTS.format(reach=reach.where)), reach.parameters)
    return [_Added(UUID(str(practice)), last_seq, packed) for practice, last_seq, packed in found]


async def _new_epoch(db: SealerSession, head: Head, now: Any) -> Reach | None:
    """The log was restored into another cluster, where transaction ids start anew.

    What the old cluster had not sealed is sealed at once, in a moment when nobody writes; from there
    on the new cluster's ids count, for events that come after all of these.
    """
    if not now.quiet:
        return None
    last_seq = await db.scalar(text("SELECT coalesce(max(seq), 0) FROM audit_event"))
    return Reach(
        epoch=head.epoch + 1,
        cluster=now.cluster,
        from_xid=head.to_xid,
        to_xid=now.horizon,
        first_seq=head.first_seq,
        sealed_seq=head.last_seq,
        begins_epoch=True,
        last_seq=int(last_seq or 0),
    )


def _columns(signed: SignedHead) -> dict[str, Any]:
    head = signed.head
    return {
        "number": head.number,
        "epoch": head.epoch,
        "cluster": head.cluster,
        "from_xid": head.from_xid,
        "to_xid": head.to_xid,
        "first_seq": head.first_seq,
        "last_seq": head.last_seq,
        "practices": head.practices,
        "root": bytes.fromhex(head.root),
        "at": head_rules.instant(head.at),
        "previous": bytes.fromhex(head.previous),
        "key_version": head.key,
        "signature": bytes.fromhex(signed.signature),
    }


def _seal(number: int, forest: Forest, added: _Added) -> dict[str, Any]:
    tree = forest.trees[added.practice]
    return {
        "tenant_id": added.practice,
        "head": number,
        "size": tree.size,
        "root": tree.root,
        "frontier": tree.packed(),
        "leaves": added.packed,
    }


def signed_head(row: AuditHead) -> SignedHead:
    """As it was signed, if nothing of the row was changed since."""
    head = Head(
        format="billing-saas audit head 1",
        number=row.number,
        epoch=row.epoch,
        cluster=row.cluster,
        from_xid=row.from_xid,
        to_xid=row.to_xid,
        first_seq=row.first_seq,
        last_seq=row.last_seq,
        practices=row.practices,
        root=row.root.hex(),
        at=row.at.astimezone(UTC).isoformat(timespec="microseconds"),
        previous=row.previous.hex(),
        key=row.key_version,
    )
    return SignedHead(head, row.signature.hex())


async def last_head(db: SealerSession) -> SignedHead | None:
    row = await db.scalar(select(AuditHead).order_by(AuditHead.number.desc()).limit(1))
    return signed_head(row) if row is not None else None


_LAG = text(
    """
    SELECT CAST(coalesce(extract(epoch FROM clock_timestamp() - oldest.at), 0) AS double precision)
    FROM (SELECT 1) AS always
    LEFT JOIN LATERAL (
      SELECT e.at FROM audit_event AS e
      WHERE e.xid >= CAST(CAST((SELECT coalesce(max(to_xid), 0) FROM audit_head
                                WHERE number = (SELECT max(number) FROM audit_head)) AS text) AS xid8)
        AND e.seq > (SELECT coalesce(max(first_seq), 0) FROM audit_head
                     WHERE number = (SELECT max(number) FROM audit_head))
      ORDER BY e.xid, e.seq LIMIT 1
    ) AS oldest ON true
    """
)


async def lag_seconds(db: PlatformSession | SealerSession) -> float:
    """Age of the oldest committed event that no head covers; 0 when all are sealed."""
    return max(0.0, float(await db.scalar(_LAG) or 0.0))
