"""276 and 277: a question about a claim finds its answer by our trace number."""

import pytest

from billing_saas.edi import status276
from billing_saas.edi.findings import Finding
from billing_saas.edi.status_parts import Status, StatusCode
from billing_saas.edi.writing import Pen
from tests.edi.sets import copied, sample, segments_of, set_of

INQUIRIES = [
    "276_005010X212/information-receiver-level-status.276",
    "demo-file/demo.276",
    "pass/claim-request.edi",
    "pass/claim-ncpdp-request.edi",
    "pass/provider-request.edi",
    "pass/info-receiver-request.edi",
]
RESPONSES = [
    "277_005010X212/information-receiver-level-status.277",
    "277_005010X212/provider-level-status.277",
    "pass/claim-response.edi",
    "pass/claim-ncpdp-response.edi",
    "pass/provider-response.edi",
    "pass/info-receiver-response.edi",
    "pass/1.era",
]


@pytest.mark.parametrize("path", INQUIRIES + RESPONSES)
def test_a_public_sample_is_written_as_it_was_read(path: str) -> None:
    original = copied(next(sample(path)))
    transaction = next(sample(path))
    findings: list[Finding] = []
    found = status276.read(transaction, findings)
    assert (findings, found.unread) == ([], ())
    assert status276.write(found, Pen(transaction.delimiters)) == original


def test_an_inquiry_is_read_down_to_the_dependent() -> None:
    found = status276.read_inquiry(next(sample("demo-file/demo.276")))
    first, second, third = found.inquiries()
    assert (first.trace_number, first.bill_type, first.charge_cents) == ("ABCXYZ1", "111", 851388)
    assert (second.trace_number, second.charge_cents) == ("ABCXYZ2", 759900)
    assert third.lines[0].procedure is not None
    assert third.lines[0].procedure.code == "99203"
    subscriber = found.sources[0].receivers[0].providers[1].subscribers[0]
    [dependent] = subscriber.dependents
    assert dependent.demographics is not None
    assert dependent.demographics.birth_date == "19951101"
    assert third.place.segment == 32


def test_answers_find_their_questions() -> None:
    """The public answer to the third question carries another number: it belongs to nobody."""
    inquiry = status276.read_inquiry(next(sample("pass/claim-request.edi")))
    response = status276.read_response(next(sample("pass/claim-response.edi")))
    matched = status276.match(inquiry, response)
    assert [one.trace_number for one, _ in matched.answered] == ["ABCXYZ1", "ABCXYZ2"]
    assert [one.trace_number for one in matched.unanswered] == ["ABCXYZ3"]
    assert [one.trace_number for one in matched.unasked] == ["ABCXYC3"]
    _, [answer] = matched.answered[1]
    assert answer.payer_claim_number == "0529675341"
    assert answer.statuses[0].paid_cents == 759900


def test_a_refusal_above_the_claims_answers_all_of_them() -> None:
    inquiry = status276.read_inquiry(next(sample("pass/info-receiver-request.edi")))
    response = status276.read_response(next(sample("pass/info-receiver-response.edi")))
    matched = status276.match(inquiry, response)
    assert len(matched.unanswered) == 1
    [refusal] = matched.refusals
    assert status276.standing(refusal) == "cannot_answer"
    receiver = response.sources[0].receivers[0]
    assert receiver.inquiry_reference == "ABC276XXX"


def test_several_claims_may_answer_one_question() -> None:
    response = """
        BHT*0010*08*1*20260105*0930*DG
        HL*1**20*1
        NM1*PR*2*NORTHFIELD*****PI*60054
        HL*2*1*21*1
        NM1*41*2*ELM*****46*ELM001
        HL*3*2*19*1
        NM1*1P*2*ELM*****XX*1234567893
        HL*4*3*22*0
        NM1*IL*1*ALDER*ROWAN****MI*W1
        TRN*2*T1
        STC*F1:65*20260104**100*80
        TRN*2*T1
        STC*F2:88*20260104**50*0
    """
    found = status276.read_response(set_of("277", "005010X212", segments_of(response)))
    asked = status276.read_inquiry(
        set_of(
            "276",
            "005010X212",
            segments_of(
                """
                BHT*0010*13*1*20260105*0930
                HL*1**20*1
                HL*2*1*21*1
                HL*3*2*19*1
                HL*4*3*22*0
                TRN*1*T1
                """
            ),
        )
    )
    [(_, answers)] = status276.match(asked, found).answered
    assert [status276.standing(one.statuses[0]) for one in answers] == ["paid", "denied"]


@pytest.mark.parametrize(
    ("category", "standing"),
    [
        ("A1", "acknowledged"),
        ("A4", "not_found"),
        ("D0", "not_found"),
        ("P3", "pending"),
        ("F0", "finalized"),
        ("F1", "paid"),
        ("F2", "denied"),
        ("F3", "finalized"),
        ("R4", "information_wanted"),
        ("E0", "cannot_answer"),
        ("Z1", "unknown"),
        ("", "unknown"),
    ],
)
def test_where_the_payer_says_a_claim_stands(category: str, standing: str) -> None:
    assert status276.standing(Status(codes=(StatusCode(category=category),))) == standing


def test_levels_given_breadth_first_find_their_parents() -> None:
    text = """
        BHT*0010*13*1*20260105*0930
        HL*1**20*1
        HL*2*1*21*1
        HL*3*2*19*1
        HL*4*2*19*1
        HL*5*3*22*0
        TRN*1*A
        HL*6*4*22*0
        TRN*1*B
    """
    findings: list[Finding] = []
    found = status276.read_inquiry(set_of("276", "005010X212", segments_of(text)), findings)
    assert findings == []
    providers = found.sources[0].receivers[0].providers
    assert [one.subscribers[0].inquiries[0].trace_number for one in providers] == ["A", "B"]


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        (("HL*5*3", "HL*7*3"), {"hierarchy_number"}),
        (("HL*5*3*22", "HL*5*2*22"), {"hierarchy_parent"}),
        (("HL*4*2*19*1", "HL*4*2*19*0"), {"hierarchy_child_code"}),
        (("HL*5*3*22*0", "HL*5*3*XX*0"), {"unknown_level"}),
    ],
)
def test_a_hierarchy_out_of_order_is_told(change: tuple[str, str], codes: set[str]) -> None:
    text = """
        BHT*0010*13*1*20260105*0930
        HL*1**20*1
        HL*2*1*21*1
        HL*3*2*19*1
        HL*4*2*19*1
        HL*5*3*22*0
        TRN*1*A
        HL*6*4*22*0
        TRN*1*B
    """.replace(*change)
    findings: list[Finding] = []
    found = status276.read_inquiry(set_of("276", "005010X212", segments_of(text)), findings)
    assert codes <= {finding.code for finding in findings}
    # Whatever is wrong, both questions are somewhere.
    kept = {elements for _, elements in found.unread}
    asked = {one.trace_number for one in found.inquiries()}
    assert asked | {elements[2] for elements in kept if elements[0] == "TRN"} == {"A", "B"}
