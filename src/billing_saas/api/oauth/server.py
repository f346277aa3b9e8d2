"""Authlib's authorization server over one request whose client was looked up before.

Authlib decides and does not wait: what it asks of the database is there already (`presenting.applicant`),
and what it wants written is left in `granted` for the caller.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from authlib.oauth2.rfc6749 import (
    AuthorizationServer,
    ClientCredentialsGrant,
    ClientMixin,
    InvalidClientError,
    InvalidScopeError,
    OAuth2Error,
    OAuth2Request,
    UnsupportedGrantTypeError,
)
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload

from billing_saas.clients import assertions, rules
from billing_saas.clients.assertions import Assertion
from billing_saas.clients.errors import AssertionRefused
from billing_saas.clients.issuing import Shown
from billing_saas.clients.presenting import Applicant
from billing_saas.clients.rules import Address

METHODS = ("client_secret_basic", "client_secret_post", "private_key_jwt")
GRANT = "client_credentials"


@dataclass(frozen=True, slots=True)
class Asking:
    """A request for a token, read: by which method its client is shown, and from where it comes."""

    method: str
    client_id: str
    form: Mapping[str, str]
    headers: Mapping[str, str]
    assertion: Assertion | None
    address: Address | None


@dataclass(frozen=True, slots=True)
class Granted:
    shown: Shown
    scopes: frozenset[str]


class OneClient(ClientMixin):  # type: ignore[misc]  # Authlib has no types
    """The client that the request names, as Authlib asks of it; nobody fits no secret."""

    def __init__(self, applicant: Applicant, asking: Asking) -> None:
        self.applicant = applicant
        self._asking = asking
        self.shown = Shown()

    def check_client_secret(self, client_secret: str) -> bool:
        self.shown = Shown(secret_id=self.applicant.secret_of(client_secret))
        return self.shown.secret_id is not None

    def check_assertion(self, audiences: frozenset[str], now: datetime) -> bool:
        if self._asking.assertion is None:
            return False
        try:
            used = assertions.check(
                self._asking.assertion,
                self.applicant.client_id,
                self.applicant.public_keys,
                audiences,
                now,
            )
        except AssertionRefused:
            return False
        self.shown = Shown(assertion=used)
        return True

    def check_endpoint_auth_method(self, method: str, _endpoint: str) -> bool:
        """The one method of the request, and from where the practice lets its client ask."""
        return (
            method == self._asking.method
            and self.applicant.is_known
            and rules.lets_in(self.applicant.networks, self._asking.address)
        )

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == GRANT


class FormRequest(OAuth2Request):  # type: ignore[misc]  # Authlib has no types
    def __init__(self, asking: Asking) -> None:
        # TLS ends before us, and production refuses a site of another scheme.
        super().__init__("POST", "https://localhost/oauth/token", headers=asking.headers)
        self.payload = BasicOAuth2Payload(asking.form)

    @property
    def form(self) -> Mapping[str, str]:
        found: Mapping[str, str] = self.payload.data
        return found


class _Credentials(ClientCredentialsGrant):  # type: ignore[misc]  # Authlib has no types
    TOKEN_ENDPOINT_AUTH_METHODS = METHODS


class TokenServer(AuthorizationServer):  # type: ignore[misc]  # Authlib has no types
    """Of one request. `granted` is what a token is to be made for, when the answer is 200."""

    def __init__(
        self, applicant: Applicant, asking: Asking, audiences: frozenset[str], now: datetime
    ) -> None:
        super().__init__(scopes_supported=applicant.scopes)
        self._client = OneClient(applicant, asking)
        self._asking = asking
        self._audiences = audiences
        self._now = now
        self.granted: Granted | None = None
        self.register_grant(_Credentials)
        self.register_client_auth_method("private_key_jwt", self._by_assertion)
        self.register_token_generator("default", _described)

    def answer(self) -> tuple[int, dict[str, Any], list[tuple[str, str]]]:
        """Status, body and headers, as RFC 6749 has them; a token is put into the body by the caller."""
        found: tuple[int, dict[str, Any], list[tuple[str, str]]] = self.create_token_response(
            FormRequest(self._asking)
        )
        return found

    def _by_assertion(self, _query_client: object, _request: OAuth2Request) -> OneClient | None:
        return self._client if self._client.check_assertion(self._audiences, self._now) else None

    # --- what Authlib asks of whoever builds on it ---

    def query_client(self, _client_id: str) -> OneClient:
        return self._client

    def create_oauth2_request(self, request: FormRequest) -> FormRequest:
        return request

    def send_signal(self, *_: Any, **__: Any) -> None:
        """Nobody listens."""

    def validate_requested_scope(self, scope: str | None) -> None:
        """Never more than the client has, and never nothing."""
        if scope and not set(scope.split()) <= self.scopes_supported:
            raise InvalidScopeError("The client has no such scope.")

    def save_token(self, token: dict[str, Any], _request: OAuth2Request) -> None:
        self.granted = Granted(self._client.shown, frozenset(token["scope"].split()))

    def handle_response(self, *answer: Any) -> Any:
        return answer

    def handle_error_response(self, request: OAuth2Request, error: OAuth2Error) -> Any:
        """Whatever is wrong with who asks, it is told in the same words."""
        if isinstance(error, InvalidClientError):
            error = InvalidClientError("The client could not be authenticated.", status_code=401)
        if isinstance(error, UnsupportedGrantTypeError):
            error.description = f"The grant_type must be {GRANT}."  # Authlib says nothing
        return super().handle_error_response(request, error)


def _described(client: OneClient, scope: str | None, **_: Any) -> dict[str, Any]:
    return {
        "token_type": "Bearer",
        "expires_in": int(rules.TOKEN_GOOD_FOR.total_seconds()),
        "scope": rules.joined((scope or "").split() or client.applicant.scopes),
    }
