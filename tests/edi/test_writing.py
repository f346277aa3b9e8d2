"""Segments and interchanges on the wire: what may be sent, and what is refused by its place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from billing_saas.edi.delimiters import Delimiters
from billing_saas.edi.envelope import GroupHeader, InterchangeHeader, interchanges
from billing_saas.edi.findings import Finding
from billing_saas.edi.writing import OutgoingGroup, OutgoingSet, Pen, Unwritable, write_interchange

INTERCHANGE = InterchangeHeader(
    "00", "", "00", "", "ZZ", "SENDER", "ZZ", "RECEIVER", "260105", "1200", "^", "00501",
    "000000007", "0", "T", ":",
)  # fmt: skip
GROUP = GroupHeader("HC", "SENDER", "RECEIVER", "20260105", "1200", "3", "X", "005010X222A1")


def group_of(*sets: OutgoingSet) -> OutgoingGroup:
    return OutgoingGroup(header=GROUP, sets=sets)


def one_set(*segments: list[str], version: str | None = "005010X222A1") -> OutgoingSet:
    return OutgoingSet(identifier="837", control_number="0001", segments=segments, version=version)


def test_trailing_empty_elements_and_components_are_never_written() -> None:
    pen = Pen()
    assert pen.segment("NM1", "QC", "1", "DOE", "", "") == ["NM1", "QC", "1", "DOE"]
    assert pen.segment("SVC", ("HC", "99213", "", ""), "1") == ["SVC", "HC:99213", "1"]
    assert pen.segment("SVC", ("", ""), "") == ["SVC"]


def test_composites_and_repetitions_are_joined() -> None:
    pen = Pen(Delimiters("|", "!", ">", "\n"))
    assert pen.segment("EB", ["1", "33"], ("A", "B")) == ["EB", "1!33", "A>B"]
    assert pen.segment("CTX", [("CLM01", "X"), ("Y", "Z")]) == ["CTX", "CLM01>X!Y>Z"]


@pytest.mark.parametrize("value", ["A*B", "A~B", "A:B", "A^B", "A\nB", "A\x00B", "\x1d"])
def test_a_delimiter_or_control_character_is_refused_by_its_place(value: str) -> None:
    with pytest.raises(Unwritable) as refused:
        Pen().segment("NM1", "QC", "1", value)
    assert (refused.value.segment, refused.value.element) == ("NM1", 3)
    assert value not in str(refused.value)
    with pytest.raises(Unwritable, match="SVC01"):
        Pen().segment("SVC", ("HC", value))
    with pytest.raises(Unwritable, match="EB03"):
        Pen().segment("EB", "", "", [value, "1"])


def test_a_version_without_repetitions_cannot_repeat() -> None:
    pen = Pen(Delimiters("*", None, ":", "~"))
    assert pen.segment("EB", ["1"]) == ["EB", "1"]
    with pytest.raises(Unwritable, match="no repeated elements"):
        pen.segment("EB", ["1", "2"])


def test_an_interchange_is_written_with_its_counts() -> None:
    text = write_interchange(INTERCHANGE, [group_of(one_set(["BHT", "1"]), one_set())])
    assert text[:106].endswith("*0*T*:~")
    assert text[106:].split("~") == [
        "GS*HC*SENDER*RECEIVER*20260105*1200*3*X*005010X222A1",
        "ST*837*0001*005010X222A1",
        "BHT*1",
        "SE*3*0001",
        "ST*837*0001*005010X222A1",
        "SE*2*0001",
        "GE*2*3",
        "IEA*1*000000007",
        "",
    ]


def test_an_835_has_no_st03_and_lines_may_end() -> None:
    text = write_interchange(INTERCHANGE, [group_of(one_set(version=None))], line_end="\n")
    assert "\nST*837*0001~\n" in text


def test_a_ta1_stands_before_the_first_group() -> None:
    ta1 = ["TA1", "000000001", "260105", "1200", "A", "000"]
    text = write_interchange(INTERCHANGE, [], acknowledgments=[ta1])
    (interchange,) = interchanges([text.encode()])
    assert interchange.acknowledgments == [ta1]
    assert text.endswith("IEA*0*000000007~")


def test_a_header_that_does_not_fit_is_refused() -> None:
    with pytest.raises(Unwritable, match="ISA06: longer than 15"):
        write_interchange(replace(INTERCHANGE, sender="X" * 16), [])
    with pytest.raises(Unwritable, match="ISA08"):
        write_interchange(replace(INTERCHANGE, receiver="A*B"), [])


def test_a_raw_segment_that_holds_a_delimiter_is_refused() -> None:
    with pytest.raises(Unwritable, match="NTE02"):
        write_interchange(INTERCHANGE, [group_of(one_set(["NTE", "ADD", "a~b"]))])


VALUE = st.text(
    st.characters(codec="utf-8", exclude_characters="*~:^", exclude_categories=["C", "Z"]),
    max_size=8,
)


@given(st.lists(st.lists(VALUE, min_size=1, max_size=5), max_size=6))
def test_any_printable_text_comes_back(rows: list[list[str]]) -> None:
    pen = Pen()
    segments = [pen.segment("NTE", *row) for row in rows]
    findings: list[Finding] = []
    text = write_interchange(INTERCHANGE, [group_of(one_set(*segments))])
    read = [
        segment
        for interchange in interchanges([text.encode()], findings)
        for group in interchange.groups()
        for transaction in group.transactions()
        for _, segment in transaction.segments(decode=True)
    ]
    assert read == segments
    assert findings == []
