"""278: what was asked to be certified and what the payer decided."""

import pytest

from billing_saas.edi import authorization278
from billing_saas.edi.findings import Finding
from billing_saas.edi.layout_reading import UnsupportedSet
from billing_saas.edi.writing import Pen
from tests.edi.sets import copied, sample, segments_of, set_of

CLEAN = [
    "pass/admission-request-for-review.edi",
    "pass/admission-response-to-request-for-review.edi",
    "pass/emergency-admission-request-for-review.edi",
    "pass/emergency-admission-response-to-request-for-review.edi",
    "pass/referral-request-for-review.edi",
    "pass/referral-response-to-request-for-review.edi",
    "pass/request-for-home-health-care.edi",
    "pass/request-for-medical-services-reservation.edi",
    "pass/response-to-medical-services-reservation.edi",
    "pass/response-to-non-emergency-transportation.edi",
]


def read(path: str) -> authorization278.ServicesReview:
    return authorization278.read(next(sample(path)))


@pytest.mark.parametrize("path", CLEAN)
def test_a_public_sample_is_written_as_it_was_read(path: str) -> None:
    original = copied(next(sample(path)))
    transaction = next(sample(path))
    findings: list[Finding] = []
    found = authorization278.read(transaction, findings)
    assert (findings, found.unread) == ([], ())
    assert authorization278.write(found, Pen(transaction.delimiters)) == original


def test_an_admission_is_asked_for() -> None:
    found = read("pass/admission-request-for-review.edi")
    assert not found.is_response
    [event] = found.events()
    assert event.review is not None
    assert (event.review.category, event.review.certification) == ("AR", "I")
    assert event.review.facility is not None
    assert (event.review.facility.code, event.review.facility.qualifier) == ("21", "B")
    assert event.codes[0].code == "41090"
    assert event.delivery is not None
    assert (event.delivery.quantity_qualifier, event.delivery.quantity) == ("DY", "7")
    assert event.admission is not None
    assert event.admission.type == "2"
    assert event.parties[0].name is not None
    assert event.parties[0].name.address is not None
    assert event.parties[0].name.address.city == "ANYTOWN"
    [service] = event.services
    assert service.institutional is not None
    assert service.institutional.procedure is not None
    assert service.institutional.procedure.code == "33510"
    assert service.parties[0].role is not None
    assert service.parties[0].role.id == "203BS0133X"
    assert service.place.segment == 20


def test_an_event_modified_and_its_service_certified() -> None:
    found = read("pass/admission-response-to-request-for-review.edi")
    assert found.is_response
    event, service = authorization278.decisions(found)
    assert (event.level, event.decision) == ("event", "modified")
    assert (service.level, service.decision) == ("service", "certified")
    assert (service.authorization_number, service.traces) == ("AUTH0002", ("97021001",))
    [decided] = found.events()
    assert decided.delivery is not None
    assert decided.delivery.quantity == "5", "two days fewer than were asked for"


def test_a_pended_event_says_why() -> None:
    [decided] = authorization278.decisions(
        read("pass/emergency-admission-response-to-request-for-review.edi")
    )
    assert (decided.decision, decided.reason) == ("pended", "0U")
    assert decided.meaning == "more about the patient is needed"
    assert decided.authorization_number == ""


def test_a_service_follows_its_event() -> None:
    found = read("pass/response-to-non-emergency-transportation.edi")
    event, *services = authorization278.decisions(found)
    assert event.authorization_number == "2005010796321"
    assert [one.decision for one in services] == ["certified"] * 3
    assert {one.authorization_number for one in services} == {"2005010796321"}
    [trip] = found.events()
    assert trip.ambulance is not None
    assert (trip.ambulance.transport, trip.ambulance.distance) == ("X", "27")
    stops = [one.name.entity for one in trip.parties if one.name]
    assert stops == ["PW", "ND", "R3", "FS"]


@pytest.mark.parametrize(
    ("action", "decision"),
    [
        ("A1", "certified"),
        ("A2", "certified_in_part"),
        ("A3", "not_certified"),
        ("A4", "pended"),
        ("A6", "modified"),
        ("C", "cancelled"),
        ("CT", "contact_payer"),
        ("NA", "no_action_required"),
        ("Q", "unknown"),
    ],
)
def test_the_decisions_a_payer_may_make(action: str, decision: str) -> None:
    text = f"HL*1**20*1\nHL*2*1*21*1\nHL*3*2*22*1\nHL*4*3*EV*0\nHCR*{action}**0F*N"
    found = authorization278.read(set_of("278", "005010X217", segments_of(text)))
    [decided] = authorization278.decisions(found)
    assert decided.decision == decision
    assert decided.meaning == "the service is not medically necessary"


def test_refusals_at_every_level_are_found() -> None:
    text = """
        BHT*0007*11*1*20260105*0930*18
        HL*1**20*1
        AAA*Y**42*R
        NM1*X3*2*NORTHFIELD*****PI*60054
        AAA*Y**79*C
        HL*2*1*21*1
        NM1*1P*1*ALDER*FERN****XX*1234567893
        AAA*N**51*N
        PRV*PE*PXC*207Q00000X
        HL*3*2*22*1
        NM1*IL*1*BIRCH*ROWAN****MI*W1
        AAA*N**72*C
        HL*4*3*23*1
        NM1*QC*1*BIRCH*SORREL
        AAA*N**58*C
        HL*5*4*EV*1
        TRN*2*T1*9ELM000001
        AAA*N**57*C
        NM1*SJ*1*CEDAR*LINDEN
        AAA*N**44*C
        HL*6*5*SS*0
        TRN*2*T2*9ELM000001
        AAA*N**AG*C
        NM1*SJ*1*CEDAR*LINDEN
        AAA*N**IP*C
    """
    findings: list[Finding] = []
    found = authorization278.read(set_of("278", "005010X217", segments_of(text)), findings)
    assert findings == []
    assert [(one.level, one.reason, one.traces) for one in authorization278.rejections(found)] == [
        ("source", "42", ()),
        ("source", "79", ()),
        ("receiver", "51", ()),
        ("subscriber", "72", ()),
        ("dependent", "58", ()),
        ("event", "57", ("T1",)),
        ("event", "44", ("T1",)),
        ("service", "AG", ("T2",)),
        ("service", "IP", ("T2",)),
    ]
    assert authorization278.write(found) == segments_of(text)


def test_an_answer_is_found_by_our_trace() -> None:
    found = read("pass/admission-response-to-request-for-review.edi")
    assert authorization278.event_for(found, "97021001") is not None
    assert authorization278.event_for(found, "97021002") is None
    asked = read("pass/admission-request-for-review.edi")
    assert authorization278.event_for(asked, "97021001") is None, "TRN*1 asks, it does not answer"


def test_services_chained_below_services_are_kept_and_told() -> None:
    """The public sample hangs each trip below the one before; a service holds no service."""
    findings: list[Finding] = []
    transaction = next(sample("pass/request-for-non-emergency-transportation.edi"))
    found = authorization278.read(transaction, findings)
    [event] = found.events()
    assert len(event.services) == 3
    assert [one.code for one in findings] == ["hierarchy_parent", "hierarchy_parent"]


def test_a_4010_review_is_refused() -> None:
    """004010X094 has a provider level (HL 19) that 005010 no longer has."""
    with pytest.raises(UnsupportedSet, match="only versions 005010 of the 278"):
        authorization278.read(next(sample("x12testdata/multiple_trn.edi")))


def test_another_kind_of_set_is_refused() -> None:
    with pytest.raises(UnsupportedSet, match="not a 278"):
        authorization278.read(next(sample("demo-file/demo.271")))
