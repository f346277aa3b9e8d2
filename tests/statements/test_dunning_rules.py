"""Stages by a clock that a pause stops."""

from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from billing_saas.statements import dunning_rules
from billing_saas.statements.dunning_rules import STAGES, Clock

DAY = date(2026, 3, 2)


def on(n: int) -> date:
    return DAY + timedelta(days=n)


def sent(clock: Clock, days: range, pauses: list[tuple[int, int]]) -> list[tuple[str, int]]:
    """Who looks every day: what went out, and when."""
    out: list[tuple[str, int]] = [("first", 0)]
    for n in days:
        since = [on(begun) for begun, ended in pauses if begun <= n < ended]
        clock = dunning_rules.looked_at(clock, on(n), owed=True, paused_since=since)
        stage = dunning_rules.due(clock, on(n))
        if stage is not None:
            clock = dunning_rules.advanced(clock, stage, on(n))
            out.append((stage, n))
    return out


def test_stages_come_on_their_days() -> None:
    clock = dunning_rules.started(DAY)
    assert sent(clock, range(1, 200), []) == list(STAGES)


def test_a_pause_stops_the_clock_for_its_days() -> None:
    clock = dunning_rules.started(DAY)
    assert sent(clock, range(1, 200), [(10, 20), (50, 55)]) == [
        ("first", 0),
        ("reminder", 24),
        ("past_due", 40),
        ("final_notice", 75),
        ("hardship_screen", 105),
    ]


def test_a_late_statement_delays_those_after_it() -> None:
    """Nobody looked for seventy days: one step, and its distance to the next is kept."""
    clock = dunning_rules.started(DAY)
    assert sent(clock, range(70, 300), []) == [
        ("first", 0),
        ("reminder", 70),
        ("past_due", 86),
        ("final_notice", 116),
        ("hardship_screen", 146),
    ]


def test_what_is_paid_ends_the_clock_and_nothing_is_due() -> None:
    clock = dunning_rules.looked_at(dunning_rules.started(DAY), on(40), owed=False, paused_since=[])
    assert clock.ended_on == on(40)
    assert dunning_rules.due(clock, on(80)) is None
    assert dunning_rules.looked_at(clock, on(90), owed=True, paused_since=[]) == clock


@given(
    st.lists(
        st.tuples(st.integers(1, 200), st.integers(1, 30)).map(lambda p: (p[0], p[0] + p[1])),
        max_size=4,
    ),
    st.integers(1, 9),
)
def test_no_stage_comes_early_whatever_is_paused_and_however_rarely_one_looks(
    pauses: list[tuple[int, int]], every: int
) -> None:
    """Between two stages lie their days, without those that lay in a pause."""
    out = sent(dunning_rules.started(DAY), range(1, 400, every), pauses)
    stopped = {n for begun, ended in pauses for n in range(begun, ended)}
    days: dict[str, int] = dict(STAGES)
    for (stage, earlier), (following, later) in pairwise(out):
        ran = sum(n not in stopped for n in range(earlier + 1, later + 1))
        assert later - earlier >= days[following] - days[stage]
        if every == 1:  # who looks rarely may miss a pause altogether
            assert ran >= days[following] - days[stage]
    assert [stage for stage, _ in out] == [stage for stage, _ in STAGES][: len(out)]
