"""Ciphertexts: `0x01 | key version u32 | nonce 12 | ciphertext | tag 16`, AES-256-GCM.

A random 96-bit nonce per message (NIST SP 800-38D, 8.2.2). The associated data says where a
ciphertext belongs. It is never tried with more than one key, because GCM does not commit to one.
"""

import os
import struct
from typing import Any, NoReturn
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from billing_saas.phi.errors import SealBroken
from billing_saas.phi.registry import Cell

KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16
OVERHEAD_BYTES = 1 + 4 + NONCE_BYTES + TAG_BYTES
# NIST SP 800-38D, 8.3: at most 2^32 messages under one key with random nonces.
MOST_MESSAGES = 2**32
ROTATE_AT_MESSAGES = 2**30

_HEADER = struct.Struct(">BI")
_FORMAT = 1
_BODY_AT = _HEADER.size + NONCE_BYTES
_DOMAIN = b"PHI\x01"


class Document(msgspec.Struct):
    """Base of what is sealed. It shows nothing of itself, and does not leave by pickle."""

    def __repr__(self) -> str:
        return f"<sealed {type(self).__name__}>"

    def __rich_repr__(self) -> Any:
        yield "sealed"

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"a {type(self).__name__} is protected and cannot be pickled")

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        self.__reduce__()


def key(material: bytes) -> AESGCM:
    """A cipher of 256 bits and no other size."""
    if len(material) != KEY_BYTES:
        raise ValueError("a key has 32 bytes")
    return AESGCM(material)


def place(tenant_id: UUID, cell: Cell, row_id: UUID) -> bytes:
    """Associated data, fixed width: domain, tenant, table, column, row id, schema."""
    return _DOMAIN + tenant_id.bytes + cell.place + row_id.bytes + cell.form


def seal(cipher: AESGCM, key_ver: int, plaintext: bytes, aad: bytes) -> bytes:
    return seal_with(cipher, key_ver, os.urandom(NONCE_BYTES), plaintext, aad)


def seal_with(cipher: AESGCM, key_ver: int, nonce: bytes, plaintext: bytes, aad: bytes) -> bytes:
    """`seal` under a given nonce. A nonce used twice with one key opens both: only tests give one."""
    if len(nonce) != NONCE_BYTES:
        raise ValueError("a nonce has 12 bytes")
    return _HEADER.pack(_FORMAT, key_ver) + nonce + cipher.encrypt(nonce, plaintext, aad)


def key_version(sealed: bytes) -> int:
    if len(sealed) < OVERHEAD_BYTES:
        raise SealBroken("too short to be sealed")
    form: int
    version: int
    form, version = _HEADER.unpack_from(sealed)
    if form != _FORMAT:
        raise SealBroken("not a known form of sealing")
    return version


def unseal(cipher: AESGCM, sealed: bytes, aad: bytes) -> bytes:
    """The plaintext, or `SealBroken`. The caller found `cipher` by `key_version(sealed)`."""
    key_version(sealed)
    try:
        return cipher.decrypt(sealed[_HEADER.size : _BODY_AT], sealed[_BODY_AT:], aad)
    except InvalidTag:
        raise SealBroken("a seal is broken") from None
