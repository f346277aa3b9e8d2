"""What one person may not do both of, in one readable table; and what a coder's credential is worth."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal

CODED = "coded"
CODED_UNDER_REVIEW = "coded_under_review"
POSTED = "posted"
WROTE_OFF = "wrote_off"
ASKED_REFUND = "asked_refund"
HARDSHIP_TAKEN = "hardship_taken"
HARDSHIP_DECIDED = "hardship_decided"


@dataclass(frozen=True, slots=True)
class Duty:
    """`name` is not for whoever did one of `after` to the same object, where the practice set `setting`
    (an empty one: always)."""

    name: str
    after: frozenset[str]
    setting: str
    sentence: str
    above_limit: bool = False
    """Only for amounts above the practice's limit."""


APPROVE_CODING = Duty(
    "approve_coding",
    frozenset({CODED, CODED_UNDER_REVIEW}),
    "coding_apart",
    "Who coded a claim does not approve its coding.",
)
TAKE_BACK_POSTING = Duty(
    "take_back_posting",
    frozenset({POSTED}),
    "posting_apart",
    "Who posted a remittance does not take the posting back.",
)
REFUND = Duty(
    "refund",
    frozenset({POSTED, WROTE_OFF}),
    "refunds_apart",
    "Who posted a payment, or wrote off, does not refund.",
)
APPROVE_WRITE_OFF = Duty(
    "approve_write_off",
    frozenset({WROTE_OFF}),
    "write_offs_apart",
    "Who wrote off more than the limit does not approve it.",
    above_limit=True,
)
DECIDE_HARDSHIP = Duty(
    "decide_hardship",
    frozenset({HARDSHIP_TAKEN}),
    "write_offs_apart",
    "Who took an application for assistance does not decide it.",
)
WRITE_OFF_HARDSHIP = Duty(
    "write_off_hardship",
    frozenset({HARDSHIP_TAKEN, HARDSHIP_DECIDED}),
    "write_offs_apart",
    "Who took or decided an application does not write off by it.",
)
# Not a matter of settings: above the practice's limit a second person approves, always.
APPROVE_REFUND = Duty(
    "approve_refund",
    frozenset({ASKED_REFUND}),
    "",
    "Who asked for a refund above the limit does not approve it.",
)
DUTIES = (
    *(APPROVE_CODING, TAKE_BACK_POSTING, REFUND, APPROVE_WRITE_OFF),
    *(DECIDE_HARDSHIP, WRITE_OFF_HARDSHIP),
)
STEPS = frozenset[str]().union(*(duty.after for duty in (*DUTIES, APPROVE_REFUND)))

Credential = Literal["CPC", "CPC-A", "COC", "COC-A", "CIC", "CIC-A", "CRC", "CCS", "CCS-P"]


@dataclass(frozen=True, slots=True)
class Held:
    kind: str
    expires_on: date


def is_apprentice(kind: str) -> bool:
    """AAPC marks who passed the examination and lacks the years of work by an A."""
    return kind.endswith("-A")


def codes_alone(held: Iterable[Held], today: date) -> bool:
    """Whether this coder's work needs no second review. A credential is good through its last day."""
    return any(one.expires_on >= today and not is_apprentice(one.kind) for one in held)


def needs_review(held: Iterable[Held], today: date) -> bool:
    """Of an apprentice, and of a coder whose credentials have all expired. Of whom none was ever
    recorded, the practice has not said that it looks at credentials."""
    recorded = list(held)
    return bool(recorded) and not codes_alone(recorded, today)
