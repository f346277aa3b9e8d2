"""What a payment means for its claim: how it was adjudicated, who owes it next, what is odd. Pure."""

from collections.abc import Mapping
from uuid import UUID

import msgspec

from billing_saas.claims.rules import RECEIVABLE_OF
from billing_saas.remittances import rules
from billing_saas.remittances.rules import SEQUENCES, Outcome, Payment

# CLP02 19 to 21: processed, and forwarded to the next payer, who must not be billed again; 23: not
# this payer's claim, forwarded (RFI 2365).
FORWARDED = frozenset({"19", "20", "21"})
NOT_OURS = "23"


class Left(msgspec.Struct, frozen=True, gc=False):
    """What is owed of a claim after a posting, by the ledger."""

    payer_cents: int
    patient_cents: int


def adjudication_of(payment: Payment, outcome: Outcome) -> str:
    """The submission's state after this payment (domain.md, A claim and its submissions)."""
    if payment.status == NOT_OURS:
        return "forwarded"
    all_denied = bool(payment.services) and len(outcome.denied_services) == len(payment.services)
    if payment.paid_cents == 0 and (all_denied or rules.is_denied_whole(payment)):
        return "denied"
    if outcome.denied_cents:
        return "partial"
    if payment.status in FORWARDED and payment.next_sequence is not None and outcome.patient_cents:
        return "forwarded"
    if payment.paid_cents == 0 and outcome.patient_cents:
        return "patient_responsibility"
    return "paid"


def standing_receivable(
    payers: Mapping[str, UUID], patient_id: UUID, owed: Mapping[UUID, int]
) -> str:
    """Who owes a claim after a payment was taken back: the first payer with something left to pay.

    `owed` is by party, in cents.
    """
    for sequence in SEQUENCES:
        if sequence in payers and owed.get(payers[sequence], 0) > 0:
            return RECEIVABLE_OF[sequence]
    return "patient" if owed.get(patient_id, 0) > 0 else "settled"


def receivable_after(payment: Payment, outcome: Outcome, left: Left) -> str:
    """Who owes the claim next. What is denied, in review or not yet answered keeps the payer owing."""
    if outcome.denied_cents or outcome.review_cents or _unanswered(payment, outcome, left):
        return RECEIVABLE_OF[payment.sequence]
    if payment.next_sequence is not None and outcome.patient_cents:
        return RECEIVABLE_OF[payment.next_sequence]
    return "patient" if left.patient_cents > 0 else "settled"


def _unanswered(payment: Payment, outcome: Outcome, left: Left) -> bool:
    """More is left with payers than this one passed on: a split claim, or books that do not close."""
    passed_on = outcome.patient_cents if payment.next_sequence is not None else 0
    return left.payer_cents > passed_on


def remainder(payment: Payment, outcome: Outcome, left: Left, charge_cents: int) -> str | None:
    """Why a person must look at what is left of a claim of `charge_cents`, or None."""
    if left.payer_cents < 0 or left.patient_cents < 0:
        return "credit_balance"
    explained = outcome.denied_cents or outcome.review_cents or payment.charge_cents < charge_cents
    if not explained and _unanswered(payment, outcome, left):
        return "balance_to_review"
    return None
