"""The 835 as a stream of claims, with every field in its place."""

import pytest

from billing_saas.edi import era835
from billing_saas.edi.envelope import interchanges
from billing_saas.edi.findings import Finding
from billing_saas.edi.remittance import Adjustment, Remittance
from tests.edi.remittances import body_of, codes, file_of, read, read_file, reading_of

CLAIM = (
    "CLP*ACCT1*1*200*120*30*12*PAYER9*11*1*1*470*1.25*.5~"
    "CAS*CO*A2*20~"
    "NM1*QC*1*DOE*JANE*Q*MS*JR*MI*MEMBER1~"
    "NM1*IL*1*DOE*JOHN****MI*MEMBER1~"
    "NM1*74*1*DOE*JANET~"
    "NM1*82*1*WELBY*MARCUS****XX*1234567893~"
    "NM1*TT*2*NEXT PLAN*****PI*NEXT1~"
    "NM1*PR*2*OTHER PLAN*****PI*OTHER1~"
    "NM1*GB*1*ROE*RICHARD****MI*MEMBER2~"
    "MIA*5*100**250.75*MA01**********3*****N130~"
    "MOA*.8*50*MA18**MA07****7.5~"
    "REF*1L*GROUP7~REF*EA*MRN1~"
    "DTM*232*20251201~DTM*233*20251202~DTM*050*20251220~"
    "PER*CX*CLAIMS DESK*TE*8005551212*EX*7~"
    "AMT*AU*180~QTY*CA*4~"
    "SVC*HC:99214:25:59*150*90*0510*2*HC:99215*1~"
    "DTM*472*20251201~"
    "CAS*CO*45*20*1*253*5.5**97*4.5~"
    "CAS*PR*1*30~"
    "REF*6R*LINE1~REF*LU*11~"
    "AMT*B6*120~QTY*ZK*3~LQ*HE*N1~LQ*HE*M15~"
    "SVC*AD:D0120*50*30~"
)
PLB = "PLB*1234567893*20261231*WO:OLD1*20*L6*-5~PLB*1234567893*20261231*72*-1~"


@pytest.fixture
def remittance() -> Remittance:
    return read(body_of(CLAIM, "106", PLB))[0]


def test_the_payment_is_known_before_any_claim_is_read() -> None:
    reading = reading_of(body_of(CLAIM, "106", PLB))
    payment = reading.remittance
    assert payment.payment_cents == 10600
    assert (payment.handling, payment.credit_or_debit, payment.method) == ("I", "C", "ACH")
    assert payment.payee_account.account_number == "67890"
    assert payment.payment_date == "20260105"
    assert (payment.trace_number, payment.trace_payer_id) == ("TRACE1", "1512345678")
    assert payment.payer is not None
    assert payment.payer.name == "SAMPLE PLAN"
    assert payment.payee is not None
    assert payment.payee.id == "1234567893"
    assert payment.usage == "T"
    assert payment.claims == ()
    assert reading.balanced is None


def test_every_field_of_a_claim_is_kept(remittance: Remittance) -> None:
    (claim,) = remittance.claims
    assert claim.patient_control_number == "ACCT1"
    assert (claim.charge_cents, claim.paid_cents) == (20000, 12000)
    assert claim.patient_responsibility_cents == 3000
    assert (claim.filing_indicator, claim.payer_control_number) == ("12", "PAYER9")
    assert (claim.facility, claim.frequency, claim.patient_status) == ("11", "1", "1")
    assert (claim.drg, claim.drg_weight, claim.discharge_fraction) == ("470", "1.25", ".5")
    assert claim.patient is not None
    assert (claim.patient.name, claim.patient.middle_name) == ("DOE", "Q")
    assert claim.subscriber is not None
    assert claim.subscriber.first_name == "JOHN"
    assert claim.corrected_patient is not None
    assert claim.rendering_provider is not None
    assert claim.crossover_payer is not None
    assert claim.corrected_priority_payer is not None
    assert claim.other_subscriber is not None
    assert claim.inpatient is not None
    assert (claim.inpatient.covered_days, claim.inpatient.drg_cents) == ("5", 25075)
    assert claim.outpatient is not None
    assert claim.outpatient.reimbursement_rate == ".8"
    assert claim.outpatient.professional_component_cents == 750
    assert claim.remarks == ("MA01", "N130", "MA18", "MA07")
    assert claim.contacts[0].numbers == (("TE", "8005551212"), ("EX", "7"))
    assert claim.dates[2].value == "20251220"
    assert claim.amounts[0].amount_cents == 18000
    assert claim.quantities[0].quantity == "4"
    assert claim.heading is not None
    assert claim.heading.number == "1"
    assert claim.unread == ()


def test_every_field_of_a_line_is_kept(remittance: Remittance) -> None:
    first, second = remittance.claims[0].services
    assert first.procedure.code == "99214"
    assert first.procedure.modifiers == ("25", "59")
    assert (first.revenue_code, first.units) == ("0510", "2")
    assert first.submitted_procedure is not None
    assert first.submitted_procedure.code == "99215"
    assert first.submitted_units == "1"
    assert first.line_control_number == "LINE1"
    assert [remark.code for remark in first.remarks] == ["N1", "M15"]
    assert [one.quantity for one in first.quantities] == ["3"]
    assert second.procedure.qualifier == "AD"
    assert second.units == ""


def test_every_triplet_of_every_cas_is_kept_at_its_own_level(remittance: Remittance) -> None:
    (claim,) = remittance.claims
    assert [(a.group, a.reason, a.amount_cents) for a in claim.adjustments] == [("CO", "A2", 2000)]
    assert [
        (a.group, a.reason, a.amount_cents, a.quantity) for a in claim.services[0].adjustments
    ] == [
        ("CO", "45", 2000, "1"),
        ("CO", "253", 550, ""),
        ("CO", "97", 450, ""),
        ("PR", "1", 3000, ""),
    ]


def test_provider_adjustments_come_after_the_claims() -> None:
    reading = reading_of(body_of(CLAIM, "106", PLB))
    assert not reading.provider_adjustments
    assert len(list(reading.claims())) == 1
    pairs = reading.provider_adjustments
    assert [(pair.reason, pair.reference, pair.amount_cents) for pair in pairs] == [
        ("WO", "OLD1", 2000),
        ("L6", "", -500),
        ("72", "", -100),
    ]
    # 150 - 60 = 90, 50 - 0 is not 30: the second line is out of balance, and the claim with it.
    assert reading.balanced is False


def test_positions_count_from_st(remittance: Remittance) -> None:
    content = file_of(body_of(CLAIM, "106", PLB)).decode()
    segments = content[content.index("ST*") :].split("~")
    (claim,) = remittance.claims
    assert segments[claim.position - 1].startswith("CLP*ACCT1")
    for service in claim.services:
        assert segments[service.position - 1].startswith("SVC*")
        for adjustment in service.adjustments:
            assert segments[adjustment.position - 1].startswith(f"CAS*{adjustment.group}")
    for pair in remittance.provider_adjustments:
        assert segments[pair.position - 1].startswith("PLB*")
    assert claim.heading is not None
    assert segments[claim.heading.position - 1] == "LX*1"


def test_a_cas_holds_six_triplets_and_skips_the_empty_ones() -> None:
    claim = "CLP*A*1*21*0**12*P~CAS*CO*1*1**2*2**3*3**4*4**5*5**6*6*2~CAS*PI*7*0*****9*0~"
    remittance, findings = read(body_of(claim, "0"))
    adjustments = remittance.claims[0].adjustments
    assert [a.amount_cents for a in adjustments] == [100, 200, 300, 400, 500, 600, 0, 0]
    assert adjustments[5].quantity == "2"
    assert [a.reason for a in adjustments[6:]] == ["7", "9"]
    assert codes(findings) == ["payment_method"]


def test_headings_are_kept_even_without_claims() -> None:
    body = (
        body_of("", "0").replace("LX*1~", "")
        + "LX*1~TS3*1234567893*11*20261231*2*300~TS2*1*2~"
        + "CLP*A*1*1*1**12*P~LX*2~LX*3~CLP*B*1*-1*-1**12*P~LX*4~"
    )
    remittance, _ = read(body)
    first, second = remittance.claims
    assert first.heading is not None
    assert first.heading.summary is not None
    assert first.heading.summary.charge_cents == 30000
    assert first.heading.supplement == ("1", "2")
    assert second.heading is not None
    assert second.heading.number == "3"
    assert [heading.number for heading in remittance.empty_headings] == ["2", "4"]


def test_segments_no_field_holds_are_kept_and_reported() -> None:
    body = body_of("XX*1~CLP*A*1*1*1**12*P~ZZ*DATA~SVC*HC:1*1*1~YY*2~", "1", "PLB*1*2*WO*0~WW*3~")
    remittance, findings = read(body)
    (claim,) = remittance.claims
    assert claim.heading is not None
    assert claim.heading.unread == ((7, ("XX", "1")),)
    assert claim.unread == ((9, ("ZZ", "DATA")),)
    assert claim.services[0].unread == ((11, ("YY", "2")),)
    assert remittance.unread == ((13, ("WW", "3")),)
    assert codes(findings) == ["unknown_segment"] * 4
    assert remittance.balanced


def test_elements_beyond_the_known_ones_are_kept_and_reported() -> None:
    body = body_of("CLP*A*1*1*1**12*P*******Y*EXTRA~SVC*HC:1*1*1*****EXTRA~", "1")
    remittance, findings = read(body)
    (claim,) = remittance.claims
    assert claim.patient_authorization == "Y"
    assert claim.unread[0][1][-1] == "EXTRA"
    assert claim.services[0].unread[0][1][-1] == "EXTRA"
    assert codes(findings) == ["surplus_elements"] * 2


@pytest.mark.parametrize(
    ("claim", "code", "segment", "element"),
    [
        ("CLP*A*1*1.005*1**12*P~", "amount_format", "CLP", 3),
        ("CLP*A*1*1*1e2**12*P~", "amount_format", "CLP", 4),
        ("CLP*A*1*1**0*12*P~", "amount_missing", "CLP", 4),
        ("CLP*A*1~", "amount_missing", "CLP", 3),
        ("CLP*A*1*1*1**12*P~CAS*CO*45~", "amount_missing", "CAS", 3),
        ("CLP*A*1*1*1**12*P~CAS*CO*45*0**97~", "amount_missing", "CAS", 6),
        ("CLP*A*1*1*1**12*P~CAS*CO*45*x~", "amount_format", "CAS", 3),
        ("CLP*A*1*1*1**12*P~CAS*CO*45*0*many~", "amount_format", "CAS", 4),
        ("CLP*A*1*1*1**12*P~AMT*AU*~", "amount_missing", "AMT", 2),
        ("CLP*A*1*1*1**12*P~QTY*CA*1,5~", "amount_format", "QTY", 2),
        ("CLP*A*1*1*1**12*P~MOA*x~", "amount_format", "MOA", 1),
        ("CLP*A*1*1*1**12*P~MIA*1*x~", "amount_format", "MIA", 2),
        ("CLP*A*1*1*1**12*P~SVC*HC:1*1*+1~", "amount_format", "SVC", 3),
        ("CLP*A*1*1*1**12*P~SVC*HC:1~", "amount_missing", "SVC", 2),
        ("TS3*1*2*3*4*x~CLP*A*1*1*1**12*P~", "amount_format", "TS3", 5),
    ],
)
def test_an_amount_that_cannot_be_read_is_a_finding_and_the_rest_is_kept(
    claim: str, code: str, segment: str, element: int
) -> None:
    reading = reading_of(body_of(claim, "1", "PLB*1*2*WO*0~"))
    claims = list(reading.claims())
    assert [one.patient_control_number for one in claims] == ["A"]
    first = reading.findings[0]
    assert (first.code, first.segment, first.element) == (code, segment, element)
    assert first.place.segment > 1
    assert reading.balanced is False
    assert len(reading.provider_adjustments) == 1


def test_triplets_and_pairs_beyond_the_guide_are_read_too() -> None:
    cas = "CAS*CO" + "".join(f"*{number}*1*" for number in range(7)) + "*X*bad~"
    plb = "PLB*1*2" + "".join(f"*CS:{number}*1" for number in range(7)) + "*CS:X*bad~"
    reading = reading_of(body_of(f"CLP*A*1*7*0**12*P~{cas}", "-7", plb))
    (claim,) = reading.claims()
    assert [adjustment.amount_cents for adjustment in claim.adjustments] == [100] * 7 + [0]
    assert len(reading.provider_adjustments) == 8
    bad = [finding for finding in reading.findings if finding.code == "amount_format"]
    assert [(finding.segment, finding.element) for finding in bad] == [("CAS", 24), ("PLB", 18)]


def test_an_unread_segment_is_never_mended() -> None:
    claim = "CLP*A*1*x*1**12*P~AMT*AU*y*Z~MOA*1~MOA*w~"
    (kept,) = reading_of(body_of(claim, "1")).claims()
    assert [segment for _, segment in kept.unread] == [("AMT", "AU", "y", "Z"), ("MOA", "w")]


def test_a_bad_amount_before_a_plb_is_reported_once() -> None:
    reading = reading_of(body_of("CLP*A*1*1*1x**12*P~", "1", "PLB*1*2*WO*2x~LX*2~"))
    assert len(list(reading.claims())) == 1
    bad = [finding for finding in reading.findings if finding.code == "amount_format"]
    assert [(finding.segment, finding.element) for finding in bad] == [("CLP", 4), ("PLB", 4)]


def test_what_a_remittance_must_have_is_asked_for() -> None:
    remittance, findings = read("CLP*A*1*0*0~")
    assert codes(findings) == [
        "payment_missing", "trace_missing", "payer_missing", "payee_missing",
    ]  # fmt: skip
    assert len(remittance.claims) == 1


def test_a_claim_may_span_many_chunks() -> None:
    content = file_of(body_of(CLAIM * 3, "346", PLB))
    whole = [claim for r in era835.readings([content]) for claim in r.claims()]
    for size in (1, 7, 100):
        chunks = [content[at : at + size] for at in range(0, len(content), size)]
        assert [claim for r in era835.readings(chunks) for claim in r.claims()] == whole


def test_utf8_names_are_decoded_and_other_bytes_survive() -> None:
    content = file_of(body_of(CLAIM, "106")).replace(b"JANE*Q", "JOSÉ*Q".encode())
    (remittance,), _, _ = read_file(content.replace(b"WELBY", b"WELB\xdd"))
    claim = remittance.claims[0]
    assert claim.patient is not None
    assert claim.patient.first_name == "JOSÉ"
    assert claim.rendering_provider is not None
    assert claim.rendering_provider.name == "WELBÝ"


def test_each_set_is_a_payment_of_its_own() -> None:
    one = body_of("CLP*A*1*10*10~", "10")
    two = body_of("CLP*B*1*20*20~", "20").replace("TRACE1", "TRACE2")
    remittances, findings, envelope = read_file(file_of(one, two))
    assert [(r.trace_number, r.payment_cents) for r in remittances] == [
        ("TRACE1", 1000),
        ("TRACE2", 2000),
    ]
    assert [remittance.place.transaction for remittance in remittances] == [1, 2]
    assert all(remittance.balanced for remittance in remittances)
    assert findings == envelope == []


def test_a_remittance_left_early_does_not_disturb_the_next() -> None:
    one = body_of("CLP*A*1*10*10~" * 50, "500")
    seen = []
    for reading in era835.readings([file_of(one, one, one)]):
        seen.append(reading.remittance.control_number)
        for _ in reading.claims():
            break
    assert seen == ["0001", "0002", "0003"]


def test_versions_whose_meaning_is_not_known_are_refused() -> None:
    content = file_of(body_of(CLAIM, "106")).replace(b"005010X221A1", b"003051")
    with pytest.raises(era835.UnsupportedVersion, match="004010 and 005010"):
        next(era835.readings([content]))
    for interchange in interchanges([content.replace(b"ST*835", b"ST*820")]):
        for group in interchange.groups():
            for transaction in group.transactions():
                with pytest.raises(era835.UnsupportedVersion, match="not an 835"):
                    era835.read(transaction)


def test_4010_is_read_with_its_own_group_code() -> None:
    body = body_of("CLP*A*22*-10*-5~CAS*CR*45*-5~", "-5")
    content = (
        file_of(body).replace(b"*^*00501*", b"*U*00401*").replace(b"005010X221A1", b"004010X091A1")
    )
    (remittance,), _, _ = read_file(content)
    assert remittance.version == "004010X091A1"
    assert remittance.claims[0].adjustments[0].group == "CR"
    assert remittance.balanced


def test_nothing_of_a_patient_is_shown_in_a_repr(remittance: Remittance) -> None:
    claim = remittance.claims[0]
    shown = repr(remittance) + repr(claim) + repr(claim.parties) + repr(claim.services)
    for secret in ("DOE", "JANE", "MEMBER1", "ACCT1", "67890", "12345", "99214"):
        assert secret not in shown
    assert "segment" in repr(claim)
    assert "12345" not in repr(remittance.payer_account)


def test_findings_never_repeat_a_value_that_may_name_a_patient() -> None:
    findings: list[Finding] = read(body_of("CLP*A*1*DOE JANE*1**12*P~", "1"))[1]
    assert "DOE" not in repr(findings)
    assert findings[0].value == "AAA AAAA"


def test_endless_findings_are_cut_off() -> None:
    claims = "CLP*A*1*1*0**12*P~" * 10_050
    reading = reading_of(body_of(claims, "0"))
    assert sum(1 for _ in reading.claims()) == 10_050
    assert len(reading.findings) == 10_001
    assert reading.findings[-1].code == "too_many_findings"
    assert reading.balanced is False


def test_adjustments_compare_by_what_they_say() -> None:
    assert Adjustment("CO", "45", 100) == Adjustment("CO", "45", 100)
    assert Adjustment("CO", "45", 100) != Adjustment("CO", "45", -100)
