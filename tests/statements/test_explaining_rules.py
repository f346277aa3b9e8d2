"""Whatever happened to a claim, the explanation adds up, and to what the ledger says."""

import pytest
from hypothesis import given, settings

from billing_saas.ledger.rules import Account
from billing_saas.statements import explaining_rules
from tests.statements.journals import Life, left_by_last, lives

OWED = (
    *(Account.PAYER_RECEIVABLE, Account.PATIENT_RECEIVABLE, Account.OTHER_PARTY_RECEIVABLE),
    Account.AGENCY,
)


@given(lives())
@settings(max_examples=80, deadline=None)
def test_every_explanation_adds_up_to_the_ledger(life: Life) -> None:
    whole, by_charge = explaining_rules.explain(life.claim, life.moved(), life.standing())
    sums = whole.sums
    assert sums.adds_up
    assert sums.charge_cents == -life.balance(Account.GROSS_CHARGES)
    assert sums.contract_cents == life.balance(Account.CONTRACTUAL_ADJUSTMENT)
    assert sums.balance_cents == life.balance(*OWED)
    assert sums.patient_owes_cents == life.balance(Account.PATIENT_RECEIVABLE)
    assert sums.insurer_owes_cents == life.balance(Account.PAYER_RECEIVABLE)
    for charge_id, told in by_charge.items():
        assert told.sums.adds_up
        if charge_id is not None:
            assert told.sums.balance_cents == life.balance(*OWED, charge=charge_id)


@pytest.mark.slow
@given(lives())
@settings(max_examples=500, deadline=None)
def test_thousands_of_explanations_add_up_to_the_ledger(life: Life) -> None:
    whole, by_charge = explaining_rules.explain(life.claim, life.moved(), life.standing())
    assert all(told.sums.adds_up for told in (whole, *by_charge.values()))
    assert whole.sums.balance_cents == life.balance(*OWED)
    assert whole.sums.patient_owes_cents == life.balance(Account.PATIENT_RECEIVABLE)
    assert whole.sums.patient_paid_cents == life.patient_paid


@given(lives())
@settings(max_examples=80, deadline=None)
def test_who_paid_is_who_paid(life: Life) -> None:
    whole, by_charge = explaining_rules.explain(life.claim, life.moved(), life.standing())
    assert whole.sums.patient_paid_cents == life.patient_paid
    assert whole.sums.write_off_cents == life.forgiven
    assert {plan.payer_id: plan.paid_cents for plan in whole.plans if plan.paid_cents} == {
        payer: cents for payer, cents in life.plan_paid.items() if cents
    }
    for field in ("plan_paid_cents", "patient_paid_cents", "write_off_cents", "contract_cents"):
        of_charges = sum(getattr(told.sums, field) for told in by_charge.values())
        assert of_charges == getattr(whole.sums, field)


@given(lives())
@settings(max_examples=80, deadline=None)
def test_the_shares_are_what_the_last_plan_left_to_the_patient(life: Life) -> None:
    """What earlier plans left went on to the next one, and is not the patient's."""
    whole, _ = explaining_rules.explain(life.claim, life.moved(), life.standing())
    by_plans = sum(share.cents for share in whole.shares if share.reason)
    if life.payers:
        last = max(life.payers, key="PST".index)
        assert by_plans == left_by_last(life, life.payers[last])
    else:
        assert by_plans == 0
        assert [share.kind for share in whole.shares] == ["self_pay"]
    plain = sum(share.cents for share in whole.shares)
    paid = whole.sums.patient_paid_cents + whole.sums.write_off_cents + whole.sums.agency_cents
    assert plain - paid == whole.sums.patient_owes_cents
    order = [plan.sequence for plan in whole.plans]
    assert order == sorted(order, key=("", "P", "S", "T").index)


def test_sums_that_do_not_add_up_are_seen() -> None:
    told = explaining_rules.Told(sums=explaining_rules.Sums(charge_cents=5, patient_owes_cents=4))
    assert not told.sums.adds_up
