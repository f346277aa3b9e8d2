"""Every row of the design's table "Malformed input and the answer", with the answer it names.

Public files of release 4010 are ported: the same fault in a clean 5010 file. Where the row's answer
cannot be had, or is not the right one, the test says so and why.
"""

from pathlib import Path

import pytest

from billing_saas.edi import ack999, eligibility270, ta1
from billing_saas.edi.ack999 import AcknowledgmentUnreadable
from billing_saas.edi.envelope import Unreadable, interchanges
from billing_saas.edi.findings import Finding
from billing_saas.edi.validation import validate
from billing_saas.edi.validation_options import Options
from tests.edi.drafts import (
    ELIGIBILITY_ANSWER,
    INSTITUTIONAL,
    PROFESSIONAL,
    REMITTANCE,
    Draft,
    answer,
    findings,
    refused,
    seen,
    told,
)

SAMPLES = Path(__file__).parents[1] / "samples" / "x12"
PYX12 = SAMPLES / "azoner+pyx12" / "x12testdata"
HOUR = "240115*1253"


def ta1_line(control_number: str, verdict: str, at: str = HOUR) -> str:
    return f"TA1*{control_number}*{at}*{verdict}"


def professional() -> Draft:
    return Draft(PROFESSIONAL)


def test_the_drafts_are_clean() -> None:
    for clean in (PROFESSIONAL, INSTITUTIONAL, REMITTANCE, ELIGIBILITY_ANSWER):
        assert findings(Draft(clean).bytes()) == []
        assert answer(Draft(clean).bytes())[-1] == "AK9*A*1*1*1"


# -- the interchange


def test_an_isa_that_is_one_blank_short_is_refused_and_not_guessed_at() -> None:
    short = professional().bytes().replace(b"ISA*00*          *", b"ISA*00*         *")
    assert answer(short) == [ta1_line("000000905", "R*022")]


def test_a_file_without_an_isa_has_nobody_to_answer() -> None:
    lines = professional().text().split("~", 1)[1].encode()
    with pytest.raises(Unreadable, match="no interchange header"):
        answer(lines)


@pytest.mark.parametrize("name", ["837miss.edi", "fail_no_IEA.edi"])
def test_public_files_that_end_too_early_are_refused(name: str) -> None:
    assert answer((PYX12 / name).read_bytes()) == [
        ta1_line("000010121", "R*023", "030828*1128"),
    ]


def test_a_file_that_ends_after_st_lacks_se_ge_and_iea() -> None:
    draft = professional()
    cut = Draft("\n".join(draft.lines[:3])).bytes()
    assert answer(cut) == [ta1_line("000000905", "R*023")]
    # 837miss says AK9*R*0*0*0*3; we count the set that began, because it was received.
    assert refused(cut) == [
        "AK1*HC*17*005010X222A1",
        "AK2*837*0001*005010X222A1",
        "IK5*R*2",
        "AK9*R*1*1*0*3",
    ]


def test_a_file_without_iea_is_refused_whatever_its_sets_are() -> None:
    assert answer(professional().drop("IEA*").bytes()) == [ta1_line("000000905", "R*023")]


def test_counts_and_numbers_of_all_trailers_are_wrong() -> None:
    # The public file's IEA02 is "333", which is no control number: 018. Were it another number of
    # nine digits, it would be 001 (see below).
    draft = (
        professional()
        .replace("SE*", "SE*60*0001")
        .replace("GE*", "GE*1*333")
        .replace("IEA*", "IEA*5*333")
    )
    assert answer(draft.bytes()) == [ta1_line("000000905", "R*018")]
    whole = draft.replace("IEA*", "IEA*1*000000905")
    assert answer(whole.bytes()) == [
        "AK1*HC*17*005010X222A1",
        "AK2*837*0001*005010X222A1",
        "IK5*R*4",
        "AK9*R*1*1*0*4",
    ]
    public = (PYX12 / "trailer_errors.edi").read_bytes()
    assert answer(public) == [ta1_line("000484950", "R*018", "040820*1133")]


def test_an_isa10_of_3339_is_no_time_and_se02_differs() -> None:
    draft = professional().change("240115*1253*^", "240115*3339*^").replace("SE*", "SE*29*0002")
    assert answer(draft.bytes()) == [ta1_line("000000905", "R*015", "240115*3339")]
    whole = draft.change("240115*3339*^", "240115*1253*^")
    assert answer(whole.bytes())[2:] == ["IK5*R*3", "AK9*R*1*1*0"]
    public = (PYX12 / "ele.edi").read_bytes()
    assert answer(public) == [ta1_line("000484889", "R*015", "040709*3339")]


def test_iea02_that_differs_from_isa13_is_001() -> None:
    draft = professional().replace("IEA*", "IEA*1*000000906")
    assert answer(draft.bytes()) == [ta1_line("000000905", "R*001")]


def test_three_groups_and_an_iea01_of_one_is_021() -> None:
    draft = professional()
    group = draft.lines[1:-1]
    second = [line.replace("*17*X*", "*18*X*").replace("GE*1*17", "GE*1*18") for line in group]
    third = [line.replace("*17*X*", "*19*X*").replace("GE*1*17", "GE*1*19") for line in group]
    draft.lines[-1:-1] = [*second, *third]
    assert answer(draft.bytes()) == [ta1_line("000000905", "R*021")]
    draft.replace("IEA*", "IEA*3*000000905")
    assert [line for line in answer(draft.bytes()) if line.startswith("AK9")] == ["AK9*A*1*1*1"] * 3


def test_two_sets_with_one_number_and_a_ge01_of_one() -> None:
    draft = professional()
    st = next(at for at, line in enumerate(draft.lines) if line.startswith("ST*"))
    se = next(at for at, line in enumerate(draft.lines) if line.startswith("SE*"))
    draft.lines[se + 1 : se + 1] = draft.lines[st : se + 1]
    assert answer(draft.bytes())[1:] == [
        "AK2*837*0001*005010X222A1",
        "IK5*A",
        "AK2*837*0001*005010X222A1",
        "IK5*R*23",
        "AK9*R*1*2*1*5",
    ]


def test_an_se01_that_others_call_valid_is_4() -> None:
    draft = professional().replace("SE*", "SE*20*0001")
    assert answer(draft.bytes())[2:] == ["IK5*R*4", "AK9*R*1*1*0"]


def test_se_ge_and_iea_are_missing() -> None:
    cut = professional().drop("SE*", many=3).bytes()
    assert answer(cut) == [ta1_line("000000905", "R*023")]
    assert refused(cut)[2:] == ["IK5*R*2", "AK9*R*1*1*0*3"]


def test_a_file_of_several_guides_is_answered_group_by_group() -> None:
    # mult_isa.edi is 4010, which no group of may be read now: AK905 2 for each of its eight GS.
    public = answer((PYX12 / "mult_isa.edi").read_bytes())
    verdicts = [line for line in public if line.startswith("AK9")]
    assert len(verdicts) == 8
    assert {line[:5] for line in verdicts} == {"AK9*R"}
    assert {line[-2:] for line in verdicts} == {"*2"}


def test_near_empty_sets_of_several_guides_are_all_rejected() -> None:
    lines = [Draft(PROFESSIONAL).lines[0]]
    for number, (functional, kind, version) in enumerate(
        [("HC", "837", "005010X222A1"), ("HP", "835", "005010X221A1"), ("HI", "278", "005010X217")],
        1,
    ):
        st03 = "" if kind == "835" else f"*{version}"
        lines += [
            f"GS*{functional}*ELM*CLEAR*20240115*1253*{number}*X*{version}",
            f"ST*{kind}*0001{st03}",
            "SE*2*0001",
            f"GE*1*{number}",
        ]
    lines.append("IEA*3*000000905")
    file = Draft("\n".join(lines)).bytes()
    verdicts = [line for line in answer(file) if line.startswith("AK9")]
    assert verdicts == ["AK9*R*1*1*0"] * 3


def test_ta1_before_the_group_and_then_a_999() -> None:
    file = (
        Draft(PROFESSIONAL).text().split("~")[0]
        + "~TA1*000000905*240115*1253*A*000~GS*FA*CLEAR*ELM*20240116*0800*1*X*005010X231A1~"
        "ST*999*0001*005010X231A1~AK1*HC*17*005010X222A1~AK2*837*0001*005010X222A1~IK5*A~"
        "AK9*A*1*1*1~SE*6*0001~GE*1*1~IEA*1*000000905~"
    ).encode()
    for interchange in interchanges([file]):
        assert [one.verdict for one in ta1.read_all(interchange)] == ["accepted"]
        for group in interchange.groups():
            for transaction in group.transactions():
                assert ack999.read(transaction).verdict == "accepted"
    assert answer(file) == []  # an acknowledgment is never acknowledged


def test_a_line_end_before_each_terminator_is_not_the_terminator() -> None:
    broken = professional().text("\n~").encode()
    assert answer(broken)[-1] == "AK9*A*1*1*1"


@pytest.mark.parametrize("terminator", ["\n", "\r\n", "\x1d"])
def test_other_terminators_are_read(terminator: str) -> None:
    assert answer(professional().text(terminator).encode())[-1] == "AK9*A*1*1*1"


def test_separators_above_0x7f_are_read_as_what_they_are() -> None:
    raw = professional().text().encode("latin-1").replace(b"~", b"\xa7").replace(b"*", b"\xb1")
    assert answer(raw)[-1] == "AK9*A*1*1*1"


@pytest.mark.parametrize(("element", "terminator"), [("~", "^"), (">", "~"), ("|", "\x1c")])
def test_separators_in_unusual_roles_are_read_from_the_isa(element: str, terminator: str) -> None:
    text = professional().text("\x00").replace("*^*", "*!*").replace("*", element)
    raw = text.replace("\x00", terminator).encode()
    assert answer(raw)[-1] == "AK9*A*1*1*1"


def test_an_isa_without_a_terminator_is_004() -> None:
    raw = professional().text().replace("*P*:~GS", "*P*:GS").encode()
    assert answer(raw) == [ta1_line("000000905", "R*004")]


def test_a_byte_order_mark_and_indented_segments_are_no_fault() -> None:
    raw = b"\xef\xbb\xbf" + professional().text("~\n   ").encode()
    assert answer(raw)[-1] == "AK9*A*1*1*1"


PROSE = [
    SAMPLES / "kputnam+stupidedi" / "notes" / "recover.txt",
    SAMPLES / "kputnam+stupidedi" / "notes" / "split.edi",
    *sorted(SAMPLES.glob("kputnam+stupidedi/005010/X22*/case/*.edi")),
]


@pytest.mark.parametrize("path", PROSE, ids=lambda path: f"{path.parts[-3]}-{path.name}"[-24:])
def test_prose_around_an_interchange_is_not_searched_for_one(path: Path) -> None:
    with pytest.raises(Unreadable, match="no interchange header"):
        answer(path.read_bytes())


# -- segments and loops


def test_a_third_contact_of_the_submitter() -> None:
    contact = "PER*IC*ALICE*TE*3055552222"
    draft = professional().after("PER*", contact, contact).counted()
    # pyx12's file is 4010 and has a REF before: its third PER is segment 7, ours is 6.
    assert answer(draft.bytes())[2:] == ["IK3*PER*6*1000A*5", "IK5*R*5", "AK9*R*1*1*0"]


def test_fifty_four_lines_in_a_claim() -> None:
    draft = professional()
    for number in range(54, 2, -1):
        draft.before("SE*", f"LX*{number}", "SV1*HC:99213*0*UN*1***1", "DTP*472*D8*20240110")
    lines = [line for line in draft.lines if line.startswith("LX*")]
    assert len(lines) == 54
    found = [line for line in answer(draft.counted().bytes()) if line.startswith("IK3")]
    first = draft.find("LX*", 51)
    assert found == [f"IK3*LX*{first + 3 * extra}*2400*4" for extra in range(4)]


def test_a_second_pair_of_payer_and_payee_and_a_date_that_is_none() -> None:
    draft = Draft(REMITTANCE).replace("DTM*405", "DTM*405*11111111")
    draft.before("SE*", "N1*PR*PAYER", "N3*1 PAYER STREET", "N4*LANSING*MI*48909")
    draft.before("SE*", "N1*PE*BEN KILDARE SERVICE*XX*1234567893")
    # The row says IK3 1, after pyx12, which calls every segment it cannot place unknown. N1 is
    # known and its loops stand once too often: 4, with the loop's id. SE01 is wrong as well.
    assert answer(draft.bytes())[2:-1] == [
        "IK3*DTM*4**8",
        "IK4*2*373*8",
        "IK3*N1*20*1000A*4",
        "IK3*N1*23*1000B*4",
        "IK5*R*4*5",
    ]


def test_a_required_loop_is_missed_where_the_next_segment_stands() -> None:
    # bad_2010AA_bug: nothing of the billing provider, and the subscriber follows.
    draft = professional().drop("NM1*85", many=4).counted()
    assert answer(draft.bytes())[2:] == [
        "IK3*NM1*8*2010AA*3",
        "IK5*R*5",
        "AK9*R*1*1*0",
    ]


def test_a_set_of_st_and_se_lacks_everything() -> None:
    # simple1. pyx12 reports at segment 1 (the last it saw); what is missing belongs at 2, before
    # SE. Loops are named by their first segment.
    draft = Draft("\n".join([*professional().lines[:3], "SE*2*0001", "GE*1*17", "IEA*1*000000905"]))
    assert answer(draft.bytes())[2:-2] == [
        "IK3*BHT*2**3",
        "IK3*NM1*2*1000A*3",
        "IK3*NM1*2*1000B*3",
        "IK3*HL*2*2000A*3",
    ]


def test_sets_of_st_bht_and_se() -> None:
    # multiple_trn, the 837 of it (its 278 and 835 are in the test of several guides above).
    lines = [*professional().lines[:4], "SE*3*0001", "GE*1*17", "IEA*1*000000905"]
    assert answer(Draft("\n".join(lines)).bytes())[2:-2] == [
        "IK3*NM1*3*1000A*3",
        "IK3*NM1*3*1000B*3",
        "IK3*HL*3*2000A*3",
    ]


def test_n3_and_hi_are_missing_and_a_ref_stands_twice() -> None:
    draft = professional().drop("N3*234").drop("HI*").after("REF*EI", "REF*EI*587654321").counted()
    assert told(one for one in findings(draft.bytes()) if one.level == "segment") == [
        "N3*9*2010AA*3",
        "REF*11*2010AA*5",
        "HI*21*2300*3",
    ]
    # The lines' pointers point to nothing now, which is business and not in the 999.
    assert {one.code for one in findings(draft.bytes()) if one.level == "business"} == {
        "diagnosis_pointer"
    }
    assert len([line for line in answer(draft.bytes()) if line.startswith("IK3")]) == 3


def test_three_misspelt_segment_ids_make_six_errors() -> None:
    draft = (
        professional()
        .change("PER*IC*ALICE", "PIR*IC*ALICE")
        .change("N4*MIAMI*FL*331110001", "N41*MIAMI*FL*331110001")
        .change("NM1*IL*1", "NM31*IL*1")
    )
    assert told(findings(draft.bytes())) == [
        "PIR*4*1000A*1",
        "PER*5*1000A*3",
        "N41*10*2010AA*1",
        "N4*11*2010AA*3",
        "NM31*14*2000B*1",
        "NM1*18*2010BA*3",
    ]


def test_nm102_and_clm05_are_missing() -> None:
    draft = professional().change("NM1*85*2*", "NM1*85**").change("***11:B:1*Y", "****Y")
    assert [line for line in answer(draft.bytes()) if line.startswith("IK4")] == [
        "IK4*2*1065*1",
        "IK4*5*C023*1",
    ]


def test_an_hl03_that_is_not_20_is_fatal_for_the_set() -> None:
    draft = professional().change("HL*1**20*1", "HL*1**2X*1").change("SV1*HC:99213", "SVX*HC")
    assert answer(draft.bytes())[2:] == [
        "IK3*HL*6*1000B*8",
        "IK4*3*735*7*2X",
        "IK5*R*5",
        "AK9*R*1*1*0",
    ]


def billing_provider() -> list[str]:
    lines = professional().lines
    first = next(at for at, line in enumerate(lines) if line.startswith("NM1*85"))
    return lines[first : first + 4]


def test_a_billing_provider_twice() -> None:
    draft = professional().before("HL*2", *billing_provider()).counted()
    assert told(findings(draft.bytes())) == ["NM1*12*2010AA*4"]


def test_too_many_referring_providers() -> None:
    referring = "NM1*DN*1*WELBY*MARCUS****XX*1234567893"
    draft = professional().before("NM1*82", *[referring] * 3).counted()
    assert told(findings(draft.bytes())) == ["NM1*24*2310A*4"]


def test_no_billing_provider_no_subscriber() -> None:
    assert told(findings(professional().drop("NM1*85", many=4).counted().bytes())) == [
        "NM1*8*2010AA*3"
    ]
    assert told(findings(professional().drop("NM1*IL", many=4).counted().bytes())) == [
        "NM1*14*2010BA*3"
    ]


def test_no_service_line_in_two_claims() -> None:
    draft = professional().drop("LX*", many=6)
    claim = [line for line in draft.lines if line[:3] in {"CLM", "REF", "HI*"}][1:]
    draft.before("SE*", *claim[:1], "HI*ABK:J020").counted()
    assert told(findings(draft.bytes())) == ["LX*23*2400*3", "LX*25*2400*3"]


def test_n4_before_n3_twice() -> None:
    draft = professional()
    for nth in (1, 2):
        at = [number for number, line in enumerate(draft.lines) if line[:2] == "N3"][nth - 1]
        draft.lines[at], draft.lines[at + 1] = draft.lines[at + 1], draft.lines[at]
    assert told(findings(draft.bytes())) == ["N3*10*2010AA*7", "N3*16*2010BA*7"]


# -- elements


def test_a_clm18_and_empty_parts_at_the_end() -> None:
    # The row's IK4*18*1073*1 is of 4010, where CLM18 was required. X223A2 does not use CLM18: what
    # can go wrong with it now is that it is sent (I10). Separators at the end with nothing between
    # them are the segment's fault, IK304 8 with no element to name.
    draft = Draft(INSTITUTIONAL).change("**A*Y*Y\n", "**A*Y*Y*********Y\n")
    assert answer(draft.bytes())[2:4] == ["IK3*CLM*18*2300*8", "IK4*18*1073*I10*Y"]
    empty = Draft(INSTITUTIONAL).change("**A*Y*Y\n", "**A*Y*Y********\n")
    assert answer(empty.bytes())[2:4] == ["IK3*CLM*18*2300*8", "IK5*R*5"]
    component = Draft(INSTITUTIONAL).change("14:A:7*", "14:A:7:*")
    assert answer(component.bytes())[2:4] == ["IK3*CLM*18*2300*8", "IK5*R*5"]


def test_bad_codes_lengths_and_a_date_in_five_segments() -> None:
    draft = (
        professional()
        .change("PER*IC*ALICE*TE*", "PER*IC*ALICE*TA*")
        .change("KEY INSURANCE*****46*66783JJT", "KEY INSURANCE*****47*66783JJT")
        .change("SMITH*JANE****MI*", "SMITH*JANE****MIM*")
        .change("DMG*D8*19430501*F", "DMG*D8*19431301*R")
        .change("***11:B:1*Y", "***111:B:1*Y")
    )
    assert [line for line in answer(draft.bytes()) if line[:3] in {"IK3", "IK4"}] == [
        "IK3*PER*4*1000A*8",
        "IK4*3*365*7*TA",
        "IK3*NM1*5*1000B*8",
        "IK4*8*66*7*47",
        "IK3*NM1*14*2010BA*8",
        "IK4*8*66*5*MIM",
        "IK4*8*66*7*MIM",
        "IK3*DMG*17*2010BA*8",
        # pyx12 repeats the birth date here. An acknowledgment is seen by many hands: we do not.
        "IK4*2*1251*8",
        "IK4*3*1068*7*R",
        "IK3*CLM*19*2300*8",
        "IK4*5:1*1331*5",
    ]


def test_blanks_where_a_code_stands() -> None:
    draft = Draft(INSTITUTIONAL).change("SV2*0305*HC:85025*", "SV2*0305*  :*")
    assert answer(draft.bytes())[2:5] == [
        f"IK3*SV2*{draft.find('SV2*0305')}*2400*8",
        "IK4*2:1*235*7",
        "IK4*2:2*234*1",
    ]


def test_a_line_feed_inside_an_element_is_shown_by_name() -> None:
    # 834_eol_in_element.edi, as an 837: we read no 834.
    raw = professional().text().replace("N3*236 N MAIN ST", "N3*236 N MAIN\nST").encode()
    assert answer(raw)[2:4] == ["IK3*N3*15*2010BA*8", "IK4*1*166*6*<LF>"]
    public = answer((PYX12 / "834_eol_in_element.edi").read_bytes())
    assert public == ["AK1*BE*13360001*005010X220A1", "AK9*R*1*1*0*1"]


def test_each_fault_of_a_claim_is_named_at_its_place_and_no_more() -> None:
    draft = (
        professional()
        .change("***11:B:1*Y*A", "***111:B:1*V*A")
        .change("SV1*HC:99213*40*", "SV1*HC:JXXXX*39*")
        .change("20240110\nLX*2", "20241310\nLX*2")
        .change("REF*D9*", "REF*X2*")
        .replace("SE*", "SE*29*0001")
    )
    draft.before(
        "NM1*82", "NM1*DN*1*WELBY*MARCUS****XX*1234567893", "N3*1 ROAD", "N4*MIAMI*FL*33413"
    )
    draft.change("DTP*472*D8*20240110\nSE", "DTP*472*D8*20240230\nSE")
    known = Options(code_sets={"hcpcs": lambda code, day: code != "JXXXX"})
    found = findings(draft.bytes(), known)
    assert told(found) == [
        "CLM*19*2300*5:1*5",
        "CLM*19*2300*6*7",
        "CLM*19*2300*2*charges",  # 100 against 99
        "REF*20*2300*1*7",
        "N3*23*2310A*2",
        "N4*24*2310A*2",
        "SV1*27*2400*1:2*unknown_code",
        "DTP*28*2400*3*8",
        "DTP*31*2400*3*8",
        "*32**4",
    ]


def test_an_empty_entity_code_is_missing_and_nothing_breaks() -> None:
    draft = professional().change("NM1*85*2", "NM1**2")
    assert answer(draft.bytes())[2:4] == ["IK3*NM1*8*2010AA*8", "IK4*1*98*1"]
    later = professional().change("NM1*82*1", "NM1**1")
    assert answer(later.bytes())[2:4] == ["IK3*NM1*22*2300*8", "IK4*1*98*1"]
    composite = professional().change("11:B:1", ":B:1")
    assert answer(composite.bytes())[2:4] == ["IK3*CLM*19*2300*8", "IK4*5:1*1331*1"]


@pytest.mark.parametrize(
    "path",
    sorted((SAMPLES / "LinuxForHealth+x12").glob("837_004010*/*.837"))[:5],
    ids=lambda path: path.stem,
)
def test_public_files_with_quotes_of_a_word_processor_never_break(path: Path) -> None:
    assert answer(path.read_bytes())[-1] == "AK9*R*1*1*0*2"  # 4010: not adopted any more


def test_a_typographic_quote_is_a_wrong_character_unless_agreed_upon() -> None:
    raw = professional().text().replace("BEN KILDARE SERVICE", "BEN’S SERVICE").encode()
    assert answer(raw)[2:4] == ["IK3*NM1*8*2010AA*8", "IK4*3*1035*6*<2019>"]
    latin = professional().text().replace("SMITH", "MUÑOZ").encode()
    assert answer(latin)[2:4] == ["IK3*NM1*14*2010BA*8", "IK4*3*1035*6*<D1>"]
    assert answer(latin, Options(other_letters=True))[-1] == "AK9*A*1*1*1"


# -- remittances


def test_eight_faults_of_a_remittance_and_no_more() -> None:
    draft = (
        Draft(REMITTANCE)
        .drop("TRN*")
        .drop("PER*BL")
        .change("*1*800*500**MC", "*1*700*500**MC")
        .change("CAS*CO*45*100", "CAS*CO*XX*200")
        .before("SVC*HC:87070", "XX*1")
    )
    known = Options(code_sets={"carc": lambda code, day: code != "XX"})
    assert told(findings(draft.bytes(), known)) == [
        "TRN*3**3",
        "PER*7*1000A*3",
        "CLP*9*2100*4*claim_out_of_balance",
        "CLP*9*2100*3*claim_charge",
        "CLP*9*2100*4*claim_payment",  # 500 is stated, the lines pay 400
        "CAS*10*2100*2*unknown_code",
        "XX*15*2110*1",
        "*19**4",
    ]


@pytest.mark.parametrize(
    ("path", "position", "words"),
    [
        ("moov-io+x12/examples/example_5010_835/sample1.txt", 16, "is .01, and 0 is stated"),
        ("moov-io+x12/examples/example_5010_835/sample2.txt", 17, "is 2998, and 4000 is stated"),
        (
            "LinuxForHealth+x12/835_005010X221A1/tertiary-payment.835",
            18,
            "is 23020, and 1766.5 is stated",
        ),
    ],
)
def test_public_remittances_out_of_balance_are_named(path: str, position: int, words: str) -> None:
    found = [one for one in findings((SAMPLES / path).read_bytes()) if one.level == "balance"]
    named = {one.place.segment: one.message for one in found if "stated" in one.message}
    assert words in named[position]


def test_adjustments_of_the_provider_with_and_without_claims() -> None:
    def payment(amount: str, plb: str) -> list[str]:
        draft = Draft(REMITTANCE).drop("LX*", many=10)
        draft.change("BPR*I*500*C*CHK", f"BPR*I*{amount}*C*CHK")
        draft.before("SE*", f"PLB*1234567893*20241231*{plb}").counted()
        return [one.code for one in findings(draft.bytes()) if one.severity == "error"]

    assert payment("500", "WO:1*-500") == []
    assert payment("500", "WO:1*500") == ["payment_out_of_balance"]
    claims = Draft(REMITTANCE).change("BPR*I*500*", "BPR*I*499*").bytes()
    assert [one.code for one in findings(claims)] == ["payment_out_of_balance"]


# -- answers of payers


@pytest.mark.parametrize("reason", ["42", "43", "58", "72", "75", "79", "57", "71"])
def test_a_271_that_says_why_is_read_although_its_se01_is_wrong(reason: str) -> None:
    place = "NM1*1P" if reason == "79" else "NM1*IL"
    draft = Draft(ELIGIBILITY_ANSWER).drop("AAA*").after(place, f"AAA*N**{reason}*C")
    if reason == "79":
        draft.replace("HL*2", "HL*2*1*21*0").drop("HL*3", many=2)
    raw = draft.replace("SE*", "SE*22*0001").bytes()
    envelope: list[Finding] = []
    for interchange in interchanges([raw], envelope):
        for group in interchange.groups():
            for transaction in group.transactions():
                read = eligibility270.read(transaction)
                assert isinstance(read, eligibility270.EligibilityResponse)
                assert [one.reason for one in eligibility270.rejections(read)] == [reason]
    assert [one.code for one in envelope] == ["segment_count"]


@pytest.mark.parametrize(
    "name", ["invalid999.edi", "invalid997.edi", "invalid997_min.edi", "extraDelimiter997.edi"]
)
def test_an_acknowledgment_in_doubt_is_never_an_acceptance(name: str) -> None:
    raw = (SAMPLES / "xlate+staedi" / "x12" / name).read_bytes()
    verdicts = []
    for interchange in interchanges([raw]):
        for group in interchange.groups():
            for transaction in group.transactions():
                try:
                    verdicts.append(ack999.read(transaction).verdict)
                except AcknowledgmentUnreadable:
                    verdicts.append("unreadable")  # type: ignore[arg-type]  # beside the verdicts
    assert not {"accepted", "accepted_with_errors"} & set(verdicts)
    assert answer(raw) == []


def test_what_the_engine_finds_in_a_999_that_contradicts_itself() -> None:
    raw = (SAMPLES / "xlate+staedi" / "x12" / "invalid999.edi").read_bytes()
    found: list[Finding] = []
    for interchange in interchanges([raw]):
        for group in interchange.groups():
            for transaction in group.transactions():
                found += validate(transaction)
    assert {"unexpected_segment", "code"} <= {one.code for one in found}


def test_a_file_is_examined_once_and_says_what_it_is() -> None:
    (examined,) = seen(professional().bytes())
    (group,) = examined.groups
    assert (group.sets[0].kind, group.sets[0].is_accepted) == ("837P", True)
    assert examined.refusal is None
