"""A request for a token as it is sent: read strictly, so that no two readers find two clients in it."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote

from litestar import Request

from billing_saas.api.oauth.server import Asking
from billing_saas.clients import assertions
from billing_saas.clients.errors import AssertionRefused

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

_MOST_FIELDS = 16
_MOST_BYTES = 16_384


class Malformed(Exception):
    """RFC 6749, 5.2: `invalid_request`, or `invalid_client` where who asks cannot be read."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error = error
        self.description = description


def read(request: Request[Any, Any, Any]) -> Asking:
    if request.scope["query_string"]:
        raise _invalid("Parameters belong in the body: what stands in a URL is no secret.")
    form = _form(request.scope["state"]["body"])
    headers = {name.title(): value for name, value in request.headers.items()}
    basic = _basic(headers["Authorization"]) if "Authorization" in headers else None
    shown = {
        "client_secret_basic": basic is not None,
        "client_secret_post": "client_secret" in form,
        "private_key_jwt": "client_assertion" in form or "client_assertion_type" in form,
    }
    methods = [method for method, is_used in shown.items() if is_used]
    if len(methods) > 1:
        raise _invalid("The client shows who it is in more than one way.")
    if not methods:
        raise Malformed("invalid_client", "The client must show who it is.")
    method = methods[0]
    assertion = _assertion(form) if method == "private_key_jwt" else None
    named = form.get("client_id")
    client_id = basic or (assertion.client_id if assertion is not None else named)
    if not client_id or (named is not None and named != client_id):
        raise _invalid("One client_id is needed, the same wherever it is said.")
    return Asking(
        method=method,
        client_id=client_id,
        form=form,
        headers=headers,
        assertion=assertion,
        address=request.scope["state"]["client"],
    )


def _form(body: bytes) -> dict[str, str]:
    """Each parameter once (RFC 6749, 3.2); one without a value is one that was left out."""
    if len(body) > _MOST_BYTES:
        raise _invalid("The body is too long.")
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=bool(body),
            errors="strict",
            max_num_fields=_MOST_FIELDS,
        )
    except ValueError:
        raise _invalid("The body is no form.") from None
    form = dict(pairs)
    if len(form) < len(pairs):
        raise _invalid("A parameter is given twice.")
    if any(not value.isprintable() for value in form.values()):
        raise _invalid("A parameter is no text.")
    return {name: value for name, value in form.items() if value}


def _basic(header: str) -> str:
    """The client's id. Authlib reads the header again, and must find the same in it."""
    scheme, _, encoded = header.partition(" ")
    try:
        text = base64.b64decode(encoded.encode("ascii"), validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        raise Malformed("invalid_client", "The Authorization header cannot be read.") from None
    client_id, colon, secret = text.partition(":")
    if scheme.lower() != "basic" or not colon or not secret or not text.isprintable():
        raise Malformed("invalid_client", "The Authorization header cannot be read.")
    return unquote(client_id)


def _assertion(form: Mapping[str, str]) -> assertions.Assertion:
    if form.get("client_assertion_type") != ASSERTION_TYPE:
        raise _invalid("The client_assertion_type is not that of a JWT.")
    try:
        return assertions.read(form.get("client_assertion", ""))
    except AssertionRefused:
        raise Malformed("invalid_client", "The client could not be authenticated.") from None


def _invalid(description: str) -> Malformed:
    return Malformed("invalid_request", description)
