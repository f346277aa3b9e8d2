"""A small OpenID provider on loopback that plays by the rules, and can be told to lie."""

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jws
from joserfc.jwk import RSAKey

Claims = dict[str, Any]

CLIENT_ID, CLIENT_SECRET = "billing-saas", "a secret between the two"


@dataclass
class _Code:
    challenge: str
    nonce: str
    redirect_uri: str
    used: bool = False


@dataclass
class Provider:
    issuer: str = ""
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one"}))
    person: Claims = field(default_factory=dict)
    """Who signs in: `sub`, `email`, `email_verified`, `amr` …"""
    told: Claims = field(default_factory=dict)
    """What the person is, asked at the user-info endpoint."""
    says: Claims = field(default_factory=dict)
    """Put over its metadata."""
    claims: Callable[[Claims], Claims] = lambda claims: claims
    token: Callable[["Provider", Claims], str] = lambda provider, claims: provider.signed(claims)
    published: list[Claims] | None = None
    """Its keys, when they are not what it signs with."""
    asked: list[str] = field(default_factory=list)
    """Paths that were asked for."""
    codes: dict[str, _Code] = field(default_factory=dict)

    def metadata(self) -> Claims:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "end_session_endpoint": f"{self.issuer}/logout",
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            "authorization_response_iss_parameter_supported": True,
        } | self.says

    def visited(self, url: str) -> dict[str, str]:
        """The person signs in here: what the browser brings back in the callback's query."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        assert asked["response_type"] == "code"
        assert asked["client_id"] == CLIENT_ID
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        self.codes[code] = _Code(asked["code_challenge"], asked["nonce"], asked["redirect_uri"])
        return {"code": code, "state": asked["state"], "iss": self.issuer}

    def exchanged(self, form: dict[str, str], basic: str) -> Claims | None:
        """Tokens, or none: for its client, for the code's proof, once."""
        wanted = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".replace(" ", "%20").encode())
        plain = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode())
        held = self.codes.get(form.get("code", ""))
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        proof = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if basic.encode() not in (b"Basic " + wanted, b"Basic " + plain):
            return None
        if held is None or held.used or held.challenge != proof:
            return None
        if held.redirect_uri != form.get("redirect_uri"):
            return None
        held.used = True
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 300,
            "nonce": held.nonce,
        } | self.person
        return {
            "access_token": "opaque",
            "token_type": "Bearer",
            "id_token": self.token(self, self.claims(claims)),
        }

    def signed(self, claims: Claims, **header: Any) -> str:
        protected = {"alg": "RS256", "kid": "one", "typ": "JWT"} | header
        payload = json.dumps(claims).encode()
        # Lies are signed too: whoever reads them is who must tell.
        return jws.serialize_compact(
            protected, payload, self.key, algorithms=["RS256", "PS256", "HS256"]
        )


def part(value: Claims) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


@contextmanager
def running() -> Iterator[Provider]:
    provider = Provider()

    class Pages(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            provider.asked.append(self.path)
            answers: dict[str, Claims] = {
                "/.well-known/openid-configuration": provider.metadata(),
                "/jwks": {"keys": provider.published or [provider.key.as_dict(private=False)]},
                "/userinfo": provider.told,
            }
            found = answers.get(self.path)
            self._say(200 if found is not None else 404, found or {})

        def do_POST(self) -> None:
            provider.asked.append(self.path)
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            tokens = provider.exchanged(form, self.headers.get("authorization", ""))
            self._say(200 if tokens else 400, tokens or {"error": "invalid_grant"})

        def _say(self, status: int, answer: Claims) -> None:
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    provider.issuer = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
    ).start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
