"""What requests are recognised by: digests under keys of ours, never what they say."""

import hashlib
import hmac
from collections.abc import Sequence
from uuid import UUID

DIGEST_BYTES = 32
BUCKET_BYTES = 16


def subkey(material: bytes, purpose: str) -> bytes:
    """A key of its own per purpose, so that no digest of one is ever a digest of another."""
    return hmac.digest(material, b"billing-saas|requests|" + purpose.encode(), hashlib.sha256)


def digest(key: bytes, parts: Sequence[bytes]) -> bytes:
    """HMAC-SHA256 of the parts, each with its length before it: no two lists look alike."""
    mac = hmac.new(key, digestmod=hashlib.sha256)
    for part in parts:
        mac.update(len(part).to_bytes(8))
        mac.update(part)
    return mac.digest()


def key_digest(key: bytes, tenant_id: UUID, principal_id: UUID, idempotency_key: str) -> bytes:
    """Where the request is kept: another practice's or person's key is another key."""
    return digest(key, [b"key", tenant_id.bytes, principal_id.bytes, idempotency_key.encode()])


def fingerprint(key: bytes, method: str, address: str, body: bytes) -> bytes:
    """What was asked: the same key with another of these is a mistake of the client's."""
    return digest(key, [b"request", method.encode(), address.encode(), body])


def bucket(key: bytes, kind: str, *subject: str | bytes | UUID) -> bytes:
    """The name of a rate bucket: nobody who reads the store learns whom it counts."""
    return digest(key, [kind.encode(), *(_encoded(part) for part in subject)])[:BUCKET_BYTES]


def _encoded(part: str | bytes | UUID) -> bytes:
    if isinstance(part, UUID):
        return part.bytes
    return part.encode() if isinstance(part, str) else part
