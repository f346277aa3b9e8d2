"""The money rules of the 835: three balances, and what payers do with them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from billing_saas.edi import era835, era835_balance
from billing_saas.edi.findings import NOWHERE
from billing_saas.edi.parties import Procedure
from billing_saas.edi.remittance import (
    Adjustment,
    ClaimPayment,
    ProviderAdjustment,
    Remittance,
    ServicePayment,
)
from tests.edi.remittances import body_of, codes, file_of, read, read_file, reading_of


def test_a_line_balances_by_all_its_cas() -> None:
    # RFI 2348: SVC02 less every CAS amount is SVC03.
    claim = "CLP*A*1*100*60~SVC*HC:1*100*60~CAS*CO*45*30**253*2~CAS*PR*1*8~"
    remittance, findings = read(body_of(claim, "60"))
    assert remittance.balanced
    assert findings == []


def test_a_line_that_differs_is_named_with_its_difference() -> None:
    claim = "CLP*A*1*100*60~CAS*CO*A2*1~SVC*HC:1*100*60~CAS*CO*45*39~SVC*HC:2*0*0~"
    remittance, findings = read(body_of(claim, "60"))
    (finding,) = findings
    assert finding.code == "line_out_of_balance"
    assert finding.place.segment == 9
    assert (finding.segment, finding.element, finding.value) == ("SVC", 3, "1")
    assert finding.message == (
        "The line's charge less its adjustments is 61.00, but 60.00 is stated as paid. "
        "They are 1.00 apart."
    )
    assert not remittance.balanced


def test_a_claim_balances_by_the_adjustments_of_both_levels() -> None:
    # RFI 2601: CLP03 less the CAS of 2100 and 2110 together is CLP04.
    claim = "CLP*A*1*100*55~CAS*CO*A2*5~SVC*HC:1*100*60~CAS*CO*45*40~"
    remittance, findings = read(body_of(claim, "55"))
    assert findings == []
    assert remittance.balanced


def test_an_adjustment_that_stands_at_both_levels_is_told() -> None:
    # RFI 358: never at both.
    claim = "CLP*A*1*100*60~CAS*CO*45*40~SVC*HC:1*100*60~CAS*CO*45*40~"
    findings = read(body_of(claim, "60"))[1]
    assert codes(findings) == ["claim_out_of_balance"]
    assert "seem to stand at the claim and at its lines" in findings[0].message
    assert findings[0].value == "-40"


def test_an_inpatient_claim_may_have_claim_level_adjustments_only() -> None:
    remittance, findings = read(body_of("CLP*A*1*1000*700~CAS*CO*45*300~", "700"))
    assert remittance.claims[0].services == ()
    assert remittance.balanced
    assert findings == []


def test_amt_and_qty_never_enter_a_balance() -> None:
    # RFI 2601.
    claim = "CLP*A*1*10*10~AMT*AU*999~QTY*CA*5~SVC*HC:1*10*10~AMT*B6*999~QTY*ZK*7~"
    remittance, findings = read(body_of(claim, "10"))
    assert remittance.balanced
    assert findings == []


@pytest.mark.parametrize(
    ("plb", "payment"),
    [
        ("PLB*1*20261231*WO:OLD*30~", "70"),  # overpayment recovered now: takes
        ("PLB*1*20261231*WO:OLD*-30~", "130"),  # shown as reversed, money not yet taken: gives
        ("PLB*1*20261231*FB:NEXT*-30~", "130"),  # balance moved to a future 835
        ("PLB*1*20261231*FB:LAST*30~", "70"),  # balance of an earlier 835 applied
        ("PLB*1*20261231*L6*-30~", "130"),  # interest the payer owes
        ("PLB*1*20261231*WO:OLD*30*72*-30~", "100"),  # refund acknowledged
        ("PLB*1*20261231*CS*1*CS*2*CS*3*CS*4*CS*5*CS*15~", "70"),  # six pairs
        ("PLB*1*20261231*CS*10~PLB*2*20261231*CS*20~", "70"),  # two segments
    ],
)
def test_provider_adjustments_reduce_when_positive_and_raise_when_negative(
    plb: str, payment: str
) -> None:
    remittance, findings = read(body_of("CLP*A*1*100*100~", payment, plb))
    assert findings == []
    assert remittance.balanced


def test_a_payment_that_differs_names_the_difference() -> None:
    findings = read(body_of("CLP*A*1*100*100~", "99.99", "PLB*1*2*CS*.02~"))[1]
    (finding,) = findings
    assert finding.code == "payment_out_of_balance"
    assert (finding.segment, finding.element, finding.value) == ("BPR", 2, "-.01")
    assert "-0.01" not in finding.message
    assert "0.01 apart" in finding.message


def test_a_plb_alone_is_a_remittance() -> None:
    # A public sample: no CLP at all; beside it two sets whose payment does not follow.
    good = body_of("", "500", "PLB*1*2*FB*-500~")
    bad = body_of("", "500", "PLB*1*2*FB*500~")
    worse = body_of("", "500")
    remittances, findings, _ = read_file(file_of(good, bad, worse))
    assert [remittance.balanced for remittance in remittances] == [True, False, False]
    assert codes(findings) == ["payment_out_of_balance"] * 2
    assert remittances[0].claims == ()
    assert len(remittances[0].provider_adjustments) == 1


def test_a_reversal_gives_back_every_adjustment_with_its_sign_turned() -> None:
    # RFI 1429, 2442: the original charge, payment and every CAS; a correction then comes as if
    # original (RFI 288), and neither order nor presence may be assumed (RFI 791).
    original = (
        "CLP*A*1*100*60*10**PAYER1~CAS*CO*A2*5~SVC*HC:1*100*65~CAS*CO*45*25**253*0~CAS*PR*1*10~"
    )
    reversal = (
        "CLP*A*22*-100*-60*-10**PAYER1~CAS*CO*A2*-5~SVC*HC:1*-100*-65~CAS*CO*45*-25~CAS*PR*1*-10~"
    )
    correction = "CLP*A*1*100*80*10**PAYER2~SVC*HC:1*100*80~CAS*CO*45*10~CAS*PR*1*10~"
    for order in (reversal + correction, correction + reversal):
        remittance, findings = read(body_of(order, "20"))
        assert findings == []
        assert remittance.balanced
        assert sorted(claim.is_reversal for claim in remittance.claims) == [False, True]
    (first,) = read(body_of(original, "60"))[0].claims
    (back,) = read(body_of(reversal, "-60"))[0].claims
    assert era835.check_reversal(back, first, NOWHERE) == []


def test_a_bare_clp_is_not_a_reversal() -> None:
    original = "CLP*A*1*100*60~SVC*HC:1*100*60~CAS*CO*45*40~REF*6R*L1~"
    (first,) = read(body_of(original, "60"))[0].claims
    (back,) = read(body_of("CLP*A*22*-100*-60~", "-60"))[0].claims
    findings = era835.check_reversal(back, first, NOWHERE)
    assert set(codes(findings)) == {"reversal_incomplete"}
    remains = {
        finding.message.split(" remains")[0].removeprefix("After the reversal ")
        for finding in findings
    }
    assert remains == {"100.00 of charge", "60.00 of payment", "40.00 of adjustment CO 45"}
    assert all("on line L1" in finding.message for finding in findings)


def test_a_reversal_with_another_reason_leaves_both_open() -> None:
    original = "CLP*A*1*100*60~SVC*HC:1:25*100*60~CAS*CO*45*40~"
    reversal = "CLP*A*22*-100*-60~SVC*HC:1:25*-100*-60~CAS*CO*97*-40~"
    (first,) = read(body_of(original, "60"))[0].claims
    (back,) = read(body_of(reversal, "-60"))[0].claims
    assert [finding.value for finding in era835.check_reversal(back, first, NOWHERE)] == [
        "40",
        "-40",
    ]


def test_a_reversal_whose_money_is_taken_later_balances_by_wo() -> None:
    # RFI 227: PLB WO negative now, WO positive of the same amount later, PLB03-2 the claim.
    now = body_of("CLP*A*22*-100*-60~CAS*CO*45*-40~", "0", "PLB*1*2*WO:A*-60~")
    later = body_of("CLP*B*1*100*100~", "40", "PLB*1*2*WO:A*60~")
    (first, second), findings, _ = read_file(file_of(now, later))
    assert first.balanced
    assert second.balanced
    assert first.provider_adjustments[0].reference == second.provider_adjustments[0].reference
    assert codes(findings) == ["payment_method"]


@pytest.mark.parametrize(
    ("bpr", "expected"),
    [
        ("BPR*H*0*C*NON~", []),
        ("BPR*I*0*C*NON~", ["payment_method"]),
        ("BPR*H*0*C*CHK~", ["payment_method"]),
        ("BPR*I*0*C*ACH~", ["payment_method"]),
    ],
)
def test_a_payment_of_zero_is_h_and_non(bpr: str, expected: list[str]) -> None:
    # RFI 352; it still needs a trace number.
    body = bpr + body_of("CLP*A*1*100*0~CAS*CO*29*100~", "0").split("~", 1)[1]
    remittance, findings = read(body)
    assert codes(findings) == expected
    assert remittance.trace_number == "TRACE1"
    assert remittance.balanced


def test_a_negative_payment_is_told() -> None:
    findings = read(body_of("CLP*A*22*-5*-5~", "-5"))[1]
    assert codes(findings) == ["negative_payment"]


@pytest.mark.parametrize("status", ["1", "2", "3", "4", "19", "20", "21", "22", "23", "25", "99"])
def test_every_status_is_kept_as_sent(status: str) -> None:
    # RFI 1423: CLP02 says how a claim was processed; a full denial comes as 1 with nothing paid.
    claim = read(body_of(f"CLP*A*{status}*100*0~CAS*CO*29*100~", "0"))[0].claims[0]
    assert claim.status == status
    assert claim.is_forwarded == (status in {"19", "20", "21", "23"})
    assert claim.is_reversal == (status == "22")


def test_split_claims_stay_apart_and_add_up() -> None:
    # RFI 1808: one CLP01, several CLP07; together they make up the submitted charge.
    claims = "CLP*A*1*60*60***P1~CLP*A*1*40*40***P2~"
    remittance, _ = read(body_of(claims, "100"))
    assert {claim.patient_control_number for claim in remittance.claims} == {"A"}
    assert [claim.payer_control_number for claim in remittance.claims] == ["P1", "P2"]
    assert sum(claim.charge_cents for claim in remittance.claims) == 10000


def test_bundling_keeps_what_was_billed_and_what_was_paid() -> None:
    # RFI 2320: the paying line is raised by OA*94 negative, the components are CO*97 to zero; all
    # carry the bundled code in SVC01 and their own in SVC06, and are matched by REF*6R first.
    claim = (
        "CLP*A*1*150*130~"
        "SVC*HC:80053*100*130***HC:80048~CAS*OA*94*-50~CAS*CO*45*20~REF*6R*L1~"
        "SVC*HC:80053*50*0***HC:80076~CAS*CO*97*50~REF*6R*L2~"
    )
    remittance, findings = read(body_of(claim, "130"))
    assert findings == []
    first, second = remittance.claims[0].services
    assert first.procedure == second.procedure == Procedure("HC", "80053")
    assert [line.submitted_procedure for line in (first, second)] == [
        Procedure("HC", "80048"),
        Procedure("HC", "80076"),
    ]
    assert [line.line_control_number for line in (first, second)] == ["L1", "L2"]


def test_the_primary_of_a_secondary_claim_is_one_oa_23() -> None:
    claim = "CLP*A*2*100*15~SVC*HC:1*100*15~CAS*OA*23*85~"
    remittance, findings = read(body_of(claim, "15"))
    assert findings == []
    assert remittance.claims[0].services[0].adjustments[0].reason == "23"


def test_codes_nobody_knows_are_kept() -> None:
    # CARC and RARC lists change three times a year; an unknown code must post.
    claim = "CLP*A*1*100*0~SVC*HC:1*100*0~CAS*ZZ*X999*100~LQ*HE*N9999~"
    remittance, findings = read(body_of(claim, "0", "PLB*1*2*QQ*0~"))
    assert codes(findings) == ["payment_method"]
    assert remittance.claims[0].services[0].adjustments[0].reason == "X999"
    assert remittance.provider_adjustments[0].reason == "QQ"


AMOUNT = st.integers(-(10**9), 10**9)


@st.composite
def balanced_remittances(draw: st.DrawFn) -> Remittance:
    claims = []
    for number in range(draw(st.integers(0, 4))):
        services = []
        for _ in range(draw(st.integers(0, 3))):
            adjustments = tuple(
                Adjustment("CO", str(reason), draw(AMOUNT))
                for reason in range(draw(st.integers(0, 4)))
            )
            charge = draw(AMOUNT)
            paid = charge - sum(one.amount_cents for one in adjustments)
            services.append(
                ServicePayment(Procedure("HC", "1"), charge, paid, adjustments=adjustments)
            )
        own = tuple(Adjustment("PR", "A", draw(AMOUNT)) for _ in range(draw(st.integers(0, 2))))
        charge = sum(one.charge_cents for one in services) if services else draw(AMOUNT)
        adjusted = sum(one.amount_cents for one in own) + sum(
            one.adjusted_cents for one in services
        )
        claims.append(
            ClaimPayment(
                str(number),
                "1",
                charge,
                charge - adjusted,
                adjustments=own,
                services=tuple(services),
            )
        )
    pairs = tuple(
        ProviderAdjustment("1", "2", "CS", "", draw(AMOUNT)) for _ in range(draw(st.integers(0, 8)))
    )
    payment = sum(one.paid_cents for one in claims) - sum(one.amount_cents for one in pairs)
    return Remittance(payment_cents=payment, claims=tuple(claims), provider_adjustments=pairs)


@given(balanced_remittances(), st.integers(1, 10**6))
def test_one_cent_anywhere_is_found(remittance: Remittance, off: int) -> None:
    assert era835.check_balances(remittance) == []
    assert remittance.balanced
    wrong = replace(remittance, payment_cents=remittance.payment_cents + off)
    assert codes(era835.check_balances(wrong)) == ["payment_out_of_balance"]
    assert not wrong.balanced
    for number, claim in enumerate(remittance.claims):
        changed = replace(claim, paid_cents=claim.paid_cents + off)
        claims = (*remittance.claims[:number], changed, *remittance.claims[number + 1 :])
        other = replace(remittance, claims=claims, payment_cents=remittance.payment_cents + off)
        assert codes(era835.check_balances(other)) == ["claim_out_of_balance"]
        assert era835_balance.claim_difference(changed) == -off


def test_the_stream_and_the_whole_agree() -> None:
    claims = "CLP*A*1*100*60~SVC*HC:1*100*61~CAS*CO*45*40~CLP*B*1*5*4~"
    reading = reading_of(body_of(claims, "64"))
    remittance = reading.gather()
    assert reading.findings == era835.check_balances(remittance)
    assert codes(reading.findings) == [
        "line_out_of_balance",
        "claim_out_of_balance",
    ]
    assert reading.balanced is remittance.balanced is False
