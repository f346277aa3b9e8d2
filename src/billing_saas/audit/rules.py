"""What an event says, in one canonical form, and the MAC over it."""

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntFlag
from uuid import UUID

import msgspec

from billing_saas.kit.actor import Actor


class Classes(IntFlag):
    """Which sensitivity classes of sealed data a response opened."""

    NONE = 0
    DEMOGRAPHIC = 1
    CLINICAL = 2
    RESTRICTED = 4
    FILE = 8


# The log of what belongs to no practice: provisioning, and strangers without a membership.
PLATFORM_LOG = UUID(int=0)

# Facts an event may carry beside its columns; none can hold protected data.
_KEYS = frozenset(
    {"arrivals", "claims", "count", "field", "findings", "from", "kind", "matched", "permission"}
    | {"posting_number", "reason", "role", "rows", "route", "source", "state", "token", "to"}
    | {"unmatched", "version", "cents", "key_ver"}
)
_WORD = re.compile(r"[A-Za-z0-9_.:/{} -]{0,120}\Z")


@dataclass(frozen=True, slots=True)
class Event:
    id: UUID
    tenant_id: UUID
    at: datetime
    actor: Actor
    action: str
    object_type: str
    object_id: UUID | None = None
    subjects: tuple[UUID, ...] = ()
    classes: Classes = Classes.NONE
    content_hash: bytes | None = None
    outcome: str = "done"
    detail: Mapping[str, int | str] | None = None

    @property
    def subjects_hash(self) -> bytes | None:
        return subjects_hash(self.subjects)


def subjects_hash(subjects: Sequence[UUID]) -> bytes | None:
    """Binds the event to its subjects, in an order of their own. None when there are none."""
    if not subjects:
        return None
    return hashlib.sha256(b"".join(sorted(subject.bytes for subject in subjects))).digest()


def check_detail(detail: Mapping[str, int | str]) -> None:
    """Refuse a fact that is not on the list, or is not a short word: the trail holds no PHI."""
    for key, value in detail.items():
        if key not in _KEYS:
            raise ValueError(f"an audit event carries no fact named {key!r}")
        if isinstance(value, str) and not _WORD.match(value):
            raise ValueError(f"the audit fact {key!r} must be a short word")


def canonical(columns: Sequence[object]) -> bytes:
    """The bytes under the MAC: the columns in their fixed order, as JSON, times in UTC."""
    return msgspec.json.encode([_plain(column) for column in columns], order="deterministic")


_AS_THEY_ARE = {str, int, type(None)}


def _plain(value: object) -> object:
    if type(value) in _AS_THEY_ARE:  # most columns, and verification asks for every one there is
        return value
    if isinstance(value, UUID):
        return value.hex  # the driver's UUID is a subclass that the encoder does not know
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, Mapping):
        return dict(value)
    return value


def mac(key: bytes, columns: Sequence[object]) -> bytes:
    return hmac.digest(key, canonical(columns), "sha256")
