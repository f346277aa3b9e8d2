"""Due times follow the clock on a practice's wall: no day without one, and none with two."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_saas.workers import times
from billing_saas.workers.times import Daily, Every

CHICAGO = "America/Chicago"
NIGHTLY = Daily(time(2, 30))


@pytest.mark.parametrize(
    ("now", "due"),
    [
        # Before and after the hour that Chicago skips on 2026-03-08 (02:30 becomes 03:30 CDT).
        ("2026-03-08T07:59:00+00:00", "2026-03-07T08:30:00+00:00"),
        ("2026-03-08T08:30:00+00:00", "2026-03-08T08:30:00+00:00"),
        ("2026-03-09T07:30:00+00:00", "2026-03-09T07:30:00+00:00"),
        # 2026-11-01 has 25 hours there.
        ("2026-11-01T08:29:00+00:00", "2026-10-31T07:30:00+00:00"),
        ("2026-11-01T08:30:00+00:00", "2026-11-01T08:30:00+00:00"),
        ("2028-02-29T23:59:59+00:00", "2028-02-29T08:30:00+00:00"),
    ],
)
def test_a_nightly_time_follows_the_local_clock(now: str, due: str) -> None:
    assert NIGHTLY.newest(datetime.fromisoformat(now), CHICAGO) == datetime.fromisoformat(due)


def test_an_hour_that_comes_twice_is_due_once() -> None:
    half_past_one = Daily(time(1, 30))
    first = datetime(2026, 11, 1, 6, 30, tzinfo=UTC)  # 01:30 CDT; 01:30 CST is an hour later
    assert half_past_one.newest(first, CHICAGO) == first
    assert half_past_one.newest(first + timedelta(hours=1), CHICAGO) == first
    assert half_past_one.following(first, CHICAGO) == datetime(2026, 11, 2, 7, 30, tzinfo=UTC)


ZONES = st.sampled_from(
    ["America/New_York", CHICAGO, "Pacific/Honolulu", "America/Havana", "Pacific/Apia", "UTC"]
)
TIMES = st.times().map(lambda at: at.replace(microsecond=0))
INSTANTS = st.datetimes(
    datetime(2010, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC), allow_imaginary=False
)


@given(ZONES, TIMES, INSTANTS)
def test_every_day_has_exactly_one_time(zone: str, at: time, now: datetime) -> None:
    daily = Daily(at)
    newest = daily.newest(now, zone)
    following = daily.following(newest, zone)
    assert newest <= now < following
    assert daily.newest(following - timedelta(seconds=1), zone) == newest
    assert daily.newest(following, zone) == following
    days = [due.astimezone(ZoneInfo(zone)).date() for due in (newest, following)]
    # Apia had no 30 December 2011.
    assert days[1] - days[0] in (timedelta(days=1), timedelta(days=2))


@given(st.sampled_from([1, 5, 15, 60, 1440]), INSTANTS)
def test_a_rhythm_has_no_gaps(minutes: int, now: datetime) -> None:
    every = Every(minutes)
    newest = every.newest(now, "UTC")
    assert newest <= now < every.following(newest, "UTC") == newest + timedelta(minutes=minutes)


def test_a_rhythm_must_divide_the_day() -> None:
    with pytest.raises(ValueError):
        Every(7)


@pytest.mark.parametrize(
    ("now", "zone", "last", "due"),
    [
        # New: it waits for its next time.
        ("2026-06-10T15:00:00Z", CHICAGO, None, "2026-06-11T07:30:00Z"),
        # Moved west after today's run: not again today. Moved east before it: today's is made good.
        ("2026-06-10T07:00:00Z", CHICAGO, "2026-06-10T06:30:00Z", "2026-06-11T07:30:00Z"),
        (
            "2026-06-10T07:00:00Z",
            "America/New_York",
            "2026-06-09T07:30:00Z",
            "2026-06-10T06:30:00Z",
        ),
        # Moved across the date line.
        (
            "2026-06-10T13:00:00Z",
            "Pacific/Auckland",
            "2026-06-10T12:30:00Z",
            "2026-06-11T14:30:00Z",
        ),
    ],
)
def test_a_practice_that_moves_keeps_one_run_a_day(
    now: str, zone: str, last: str | None, due: str
) -> None:
    answered = None if last is None else datetime.fromisoformat(last)
    planned = times.first(NIGHTLY, datetime.fromisoformat(now), zone, answered)
    assert planned == datetime.fromisoformat(due)
