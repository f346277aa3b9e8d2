"""Structs that carry their own layout: what is written is what is read, and nothing is lost."""

from collections import Counter
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing_saas.edi import ack999, authorization278, eligibility270, status276, status277ca
from billing_saas.edi.attachment275 import Attachment
from billing_saas.edi.delimiters import STANDARD
from billing_saas.edi.findings import NOWHERE, Finding
from billing_saas.edi.layout_cells import trimmed
from billing_saas.edi.layout_reading import assemble
from billing_saas.edi.layout_writing import write_set
from billing_saas.edi.layouts import plan_of
from billing_saas.edi.ta1 import InterchangeAcknowledgment
from billing_saas.edi.writing import Pen, Unwritable
from tests.edi.instances import instances

ROOTS: list[type[msgspec.Struct]] = [
    InterchangeAcknowledgment,
    ack999.Acknowledgment,
    status277ca.ClaimAcknowledgment,
    status276.StatusInquiry,
    status276.StatusResponse,
    eligibility270.EligibilityInquiry,
    eligibility270.EligibilityResponse,
    authorization278.ServicesReview,
    Attachment,
]


def without_places(struct: object) -> object:
    """The same as plain values, without where things stood."""
    if isinstance(struct, msgspec.Struct):
        return {
            name: without_places(getattr(struct, name))
            for name in struct.__struct_fields__
            if name != "place"
        }
    if isinstance(struct, tuple):
        return [without_places(one) for one in struct]
    return struct


@pytest.mark.parametrize("root", ROOTS, ids=lambda root: root.__name__)
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_what_is_written_is_read_back(root: type[msgspec.Struct], data: st.DataObject) -> None:
    struct = data.draw(instances(root))
    segments = write_set(struct)
    findings: list[Finding] = []
    again = assemble(root, NOWHERE, enumerate(segments, 2), STANDARD, findings)
    assert findings == []
    assert without_places(again) == without_places(struct)
    assert write_set(again) == segments


TAGS = sorted({tag for root in ROOTS for tag in plan_of(root).by_tag})
TAGS += ["NM1", "N3", "N4", "PER", "REF", "DTP", "TRN", "STC", "SVC", "EB", "III", "AAA", "MSG"]
TAGS += ["HSD", "IK3", "IK4", "CTX", "IK5", "LX", "BIN", "BDS", "QTY", "AMT", "UM", "DMG", "EQ"]
LEVELS = ["20", "21", "19", "22", "23", "PT", "EV", "SS", "ZZ"]
VALUES = st.sampled_from(["", "A", "1", "2", "90", "472", "1K", "B:C", "D^E", "472", "2120", "YU"])


def _a_segment(
    values: st.SearchStrategy[str], tags: st.SearchStrategy[str]
) -> st.SearchStrategy[Any]:
    elements = st.lists(values, max_size=12)
    return st.tuples(tags, elements).map(lambda pair: [pair[0], *pair[1]])


HIERARCHY = st.tuples(
    st.just("HL"),
    st.sampled_from("123"),
    st.sampled_from(["", "1", "2", "9"]),
    st.sampled_from(LEVELS),
    st.sampled_from(["", "0", "1"]),
).map(list)
PLAUSIBLE = st.lists(_a_segment(VALUES, st.sampled_from(TAGS)) | HIERARCHY, max_size=30)
ANYTHING = st.lists(
    _a_segment(st.text(max_size=5), st.sampled_from([*TAGS, "HL", "LS", "LE"]) | st.text()),
    max_size=20,
)


@pytest.mark.parametrize("root", ROOTS, ids=lambda root: root.__name__)
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(segments=PLAUSIBLE)
def test_a_segment_is_in_the_struct_or_kept_beside_it(
    root: type[msgspec.Struct], segments: list[list[str]]
) -> None:
    findings: list[Finding] = []
    struct = assemble(root, NOWHERE, enumerate(segments, 2), STANDARD, findings)
    kept = {position for position, _ in struct.unread}  # type: ignore[attr-defined]  # every root has it
    read = Counter(
        tuple(trimmed(list(segment)))
        for position, segment in enumerate(segments, 2)
        if position not in kept and segment[0] != "HL"
    )
    try:
        segments_again = write_set(struct)
    except Unwritable:
        assert "unexpected_separator" in {finding.code for finding in findings}
        return
    written = Counter(tuple(segment) for segment in segments_again if segment[0] != "HL")
    assert not read - written
    # Whatever is kept is also told.
    assert kept <= {finding.place.segment for finding in findings} | _below_unknown(segments)


def _below_unknown(segments: list[list[str]]) -> set[int]:
    """Segments of an unknown level are kept with it, under one finding."""
    hierarchy_seen = any(segment[0] == "HL" for segment in segments)
    return set(range(2, len(segments) + 2)) if hierarchy_seen else set()


@pytest.mark.parametrize("root", ROOTS, ids=lambda root: root.__name__)
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(segments=ANYTHING)
def test_no_segments_can_crash_a_reader(
    root: type[msgspec.Struct], segments: list[list[str]]
) -> None:
    struct = assemble(root, NOWHERE, enumerate(segments, 2), STANDARD, [])
    assert repr(struct).startswith("<") or root is InterchangeAcknowledgment


def test_a_value_with_a_separator_is_not_sent() -> None:
    acknowledgment = status277ca.ClaimAcknowledgment(sources=(status277ca.Source(trace="12*34"),))
    with pytest.raises(Unwritable, match="TRN02"):
        write_set(acknowledgment, Pen())
