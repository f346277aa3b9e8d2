"""An ID token is read: by which key, for whom, when, and for which question (OpenID Connect Core, 3.1.3.7).

The algorithm is what the provider announced and we know, never what the token alone says; the key is
the one that the provider publishes under the token's `kid`, never one that the token brings along.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from billing_saas.federation.errors import NotVouchedFor

# Signatures with a private key only: with a shared one (HS256) whoever knows the public key could sign.
ALGORITHMS: dict[str, type[RSAKey] | type[ECKey] | type[OKPKey]] = {
    "RS256": RSAKey,
    "PS256": RSAKey,
    "ES256": ECKey,
    "EdDSA": OKPKey,
}
_CURVES = {"ES256": "P-256", "EdDSA": "Ed25519"}
_HASHES = {"RS256": "sha256", "PS256": "sha256", "ES256": "sha256", "EdDSA": "sha512"}
# What would have us trust a key of the token's own choosing, or read it in another way (RFC 7515, 4.1).
_NEVER = frozenset({"jku", "jwk", "x5u", "crit", "zip", "b64"})
_LONGEST = 16_384
_LONGEST_SUBJECT = 255
_SHORTEST_RSA = 2048
_LEEWAY = timedelta(seconds=60)
_OLDEST = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a token must be an answer to."""

    issuer: str
    client_id: str
    nonce: str
    algorithms: frozenset[str]
    access_token: str
    now: datetime


@dataclass(frozen=True, slots=True)
class Vouched:
    """What a provider said of a person."""

    subject: str
    email: str
    email_verified: bool | None
    """None when it says nothing of that."""
    amr: frozenset[str]
    acr: str


def key_id(id_token: str) -> str:
    """Which key the token says it was signed with; empty when it does not say."""
    kid = _header(id_token).get("kid", "")
    if not isinstance(kid, str):
        raise NotVouchedFor("token.header")
    return kid


def read(id_token: str, keys: Sequence[Mapping[str, Any]], asked: Asked) -> Vouched:
    """What it says, or `NotVouchedFor`."""
    header = _header(id_token)
    algorithm = header.get("alg")
    if algorithm not in ALGORITHMS or algorithm not in asked.algorithms:
        raise NotVouchedFor("token.algorithm")
    key = _key(keys, key_id(id_token), algorithm)
    try:
        registry = JWSRegistry(algorithms=[algorithm], strict_check_header=False)
        signed = jws.deserialize_compact(id_token.encode(), key, registry=registry)
        claims = msgspec.json.decode(signed.payload)
    except (JoseError, ValueError, RecursionError):
        raise NotVouchedFor("token.signature") from None
    if not isinstance(claims, dict):
        raise NotVouchedFor("token.claims")
    _check(claims, asked)
    _check_access_token(claims, asked.access_token, _HASHES[algorithm])
    return vouched(claims)


def vouched(claims: Mapping[str, Any]) -> Vouched:
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= _LONGEST_SUBJECT:
        raise NotVouchedFor("token.subject")
    amr, email, acr = claims.get("amr"), claims.get("email"), claims.get("acr")
    return Vouched(
        subject=subject,
        email=email if isinstance(email, str) else "",
        email_verified=_verified(claims),
        amr=frozenset(one for one in amr if isinstance(one, str))
        if isinstance(amr, list)
        else frozenset(),
        acr=acr if isinstance(acr, str) else "",
    )


def _verified(claims: Mapping[str, Any]) -> bool | None:
    """`xms_edov` is Microsoft's: the owner of the address' domain was verified. Both come as a word or
    a number from some."""
    said = [claims[name] for name in ("email_verified", "xms_edov") if name in claims]
    if not said:
        return None
    return all(one is True or one == 1 or one in ("true", "1") for one in said)


def _header(id_token: str) -> dict[str, Any]:
    if len(id_token) > _LONGEST or not id_token.isascii():
        raise NotVouchedFor("token.form")
    try:
        encoded = id_token.partition(".")[0]
        header = msgspec.json.decode(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
    except (ValueError, RecursionError):
        raise NotVouchedFor("token.form") from None
    if not isinstance(header, dict) or _NEVER & header.keys():
        raise NotVouchedFor("token.header")
    # RFC 9068 and others sign tokens for other ends with the same keys, and say so.
    if str(header.get("typ", "JWT")).upper() != "JWT":
        raise NotVouchedFor("token.type")
    return header


def _key(keys: Sequence[Mapping[str, Any]], kid: str, algorithm: str) -> RSAKey | ECKey | OKPKey:
    kind = ALGORITHMS[algorithm]
    fitting = [
        one
        for one in keys
        if one.get("kty") == kind.key_type
        and one.get("crv") == _CURVES.get(algorithm)
        and one.get("use", "sig") == "sig"
        and one.get("alg", algorithm) == algorithm
        and (not kid or one.get("kid") == kid)
    ]
    # Without a `kid` it must be clear which key is meant (Core, 10.1): trying all of them is guessing.
    if len(fitting) != 1:
        raise NotVouchedFor("token.key")
    public = {name: value for name, value in fitting[0].items() if name not in ("key_ops", "use")}
    try:
        key = kind.import_key(public)
    except (JoseError, ValueError, TypeError, KeyError):
        raise NotVouchedFor("token.key") from None
    if isinstance(key, RSAKey) and key.public_key.key_size < _SHORTEST_RSA:
        raise NotVouchedFor("token.key")
    return key


def _check(claims: Mapping[str, Any], asked: Asked) -> None:
    if claims.get("iss") != asked.issuer:
        raise NotVouchedFor("token.issuer")
    audience = claims.get("aud")
    several = audience if isinstance(audience, list) else [audience]
    if asked.client_id not in several:
        raise NotVouchedFor("token.audience")
    # Who is meant among several, and whom the token was issued to, is said by `azp`: it must be us.
    if claims.get("azp", None if len(several) > 1 else asked.client_id) != asked.client_id:
        raise NotVouchedFor("token.audience")
    now = asked.now
    if now - _LEEWAY >= _time(claims, "exp"):
        raise NotVouchedFor("token.expired")
    issued = _time(claims, "iat")
    if issued > now + _LEEWAY or issued < now - _OLDEST - _LEEWAY:
        raise NotVouchedFor("token.issued")
    if "nbf" in claims and _time(claims, "nbf") > now + _LEEWAY:
        raise NotVouchedFor("token.early")
    nonce = claims.get("nonce")
    if not isinstance(nonce, str) or not hmac.compare_digest(nonce.encode(), asked.nonce.encode()):
        raise NotVouchedFor("token.nonce")


def _time(claims: Mapping[str, Any], name: str) -> datetime:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise NotVouchedFor("token.time")
    try:
        return datetime.fromtimestamp(value, tz=UTC)
    except (ValueError, OverflowError, OSError):
        raise NotVouchedFor("token.time") from None


def _check_access_token(claims: Mapping[str, Any], access_token: str, hashed_by: str) -> None:
    """Core, 3.1.3.6: the left half of its hash, when it is given."""
    if "at_hash" not in claims:
        return
    digest = hashlib.new(hashed_by, access_token.encode()).digest()
    half = base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=")
    if not hmac.compare_digest(half, str(claims["at_hash"]).encode()):
        raise NotVouchedFor("token.access_token")
