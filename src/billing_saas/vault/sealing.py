"""Seal a secret in its place, and open it there: moved to another row or column, it does not open."""

import os
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from billing_saas.kit.db import PlatformSession
from billing_saas.vault import keys
from billing_saas.vault.keys import VaultKeys

# 0x01, two bytes of key version, 96 bits of nonce, then ciphertext with its tag.
_FORM = b"\x01"
_NONCE = 12
_HEADER = len(_FORM) + 2 + _NONCE


class NotSealedHere(Exception):
    """It was not sealed in this place, or was changed since."""


async def seal(db: PlatformSession, place: str, row_id: UUID, secret: bytes) -> bytes:
    """`place` is `table.column`."""
    held = await keys.held_by(db)
    version, nonce = held.newest, os.urandom(_NONCE)
    header = _FORM + version.to_bytes(2) + nonce
    cipher = AESGCM(held.of("seal", version))
    return header + cipher.encrypt(nonce, secret, _bound(place, row_id, version))


async def unseal(db: PlatformSession, place: str, row_id: UUID, sealed: bytes) -> bytes:
    """The secret, or `NotSealedHere`."""
    if sealed[:1] != _FORM or len(sealed) < _HEADER:
        raise NotSealedHere(place)
    version = int.from_bytes(sealed[1:3])
    held = await keys.held_by(db)
    if version not in held.versions:
        held = await keys.reload(db)
    return _opened(held, version, sealed, _bound(place, row_id, version), place)


def _opened(held: VaultKeys, version: int, sealed: bytes, bound: bytes, place: str) -> bytes:
    if version not in held.versions:
        raise NotSealedHere(place)
    try:
        nonce = sealed[_HEADER - _NONCE : _HEADER]
        return AESGCM(held.of("seal", version)).decrypt(nonce, sealed[_HEADER:], bound)
    except InvalidTag:
        raise NotSealedHere(place) from None


def _bound(place: str, row_id: UUID, version: int) -> bytes:
    return b"VAULT\x01" + version.to_bytes(2) + row_id.bytes + place.encode()
