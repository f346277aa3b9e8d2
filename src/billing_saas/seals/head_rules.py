"""What is signed: how an event becomes a leaf, what a head says, and what a proof of either shows.

Everything here is checked with the public key alone, by whoever holds a proof.
"""

import hashlib
import json
import struct
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from billing_saas.seals import merkle_rules
from billing_saas.seals.merkle_rules import BadProof

Hash = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
Signature = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{128}\Z")]
Count = Annotated[int, msgspec.Meta(ge=0, le=(1 << 63) - 1)]

_EPOCH_OF_POSTGRES = datetime(2000, 1, 1, tzinfo=UTC)

# The columns of an event in a leaf, each with the number of its type in PostgreSQL's catalogue. A
# leaf is what PostgreSQL's `record_send` makes of them, so that the server can make it in C; the
# numbers of built-in types never change. Another list is another version of `Head.format`.
_LEAF: tuple[tuple[str, str], ...] = (
    *(("id", "uuid"), ("seq", "int8"), ("xid", "xid8"), ("tenant_id", "uuid")),
    *(("at", "timestamptz"), ("actor_kind", "text"), ("actor_id", "uuid")),
    *(("on_behalf_of", "uuid"), ("session_id", "uuid"), ("action", "text")),
    *(("object_type", "text"), ("object_id", "uuid"), ("purpose", "text"), ("outcome", "text")),
    *(("request_id", "text"), ("ip_prefix", "text"), ("classes_read", "int2")),
    *(("content_hash", "bytea"), ("subjects_hash", "bytea"), ("detail", "jsonb")),
    *(("mac_key", "int2"), ("mac", "bytea")),
)
LEAF_SQL = f"record_send(ROW({', '.join(f'e.{name}' for name, _ in _LEAF)}))"


def instant(text: str) -> datetime:
    """A moment as heads and exported events write it."""
    return datetime.fromisoformat(text)


def _instant(text: str) -> bytes:
    since = instant(text) - _EPOCH_OF_POSTGRES
    micros = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
    return struct.pack(">q", micros)


def _jsonb(value: Mapping[str, int | str]) -> bytes:
    # The order in which jsonb keeps its keys: the shorter first, then byte by byte.
    ordered = dict(sorted(value.items(), key=lambda pair: (len(pair[0].encode()), pair[0])))
    return b"\x01" + json.dumps(ordered, ensure_ascii=False).encode()


def _integer(layout: str) -> Callable[[Any], bytes]:
    pack = struct.Struct(layout).pack

    def encode(value: Any) -> bytes:
        if type(value) is not int:  # True packs as 1
            raise TypeError(type(value).__name__)
        return pack(value)

    return encode


_TYPES: dict[str, tuple[int, Callable[[Any], bytes]]] = {
    "uuid": (2950, lambda text: UUID(text).bytes),
    "int8": (20, _integer(">q")),
    "xid8": (5069, _integer(">Q")),
    "int2": (21, _integer(">h")),
    "text": (25, str.encode),
    "bytea": (17, bytes.fromhex),
    "timestamptz": (1184, _instant),
    "jsonb": (3802, _jsonb),
}


def exported(row: Mapping[str, Any]) -> dict[str, Any]:
    """An event as it leaves us: JSON that `leaf_of` reads back to the byte."""
    return {name: _plain(row[name]) for name, _ in _LEAF}


def _plain(value: Any) -> Any:
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return value


def leaf_of(event: Mapping[str, Any]) -> bytes:
    """The bytes that PostgreSQL makes of an exported event, or `BadProof`."""
    if set(event) != {name for name, _ in _LEAF}:
        raise BadProof("the event has not the fields of an event")
    parts = [struct.pack(">i", len(_LEAF))]
    try:
        for name, kind in _LEAF:
            number, encode = _TYPES[kind]
            if event[name] is None:
                parts.append(struct.pack(">Ii", number, -1))
                continue
            content = encode(event[name])
            parts += [struct.pack(">Ii", number, len(content)), content]
    except (AttributeError, OverflowError, TypeError, ValueError, struct.error) as error:
        raise BadProof(f"the event's {name} is not what it should be") from error
    if _reread(event) != dict(event):
        raise BadProof("the event is not written as it was exported")
    return b"".join(parts)


def _reread(event: Mapping[str, Any]) -> dict[str, Any]:
    """Spelled in our way: a UUID in capitals or another time zone is the same value, not our text."""
    again = dict(event)
    for name, kind in _LEAF:
        if event[name] is None:
            continue
        if kind == "uuid":
            again[name] = str(UUID(event[name]))
        elif kind == "bytea":
            again[name] = bytes.fromhex(event[name]).hex()
        elif kind == "timestamptz":
            again[name] = _plain(instant(event[name]))
    return again


class Head(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A moment of the whole log: what was in it, and which head came before."""

    format: Literal["billing-saas audit head 1"]
    number: Count
    epoch: Count
    """Counts the clusters that the log has lived in: transaction ids start anew in each."""
    cluster: str
    """PostgreSQL's system identifier."""
    from_xid: Count
    to_xid: Count
    """Events of transactions from the one up to, not with, the other were added by this head."""
    first_seq: Count
    """Events of this epoch come after this one."""
    last_seq: Count
    practices: Count
    root: Hash
    """Of the tree over each practice's id, number of events and root, in the order of the ids."""
    at: str
    previous: Hash
    key: Count

    def body(self) -> bytes:
        return msgspec.json.encode(self)

    def hash(self) -> bytes:
        return hashlib.sha256(self.body()).digest()


class SignedHead(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    head: Head
    signature: Signature

    def check(self, public_key: bytes) -> None:
        try:
            key = Ed25519PublicKey.from_public_bytes(public_key)
            key.verify(bytes.fromhex(self.signature), self.head.body())
        except (InvalidSignature, ValueError) as error:
            raise BadProof(f"head {self.head.number} is not signed by this key") from error


NO_HEAD = bytes(32)


class PracticeTree(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A practice's tree as a signed head has it."""

    practice: str
    size: Count
    root: Hash
    place: Count
    path: list[Hash]
    signed: SignedHead

    def check(self, public_key: bytes) -> None:
        self.signed.check(public_key)
        head = self.signed.head
        leaf = merkle_rules.leaf_hash(
            practice_leaf(_uuid(self.practice), self.size, bytes.fromhex(self.root))
        )
        merkle_rules.check_inclusion(
            leaf, self.place, head.practices, _hashes(self.path), bytes.fromhex(head.root)
        )


class Inclusion(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """That an event stood at a place of its practice's log."""

    proof: Literal["billing-saas audit inclusion 1"]
    event: dict[str, Any]
    index: Count
    path: list[Hash]
    tree: PracticeTree

    def check(self, public_key: bytes) -> None:
        """Refuse with `BadProof` whatever is not as it was signed."""
        self.tree.check(public_key)
        leaf = merkle_rules.leaf_hash(leaf_of(self.event))
        if self.event["tenant_id"] != self.tree.practice:
            raise BadProof("the event is of another practice")
        merkle_rules.check_inclusion(
            leaf, self.index, self.tree.size, _hashes(self.path), bytes.fromhex(self.tree.root)
        )


class Consistency(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """That a practice's log at one head is a beginning of its log at another."""

    proof: Literal["billing-saas audit consistency 1"]
    first: PracticeTree
    second: PracticeTree
    path: list[Hash]

    def check(self, public_key: bytes) -> None:
        self.first.check(public_key)
        self.second.check(public_key)
        if self.first.practice != self.second.practice:
            raise BadProof("the trees are of two practices")
        merkle_rules.check_consistency(
            self.first.size,
            bytes.fromhex(self.first.root),
            self.second.size,
            bytes.fromhex(self.second.root),
            _hashes(self.path),
        )


def practice_leaf(practice: UUID, size: int, root: bytes) -> bytes:
    return practice.bytes + size.to_bytes(8, "big") + root


def read_proof(text: bytes) -> Inclusion | Consistency:
    """A proof file, or `BadProof`."""
    try:
        kind = msgspec.json.decode(text, type=dict[str, Any]).get("proof")
        if kind == "billing-saas audit consistency 1":
            return msgspec.json.decode(text, type=Consistency)
        return msgspec.json.decode(text, type=Inclusion)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadProof("this is no proof of ours") from error


def _hashes(path: list[Hash]) -> list[bytes]:
    return [bytes.fromhex(node) for node in path]


def _uuid(text: str) -> UUID:
    try:
        made = UUID(text)
    except ValueError as error:
        raise BadProof("the practice is not an id") from error
    if str(made) != text:
        raise BadProof("the practice is not written as an id is")
    return made
