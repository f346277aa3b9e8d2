"""What people type and browsers send, read once: None for what is not such a thing."""

import re
from datetime import date
from uuid import UUID

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_WHOLE = re.compile(r"[0-9]{1,4}\Z")
_DOLLARS = re.compile(r"\$?\s*([0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,8})(?:\.([0-9]{2}))?\Z")


def day(typed: str) -> date | None:
    """As browsers send a day (HTML, `input type=date`)."""
    plain = typed.strip()
    if not _DAY.match(plain):
        return None
    try:
        return date.fromisoformat(plain)
    except ValueError:
        return None


def whole(typed: str) -> int | None:
    """A small number that counts something."""
    plain = typed.strip()
    return int(plain) if _WHOLE.match(plain) else None


def cents(typed: str) -> int | None:
    """`24000`, `24,000.00`, `$24,000`; None for anything that could be read in two ways."""
    match = _DOLLARS.match(typed.strip())
    if match is None:
        return None
    return int(match[1].replace(",", "")) * 100 + int(match[2] or "0")


def identifier(typed: str) -> UUID | None:
    try:
        return UUID(typed)
    except ValueError:
        return None
