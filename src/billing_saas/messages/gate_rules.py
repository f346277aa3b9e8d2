"""The policy gate: may this message go, now, later, or not at all, and for which reasons.

One pure function over facts. What it decides is kept with each message, with every reason there is, not
only the first: who asks why a patient heard nothing gets the whole answer.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import Literal
from zoneinfo import ZoneInfo

from billing_saas.messages.rules import Channel, Kind

POLICY = "1"
"""Kept with each decision: which version of this file decided."""

Standing = Literal["given", "withdrawn", "never", "other_address"]
"""Of a consent. `other_address`: it was given for an address that changed since."""
Reach = Literal["none", "unverified", "verified", "undeliverable"]


class Pausing(StrEnum):
    """Why messages stop. The kinds of `pausing`."""

    DISPUTE = "dispute"
    PLAN = "plan"
    APPEAL = "appeal"
    INSURER = "insurer"
    BANKRUPTCY = "bankruptcy"
    DECEASED = "deceased"
    OPT_OUT = "opt_out"
    RETURNED_MAIL = "returned_mail"
    HARDSHIP = "hardship"
    BOUNCE = "bounce"
    COMPLAINT = "complaint"


# What asks for money stops for any of these, on every channel.
STOPS_DUNNING = frozenset(
    {
        Pausing.DISPUTE,
        Pausing.PLAN,
        Pausing.APPEAL,
        Pausing.INSURER,
        Pausing.HARDSHIP,
        # 11 U.S.C. 362(a)(6): no act to collect a debt from before the case.
        Pausing.BANKRUPTCY,
    }
)
# Everything stops for these, on the channel that they are of (an empty channel is all of them).
STOPS_ALL = frozenset(
    {
        Pausing.DECEASED,
        # 47 CFR 64.1200(a)(10) for texts; 15 U.S.C. 7704(a)(4) for mail.
        Pausing.OPT_OUT,
        Pausing.COMPLAINT,
        Pausing.BOUNCE,
        Pausing.RETURNED_MAIL,
    }
)


class Reason(StrEnum):
    NO_ADDRESS = "no_address"
    UNVERIFIED = "contact_unverified"
    UNDELIVERABLE = "undeliverable"
    NO_CONSENT = "no_consent"
    CONSENT_WITHDRAWN = "consent_withdrawn"
    CONSENT_FOR_OTHER_ADDRESS = "consent_for_other_address"
    MINOR = "minor_without_guarantor"
    QUIET_HOURS = "quiet_hours"
    TOO_OFTEN = "too_often"
    STALE = "stale"
    NO_SENDER = "no_sender"


@dataclass(frozen=True, slots=True)
class Cap:
    """At most so many, in so many hours. `source` says who asks for it."""

    most: int
    hours: int
    source: str


@dataclass(frozen=True, slots=True)
class Policy:
    """What the law, or a practice that asks for more, says. Times are of the recipient's day."""

    opens_at: time = time(8)
    closes_at: time = time(21)
    caps: tuple[Cap, ...] = ()


# Before 8 and after 9 by the clock of who is called: 47 CFR 64.1200(c)(1); 12 CFR 1006.6(b)(1)(i).
OPENS_AT = time(8)
CLOSES_AT = time(21)
# No rule counts letters and texts. 12 CFR 1006.14(b)(2)(i)(A) presumes that seven calls in seven days
# harass; ours is stricter, and a practice may ask for up to that seven.
_SOURCE = "own choice, below the seven calls in seven days of 12 CFR 1006.14(b)(2)(i)(A)"
MOST_A_WEEK = 3
CAP_OF_A_DAY = Cap(1, 24, _SOURCE)


def policy_of(opens_at: time, closes_at: time, most_a_week: int) -> Policy:
    """A practice's own hours and number, never wider than the law's hours."""
    return Policy(
        opens_at=max(opens_at, OPENS_AT),
        closes_at=min(closes_at, CLOSES_AT),
        caps=(CAP_OF_A_DAY, Cap(most_a_week, 7 * 24, _SOURCE)),
    )


BY_DEFAULT = policy_of(OPENS_AT, CLOSES_AT, MOST_A_WEEK)


@dataclass(frozen=True, slots=True)
class Paused:
    kind: str
    channel: str = ""
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """All that the gate looks at. `sent_at` are the instants of what asked this person for money, by letter
    or text, or waits to. `orphaned_minor`: a child for whom nobody on file pays."""

    now: datetime
    channel: Channel
    kind: Kind
    time_zone: str
    reach: Reach
    consent: Standing
    stale_at: datetime
    pauses: tuple[Paused, ...] = ()
    sent_at: tuple[datetime, ...] = ()
    orphaned_minor: bool = False
    has_sender: bool = True
    policy: Policy = field(default=BY_DEFAULT)


@dataclass(frozen=True, slots=True)
class Verdict:
    """`at` is when it may go: now for `allowed`, some later instant for `later`; None when refused."""

    outcome: Literal["allowed", "later", "refused"]
    at: datetime | None
    reasons: tuple[str, ...]


def decide(facts: Facts) -> Verdict:
    """Refused for what time alone does not mend; later for what it does; else allowed."""
    refusals = [*_of_address(facts), *_of_consent(facts), *_of_pauses(facts)]
    if facts.orphaned_minor:
        refusals.append(Reason.MINOR)
    if not facts.has_sender:
        refusals.append(Reason.NO_SENDER)
    if facts.now >= facts.stale_at:
        refusals.append(Reason.STALE)
    delays, at = _delays(facts)
    if refusals:
        return Verdict("refused", None, tuple(dict.fromkeys((*refusals, *delays))))
    if not delays:
        return Verdict("allowed", facts.now, ())
    if at >= facts.stale_at:
        # By the time it could leave it would be old: so it does not leave.
        return Verdict("refused", None, (*delays, Reason.STALE))
    return Verdict("later", at, tuple(delays))


def _of_address(facts: Facts) -> Iterable[str]:
    if facts.reach == "none":
        yield Reason.NO_ADDRESS
    elif facts.reach == "undeliverable":
        yield Reason.UNDELIVERABLE
    elif facts.reach == "unverified" and facts.channel != "post" and not facts.kind.to_unverified:
        yield Reason.UNVERIFIED


def _of_consent(facts: Facts) -> Iterable[str]:
    # A bill by post needs nobody's leave, and a code that was just asked for was asked for.
    if facts.channel == "post" or facts.kind.purpose == "security":
        return
    if facts.consent == "never":
        yield Reason.NO_CONSENT
    elif facts.consent == "withdrawn":
        yield Reason.CONSENT_WITHDRAWN
    elif facts.consent == "other_address":
        yield Reason.CONSENT_FOR_OTHER_ADDRESS


def _of_pauses(facts: Facts) -> Iterable[str]:
    for pause in facts.pauses:
        if pause.until is not None and pause.until <= facts.now:
            continue
        if pause.channel and pause.channel != facts.channel:
            continue
        if pause.kind in STOPS_ALL or (facts.kind.dunning and pause.kind in STOPS_DUNNING):
            yield pause.kind


def _delays(facts: Facts) -> tuple[list[str], datetime]:
    """Why not now, and the first instant at which neither the clock nor the caps stand against it."""
    if facts.channel == "post" or facts.kind.requested:
        return [], facts.now
    at = facts.now
    reasons: list[str] = []
    free = _free_of_caps(facts)
    if free > at:
        reasons.append(Reason.TOO_OFTEN)
        at = free
    opened = next_open(at, facts.time_zone, facts.policy)
    if next_open(facts.now, facts.time_zone, facts.policy) > facts.now:
        reasons.append(Reason.QUIET_HOURS)
    return reasons, opened


def _free_of_caps(facts: Facts) -> datetime:
    """The first instant from now on at which one more is within every cap."""
    at = facts.now
    if not facts.kind.dunning:
        return at
    for cap in facts.policy.caps:
        window = timedelta(hours=cap.hours)
        recent = sorted(one for one in facts.sent_at if one > facts.now - window)
        if len(recent) >= cap.most:
            # Once this one is out of the window, fewer than `most` are left in it.
            at = max(at, recent[len(recent) - cap.most] + window)
    return at


def next_open(at: datetime, time_zone: str, policy: Policy = BY_DEFAULT) -> datetime:
    """`at` itself when the clocks there say that it is day, else the next instant at which they do."""
    if is_open(at, time_zone, policy):
        return at
    zone = ZoneInfo(time_zone)
    today = at.astimezone(zone).date()
    # Both readings of the opening: a wall clock that is put back shows it twice, and one that jumps over
    # it shows it never. Pacific/Apia had no 30 December 2011 at all.
    openings = (
        datetime.combine(today + timedelta(days=days), policy.opens_at, zone)
        .replace(fold=fold)
        .astimezone(UTC)
        for days in range(4)
        for fold in (0, 1)
    )
    return min(one for one in openings if one > at and is_open(one, time_zone, policy))


def is_open(at: datetime, time_zone: str, policy: Policy = BY_DEFAULT) -> bool:
    local = at.astimezone(ZoneInfo(time_zone)).time()
    return policy.opens_at <= local < policy.closes_at
