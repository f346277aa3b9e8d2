"""The envelope: delimiters from the ISA only, streaming, and faults that are told, not thrown."""

from collections.abc import Iterator

import pytest

from billing_saas.edi.delimiters import Delimiters
from billing_saas.edi.envelope import Unreadable, interchanges, kind_of, text
from billing_saas.edi.findings import Finding

ISA = (
    "ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       "
    "*240101*1200*^*00501*000000001*0*T*:~"
)
FILE = (
    ISA
    + "GS*HP*SENDER*RECEIVER*20240101*1200*1*X*005010X221A1~"
    + "ST*835*0001~BPR*H*0*C*NON~TRN*1*1*1~SE*4*0001~"
    + "ST*835*0002~BPR*H*0*C*NON~SE*3*0002~"
    + "GE*2*1~IEA*1*000000001~"
)


def read(content: str | bytes, size: int = 1 << 20) -> tuple[list[list[str]], list[Finding]]:
    """Every segment inside the sets of a file, and the findings."""
    raw = content if isinstance(content, bytes) else content.encode()
    chunks = [raw[at : at + size] for at in range(0, len(raw), size)]
    findings: list[Finding] = []
    segments = [
        segment
        for interchange in interchanges(chunks, findings, window=min(size, 1 << 16))
        for group in interchange.groups()
        for transaction in group.transactions()
        for _, segment in transaction.segments()
    ]
    return segments, findings


BODY = [["BPR", "H", "0", "C", "NON"], ["TRN", "1", "1", "1"], ["BPR", "H", "0", "C", "NON"]]


def codes(content: str | bytes) -> list[str]:
    return [finding.code for finding in read(content)[1]]


def test_a_plain_file_is_read_with_no_findings() -> None:
    assert read(FILE) == (BODY, [])


@pytest.mark.parametrize("size", [1, 2, 7, 105, 106, 107, 1000])
def test_the_size_of_the_chunks_does_not_matter(size: int) -> None:
    assert read(FILE, size) == (BODY, [])


@pytest.mark.parametrize(
    "content",
    [
        FILE.replace("~", "~\n"),
        FILE.replace("~", "~\r\n"),
        FILE.replace("~", "~\n    "),
        FILE.replace("~", "\n~"),
        FILE.replace("~", "\r\n~\r\n"),
        FILE.replace("~", "\n"),
        FILE.replace("~", "\r\n"),
        FILE.replace("~", "\x1d"),
        FILE.replace("~", "~~"),
        "\ufeff" + FILE,
        "\n  " + FILE,
        FILE + "\x1a",
        FILE + "\n\n\x00",
        FILE.replace("^", "{").replace("*", "^"),
        FILE.replace("~", "|").replace("*", "~").replace(":", ">"),
        FILE.replace("*", ">"),
        FILE.replace("~", "^").replace("*^*", "*+*").replace("+", "!"),
        FILE.encode().replace(b"~", b"\xa7"),
        FILE.encode().replace(b"*", b"\xff"),
    ],
)
def test_separators_come_from_the_isa_and_layout_is_ignored(content: str | bytes) -> None:
    segments, findings = read(content)
    assert segments == BODY
    assert findings == []


def test_delimiters_are_told() -> None:
    (interchange,) = list(interchanges([FILE.encode()]))
    assert interchange.delimiters == Delimiters("*", "^", ":", "~")
    assert interchange.header.sender == "SENDER"
    assert interchange.header.usage == "T"


def test_4010_has_no_repetition_separator() -> None:
    old = FILE.replace("*^*00501*", "*U*00401*")
    (interchange,) = list(interchanges([old.encode()]))
    assert interchange.delimiters.repetition is None


@pytest.mark.parametrize(
    ("content", "code", "ack_code"),
    [
        ("", "no_interchange", ""),
        ("   \n", "no_interchange", ""),
        ("Dear all, see below.\n" + FILE, "no_interchange", ""),
        ("GS*HP*A*B~", "no_interchange", ""),
        (FILE.replace("*00*          *00", "*00*         *00", 1), "isa_length", "022"),
        ("ISA*00*", "isa_length", "022"),
        (FILE.replace(":~GS", ":GS", 1), "isa_terminator", "004"),
        (FILE.replace("*:~", "***~", 1), "isa_component", "027"),
        (FILE.replace("*^*", "*:*", 1), "isa_separators", "027"),
        (FILE.replace("*:~", "*A~", 1), "isa_component", "027"),
        ("ISA" + "0" * 200, "isa_separator", "026"),
    ],
)
def test_where_nothing_can_be_read_the_reason_is_given(
    content: str, code: str, ack_code: str
) -> None:
    with pytest.raises(Unreadable) as refused:
        read(content)
    assert (refused.value.code, refused.value.ack_code) == (code, ack_code)


def test_an_unreadable_isa_keeps_what_a_ta1_must_name() -> None:
    short = FILE.replace("*00*          *00", "*00*         *00", 1)
    with pytest.raises(Unreadable) as refused:
        read(short)
    assert refused.value.isa[13] == "000000001"
    assert refused.value.isa[9:11] == ("240101", "1200")


@pytest.mark.parametrize(
    ("old", "new", "code", "ack_code"),
    [
        ("SE*4*0001", "SE*5*0001", "segment_count", "4"),
        ("SE*4*0001", "SE*4*0009", "transaction_control_number", "3"),
        ("SE*4*0001~", "", "transaction_trailer_missing", "2"),
        ("ST*835*0002~BPR*H*0*C*NON~SE*3*0002", "ST*835*0001~SE*2*0001",
         "transaction_number_repeated", "23"),
        ("GE*2*1", "GE*3*1", "transaction_count", "5"),
        ("GE*2*1", "GE*2*7", "group_control_number", "4"),
        ("GE*2*1~", "", "group_trailer_missing", "3"),
        ("IEA*1*000000001", "IEA*2*000000001", "group_count", "021"),
        ("IEA*1*000000001", "IEA*1*000000002", "interchange_control_number", "001"),
        ("IEA*1*000000001~", "", "interchange_trailer_missing", "023"),
        ("GE*2*1~", "ZZ*1~GE*2*1~", "stray_segment", ""),
        ("IEA*1", "ZZ*1~IEA*1", "stray_segment", "024"),
        ("IEA*1", "TA1*000000001*240101*1200*A*000~IEA*1", "late_ta1", ""),
    ],
)  # fmt: skip
def test_faults_of_the_envelope_are_findings(old: str, new: str, code: str, ack_code: str) -> None:
    findings = read(FILE.replace(old, new))[1]
    assert [(finding.code, finding.ack_code) for finding in findings] == [(code, ack_code)]


def test_a_file_that_ends_early_names_every_missing_trailer() -> None:
    assert codes(FILE[: FILE.index("SE*4")]) == [
        "transaction_trailer_missing",
        "group_trailer_missing",
        "interchange_trailer_missing",
    ]


def test_a_missing_last_terminator_is_only_a_warning() -> None:
    findings = read(FILE[:-1])[1]
    assert [(f.code, f.severity) for f in findings] == [("last_segment_unterminated", "warning")]


def test_interchanges_of_one_file_may_use_other_separators() -> None:
    other = FILE.replace("~", "\n").replace("*", "|").replace(":", ">")
    segments, findings = read(FILE + other + "\n" + FILE.replace("*", "~~~")[:0] + FILE)
    assert segments == BODY * 3
    assert findings == []


def test_a_missing_iea_does_not_swallow_the_next_interchange() -> None:
    other = FILE.replace("~", "\n").replace("*", "|").replace(":", ">")
    segments, findings = read(FILE.replace("IEA*1*000000001~", "") + other)
    assert segments == BODY * 2
    assert [finding.code for finding in findings] == ["interchange_trailer_missing"]


def test_prose_between_interchanges_is_reported_and_passed_over() -> None:
    segments, findings = read(FILE + "\nand here is the second one:\n" + FILE)
    assert segments == BODY * 2
    assert [finding.code for finding in findings] == ["stray_text"]


def test_leaving_a_set_early_goes_to_the_next() -> None:
    (interchange,) = interchanges([FILE.encode()])
    # `interchanges` is exhausted by the unpacking above, so its groups are too.
    assert list(interchange.groups()) == []
    seen = []
    for one in interchanges([FILE.encode()]):
        for group in one.groups():
            for transaction in group.transactions():
                seen.append(transaction.control_number)
                for _ in transaction.segments():
                    break
                assert transaction.place.group == 1
    assert seen == ["0001", "0002"]


def test_a_line_feed_inside_an_element_is_kept() -> None:
    segments, _ = read(FILE.replace("~", "~\n").replace("NON~", "N\nN~", 1))
    assert segments[0] == ["BPR", "H", "0", "C", "N\nN"]


def test_a_segment_without_end_does_not_fill_the_memory() -> None:
    def endless() -> Iterator[bytes]:
        yield FILE[: FILE.index("TRN*1") + 5].encode()
        while True:
            yield b"1" * 100_000

    reading = interchanges(endless(), max_segment=500_000)
    group = next(next(reading).groups())
    transaction = next(group.transactions())
    with pytest.raises(Unreadable, match="segment too long"):
        transaction.skip()


def test_acknowledgments_stand_before_the_first_group() -> None:
    ta1 = "TA1*000000001*240101*1200*A*000~"
    for interchange in interchanges([FILE.replace("GS*", ta1 + "GS*").encode()]):
        assert interchange.acknowledgments == [["TA1", "000000001", "240101", "1200", "A", "000"]]


def test_bytes_that_are_not_ascii_survive() -> None:
    assert text("caf\xc3\xa9") == "café"
    assert text("caf\xe9") == "café"
    assert text("plain") == "plain"
    segments, _ = read(FILE.encode().replace(b"NON", "né".encode()).replace(b"TRN*1", b"TRN*\xe9"))
    assert text(segments[0][4]) == "né"
    assert text(segments[1][1]) == "é"


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (FILE, "835"),
        (FILE[:200], "835"),
        (FILE.replace("ST*835*0001", "ST*837*0001*005010X222A1"), "837P"),
        (FILE.replace("ST*835*0001", "ST*837*0001*005010X223A2"), "837I"),
        (FILE.replace("ST*835*0001", "ST*837*0001*005010X224A2"), "837D"),
        (FILE.replace("ST*835*0001", "ST*277*0001*005010X214"), "277CA"),
        (FILE.replace("ST*835*0001", "ST*277*0001*005010X212"), "277"),
        (FILE.replace("ST*835*0001", "ST*834*0001"), "834"),
        (ISA + "TA1*000000001*240101*1200*A*000~IEA*0*000000001~", "TA1"),
        ("hello", None),
        (ISA + "IEA*0*000000001~", None),
    ],
)
def test_the_kind_is_known_from_the_head(head: str, kind: str | None) -> None:
    assert kind_of(head.encode()) == kind
