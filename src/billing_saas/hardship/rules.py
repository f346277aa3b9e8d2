"""The sliding scale, the states of an application, and the entry that writes off. Pure.

Income is measured against the poverty guidelines that HHS publishes each January in the Federal
Register (42 U.S.C. 9902(2)). They are data with a date and a source, entered by the practice: a table
that is shipped would be wrong from the next January on.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import Literal
from uuid import UUID

import msgspec

from billing_saas.hardship.errors import BadGuideline, BadScale
from billing_saas.ledger.rules import Account, Entry, Line
from billing_saas.phi.sealing import Document
from billing_saas.statements.rules import OpenItem

Region = Literal["contiguous", "alaska", "hawaii"]
MOST_STEPS = 20
MOST_PEOPLE = 30
# HHS publishes in January: a table may stand until the next one does, and not much longer.
MOST_DAYS_OF_A_GUIDELINE = 430

# The reasons that may be told to who asked; in words of ours, so that no answer stands in the clear.
Denied = Literal[
    "income_above_scale",
    "no_evidence",
    "evidence_does_not_match",
    "covered_elsewhere",
    "withdrawn",
    "not_eligible",
]

OPEN = frozenset({"applied", "evidence_pending"})
MOVES: Mapping[str, frozenset[str]] = {
    "": frozenset({"applied"}),
    "applied": frozenset({"evidence_pending", "approved", "denied", "expired"}),
    "evidence_pending": frozenset({"approved", "denied", "expired"}),
    "approved": frozenset({"expired"}),
    "denied": frozenset(),
    "expired": frozenset(),
}


class Answers(Document, kw_only=True, omit_defaults=True):
    """`hardship_application.phi_demo`. Income is of the household, a year, before taxes, in cents."""

    household: int
    yearly_income_cents: int
    income_from: tuple[str, ...] = ()
    note: str = ""
    decided_because: str = ""
    """Why a person gave more than the scale does."""


class Step(msgspec.Struct, frozen=True):
    """Up to this percent of the guideline, this percent is written off."""

    up_to_percent: int
    percent_off: int


class Guideline(msgspec.Struct, frozen=True):
    one_person_cents: int
    each_more_cents: int

    def of(self, household: int) -> int:
        """Cents a year for a household of so many."""
        return self.one_person_cents + (household - 1) * self.each_more_cents


class Assessment(msgspec.Struct, frozen=True):
    """Income as a percent of the guideline, rounded up; and what the scale gives for it, in percent."""

    guideline_percent: int
    percent_off: int


Key = tuple[UUID, UUID | None, UUID | None]


def key(item: OpenItem) -> Key:
    return item.patient_id, item.claim_id, item.charge_id


def check_scale(steps: Sequence[Step]) -> None:
    """Refuse a scale in which who earns more is forgiven as much or more."""
    if not 1 <= len(steps) <= MOST_STEPS:
        raise BadScale(f"A scale has 1 to {MOST_STEPS} steps.", field="scale")
    for step in steps:
        if not (1 <= step.up_to_percent <= 1000 and 1 <= step.percent_off <= 100):
            raise BadScale(
                "A step is up to 1 to 1000 percent of the guideline, and 1 to 100 percent off.",
                field="scale",
            )
    for lower, upper in pairwise(steps):
        if upper.up_to_percent <= lower.up_to_percent or upper.percent_off >= lower.percent_off:
            raise BadScale("Each step is of a higher income, and gives less.", field="scale")


def check_guideline(effective_on: date, ends_on: date) -> None:
    if not 0 <= (ends_on - effective_on).days < MOST_DAYS_OF_A_GUIDELINE:
        raise BadGuideline(
            "A guideline ends after it begins, and within about a year.", field="ends_on"
        )


def assess(answers: Answers, guideline: Guideline, steps: Sequence[Step]) -> Assessment:
    """A cent above a step is above it: rounding up never gives what the practice did not mean to."""
    line = guideline.of(answers.household)
    percent = -(-answers.yearly_income_cents * 100 // line)
    off = next((step.percent_off for step in steps if percent <= step.up_to_percent), 0)
    return Assessment(percent, off)


def is_legal(now: str, to: str) -> bool:
    return to in MOVES[now]


def written_off(items: Sequence[OpenItem], percent: int, done: Collection[Key]) -> list[OpenItem]:
    """What to write off of each item that this application did not write down yet.

    Rounded up to the patient's good, and never more than is owed.
    """
    parts = [
        msgspec.structs.replace(item, cents=min(item.cents, -(-item.cents * percent // 100)))
        for item in items
        if key(item) not in done
    ]
    return [part for part in parts if part.cents > 0]


def entry_for(source: str, parts: Sequence[OpenItem], effective_on: date) -> Entry:
    """Patient receivable to charity, item by item, so that each claim's account tells of it."""
    lines = [
        Line(
            account=account,
            amount_cents=sign * part.cents,
            party_kind="patient",
            party_id=part.patient_id,
            patient_id=part.patient_id,
            claim_id=part.claim_id,
            charge_id=part.charge_id,
        )
        for part in parts
        for account, sign in ((Account.WRITE_OFF_CHARITY, 1), (Account.PATIENT_RECEIVABLE, -1))
    ]
    return Entry(
        source=source, kind="hardship_write_off", effective_on=effective_on, lines=tuple(lines)
    )


def source_write_off(application_id: UUID, n: int) -> str:
    """`n` rises with each time that open items of an approval are written off."""
    return f"hardship:{application_id}:{n}"
