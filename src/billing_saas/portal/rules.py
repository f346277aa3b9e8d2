"""What a visitor may do at which level, for how long, and how tries are counted."""

import hmac
import re
import secrets
from datetime import date, datetime, timedelta
from enum import StrEnum

from billing_saas.kit.rates import Limit


class Level(StrEnum):
    """How surely it is known who visits. A birth date is knowledge that others have as well."""

    KNOWS = "knows"
    """A link or a code of paper, and the birth date: the balance, and paying it."""
    VERIFIED = "verified"
    """A code sent to a contact that was verified before: everything else."""


PAY = "portal.pay"
RECORD = "portal.record"
PERMISSIONS: dict[Level, frozenset[str]] = {
    Level.KNOWS: frozenset({PAY}),
    Level.VERIFIED: frozenset({PAY, RECORD}),
}

IDLE = timedelta(minutes=15)
ABSOLUTE: dict[Level, timedelta] = {
    Level.KNOWS: timedelta(hours=1),
    Level.VERIFIED: timedelta(hours=8),
}
SEEN_EVERY = timedelta(minutes=1)

# security.md, section 6. A token's own five are `links.rules.MOST_WRONG_TRIES`.
OF_A_PLACE = Limit("tries an hour", 20, 3600)
OF_A_PATIENT = Limit("tries of a patient a day", 50, 86_400)
CODES_ASKED = Limit("codes an hour", 5, 3600)
ASKED_ABOUT = Limit("askings about a payment", 10, 3600)
LINKS_ASKED = Limit("links a day", 3, 86_400)

CODE_GOOD_FOR = timedelta(minutes=10)
MOST_WRONG_CODES = 5
_DIGITS = 6

_SECRET_BYTES = 32


def new_secret() -> str:
    return secrets.token_urlsafe(_SECRET_BYTES)


def new_code() -> str:
    return "".join(secrets.choice("0123456789") for _ in range(_DIGITS))


def code_hash(key: bytes, session: bytes, typed: str) -> bytes:
    """Bound to the session that asked: in another browser the same digits are another code."""
    return hmac.digest(key, session + b"|" + plain_digits(typed).encode(), "sha256")


def plain_digits(typed: str) -> str:
    found = re.sub(r"[\s-]", "", typed)
    return found if found.isascii() and found.isdigit() and len(found) == _DIGITS else ""


def over(
    level: Level, opened_at: datetime, seen_at: datetime, expires_at: datetime, now: datetime
) -> str:
    """Why a session is over; empty while it is not."""
    if now >= expires_at or now >= opened_at + ABSOLUTE[Level.VERIFIED]:
        return "absolute"
    return "idle" if now >= seen_at + IDLE else ""


def typed_date(month: str, day: str, year: str) -> date | None:
    """Three fields, because a person writes a birth date in three parts; None for what is no day."""
    parts = [part.strip() for part in (year, month, day)]
    if not all(part.isascii() and part.isdigit() and len(part) <= 4 for part in parts):
        return None
    if len(parts[0]) != 4:  # two digits of a year are two centuries
        return None
    try:
        return date(*(int(part) for part in parts))
    except ValueError:
        return None
