"""When a guarantor is asked again, and how: stages by a clock that stands still while asking is paused."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Literal
from uuid import UUID

import msgspec

Stage = Literal["first", "reminder", "past_due", "final_notice", "hardship_screen"]

# By the clock's own days (domain.md, Clocks). At the last one a person looks whether there is hardship,
# before anything else could happen (`collections`).
STAGES: tuple[tuple[Stage, int], ...] = (
    ("first", 0),
    ("reminder", 14),
    ("past_due", 30),
    ("final_notice", 60),
    ("hardship_screen", 90),
)
DAY_OF: dict[Stage, int] = dict(STAGES)
LAST: Stage = STAGES[-1][0]


# Of the guarantor: nothing is asked of such a person at all. The kinds are those of `messages.pausing`.
OF_PERSON = frozenset(
    {"plan", "bankruptcy", "deceased", "opt_out", "returned_mail", "hardship", "complaint"}
)
# Of what is owed: it is left out, and the rest is asked for.
OF_ITEM = frozenset({"dispute", "appeal", "insurer"})


class Held(msgspec.Struct, frozen=True):
    """A pause that stands: of the claim where `claim_id` names one, else of all that the patient owes."""

    patient_id: UUID
    kind: str
    claim_id: UUID | None
    since: date


class Clock(msgspec.Struct, frozen=True, kw_only=True):
    """`paused_on`: it stands still since that day; `paused_days`: so many days it stood still before."""

    started_on: date
    stage: Stage
    stage_on: date
    paused_on: date | None = None
    paused_days: int = 0
    ended_on: date | None = None


def started(today: date) -> Clock:
    """With the first statement."""
    return Clock(started_on=today, stage="first", stage_on=today)


def age(clock: Clock, today: date) -> int:
    """Days it has run."""
    until = min(today, clock.paused_on) if clock.paused_on is not None else today
    return (until - clock.started_on).days - clock.paused_days


def due(clock: Clock, today: date) -> Stage | None:
    """The stage that is due now: the next one, however long nobody looked. None: not yet, or no more."""
    if clock.paused_on is not None or clock.ended_on is not None:
        return None
    following = _after(clock.stage)
    if following is None or age(clock, today) < DAY_OF[following]:
        return None
    return following


def due_on(clock: Clock, today: date) -> date | None:
    """The day on which the next stage is due, unless the clock is paused."""
    following = _after(clock.stage)
    if following is None or clock.paused_on is not None or clock.ended_on is not None:
        return None
    return today + timedelta(days=max(DAY_OF[following] - age(clock, today), 0))


def advanced(clock: Clock, stage: Stage, today: date) -> Clock:
    """The stage went out today. One that went late delays those after it: nobody gets two in a day."""
    late = max(age(clock, today) - DAY_OF[stage], 0)
    return msgspec.structs.replace(
        clock, stage=stage, stage_on=today, paused_days=clock.paused_days + late
    )


def paused(clock: Clock, since: date) -> Clock:
    """It stands still from `since` on, or from the day it last moved on."""
    if clock.paused_on is not None:
        return clock
    return msgspec.structs.replace(clock, paused_on=max(since, clock.stage_on))


def resumed(clock: Clock, today: date) -> Clock:
    if clock.paused_on is None:
        return clock
    stood = max((today - clock.paused_on).days, 0)
    return msgspec.structs.replace(clock, paused_on=None, paused_days=clock.paused_days + stood)


def ended(clock: Clock, today: date) -> Clock:
    """Nothing is owed any more: what is owed later begins a new clock."""
    return msgspec.structs.replace(clock, ended_on=today, paused_on=None)


def looked_at(clock: Clock, today: date, *, owed: bool, paused_since: Iterable[date]) -> Clock:
    """As it stands today, when something is `owed` and pauses stand since those days."""
    if clock.ended_on is not None:
        return clock
    if not owed:
        return ended(clock, today)
    since = min(paused_since, default=None)
    return resumed(clock, today) if since is None else paused(clock, since)


def stops(held: Held, guarantor_id: UUID) -> bool:
    """Whether nothing at all is asked of the guarantor. A dispute or an appeal that names no claim is
    about all that he owes."""
    if held.patient_id != guarantor_id:
        return False
    return held.kind in OF_PERSON or (held.kind in OF_ITEM and held.claim_id is None)


def _after(stage: Stage) -> Stage | None:
    order = [name for name, _ in STAGES]
    place = order.index(stage) + 1
    return order[place] if place < len(order) else None
