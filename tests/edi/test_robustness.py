"""Damaged files: a reader may refuse them by name, and may do nothing else but read."""

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing_saas.edi import (
    ack999,
    attachment275,
    authorization278,
    eligibility270,
    status276,
    status277ca,
    ta1,
)
from billing_saas.edi.binaries import Lifted
from billing_saas.edi.delimiters import Unreadable
from billing_saas.edi.envelope import TransactionSet, interchanges
from billing_saas.edi.explaining import explain
from billing_saas.edi.findings import Finding
from billing_saas.edi.layout_reading import UnsupportedSet
from billing_saas.edi.writing import Pen, Unwritable
from tests.edi.sets import OWN, SAMPLES

_KINDS = ("X212", "X217", "X279", "X231", "X230", "27", "99", "275")
FILES = sorted(
    list(OWN.glob("*.edi"))
    + [
        path
        for path in SAMPLES.rglob("*")
        if path.is_file() and any(kind in str(path) for kind in _KINDS)
    ]
)
MODULES = {
    "999": ack999,
    "997": ack999,
    "270": eligibility270,
    "271": eligibility270,
    "276": status276,
    "277": status276,
    "277CA": status277ca,
    "278": authorization278,
}
UNREADABLE = {"no_interchange", "segment_too_long", "isa_length", "isa_terminator"}
UNREADABLE |= {"isa_separator", "isa_separators", "isa_component"}
DAMAGE = st.lists(
    st.tuples(
        st.floats(0, 1),
        st.integers(0, 30),
        st.sampled_from(
            [
                b"",
                b"*",
                b"~",
                b":",
                b"^",
                b"~HL*9*8*22*0~",
                b"~LE*2120~",
                b"\xff\xc3",
                b"~NM1~",
                b"0",
            ]
        )
        | st.binary(max_size=6),
    ),
    min_size=1,
    max_size=3,
)


def read(transaction: TransactionSet, lifted: Lifted, findings: list[Finding]) -> None:
    # A separator or control character that got into a value may not be sent on.
    with suppress(Unwritable):
        if transaction.kind == "275":
            attachment275.write(attachment275.read(transaction, lifted, findings))
        elif transaction.kind in MODULES:
            module = MODULES[transaction.kind]
            module.write(module.read(transaction, findings), Pen(transaction.delimiters))


def damaged(path: Path, damage: list[tuple[float, int, bytes]]) -> bytes:
    raw = path.read_bytes()
    for where, cut, put in damage:
        # The ISA is left alone: what is wrong with it is told elsewhere.
        at = 106 + int(where * max(len(raw) - 106, 0))
        raw = raw[:at] + put + raw[at + cut :]
    return raw


@settings(max_examples=80, deadline=None)
@given(path=st.sampled_from(FILES), damage=DAMAGE)
def test_a_damaged_file_is_read_or_refused(
    path: Path, damage: list[tuple[float, int, bytes]]
) -> None:
    raw = damaged(path, damage)
    findings: list[Finding] = []
    lifted = Lifted([raw])
    refused_with = None
    try:
        for interchange in interchanges(lifted, findings):
            ta1.read_all(interchange, findings)
            for group in interchange.groups():
                for transaction in group.transactions():
                    try:
                        read(transaction, lifted, findings)
                    except (UnsupportedSet, ack999.AcknowledgmentUnreadable):
                        continue
        assert list(explain([raw]))
    except Unreadable as refusal:
        refused_with = refusal.code
    assert refused_with is None or refused_with in UNREADABLE


@pytest.mark.slow
@settings(max_examples=2_000, deadline=None)
@given(path=st.sampled_from(FILES), damage=DAMAGE)
def test_many_damaged_files(path: Path, damage: list[tuple[float, int, bytes]]) -> None:
    test_a_damaged_file_is_read_or_refused.hypothesis.inner_test(path, damage)  # type: ignore[attr-defined]  # hypothesis keeps it there


@pytest.mark.timeout(20)
@pytest.mark.parametrize("tail", [b"IEA\x85091625~", b"IEA.1~", b"~ ~\n ~"])
def test_what_only_looks_like_a_trailer_does_not_halt_the_reader(tail: bytes) -> None:
    raw = (OWN / "ta1-then-999.edi").read_bytes()
    raw = raw[: raw.index(b"SE*")] + tail
    read_to_the_end = [
        list(transaction.segments())
        for interchange in interchanges([raw])
        for group in interchange.groups()
        for transaction in group.transactions()
    ]
    assert len(read_to_the_end) == 1
