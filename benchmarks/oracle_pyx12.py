"""Our verdict on the public 837P and 837I samples against that of pyx12, difference by difference.

    python -m benchmarks.oracle_pyx12 > docs/edi-oracle.md

pyx12 (BSD) is a development dependency and an oracle with faults of its own: what we say otherwise
is listed, and every difference falls under one of the arguments below, or this script fails.
Versions of a guide that pyx12 has no map for are rewritten to the adopted one before both are asked.
"""

import io
import logging
import re
from collections.abc import Iterable
from pathlib import Path

import msgspec

from billing_saas.edi import ack999
from billing_saas.edi.acknowledging import group_acknowledgment
from billing_saas.edi.delimiters import Unreadable
from billing_saas.edi.examining import examine
from billing_saas.edi.findings import Finding

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "tests" / "samples" / "x12"
DOCUMENT = ROOT / "docs" / "edi-oracle.md"

Row = tuple[str, str, str, str]  # segment, position, element ("" for the segment), code

_VERSIONS = (
    (re.compile(r"005010X222(?:A\d)?(?!\d)"), "005010X222A1"),
    (re.compile(r"005010X223(?:A\d)?(?!\d)"), "005010X223A2"),
)

ARGUMENTS = {
    "A": (
        "pyx12 takes a segment whose first code it does not know for an unknown segment (IK304 1),"
        " and then misses the one it expected (3). The segment is known and stands where it may:"
        " we name the element that is wrong (IK304 8 with IK403 7, 5 or 1). In most of these files"
        " a `>` was written where the ISA names `:` as component separator."
    ),
    "B": (
        "Loop 2400 of the 837P has two PWK, told apart by PWK02: an attachment, and a certificate"
        " of medical necessity (CT with AB, AD, AF, AG or NS). pyx12 stops at the first that PWK01"
        " fits and calls the code of the second wrong. These are worked examples of the guide, and"
        " we accept them."
    ),
    "C": (
        "A ZIP code of five digits for the billing provider is wrong in both eyes. pyx12's map of"
        " the 837I says so by a pattern, as IK403 7; its map of the 837P does not say it. The code"
        " is well formed, so we accept the set and report it as a finding of business, in all"
        " claims, for whoever takes them in."
    ),
    "D": (
        "An element that the guide does not use is I10. pyx12 says 10, which is an exclusion"
        " between two elements, and there is none."
    ),
    "F": "pyx12 gives no answer (line feeds as terminators, or prose before the ISA).",
    "G": "A known segment that may not stand there is 2. pyx12 says 1, which is an unknown one.",
    "H": (
        "pyx12 holds the place of service to a list of its own and says 7 beside 5 (too long). The"
        " list is outside the guide: we hold it to the list the caller passes, and none is passed"
        " here."
    ),
    "I": (
        "In a set that ends early pyx12 reports what is missing at the last segment it saw, and not"
        " the loops of submitter and receiver. It is missed where the next segment stands (SE), and"
        " those loops are required too."
    ),
    "J": (
        "pyx12 breaks off inside this file and takes SE and GE for missing, which are there; what"
        " follows is ours only. All of it is true of the file, which fills every element there is"
        " without regard to the guide."
    ),
}


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    sample: str
    theirs: str
    ours: str
    only_theirs: tuple[Row, ...]
    only_ours: tuple[Row, ...]
    business: tuple[str, ...]
    breaks_off: bool  # pyx12 stopped before the end of the set


def samples() -> list[Path]:
    """Files with a professional or institutional claim of release 5010."""
    found = []
    for path in sorted(SAMPLES.rglob("*")):
        if path.is_file() and path.suffix not in {".md", ".tsv"}:
            raw = path.read_bytes()
            if re.search(rb"005010X22[23]", raw) and re.search(rb"ST.837", raw):
                found.append(path)
    return found


def _text(path: Path) -> str:
    text = path.read_bytes().decode("latin-1")
    for pattern, version in _VERSIONS:
        text = pattern.sub(version, text)
    return text


class Told(msgspec.Struct, frozen=True):
    """The worst verdict on a set, what is said of segments and elements, and the set's notes."""

    verdict: str
    rows: list[Row]
    notes: set[str]


def _told(lines: Iterable[list[str]]) -> Told:
    verdicts, rows = [], []
    notes: set[str] = set()
    segment = position = ""
    for line in lines:
        if line[0] == "IK5":
            verdicts.append(line[1])
            notes |= set(line[2:])
        elif line[0] == "IK3":
            segment, position = line[1], line[2]
            if line[4] != "8":
                rows.append((segment, position, "", line[4]))
        elif line[0] == "IK4":
            rows.append((segment, position, line[1], line[3]))
    return Told("R" if "R" in verdicts else "A" if verdicts else "none", rows, notes)


def _theirs(text: str) -> Told:
    from pyx12.params import params
    from pyx12.x12n_document import x12n_document

    logging.disable(logging.CRITICAL)
    written = io.StringIO()
    x12n_document(params(), io.StringIO(text), written, None)
    logging.disable(logging.NOTSET)
    return _told(line.strip("~").split("*") for line in written.getvalue().split("\n") if line)


def ours(path: Path) -> tuple[Told, tuple[str, ...]]:
    """What we say of a sample, and the codes of what we say beyond a 999."""
    lines: list[list[str]] = []
    beyond: list[Finding] = []
    try:
        for examined in examine([_text(path).encode("latin-1")]):
            beyond += [one for one in examined.every() if one.level in {"business", "balance"}]
            for group in examined.groups:
                lines += ack999.write(group_acknowledgment(group))
    except Unreadable:
        return Told("none", [], set()), ()
    return _told(lines), tuple(sorted({one.code for one in beyond if one.severity == "error"}))


def compare(path: Path) -> Comparison:
    theirs = _theirs(_text(path))
    mine, business = ours(path)
    return Comparison(
        sample=path.relative_to(SAMPLES).as_posix(),
        theirs=theirs.verdict,
        ours=mine.verdict,
        only_theirs=tuple([row for row in theirs.rows if row not in mine.rows]),
        only_ours=tuple([row for row in mine.rows if row not in theirs.rows]),
        business=business,
        breaks_off="2" in theirs.notes and "2" not in mine.notes,
    )


def argued(comparison: Comparison) -> str:
    """The letters of the arguments that cover every difference of a sample."""
    if "none" in {comparison.theirs, comparison.ours}:
        return "F"
    rows = (*comparison.only_theirs, *comparison.only_ours)
    return "".join(sorted({_argument(row, comparison) for row in rows}))


def _argument(row: Row, comparison: Comparison) -> str:
    segment, position, element, code = row
    unknown = {one[:2] for one in comparison.only_theirs if one[3] == "1" and not one[2]}
    renamed = {one[:2] for one in comparison.only_ours if one[2]} & unknown
    if comparison.breaks_off:
        return "J"
    if (segment, position) in renamed or (code == "3" and segment in {one[0] for one in renamed}):
        return "A"
    if code in {"1", "2"} and not element:
        return "G"
    if segment == "PWK" and code == "7":
        return "B"
    if segment == "N4" and element == "3":
        return "C"
    if code in {"10", "I10"}:
        return "D"
    if (segment, element, code) == ("CLM", "5:1", "7"):
        return "H"
    if code == "3" and not element and len(comparison.only_ours) < 8:
        return "I"
    raise RuntimeError(f"{comparison.sample}: nothing argues {row}")


def shown(rows: tuple[Row, ...]) -> str:
    parts = []
    for segment, position, element, code in rows:
        where = f"{segment}@{position}" + (f" {element}" if element else "")
        parts.append(f"{where}: {code}")
    return "; ".join(parts) or "-"


_HEAD = """# Our verdict against pyx12's

Written by `python -m benchmarks.oracle_pyx12 > docs/edi-oracle.md`; a test fails where it is not
current. pyx12 4.0.0 (BSD, `docs/licences/pyx12.txt`) is the only open validator of the guides, and
knows the 837P and 837I. It checks no balances, check digits, pointers or totals.

{samples} public samples: {verdicts} have the same verdict, and {same} the same findings to the last
element. A row reads segment@position element: code, as IK3 and IK4 say it. The last column is what
we report beyond a 999, which never speaks of claims.

| sample | pyx12 | ours | only pyx12 | only ours | argument | beyond the 999 |
|---|---|---|---|---|---|---|"""


def row_of(one: Comparison) -> str:
    return (
        f"| {one.sample} | {one.theirs} | {one.ours} | {shown(one.only_theirs)} |"
        f" {shown(one.only_ours)} | {argued(one) or '-'} | {', '.join(one.business) or '-'} |"
    )


def document(found: list[Comparison]) -> str:
    same = sum(not one.only_theirs and not one.only_ours for one in found)
    verdicts = sum(one.theirs == one.ours for one in found)
    used = {letter for one in found for letter in argued(one)}
    return "\n".join(
        [
            _HEAD.format(samples=len(found), verdicts=verdicts, same=same),
            *[row_of(one) for one in found],
            "",
            "## Arguments",
            *[f"\n**{key}.** {words}" for key, words in ARGUMENTS.items() if key in used],
        ]
    )


if __name__ == "__main__":
    print(document([compare(path) for path in samples()]))
