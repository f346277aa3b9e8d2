"""Totals, pointers, coordination of benefits, replacements."""

from typing import Any

import msgspec
import pytest

from billing_saas.edi import claim837_rules
from billing_saas.edi.claim837 import Claim
from billing_saas.edi.claim837_clinical import HealthCode
from billing_saas.edi.claim837_coordination import Adjustment, LineAdjudication, OtherCoverage
from billing_saas.edi.claim837_lines import ServiceLine
from billing_saas.edi.claim837_parties import Payer
from billing_saas.edi.claim837_parts import Insurance
from billing_saas.edi.parties import AmountValue, Reference
from tests.edi.claims837 import a_claim, a_line

FIRST = Payer(entity="PR", entity_type="2", name="FIRST", id_qualifier="PI", id="FIRST1")


def codes(claim: Claim) -> list[str]:
    return [finding.code for finding in claim837_rules.check(claim)]


def answered(charge: int, paid: int, *adjusted: int, payer_id: str = "FIRST1") -> ServiceLine:
    answer = LineAdjudication(
        payer_id=payer_id,
        paid_cents=paid,
        adjustments=tuple([Adjustment("CO", "45", amount) for amount in adjusted]),
    )
    return a_line(charge, adjudications=(answer,))


def coverage(paid: int | None, *adjusted: int, **fields: Any) -> OtherCoverage:
    return OtherCoverage(
        **{
            "insurance": Insurance("P"),
            "payer": FIRST,
            "amounts": () if paid is None else (AmountValue("D", paid),),
            "adjustments": tuple([Adjustment("CO", "45", amount) for amount in adjusted]),
            **fields,
        }
    )


def test_a_sound_claim_has_no_findings() -> None:
    assert codes(a_claim()) == []


def test_the_charge_is_the_sum_of_the_lines() -> None:
    (finding,) = claim837_rules.check(a_claim(a_line(4000), a_line(2500), charge_cents=6499))
    assert (finding.code, finding.segment, finding.element) == ("claim_total", "CLM", 2)
    assert "$64.99" in finding.message
    assert "$65.00" in finding.message


@pytest.mark.parametrize(
    ("pointers", "expected"),
    [
        ((1,), []),
        ((2, 1), []),
        ((), ["diagnosis_pointer_missing"]),
        ((3,), ["diagnosis_pointer_unknown"]),
        ((0,), ["diagnosis_pointer_unknown"]),
        ((1, 1), ["diagnosis_pointer_repeated"]),
    ],
)
def test_pointers_name_diagnoses_of_the_claim(
    pointers: tuple[int, ...], expected: list[str]
) -> None:
    diagnoses = (HealthCode("ABK", "I10"), HealthCode("ABF", "E119"))
    line = a_line(diagnosis_pointers=pointers)
    assert codes(a_claim(line, diagnoses=diagnoses)) == expected


def test_a_line_points_to_four_diagnoses_at_most() -> None:
    diagnoses = (HealthCode("ABK", "I10"),) * 5
    line = a_line(diagnosis_pointers=(1, 2, 3, 4, 5))
    assert codes(a_claim(line, diagnoses=diagnoses)) == ["diagnosis_pointers_many"]


@pytest.mark.parametrize("frequency", ["7", "8"])
def test_a_replacement_or_void_names_the_payers_claim(frequency: str) -> None:
    assert codes(a_claim(frequency=frequency)) == ["payer_claim_number_missing"]
    named = a_claim(frequency=frequency, references=(Reference("F8", "123"),))
    assert codes(named) == []


def test_an_original_needs_no_payers_number() -> None:
    assert codes(a_claim(frequency="1")) == []


def test_payment_and_adjustments_make_up_the_charge() -> None:
    lines = (answered(10000, 7000, 3000), answered(5000, 1500, 3500))
    assert codes(a_claim(*lines, other_coverages=(coverage(8500),))) == []


def test_claim_level_adjustments_are_taken_off_what_the_lines_paid() -> None:
    """RFI 1053: 70 + 15 - 5 = 80."""
    lines = (answered(10000, 7000, 3000), answered(2000, 1500, 500))
    assert codes(a_claim(*lines, other_coverages=(coverage(8000, 500),))) == []


def test_a_negative_adjustment_raises_the_payment() -> None:
    lines = (answered(10000, 11000, -1000),)
    assert codes(a_claim(*lines, other_coverages=(coverage(11000),))) == []


def test_each_level_that_does_not_balance_is_told() -> None:
    line_off = (answered(10000, 7000, 2999),)
    assert codes(a_claim(*line_off, other_coverages=(coverage(7000),))) == [
        "line_coordination",
        "claim_coordination",
    ]
    total_off = (answered(10000, 7000, 3000),)
    assert codes(a_claim(*total_off, other_coverages=(coverage(6999),))) == [
        "claim_coordination",
        "coordination_paid",
    ]


def test_claim_level_adjudication_needs_no_lines() -> None:
    assert codes(a_claim(a_line(20000), other_coverages=(coverage(15000, 5000),))) == []
    assert codes(a_claim(a_line(20000), other_coverages=(coverage(15000, 4000),))) == [
        "claim_coordination"
    ]


def test_a_payer_that_has_not_answered_need_not_balance() -> None:
    assert codes(a_claim(other_coverages=(coverage(None),))) == []


def test_an_unbundled_line_is_made_up_by_its_parts() -> None:
    one = answered(10000, 4000, 1000).adjudications
    two = answered(10000, 3000, 2000).adjudications
    line = a_line(10000, adjudications=(*one, *two))
    assert codes(a_claim(line, other_coverages=(coverage(7000),))) == []


def test_each_payer_balances_on_its_own() -> None:
    second = msgspec.structs.replace(FIRST, id="SECOND")
    line = a_line(
        10000,
        adjudications=(
            *answered(10000, 7000, 3000).adjudications,
            *answered(10000, 2000, 8000, payer_id="SECOND").adjudications,
        ),
    )
    both = (coverage(7000), coverage(2000, payer=second))
    assert codes(a_claim(line, other_coverages=both)) == []
    swapped = (coverage(2000), coverage(7000, payer=second))
    assert len(codes(a_claim(line, other_coverages=swapped))) == 4


def test_a_line_answered_by_a_payer_nobody_named() -> None:
    line = answered(10000, 7000, 3000, payer_id="GHOST")
    assert codes(a_claim(line, other_coverages=(coverage(None),))) == ["adjudication_payer_unknown"]
