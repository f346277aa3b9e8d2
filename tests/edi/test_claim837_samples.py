"""Every public 837 of the adopted guides is read whole and written back segment by segment."""

import re
from pathlib import Path

import pytest

from billing_saas.edi import claim837_reader, claim837_rules, claim837_writer
from billing_saas.edi.claim837 import Claim
from billing_saas.edi.findings import Finding
from billing_saas.edi.reel import Segment
from billing_saas.edi.writing import Unwritable
from tests.edi.claims837 import read, sets_of

SAMPLES = Path(__file__).parents[1] / "samples" / "x12"
_INDEX = [line.split("\t") for line in (SAMPLES / "INDEX.tsv").read_text().splitlines()[1:]]
# 5010 files that hold an 837; one of them is notes in prose without an interchange.
FIVE = sorted(
    row[0]
    for row in _INDEX
    if row[1] == "837" and row[2].startswith("005010X") and "no-ISA-first" not in row[5]
)
FOUR = sorted(row[0] for row in _INDEX if row[1] == "837" and row[2].startswith("004010"))
STUPIDEDI = "kputnam+stupidedi/005010"

# What is not written back as it stood, and why: (removed segments, added segments).
DIFFERENT: dict[str, tuple[list[str], list[str]]] = {
    # A DTP stands after the PWK and a LIN after the SVD: read, and written in the guide's order.
    "jaymd96+pyedi/data/test_edi/837P-all-fields.dat": (
        ["DTP*314*RD8*20050608-20050609", "LIN**N4*01234567891"],
        ["DTP*314*RD8*20050608-20050609", "LIN**N4*01234567891"],
    ),
    # X298 reports to a data receiver (NM1*ZD) and to no payer: kept aside, not written.
    f"{STUPIDEDI}/X298_HC837_Post_Adjudicated_Claims_Data_Reporting_Professional/pass/"
    "pacdr-professional-external-example.edi": (["NM1*ZD*2*DATA RECEIVER"], []),
}
# What is refused, and why.
REFUSED = {
    # ISA16 names another component separator than the file uses, so composites are not read.
    "LinuxForHealth+x12/837_005010X222A2/demo.cob.2ndary.example4.837": "not understood",
    "LinuxForHealth+x12/837_005010X222A2/demo.example9.837": "not understood",
    "LinuxForHealth+x12/837_005010X222A2/demo.example11.837": "not understood",
    "LinuxForHealth+x12/837_005010X222A2/demo.example12.837": "not understood",
    "LinuxForHealth+x12/837_005010X223A3/out-of-network-repriced-claim.837i": "not understood",
    "LinuxForHealth+x12/837_005010X223A3/ppo-repriced-claim.837i": "not understood",
    # Its lines point to a second diagnosis that its claims do not have.
    "moov-io+x12/examples/example_5010_837p/sample.txt": "names no diagnosis",
}
_NUMBER = re.compile(r"(?<![\w.])0*(\d+\.\d*?)0+(?![\w.])")


def plain(segment: Segment) -> str:
    """The segment with its amounts in canonical form (rule: RFI 1526), as we write them."""
    elements = [
        _NUMBER.sub(lambda found: found.group(1).rstrip("."), element) for element in segment
    ]
    return "*".join(elements)


def raw_segments(content: bytes) -> list[list[Segment]]:
    return [
        [segment for _, segment in transaction.segments()]
        for transaction in sets_of(content)
        if transaction.header[1:2] == ["837"]
    ]


def written_segments(content: bytes) -> list[list[Segment]]:
    written = []
    for transaction in sets_of(content):
        if transaction.header[1:2] == ["837"]:
            stream = claim837_reader.read(transaction)
            written.append(
                claim837_writer.write(stream.header, stream, delimiters=transaction.delimiters)
            )
    return written


@pytest.mark.parametrize("name", [name for name in FIVE if name not in REFUSED])
def test_a_sample_is_written_back_as_it_was_read(name: str) -> None:
    content = (SAMPLES / name).read_bytes()
    for before, after in zip(raw_segments(content), written_segments(content), strict=True):
        if not any(segment[0] == "CLM" for segment in before):
            # Only the parties of a claim that is not there: nothing is written of them.
            assert not any(segment[0] == "HL" for segment in after)
            continue
        expected = [plain(segment) for segment in before]
        found = [plain(segment) for segment in after]
        removed, added = DIFFERENT.get(name, ([], []))
        if removed or added:
            assert sorted([*found, *removed]) == sorted([*expected, *added])
        else:
            assert found == expected


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_a_sample_that_was_not_understood_is_not_written(name: str) -> None:
    with pytest.raises(Unwritable, match=REFUSED[name]):
        written_segments((SAMPLES / name).read_bytes())


# These write some amounts as 8.20 or 1400.00, which X12 does not want (RFI 1526): we write 8.2.
WITH_ZEROS = ("ambulance", "home-infusion")


@pytest.mark.parametrize(
    "name",
    [
        name
        for name in FIVE
        if name.startswith(STUPIDEDI)
        and name not in DIFFERENT
        and not any(word in name for word in WITH_ZEROS)
    ],
)
def test_canonical_samples_are_written_back_to_the_letter(name: str) -> None:
    content = (SAMPLES / name).read_bytes()
    assert written_segments(content) == raw_segments(content)


@pytest.mark.parametrize("name", FIVE + FOUR)
def test_no_segment_of_a_sample_is_lost(name: str) -> None:
    """Every element that stands in the file stands in a struct or is kept aside and reported."""
    findings: list[Finding] = []
    for transaction in sets_of((SAMPLES / name).read_bytes(), findings):
        if transaction.header[1:2] != ["837"]:
            continue
        stream = claim837_reader.read(transaction, findings)
        claims = list(stream)
        aside = len(stream.unread) + sum(len(claim.unread) for claim in claims)
        reported = [one for one in findings if one.level in ("segment", "element")]
        assert len(reported) >= aside
        assert all(one.place.segment > 1 for one in reported)


def claims_of(name: str) -> list[Claim]:
    return [claim for _, claims in read((SAMPLES / name).read_bytes()) for claim in claims]


COORDINATED = [
    name
    for name in FIVE
    if name.startswith("kputnam") and re.search("COB-|payer-b|secondary|pacdr", name)
]


@pytest.mark.parametrize("name", COORDINATED)
def test_worked_examples_of_coordination_balance(name: str) -> None:
    claims = claims_of(name)
    assert claims
    assert any(claim.other_coverages for claim in claims)
    assert [finding for claim in claims for finding in claim837_rules.check(claim)] == []


def test_a_4010_claim_is_read_in_the_same_words() -> None:
    (claim,) = claims_of(
        "LinuxForHealth+x12/837_004010X098A1/dependent-commercial-insurance-02.837"
    )
    # Typographic quote in UTF-8.
    assert claim.subscriber.name == "JEN & BARRY’S ICE CREAM SHOPPE"
    assert claim.related_causes == ("EM", "OA")
    assert [line.charge_cents for line in claim.lines] == [12000, 2500, 5000, 21000]
    assert claim.patient is not None
    assert claim837_rules.check(claim) == []


def test_a_4010_institutional_claim_is_read() -> None:
    claims = claims_of("azoner+pyx12/x12testdata/simple_837i.edi")
    assert [claim.frequency for claim in claims] == ["7", "7"]
    assert claims[0].payer_claim_number
    assert claims[0].admitting_diagnosis is not None
    assert all(line.institutional for claim in claims for line in claim.lines)
