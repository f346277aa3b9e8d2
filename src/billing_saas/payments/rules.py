"""What a payment, a refund, a dispute or a payout does to the books. Pure: no database, no clock.

Cents are as journalled: a debit positive, a credit negative.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import Literal
from uuid import UUID

import msgspec

from billing_saas.kit.processing import BalanceLine
from billing_saas.ledger.rules import (
    Account,
    Entry,
    Line,
    source_payment,
    source_stripe,
)

Method = Literal["checkout", "saved_card", "cash", "cheque", "money_order"]
DeskMethod = Literal["cash", "cheque", "money_order"]
Purpose = Literal["bill", "copay", "prepayment", "plan"]
RefundReason = Literal[
    "overpaid", "duplicate", "billing_error", "service_cancelled", "insurance_paid", "courtesy"
]
# Given for a visit to come or of today, whose claim is not answered yet: no older debt takes it.
HELD: tuple[Purpose, ...] = ("copay", "prepayment")
AT_DESK: tuple[DeskMethod, ...] = ("cash", "cheque", "money_order")

# Stripe takes no card payment under fifty cents, nor one of more than eight digits.
LEAST_CENTS = 50
MOST_CENTS = 99_999_999
REFUND_LIMIT_CENTS = 50_000
"""Above it, of one payment in all, a second person approves; unless the practice says another limit."""

KIND_PAYMENT = "patient_payment"
KIND_VOID = "patient_payment_voided"
KIND_FEE = "processor_fee"
KIND_REFUND = "patient_refund"
KIND_REFUND_FAILED = "patient_refund_failed"
KIND_REPAID = "patient_refund_repaid"
KIND_DISPUTE = "payment_dispute"
KIND_PAYOUT = "processor_payout"
KIND_APPLIED = "patient_credit_applied"


Place = tuple[UUID, UUID | None, UUID | None, bool]


class Share(msgspec.Struct, frozen=True):
    """What a payment went to: something owed, or (`unapplied`) the guarantor's credit."""

    patient_id: UUID
    claim_id: UUID | None
    charge_id: UUID | None
    cents: int
    unapplied: bool = False

    @property
    def place(self) -> "Place":
        return (self.patient_id, self.claim_id, self.charge_id, self.unapplied)


# --- allocation ---


def allocate(
    owed: Sequence[Share], cents: int, guarantor_id: UUID, first: Collection[UUID] = ()
) -> list[Share]:
    """Lay `cents` on what is owed, as it is ordered (the oldest first); the rest is unapplied.

    `first` are the charges of the bill that was paid: whoever pays a bill says which debt they mean.
    """
    shares: list[Share] = []
    left = cents
    for item in sorted(owed, key=lambda item: item.charge_id not in first):
        part = min(left, item.cents)
        if part > 0:
            shares.append(msgspec.structs.replace(item, cents=part))
            left -= part
    if left:
        shares.append(Share(guarantor_id, None, None, left, unapplied=True))
    return shares


def standing(shares: Iterable[Share]) -> list[Share]:
    """What is left of a payment at each place, in the order it went there."""
    left: dict[Place, int] = {}
    for share in shares:
        left[share.place] = left.get(share.place, 0) + share.cents
    return [
        Share(patient, claim, charge, cents, unapplied)
        for (patient, claim, charge, unapplied), cents in left.items()
        if cents
    ]


def taken_back(shares: Iterable[Share], cents: int, guarantor_id: UUID) -> list[Share]:
    """From where a refund is taken, as negative shares: unapplied money first, then what was paid last.

    What is more than stands anywhere leaves the guarantor's unapplied money below zero: it was given
    back although it is gone, and a person must see it.
    """
    found: list[Share] = []
    left = cents
    here = standing(shares)
    unapplied = [share for share in here if share.unapplied]
    applied = [share for share in here if not share.unapplied]
    for share in (*unapplied, *reversed(applied)):
        part = min(left, share.cents)
        if part > 0:
            found.append(msgspec.structs.replace(share, cents=-part))
            left -= part
    if left:
        found.append(Share(guarantor_id, None, None, -left, unapplied=True))
    return standing(found)


# --- entries ---


def cash_account(method: str) -> Account:
    return Account.PATIENT_CASH if method in AT_DESK else Account.PROCESSOR_CLEARING


def desk_entry(payment_id: UUID, method: str, effective_on: date, shares: Sequence[Share]) -> Entry:
    """Cash, a cheque or a money order that lay on the desk."""
    return Entry(
        source=source_payment(payment_id),
        kind=KIND_PAYMENT,
        effective_on=effective_on,
        lines=_moved(shares, cash_account(method)),
    )


def void_entry(
    payment_id: UUID, method: str, effective_on: date, shares: Sequence[Share], corrects: UUID
) -> Entry:
    """What was recorded at the desk never came, or bounced: `shares` are negative."""
    return Entry(
        source=f"{source_payment(payment_id)}:voided",
        kind=KIND_VOID,
        effective_on=effective_on,
        lines=_moved(shares, cash_account(method)),
        corrects=corrects,
    )


def charge_entry(charge_id: str, effective_on: date, shares: Sequence[Share]) -> Entry:
    """Money that the processor took, whole: its fee is an entry of its own."""
    return Entry(
        source=source_stripe(charge_id),
        kind=KIND_PAYMENT,
        effective_on=effective_on,
        lines=_moved(shares, Account.PROCESSOR_CLEARING),
    )


def refund_entry(
    source: str, effective_on: date, shares: Sequence[Share], account: Account
) -> Entry:
    """`shares` are negative, and `account` is what the money left."""
    return Entry(
        source=source, kind=KIND_REFUND, effective_on=effective_on, lines=_moved(shares, account)
    )


def refund_failed_entry(refund: str, effective_on: date, cents: int, guarantor_id: UUID) -> Entry:
    """The processor has the money again. It is still the patient's, who must get it in another way."""
    return Entry(
        source=source_stripe(f"{refund}:failed"),
        kind=KIND_REFUND_FAILED,
        effective_on=effective_on,
        lines=(
            _of_practice(Account.PROCESSOR_CLEARING, cents),
            _of_patient(Account.REFUNDS_DUE_PATIENT, -cents, guarantor_id),
        ),
    )


def repaid_entry(refund_id: UUID, effective_on: date, cents: int, guarantor_id: UUID) -> Entry:
    """What could not be given back to the card was given by cheque."""
    return Entry(
        source=f"refund-repaid:{refund_id}",
        kind=KIND_REPAID,
        effective_on=effective_on,
        lines=(
            _of_patient(Account.REFUNDS_DUE_PATIENT, cents, guarantor_id),
            _of_practice(Account.BANK, -cents),
        ),
    )


def fee_entry(line: BalanceLine, effective_on: date) -> Entry | None:
    """What the processor kept of a movement, and nothing of the movement itself."""
    if not line.fee_cents:
        return None
    return Entry(
        source=source_stripe(line.id),
        kind=KIND_FEE,
        effective_on=effective_on,
        lines=(
            _of_practice(Account.PROCESSOR_FEES, line.fee_cents),
            _of_practice(Account.PROCESSOR_CLEARING, -line.fee_cents),
        ),
    )


def own_fee_entry(line: BalanceLine, effective_on: date) -> Entry | None:
    """What the processor bills by itself, such as its monthly fees: the movement is the fee."""
    if not line.net_cents:
        return None
    return Entry(
        source=source_stripe(line.id),
        kind=KIND_FEE,
        effective_on=effective_on,
        lines=(
            _of_practice(Account.PROCESSOR_FEES, -line.net_cents),
            _of_practice(Account.PROCESSOR_CLEARING, line.net_cents),
        ),
    )


def dispute_entry(line: BalanceLine, effective_on: date) -> Entry | None:
    """Withdrawn (a negative movement) or given back: a loss for as long as it is not won."""
    lines = [
        _of_practice(Account.PROCESSOR_CLEARING, line.net_cents),
        _of_practice(Account.PROCESSOR_FEES, line.fee_cents),
        _of_practice(Account.DISPUTE_LOSSES, -line.cents),
    ]
    told = tuple(line for line in lines if line.amount_cents)
    if not told:
        return None
    return Entry(
        source=source_stripe(line.id), kind=KIND_DISPUTE, effective_on=effective_on, lines=told
    )


def payout_entry(payout: str, effective_on: date, cents: int) -> Entry | None:
    """`cents` of payments known here went to the bank."""
    if not cents:
        return None
    return Entry(
        source=source_stripe(payout),
        kind=KIND_PAYOUT,
        effective_on=effective_on,
        lines=(
            _of_practice(Account.BANK, cents),
            _of_practice(Account.PROCESSOR_CLEARING, -cents),
        ),
    )


def applied_entry(application_id: UUID, effective_on: date, shares: Sequence[Share]) -> Entry:
    """Unapplied money (negative shares) laid on what is owed (positive ones)."""
    return Entry(
        source=f"credit-applied:{application_id}",
        kind=KIND_APPLIED,
        effective_on=effective_on,
        lines=tuple(_owed(share) for share in shares),
    )


def _moved(shares: Sequence[Share], account: Account) -> tuple[Line, ...]:
    """Each share's money on `account`, by claim, so that what a claim was paid can be asked of it."""
    cash = [_line(account, share.cents, share) for share in shares]
    return (*cash, *(_owed(share) for share in shares))


def _owed(share: Share) -> Line:
    account = Account.UNAPPLIED_PATIENT_CASH if share.unapplied else Account.PATIENT_RECEIVABLE
    return _line(account, -share.cents, share)


def _line(account: Account, cents: int, share: Share) -> Line:
    return Line(
        account=account,
        amount_cents=cents,
        party_kind="patient",
        party_id=share.patient_id,
        patient_id=share.patient_id,
        claim_id=share.claim_id,
        charge_id=share.charge_id,
    )


def _of_practice(account: Account, cents: int) -> Line:
    return Line(account=account, amount_cents=cents, party_kind="practice")


def _of_patient(account: Account, cents: int, guarantor_id: UUID) -> Line:
    return Line(
        account=account,
        amount_cents=cents,
        party_kind="patient",
        party_id=guarantor_id,
        patient_id=guarantor_id,
    )


# --- states: what is told later never takes back what was known ---

_ATTEMPT_RANK = {
    "asked": 0,
    "unknown": 1,
    "open": 2,
    "processing": 3,
    "expired": 4,
    "failed": 4,
    "succeeded": 5,
}
_OF_ATTEMPT = {"asked": "started", "open": "started"}


def attempt_state(before: str, told: str) -> str:
    """An attempt goes forward only: an older answer that is written later changes nothing."""
    return told if _ATTEMPT_RANK[told] > _ATTEMPT_RANK[before] else before


def payment_state(last_attempt: str, *, came: bool) -> str:
    """Money that came stays come; else a payment stands where its last attempt does."""
    return "succeeded" if came else _OF_ATTEMPT.get(last_attempt, last_attempt)


_REFUND_RANK = {
    "awaiting_approval": 0,
    "approved": 1,
    "unknown": 2,
    "pending": 3,
    "succeeded": 4,
    "refused": 4,
    "failed": 5,
    "repaid": 6,
}


def refund_state(before: str, told: str) -> str:
    """A refund that succeeded can still fail, days later; one that failed does not succeed."""
    return told if _REFUND_RANK[told] > _REFUND_RANK[before] else before


REFUND_STATES = {
    "pending": "pending",
    "requires_action": "pending",
    "succeeded": "succeeded",
    "failed": "failed",
    "canceled": "failed",
}
DISPUTE_STATES = {
    "warning_needs_response": "inquiry",
    "warning_under_review": "inquiry",
    "warning_closed": "inquiry_closed",
    "prevented": "inquiry_closed",
    "needs_response": "needs_response",
    "under_review": "under_review",
    "won": "won",
    "lost": "lost",
}
_DISPUTE_RANK = {
    "inquiry": 0,
    "inquiry_closed": 1,
    "needs_response": 2,
    "under_review": 3,
    "won": 4,
    "lost": 4,
}


def dispute_state(before: str, told: str) -> str:
    return told if _DISPUTE_RANK[told] > _DISPUTE_RANK[before] else before


def disputed_word(states: Iterable[str]) -> str:
    """What all disputes of a payment come to."""
    found = set(states)
    for state, word in (
        ("needs_response", "open"),
        ("under_review", "open"),
        ("inquiry", "open"),
        ("lost", "lost"),
        ("won", "won"),
    ):
        if state in found:
            return word
    return ""
