"""Cents split exactly, days by the calendar, moves by the table, cards asked seldom."""

import calendar
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_saas.plans import rules
from billing_saas.plans.errors import IllegalPlanMove, PlanRefused
from billing_saas.plans.rules import Settings, Standing, State, Try

DAYS = st.dates(date(2024, 1, 1), date(2032, 12, 31))
CENTS = st.integers(100, 10_000_000)
COUNTS = st.integers(2, rules.MOST_INSTALMENTS)


@given(CENTS, COUNTS, DAYS)
def test_instalments_sum_to_what_is_owed(total: int, count: int, first_on: date) -> None:
    parts = rules.schedule(total, count, first_on)
    assert sum(one.cents for one in parts) == total
    assert [one.n for one in parts] == list(range(1, count + 1))
    assert max(one.cents for one in parts) - min(one.cents for one in parts) <= 1
    shown = rules.arithmetic(total, count)
    assert shown.count * shown.base_cents + shown.one_more == total
    assert [one.cents - shown.base_cents for one in parts] == [1] * shown.one_more + [0] * (
        count - shown.one_more
    )
    assert shown.finance_charge_cents == 0


@given(DAYS, COUNTS)
def test_each_month_has_one_due_day(first_on: date, count: int) -> None:
    """The first's day of the month, or the month's last one: and it comes back where a month has it."""
    parts = rules.schedule(100_000, count, first_on)
    months = [one.due_on.year * 12 + one.due_on.month for one in parts]
    assert months == list(range(months[0], months[0] + count))
    for one in parts:
        last = calendar.monthrange(one.due_on.year, one.due_on.month)[1]
        assert one.due_on.day == min(first_on.day, last)


def test_the_31st_comes_back() -> None:
    parts = rules.schedule(40_000, 4, date(2026, 12, 31))
    assert [one.due_on for one in parts] == [
        *(date(2026, 12, 31), date(2027, 1, 31), date(2027, 2, 28), date(2027, 3, 31)),
    ]
    leap = rules.schedule(20_000, 2, date(2028, 1, 30))
    assert leap[1].due_on == date(2028, 2, 29)


@given(st.lists(st.integers(1, 100_000), min_size=1, max_size=12), st.integers(-500, 2_000_000))
def test_what_is_paid_goes_to_the_earliest_and_never_to_more_than_all(
    cents: list[int], paid: int
) -> None:
    parts = rules.reckon(cents, paid)
    assert sum(parts) == min(max(paid, 0), sum(cents))
    for asked, part in zip(cents, parts, strict=True):
        assert 0 <= part <= asked
    begun = [part < asked for asked, part in zip(cents, parts, strict=True)]
    assert all(part == 0 for part, left in zip(parts[1:], begun, strict=False) if left)


@given(st.lists(st.integers(1, 50_000), min_size=1, max_size=6), st.data())
def test_a_card_is_never_charged_more_than_is_owed(cents: list[int], data: st.DataObject) -> None:
    """In whatever portions, and whatever an insurer pays meanwhile: charges sum to at most each limit."""
    owed = sum(cents)
    paid = 0
    for n, one in enumerate(cents, 1):
        owed -= data.draw(st.integers(0, owed)) if owed else 0
        part = rules.to_charge(Standing(n, date(2026, 1, n), one, 0), owed)
        assert 0 <= part <= min(one, owed)
        paid += part
        owed -= part
    assert paid <= sum(cents)
    assert owed >= 0


@given(st.integers(1, 2_000_000), st.integers(2, 36), st.integers(100, 100_000))
def test_every_offer_keeps_the_practices_rules(total: int, most: int, minimum: int) -> None:
    settings = Settings(most_instalments=most, minimum_cents=minimum, truth_in_lending=True)
    for offer in rules.offers(total, settings):
        assert 2 <= offer.count <= most
        assert offer.base_cents >= minimum
        rules.check_wanted(total, offer.count, date(2026, 3, 1), date(2026, 2, 25), settings)


@pytest.mark.parametrize(
    ("total", "count", "first_on", "reason"),
    [
        (100_000, 5, date(2026, 3, 1), "too_many"),
        (100_000, 1, date(2026, 3, 1), "too_many"),
        (9_999, 4, date(2026, 3, 1), "too_small"),
        (100_000, 4, date(2026, 2, 24), "first_day"),
        (100_000, 4, date(2026, 4, 12), "first_day"),
    ],
)
def test_what_the_practice_does_not_offer(
    total: int, count: int, first_on: date, reason: str
) -> None:
    with pytest.raises(PlanRefused) as refused:
        rules.check_wanted(total, count, first_on, date(2026, 2, 25), Settings())
    assert refused.value.facts["reason"] == reason


def test_more_than_four_need_the_disclosures_of_regulation_z() -> None:
    assert "most_instalments" in Settings(most_instalments=5).faults()
    assert not Settings(most_instalments=5, truth_in_lending=True).faults()
    assert Settings(most_instalments=37, truth_in_lending=True).faults()
    assert set(Settings(minimum_cents=1, grace_days=0, notice_days=99).faults()) == {
        *("minimum_cents", "grace_days", "notice_days"),
    }


def test_the_table_of_moves_is_whole() -> None:
    """Every state is reached, what is over stays over, and what stands can end in each way."""
    reached = {after for _, after in rules.MOVES}
    assert reached == set(State) - {State.DRAFT}
    assert not {before for before, _ in rules.MOVES} & rules.OVER
    for state in rules.STANDING:
        assert (state, State.CANCELLED) in rules.MOVES
        assert (state, State.COMPLETED) in rules.MOVES
    for before in State:
        for after in State:
            if (before, after) not in rules.MOVES:
                with pytest.raises(IllegalPlanMove) as refused:
                    rules.check_move(before, after)
                assert before in refused.value.message
                assert after in refused.value.message


DUE = date(2026, 3, 10)
FOUR = [Standing(n, rules.in_months(DUE, n - 1), 2_500, 0) for n in range(1, 5)]


@pytest.mark.parametrize(
    ("state", "paid", "owed", "day", "after"),
    [
        (State.ACTIVE, 0, 10_000, DUE, State.ACTIVE),
        (State.ACTIVE, 0, 10_000, DUE + timedelta(1), State.MISSED),
        (State.MISSED, 0, 10_000, DUE + timedelta(1), State.GRACE),
        (State.GRACE, 0, 10_000, DUE + timedelta(10), State.GRACE),
        (State.GRACE, 0, 10_000, DUE + timedelta(11), State.DEFAULTED),
        (State.GRACE, 2_499, 7_501, DUE + timedelta(11), State.DEFAULTED),
        (State.GRACE, 2_500, 7_500, DUE + timedelta(11), State.ACTIVE),
        (State.MISSED, 2_500, 7_500, DUE + timedelta(1), State.ACTIVE),
        (State.ACTIVE, 10_000, 0, DUE, State.COMPLETED),
        (State.GRACE, 0, 0, DUE + timedelta(30), State.COMPLETED),
        (State.ACCEPTED, 0, 10_000, DUE + timedelta(30), State.ACCEPTED),
        (State.DEFAULTED, 10_000, 0, DUE, State.DEFAULTED),
        (State.DRAFT, 0, 0, DUE, State.DRAFT),
    ],
)
def test_the_state_of_the_day(state: State, paid: int, owed: int, day: date, after: State) -> None:
    parts = rules.reckon([one.cents for one in FOUR], paid)
    standings = [
        Standing(one.n, one.due_on, one.cents, part) for one, part in zip(FOUR, parts, strict=True)
    ]
    found = rules.state_now(state, standings, owed, day, 10)
    assert found is after
    assert found is state or (state, found) in rules.MOVES


@given(
    st.sampled_from(list(State)),
    st.integers(0, 12_000),
    st.integers(0, 12_000),
    st.integers(-40, 200),
)
def test_no_day_makes_an_illegal_move(state: State, paid: int, owed: int, days: int) -> None:
    parts = rules.reckon([one.cents for one in FOUR], paid)
    standings = [
        Standing(one.n, one.due_on, one.cents, part) for one, part in zip(FOUR, parts, strict=True)
    ]
    after = rules.state_now(state, standings, owed, DUE + timedelta(days), 10)
    assert after is state or (state, after) in rules.MOVES


# --- asking a card again ---


def asked(*days: int, code: str = "insufficient_funds") -> list[Try]:
    return [Try(DUE + timedelta(day), code) for day in days]


def test_a_soft_decline_is_tried_again_within_grace() -> None:
    last = DUE + timedelta(10)
    assert rules.next_try_on([], DUE, last, []) == DUE
    assert rules.next_try_on(asked(0), DUE, last, [DUE]) == DUE + timedelta(2)
    tries = asked(0, 2, 5)
    assert rules.next_try_on(tries, DUE, last, [one.on for one in tries]) == DUE + timedelta(9)
    assert rules.next_try_on(asked(0, 2, 5, 9), DUE, last, []) is None
    assert rules.next_try_on(asked(0, 2, 7), DUE, last, []) is None, "past the days of grace"


@pytest.mark.parametrize("code", [*sorted(rules.HARD_DECLINES), "a_word_of_tomorrow", ""])
def test_a_hard_decline_is_never_tried_again(code: str) -> None:
    assert rules.is_hard(code)
    assert rules.next_try_on(asked(0, code=code), DUE, DUE + timedelta(60), [DUE]) is None


def test_no_decline_is_both_hard_and_soft() -> None:
    assert not rules.HARD_DECLINES & rules.SOFT_DECLINES


@given(
    st.lists(st.integers(0, 120), min_size=1, max_size=10),
    st.integers(1, 60),
)
def test_a_card_is_asked_far_less_than_the_networks_allow(firsts: list[int], grace: int) -> None:
    """Ten plans on one card, all declined for ever: fewer than 10 in any 30 days, one a day of each."""
    days: list[date] = []
    for start in sorted(firsts):
        due = DUE + timedelta(start)
        tries: list[Try] = []
        while (on := rules.next_try_on(tries, due, due + timedelta(grace), days)) is not None:
            assert on >= due
            assert not tries or on > tries[-1].on
            tries.append(Try(on, "insufficient_funds"))
            days.append(on)
        assert len(tries) <= rules.MOST_TRIES
    for day in days:
        window = [d for d in days if timedelta(0) <= d - day < timedelta(rules.CARD_WINDOW_DAYS)]
        assert len(window) <= rules.MOST_TRIES_OF_A_CARD < 10
