"""When a schedule is due: pure reckoning of instants, by the clock on a practice's wall."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo


class Times(Protocol):
    @property
    def rhythm(self) -> str:
        """In words, so that a person can read it, and a change of it is noticed."""

    @property
    def apart(self) -> timedelta:
        """What usually lies between two due times."""

    def newest(self, now: datetime, time_zone: str) -> datetime:
        """The last due time that is not after `now`, in UTC."""

    def following(self, due: datetime, time_zone: str) -> datetime:
        """The due time after `due`."""


@dataclass(frozen=True, slots=True)
class Every:
    """Every so many minutes, counted from midnight UTC; a day is a whole number of them."""

    minutes: int

    def __post_init__(self) -> None:
        if self.minutes < 1 or 1440 % self.minutes:
            raise ValueError("the minutes must divide a day")

    @property
    def rhythm(self) -> str:
        return f"every {self.minutes} minutes"

    @property
    def apart(self) -> timedelta:
        return timedelta(minutes=self.minutes)

    def newest(self, now: datetime, time_zone: str) -> datetime:
        midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        step = timedelta(minutes=self.minutes)
        return midnight + (now - midnight) // step * step

    def following(self, due: datetime, time_zone: str) -> datetime:
        return due + timedelta(minutes=self.minutes)


@dataclass(frozen=True, slots=True)
class Daily:
    """Once each calendar day of a time zone.

    An hour that the clock skips is taken as if it had not been skipped, and of an hour that comes
    twice the first is meant (`fold=0`), so that each day has exactly one time.
    """

    at: time

    @property
    def rhythm(self) -> str:
        return f"daily at {self.at:%H:%M}"

    @property
    def apart(self) -> timedelta:
        return timedelta(days=1)

    def newest(self, now: datetime, time_zone: str) -> datetime:
        day = now.astimezone(ZoneInfo(time_zone)).date()
        today = self._on(day, time_zone)
        return today if today <= now else self._on(day - timedelta(days=1), time_zone)

    def following(self, due: datetime, time_zone: str) -> datetime:
        # From the due time itself: 02:30 of a night that skips it is 03:30, still of the same day.
        day = due.astimezone(ZoneInfo(time_zone)).date()
        following = self._on(day, time_zone)
        return following if following > due else self._on(day + timedelta(days=1), time_zone)

    def _on(self, day: date, time_zone: str) -> datetime:
        return datetime.combine(day, self.at, ZoneInfo(time_zone)).astimezone(UTC)


def first(times: Times, now: datetime, time_zone: str, last: datetime | None) -> datetime:
    """Where a schedule begins, or goes on after its rhythm or the practice's time zone has changed.

    A new one waits for its next time. One that goes on keeps about its distance from the `last` due
    time that was answered, so that a practice which moves by an hour has its day's run, and has it once.
    """
    due = times.newest(now, time_zone)
    if last is None:
        return due if due == now else times.following(due, time_zone)
    while due - last < times.apart / 2:
        due = times.following(due, time_zone)
    return due
