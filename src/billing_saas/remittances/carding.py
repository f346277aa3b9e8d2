"""Which cards a posting opens: each says why it is there and what it is worth, without PHI."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from billing_saas.followups import cards
from billing_saas.followups.cards import NewCard
from billing_saas.kit.db import TenantSession
from billing_saas.remittances import claim_rules
from billing_saas.remittances.claim_rules import Left
from billing_saas.remittances.matching import Matched
from billing_saas.remittances.rules import INTEREST, Outcome, Payment
from billing_saas.remittances.tables import ProviderAdjustment, Remittance

_DOUBTS = {
    "no_claim": "A payer paid a claim that this practice does not have; the money is unapplied.",
    "payer_not_of_claim": "The payer is none of the claim's payers; the money is unapplied.",
    "line_not_of_claim": "A paid line is none of the claim's lines; the money is unapplied.",
    "charge_differs": "The payer names another charge than was sent; the money is unapplied.",
    "predetermination": "The payer says what it would pay (CLP02 is 25); nothing of it is on the books.",
    "nothing_to_reverse": "The payer takes back a payment that was never posted here.",
}
_REVIEWS = {
    "patient_share_to_review": "The payer leaves to the patient what is no deductible, coinsurance or "
    "copay; it stays with the payer until someone decides.",
    "adjustment_to_review": "The payer reduced a paid line for a reason that is not the contract's "
    "price; it stays with the payer until someone decides.",
}

_REMAINDERS = {
    "credit_balance": "More was paid or adjusted than was charged; someone may be owed a refund.",
    "balance_to_review": "The payer answered the whole claim, and yet its books do not close.",
}


# How the cards of a payment end that the payer took back.
TAKEN_BACK = "taken_back"


async def open_for(
    db: TenantSession,
    matched: Matched,
    outcomes: Sequence[tuple[Payment, Outcome]],
    left: Mapping[UUID, Left],
) -> int:
    """Cards of one batch; the number of them."""
    new = [
        NewCard(
            kind="unmatched_payment" if doubtful.claim_id is None else "payment_review",
            why=_DOUBTS[doubtful.reason],
            owner="biller",
            subject_type="claim_payment",
            subject_id=doubtful.id,
            claim_id=doubtful.claim_id,
            worth_cents=abs(doubtful.paid_cents),
            source=f"{doubtful.reason}:{doubtful.id}:{doubtful.posting_number}",
        )
        for doubtful in matched.doubtful
    ]
    for payment, outcome in outcomes:
        number = matched.posting_numbers[payment.id]
        if outcome.denied_cents:
            new.append(_denial(payment, outcome, number))
        new += [_review(payment, outcome, reason, number) for reason in outcome.review_reasons]
        claim = matched.claims[payment.claim_id]
        reason = claim_rules.remainder(payment, outcome, left[claim.id], claim.charge_cents)
        if reason is not None:
            new.append(_remainder(payment, left[claim.id], reason, number))
    await cards.open_cards(db, new)
    return len(new)


def _denial(payment: Payment, outcome: Outcome, number: int) -> NewCard:
    lines = len(outcome.denied_services)
    what = f"{lines} line{'s' if lines != 1 else ''}" if lines else "the claim"
    return NewCard(
        kind="denial",
        why=f"The payer denied {what} of a claim.",
        owner="biller",
        subject_type="claim_payment",
        subject_id=payment.id,
        claim_id=payment.claim_id,
        worth_cents=outcome.denied_cents,
        source=f"denial:{payment.id}:{number}",
    )


def _review(payment: Payment, outcome: Outcome, reason: str, number: int) -> NewCard:
    return NewCard(
        kind=reason,
        why=_REVIEWS[reason],
        owner="biller",
        subject_type="claim_payment",
        subject_id=payment.id,
        claim_id=payment.claim_id,
        worth_cents=outcome.review_cents,
        source=f"{reason}:{payment.id}:{number}",
    )


def _remainder(payment: Payment, left: Left, reason: str, number: int) -> NewCard:
    return NewCard(
        kind=reason,
        why=_REMAINDERS[reason],
        owner="biller",
        subject_type="claim_payment",
        subject_id=payment.id,
        claim_id=payment.claim_id,
        worth_cents=abs(left.payer_cents) + abs(min(left.patient_cents, 0)),
        source=f"{reason}:{payment.id}:{number}",
    )


async def open_for_provider_adjustments(
    db: TenantSession, remittance: Remittance, pairs: Sequence[ProviderAdjustment]
) -> int:
    """Money kept back or advanced for no claim of this file: someone must learn what it is for."""
    new = [
        NewCard(
            kind="provider_adjustment",
            why=f"The payer {'kept back' if pair.amount_cents > 0 else 'added'} money outside any "
            f"claim (PLB reason {pair.reason}).",
            owner="biller",
            subject_type="provider_adjustment",
            subject_id=UUID(str(pair.id)),
            worth_cents=abs(pair.amount_cents),
            source=f"provider_adjustment:{pair.id}:{remittance.posting_number}",
        )
        for pair in pairs
        if pair.reason != INTEREST and pair.amount_cents
    ]
    await cards.open_cards(db, new)
    return len(new)
