"""Versions of what was read: a keyed hash of the answer's bytes, which tells nothing of them.

Strong (RFC 9110, 8.8.1): equal tags mean equal bytes. Keyed, so that nobody can try out what a body
may have held; bound to the practice.
"""

import base64
from typing import Any

from litestar.connection import ASGIConnection
from litestar.serialization import encode_json

from billing_saas.requests import rules

Connection = ASGIConnection[Any, Any, Any, Any]


def of_bytes(connection: Connection, body: bytes) -> str:
    practice = str(connection.path_params.get("practice_id", ""))
    digest = rules.digest(
        connection.scope["state"]["request_keys"].newest.etags, [practice.encode(), body]
    )
    return f'"{base64.urlsafe_b64encode(digest[:18]).decode()}"'


def of_answer(connection: Connection, content: Any) -> str:
    return of_bytes(connection, encode_json(content))


def matches(header: str, tag: str, *, weakly: bool) -> bool:
    """`*`, or a list that names the tag. If-Match compares strongly: a weak tag never matches."""
    if header.strip() == "*":
        return True
    named = [one.strip() for one in header.split(",")]
    return tag in named or (weakly and f"W/{tag}" in named)
