"""What counts as having shown who one is, and for how long; forms of addresses, codes and secrets."""

import hashlib
import re
import secrets
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from billing_saas.kit.actor import AuthLevel

SHORTEST_PASSWORD, LONGEST_PASSWORD = 12, 128
LINK_GOOD_FOR = timedelta(hours=24)
RESET_GOOD_FOR = timedelta(hours=24)
CHALLENGE_GOOD_FOR = timedelta(minutes=5)
# Time enough to find the telephone, or to set up a first second factor.
PENDING_GOOD_FOR = timedelta(minutes=15)
MOST_WRONG_CODES = 5
RECOVERY_CODES = 10

# RFC 8176. A passkey is possession of a key (`hwk`) by a user who was verified (`user`): two at once.
# `fed`, which is ours: an identity provider vouched; `mfa` beside it: by two factors, as it says itself.
_FIRST = frozenset({"pwd", "fed"})
_SECOND = frozenset({"otp", "mfa"})
_PASSKEY = frozenset({"hwk", "user"})
METHODS = _FIRST | _SECOND | _PASSKEY


@dataclass(frozen=True, slots=True)
class TimeLimits:
    idle: timedelta = timedelta(minutes=15)
    absolute: timedelta = timedelta(hours=12)


def auth_level(methods: Iterable[str]) -> AuthLevel:
    shown = frozenset(methods)
    if shown >= _PASSKEY or (shown & _FIRST and shown & _SECOND):
        return AuthLevel.TWO_FACTORS
    return AuthLevel.ONE_FACTOR


def is_over(
    level: AuthLevel, opened: datetime, seen: datetime, now: datetime, limits: TimeLimits
) -> str:
    """Why a session may not go on; empty when it may."""
    if level < AuthLevel.TWO_FACTORS:
        return "pending" if now - opened > PENDING_GOOD_FOR else ""
    if now - opened >= limits.absolute:
        return "absolute"
    return "idle" if now - seen >= limits.idle else ""


def new_secret() -> str:
    return secrets.token_urlsafe(32)


def secret_hash(secret: str) -> bytes:
    """256 random bits need no slow hash."""
    return hashlib.sha256(secret.encode()).digest()


def folded(email: str) -> str:
    """One form for all that mean the same account: limits and look-ups must not be led around by case,
    spaces or full-width letters."""
    return unicodedata.normalize("NFKC", email).strip().casefold()[:254]


def password_faults(password: str, *, email: str = "") -> str:
    """Why it is refused, in a sentence; empty when it is not. No rules of composition (NIST SP
    800-63B, 3.1.1.2): length, and that it is not the account's own name."""
    length = len(normalized(password))
    if length < SHORTEST_PASSWORD:
        return f"Use at least {SHORTEST_PASSWORD} characters; a few words do."
    if length > LONGEST_PASSWORD:
        return f"Use at most {LONGEST_PASSWORD} characters."
    if email and folded(email) in folded(password):
        return "Use something that does not contain your e-mail address."
    if len(set(password)) < 4:
        return "Use more than a few different characters."
    return ""


def normalized(password: str) -> str:
    """The same keys typed on two machines are the same password (NIST SP 800-63B, 3.1.1.2)."""
    return unicodedata.normalize("NFKC", password)


# Without letters that are read as another: I, L, O, U.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_recovery_code() -> str:
    """50 bits, in two halves of five."""
    drawn = "".join(secrets.choice(_ALPHABET) for _ in range(10))
    return f"{drawn[:5]}-{drawn[5:]}"


def plain_code(typed: str) -> str:
    """As it was drawn, whatever was typed around it."""
    return re.sub(r"[\s-]", "", typed.upper()).replace("O", "0").replace("I", "1").replace("L", "1")


_BROWSERS = (
    ("Edg/", "Edge"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    *(("Windows", "Windows"), ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad")),
    *(("Mac OS X", "macOS"), ("CrOS", "ChromeOS"), ("Linux", "Linux")),
)


def browser_hint(user_agent: str) -> str:
    """`Firefox on Windows`: enough to know one's own device again, and not more."""
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), "A browser")
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), "")
    return f"{browser} on {system}" if system else browser
