"""An account of a file for a person: indented, every segment and element by name.

Names, ids, birth dates and addresses of members and patients, and free text, are masked unless
asked for: letters show as A and digits as 9.
"""

from collections.abc import Iterable, Iterator

from billing_saas.edi import amounts, explaining_words
from billing_saas.edi.binaries import Lifted
from billing_saas.edi.delimiters import Delimiters
from billing_saas.edi.envelope import (
    FunctionalGroup,
    Interchange,
    Segment,
    TransactionSet,
    interchanges,
)
from billing_saas.edi.findings import Finding, mask
from billing_saas.edi.parties import day
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
# NM101 and N101 of those who are not members or patients. A home may be a stop of a transport
# and an employer or a legal guardian tells who the member is: those stay masked.
_PUBLIC_IDS = (
    "85 87 41 40 PR PE 82 DN P3 P4 DQ DK 77 71 72 73 ZZ 1P FA TT X3 SJ AY GP P5 VN PRP SEP TTP 1T"
    " 2B 80 IN CA AAJ 13 FD DD DJ ACV BO TV"
)
_PUBLIC = frozenset(_PUBLIC_IDS.split())
_OF_A_PARTY = {"N2", "N3", "N4", "PER", "REF"}
# REF01 that name a person wherever they stand.
_PERSONAL = {"SY", "EA", "1W", "0F", "IG", "ABB"}
# Elements about a patient that stand outside the party, and free text that may be. Claim numbers
# stay readable: without them nobody can say which claim is meant.
_ALWAYS = frozenset(
    {
        ("DMG", 2),
        ("PAT", 6),
        ("INS", 12),
        ("NTE", 2),
        ("K3", 1),
        ("MSG", 1),
        ("STC", 12),
        ("PWK", 7),
        ("IK4", 4),
        ("AK4", 4),
    }
)
# Contexts (CTX01) whose value is no person's.
_OPEN_CONTEXTS = {"CLM01", "TRN02", "ENT01"}
_NAMES_AND_IDS = (3, 4, 5, 9)
_AMOUNTS = {"782", "212", "1371"}
_PAYLOADS = {("BIN", 2), ("BDS", 3)}


def explain(chunks: Iterable[bytes], *, phi: bool = False) -> Iterator[str]:
    """Lines of text. Raises Unreadable as `envelope.interchanges` does, after what came before."""
    findings: list[Finding] = []
    for interchange in interchanges(Lifted(chunks), findings):
        yield _interchange_line(interchange)
        delimiters = interchange.delimiters
        for segment in interchange.acknowledgments:
            yield "  " + _sentence(segment, delimiters, frozenset())
        for group in interchange.groups():
            yield "  " + _group_line(group)
            for transaction in group.transactions():
                yield "    " + _set_line(transaction)
                account = _Account(transaction, phi)
                for position, segment in transaction.segments():
                    yield account.line(position, segment)
    for finding in findings:
        yield str(finding)


class _Account:
    """One set: how deep each segment stands, and whose data it is."""

    def __init__(self, transaction: TransactionSet, phi: bool) -> None:
        self._delimiters = transaction.delimiters
        self._kind = transaction.kind
        self._phi = phi
        self._level = 0
        self._rank = -1
        self._levels: dict[str, int] = {}
        self._is_private = False

    def line(self, position: int, segment: Segment) -> str:
        depth = self._depth(segment)
        hidden = frozenset[int]() if self._phi else self._hidden(segment)
        return f"{'  ' * (3 + depth)}{position} {_sentence(segment, self._delimiters, hidden)}"

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

    def _hidden(self, segment: Segment) -> frozenset[int]:
        tag = segment[0]
        everything = frozenset(range(1, len(segment)))
        if tag in {"NM1", "N1"}:
            entity = segment[1] if len(segment) > 1 else ""
            self._is_private = entity not in _PUBLIC
            # Qualifiers say what kind of id it is; they are no one's.
            return everything & frozenset(_NAMES_AND_IDS) if self._is_private else frozenset()
        if tag in _RANKS or tag == "TRN":
            self._is_private = False
        if tag in _OF_A_PARTY and self._is_private:
            return everything - {1} if tag in {"PER", "REF"} else everything
        if tag == "REF" and len(segment) > 1 and segment[1] in _PERSONAL:
            return everything - {1}
        if tag == "CTX" and not self._is_open_context(segment):
            return everything & {1}
        return frozenset(number for number in everything if (tag, number) in _ALWAYS)

    def _is_open_context(self, segment: Segment) -> bool:
        name, _, value = "".join(segment[1:2]).partition(self._delimiters.component)
        return not value or name in _OPEN_CONTEXTS


def _sentence(segment: Segment, delimiters: Delimiters, hidden: frozenset[int]) -> str:
    tag = segment[0]
    parts = [
        f"{explaining_words.element_name(tag, number)} {_value(segment, number, delimiters, hidden)}"
        for number in range(1, len(segment))
        if segment[number]
    ]
    name = explaining_words.segment_name(tag)
    # An id that is not shaped like one may be a piece of data.
    shown = text(tag) if len(tag) <= 3 and tag.isalnum() else mask(tag)
    return f"{name} ({shown})" + (": " + "; ".join(parts) if parts else "")


def _value(segment: Segment, number: int, delimiters: Delimiters, hidden: frozenset[int]) -> str:
    tag, raw = segment[0], segment[number]
    if (tag, number) in _PAYLOADS:
        return "(not shown)"
    if number in hidden:
        return mask(text(raw))
    repeated = raw.split(delimiters.repetition) if delimiters.repetition else [raw]
    return ", ".join([_one(segment, number, one, delimiters) for one in repeated])


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
