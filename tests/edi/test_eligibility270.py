"""270 and 271: what a payer says of a member's coverage, or why it says nothing."""

import pytest

from billing_saas.edi import eligibility270
from billing_saas.edi.eligibility270 import Dependent, Subscriber
from billing_saas.edi.findings import Finding
from billing_saas.edi.writing import Pen
from tests.edi.sets import copied, sample, segments_of, set_of

CLEAN = [
    "270_005010X279A1/dependent-health-benefit-check.270",
    "demo-file/demo.270",
    "demo-file/demo-single-line.270",
    "pass/generic-request-by-clinic-for-patient-(subscriber)-eligibility.edi",
    "pass/generic-request-by-physician-for-patient-(dependent)-eligibility.edi",
    "x12testdata/repeat_init_segment.edi",
    "271_005010X279A1/subscriber-health-benefit-check-error.271",
    "response-to-generic-request-by-clinic-for-patient-(subscriber)-eligibility.edi",
    "response-to-generic-request-by-physician-for-patient-(dependent)-eligibility.edi",
]
ANSWER = """
    BHT*0022*11*ELM-1*20260105*0930
    HL*1**20*1
    NM1*PR*2*NORTHFIELD HEALTH PLAN*****PI*60054
    PER*IC*HELP DESK*TE*8005550100*EX*12
    HL*2*1*21*1
    NM1*1P*2*ELM FAMILY MEDICINE*****XX*1234567893
    HL*3*2*22*0
    TRN*2*ELM-1-1*9ELM000001
    TRN*1*NF88*9NORTHFLD
    NM1*IL*1*ALDER*ROWAN****MI*W100200301
    REF*6P*GRP1*GROUP ONE
    N3*12 LARCH ROAD
    N4*BURLINGTON*VT*05401
    DMG*D8*19800229*F
    INS*Y*18*001*25
    DTP*346*D8*20260101
    EB*1*FAM*30*PR*GOLD PPO
    EB*C*IND*30*PR**29*487.5
    EB*A*IND*98*PR****.2****W
    EB*F*IND*PT*PR*****VS*20***HC:97110:GP*1:2
    HSD*VS*20***34*1
    REF*G1*PA77
    DTP*348*RD8*20260101-20261231
    AAA*N**52*C
    MSG*LIMITS APPLY PER CALENDAR YEAR
    III*ZZ*11
    EB*R**30
    LS*2120
    NM1*PRP*2*SECOND PLAN*****PI*70070
    PER*IC**TE*8005550199
    PRV*PE*PXC*207Q00000X
    NM1*P3*1*BIRCH*SORREL****XX*1245319599
    LE*2120
"""


def read(text: str, findings: list[Finding] | None = None) -> eligibility270.EligibilityResponse:
    return eligibility270.read_response(set_of("271", "005010X279A1", segments_of(text)), findings)


@pytest.mark.parametrize("path", CLEAN)
def test_a_public_sample_is_written_as_it_was_read(path: str) -> None:
    original = copied(next(sample(path)))
    transaction = next(sample(path))
    findings: list[Finding] = []
    found = eligibility270.read(transaction, findings)
    assert (findings, found.unread) == ([], ())
    assert eligibility270.write(found, Pen(transaction.delimiters)) == original


def test_a_full_answer_is_read_and_written_again() -> None:
    findings: list[Finding] = []
    found = read(ANSWER, findings)
    assert (findings, found.unread) == ([], ())
    assert eligibility270.write(found) == segments_of(ANSWER)


def test_the_benefits_of_a_member() -> None:
    member = eligibility270.answer_to(read(ANSWER), "ELM-1-1")
    assert isinstance(member, Subscriber)
    coverage, deductible, coinsurance, visits, other = member.benefits
    assert coverage.is_active_coverage
    assert (coverage.plan, coverage.service_types) == ("GOLD PPO", ("30",))
    assert (deductible.information, deductible.time_period) == ("C", "29")
    assert deductible.amount_cents == 48750
    assert (coinsurance.percent, coinsurance.in_network) == (".2", "W")
    assert visits.procedure is not None
    assert (visits.procedure.code, visits.procedure.modifiers) == ("97110", ("GP",))
    assert visits.diagnosis_pointers is not None
    assert visits.diagnosis_pointers.numbers == ("1", "2")
    assert (visits.quantity_qualifier, visits.quantity) == ("VS", "20")
    assert visits.deliveries[0].period_qualifier == "34"
    assert visits.references[0].value == "PA77"
    assert str(visits.dates[0].end) == "2026-12-31"
    assert visits.messages[0].text == "LIMITS APPLY PER CALENDAR YEAR"
    assert visits.specifics[0].code == "11"
    assert visits.place.segment == 21
    payer, doctor = other.related
    assert payer.name is not None
    assert (payer.name.name, payer.name.contacts[0].numbers) == (
        "SECOND PLAN",
        (("TE", "8005550199"),),
    )
    assert payer.role is not None
    assert payer.role.id == "207Q00000X"
    assert doctor.name is not None
    assert doctor.name.id == "1245319599"


def test_the_payer_may_have_other_data_on_file() -> None:
    member = eligibility270.answer_to(read(ANSWER), "ELM-1-1")
    assert member is not None
    assert member.relationship is not None
    assert member.relationship.maintenance_reason == "25"
    assert member.demographics is not None
    assert member.demographics.birth_date == "19800229"
    assert member.name is not None
    assert member.name.address is not None
    assert member.name.address.postal_code == "05401"


def test_inactive_coverage_is_not_active() -> None:
    found = read(ANSWER.replace("EB*1*FAM", "EB*6*FAM"))
    member = eligibility270.answer_to(found, "ELM-1-1")
    assert member is not None
    assert (member.benefits[0].is_active_coverage, member.benefits[0].is_inactive_coverage) == (
        False,
        True,
    )


def test_repetitions_are_service_types() -> None:
    found = eligibility270.read_response(next(sample("demo-file/demo.271")))
    [member] = found.members()
    assert member.benefits[2].service_types == (
        *("1", "33", "35", "47", "86", "88", "98"),
        *("AL", "MH", "UC"),
    )
    assert [one.amount_cents for one in member.benefits[3:]] == [1000, 3000]
    assert member.benefits[1].related[0].place.segment == 17


def test_a_dependent_answers_under_its_own_trace() -> None:
    path = "271_005010X279A1/dependent-health-benefit-check.271"
    found = eligibility270.read_response(next(sample(path)))
    member = eligibility270.answer_to(found, "93175-012547", "9877281234")
    assert isinstance(member, Dependent)
    assert member.relationship is not None
    assert member.relationship.relationship == "19"
    assert len(member.benefits) == 5


def test_only_our_own_trace_matches() -> None:
    found = read(ANSWER)
    assert eligibility270.answer_to(found, "NF88") is None, "TRN*1 is the payer's own"
    assert eligibility270.answer_to(found, "ELM-1-1", "9OAK000001") is None
    assert eligibility270.answer_to(found, "ELM-1-1", "9ELM000001") is not None


def test_a_provider_that_may_not_ask() -> None:
    path = "271_005010X279A1/subscriber-health-benefit-check-error.271"
    [rejection] = eligibility270.rejections(eligibility270.read_response(next(sample(path))))
    assert (rejection.level, rejection.reason) == ("receiver", "50")
    assert rejection.meaning == "the provider may not ask"
    assert rejection.follow_up == "never_resend"
    assert rejection.traces == ()
    assert rejection.place.segment == 7


def test_refusals_at_every_level_are_found() -> None:
    text = """
        BHT*0022*11*1*20260105*0930
        HL*1**20*1
        AAA*Y**42*R
        NM1*PR*2*NORTHFIELD*****PI*60054
        AAA*Y**79*C
        HL*2*1*21*1
        NM1*1P*2*ELM*****XX*1234567893
        AAA*N**43*C
        HL*3*2*22*1
        TRN*2*T1*9ELM000001
        NM1*IL*1*ALDER*ROWAN****MI*W1
        AAA*N**72*C
        AAA*N**58*C
        HL*4*3*23*0
        TRN*2*T2*9ELM000001
        NM1*03*1*ALDER*FERN
        AAA*N**67*W
        EB*V
        AAA*N**52*S
    """
    findings: list[Finding] = []
    found = read(text, findings)
    assert findings == []
    assert [
        (one.level, one.reason, one.follow_up, one.traces)
        for one in eligibility270.rejections(found)
    ] == [
        ("source", "42", "resend_allowed", ()),
        ("source", "79", "correct_and_resend", ()),
        ("receiver", "43", "correct_and_resend", ()),
        ("subscriber", "72", "correct_and_resend", ("T1",)),
        ("subscriber", "58", "correct_and_resend", ("T1",)),
        ("dependent", "67", "wait_30_days", ("T2",)),
        ("benefit", "52", "asked_elsewhere", ("T2",)),
    ]
    assert eligibility270.write(found) == segments_of(text)


@pytest.mark.parametrize(
    ("code", "follow_up"),
    [
        ("C", "correct_and_resend"),
        ("N", "never_resend"),
        ("P", "resend_as_is"),
        ("R", "resend_allowed"),
        ("S", "asked_elsewhere"),
        ("W", "wait_30_days"),
        ("X", "wait_10_days"),
        ("Y", "wait_for_answer"),
        ("Q", "unknown"),
        ("", "unknown"),
    ],
)
def test_what_to_do_about_a_refusal(code: str, follow_up: str) -> None:
    text = f"HL*1**20*0\nAAA*Y**Z9*{code}"
    [rejection] = eligibility270.rejections(read(text))
    assert rejection.follow_up == follow_up
    assert rejection.meaning == "a reason that is not in our list"


def test_a_broken_amount_is_told_and_kept() -> None:
    findings: list[Finding] = []
    found = read(ANSWER.replace("487.5", "487.505"), findings)
    assert [(one.code, one.severity, one.place.segment) for one in findings] == [
        ("amount_format", "error", 19)
    ]
    member = eligibility270.answer_to(found, "ELM-1-1")
    assert member is not None
    assert member.benefits[1].amount_cents is None
    assert found.unread[0][1][7] == "487.505"


def test_an_entity_outside_its_loop_is_read_and_told() -> None:
    findings: list[Finding] = []
    text = ANSWER.replace("    LS*2120\n", "").replace("    LE*2120\n", "")
    member = eligibility270.answer_to(read(text, findings), "ELM-1-1")
    assert member is not None
    assert len(member.benefits[4].related) == 2
    assert {one.code for one in findings} == {"loop_header_missing"}


def test_the_traces_of_an_inquiry() -> None:
    found = eligibility270.read_inquiry(next(sample("demo-file/demo.270")))
    assert [one.number for one in found.traces()] == ["93175-012547"]
    member = found.sources[0].receivers[0].subscribers[0]
    assert member.inquiries[0].service_types == ("30",)
