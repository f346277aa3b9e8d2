"""Public keys that clients sign with (RFC 7517): given by value, each for one algorithm. Pure."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from joserfc import jwk
from joserfc.errors import JoseError

MOST_KEYS = 4
# By algorithm, what its key is: type and curve. HMAC is not here, and neither is `none`.
ALGORITHMS: Mapping[str, tuple[str, str | None]] = {
    "ES256": ("EC", "P-256"),
    "ES384": ("EC", "P-384"),
    "Ed25519": ("OKP", "Ed25519"),
    "PS256": ("RSA", None),
    "RS256": ("RSA", None),
}
_MEMBERS = {
    "EC": frozenset({"crv", "x", "y"}),
    "OKP": frozenset({"crv", "x"}),
    "RSA": frozenset({"n", "e"}),
}
_OF_ALL = frozenset({"kty", "kid", "alg", "use", "key_ops"})
_KEY_ID = re.compile(r"[A-Za-z0-9._-]{1,64}\Z")
_RSA_BITS = range(2048, 4097)
_EXPONENTS = frozenset({"AQAB"})


def faults(keys: Sequence[dict[str, Any]]) -> dict[str, str]:
    """By place, what is wrong with the keys; each is told without what it holds."""
    found: dict[str, str] = {}
    if len(keys) > MOST_KEYS:
        found["public_keys"] = f"At most {MOST_KEYS}."
    seen: set[str] = set()
    for place, key in enumerate(keys):
        wrong = fault(key)
        key_id = str(key.get("kid"))
        if not wrong and key_id in seen:
            wrong = "Another key has this kid."
        seen.add(key_id)
        if wrong:
            found[f"public_keys[{place}]"] = wrong
    return found


def fault(key: Mapping[str, Any]) -> str:
    """Empty when the key is good."""
    if not all(isinstance(value, str) for name, value in key.items() if name != "key_ops"):
        return "Its members are texts."
    if not _KEY_ID.match(key.get("kid", "")):
        return "A kid of at most 64 letters, digits, dots, dashes and underscores is needed."
    kind, curve = ALGORITHMS.get(key.get("alg", ""), ("", None))
    if not kind:
        return f"Its alg must be one of {', '.join(sorted(ALGORITHMS))}."
    if key.get("kty") != kind or (curve is not None and key.get("crv") != curve):
        return "Its type does not fit its alg."
    if set(key) - _OF_ALL != _MEMBERS[kind]:
        # Most of all no `d`: whoever sends us their private key has no secret any more.
        return "It has what no public key of its type has, or lacks what every one has."
    if key.get("use", "sig") != "sig" or key.get("key_ops", ["verify"]) != ["verify"]:
        return "It is not for signatures."
    return _of_numbers(kind, key)


def _of_numbers(kind: str, key: Mapping[str, Any]) -> str:
    try:
        made = imported(key)
        bits = made.raw_value.key_size if kind == "RSA" else 0
    except (JoseError, ValueError, TypeError):
        return "Its numbers are no key."
    if kind == "RSA" and (bits not in _RSA_BITS or key["e"] not in _EXPONENTS):
        return "An RSA key has 2048 to 4096 bits, and 65537 as its exponent."
    return ""


def imported(key: Mapping[str, Any]) -> Any:
    """The key, for signatures of its own algorithm."""
    return jwk.import_key(dict(key))
