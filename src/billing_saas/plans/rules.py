"""The arithmetic of a plan, its legal moves, and when a declined card is asked again. Pure."""

import calendar
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from enum import StrEnum
from typing import Literal

import msgspec

from billing_saas.kit import money
from billing_saas.plans.errors import IllegalPlanMove, PlanRefused

Language = Literal["en", "es"]

# 12 CFR 1026.2(a)(17)(i): who regularly extends credit that bears a finance charge, or is payable by written
# agreement in more than four instalments, is a creditor under Regulation Z. Four without a charge are not.
MOST_WITHOUT_DISCLOSURES = 4
MOST_INSTALMENTS = 36
FURTHEST_FIRST_DAYS = 45
"""The first instalment is not later than this: a plan that begins some day does not pause anything."""


class State(StrEnum):
    DRAFT = "draft"
    DISCLOSED = "disclosed"
    ACCEPTED = "accepted"
    ACTIVE = "active"
    MISSED = "missed"
    GRACE = "grace"
    DEFAULTED = "defaulted"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


# Every legal move, and what it means. There is no other.
MOVES: dict[tuple[State, State], str] = {
    (State.DRAFT, State.DISCLOSED): "its terms were laid open",
    (State.DRAFT, State.CANCELLED): "withdrawn before it was shown",
    (State.DISCLOSED, State.ACCEPTED): "the guarantor agreed",
    (State.DISCLOSED, State.CANCELLED): "not agreed to, or proposed anew",
    (State.ACCEPTED, State.ACTIVE): "it runs: nothing is waited for",
    (State.ACCEPTED, State.COMPLETED): "nothing was left to pay before it began",
    (State.ACCEPTED, State.CANCELLED): "ended before it began",
    (State.ACTIVE, State.MISSED): "an instalment was not paid on its day",
    (State.ACTIVE, State.COMPLETED): "all was paid, or nothing is owed any more",
    (State.ACTIVE, State.CANCELLED): "ended, or changed for another plan",
    (State.MISSED, State.GRACE): "told, and days of grace run",
    (State.MISSED, State.ACTIVE): "paid after all",
    (State.MISSED, State.COMPLETED): "all was paid, or nothing is owed any more",
    (State.MISSED, State.CANCELLED): "ended, or changed for another plan",
    (State.GRACE, State.ACTIVE): "paid within the days of grace",
    (State.GRACE, State.DEFAULTED): "the days of grace ran out",
    (State.GRACE, State.COMPLETED): "all was paid, or nothing is owed any more",
    (State.GRACE, State.CANCELLED): "ended, or changed for another plan",
}
OVER = frozenset({State.DEFAULTED, State.COMPLETED, State.CANCELLED})
# Agreed and not over: of a guarantor there is one at most, and dunning pauses meanwhile.
STANDING = frozenset({State.ACCEPTED, State.ACTIVE, State.MISSED, State.GRACE})


def check_move(before: State, after: State) -> None:
    """`IllegalPlanMove` names both states."""
    if (before, after) not in MOVES:
        raise IllegalPlanMove(
            f"A plan that is {before} does not become {after}.", before=before, after=after
        )


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What a practice offers. `truth_in_lending` stands for the disclosures of Regulation Z, without which
    there are at most four instalments. There is never a finance charge."""

    most_instalments: int = MOST_WITHOUT_DISCLOSURES
    minimum_cents: int = 2_500
    grace_days: int = 10
    notice_days: int = 3
    truth_in_lending: bool = False
    version: int = 0

    def faults(self) -> dict[str, str]:
        """Field to what is wrong with it."""
        found = {}
        if not 2 <= self.most_instalments <= MOST_INSTALMENTS:
            found["most_instalments"] = f"Between 2 and {MOST_INSTALMENTS}."
        elif self.most_instalments > MOST_WITHOUT_DISCLOSURES and not self.truth_in_lending:
            found["most_instalments"] = (
                "More than four need the disclosures of Regulation Z (12 CFR 1026.2(a)(17))."
            )
        if not 100 <= self.minimum_cents <= 1_000_000:
            found["minimum_cents"] = "Between $1 and $10,000."
        if not 1 <= self.grace_days <= 60:
            found["grace_days"] = "Between 1 and 60."
        if not 1 <= self.notice_days <= 14:
            found["notice_days"] = "Between 1 and 14."
        return found


# --- arithmetic ---


class Instalment(msgspec.Struct, frozen=True):
    n: int
    due_on: date
    cents: int


class Arithmetic(msgspec.Struct, frozen=True, kw_only=True):
    """How the instalments came to be: `count` times `base_cents`, and one cent more on the first
    `one_more` of them. `total_cents` = `count` * `base_cents` + `one_more`, and nothing is added."""

    total_cents: int
    count: int
    base_cents: int
    one_more: int
    finance_charge_cents: int = 0


def arithmetic(total_cents: int, count: int) -> Arithmetic:
    base, one_more = divmod(total_cents, count)
    return Arithmetic(total_cents=total_cents, count=count, base_cents=base, one_more=one_more)


def in_months(day: date, months: int) -> date:
    """The same day of a later month, or its last one where it is shorter: the 31st comes back in March."""
    whole = day.year * 12 + day.month - 1 + months
    year, month = divmod(whole, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))


def schedule(total_cents: int, count: int, first_on: date) -> tuple[Instalment, ...]:
    """Equal parts that sum exactly, by the month; a cent that does not divide goes to the earliest."""
    if count < 1 or total_cents < count:
        raise PlanRefused("There is less than a cent for each instalment.", reason="too_small")
    parts = money.split(total_cents, [1] * count)
    return tuple(
        Instalment(n, in_months(first_on, n - 1), cents) for n, cents in enumerate(parts, 1)
    )


def offers(total_cents: int, settings: Settings) -> list[Arithmetic]:
    """Every plan that the practice offers for this debt, the fewest instalments first."""
    return [
        arithmetic(total_cents, count)
        for count in range(2, settings.most_instalments + 1)
        if total_cents // count >= settings.minimum_cents
    ]


def check_wanted(
    total_cents: int, count: int, first_on: date, today: date, settings: Settings
) -> None:
    """`PlanRefused` says which rule of the practice is against it."""
    if not 2 <= count <= settings.most_instalments:
        raise PlanRefused(
            f"The practice offers 2 to {settings.most_instalments} instalments.",
            field="instalments",
            reason="too_many",
        )
    if total_cents // count < settings.minimum_cents:
        raise PlanRefused(
            f"An instalment is at least {money.dollars(settings.minimum_cents)}.",
            field="instalments",
            reason="too_small",
        )
    if not today <= first_on <= today + timedelta(days=FURTHEST_FIRST_DAYS):
        raise PlanRefused(
            f"The first instalment is due within {FURTHEST_FIRST_DAYS} days.",
            field="first_due_on",
            reason="first_day",
        )


# --- what of it was paid ---


def reckon(cents: Sequence[int], paid_cents: int) -> tuple[int, ...]:
    """What of each instalment is paid, when so much was paid on the plan: the earliest first.

    What is more than all of them is nobody's: the parts then sum to the plan's total.
    """
    found = []
    left = max(paid_cents, 0)
    for asked in cents:
        part = min(asked, left)
        found.append(part)
        left -= part
    return tuple(found)


class Standing(msgspec.Struct, frozen=True):
    """An instalment and what of it was paid. `still_owed` of the plan caps what is asked for."""

    n: int
    due_on: date
    cents: int
    paid_cents: int

    @property
    def left_cents(self) -> int:
        return self.cents - self.paid_cents


def overdue_since(instalments: Iterable[Standing], today: date) -> date | None:
    """The due day of the earliest instalment that was not paid by the end of its day; None: none."""
    late = [one.due_on for one in instalments if one.left_cents and one.due_on < today]
    return min(late, default=None)


def state_now(
    state: State,
    instalments: Sequence[Standing],
    still_owed_cents: int,
    today: date,
    grace_days: int,
    told_on: date | None = None,
) -> State:
    """One step further by the day, as `MOVES` has it; the same state where nothing moves.

    A day is late when it is over, in the practice's time zone. Grace counts from the due day; where the
    guarantor was told later than the day after (`told_on`), from then: nobody's plan ends untold.
    """
    if state not in STANDING:
        return state
    if still_owed_cents <= 0 or not any(one.left_cents for one in instalments):
        return State.COMPLETED
    if state is State.ACCEPTED:
        return state  # what it waits for is not a day
    late_since = overdue_since(instalments, today)
    if late_since is None:
        return State.ACTIVE
    if state is State.ACTIVE:
        return State.MISSED
    if state is State.MISSED:
        return State.GRACE
    return State.DEFAULTED if today > grace_ends_on(late_since, grace_days, told_on) else state


def grace_ends_on(late_since: date, grace_days: int, told_on: date | None) -> date:
    begun = late_since
    if told_on is not None and told_on > late_since + timedelta(days=1):
        begun = told_on
    return begun + timedelta(days=grace_days)


def to_charge(instalment: Standing, still_owed_cents: int) -> int:
    """What a card may be charged for it: never more than is still owed, whatever was agreed."""
    return max(0, min(instalment.left_cents, still_owed_cents))


# --- asking a declined card again ---

# Visa Core Rules, "Excessive reattempts": a decline of category 1 is never tried again; one of the others at
# most 15 times in 30 days (20 in the edition of April 2026). Mastercard, Transaction Processing Excellence:
# never after merchant advice code 03 or 21; at most 10 in 24 hours and 35 in 30 days. Both charge for more.
# We keep far below the lower of each: it is a patient's card, and a decline can cost them a fee.
MOST_TRIES = 4
"""Of one instalment."""
DAYS_BETWEEN = (2, 3, 4)
"""Before the second, third and fourth try: the second week's wages are within them."""
MOST_TRIES_OF_A_CARD = 8
CARD_WINDOW_DAYS = 30

# Stripe's words (docs.stripe.com/declines/codes) for what the networks say not to try again, for what only
# the cardholder can mend, and its own advice code.
HARD_DECLINES = frozenset(
    {
        *("lost_card", "stolen_card", "pickup_card", "restricted_card", "security_violation"),
        *("expired_card", "incorrect_number", "invalid_number", "invalid_account", "fraudulent"),
        *("card_not_supported", "currency_not_supported", "no_action_taken", "not_permitted"),
        *("do_not_try_again", "merchant_blacklist", "new_account_information_available"),
        *("revocation_of_all_authorizations", "revocation_of_authorization", "stop_payment_order"),
        *("service_not_allowed", "transaction_not_allowed", "authentication_required"),
        *("invalid_amount", "testmode_decline", "pin_try_exceeded", "highest_risk_level"),
    }
)
# What passes: the bank or the network was not well, or the money was not there yet.
SOFT_DECLINES = frozenset(
    {
        *("insufficient_funds", "issuer_not_available", "processing_error", "reenter_transaction"),
        *("try_again_later", "generic_decline", "do_not_honor", "call_issuer", "approve_with_id"),
        *("card_velocity_exceeded", "withdrawal_count_limit_exceeded", "duplicate_transaction"),
        # Ours, where no card was asked: the practice's account could not take money that day.
        *("card_declined", "not_taking_payments", "no_processor"),
    }
)


WITHDRAWN = "withdrawn"
"""Why a plan's card is not charged any more: its owner took the consent back."""


def is_hard(code: str) -> bool:
    """Whether a card is never asked again for this. A word that is not known counts as hard: a try too few
    costs a message, one too many costs a fee."""
    return code not in SOFT_DECLINES


class Try(msgspec.Struct, frozen=True):
    on: date
    code: str
    """Empty while it is not known, or where it succeeded."""


def next_try_on(
    tries: Sequence[Try], due_on: date, last_day: date, card_days: Sequence[date]
) -> date | None:
    """The day a card is asked (again) for an instalment, or None: not any more.

    `tries` are those of this card for this instalment, in order; `card_days` the days of every try of this card, for
    whatever; `last_day` is the last day of grace.
    """
    if not tries:
        wanted = due_on
    elif len(tries) >= MOST_TRIES or is_hard(tries[-1].code):
        return None
    else:
        wanted = tries[-1].on + timedelta(days=DAYS_BETWEEN[len(tries) - 1])
    recent = sorted(day for day in card_days if day > wanted - timedelta(days=CARD_WINDOW_DAYS))
    if len(recent) >= MOST_TRIES_OF_A_CARD:
        # The day on which enough of them have left the window.
        wanted = recent[-MOST_TRIES_OF_A_CARD] + timedelta(days=CARD_WINDOW_DAYS)
    return wanted if wanted <= last_day else None
