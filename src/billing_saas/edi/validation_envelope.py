"""What ISA and GS must hold: codes, dates, control numbers. Counts and trailers are `faults`.

`ack_code` is the TA105 (element I18) or AK905 (element 716) value that the fault becomes.
"""

import re
from collections.abc import Callable

import msgspec

from billing_saas.edi.envelope import FunctionalGroup, Interchange, InterchangeHeader
from billing_saas.edi.findings import Finding
from billing_saas.edi.guides import catalog
from billing_saas.edi.validation_elements import is_day

_VERSIONS = {"00501", "00401"}
_ID_QUALIFIERS = frozenset(("01", "14", "20", "27", "28", "29", "30", "33", "ZZ"))
_TIME = re.compile(r"(?:[01]\d|2[0-3])[0-5]\d", re.ASCII)
_NUMBER = re.compile(r"\d{9}", re.ASCII)
_GROUP_NUMBER = re.compile(r"\d{1,9}", re.ASCII)
# The kinds of group (GS01) that our guides and acknowledgments come in.
_FUNCTIONAL = frozenset(("FA", "HB", "HC", "HI", "HN", "HP", "HR", "HS", "PI"))


class Agreement(msgspec.Struct, frozen=True, kw_only=True):
    """What was agreed with a partner. `usage` is the ISA15 that may come in (a test file must
    never post, a production file never go to a test system); "" takes either.

    `refuses_repeats` and `came_before` (whether this ISA13 was received earlier) are for claims of
    client systems only: a clearinghouse uses numbers again, and refusing an 835 would lose money.
    """

    usage: str = ""
    refuses_repeats: bool = False
    came_before: Callable[[InterchangeHeader], bool] | None = None


NO_AGREEMENT = Agreement()


def check_interchange(
    interchange: Interchange, agreement: Agreement = NO_AGREEMENT, seen: set[str] | None = None
) -> list[Finding]:
    """Faults of the ISA. `seen` holds the control numbers of the file so far, and is added to."""
    header = interchange.header
    isa = header.segment
    day, hour = isa[9], isa[10]
    rules = (
        (1, isa[1] in {"00", "03"}, "010", "The authorization qualifier is not valid."),
        (3, isa[3] in {"00", "01"}, "012", "The security qualifier is not valid."),
        (5, isa[5] in _ID_QUALIFIERS, "005", "The qualifier of the sender is not valid."),
        (6, bool(header.sender), "006", "The sender is missing."),
        (7, isa[7] in _ID_QUALIFIERS, "007", "The qualifier of the receiver is not valid."),
        (8, bool(header.receiver), "008", "The receiver is missing."),
        (9, is_day("20" + day), "014", "The date of the interchange is not a date."),
        (10, bool(_TIME.fullmatch(hour)), "015", "The time of the interchange is not a time."),
        (12, isa[12] in _VERSIONS, "017", "The version of the envelope is not one we read."),
        (13, _is_number(isa[13]), "018", "The control number is not nine digits above zero."),
        (14, isa[14] in {"0", "1"}, "019", "The request for an acknowledgment is not valid."),
        (15, isa[15] in {"P", "T"}, "020", "The usage indicator is not valid."),
    )
    found = [
        _isa_finding(interchange, at, ack_code, words)
        for at, holds, ack_code, words in rules
        if not holds
    ]
    return found + check_agreement(interchange, agreement, seen)


def check_agreement(
    interchange: Interchange, agreement: Agreement, seen: set[str] | None = None
) -> list[Finding]:
    """What of the ISA goes against what was agreed; a part of `check_interchange`."""
    header = interchange.header
    found = []
    if agreement.usage and header.usage != agreement.usage:
        found.append(_isa_finding(interchange, 15, "020", _WRONG_USAGE, "usage_not_agreed"))
    if agreement.refuses_repeats and _is_repeat(header, agreement, seen):
        words = "The control number was used before."
        found.append(_isa_finding(interchange, 13, "025", words, "interchange_repeated"))
    return found


def _is_repeat(header: InterchangeHeader, agreement: Agreement, seen: set[str] | None) -> bool:
    key = f"{header.sender} {header.receiver} {header.control_number}"
    if seen is not None and key in seen:
        return True
    if seen is not None:
        seen.add(key)
    return agreement.came_before is not None and agreement.came_before(header)


_WRONG_USAGE = "Test and production files do not go the same way; this one is of the other kind."


def _is_number(text: str) -> bool:
    return bool(_NUMBER.fullmatch(text)) and text != "000000000"


def _isa_finding(
    interchange: Interchange, at: int, ack_code: str, words: str, code: str = "interchange_header"
) -> Finding:
    return Finding(
        severity="error",
        level="interchange",
        code=code,
        message=words,
        place=interchange.place,
        segment="ISA",
        element=at,
        ack_code=ack_code,
    )


def check_group(group: FunctionalGroup) -> list[Finding]:
    """GS01, GS06 and GS08: whether a group of this kind and version is one we read."""
    header = group.header
    found = []
    if header.functional_id not in _FUNCTIONAL:
        found.append(_gs_finding(group, 1, "1", "Groups of this kind are not ones that we read."))
    elif header.functional_id != "FA" and not _is_read(header.functional_id, header.version):
        found.append(
            _gs_finding(group, 8, "2", "The version of the group was not adopted, or is too old.")
        )
    if not _GROUP_NUMBER.fullmatch(header.control_number):
        found.append(_gs_finding(group, 6, "6", "The group's control number is not a number."))
    return found


def _is_read(functional_id: str, version: str) -> bool:
    # PI is the 275, which is carried and not held to a guide.
    return functional_id == "PI" or any(
        guide.reads(version) for guide in catalog.guides_of_group(functional_id)
    )


def _gs_finding(group: FunctionalGroup, at: int, ack_code: str, words: str) -> Finding:
    return Finding(
        severity="error",
        level="group",
        code="group_header",
        message=words,
        place=group.place,
        segment="GS",
        element=at,
        ack_code=ack_code,
    )
