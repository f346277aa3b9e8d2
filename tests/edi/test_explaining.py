"""An account of a file: everything is there, indented and named, and patients are masked."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing_saas.edi import explaining_words
from billing_saas.edi.delimiters import Unreadable
from billing_saas.edi.explaining import explain
from billing_saas.edi.guides import dictionary
from tests.edi.sets import OWN, SAMPLES, file_of, segments_of

ANSWER = """
    BHT*0022*11*ELM-1*20260105*0930
    HL*1**20*1
    NM1*PR*2*NORTHFIELD HEALTH PLAN*****PI*60054
    HL*2*1*21*1
    NM1*1P*1*HOLLY*IVY****XX*1234567893
    HL*3*2*22*0
    TRN*2*ELM-1-1*9ELM000001
    NM1*IL*1*ALDER*ROWAN****MI*W100200301
    REF*6P*GROUPSEVEN
    REF*SY*987001234
    N3*12 LARCH ROAD
    N4*BURLINGTON*VT*05401
    DMG*D8*19800229*F
    EB*B**98*PR**27*25*****Y
    MSG*SEE MRS ALDER
    EB*1**30
    LS*2120
    NM1*P3*1*BIRCH*SORREL****XX*1245319599
    LE*2120
"""
SECRETS = ["ALDER", "ROWAN", "W100200301", "987001234", "LARCH", "05401", "19800229", "1980-02-29"]


def told(text: str, *, phi: bool = False) -> list[str]:
    return list(explain([file_of("271", "005010X279A1", segments_of(text))], phi=phi))


def test_who_the_patient_is_stays_hidden() -> None:
    account = "\n".join(told(ANSWER))
    for secret in [*SECRETS, "GROUPSEVEN"]:
        assert secret not in account
    assert "who IL (subscriber); person or organization 1 (person); name AAAAA" in account


def test_providers_and_payers_are_named() -> None:
    account = "\n".join(told(ANSWER))
    for name in ["NORTHFIELD HEALTH PLAN", "HOLLY", "1234567893", "BIRCH", "ELM-1-1"]:
        assert name in account


def test_with_phi_everything_is_shown() -> None:
    account = "\n".join(told(ANSWER, phi=True))
    for secret in ["ALDER", "W100200301", "12 LARCH ROAD", "1980-02-29", "SEE MRS ALDER"]:
        assert secret in account


def test_elements_are_named_and_short_codes_told() -> None:
    [line] = [line for line in told(ANSWER) if "(EB): says B" in line]
    assert line.strip() == (
        "15 benefit (EB): says B (copayment); services 98; insurance PR; period 27 (visit);"
        " amount $25.00; in network Y (yes)"
    )


def test_levels_and_loops_are_indented() -> None:
    lines = {line.strip().split()[0]: line for line in told(ANSWER)}
    indents = {number: len(line) - len(line.lstrip()) for number, line in lines.items()}
    assert indents["3"] < indents["5"] < indents["7"] < indents["8"]
    assert indents["15"] < indents["16"], "a message belongs to its benefit"


def test_every_segment_has_a_line() -> None:
    account = told(ANSWER)
    assert account[0] == "interchange 000000001 from PAYER to ELM, 2026-01-05 0930, test"
    assert account[2].strip() == "set 0001: 271, eligibility answer"
    assert len(account) == 3 + len(segments_of(ANSWER))


@pytest.mark.parametrize("path", [*SAMPLES.rglob("*"), *OWN.rglob("*")], ids=lambda path: path.name)
def test_any_sample_is_told_or_refused(path: Path) -> None:
    if not path.is_file():
        return
    try:
        account = list(explain([path.read_bytes()]))
    except Unreadable:
        return
    assert account[0].startswith("interchange ")
    assert all(line.isprintable() or "\n" not in line for line in account)


def test_the_faults_of_the_envelope_come_last() -> None:
    raw = (OWN / "277ca-payer.edi").read_bytes().replace(b"GE*1*98~", b"GE*2*98~")
    assert list(explain([raw]))[-1].startswith("error at interchange 1, group 1")


def test_a_document_is_not_poured_out() -> None:
    raw = (SAMPLES / "xlate+staedi/x12/sample275_with_HL7_valid_BIN01.edi").read_bytes()
    account = "\n".join(explain([raw]))
    assert "levelone" not in account
    assert "document (BIN): length 2768; content (not shown)" in account


@settings(max_examples=60, deadline=None)
@given(body=st.text("NM1IL*:^~HLCTXQC D8\né", max_size=120))
def test_nothing_in_a_set_can_crash_it(body: str) -> None:
    whole = file_of("271", "005010X279A1", [["BHT", "0022"]])
    assert list(explain([whole.replace(b"BHT*0022", body.encode())]))


def test_every_segment_of_the_dictionary_has_a_name() -> None:
    unnamed = [
        tag for tag in dictionary.segments() if explaining_words.segment_name(tag) == "segment"
    ]
    assert unnamed == ["SE"], "the trailer is not told"


def test_no_name_is_given_to_an_element_that_is_not_there() -> None:
    for tag, (_, elements) in explaining_words.names().items():
        standard = dictionary.segments().get(tag)
        if standard is not None:
            assert len([one for one in elements if one]) <= len(standard.parts), tag


def test_codes_are_told_of_elements_that_exist() -> None:
    for tag, number in explaining_words.codes():
        standard = dictionary.segments().get(tag)
        assert standard is None or number <= len(standard.parts), (tag, number)


def test_codes_of_outside_sets_are_told_in_the_callers_words() -> None:
    known = {"J020": "sore throat", "87070": "culture", "11": "office", "203BF0100Y": "family"}
    words = {name: lambda code: known.get(code, "") for name in ("icd10", "hcpcs", "place")}
    text = """
        PRV*BI*PXC*203BF0100Y
        CLM*26463774*100***11:B:1*Y*A*Y*I
        HI*ABK:J020*ABF:Z1159
        SV1*HC:87070*15*UN*1***1
    """
    account = "\n".join(explain([file_of("837", "005010X222A1", segments_of(text))], titles=words))
    for said in ["11 B 1 (office)", "ABK J020 (sore throat)", "code ABF Z1159\n"]:
        assert said in account
    assert "203BF0100Y\n" in account  # no words are given for a taxonomy
    assert "HC 87070 (culture)" in account


def test_a_hidden_value_is_told_in_no_words() -> None:
    text = "NTE*ADD*CO 45"
    words = {"carc": lambda code: "told"}
    assert not any(
        "told" in line
        for line in explain([file_of("837", "005010X222A1", segments_of(text))], titles=words)
    )
