"""Waiting doubles, half of it by chance, up to a ceiling."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from billing_saas.kit import backoff


@given(st.integers(1, 10_000))
def test_the_wait_lies_between_half_and_the_whole_of_its_step(attempt: int) -> None:
    whole = min(timedelta(minutes=15), timedelta(seconds=2) * 2 ** min(attempt - 1, 40))
    assert whole / 2 <= backoff.delay(attempt) <= whole


def test_two_that_fail_together_do_not_come_back_together() -> None:
    assert len({backoff.delay(3) for _ in range(20)}) > 1
