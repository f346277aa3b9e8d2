"""What opens a bill: 128 random bits in a link, or 60 that a person can type from paper."""

import hashlib
import re
import secrets
from datetime import timedelta

KINDS = frozenset({"statement", "pay", "verify", "plan"})
GOOD_FOR_DAYS = 30
MOST_DAYS = 366
MOST_WRONG_TRIES = 5
ASKED_ANEW_FOR = timedelta(days=180)
"""So long after it ran out, who holds a link may still ask for another one."""

PATH = "/s/"
_TOKEN_BYTES = 16
_TOKEN = re.compile(r"[A-Za-z0-9_-]{22}\Z")
# Crockford's: without letters that are read as another (I, L, O) and without U.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CODE_LETTERS = 12
_GROUP = 4
_CODE = re.compile(rf"[{_ALPHABET}]{{{_CODE_LETTERS}}}\Z")


def new_token() -> str:
    """22 characters that need no escaping in a path."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def path_of(token: str) -> str:
    return PATH + token


def new_code() -> str:
    """`7K4M-Q2XD-9TNB`: 60 bits, in groups that an eye can follow."""
    drawn = "".join(secrets.choice(_ALPHABET) for _ in range(_CODE_LETTERS))
    return "-".join(drawn[start : start + _GROUP] for start in range(0, _CODE_LETTERS, _GROUP))


def plain_code(typed: str) -> str:
    """As it was drawn, whatever was typed around it: small letters, blanks, O for 0."""
    drawn = re.sub(r"[\s‐-―-]", "", typed.upper())
    return drawn.replace("O", "0").replace("I", "1").replace("L", "1")


def secret_hash(shown: str) -> bytes:
    """Where a token or a typed code is found. What can be neither has a place as well, which is empty:
    it is asked for like any other."""
    plain = shown if _TOKEN.match(shown) else plain_code(shown[:64])
    return hashlib.sha256(b"portal|" + plain.encode()).digest()


def is_code(shown: str) -> bool:
    return not _TOKEN.match(shown) and bool(_CODE.match(plain_code(shown[:64])))
