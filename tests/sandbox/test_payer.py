"""The sandbox payer's remittances keep the guide, whatever they say of a claim."""

import datetime

import pytest

from billing_saas.edi import era835
from billing_saas.edi.examining import examine
from billing_sandbox import payer
from billing_sandbox.practice_system import claims_file
from tests.sandbox.test_practice_system import ELM, OCTOBER

PAYEE = payer.Payee(name=ELM.name, npi=ELM.npi, tax_id=ELM.tax_id, address=ELM.address)
NOVEMBER = datetime.date(2026, 11, 12)
FIRST = payer.Check(trace_prefix="E1", paid_on=NOVEMBER)
SECOND = payer.Check(trace_prefix="E2", paid_on=NOVEMBER, control_number=2)


@pytest.fixture(scope="module")
def october() -> bytes:
    return claims_file(ELM, seed=7, month=OCTOBER, claims=60)


def answers(october: bytes) -> dict[str, bytes]:
    return {
        "paid": payer.pay(october, PAYEE, FIRST, seed=7),
        "corrected": payer.take_back_and_correct(october, PAYEE, FIRST, SECOND, seed=7),
        "stray": payer.stray(october, PAYEE, SECOND, seed=7),
    }


def test_every_answer_keeps_the_guide_and_balances(october: bytes) -> None:
    for remittances in answers(october).values():
        (examined,) = examine([remittances])
        assert [str(one) for one in examined.every()] == []
        for reading in era835.readings([remittances]):
            assert list(reading.claims())
            assert reading.balanced


def test_a_commercial_plan_is_named_as_an_835_can(october: bytes) -> None:
    """SBR09 CI is no code of CLP06."""
    assert b"******CI~" in october
    paid = payer.pay(october, PAYEE, FIRST, seed=7)
    said = {
        claim.filing_indicator for reading in era835.readings([paid]) for claim in reading.claims()
    }
    assert "15" in said
    assert "CI" not in said
