"""Passwords that are known from breaches, by their SHA-1, from files that never leave this machine.

Either a folder as Have I Been Pwned's downloader makes it, of one file per five first digits
(`21BD1` or `21BD1.txt`, lines `SUFFIX:COUNT`), or one sorted file of SHA-1 in hexadecimal, all of one
length, whole or cut short.
"""

import hashlib
from pathlib import Path

from billing_saas.signin import rules

_PREFIX = 5


def is_known(known: Path | None, password: str) -> bool:
    """Whether the password is in the list; without a list nothing is known."""
    if known is None:
        return False
    # The lists are of SHA-1: it finds a password here, and keeps none.
    digest = hashlib.sha1(rules.normalized(password).encode(), usedforsecurity=False)
    sought = digest.hexdigest().upper()
    return _in_folder(known, sought) if known.is_dir() else _in_file(known, sought)


def _in_folder(folder: Path, sought: str) -> bool:
    prefix, suffix = sought[:_PREFIX], sought[_PREFIX:]
    for name in (prefix, f"{prefix}.txt"):
        path = folder / name
        if path.is_file():
            lines = path.read_text("ascii").upper().split()
            return any(line.partition(":")[0] == suffix for line in lines)
    return False


def _in_file(path: Path, sought: str) -> bool:
    """By halving: a list of every breach has a billion lines."""
    with path.open("rb") as lines:
        first = lines.readline()
        width, wanted = len(first), sought[: len(_digits(first))].encode()
        low, high = 0, path.stat().st_size // width if width else 0
        while low < high:
            middle = (low + high) // 2
            lines.seek(middle * width)
            found = _digits(lines.readline())
            if found == wanted:
                return True
            if found < wanted:
                low = middle + 1
            else:
                high = middle
    return False


def _digits(line: bytes) -> bytes:
    return line.strip().upper()
