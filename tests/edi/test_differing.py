"""`edi diff`: what two files say differently, without showing a patient."""

from pathlib import Path

import pytest

from billing_saas.edi import differing
from tests.edi.remittances import body_of, file_of

SAMPLES = Path(__file__).parent.parent / "samples" / "x12"
CLAIM = "CLP*A*1*100.00*60~NM1*QC*1*DOE*JANE****MI*MEMBER1~SVC*HC:1*100*60~CAS*CO*45*40~"
OTHER = "CLP*B*1*5*5~NM1*QC*1*ROE*RICHARD~"


def lines(first: bytes, second: bytes) -> list[str]:
    return list(differing.diff_chunks([first], [second]))


def one(claims: str, payment: str = "65", plb: str = "") -> bytes:
    return file_of(body_of(claims, payment, plb))


def test_a_file_says_what_it_says_however_it_is_laid_out() -> None:
    content = one(CLAIM + OTHER)
    other = content.replace(b"100.00", b"100").replace(b"*60~NM1", b"*60.0***~NM1")
    assert lines(content, other) == []
    relaid = content.decode().replace("~", "\n").replace("*", "|").replace(":", ">").encode()
    assert lines(content, relaid) == []


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("CO*45*40", "CO*97*40", "claim A status 1: CAS02 (reason): 45 -> 97"),
        ("CO*45*40", "CO*45*41", "claim A status 1: CAS03 (amount): 40 -> 41"),
        ("HC:1*", "HC:2*", "claim A status 1: SVC01 (procedure): HC:1 -> HC:2"),
        ("DOE*JANE", "DOE*MARY", "claim A status 1: NM104 (first name): AAAA -> AAAA"),
        ("MEMBER1", "MEMBER22", "claim A status 1: NM109 (id): AAAAAA9 -> AAAAAA99"),
        ("SAMPLE PLAN", "OTHER PLAN", "header: N102 (name): SAMPLE PLAN -> OTHER PLAN"),
    ],
)
def test_a_changed_element_is_named_with_its_claim(old: str, new: str, line: str) -> None:
    content = one(CLAIM + OTHER)
    (found,) = lines(content, content.replace(old.encode(), new.encode()))
    assert found.startswith(f"835 0001, {line}")
    assert "(segments " in found


def test_claims_are_matched_by_number_not_by_place() -> None:
    assert lines(one(CLAIM + OTHER), one(OTHER + CLAIM)) == []


def test_a_claim_that_is_only_in_one_file_is_told() -> None:
    assert lines(one(CLAIM + OTHER), one(CLAIM)) == [
        "835 0001, claim B status 1: only in the first file"
    ]
    assert lines(one(CLAIM), one(CLAIM + OTHER)) == [
        "835 0001, claim B status 1: only in the second file"
    ]
    assert lines(one(CLAIM), one(CLAIM + CLAIM)) == [
        "835 0001, claim A status 1 (2): only in the second file"
    ]


def test_a_segment_that_is_only_in_one_file_is_shown_masked() -> None:
    added = CLAIM.replace("SVC", "NM1*74*1*DOE*JANET~REF*EA*SECRET9~SVC")
    found = lines(one(CLAIM), one(added))
    assert len(found) == 2
    assert "NM1*74*1*AAA*AAAAA" in found[0]
    assert "REF*EA*AAAAAA9" in found[1]
    assert "JANET" not in "".join(found)


def test_payments_are_matched_by_their_trace() -> None:
    first = body_of(CLAIM, "60")
    second = body_of(OTHER, "5").replace("TRACE1", "TRACE2")
    assert lines(file_of(first, second), file_of(second, first)) == []
    assert lines(file_of(first, second), file_of(first)) == ["835 0002: only in the first file"]


def test_provider_adjustments_and_envelope_are_compared() -> None:
    plb = "PLB*1*20261231*WO:X*5~"
    found = lines(one(CLAIM, plb=plb), one(CLAIM, plb=plb.replace("*5~", "*6~")))
    assert found == ["835 0001, provider 1: PLB04 (amount): 5 -> 6 (segments 11 and 11)"]
    assert lines(one(CLAIM), one(CLAIM).replace(b"*0*T*:", b"*0*P*:")) == ["usage: T -> P"]


def test_hierarchy_numbers_make_no_difference_in_an_837() -> None:
    path = SAMPLES / "LinuxForHealth+x12/837_004010X098A1/patient-is-dependent.837"
    content = path.read_bytes()
    renumbered = content.replace(b"HL*3*2*23", b"HL*9*2*23")
    assert lines(content, renumbered) == []
    (found,) = lines(content, content.replace(b"SV1*HC:99213*40.00", b"SV1*HC:99213*41"))
    assert "claim 26463774: SV102" in found


@pytest.mark.parametrize(
    "path", [p for p in sorted(SAMPLES.rglob("*.83*")) if p.is_file()], ids=lambda p: p.name
)
def test_every_sample_equals_itself(path: Path) -> None:
    assert list(differing.diff(path, path)) == []
