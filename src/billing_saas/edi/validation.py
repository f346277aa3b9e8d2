"""Transaction sets against the adopted guides: what a biller has to mend, and what a 999 says.

Findings of level transaction, segment and element are faults of syntax or guide (SNIP 1, 2 and
the situational part of 4): they go into the 999. Findings of level balance and business (sums,
check digits, codes on their day, dates) are true of the claims, not of their form: a 999 never
speaks of claims, so they are for whoever takes the claims in.
"""

from collections.abc import Iterator
from itertools import chain

from billing_saas.edi.envelope import Segment, TransactionSet
from billing_saas.edi.findings import Finding
from billing_saas.edi.guides import catalog
from billing_saas.edi.guides.catalog import Guide
from billing_saas.edi.validation_options import DEFAULT, Options
from billing_saas.edi.validation_tables import tables_for
from billing_saas.edi.validation_walk import Walk

# The levels that make a 999; the others are business.
ACKNOWLEDGED = frozenset({"transaction", "segment", "element"})
Blocks = Iterator[tuple[int, list[Segment]]]


def validate(transaction: TransactionSet, options: Options = DEFAULT) -> list[Finding]:
    """Consume a set and return its findings in the order of its segments.

    Faults of the envelope (SE01, SE02, a missing SE) are reported by `envelope.interchanges`.
    """
    candidates = catalog.guides_for(transaction.kind)
    blocks: Blocks = transaction.blocks()
    if not candidates:
        return _refused(transaction, blocks, "set_not_supported", "1", _NO_GUIDE)
    guide = _by_version(candidates, transaction.version)
    if guide is None:
        return _refused(transaction, blocks, "version_not_supported", "I6", _OTHER_VERSION)
    if guide.purposes:
        guide, blocks = _by_purpose(candidates, guide, blocks)
    tables = tables_for(guide, transaction.delimiters)
    return [*_header_findings(transaction, guide), *Walk(transaction, tables, options).run(blocks)]


_NO_GUIDE = "This kind of transaction set is not one that we read."
_OTHER_VERSION = "The set is written to a version of its guide that was not adopted."


def _by_version(candidates: tuple[Guide, ...], version: str) -> Guide | None:
    return next((guide for guide in candidates if guide.reads(version)), None)


def _by_purpose(
    candidates: tuple[Guide, ...], guide: Guide, blocks: Blocks
) -> tuple[Guide, Blocks]:
    """A 278 is a request or a response by its BHT02, which is in the first run of segments."""
    first = next(blocks, None)
    if first is None:
        return guide, blocks
    for segment in first[1][:1]:
        purpose = segment[2] if segment[0] == "BHT" and len(segment) > 2 else ""
        guide = next((one for one in candidates if purpose in one.purposes), guide)
    return guide, chain([first], blocks)


def _refused(
    transaction: TransactionSet, blocks: Blocks, code: str, ack_code: str, message: str
) -> list[Finding]:
    for _ in blocks:
        pass
    return [
        Finding(
            severity="error",
            level="transaction",
            code=code,
            message=message,
            place=transaction.place,
            segment="ST",
            ack_code=ack_code,
        )
    ]


def _header_findings(transaction: TransactionSet, guide: Guide) -> Iterator[Finding]:
    written = transaction.header[3] if len(transaction.header) > 3 else ""
    if transaction.group.functional_id != guide.functional_id:
        yield Finding(
            severity="error",
            level="transaction",
            code="wrong_group",
            message=f"Sets of this kind belong in a group of kind {guide.functional_id} (GS01).",
            place=transaction.place,
            segment="ST",
            element=1,
            ack_code="18",
        )
    if transaction.version != guide.version:
        yield Finding(
            severity="warning",
            level="transaction",
            code="version_not_adopted",
            message=f"The adopted version is {guide.version}; the set is held to that one.",
            place=transaction.place,
            segment="ST",
            element=3 if written else 0,
        )
    if written and written != transaction.group.version:
        yield Finding(
            severity="warning",
            level="transaction",
            code="versions_differ",
            message="ST03 and GS08 name different versions.",
            place=transaction.place,
            segment="ST",
            element=3,
        )
