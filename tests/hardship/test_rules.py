"""The scale to the cent, and no more written off than is owed."""

from datetime import date, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_saas.hardship import rules
from billing_saas.hardship.errors import BadGuideline, BadScale
from billing_saas.hardship.rules import Answers, Guideline, Step
from billing_saas.ledger import rules as ledger
from billing_saas.ledger.rules import Account
from billing_saas.statements.rules import OpenItem
from tests.hardship.conftest import SCALE

GUIDELINE = Guideline(16_000_00, 5_500_00)
DAY = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("household", "income_cents", "percent", "off"),
    [
        (1, 0, 0, 100),
        (1, 16_000_00, 100, 100),
        (1, 16_000_01, 101, 75),
        (1, 24_000_00, 150, 75),
        (1, 24_000_01, 151, 50),
        (1, 32_000_00, 200, 50),
        (1, 32_000_01, 201, 0),
        (4, 32_500_00, 100, 100),
        (4, 65_000_01, 201, 0),
    ],
)
def test_income_is_measured_to_the_cent(
    household: int, income_cents: int, percent: int, off: int
) -> None:
    answers = Answers(household=household, yearly_income_cents=income_cents)
    assert rules.assess(answers, GUIDELINE, SCALE) == rules.Assessment(percent, off)


@pytest.mark.parametrize(
    "steps",
    [
        (),
        (Step(100, 100), Step(100, 50)),
        (Step(100, 50), Step(150, 50)),
        (Step(150, 50), Step(100, 75)),
        (Step(100, 101),),
        (Step(0, 50),),
        tuple(Step(n, 101 - n) for n in range(1, 22)),
    ],
)
def test_a_scale_that_gives_more_to_who_earns_more_is_refused(steps: tuple[Step, ...]) -> None:
    with pytest.raises(BadScale):
        rules.check_scale(steps)


def test_a_guideline_stands_about_a_year() -> None:
    rules.check_guideline(DAY, DAY + timedelta(days=429))
    for days in (-1, 430):
        with pytest.raises(BadGuideline):
            rules.check_guideline(DAY, DAY + timedelta(days=days))


def test_what_was_decided_is_not_decided_again() -> None:
    assert not any(rules.MOVES[state] for state in ("denied", "expired"))
    assert rules.MOVES["approved"] == {"expired"}


owed = st.lists(st.integers(1, 10**8), min_size=1, max_size=10)


@given(owed, st.integers(1, 100))
def test_no_more_is_written_off_than_is_owed_and_nothing_twice(
    cents: list[int], percent: int
) -> None:
    items = [OpenItem(uuid4(), None, None, one, DAY) for one in cents]
    parts = rules.written_off(items, percent, set())
    for item, part in zip(items, parts, strict=True):
        assert 0 < part.cents <= item.cents
        assert part.cents * 100 >= item.cents * percent > (part.cents - 1) * 100
    entry = rules.entry_for("hardship:x:1", parts, DAY)
    ledger.check([entry])
    charity = [n.amount_cents for n in entry.lines if n.account is Account.WRITE_OFF_CHARITY]
    assert sum(charity) == sum(part.cents for part in parts)
    assert rules.written_off(items, percent, {rules.key(item) for item in items}) == []
