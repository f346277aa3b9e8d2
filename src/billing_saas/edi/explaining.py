"""An account of a file for a person: indented, every segment and element by name.

Names, ids, birth dates and addresses of members and patients, and free text, are masked unless
asked for: letters show as A and digits as 9. Codes of outside sets are put into words by the caller.
"""

from collections.abc import Iterable, Iterator

from billing_saas.edi import amounts, explaining_codes, explaining_words
from billing_saas.edi.binaries import Lifted
from billing_saas.edi.delimiters import Delimiters
from billing_saas.edi.envelope import (
    FunctionalGroup,
    Interchange,
    Segment,
    TransactionSet,
    interchanges,
)
from billing_saas.edi.explaining_codes import NO_TITLES, Titles
from billing_saas.edi.findings import Finding, mask
from billing_saas.edi.parties import day
from billing_saas.edi.privacy import Privacy
from billing_saas.edi.reel import text
from billing_saas.kit.money import dollars

_USAGE = {"P": "production", "T": "test", "I": "information"}
# What opens a part of a set, and how deep it stands below its HL level (or the set).
_RANKS = {
    "HL": 0,
    "CLM": 1,
    "LX": 2,
    "CLP": 1,
    "SVC": 2,
    "PLB": 0,
    "EB": 1,
    "EQ": 1,
    "AK2": 0,
    "IK3": 1,
    "AK3": 1,
    "IK4": 2,
    "AK4": 2,
    "IK5": 1,
    "AK5": 1,
    "AK9": 0,
}
# In these sets LX numbers parts that stand right below the set, and in those TRN opens a claim.
_LX_OUTERMOST = {"835", "275"}
_TRN_OPENS = {"276", "277", "277CA"}
_AMOUNTS = {"782", "212", "1371"}
_PAYLOADS = {("BIN", 2), ("BDS", 3)}


def explain(
    chunks: Iterable[bytes], *, phi: bool = False, titles: Titles = NO_TITLES
) -> Iterator[str]:
    """Lines of text. Raises Unreadable as `envelope.interchanges` does, after what came before."""
    findings: list[Finding] = []
    for interchange in interchanges(Lifted(chunks), findings):
        yield _interchange_line(interchange)
        delimiters = interchange.delimiters
        for segment in interchange.acknowledgments:
            yield "  " + _sentence(segment, delimiters, frozenset(), titles)
        for group in interchange.groups():
            yield "  " + _group_line(group)
            for transaction in group.transactions():
                yield "    " + _set_line(transaction)
                account = _Account(transaction, phi, titles)
                for position, segment in transaction.segments():
                    yield account.line(position, segment)
    for finding in findings:
        yield str(finding)


class _Account:
    """One set: how deep each segment stands, and whose data it is."""

    def __init__(self, transaction: TransactionSet, phi: bool, titles: Titles) -> None:
        self._delimiters = transaction.delimiters
        self._kind = transaction.kind
        self._phi = phi
        self._titles = titles
        self._level = 0
        self._rank = -1
        self._levels: dict[str, int] = {}
        self._privacy = Privacy(transaction.delimiters.component)

    def line(self, position: int, segment: Segment) -> str:
        depth = self._depth(segment)
        hidden = frozenset[int]() if self._phi else self._privacy.hidden(segment)
        sentence = _sentence(segment, self._delimiters, hidden, self._titles)
        return f"{'  ' * (3 + depth)}{position} {sentence}"

    def _depth(self, segment: Segment) -> int:
        tag = segment[0]
        if tag == "HL":
            number, parent = [*segment[1:3], "", ""][:2]
            self._level = self._levels.get(parent, -1) + 1
            self._levels[number] = self._level
        rank = _RANKS.get(tag)
        if tag == "LX" and self._kind in _LX_OUTERMOST:
            rank = 0
        elif tag == "TRN" and self._kind in _TRN_OPENS:
            rank = 1
        if rank is None:
            return self._level + self._rank + 1
        self._rank = rank
        return self._level + rank


def _sentence(
    segment: Segment, delimiters: Delimiters, hidden: frozenset[int], titles: Titles
) -> str:
    tag = segment[0]
    parts = [
        f"{explaining_words.element_name(tag, number)}"
        f" {_value(segment, number, delimiters, hidden, titles)}"
        for number in range(1, len(segment))
        if segment[number]
    ]
    name = explaining_words.segment_name(tag)
    # An id that is not shaped like one may be a piece of data.
    shown = text(tag) if len(tag) <= 3 and tag.isalnum() else mask(tag)
    return f"{name} ({shown})" + (": " + "; ".join(parts) if parts else "")


def _value(
    segment: Segment, number: int, delimiters: Delimiters, hidden: frozenset[int], titles: Titles
) -> str:
    tag, raw = segment[0], segment[number]
    if (tag, number) in _PAYLOADS:
        return "(not shown)"
    if number in hidden:
        return mask(text(raw))
    repeated = raw.split(delimiters.repetition) if delimiters.repetition else [raw]
    said = []
    for one in repeated:
        words = explaining_codes.words(segment, number, one.split(delimiters.component), titles)
        said.append(_one(segment, number, one, delimiters) + (f" ({words})" if words else ""))
    return ", ".join(said)


def _one(segment: Segment, number: int, raw: str, delimiters: Delimiters) -> str:
    tag = segment[0]
    kind = explaining_words.element_kind(tag, number)
    if kind in _AMOUNTS:
        try:
            return dollars(amounts.cents(raw))
        except amounts.AmountError:
            return text(raw)
    if kind in {"373", "1251"}:
        return _date(raw)
    meaning = explaining_words.meaning(tag, number, raw)
    if meaning:
        return f"{raw} ({meaning})"
    parts = [text(part) for part in raw.split(delimiters.component)]
    if kind == "C043":
        parts[0] = _with_status(parts[0])
    return " ".join([part for part in parts if part])


def _with_status(category: str) -> str:
    known = explaining_words.STATUS_CATEGORIES
    meaning = known.get(category) or known.get(category[:1])
    return f"{category} ({meaning})" if meaning else category


def _date(raw: str) -> str:
    """A day or a range of days as 2026-03-09; anything else as it stands."""
    first, dash, last = raw.partition("-")
    days = [day(part) if len(part) == 8 else None for part in ([first, last] if dash else [first])]
    if None in days:
        return text(raw)
    return " to ".join([str(one) for one in days])


def _interchange_line(interchange: Interchange) -> str:
    header = interchange.header
    return (
        f"interchange {header.control_number} from {text(header.sender)} to"
        f" {text(header.receiver)}, {day(header.date) or header.date} {header.time},"
        f" {_USAGE.get(header.usage, header.usage)}"
    )


def _group_line(group: FunctionalGroup) -> str:
    header = group.header
    return f"group {header.control_number} ({header.functional_id}) version {header.version}"


def _set_line(transaction: TransactionSet) -> str:
    words = explaining_words.SETS.get(transaction.kind, "a kind that is not known here")
    return f"set {transaction.control_number}: {transaction.kind}, {words}"
