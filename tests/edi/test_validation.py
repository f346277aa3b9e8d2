"""What the engine asks of a claim and a remittance beyond their form, one story each."""

import pytest

from billing_saas.edi.findings import Finding
from billing_saas.edi.identifiers import is_npi
from billing_saas.edi.validation_options import DEFAULT, Options
from tests.edi.drafts import INSTITUTIONAL, PROFESSIONAL, REMITTANCE, Draft, answer, findings, told


def professional() -> Draft:
    return Draft(PROFESSIONAL)


def codes(draft: Draft, options: Options = DEFAULT) -> list[str]:
    return [one.code for one in findings(draft.counted().bytes(), options)]


def only(draft: Draft, options: Options = DEFAULT) -> Finding:
    (found,) = findings(draft.counted().bytes(), options)
    return found


def test_a_sentence_names_the_place_and_not_the_patient() -> None:
    found = only(professional().change("SMITH*JANE****MI*JS00111223333", "SMITH*JANE****MI*J"))
    assert found.message == "Subscriber (NM109): the identifier is too short."
    assert (found.place.segment, found.loop, found.element_reference) == (14, "2010BA", "67")
    assert found.value == "A"  # the shape of what was sent


# -- claims: sums


def test_the_charge_of_a_claim_is_the_sum_of_its_lines() -> None:
    found = only(professional().change("*26463774*100*", "*26463774*100.01*"))
    assert (found.code, found.level) == ("charges", "balance")
    assert found.message == ("The claim's charge (CLM02) is 100.01 and its lines add up to 100.")


def test_a_999_never_speaks_of_claims() -> None:
    draft = professional().change("*26463774*100*", "*26463774*99*")
    assert answer(draft.bytes())[-1] == "AK9*A*1*1*1"


def test_what_another_payer_did_adds_up() -> None:
    assert codes(Draft(INSTITUTIONAL)) == []
    line = Draft(INSTITUTIONAL).change("SVD*1135*76.54", "SVD*1135*70")
    assert codes(line) == ["other_payer_payment", "line_adjudication"]
    claim = Draft(INSTITUTIONAL).change("CAS*PR*1*5.15", "CAS*PR*1*5")
    assert codes(claim) == ["other_payer_claim", "other_payer_payment"]


# -- claims: what one segment asks of another


@pytest.mark.parametrize("frequency", ["7", "8"])
def test_a_replacement_or_void_names_the_payers_number(frequency: str) -> None:
    draft = professional().change("11:B:1", f"11:B:{frequency}")
    found = only(draft)
    assert (found.code, found.ack_code, found.segment) == ("payer_number_needed", "I6", "REF")
    assert answer(draft.bytes())[2:5] == [
        "IK3*REF*19*2300*I6",
        "CTX*SITUATIONAL TRIGGER*CLM*19*2300*5:3*1325",
        "IK5*R*I5",
    ]
    assert codes(draft.after("CLM*", "REF*F8*12345")) == []


def test_an_original_may_name_the_payers_number() -> None:
    assert codes(professional().after("CLM*", "REF*F8*12345")) == []


def test_an_accident_is_dated_and_an_auto_accident_placed() -> None:
    draft = professional().change("*Y*A*Y*I", "*Y*A*Y*I**AA")
    assert codes(draft) == ["accident_date_needed", "accident_state_needed"]
    assert codes(draft.change("**AA", "**AA:::FL").after("CLM*", "DTP*439*D8*20240109")) == []


def test_a_subscriber_who_is_the_patient_has_an_address() -> None:
    assert told(findings(professional().drop("N3*236").counted().bytes())) == ["N3*14*2010BA*I6"]


def test_the_patient_is_in_one_place() -> None:
    nobody = professional().change("SBR*P*18*", "SBR*P**")
    assert codes(nobody) == ["loop_needed"]
    twice = (
        professional()
        .change("HL*2*1*22*0", "HL*2*1*22*1")
        .before(
            "SE*",
            "HL*3*2*23*0",
            "PAT*19",
            "NM1*QC*1*SMITH*TED",
            "N3*236 N MAIN ST",
            "N4*MIAMI*FL*33413",
            "DMG*D8*19730501*M",
            "CLM*1*0***11:B:1*Y*A*Y*I",
            "HI*ABK:J020",
            "LX*1",
            "SV1*HC:99213*0*UN*1***1",
            "DTP*472*D8*20240110",
        )
    )
    assert codes(twice) == ["patient_twice"]


def test_an_organization_has_no_first_name() -> None:
    found = only(professional().change("BEN KILDARE SERVICE***", "BEN KILDARE SERVICE*BEN**"))
    assert (found.code, found.ack_code, found.element) == ("not_used_here", "I13", 4)


def test_the_levels_count_and_name_each_other() -> None:
    assert codes(professional().change("HL*2*1*22*0", "HL*3*1*22*0")) == ["hl_number"]
    assert codes(professional().change("HL*2*1*22*0", "HL*2*2*22*0")) == ["hl_parent"]
    assert codes(professional().change("HL*2*1*22*0", "HL*2*1*22*1")) == ["hl_children"]


def test_the_billing_provider_can_be_visited() -> None:
    assert codes(professional().change("234 SEAWAY ST", "P.O. BOX 12")) == ["po_box"]
    assert codes(professional().change("331110001", "33111")) == ["zip_nine_digits"]
    abroad = professional().change("N4*MIAMI*FL*331110001", "N4*TORONTO*ON*M5V2T6*CA")
    assert codes(abroad) == []


# -- claims: codes and dates


def test_an_npi_has_a_check_digit() -> None:
    assert is_npi("1234567893")
    assert not is_npi("1234567890")
    assert not is_npi("3234567893")
    found = only(
        professional().change(
            "NM1*82*1*KILDARE*BEN****XX*1234567893", "NM1*82*1*KILDARE*BEN****XX*1234567890"
        )
    )
    assert (found.code, found.loop, found.value) == ("npi", "2310B", "")


def test_a_line_points_to_diagnoses_that_the_claim_has() -> None:
    found = only(professional().change("***1:2", "***1:3"))
    assert (found.code, found.component) == ("diagnosis_pointer", 2)


def test_one_edition_of_icd_and_the_right_one() -> None:
    assert codes(professional().change("ABF:Z1159", "BF:V7389")) == ["icd_editions"]
    assert codes(professional().change("HI*ABK:J020*ABF:Z1159", "HI*BK:0340*BF:V7389")) == [
        "icd_edition"
    ]


def test_codes_are_asked_of_the_callers_sets_on_the_day_of_service() -> None:
    asked: list[tuple[str, str]] = []

    def known(code: str, day: str) -> bool:
        asked.append((code, day))
        return code not in {"Z1159", "87070", "11"}

    options = Options(code_sets={"icd10": known, "hcpcs": known, "place": known})
    found = findings(professional().bytes(), options)
    assert [(one.code, one.segment, one.component) for one in found] == [
        ("unknown_code", "CLM", 1),
        ("unknown_code", "HI", 2),
        ("unknown_code", "SV1", 2),
    ]
    assert {one.severity for one in found} == {"warning"}
    assert [one.value for one in found] == ["11", "Z1159", "87070"]
    assert found[1].message == (
        "The code in HI02-2 of loop 2300 is not in its code set (icd10) on that day."
    )
    assert ("Z1159", "20240110") in asked
    assert ("11", "20240115") in asked  # CLM05-1: on the day of the file


def test_an_unknown_code_is_told_of_each_claim_and_answered_by_no_999() -> None:
    never = Options(code_sets={"hcpcs": lambda code, day: code != "A0000"})
    assert answer(professional().bytes(), never)[-1] == "AK9*A*1*1*1"
    more = professional().before("SE*", *["LX*9", "SV1*HC:A0000*0*UN*1***1"] * 5)
    found = findings(more.counted().bytes(), never)
    assert [one.code for one in found].count("unknown_code") == 5


def test_what_stands_in_a_codes_place_and_is_none_is_shown_by_its_shape() -> None:
    never = Options(code_sets={"icd10": lambda code, day: False})
    found = findings(professional().change("ABF:Z1159", "ABF:MARY 19500203").bytes(), never)
    assert [one.value for one in found if one.code == "unknown_code"] == ["J020", "AAAA 99999999"]


def test_periods_run_forward_and_nothing_lies_ahead() -> None:
    late = professional().change("DTP*472*D8*20240110\nLX", "DTP*472*D8*20240116\nLX")
    assert codes(late) == ["future_date"]
    turned = Draft(INSTITUTIONAL).change("20240101-20240102", "20240102-20240101")
    assert codes(turned) == ["period_order"]


def test_lines_count_from_one() -> None:
    assert codes(professional().change("LX*2", "LX*3")) == ["line_number"]


def test_limits_of_medicare_are_asked_where_the_caller_says_so() -> None:
    draft = (
        professional()
        .change("*26463774*100*", "*26463774*100060*")
        .change("SV1*HC:99213*40*", "SV1*HC:99213*100000*")
    )
    assert codes(draft) == []
    assert codes(draft, Options(medicare=True)) == ["medicare_amount", "medicare_amount"]


def test_medicare_takes_originals_and_a_set_number_once() -> None:
    medicare = Options(medicare=True)
    assert codes(professional().change("BHT*0019*00", "BHT*0019*18"), medicare) == [
        "medicare_purpose"
    ]
    draft = professional()
    group = [line.replace("*17*X*", "*18*X*").replace("GE*1*17", "GE*1*18") for line in draft.lines]
    draft.lines[-1:] = [*group[1:-1], "IEA*2*000000905"]
    assert codes(draft, medicare) == ["medicare_set_number"]
    assert codes(draft) == []


def test_our_own_claim_numbers() -> None:
    own = Options(own_claims=True)
    assert codes(professional(), own) == []
    assert codes(professional().change("26463774", "2646-3774"), own) == ["claim_number_form"]
    long = professional().change("26463774", "A" * 21)
    assert codes(long, own) == ["claim_number_long"]
    (found,) = findings(long.bytes())
    assert found.severity == "warning"


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("100.005", "amount_format"),
        ("1E2", "amount_format"),
        ("+100", "amount_format"),
        ("1,00", "amount_format"),
        ("100.00", "amount_zeros"),
        ("0100", "amount_zeros"),
        ("12345678901", "too_long"),
    ],
)
def test_amounts_are_written_in_one_way(written: str, code: str) -> None:
    draft = professional().change("*26463774*100*", f"*26463774*{written}*")
    found = [one for one in findings(draft.bytes()) if one.code != "charges"]
    assert [one.code for one in found] == [code]
    assert (found[0].severity == "warning") == (code == "amount_zeros")


def test_the_same_small_warning_is_said_three_times_at_most() -> None:
    draft = professional()
    for number in range(3, 9):
        draft.before("SE*", f"LX*{number}", "SV1*HC:99213*0.00*UN*1***1", "DTP*472*D8*20240110")
    assert codes(draft) == ["amount_zeros"] * 3


def test_findings_of_one_set_are_limited() -> None:
    draft = professional()
    for number in range(3, 13):
        draft.before("SE*", f"LX*{number}", "SV1*XX:99213*0*UN*1***1", "DTP*472*D8*20240110")
    found = findings(draft.counted().bytes(), Options(limit=4))
    assert len(found) == 5
    assert (found[-1].code, found[-1].message) == (
        "more_findings",
        "6 more findings were left out.",
    )


# -- sets


def test_a_set_of_another_group_or_version_is_refused() -> None:
    wrong = professional().replace("GS*", "GS*HP*PAYER*ELM*20240115*1253*17*X*005010X221A1")
    assert [line for line in answer(wrong.bytes()) if line.startswith("IK5")] == ["IK5*R*18"]
    addendum = (
        professional()
        .change("X*005010X222A1", "X*005010X222A2")
        .change("0001*005010X222A1", "0001*005010X222A2")
    )
    assert codes(addendum) == ["version_not_adopted"]
    assert answer(addendum.bytes())[-1] == "AK9*A*1*1*1"


def test_a_payment_with_an_amount_that_is_none_is_not_summed() -> None:
    draft = Draft(REMITTANCE).change("*1*800*500**MC", "*1*800*5OO**MC")
    assert codes(draft) == ["amount_format"]
