"""Hold the events of a head against what it sealed, and say of each that differs what was done to it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from billing_saas.audit import rules, trail
from billing_saas.seals import merkle_rules

# An id is made right before the event's time is taken.
NEVER_APART = timedelta(minutes=5)
PACKED_BYTES = 48


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, and where: faults sort in the order of the log."""

    head: int
    place: int
    says: str
    practice: UUID | None = None
    event: UUID | None = None

    @property
    def order(self) -> tuple[int, int]:
        return self.head, self.place

    def __str__(self) -> str:
        where = f"event {self.event} of practice {self.practice}" if self.event else "the log"
        return f"{where}: {self.says}"


class Stood(NamedTuple):
    """Where an event was sealed."""

    head: int
    place: int
    practice: UUID


@dataclass
class Comparison:
    """What the whole walk found; an event gone in one place may turn up in another."""

    mac_keys: Mapping[int, bytes]
    events: int = 0
    faults: list[Fault] = field(default_factory=list)
    missing: dict[UUID, Stood] = field(default_factory=dict)
    unsealed: dict[UUID, Stood] = field(default_factory=dict)
    """Stands where a head says all was sealed, and no head knows it."""

    def compare(
        self, head: int, sealed: Mapping[UUID, bytes], rows: Iterable[Any], *, only: UUID | None
    ) -> None:
        """`sealed` is what `head` added per practice; `rows` are the events that stand there now."""
        waiting: dict[UUID, tuple[Stood, bytes]] = {}
        for practice, packed in sealed.items():
            if only in (None, practice):
                for place, (event_id, leaf) in enumerate(unpacked(packed)):
                    waiting[event_id] = Stood(head, place, practice), leaf
        for seen, row in enumerate(rows):
            self.events += 1
            stood, leaf = waiting.get(row.id, (None, b""))
            if stood is None or stood.practice != row.tenant_id:
                self.unsealed[row.id] = Stood(head, seen, row.tenant_id)
                continue
            del waiting[row.id]
            reason = self.altered(row, leaf)
            if reason:
                self._fault(stood, row.id, reason)
        self.missing |= {event_id: stood for event_id, (stood, _) in waiting.items()}

    def altered(self, row: Any, leaf: bytes | None = None) -> str:
        """How an event differs from what was written (and sealed); empty when it does not."""
        key = self.mac_keys.get(row.mac_key)
        has_mac = key is not None and row.mac == rules.mac(
            key, [getattr(row, column) for column in trail.COLUMNS]
        )
        if leaf is None or merkle_rules.leaf_hash(row.leaf) == leaf:
            return "" if has_mac else "it was not written by us: its MAC is wrong"
        if has_mac:
            return "it is not what was sealed, though its MAC is good: its place or its MAC is new"
        made_at = born(row.id)
        if abs(row.at - made_at) > NEVER_APART:
            return f"its time was changed: its id was made at {made_at:%Y-%m-%d %H:%M:%S} UTC"
        return "it was changed"

    def settle(self, elsewhere: Mapping[UUID, UUID]) -> None:
        """Tell what is gone from what was moved. `elsewhere` has the practices of missing events
        that stand where nothing is sealed yet."""
        for event_id, stood in self.missing.items():
            now = self.unsealed.pop(event_id, None)
            practice = now.practice if now else elsewhere.get(event_id)
            if practice is None:
                self._fault(stood, event_id, "it was deleted")
            elif practice != stood.practice:
                self._fault(stood, event_id, f"it was moved to practice {practice}")
            else:
                self._fault(stood, event_id, "it was moved to another place of the log")
        for event_id, stood in self.unsealed.items():
            self._fault(stood, event_id, "it was inserted after its place had been sealed")
        self.missing.clear()
        self.unsealed.clear()

    def _fault(self, stood: Stood, event_id: UUID, says: str) -> None:
        self.faults.append(Fault(stood.head, stood.place, says, stood.practice, event_id))


def unpacked(packed: bytes) -> Iterator[tuple[UUID, bytes]]:
    """The ids and leaf hashes of a seal, in the order of the log."""
    for start in range(0, len(packed), PACKED_BYTES):
        yield UUID(bytes=packed[start : start + 16]), packed[start + 16 : start + PACKED_BYTES]


def leaves(packed: bytes) -> list[bytes]:
    return [packed[i + 16 : i + PACKED_BYTES] for i in range(0, len(packed), PACKED_BYTES)]


def born(event_id: UUID) -> datetime:
    """When a UUIDv7 was made (RFC 9562, 5.7)."""
    return datetime.fromtimestamp((event_id.int >> 80) / 1000, UTC)
