"""Assertions as a client signs them, and as somebody else would like them to be taken."""

import base64
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from joserfc import jwk, jws

from billing_saas.api.oauth.asking import ASSERTION_TYPE
from billing_saas.kit import clock
from billing_saas.kit.ids import new_id

AUDIENCE = "http://localhost/oauth/token"


@dataclass(frozen=True)
class Pair:
    """A key pair of one algorithm."""

    private: Any
    algorithm: str
    key_id: str

    @property
    def public(self) -> dict[str, Any]:
        named = {"kid": self.key_id, "alg": self.algorithm, "use": "sig"}
        return {**self.private.as_dict(private=False), **named}

    def signed(self, claims: dict[str, Any], **header: Any) -> str:
        whole = {"alg": self.algorithm, "typ": "JWT", "kid": self.key_id, **header}
        return compact(whole, claims, self)


def pair(algorithm: str = "ES256", key_id: str = "key-1") -> Pair:
    made: dict[str, Any] = {
        "ES256": lambda: jwk.ECKey.generate_key("P-256"),
        "ES384": lambda: jwk.ECKey.generate_key("P-384"),
        "Ed25519": lambda: jwk.OKPKey.generate_key("Ed25519"),
        "PS256": lambda: jwk.RSAKey.generate_key(2048),
        "RS256": lambda: jwk.RSAKey.generate_key(2048),
    }
    return Pair(made[algorithm](), algorithm, key_id)


def claims_of(client_id: UUID | str, now: datetime | None = None, **other: Any) -> dict[str, Any]:
    """Good ones, but for `other`; None leaves one out."""
    at = now or clock.now()
    good = {
        "iss": str(client_id),
        "sub": str(client_id),
        "aud": AUDIENCE,
        "iat": int(at.timestamp()),
        "exp": int((at + timedelta(minutes=1)).timestamp()),
        "jti": new_id().hex,
    }
    return {name: value for name, value in {**good, **other}.items() if value is not None}


def compact(header: dict[str, Any] | str, claims: Any, by: Pair) -> str:
    """Signed by the pair's own algorithm, whatever the header says."""
    message = f"{encoded(header)}.{encoded(claims)}"
    algorithm = jws.JWSRegistry.algorithms[by.algorithm]
    return f"{message}.{b64(algorithm.sign(message.encode(), by.private))}"


def encoded(value: Any) -> str:
    return b64(value.encode() if isinstance(value, str) else json.dumps(value).encode())


def b64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def form(assertion: str) -> dict[str, str]:
    return {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": assertion,
    }
