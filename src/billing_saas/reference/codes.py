"""Ask a code set: was a code good on a day, what is it called. Pure but for the first reading of a file.

A set is read when it is first asked for, and kept: ICD-10-CM takes some 45 ms and 18 MB, all the
others together 20 ms and 2 MB. A look-up then takes one to three microseconds.
"""

import csv
import gzip
import re
from bisect import bisect_left
from collections.abc import Callable, Iterator
from datetime import date
from functools import cache, partial
from importlib import resources

from billing_saas.reference.sets import SETS, CodeSet

_FILES = resources.files("billing_saas.reference") / "data"
# "7/1/2009: marked inactive" and, where it is told, "Deactivation Date: 3/31/2023".
_INACTIVE = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4}): marked inactive", re.ASCII)
_DEACTIVATED = re.compile(r"Deactivation Date: (\d{1,2})/(\d{1,2})/(\d{4})", re.ASCII)


class UnknownCodeSet(LookupError):
    """No set of that name is shipped: a mistake of who asks."""


def valid_on(code_set: str, code: str, day: date) -> bool:
    """Whether `code`, as X12 writes it (no point in a diagnosis), may be reported for `day`.

    False only where the set can tell: see `sets.CodeSet`.
    """
    return _is_good(_of(code_set), code, f"{day.year:04d}{day.month:02d}{day.day:02d}")


def title(code_set: str, code: str) -> str:
    """What the code means, "" where it is not listed or its text is not ours to ship.

    Of claim adjustment reasons the commonest are told in words of our own.
    """
    found = _line(_of(code_set), code)
    return found.split("\t")[3] if found else ""


def edition(code_set: str) -> str:
    """Which edition of the set is shipped, for people."""
    one = _of(code_set)
    return f"{one.title}, {one.edition}"


def checks(*names: str) -> dict[str, Callable[[str, str], bool]]:
    """Of each set (all of them, if none is named) the question that `edi` asks: code and day
    (CCYYMMDD, "" where the file names none)."""
    return {name: partial(_is_good, _of(name)) for name in names or SETS}


def titles() -> dict[str, Callable[[str], str]]:
    """Of each set the words for a code."""
    return {name: partial(title, name) for name in SETS}


def _of(name: str) -> CodeSet:
    found = SETS.get(name)
    if found is None:
        raise UnknownCodeSet(f"no code set is called {name!r}: there are {', '.join(sorted(SETS))}")
    return found


def _is_good(one: CodeSet, code: str, day: str) -> bool:
    found = _line(one, code)
    if not found:
        if one.elsewhere.fullmatch(code):
            return True
        return "" < day < one.complete_from and one.shape.fullmatch(code) is not None
    _, first, last, _ = found.split("\t")
    return not day or (first <= day and (not last or day <= last))


def _line(one: CodeSet, code: str) -> str:
    """Code, first day, last day and title, joined by tabs; "" where the code is not listed."""
    lines, start = _lines(one.name), code + "\t"
    at = bisect_left(lines, start)
    return lines[at] if at < len(lines) and lines[at].startswith(start) else ""


@cache
def _lines(name: str) -> list[str]:
    """Sorted by code, and cut when asked for: a dictionary of structs takes ten times as long to
    make and four times the memory."""
    file = SETS[name].file
    text = gzip.decompress((_FILES / file).read_bytes()).decode()
    return sorted(_of_taxonomy(text) if file.endswith(".csv.gz") else text.splitlines())


def _of_taxonomy(text: str) -> Iterator[str]:
    """The list of the NUCC, which may be passed on unchanged only: so it is read as it is published."""
    for row in csv.DictReader(text.splitlines(keepends=True)):
        ended = _DEACTIVATED.search(row["Notes"]) or _INACTIVE.search(row["Notes"])
        last = f"{ended[3]}{int(ended[1]):02d}{int(ended[2]):02d}" if ended else ""
        yield f"{row['Code']}\t\t{last}\t{row['Display Name']}"
