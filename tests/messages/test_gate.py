"""The policy gate: every fact by itself and with every other, and the clocks of every zone."""

import itertools
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing_saas.messages import gate_rules, minor_rules
from billing_saas.messages.gate_rules import (
    STOPS_ALL,
    STOPS_DUNNING,
    Cap,
    Facts,
    Paused,
    Pausing,
    Policy,
    decide,
    is_open,
    next_open,
)
from billing_saas.messages.rules import KINDS

NOON = datetime(2026, 6, 3, 17, tzinfo=UTC)  # noon in Chicago
CHICAGO = "America/Chicago"


def facts(**changed: Any) -> Facts:
    """Nothing stands against it."""
    kind = changed.pop("kind", KINDS["statement_ready"])
    return Facts(
        **{
            "now": NOON,
            "channel": "text",
            "kind": kind,
            "time_zone": CHICAGO,
            "reach": "verified",
            "consent": "given",
            "stale_at": NOON + timedelta(hours=kind.stale_after_hours),
            **changed,
        }
    )


# One fact each: what it is, what comes of it at noon for a statement by text, and by which word.
_TABLE: list[tuple[dict[str, Any], str, tuple[str, ...]]] = [
    ({}, "allowed", ()),
    ({"reach": "none"}, "refused", ("no_address",)),
    ({"reach": "unverified"}, "refused", ("contact_unverified",)),
    ({"reach": "undeliverable"}, "refused", ("undeliverable",)),
    ({"consent": "never"}, "refused", ("no_consent",)),
    ({"consent": "withdrawn"}, "refused", ("consent_withdrawn",)),
    ({"consent": "other_address"}, "refused", ("consent_for_other_address",)),
    ({"orphaned_minor": True}, "refused", ("minor_without_guarantor",)),
    ({"has_sender": False}, "refused", ("no_sender",)),
    ({"stale_at": NOON}, "refused", ("stale",)),
    *(({"pauses": (Paused(kind),)}, "refused", (str(kind),)) for kind in Pausing),
    *(({"pauses": (Paused(kind, "text"),)}, "refused", (str(kind),)) for kind in Pausing),
    *(({"pauses": (Paused(kind, "email"),)}, "allowed", ()) for kind in Pausing),
    *(({"pauses": (Paused(kind, "", NOON),)}, "allowed", ()) for kind in Pausing),
    ({"now": datetime(2026, 6, 3, 12, 59, 59, tzinfo=UTC)}, "later", ("quiet_hours",)),
    ({"now": datetime(2026, 6, 3, 13, 0, 0, tzinfo=UTC)}, "allowed", ()),
    ({"now": datetime(2026, 6, 4, 1, 59, 59, tzinfo=UTC)}, "allowed", ()),
    ({"now": datetime(2026, 6, 4, 2, 0, 0, tzinfo=UTC)}, "later", ("quiet_hours",)),
    ({"sent_at": (NOON - timedelta(hours=23),)}, "later", ("too_often",)),
    ({"sent_at": (NOON - timedelta(hours=24),)}, "allowed", ()),
    ({"sent_at": tuple(NOON - timedelta(days=n) for n in (2, 4, 6))}, "later", ("too_often",)),
    ({"sent_at": tuple(NOON - timedelta(days=n) for n in (2, 4, 7))}, "allowed", ()),
]


@pytest.mark.parametrize(("fact", "outcome", "reasons"), _TABLE)
def test_one_fact(fact: dict[str, Any], outcome: str, reasons: tuple[str, ...]) -> None:
    verdict = decide(facts(**fact))
    assert (verdict.outcome, verdict.reasons) == (outcome, reasons)
    assert (verdict.at is None) == (outcome == "refused")


def test_every_two_facts_tell_of_both() -> None:
    """No reason hides another, and none but time's is forgiven."""
    refusing = [(fact, reasons) for fact, outcome, reasons in _TABLE if outcome == "refused"]
    for (one, first), (other, second) in itertools.combinations(refusing, 2):
        if one.keys() & other.keys():
            continue
        verdict = decide(facts(**one, **other))
        assert verdict.outcome == "refused"
        assert {*verdict.reasons} >= {*first, *second}
    night = datetime(2026, 6, 3, 5, tzinfo=UTC)  # midnight in Chicago, and not stale by the morning
    for fact, reasons in refusing:
        if "stale_at" not in fact:
            verdict = decide(facts(**{"now": night, **fact}))
            assert verdict.outcome == "refused"
            assert {*verdict.reasons} == {*reasons, "quiet_hours"}


# What each kind of message heeds: dunning pauses, quiet hours, caps, consents, an unconfirmed address.
_HEEDS = {
    "statement_ready": "dunning hours caps consent address",
    "payment_received": "hours consent address",
    "payment_failed": "hours consent address",
    "refund_made": "hours consent address",
    "one_time_code": "address",
    "contact_check": "",
    "pay_link": "consent",
    "plan_agreed": "hours consent address",
    "plan_upcoming": "hours consent address",
    "plan_missed": "hours consent address",
    "plan_done": "hours consent address",
    "office_answered": "hours consent address",
}


@pytest.mark.parametrize("template", sorted(KINDS))
def test_what_a_message_heeds(template: Any) -> None:
    kind = KINDS[template]
    night = datetime(2026, 6, 3, 12, tzinfo=UTC)
    tried: dict[str, dict[str, Any]] = {
        "dunning": {"pauses": tuple(Paused(one) for one in sorted(STOPS_DUNNING))},
        "hours": {"now": night, "stale_at": night + timedelta(days=1)},
        "caps": {"sent_at": (NOON - timedelta(hours=1),), "stale_at": NOON + timedelta(days=3)},
        "consent": {"consent": "never"},
        "address": {"reach": "unverified"},
    }
    heeded = {
        word
        for word, fact in tried.items()
        if decide(facts(kind=kind, **fact)).outcome != "allowed"
    }
    assert heeded == set(_HEEDS[template].split())
    # Nothing goes to who died, said stop, or is reached by nobody: not even what they just asked for.
    for pause in STOPS_ALL:
        assert decide(facts(kind=kind, pauses=(Paused(pause),))).outcome == "refused"
    for reach in ("none", "undeliverable"):
        assert decide(facts(kind=kind, reach=reach)).outcome == "refused"


def test_post_needs_no_leave_and_no_hour() -> None:
    at_night = datetime(2026, 6, 3, 5, tzinfo=UTC)
    posted = facts(channel="post", consent="never", now=at_night)
    assert decide(posted).outcome == "allowed"
    for kind in (Pausing.RETURNED_MAIL, Pausing.DECEASED, Pausing.BANKRUPTCY, Pausing.DISPUTE):
        assert decide(facts(channel="post", pauses=(Paused(kind),))).outcome == "refused"
    by_text = (Paused(Pausing.OPT_OUT, "text"),)
    assert decide(facts(channel="post", pauses=by_text)).outcome == "allowed"


def test_what_would_be_stale_by_the_morning_is_refused_at_night() -> None:
    verdict = decide(
        facts(
            now=datetime(2026, 6, 3, 3, tzinfo=UTC),
            stale_at=datetime(2026, 6, 3, 13, tzinfo=UTC),
        )
    )
    assert (verdict.outcome, verdict.reasons) == ("refused", ("quiet_hours", "stale"))


def test_after_a_cap_the_clock_is_asked_again() -> None:
    """Free of the cap at half past nine in the evening: the next morning it is."""
    sent = datetime(2026, 6, 3, 2, 30, tzinfo=UTC)
    verdict = decide(facts(sent_at=(sent,)))
    assert verdict.reasons == ("too_often",)
    assert verdict.at == datetime(2026, 6, 4, 13, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "at", "opens"),
    [
        # The clocks go forward, and back, in the night before.
        ("America/New_York", "2026-03-08T06:59:59Z", "2026-03-08T12:00:00Z"),
        ("America/New_York", "2026-11-01T05:30:00Z", "2026-11-01T13:00:00Z"),
        # No daylight saving; a quarter of an hour; a half hour of it.
        ("America/Phoenix", "2026-03-08T09:00:00Z", "2026-03-08T15:00:00Z"),
        ("Asia/Kathmandu", "2026-03-08T00:00:00Z", "2026-03-08T02:15:00Z"),
        ("Australia/Lord_Howe", "2026-04-04T15:00:00Z", "2026-04-04T21:30:00Z"),
        # Both sides of the line of dates.
        ("Pacific/Kiritimati", "2026-06-01T10:00:00Z", "2026-06-01T18:00:00Z"),
        ("Pacific/Pago_Pago", "2026-06-01T09:00:00Z", "2026-06-01T19:00:00Z"),
        # A day that was not: 30 December 2011.
        ("Pacific/Apia", "2011-12-30T09:00:00Z", "2011-12-30T18:00:00Z"),
    ],
)
def test_nights(zone: str, at: str, opens: str) -> None:
    assert next_open(datetime.fromisoformat(at), zone) == datetime.fromisoformat(opens)


_ZONES = st.sampled_from(sorted(available_timezones() - {"Factory", "localtime"}))
_INSTANTS = st.datetimes(datetime(1995, 1, 1), datetime(2037, 12, 31), timezones=st.just(UTC))
_HOURS = st.tuples(st.integers(8, 14), st.integers(15, 21)).map(
    lambda one: Policy(time(one[0]), time(one[1]))
)


@settings(max_examples=150)
@given(_ZONES, _INSTANTS, _HOURS)
def test_the_next_opening_is_open_and_the_first(zone: str, at: datetime, policy: Policy) -> None:
    found = next_open(at, zone, policy)
    assert found >= at
    assert is_open(found, zone, policy)
    assert policy.opens_at <= found.astimezone(ZoneInfo(zone)).time() < policy.closes_at
    step = timedelta(minutes=7)
    earlier = at
    while earlier < found:
        assert not is_open(earlier, zone, policy)
        earlier += step
    assert found == at or not is_open(found - timedelta(microseconds=1), zone, policy)


_PAUSES = st.lists(
    st.builds(
        Paused,
        st.sampled_from(sorted(Pausing)),
        st.sampled_from(["", "email", "text", "post"]),
        st.none() | _INSTANTS,
    ),
    max_size=4,
).map(tuple)
_FACTS = st.builds(
    Facts,
    now=_INSTANTS,
    channel=st.sampled_from(["email", "text", "post"]),
    kind=st.sampled_from(list(KINDS.values())),
    time_zone=_ZONES,
    reach=st.sampled_from(["none", "unverified", "verified", "undeliverable"]),
    consent=st.sampled_from(["given", "withdrawn", "never", "other_address"]),
    stale_at=_INSTANTS,
    pauses=_PAUSES,
    sent_at=st.lists(_INSTANTS, max_size=6).map(tuple),
    orphaned_minor=st.booleans(),
    has_sender=st.booleans(),
    policy=st.builds(
        gate_rules.policy_of,
        st.sampled_from([time(8), time(9, 30)]),
        st.sampled_from([time(17), time(21)]),
        st.integers(1, 7),
    ),
)


@settings(max_examples=250)
@given(_FACTS)
def test_whatever_is_decided_holds(told: Facts) -> None:
    verdict = decide(told)
    assert verdict == decide(told)
    assert len(set(verdict.reasons)) == len(verdict.reasons)
    if verdict.outcome == "refused":
        assert verdict.at is None
        assert verdict.reasons
        return
    assert verdict.at is not None
    assert verdict.at >= told.now
    assert (verdict.outcome == "allowed") == (verdict.at == told.now) == (not verdict.reasons)
    assert verdict.at < told.stale_at
    quiet = told.channel != "post" and not told.kind.requested
    if quiet:
        assert is_open(verdict.at, told.time_zone, told.policy)
        assert time(8) <= verdict.at.astimezone(ZoneInfo(told.time_zone)).time() < time(21)
    if quiet and told.kind.dunning:
        for cap in told.policy.caps:
            window = timedelta(hours=cap.hours)
            recent = [one for one in told.sent_at if verdict.at - window < one]
            assert len(recent) < cap.most
    # Whoever is asked again at that instant says yes, if nothing else has changed.
    assert decide(replace(told, now=verdict.at)).outcome == "allowed"


@settings(max_examples=100)
@given(_FACTS, st.sampled_from(sorted(Pausing)))
def test_one_more_reason_never_lets_more_through(told: Facts, kind: str) -> None:
    stopped = decide(replace(told, pauses=(*told.pauses, Paused(kind))))
    if decide(told).outcome == "refused":
        assert stopped.outcome == "refused"
    elif stopped.outcome != "refused":
        assert kind in STOPS_DUNNING
        assert not told.kind.dunning


def test_the_caps_tell_where_they_are_from() -> None:
    for cap in gate_rules.BY_DEFAULT.caps:
        assert isinstance(cap, Cap)
        assert "12 CFR 1006.14" in cap.source
    widest = gate_rules.policy_of(time(0), time(23, 59), 7)
    assert (widest.opens_at, widest.closes_at) == (time(8), time(21))


@pytest.mark.parametrize(
    ("born", "today", "state", "minor"),
    [
        (date(2008, 6, 3), date(2026, 6, 2), "IL", True),
        (date(2008, 6, 3), date(2026, 6, 3), "IL", False),
        (date(2008, 2, 29), date(2026, 2, 28), "IL", True),
        (date(2008, 2, 29), date(2026, 3, 1), "IL", False),
        (date(2008, 6, 3), date(2026, 6, 3), "NE", True),
        (date(2006, 6, 3), date(2026, 6, 3), "MS", True),
        (date(2005, 6, 3), date(2026, 6, 3), "MS", False),
    ],
)
def test_who_is_a_minor(born: date, today: date, state: str, minor: bool) -> None:
    assert minor_rules.is_minor(born, today, state) is minor
    if minor:
        assert born.year // 10 * 10 >= minor_rules.youngest_decade(today)
