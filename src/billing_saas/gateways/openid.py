"""OpenID Connect providers: what they say of themselves, and a code exchanged for tokens.

Authlib writes the requests; joserfc (in `federation.id_tokens`) reads the tokens. Authlib's own sessions,
which keep a state for whichever browser shows it (CVE-2026-41425), are not used.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import httpx2
import msgspec
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client

from billing_saas.gateways.outward import NotReached, Outward

_KEPT_SECONDS = 3600.0
_KEPT = 256
# A key that is not among the known ones is asked for once, and not again for every token that names it.
_KEYS_AGAIN_SECONDS = 30.0
_BASIC, _POST = "client_secret_basic", "client_secret_post"


class NotAProvider(Exception):
    """What is at this address is no provider that we can work with; `reason` is one word."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class CodeRefused(Exception):
    """The provider gives no tokens for this code."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """OpenID Connect Discovery 1.0, section 3, as far as we use it."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str = ""
    end_session_endpoint: str = ""
    algorithms: frozenset[str] = frozenset({"RS256"})
    auth_methods: frozenset[str] = frozenset({_BASIC})
    says_issuer: bool = False
    """RFC 9207: each of its answers carries `iss`."""


@dataclass(frozen=True, slots=True)
class Registration:
    """What the provider knows us by."""

    client_id: str
    client_secret: str = field(repr=False)
    redirect_uri: str


@dataclass(frozen=True, slots=True, repr=False)
class Tokens:
    id_token: str
    access_token: str


@dataclass(slots=True)
class _Known:
    metadata: Metadata
    read_at: float
    keys: list[dict[str, Any]] = field(default_factory=list)
    keys_at: float = 0.0


class OpenIdProviders:
    """What was read is kept for an hour, in this process."""

    def __init__(self, outward: Outward) -> None:
        self._outward = outward
        self._known: OrderedDict[str, _Known] = OrderedDict()

    async def metadata(self, issuer: str, *, anew: bool = False) -> Metadata:
        held = self._known.get(issuer)
        if held is not None and not anew and time.monotonic() - held.read_at < _KEPT_SECONDS:
            self._known.move_to_end(issuer)
            return held.metadata
        said = await self._get(issuer.rstrip("/") + "/.well-known/openid-configuration")
        metadata = _metadata(issuer, said)
        for url in (metadata.token_endpoint, metadata.jwks_uri, metadata.authorization_endpoint):
            self._outward.check(httpx2.URL(url))
        self._known[issuer] = _Known(metadata, time.monotonic())
        if len(self._known) > _KEPT:
            self._known.popitem(last=False)
        return metadata

    async def keys(self, issuer: str, *, lacking: str = "") -> list[dict[str, Any]]:
        """Its public keys; read again when the one called `lacking` was not among them."""
        await self.metadata(issuer)
        held = self._known[issuer]
        age = time.monotonic() - held.keys_at
        old = not held.keys or age >= _KEPT_SECONDS
        if old or (lacking and age >= _KEYS_AGAIN_SECONDS):
            found = (await self._get(held.metadata.jwks_uri)).get("keys")
            if not isinstance(found, list):
                raise NotAProvider("keys")
            held.keys = [one for one in found if isinstance(one, dict)]
            held.keys_at = time.monotonic()
        return held.keys

    def authorization_url(
        self, metadata: Metadata, us: Registration, scopes: str, asked: Mapping[str, str]
    ) -> str:
        """`asked`: state, nonce, and the `code_verifier` whose SHA-256 goes along (RFC 7636)."""
        client = AsyncOAuth2Client(
            us.client_id,
            redirect_uri=us.redirect_uri,
            scope=scopes,
            code_challenge_method="S256",
            transport=self._outward.transport(),
        )
        url, _ = client.create_authorization_url(metadata.authorization_endpoint, **asked)
        return str(url)

    async def exchange(
        self, metadata: Metadata, us: Registration, code: str, code_verifier: str
    ) -> Tokens:
        method = _POST if _BASIC not in metadata.auth_methods else _BASIC
        client = AsyncOAuth2Client(
            us.client_id,
            us.client_secret,
            token_endpoint_auth_method=method,
            redirect_uri=us.redirect_uri,
            transport=self._outward.transport(),
            timeout=self._outward.seconds,
        )
        async with self._bounded(), client:
            try:
                said = await client.fetch_token(
                    metadata.token_endpoint,
                    code=code,
                    code_verifier=code_verifier,
                    grant_type="authorization_code",
                )
            except (OAuthError, ValueError, httpx2.HTTPStatusError):
                raise CodeRefused from None
        id_token, access_token = said.get("id_token"), said.get("access_token")
        if not isinstance(id_token, str) or not isinstance(access_token, str):
            raise CodeRefused
        return Tokens(id_token, access_token)

    async def user_info(self, metadata: Metadata, tokens: Tokens) -> dict[str, Any]:
        if not metadata.userinfo_endpoint:
            return {}
        bearer = {"authorization": f"Bearer {tokens.access_token}"}
        return await self._get(metadata.userinfo_endpoint, bearer)

    async def _get(self, url: str, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        client = httpx2.AsyncClient(
            transport=self._outward.transport(), timeout=self._outward.seconds, trust_env=False
        )
        async with self._bounded(), client:
            answer = await client.get(
                url, headers={"accept": "application/json", **(headers or {})}
            )
            if answer.status_code != 200:
                raise NotReached("status")
            try:
                said = msgspec.json.decode(answer.content)
            except (msgspec.DecodeError, RecursionError):
                raise NotAProvider("json") from None
        if not isinstance(said, dict):
            raise NotAProvider("json")
        return said

    @asynccontextmanager
    async def _bounded(self) -> AsyncIterator[None]:
        """The whole of it, however slowly each byte comes."""
        try:
            async with asyncio.timeout(self._outward.seconds):
                yield
        except (TimeoutError, httpx2.TransportError, httpx2.InvalidURL):
            raise NotReached("connection") from None


def _metadata(issuer: str, said: Mapping[str, Any]) -> Metadata:
    # Discovery 1.0, 4.3: it "MUST be identical", which no slash and no case is beside.
    if said.get("issuer") != issuer:
        raise NotAProvider("issuer")
    # Who lists what it can do and leaves S256 out would let a code be spent without its proof.
    challenges = said.get("code_challenge_methods_supported")
    if challenges is not None and "S256" not in _words(challenges):
        raise NotAProvider("pkce")
    return Metadata(
        issuer=issuer,
        authorization_endpoint=_url(said, "authorization_endpoint"),
        token_endpoint=_url(said, "token_endpoint"),
        jwks_uri=_url(said, "jwks_uri"),
        userinfo_endpoint=_url(said, "userinfo_endpoint", needed=False),
        end_session_endpoint=_url(said, "end_session_endpoint", needed=False),
        algorithms=_words(said.get("id_token_signing_alg_values_supported"))
        or frozenset({"RS256"}),
        auth_methods=_words(said.get("token_endpoint_auth_methods_supported"))
        or frozenset({_BASIC}),
        says_issuer=said.get("authorization_response_iss_parameter_supported") is True,
    )


def _url(said: Mapping[str, Any], name: str, *, needed: bool = True) -> str:
    value = said.get(name)
    if isinstance(value, str) and value.startswith(("https://", "http://")) and len(value) < 2000:
        return value
    if needed:
        raise NotAProvider(name)
    return ""


def _words(value: object) -> frozenset[str]:
    if not isinstance(value, list):
        return frozenset()
    return frozenset(word for word in value if isinstance(word, str))


def logout_url(metadata: Metadata, client_id: str, back_to: str) -> str:
    """OpenID Connect RP-Initiated Logout 1.0; empty when the provider has none."""
    if not metadata.end_session_endpoint:
        return ""
    asked = urlencode({"client_id": client_id, "post_logout_redirect_uri": back_to})
    joint = "&" if "?" in metadata.end_session_endpoint else "?"
    return f"{metadata.end_session_endpoint}{joint}{asked}"
