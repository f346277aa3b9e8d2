"""Cursors as they leave: sealed, and good for the list they are of and no other.

Inside, a cursor is the last row's id. Outside it says nothing, and cannot be made: it is bound to the
path (so to the practice) and to the filters. Deterministic (AES-SIV), so that the same page is the
same bytes, and has the same ETag.
"""

import base64
import binascii
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from litestar.connection import ASGIConnection

from billing_saas.api.refusals import bad_request
from billing_saas.requests.keys import RequestKeys

Connection = ASGIConnection[Any, Any, Any, Any]

_NOT_OF_THE_LIST = frozenset({"cursor", "limit"})


def seal(connection: Connection, plain: str) -> str:
    keys = _keys(connection).newest
    sealed = AESSIV(keys.cursors).encrypt(plain.encode(), _place(connection))
    return base64.urlsafe_b64encode(bytes([keys.version]) + sealed).rstrip(b"=").decode()


def unseal(connection: Connection, cursor: str) -> str:
    """What `seal` was given, or a 400: forged, cut, of another list or of other filters."""
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        keys = _keys(connection).versions[raw[0]]
        return AESSIV(keys.cursors).decrypt(raw[1:], _place(connection)).decode()
    except (ValueError, IndexError, KeyError, binascii.Error, InvalidTag):
        raise bad_request("The cursor is not one of this list's.", "cursor") from None


def _place(connection: Connection) -> list[bytes]:
    filters = sorted(
        (name, value)
        for name, value in connection.query_params.multi_items()
        if name not in _NOT_OF_THE_LIST
    )
    return [connection.scope["path"].encode(), repr(filters).encode()]


def _keys(connection: Connection) -> RequestKeys:
    keys: RequestKeys = connection.scope["state"]["request_keys"]
    return keys
