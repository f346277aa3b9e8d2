"""The quick way agrees with the exact one, and no bytes whatever break the engine."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing_saas.edi.acknowledging import acknowledge
from billing_saas.edi.delimiters import STANDARD, Delimiters, Unreadable
from billing_saas.edi.examining import examine
from billing_saas.edi.guides import catalog
from billing_saas.edi.guides.outline import ElementUse, SegmentUse
from billing_saas.edi.validation_elements import Reading, check
from billing_saas.edi.validation_tables import LoopNode, SegmentNode, tables_for
from tests.edi.drafts import NOW, PROFESSIONAL, REMITTANCE, Draft, Numbers

SAMPLES = Path(__file__).parents[1] / "samples" / "x12"
OTHER = Delimiters("|", "!", ">", "\x1c")


def nodes(loop: LoopNode) -> Iterator[SegmentNode]:
    for member in loop.members:
        if isinstance(member, LoopNode):
            yield from nodes(member)
        else:
            yield member


NODES = [
    (node, delimiters)
    for delimiters in (STANDARD, OTHER)
    for kind in dict.fromkeys(catalog.kinds())
    for guide in catalog.guides_for(kind)
    for node in nodes(tables_for(guide, delimiters).root)
]
# Values that are clean in some element, and values that are clean in none.
LIKELY = (
    "",
    "1",
    "12",
    "100",
    "100.5",
    "100.00",
    "-7.25",
    ".5",
    "0",
    "00",
    "20240229",
    "20230229",
    "20240101-20240131",
    "202401011230",
    "1230",
    "D8",
    "RD8",
    "XX",
    "1234567893",
    "SMITH",
    "A B",
    " A",
    "A ",
    "  ",
    "A" * 61,
    "Ñ",
    "a\nb",
    "A:B",
    "A>B",
    "A^B",
    "A!B",
    "A::",
)


def values(use: ElementUse | None) -> st.SearchStrategy[str]:
    known = sorted(use.codes) if use else []
    return (
        st.one_of(st.sampled_from(known), st.sampled_from(LIKELY))
        if known
        else st.sampled_from(LIKELY)
    )


@st.composite
def written(draw: st.DrawFn, use: SegmentUse, delimiters: Delimiters) -> list[str]:
    """A segment that is often right and often not."""
    segment = [use.id]
    for element in use.elements[: draw(st.integers(1, len(use.elements) + 1))]:
        if element is not None and element.components:
            parts = [draw(values(one)) for one in element.components]
            keep = draw(st.integers(1, len(parts)))
            segment.append(delimiters.component.join(parts[:keep]))
        elif element is None:
            segment.append(draw(st.sampled_from(["", "", "", "A"])))
        else:
            segment.append(draw(values(element)))
    return segment


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_what_the_pattern_takes_for_clean_the_exact_check_does_too(data: st.DataObject) -> None:
    node, delimiters = data.draw(st.sampled_from(NODES))
    segment = data.draw(written(node.use, delimiters))
    joined = delimiters.element.join(segment)
    segment = joined.split(delimiters.element)
    if node.match(joined):
        assert list(check(node.use, segment, Reading(delimiters))) == []


@pytest.mark.slow
@settings(max_examples=8_000, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_the_same_for_long(data: st.DataObject) -> None:
    node, delimiters = data.draw(st.sampled_from(NODES))
    segment = data.draw(written(node.use, delimiters))
    joined = delimiters.element.join(segment)
    segment = joined.split(delimiters.element)
    if node.match(joined):
        assert list(check(node.use, segment, Reading(delimiters))) == []


def test_most_segments_of_clean_files_go_the_quick_way() -> None:
    """Else the engine would be right and slow."""
    quick = total = 0
    for text in (PROFESSIONAL, REMITTANCE):
        for line in Draft(text).lines[3:-3]:
            segment = line.split("*")
            candidates = [
                node
                for node, delimiters in NODES
                if delimiters is STANDARD and node.id == segment[0]
            ]
            total += 1
            quick += any(node.match(line) for node in candidates)
    assert quick == total


def swallow(raw: bytes) -> None:
    """Examine and answer; only Unreadable may come out."""
    try:
        for examined in examine([raw]):
            assert all(one.message for one in examined.every())
        acknowledge([raw], now=NOW, control_numbers=Numbers())
    except Unreadable:
        pass


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400))
def test_no_bytes_break_the_engine(raw: bytes) -> None:
    swallow(raw)
    swallow(Draft(PROFESSIONAL).lines[0].encode() + b"~" + raw)


@settings(max_examples=60, deadline=None)
@given(
    text=st.sampled_from([PROFESSIONAL, REMITTANCE]),
    edits=st.lists(
        st.tuples(
            st.integers(100, 1200),
            st.sampled_from([b"", b"~", b"*", b":", b"^", b"\xff", b"HL*", b"\n"]),
        ),
        max_size=12,
    ),
)
def test_no_damage_breaks_the_engine(text: str, edits: list[tuple[int, bytes]]) -> None:
    raw = Draft(text).bytes()
    for at, new in edits:
        raw = raw[:at] + new + raw[at + 1 :]
    swallow(raw)


@settings(max_examples=40, deadline=None)
@given(
    text=st.sampled_from([PROFESSIONAL, REMITTANCE]),
    order=st.lists(st.integers(3, 28), min_size=1, max_size=30),
)
def test_segments_in_any_order_do_not_break_the_engine(text: str, order: list[int]) -> None:
    draft = Draft(text)
    body = [draft.lines[min(at, len(draft.lines) - 4)] for at in order]
    draft.lines[3:-3] = body
    swallow(draft.counted().bytes())


@pytest.mark.parametrize("size", [1, 64, 4096])
def test_the_size_of_the_chunks_does_not_change_the_answer(size: int) -> None:
    raw = Draft(PROFESSIONAL).change("11:B:1", "11:B:7").bytes()
    whole = acknowledge([raw], now=NOW, control_numbers=Numbers())
    chunks = [raw[at : at + size] for at in range(0, len(raw), size)]
    assert acknowledge(chunks, now=NOW, control_numbers=Numbers()) == whole


def test_every_public_sample_gets_an_answer_or_a_reason() -> None:
    paths = [
        path for path in SAMPLES.rglob("*") if path.is_file() and path.suffix not in {".md", ".tsv"}
    ]
    assert len(paths) > 200
    for path in paths:
        swallow(path.read_bytes())
