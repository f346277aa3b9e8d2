"""The name a file came under, and the shape in which a finding is kept."""

from typing import Any

from billing_saas.edi.findings import Finding
from billing_saas.phi.sealing import Document

MOST_FINDINGS = 5_000
"""Rows kept per arrival; a file can be wrong in more places, and the counts say in how many."""
_LONGEST_NAME = 1_000
_LARGEST_SMALL = 2**15 - 1
_LARGEST = 2**31 - 1


class ArrivalName(Document):
    """Senders put patients' names into file names."""

    name: str


def name_of(name: str) -> ArrivalName:
    """Data, never a path; what cannot be written as UTF-8 is replaced, what is endless is cut."""
    return ArrivalName(name[:_LONGEST_NAME].encode("utf-8", "replace").decode())


def finding_row(n: int, finding: Finding) -> dict[str, Any]:
    """Its columns. Segment names and positions come from the file, so they may be anything."""
    place = finding.place
    return {
        "n": n,
        "severity": finding.severity,
        "level": finding.level,
        "code": _text(finding.code),
        "message": _text(finding.message),
        "interchange": min(place.interchange, _LARGEST),
        "functional_group": min(place.group, _LARGEST),
        "transaction": min(place.transaction, _LARGEST),
        "segment_position": min(place.segment, _LARGEST),
        "loop": _text(finding.loop),
        "segment": _text(finding.segment),
        "element": min(finding.element, _LARGEST_SMALL),
        "component": min(finding.component, _LARGEST_SMALL),
        "element_reference": _text(finding.element_reference),
        "value": _text(finding.value),
    }


def _text(value: str) -> str:
    """PostgreSQL's text holds neither NUL nor half a surrogate pair."""
    return value.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()
