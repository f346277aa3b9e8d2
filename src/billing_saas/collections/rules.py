"""May this account be placed with an agency, and which moves of a placement are legal. Pure.

The floor of 120 days since the first statement is that of 26 CFR 1.501(r)-6(c)(3) for extraordinary
collection actions; the house holds every practice to it (domain.md, Clocks).
"""

import secrets
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Literal
from uuid import UUID

import msgspec

LEAST_AGE_DAYS = 120
LEAST_NOTICE_DAYS = 14
MAJORITY_YEARS = 18

# Why nothing of an account may be placed. `paused_…` is a pause of that kind for anybody concerned.
AccountReason = Literal[
    "paused_dispute",
    "paused_plan",
    "paused_appeal",
    "paused_insurer",
    "paused_bankruptcy",
    "paused_deceased",
    "paused_opt_out",
    "paused_returned_mail",
    "paused_hardship",
    "paused_other",
    "minor",
    "age_unknown",
    "no_address",
    "below_minimum",
    "nothing_old_enough",
    "nothing_owed",
]
# Why one item is left out.
ItemReason = Literal[
    "never_billed", "too_young", "no_final_notice", "notice_too_young", "insurance_not_finished"
]
RecallReason = Literal[
    "bankruptcy",
    "deceased",
    "dispute",
    "insurance_found",
    "paid_elsewhere",
    "hardship",
    "placed_by_mistake",
    "practice_asked",
]
CloseReason = Literal["settled_for_less", "uncollectable", "agency_closed", "too_old"]
DeclineReason = Literal["not_now", "will_pay", "payment_plan", "wrong_balance", "goodwill"]

Placed = Literal["placed", "recalled", "settled", "bad_debt"]
MOVES: Mapping[str, frozenset[str]] = {
    "": frozenset({"pre_placement"}),
    "pre_placement": frozenset({"placed", "declined", "lapsed"}),
    "declined": frozenset(),
    "lapsed": frozenset(),
    "placed": frozenset({"recalled", "settled", "bad_debt"}),
    "recalled": frozenset(),
    # A payment that bounces opens again what it settled.
    "settled": frozenset({"placed"}),
    "bad_debt": frozenset(),
}

# Kinds that `messages.pausing` knows and that have a reason of their own here.
_PAUSES: Mapping[str, AccountReason] = {
    "dispute": "paused_dispute",
    "plan": "paused_plan",
    "appeal": "paused_appeal",
    "insurer": "paused_insurer",
    "bankruptcy": "paused_bankruptcy",
    "deceased": "paused_deceased",
    "opt_out": "paused_opt_out",
    "returned_mail": "paused_returned_mail",
    "hardship": "paused_hardship",
}


class Item(msgspec.Struct, frozen=True):
    """What is owed of a charge (None: of a claim as a whole, or of no claim), in cents."""

    patient_id: UUID
    claim_id: UUID | None
    charge_id: UUID | None
    cents: int

    @property
    def key(self) -> tuple[UUID, UUID | None, UUID | None]:
        return self.patient_id, self.claim_id, self.charge_id


class Billed(msgspec.Struct, frozen=True):
    """An item as it was billed. Days are None for what never was."""

    item: Item
    first_statement_on: date | None
    last_statement_on: date | None
    final_notice_on: date | None
    insurance_finished: bool


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """All that is asked of a guarantor's account. `pauses`: of anybody whose charges are in it."""

    guarantor_id: UUID
    birth_date: date | None
    has_address: bool
    pauses: frozenset[str]
    billed: tuple[Billed, ...]


class Limits(msgspec.Struct, frozen=True):
    minimum_cents: int
    age_days: int
    notice_days: int


class LeftOut(msgspec.Struct, frozen=True):
    item: Item
    reasons: tuple[ItemReason, ...]


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """Eligible when there is no reason against it; `items` are what would be placed, oldest first."""

    reasons: tuple[AccountReason, ...]
    items: tuple[Item, ...]
    left_out: tuple[LeftOut, ...]
    first_statement_on: date | None = None
    last_statement_on: date | None = None

    @property
    def eligible(self) -> bool:
        return not self.reasons

    @property
    def cents(self) -> int:
        return sum(item.cents for item in self.items)


def judge(account: Account, limits: Limits, today: date) -> Verdict:
    """Every reason there is, not the first: who looks at the list sees what would have to change."""
    judged = [(billed, _of_item(billed, limits, today)) for billed in account.billed]
    good = [billed for billed, reasons in judged if not reasons]
    items = tuple(billed.item for billed in good)
    reasons: list[AccountReason] = sorted(
        {_PAUSES.get(kind, "paused_other") for kind in account.pauses}
    )
    if account.birth_date is None:
        reasons.append("age_unknown")
    elif _years(account.birth_date, today) < MAJORITY_YEARS:
        reasons.append("minor")
    if not account.has_address:
        reasons.append("no_address")
    if not account.billed:
        reasons.append("nothing_owed")
    elif not items:
        reasons.append("nothing_old_enough")
    elif sum(item.cents for item in items) < limits.minimum_cents:
        reasons.append("below_minimum")
    return Verdict(
        reasons=tuple(reasons),
        items=items,
        left_out=tuple(LeftOut(billed.item, why) for billed, why in judged if why),
        first_statement_on=min(
            (one.first_statement_on for one in good if one.first_statement_on), default=None
        ),
        last_statement_on=max(
            (one.last_statement_on for one in good if one.last_statement_on), default=None
        ),
    )


def _of_item(billed: Billed, limits: Limits, today: date) -> tuple[ItemReason, ...]:
    reasons: list[ItemReason] = []
    if billed.first_statement_on is None:
        reasons.append("never_billed")
    elif (today - billed.first_statement_on).days < max(limits.age_days, LEAST_AGE_DAYS):
        reasons.append("too_young")
    if billed.final_notice_on is None:
        reasons.append("no_final_notice")
    elif (today - billed.final_notice_on).days < max(limits.notice_days, LEAST_NOTICE_DAYS):
        reasons.append("notice_too_young")
    if not billed.insurance_finished:
        reasons.append("insurance_not_finished")
    return tuple(reasons)


def _years(born: date, today: date) -> int:
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def is_legal(now: str, to: str) -> bool:
    return to in MOVES[now]


# Without letters and digits that are taken for each other: an agency's people read it out.
_LETTERS = "ABCDEFGHJKMNPQRSTVWXYZ23456789"


def new_reference() -> str:
    """About 59 random bits, and no number of the practice's own."""
    return "".join(secrets.choice(_LETTERS) for _ in range(12))


def fits(now: Sequence[Item], proposed: Sequence[Item]) -> bool:
    """Whether what would be placed now is no more, item by item, than what a person was shown."""
    shown = {item.key: item.cents for item in proposed}
    return all(item.cents <= shown.get(item.key, 0) for item in now)
