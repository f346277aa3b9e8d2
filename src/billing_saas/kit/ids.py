"""Every row's id is a UUIDv7 made here, before the row exists: sealing binds a document to its id."""

import secrets
import threading
import time
from datetime import UTC, datetime, timedelta
from uuid import UUID

_lock = threading.Lock()
_last_ms = 0
_sequence = 0


def new_id() -> UUID:
    """A UUIDv7 (RFC 9562, 5.7): 48 bits of milliseconds, a 12-bit counter, 62 random bits.

    Ids of one process rise even within a millisecond or when the machine's clock steps back,
    so rows written together stay together in the index.
    """
    global _last_ms, _sequence  # one counter per process is the point
    with _lock:
        now_ms = time.time_ns() // 1_000_000
        if now_ms > _last_ms:
            _last_ms, _sequence = now_ms, secrets.randbits(10)
        else:
            _sequence += 1
            if _sequence > 0xFFF:
                _last_ms, _sequence = _last_ms + 1, 0
        ms, sequence = _last_ms, _sequence
    value = ms << 80 | 0x7 << 76 | sequence << 64 | 0b10 << 62 | secrets.randbits(62)
    return UUID(int=value)


def new_ids(count: int) -> list[UUID]:
    return [new_id() for _ in range(count)]


def made_at(made: UUID) -> datetime:
    """When an id of ours was made, to the millisecond."""
    return datetime.fromtimestamp((made.int >> 80) / 1_000, UTC)


def first_at(instant: datetime) -> UUID:
    """No id of ours that was made at `instant` or later is smaller."""
    milliseconds = (instant - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    return UUID(int=milliseconds << 80)
