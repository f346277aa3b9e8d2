"""The kinds of request, their clocks, and what an answer must say."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, get_args

import msgspec

from billing_saas.patient_requests.errors import BadAnswer, BadPatientRequest
from billing_saas.phi.sealing import Document

Kind = Literal["records", "amendment", "accounting", "correction"]
KINDS: tuple[str, ...] = get_args(Kind)
About = Literal["record", "coverage", "contact", "demographics"]
Form = Literal["", "portal", "paper"]
Outcome = Literal["fulfilled", "accepted", "declined"]
State = Literal["open", "fulfilled", "accepted", "declined", "withdrawn"]

MOST_WORDS = 4_000
# A person with more than so many waiting is helped better by a call.
MOST_OPEN = 20


@dataclass(frozen=True, slots=True)
class Clock:
    """Days to answer from the day it was asked; and how many one extension adds (0: none)."""

    days: int
    extension_days: int
    source: str


CLOCKS: dict[str, Clock] = {
    "records": Clock(30, 30, "45 CFR 164.524(b)(2)"),
    "amendment": Clock(60, 30, "45 CFR 164.526(b)(2)"),
    "accounting": Clock(60, 30, "45 CFR 164.528(c)(1)"),
    # No law gives a day for a wrong member id; a claim that goes out with it costs more than a week.
    "correction": Clock(7, 0, ""),
}

# Which answers a kind of request can have.
OUTCOMES: dict[str, tuple[str, ...]] = {
    "records": ("fulfilled", "declined"),
    "accounting": ("fulfilled", "declined"),
    "amendment": ("accepted", "declined"),
    "correction": ("accepted", "declined"),
}

# What a card says of it: no patient, no word of theirs.
WHYS: dict[str, str] = {
    "records": "A patient asked for a copy of their record: due 30 days from then (45 CFR 164.524).",
    "amendment": "A patient asked to amend their record: due 60 days from then (45 CFR 164.526).",
    "accounting": "A patient asked whom their record was disclosed to: due in 60 days (45 CFR 164.528).",
    "correction": "A patient says that something on file is wrong. Look, and answer.",
}
EXTENDED = "A patient's request was extended once. There is no second extension."
DISAGREES = "A patient disagrees with a declined amendment. Attach the statement to the record."


class Words(Document, kw_only=True, omit_defaults=True):
    """`patient_request.phi_clin`: what was asked, and all that was said since."""

    asked: str = ""
    answer: str = ""
    extension: str = ""
    disagreement: str = ""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """`since` and `until` narrow a copy of records or an accounting to some days."""

    kind: Kind
    words: str = ""
    about: About = "record"
    form: Form = ""
    since: date | None = None
    until: date | None = None

    def __repr__(self) -> str:
        return "<Asked>"


def check_asked(asked: Asked, today: date) -> None:
    if asked.kind in ("amendment", "correction") and not asked.words.strip():
        raise BadPatientRequest("Say what should be changed, and why.", field="words")
    if len(asked.words) > MOST_WORDS:
        raise BadPatientRequest(f"At most {MOST_WORDS:,} letters.", field="words")
    if asked.since and asked.until and asked.until < asked.since:
        raise BadPatientRequest("The last day lies before the first.", field="until")
    for name, day in (("since", asked.since), ("until", asked.until)):
        if day and day > today:
            raise BadPatientRequest("The day lies in the future.", field=name)


def due_on(kind: str, asked_on: date) -> date:
    return asked_on + timedelta(days=CLOCKS[kind].days)


def extended_to(kind: str, due: date) -> date | None:
    """None where the law allows no extension."""
    days = CLOCKS[kind].extension_days
    return due + timedelta(days=days) if days else None


def check_answer(kind: str, form: str, outcome: str, words: str, documents: int) -> None:
    if outcome not in OUTCOMES[kind]:
        allowed = " or ".join(OUTCOMES[kind])
        raise BadAnswer(f"Such a request is {allowed}.", field="outcome")
    if outcome == "declined" and not words.strip():
        # 45 CFR 164.524(d)(2), 164.526(d)(1): in writing, in plain language, with the reason.
        raise BadAnswer("Say why, in plain words: the patient has a right to know.", field="words")
    if outcome == "fulfilled" and not documents and form != "paper":
        raise BadAnswer("Attach what was asked for first.", field="outcome")
