"""The trail in plain words, for the patient it is about: who by what they do here, when, what and why."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from zoneinfo import ZoneInfo

from billing_saas.api.portal import words
from billing_saas.patients.accounting import AccessTold

# By the first word of an action, in the order of what a patient understands by it.
WHAT: dict[str, str] = {
    **dict.fromkeys(("patient",), "patient"),
    **dict.fromkeys(("coverage",), "coverage"),
    **dict.fromkeys(("claim", "submission", "encounter", "case", "charge", "explanation"), "claim"),
    **dict.fromkeys(("document",), "document"),
    **dict.fromkeys(("remittance", "claim_payment", "arrival"), "remittance"),
    **dict.fromkeys(("statement", "bill", "print_batch"), "statement"),
    **dict.fromkeys(("payment", "refund", "dispute", "receipt", "saved_method"), "payment"),
    **dict.fromkeys(("plan",), "plan"),
    **dict.fromkeys(("message", "letter", "letter_thread", "thread"), "message"),
    **dict.fromkeys(("contact", "consent"), "contact"),
    **dict.fromkeys(("patient_request",), "request"),
    **dict.fromkeys(("hardship",), "hardship"),
    **dict.fromkeys(("audit",), "access"),
    **dict.fromkeys(("portal", "link"), "portal"),
}
_LOOKS = frozenset(
    {"read", "list", "search", "open", "access_read", "timeline", "events", "consents", "document"}
    | {"disclosure", "agreement", "receipt", "explanation", "home", "offers", "print", "paper"}
)


@dataclass(frozen=True, slots=True)
class Told:
    """One line of the list: the same thing `count` times on a day is one. `day` and `time`, of the last of
    them, are the practice's."""

    day: date
    time: str
    what: str
    why: str
    denied: bool
    count: int = 1

    def __repr__(self) -> str:
        return "<Told>"


def listed(
    language: str, practice: str, time_zone: str, accesses: Iterable[AccessTold]
) -> list[Told]:
    """In their order, newest first."""
    lines: list[Told] = []
    for access in accesses:
        line = told(language, practice, time_zone, access)
        if lines and _alike(lines[-1], line):
            lines[-1] = replace(lines[-1], count=lines[-1].count + 1)
        else:
            lines.append(line)
    return lines


def _alike(one: Told, other: Told) -> bool:
    return (one.day, one.what, one.why, one.denied) == (
        other.day,
        other.what,
        other.why,
        other.denied,
    )


def told(language: str, practice: str, time_zone: str, access: AccessTold) -> Told:
    event = access.event
    at = event.at.astimezone(ZoneInfo(time_zone))
    thing, _, verb = event.action.partition(".")
    key = "seen.looked" if verb in _LOOKS else "seen.changed"
    said = words.say(
        language,
        key,
        who=_who(language, practice, access),
        what=words.say(language, f"seen.what.{WHAT.get(thing, 'record')}"),
    )
    why = words.say(language, f"seen.purpose.{event.purpose}")
    return Told(
        at.date(),
        words.time_of_day(language, at.hour, at.minute),
        said,
        why,
        event.outcome != "done",
    )


def _who(language: str, practice: str, access: AccessTold) -> str:
    kind = access.event.actor_kind
    if kind == "client":
        return words.say(language, "seen.who.client", name=access.machine)
    if kind != "user":
        return words.say(language, f"seen.who.{kind}")
    role = f"seen.role.{access.role}"
    if role not in words.WORDS:
        return words.say(language, "seen.who.user")
    who = words.say(language, role)
    return words.say(language, f"seen.side.{access.side}", who=who, practice=practice)
