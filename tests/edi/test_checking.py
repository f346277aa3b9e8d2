"""A file checked from end to end."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing_saas.edi import ack999, ta1
from billing_saas.edi.checking import Answering, CheckResult, Numbers, check
from billing_saas.edi.envelope import interchanges
from tests.edi.sets import OWN, SAMPLES, sets_in

REMITTANCE = (
    SAMPLES
    / "kputnam+stupidedi/005010/X221A1_HP835_Health_Care_Claim_Payment_Advice"
    / "pass/multiple-claims-single-check.edi"
)


def answering() -> Answering:
    return Answering(now=datetime(2026, 1, 5, 9, 30, tzinfo=UTC), control_numbers=Numbers(7))


def codes(result: CheckResult) -> list[str]:
    return [finding.code for finding in result.findings]


def test_a_clean_remittance() -> None:
    result = check(REMITTANCE)
    assert (result.exit_code, result.findings, result.acknowledgment) == (0, (), b"")
    assert (result.interchange_count, result.set_count) == (1, 1)


def test_a_path_and_its_bytes_are_checked_alike() -> None:
    assert check(REMITTANCE.read_bytes()) == check(REMITTANCE)


def test_a_claim_out_of_balance_is_found() -> None:
    """Taken over from the public sample: nine claims, one of them paid a dollar more."""
    raw = REMITTANCE.read_bytes()
    claim = raw[raw.index(b"CLP*") :].split(b"~")[0].split(b"*")
    changed = raw.replace(b"*".join(claim), b"*".join([*claim[:4], claim[4] + b"1", *claim[5:]]))
    result = check(changed)
    assert result.exit_code == 1
    assert "claim_out_of_balance" in codes(result)


def test_an_accepted_file_is_answered_with_a_999() -> None:
    result = check(REMITTANCE, answering=answering())
    [transaction] = list(sets_in(result.acknowledgment))
    assert transaction.kind == "999"
    [answer] = [ack999.read(one) for one in sets_in(result.acknowledgment)]
    assert answer.verdict == "accepted"
    assert b"*000000007*" in result.acknowledgment


def test_a_broken_envelope_is_answered_with_a_ta1_alone() -> None:
    raw = REMITTANCE.read_bytes().replace(b"IEA*1*", b"IEA*2*")
    result = check(raw, answering=answering())
    assert result.exit_code == 1
    interchange = next(interchanges([result.acknowledgment]))
    [receipt] = ta1.read_all(interchange)
    assert (receipt.verdict, receipt.note) == ("rejected", "021")
    assert list(interchange.groups()) == []


@pytest.mark.parametrize(
    "name", ["277ca-payer.edi", "277ca-receiver-rejected.edi", "ta1-then-999.edi"]
)
def test_our_own_acknowledgment_samples_are_clean(name: str) -> None:
    assert check(OWN / name) == check(OWN / name)
    assert codes(check(OWN / name)) == []


def test_an_acknowledgment_is_not_answered() -> None:
    """Never acknowledge a 999, 997 or TA1 (rule 65)."""
    assert check(OWN / "ta1-then-999.edi", answering=answering()).acknowledgment == b""


def test_an_acknowledgment_in_doubt_is_a_finding() -> None:
    result = check(SAMPLES / "xlate+staedi/x12/invalid999.edi")
    assert "acknowledgment_unreadable" in codes(result)
    assert result.exit_code == 1


def test_totals_of_a_277ca_are_checked() -> None:
    raw = (OWN / "277ca-clearinghouse.edi").read_bytes().replace(b"QTY*90*2", b"QTY*90*4")
    assert codes(check(raw)) == ["acknowledgment_totals"]


def test_the_length_of_an_attachment_is_checked() -> None:
    result = check(SAMPLES / "xlate+staedi/x12/sample275_with_HL7_invalid_BIN01.edi")
    assert codes(result) == ["binary_length"]


def test_findings_come_in_the_order_of_the_file() -> None:
    result = check(SAMPLES / "LinuxForHealth+x12/837_005010X222A2/demo.cob.example3.B.837")
    positions = [finding.place.segment for finding in result.findings]
    assert positions == sorted(positions)
    assert len(positions) > 3


@pytest.mark.parametrize("content", [b"", b"   \n", b"not X12 at all", b"ISA*00*"])
def test_what_is_not_x12_is_unreadable(content: bytes) -> None:
    result = check(content)
    assert result.exit_code == 2
    assert result.unreadable


def test_a_short_isa_is_unreadable_and_yet_answered() -> None:
    raw = REMITTANCE.read_bytes()
    result = check(raw[:60] + raw[61:], answering=answering())
    assert result.exit_code == 2
    [receipt] = ta1.read_all(next(interchanges([result.acknowledgment])))
    assert receipt.verdict == "rejected"


@settings(max_examples=60, deadline=None)
@given(raw=st.binary(max_size=400))
def test_no_bytes_can_crash_it(raw: bytes) -> None:
    assert check(raw, answering=answering()).exit_code in {0, 1, 2}


@settings(max_examples=60, deadline=None)
@given(
    path=st.sampled_from(sorted(OWN.glob("*.edi"))),
    at=st.integers(0, 3000),
    cut=st.integers(0, 40),
    put=st.binary(max_size=10),
)
def test_no_damage_can_crash_it(path: Path, at: int, cut: int, put: bytes) -> None:
    raw = path.read_bytes()
    damaged = raw[:at] + put + raw[at + cut :]
    assert check(damaged, answering=answering()).exit_code in {0, 1, 2}
