"""The only place that knows what time it is. Instants are UTC; calendar days belong to a time zone."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

_frozen: ContextVar[datetime | None] = ContextVar("frozen_clock", default=None)


def now() -> datetime:
    return _frozen.get() or datetime.now(UTC)


def held() -> datetime | None:
    """The instant the clock is frozen at, for who otherwise asks the database's clock."""
    return _frozen.get()


def today(time_zone: str) -> date:
    """The calendar day in a practice's time zone (an IANA name)."""
    return now().astimezone(ZoneInfo(time_zone)).date()


@contextmanager
def frozen(instant: datetime) -> Iterator[None]:
    """Hold the clock at `instant` (aware), for tests and for replaying the demo."""
    if instant.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    token = _frozen.set(instant.astimezone(UTC))
    try:
        yield
    finally:
        _frozen.reset(token)


def first_of_month(day: date) -> date:
    return day.replace(day=1)


def next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)
