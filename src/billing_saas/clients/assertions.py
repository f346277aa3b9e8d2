"""A signed assertion of who asks (RFC 7523): read without trust, then held against one key.

Nothing in it chooses the key's algorithm, brings a key or names where one lies: the header has `alg`,
`kid` and `typ` and no more, and `kid` is a name among the client's own keys.
"""

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from joserfc import jws
from joserfc.errors import JoseError

from billing_saas.clients import key_rules
from billing_saas.clients.errors import AssertionRefused

MOST_BYTES = 4096
LONGEST = timedelta(minutes=5)
SKEW = timedelta(seconds=30)
"""How far a client's clock may be ahead of ours, where it says since when."""
TYPES = frozenset({"JWT", "client-authentication+jwt"})

_HEADER = {"alg", "kid", "typ"}
_MOST_JTI = 128
# A key that no client has: what is verified with where there is none, so that it takes as long.
_NOBODYS: Mapping[str, Any] = {
    "kty": "EC",
    "crv": "P-256",
    "alg": "ES256",
    "kid": "",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
}


@dataclass(frozen=True, slots=True)
class Assertion:
    """What an assertion says, its signature not looked at yet."""

    compact: str
    algorithm: str
    key_id: str
    claims: Mapping[str, Any]

    @property
    def client_id(self) -> str:
        subject = self.claims.get("sub")
        return subject if isinstance(subject, str) else ""


@dataclass(frozen=True, slots=True)
class Used:
    """An assertion that held: to be kept until it runs out, and good no second time."""

    jti: str
    expires_at: datetime


def read(compact: str) -> Assertion:
    if len(compact) > MOST_BYTES or not compact.isascii() or compact.count(".") != 2:
        raise AssertionRefused
    header, payload, signature = (_decoded(part) for part in compact.split("."))
    if not signature:
        raise AssertionRefused
    said = _object(header)
    if set(said) != _HEADER or said["typ"] not in TYPES:
        raise AssertionRefused
    if not isinstance(said["alg"], str) or not isinstance(said["kid"], str):
        raise AssertionRefused
    return Assertion(compact, said["alg"], said["kid"], _object(payload))


def check(
    assertion: Assertion,
    client_id: UUID,
    keys: Sequence[Mapping[str, Any]],
    audiences: frozenset[str],
    now: datetime,
) -> Used:
    """Hold it against the client's key of that name; `AssertionRefused`, which does not say why."""
    key = {str(one["kid"]): one for one in keys}.get(assertion.key_id, _NOBODYS)
    signed = is_signed(assertion.compact, key)
    used = _claimed(assertion.claims, str(client_id), audiences, now)
    if not signed or used is None or key is _NOBODYS:
        raise AssertionRefused
    return used


def is_signed(compact: str, key: Mapping[str, Any]) -> bool:
    """By this key, with the one algorithm that the key is for."""
    try:
        algorithms = [str(key["alg"])]
        registry = jws.JWSRegistry(algorithms=algorithms)
        jws.deserialize_compact(
            compact, key_rules.imported(key), algorithms=algorithms, registry=registry
        )
    except (JoseError, ValueError, TypeError, KeyError):
        return False
    return True


def _claimed(
    claims: Mapping[str, Any], client_id: str, audiences: frozenset[str], now: datetime
) -> Used | None:
    expires_at, jti = _instant(claims.get("exp")), claims.get("jti")
    if claims.get("iss") != client_id or claims.get("sub") != client_id:
        return None
    if not audiences & _audience(claims.get("aud")):
        return None
    if expires_at is None or not now < expires_at <= now + LONGEST:
        return None
    for name in ("iat", "nbf"):
        since = _instant(claims.get(name))
        if name in claims and (since is None or since > now + SKEW):
            return None
    if not isinstance(jti, str) or not 8 <= len(jti) <= _MOST_JTI:
        return None
    return Used(jti, expires_at)


def _audience(said: Any) -> frozenset[str]:
    parts = said if isinstance(said, list) else [said]
    return frozenset(part for part in parts if isinstance(part, str))


def _instant(said: Any) -> datetime | None:
    """Seconds since 1970 (RFC 7519, section 2). True is a number only to Python."""
    if not isinstance(said, (int, float)) or isinstance(said, bool):
        return None
    try:
        return datetime.fromtimestamp(said, tz=UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _decoded(part: str) -> bytes:
    """base64url in its one canonical form: no padding, no stray bits, nothing of another alphabet."""
    try:
        found = base64.b64decode(part + "=" * (-len(part) % 4), b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise AssertionRefused from None
    if base64.urlsafe_b64encode(found).rstrip(b"=") != part.encode():
        raise AssertionRefused
    return found


def _object(text: bytes) -> dict[str, Any]:
    try:
        found = json.loads(text.decode(), object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise AssertionRefused from None
    if not isinstance(found, dict):
        raise AssertionRefused
    return found


def _once(members: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of two equal names one reader takes the first and another the last."""
    made = dict(members)
    if len(made) < len(members):
        raise AssertionRefused
    return made
