"""275: documents are carried byte for byte, whatever separators stand in them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing_saas.edi import attachment275
from billing_saas.edi.attachment275 import Assignment, Attachment, Document, EncodedDocument
from billing_saas.edi.binaries import Lifted, lower
from billing_saas.edi.delimiters import STANDARD
from billing_saas.edi.envelope import interchanges
from billing_saas.edi.findings import Finding
from billing_saas.edi.writing import OutgoingGroup, outgoing, write_interchange
from tests.edi.sets import SAMPLES, file_of

VALID = SAMPLES / "xlate+staedi/x12/sample275_with_HL7_valid_BIN01.edi"
WRONG = SAMPLES / "xlate+staedi/x12/sample275_with_HL7_invalid_BIN01.edi"


def read(
    raw: bytes, findings: list[Finding] | None = None, size: int = 1 << 16
) -> list[Attachment]:
    lifted = Lifted([raw[at : at + size] for at in range(0, len(raw), size)])
    return [
        attachment275.read(transaction, lifted, findings)
        for interchange in interchanges(lifted, findings)
        for group in interchange.groups()
        for transaction in group.transactions()
    ]


def file_with(*documents: bytes, encoded: tuple[bytes, ...] = ()) -> bytes:
    attachment = Attachment(
        purpose="02",
        reference="1",
        date="20260105",
        assignments=(
            Assignment(
                number="1",
                documents=tuple([Document(content=one) for one in documents]),
                encoded_documents=tuple(
                    [EncodedDocument(encoding="B64", content=one) for one in encoded]
                ),
            ),
        ),
    )
    written = file_of("275", "005010X210", attachment275.write(attachment)).decode()
    return lower(written, attachment275.payloads(attachment), STANDARD)


@pytest.mark.parametrize("size", [1, 7, 100, 1 << 16])
def test_the_header_and_the_document_of_a_public_sample(size: int) -> None:
    findings: list[Finding] = []
    [found] = read(VALID.read_bytes(), findings, size)
    assert findings == []
    assert found.unread == ()
    patient = found.party("QC")
    assert patient is not None
    assert (patient.name, patient.references[0].value) == ("STONE", "1722634842")
    assert found.party("PR") is not None
    assert found.party("ZZ") is None
    [assignment] = found.assignments
    assert assignment.category is not None
    assert assignment.category.format == "HL"
    [document] = found.documents()
    assert document.content.startswith(b"<levelone")
    assert document.content.endswith(b"</levelone>")
    assert document.stated_length == len(document.content) == 2768


def test_a_public_sample_is_written_byte_for_byte() -> None:
    raw = VALID.read_bytes()
    lifted = Lifted([raw])
    interchange = next(interchanges(lifted))
    raw_again = b""
    for group in interchange.groups():
        for transaction in group.transactions():
            found = attachment275.read(transaction, lifted)
            one = outgoing(transaction, attachment275.write(found))
            groups = [OutgoingGroup(header=group.header, sets=[one])]
            text = write_interchange(interchange.header, groups, line_end="\n")
            raw_again = lower(text, attachment275.payloads(found), interchange.delimiters)
    assert raw_again == raw


def test_a_wrong_length_is_told_and_the_document_kept() -> None:
    findings: list[Finding] = []
    [found] = read(WRONG.read_bytes(), findings)
    assert [(one.code, one.segment, one.element) for one in findings] == [
        ("binary_length", "BIN", 1)
    ]
    [document] = found.documents()
    assert (document.stated_length, len(document.content)) == (1839, 2768)


@pytest.mark.parametrize("stated", ["1", "999999", "9" * 15])
def test_no_length_makes_the_reader_swallow_what_follows(stated: str) -> None:
    raw = file_with(b"some text").replace(b"BIN*9*", f"BIN*{stated}*".encode())
    findings: list[Finding] = []
    [found] = read(raw, findings)
    [document] = found.documents()
    assert document.content == b"some text"
    assert {one.code for one in findings} == {"binary_length"}


def test_separators_and_segments_in_a_document_are_data() -> None:
    document = b"a*b~SE*1*0001~GE*1*1~IEA*1*000000001~ISA*~BIN*3*xyz~\r\n \x00\xff"
    findings: list[Finding] = []
    [found] = read(file_with(document, b"~~~~", b""), findings)
    assert findings == []
    assert [one.content for one in found.documents()] == [document, b"~~~~", b""]


def test_an_encoded_document_stays_encoded() -> None:
    [found] = read(file_with(encoded=(b"aGVsbG8gd29ybGQ=",)))
    [document] = found.documents()
    assert isinstance(document, EncodedDocument)
    assert (document.encoding, document.content) == ("B64", b"aGVsbG8gd29ybGQ=")


@settings(max_examples=40, deadline=None)
@given(
    documents=st.lists(st.binary(max_size=200), min_size=1, max_size=3),
    size=st.integers(1, 300),
)
def test_any_bytes_are_carried(documents: list[bytes], size: int) -> None:
    findings: list[Finding] = []
    [found] = read(file_with(*documents), findings, size)
    assert findings == []
    assert [one.content for one in found.documents()] == documents


@settings(max_examples=40, deadline=None)
@given(raw=st.binary(max_size=300), size=st.integers(1, 50))
def test_a_file_without_attachments_passes_unchanged(raw: bytes, size: int) -> None:
    chunks = [raw[at : at + size] for at in range(0, len(raw), size)]
    assert b"".join(Lifted(chunks)) == raw


def test_every_other_public_sample_passes_unchanged() -> None:
    for path in SAMPLES.rglob("*"):
        if path.is_file() and "sample275" not in path.name:
            raw = path.read_bytes()
            lifted = Lifted([raw[at : at + 997] for at in range(0, len(raw), 997)])
            assert b"".join(lifted) == raw
            assert lifted.payloads == {}


def test_a_document_is_not_shown() -> None:
    [found] = read(file_with(b"secret"))
    assert "secret" not in repr(found) + repr(found.assignments) + repr(list(found.documents()))
