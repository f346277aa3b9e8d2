"""No bytes make a reader crash: a small part of what `benchmarks.fuzz_edi` does at length."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.fuzz_edi import feed
from benchmarks.mutating import mutated, seeds
from billing_saas.edi import era835, showing
from billing_saas.edi.delimiters import Unreadable
from billing_saas.edi.envelope import Segment, interchanges, kind_of
from billing_saas.edi.findings import Finding
from tests.edi.remittances import ENVELOPE, body_of, file_of

SEEDS = seeds()


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32))
def test_damaged_samples_are_read_or_refused(seed: int) -> None:
    dice = random.Random(seed)
    feed(mutated(SEEDS, dice), dice)


@pytest.mark.slow
def test_many_damaged_samples_are_read_or_refused() -> None:
    for number in range(5_000):
        dice = random.Random(f"slow-{number}")
        feed(mutated(SEEDS, dice), dice)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_no_interchange_or_one(content: bytes) -> None:
    refusals: set[str] = set()
    for raw in (content, ENVELOPE.encode() + content, b"ISA" + content):
        kind_of(raw)
        try:
            showing.show_chunks([raw])
        except Unreadable as refused:
            refusals.add(refused.code)
    assert "" not in refusals


@settings(max_examples=100, deadline=None)
@given(st.text("*~:^ACLPSVM0159.-\n\r", max_size=120))
def test_any_segments_of_an_835_are_read(text: str) -> None:
    body = body_of(f"CLP*A*1*1*1~{text}~CLP*B*1*2*2~", "3")
    reading = next(era835.readings([file_of(body)]))
    claims = list(reading.claims())
    assert claims[0].patient_control_number == "A"
    assert claims[-1].patient_control_number == "B" or "\n" in text or reading.findings


Told = tuple[list[tuple[int, Segment]], list[Finding], str]


def told(raw: bytes, window: int) -> Told:
    """Every segment and finding of a file that is looked at so many bytes together."""
    findings: list[Finding] = []
    segments: list[tuple[int, Segment]] = []
    try:
        for interchange in interchanges([raw], findings, window=window):
            for group in interchange.groups():
                for transaction in group.transactions():
                    segments.extend(transaction.segments())
    except Unreadable as refused:
        return segments, findings, refused.code
    return segments, findings, ""


@settings(max_examples=100, deadline=None)
@given(st.text("*~:^ISAEGSTC01\n\r ", max_size=200), st.integers(1, 50))
def test_the_window_never_changes_what_a_file_says(text: str, window: int) -> None:
    raw = (ENVELOPE + text).encode()
    assert told(raw, window) == told(raw, 1 << 16)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 300))
def test_the_window_never_changes_what_a_damaged_sample_says(seed: int, window: int) -> None:
    raw = mutated(SEEDS, random.Random(seed))
    assert told(raw, window) == told(raw, 1 << 16)
