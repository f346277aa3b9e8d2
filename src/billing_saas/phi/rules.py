"""Normal forms for blind indexes, and masks for screens. Pure; golden vectors pin every form.

A function's version is in its name. One that must change becomes another function with another
`registry.Normal` and a new field number: tokens of the old form would never be found again.
"""

import hmac
import re
import struct
import unicodedata
from collections.abc import Callable
from datetime import date

from billing_saas.phi.errors import NothingToIndex
from billing_saas.phi.registry import BlindField, Normal

TOKEN_BYTES = 8
BLIND_KEY_BYTES = 32

# Letters that NFKD leaves whole but that payers' systems (X12 basic character set) write plainly.
_PLAIN = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"}
)
_SUFFIXES = frozenset({"jr", "sr", "ii", "iii", "iv", "2nd", "3rd", "4th"})
_WORDS = re.compile(r"[\s,]+")
_EXTENSION = re.compile(r"(?:x|ext|#).*\Z", re.DOTALL)
_DAY = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})", re.ASCII)
_DIGITS = frozenset("0123456789")


def _folded(text: str) -> str:
    if text.isascii():
        return text.lower()
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(c for c in folded if not unicodedata.category(c).startswith("M"))


def name_1(value: str) -> str:
    """Letters and digits, without case, marks, spaces, punctuation or a generational suffix."""
    words = [
        kept
        for word in _WORDS.split(_folded(value).translate(_PLAIN))
        if (kept := "".join(filter(str.isalnum, word)))
    ]
    while len(words) > 1 and words[-1] in _SUFFIXES:
        words.pop()
    return "".join(words)


def identifier_1(value: str) -> str:
    """Letters and digits: letters stay, because a member id's prefix tells plans apart."""
    return "".join(filter(str.isalnum, _folded(value)))


def phone_1(value: str) -> str:
    """The digits of a number of the North American plan, without country code or extension."""
    digits = "".join(c for c in _EXTENSION.sub("", _folded(value)) if c in _DIGITS)
    return digits[1:] if len(digits) == 11 and digits[0] == "1" else digits


def email_1(value: str) -> str:
    # Dots and plus signs stay: for most mail systems they are part of the address.
    return unicodedata.normalize("NFKC", value).strip().casefold()


def day_1(value: str | date) -> str:
    """An ISO date, from a date or from `YYYY-MM-DD` or `YYYYMMDD`; nothing from anything else."""
    if isinstance(value, date):
        return value.isoformat()[:10]  # a datetime counts as its day
    match = _DAY.fullmatch(value.strip())
    if match is None:
        return ""
    try:
        return date(*map(int, match.groups())).isoformat()
    except ValueError:
        return ""


_TEXT_FORMS: dict[Normal, Callable[[str], str]] = {
    Normal.NAME_1: name_1,
    Normal.IDENTIFIER_1: identifier_1,
    Normal.PHONE_1: phone_1,
    Normal.EMAIL_1: email_1,
}


def normal_form(field: BlindField, values: tuple[str | date, ...]) -> tuple[str, ...]:
    """Each value in its normal form. `NothingToIndex` when one is empty: blanks would all meet."""
    if len(values) != len(field.normals):
        raise TypeError(f"{field.name} takes {len(field.normals)} values")
    forms = tuple(
        day_1(value) if normal is Normal.DAY_1 else _TEXT_FORMS[normal](str(value))
        for normal, value in zip(field.normals, values, strict=True)
    )
    if not all(forms):
        raise NothingToIndex("There is nothing to search for in this value.", field=field.name)
    return forms


def mac(key: bytes, message: bytes) -> bytes:
    if len(key) != BLIND_KEY_BYTES:
        raise ValueError("a blind-index key has 32 bytes")
    return hmac.digest(key, message, "sha256")


def token(key: bytes, version: int, field: BlindField, forms: tuple[str, ...]) -> bytes:
    """HMAC-SHA256 over field, key version and normal forms, cut to 8 bytes."""
    # NUL parts them: of a field with several values, no normal form holds one.
    text = "\0".join(forms).encode()
    return mac(key, struct.pack(">HH", field.number, version) + text)[:TOKEN_BYTES]


def mask_tail(value: str, shown: int = 4) -> str:
    """The last few characters of an identifier; nothing of one too short to hide the rest."""
    value = value.strip()
    if len(value) < 2 * shown:
        return "*" * len(value)
    return "*" * (len(value) - shown) + value[-shown:]


def mask_name(*parts: str) -> str:
    """Initials: `Ana`, `Garcia` is `A. G.`"""
    return " ".join(f"{part.strip()[0]}." for part in parts if part.strip())


def mask_day(day: date) -> str:
    """The year only."""
    return f"**/**/{day.year:04d}"


def mask_phone(value: str) -> str:
    digits = phone_1(value)
    return f"***-***-{digits[-4:]}" if len(digits) == 10 else "*" * len(digits)


def mask_email(value: str) -> str:
    """The first letter and the domain."""
    mailbox, at, domain = value.strip().rpartition("@")
    return f"{mailbox[0]}***@{domain}" if mailbox and at else "***"
