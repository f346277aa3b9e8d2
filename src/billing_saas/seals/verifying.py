"""Verify the whole trail: every head, every event, and what was put beside the database.

Signatures and hashes find what was changed behind our back; only an anchor, which whoever owns the
database does not own, finds a log whose end was cut off or that was made anew with the key.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, func, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Uuid

from billing_saas.audit import macs, trail
from billing_saas.audit.tables import AuditEvent
from billing_saas.kit.db import SealerSession
from billing_saas.seals import comparing, head_rules, sealing, signing
from billing_saas.seals.comparing import PACKED_BYTES, Comparison, Fault
from billing_saas.seals.head_rules import NO_HEAD, Head, SignedHead
from billing_saas.seals.merkle_rules import BadProof
from billing_saas.seals.sealing import EVER, Forest, Reach
from billing_saas.seals.tables import AuditHead, AuditSeal

_HEADS_AT_ONCE = 500
_EVENTS_AT_ONCE = 20_000
# Enough to see what was done; after that the rest of the log is not looked at.
_MOST_FAULTS = 1_000

_COLUMNS = ", ".join(f"e.{column}" for column in (*trail.COLUMNS, "seq", "mac"))
_ROWS = f"""
    SELECT CAST(CAST(e.xid AS text) AS bigint) AS xid, {head_rules.LEAF_SQL} AS leaf, {_COLUMNS}
    FROM audit_event AS e
    WHERE ({{where}}) AND (CAST(:only AS uuid) IS NULL OR e.tenant_id = :only)
    ORDER BY e.xid, e.seq
"""  # noqa: S608  # constants of ours
_BEFORE_THE_EPOCH = "e.xid < CAST(CAST(:to_xid AS text) AS xid8) AND e.seq > :first_seq"
_AFTER_ALL = "e.xid >= CAST(CAST(:to_xid AS text) AS xid8) AND e.seq > :first_seq"

# Whom each event concerns, against the hash that the event was written with.
_SUBJECTS = text(
    """
    SELECT coalesce(e.tenant_id, s.tenant_id) AS practice, coalesce(e.id, s.event_id) AS event
    FROM (SELECT tenant_id, id, at, subjects_hash FROM audit_event
          WHERE CAST(:only AS uuid) IS NULL OR tenant_id = :only) AS e
    FULL JOIN (
      SELECT tenant_id, event_id, at,
             sha256(string_agg(uuid_send(patient_id), ''::bytea ORDER BY patient_id)) AS made
      FROM audit_subject WHERE CAST(:only AS uuid) IS NULL OR tenant_id = :only
      GROUP BY tenant_id, event_id, at
    ) AS s ON s.tenant_id = e.tenant_id AND s.event_id = e.id AND s.at = e.at
    WHERE e.subjects_hash IS DISTINCT FROM s.made
    LIMIT 100
    """
)


@dataclass
class Verdict:
    heads: int = 0
    practices: int = 0
    events: int = 0
    unsealed: int = 0
    anchors: int = 0
    last: SignedHead | None = None
    faults: list[Fault] = field(default_factory=list)
    """The first bad event first."""


class Walk:
    """One run over the log, head by head."""

    def __init__(self, db: SealerSession, comparison: Comparison, only: UUID | None) -> None:
        self._db = db
        self._comparison = comparison
        self._only = only
        self._forest = Forest()
        self.heads = 0
        self.last: SignedHead | None = None
        self.hashes: dict[tuple[int, int], bytes] = {}
        """Of every head, by epoch and number: what anchors are compared with."""
        self.first_events: dict[int, tuple[UUID, UUID]] = {}
        """The practice and id of the first event that each head added."""
        self._epoch_ends: dict[int, int] = {}

    @property
    def practices(self) -> int:
        return len(self._forest.trees)

    async def run(self, keys: Mapping[int, bytes]) -> list[Fault]:
        """Every head there is, until one is not as it was signed; its faults."""
        self._epoch_ends = await self._ends()
        while True:
            after = self.last.head.number if self.last else 0
            group = await self._group(after)
            if not group:
                return []
            before = self.last.head if self.last else None
            seals = await self._seals([signed.head.number for signed in group])
            sound: list[Head] = []
            faults: list[Fault] = []
            for signed in group:
                reason = self._is_unsound(signed, seals.get(signed.head.number, []), keys)
                if reason:
                    faults = [self.fault_at(signed.head.number, reason)]
                    break
                sound.append(signed.head)
            await self._compare(sound, before, seals)
            found = self._comparison
            if faults or len(found.faults) + len(found.missing) > _MOST_FAULTS:
                return faults

    def _is_unsound(
        self, signed: SignedHead, seals: Sequence[AuditSeal], keys: Mapping[int, bytes]
    ) -> str:
        head, last = signed.head, self.last.head if self.last else None
        if seals:
            first = next(comparing.unpacked(seals[0].leaves))[0]
            self.first_events[head.number] = seals[0].tenant_id, first
        try:
            signed.check(keys.get(head.key, b""))
        except BadProof as error:
            return str(error)
        if head.previous != (last.hash() if last else NO_HEAD).hex():
            return f"head {head.number} does not follow the head before it: heads were removed or exchanged"
        self._forest.grow({seal.tenant_id: comparing.leaves(seal.leaves) for seal in seals})
        for seal in seals:
            tree = self._forest.trees[seal.tenant_id]
            if (tree.size, tree.root, tree.packed()) != (seal.size, seal.root, seal.frontier):
                return f"what head {head.number} sealed of practice {seal.tenant_id} was changed"
        if self._forest.root.hex() != head.root:
            return f"what head {head.number} sealed is not what it signed"
        self.heads += 1
        self.last = signed
        self.hashes[head.epoch, head.number] = head.hash()
        return ""

    async def _compare(
        self, heads: Sequence[Head], before: Head | None, seals: Mapping[int, Sequence[AuditSeal]]
    ) -> None:
        for reach, run in _runs(heads, before, self._epoch_ends):
            rows = await self._rows(reach.where, reach.parameters)
            at = 0
            for head in run:
                start = at
                while at < len(rows) and (reach.begins_epoch or rows[at].xid < head.to_xid):
                    at += 1
                sealed = {seal.tenant_id: seal.leaves for seal in seals.get(head.number, [])}
                self._comparison.compare(head.number, sealed, rows[start:at], only=self._only)
            if reach.begins_epoch:
                # Of the new epoch, but older than its beginning: no head will ever look here.
                given: dict[str, int | str] = {
                    "to_xid": str(run[0].to_xid),
                    "first_seq": run[0].first_seq,
                }
                stray = await self._rows(_BEFORE_THE_EPOCH, given)
                self._comparison.compare(run[0].number, {}, stray, only=self._only)

    async def unsealed(self) -> int:
        """Events that wait for the sealer: each must be as it was written. Their number."""
        last = self.last.head if self.last else None
        given: dict[str, int | str] = {
            "to_xid": str(last.to_xid if last else 0),
            "first_seq": last.first_seq if last else 0,
        }
        next_xid = await self._db.scalar(
            text("SELECT CAST(CAST(pg_snapshot_xmax(pg_current_snapshot()) AS text) AS bigint)")
        )
        rows = await self._rows(_AFTER_ALL, given)
        head = last.number + 1 if last else 1
        for place, row in enumerate(rows):
            reason = self._comparison.altered(row)
            if not reason and row.xid >= (next_xid or 0):
                reason = "it was inserted, or moved: its transaction has not begun"
            if reason:
                fault = Fault(head, place, reason, row.tenant_id, row.id)
                self._comparison.faults.append(fault)
        return len(rows)

    async def _rows(self, where: str, given: Mapping[str, int | str]) -> Sequence[Any]:
        # What `xid8` an event has is asked in the order of the log, whatever practice it is of.
        query = text(_ROWS.format(where=where))
        return (await self._db.execute(query, {**given, "only": self._only})).all()

    async def _ends(self) -> dict[int, int]:
        """The last event sealed in each epoch that is over."""
        found = await self._db.execute(
            select(AuditHead.epoch, func.max(AuditHead.last_seq)).group_by(AuditHead.epoch)
        )
        ends = {epoch: int(last) for epoch, last in found}
        ends.pop(max(ends, default=0), None)
        return ends

    async def _group(self, after: int) -> list[SignedHead]:
        """The next heads, as many as have not too many events together; one at least."""
        events = func.coalesce(func.sum(func.length(AuditSeal.leaves)), 0) / PACKED_BYTES
        query = (
            select(AuditHead, events.label("events"))
            .outerjoin(AuditSeal, AuditSeal.head == AuditHead.number)
            .where(AuditHead.number > after)
            .group_by(AuditHead.number)
            .order_by(AuditHead.number)
            .limit(_HEADS_AT_ONCE)
        )
        group: list[SignedHead] = []
        total = 0
        for row, count in await self._db.execute(query):
            total += int(count)
            if group and total > _EVENTS_AT_ONCE:
                break
            group.append(sealing.signed_head(row))
        return group

    async def _seals(self, numbers: Sequence[int]) -> dict[int, list[AuditSeal]]:
        found: dict[int, list[AuditSeal]] = {}
        query = (
            select(AuditSeal)
            .where(AuditSeal.head.between(numbers[0], numbers[-1]))
            .order_by(AuditSeal.head, AuditSeal.tenant_id)
        )
        for seal in await self._db.scalars(query):
            found.setdefault(seal.head, []).append(seal)
            self._db.expunge(seal)
        return found

    def fault_at(self, number: int, says: str) -> Fault:
        """About a head: the first event it added is the first that cannot be trusted."""
        practice, event = self.first_events.get(number, (None, None))
        return Fault(number, -1, says, practice, event)


def _runs(
    heads: Sequence[Head], before: Head | None, ends: Mapping[int, int]
) -> list[tuple[Reach, list[Head]]]:
    """Heads whose events one query can fetch. An epoch's first head stands alone."""
    runs: list[tuple[Reach, list[Head]]] = []
    for head in heads:
        if before is not None and before.epoch != head.epoch:
            reach = Reach(
                head.epoch,
                head.cluster,
                before.to_xid,
                head.to_xid,
                before.first_seq,
                before.last_seq,
                begins_epoch=True,
                last_seq=head.first_seq,
            )
            runs.append((reach, [head]))
        elif runs and not runs[-1][0].begins_epoch:
            reach, run = runs.pop()
            runs.append((replace(reach, to_xid=head.to_xid), [*run, head]))
        else:
            reach = Reach(
                head.epoch,
                head.cluster,
                head.from_xid,
                head.to_xid,
                head.first_seq,
                0,
                last_seq=ends.get(head.epoch, EVER),
            )
            runs.append((reach, [head]))
        before = head
    return runs


async def verify(
    db: SealerSession,
    anchored: Sequence[SignedHead] = (),
    *,
    pinned: bytes | None = None,
    only: UUID | None = None,
) -> Verdict:
    """Every head and event, and with `only` the events of one practice. `pinned` is the public key
    as it was noted outside; without it the database's own word for the key is taken."""
    keys = await signing.public_keys(db)
    if pinned is not None:
        keys = dict.fromkeys(keys, pinned)
    comparison = Comparison(await macs.by_version(db))
    walk = Walk(db, comparison, only)
    faults = await walk.run(keys)
    unsealed = await walk.unsealed() if not faults else 0
    comparison.settle(await _elsewhere(db, list(comparison.missing)))
    faults += comparison.faults
    faults += _against(anchored, walk, keys, is_whole=not faults)
    faults += await _wrong_subjects(db, only, told={fault.event for fault in faults})
    return Verdict(
        heads=walk.heads,
        practices=walk.practices,
        events=comparison.events + unsealed,
        unsealed=unsealed,
        anchors=len(anchored),
        last=walk.last,
        faults=sorted(faults, key=lambda fault: fault.order),
    )


def _against(
    anchored: Sequence[SignedHead], walk: Walk, keys: Mapping[int, bytes], *, is_whole: bool
) -> list[Fault]:
    """What was put beside the database, against what is in it."""
    last = walk.last.head if walk.last else None
    reached = last.number if last else 0
    good = 0
    seen: dict[tuple[int, int], bytes] = {}
    for signed in sorted(anchored, key=lambda one: (one.head.epoch, one.head.number)):
        head = signed.head
        place = head.epoch, head.number
        try:
            signed.check(keys.get(head.key, b""))
        except BadProof:
            says = f"the anchor's head {head.number} is not signed by this key"
            return [walk.fault_at(good + 1, says)]
        if seen.setdefault(place, head.hash()) != head.hash():
            return [walk.fault_at(good + 1, f"two heads {head.number} were anchored: a forked log")]
        if place in walk.hashes:
            if walk.hashes[place] != head.hash():
                says = f"the log was made anew: head {head.number} is not the one anchored"
                return [walk.fault_at(good + 1, f"{says} at {head.at}")]
            good = head.number
        elif is_whole:
            says = f"head {head.number} was anchored at {head.at}, the last here is head {reached}"
            return [Fault(reached + 1, -1, f"the end of the log was cut off: {says}")]
    return []


async def _elsewhere(db: SealerSession, missing: Sequence[UUID]) -> dict[UUID, UUID]:
    if not missing:
        return {}
    ids = bindparam("ids", list(missing), ARRAY(Uuid))
    found = await db.execute(
        select(AuditEvent.id, AuditEvent.tenant_id).where(AuditEvent.id == ids.any_())
    )
    return {row.id: row.tenant_id for row in found}


async def _wrong_subjects(
    db: SealerSession, only: UUID | None, told: Collection[UUID | None]
) -> list[Fault]:
    """Of events that are otherwise as they were: those that concern other patients now."""
    found = (await db.execute(_SUBJECTS, {"only": only})).all()
    faults = []
    for practice, event in found:
        if event not in told:
            head, place = await _place(db, practice, event)
            says = "whom it concerns was changed"
            faults.append(Fault(head, place, says, practice, event))
    return faults


async def _place(db: SealerSession, practice: UUID, event: UUID) -> tuple[int, int]:
    """Where an event was sealed: the head, and the place in what it added. The end, if nowhere."""
    found = (
        await db.execute(
            text(
                "SELECT head, position(:event IN leaves) - 1 AS start FROM audit_seal"
                " WHERE tenant_id = :practice AND position(:event IN leaves) > 0"
                " ORDER BY head LIMIT 1"
            ),
            {"practice": practice, "event": event.bytes},
        )
    ).one_or_none()
    return (found.head, found.start // PACKED_BYTES) if found else (EVER, 0)
