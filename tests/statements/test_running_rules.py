"""Who gets a statement, of what, and why not."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from billing_saas.kit.ids import new_id
from billing_saas.statement_runs import running_rules
from billing_saas.statement_runs.running_rules import Facts, Rule, Verdict
from billing_saas.statements import dunning_rules
from billing_saas.statements.dunning_rules import Held
from billing_saas.statements.rules import OpenItem

DAY = date(2026, 3, 2)
RULE = Rule(minimum_cents=500, cycle_days=30)
MOTHER, CHILD = new_id(), new_id()
VISIT, OTHER = new_id(), new_id()


def item(patient: UUID, claim: UUID, cents: int = 4_000) -> OpenItem:
    return OpenItem(patient, claim, UUID(int=claim.int + 1), cents, DAY)


HERS, THE_CHILDS = item(MOTHER, VISIT), item(CHILD, OTHER)


def judged(*, on: int = 0, on_demand: bool = False, rule: Rule = RULE, **known: Any) -> Verdict:
    plain: dict[str, Any] = {
        "guarantor_id": MOTHER,
        "items": [HERS, THE_CHILDS],
        "finished": {VISIT, OTHER},
        "held": [],
        "credit_cents": 0,
        "clock": None,
        "last_issued_on": None,
        "billed": set(),
    }
    facts = Facts(**{**plain, **known})
    return running_rules.judge(facts, rule, DAY + timedelta(days=on), on_demand=on_demand)


def held(kind: str, patient: UUID = MOTHER, claim: UUID | None = None) -> list[Held]:
    return [Held(patient, kind, claim, DAY)]


def test_a_family_gets_one_first_statement() -> None:
    verdict = judged()
    assert (verdict.included, verdict.stage, verdict.reasons) == (True, "first", ("first",))
    assert (verdict.billed_cents, verdict.owed_cents) == (8_000, 8_000)


def test_what_an_insurer_still_has_is_left_out() -> None:
    verdict = judged(finished={VISIT})
    assert verdict.included
    assert verdict.items == (HERS,)
    assert verdict.reasons == ("first", "some_insurance_pending")
    nothing = judged(finished=set())
    assert (nothing.included, nothing.reasons) == (False, ("insurance_pending",))


def test_an_appeal_or_dispute_of_a_claim_holds_that_claim() -> None:
    for kind in ("appeal", "dispute", "insurer"):
        verdict = judged(held=held(kind, CHILD, OTHER))
        assert verdict.items == (HERS,)
        assert verdict.reasons == ("first", f"some_{kind}")
        assert not judged(items=[THE_CHILDS], held=held(kind, CHILD, OTHER)).included


def test_what_pauses_the_guarantor_pauses_all() -> None:
    for kind in sorted(dunning_rules.OF_PERSON | dunning_rules.OF_ITEM):
        verdict = judged(held=held(kind))
        assert (verdict.included, verdict.stage) == (False, None)
        assert kind in verdict.reasons
        assert not judged(held=held(kind), on_demand=True).included


def test_of_a_child_who_died_nothing_is_asked_of_the_mother() -> None:
    verdict = judged(held=held("deceased", CHILD))
    assert verdict.items == (HERS,)
    # The child's own plan or hardship is no pause of hers.
    assert judged(held=held("hardship", CHILD)).items == (HERS, THE_CHILDS)


def test_small_change_waits_until_it_is_worth_a_stamp_or_is_asked_for() -> None:
    small = [item(MOTHER, VISIT, 499)]
    assert judged(items=small).reasons == ("below_minimum",)
    assert judged(items=small, on_demand=True).included
    assert judged(items=[item(MOTHER, VISIT, 500)]).included


def test_who_has_paid_ahead_is_not_asked_before_it_is_applied() -> None:
    verdict = judged(credit_cents=1)
    assert (verdict.included, verdict.reasons) == (False, ("credit_to_apply",))


def test_statements_follow_the_clock() -> None:
    clock = dunning_rules.started(DAY)
    billed = {(i.patient_id, i.claim_id, i.charge_id) for i in (HERS, THE_CHILDS)}
    known: dict[str, Any] = {"clock": clock, "last_issued_on": DAY, "billed": billed}
    assert judged(on=13, **known).reasons == ("not_due",)
    assert judged(on=14, **known).stage == "reminder"
    assert judged(on=40, **known).stage == "reminder"  # one step at a time
    asked = judged(on=3, on_demand=True, **known)
    assert (asked.included, asked.stage, asked.reasons) == (True, "first", ("asked",))


def test_new_charges_come_with_the_next_cycle() -> None:
    clock = dunning_rules.advanced(dunning_rules.started(DAY), "reminder", DAY)
    billed = {(HERS.patient_id, HERS.claim_id, HERS.charge_id)}
    known: dict[str, Any] = {"clock": clock, "last_issued_on": DAY, "billed": billed}
    assert judged(on=13, **known).reasons == ("not_due",)
    late = running_rules.Rule(minimum_cents=500, cycle_days=10)
    verdict = judged(on=12, rule=late, **known)
    assert (verdict.stage, verdict.reasons) == ("reminder", ("new_charges",))


def test_a_new_clock_waits_for_the_cycle() -> None:
    ended = dunning_rules.ended(dunning_rules.started(DAY), DAY)
    assert not judged(on=29, clock=ended, last_issued_on=DAY).included
    assert judged(on=30, clock=ended, last_issued_on=DAY).stage == "first"
