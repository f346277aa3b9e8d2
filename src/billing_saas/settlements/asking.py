"""Ask the processor what became of a payment: the truth is what it says now, whatever knocked before.

Nothing here changes anything but by the keys of calls that were made before: an asking that nobody saw
end is asked again by the same key for as long as the processor remembers keys, and looked for by our
reference after that. No transaction is open meanwhile.
"""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from billing_saas.kit import clock
from billing_saas.kit.db import Database, TenantSession
from billing_saas.kit.processing import CheckoutTold, IntentTold, ProcessorCall
from billing_saas.kit.protocols import PaymentProcessor, ProcessorRefused
from billing_saas.payments import accounts, attempts
from billing_saas.payments.attempts import Asking
from billing_saas.payments.errors import PaymentNotFound
from billing_saas.payments.tables import Payment, PaymentAttempt, SavedMethod
from billing_saas.payments.truth import Truth

KEYS_LIVE = timedelta(hours=23)
"""Stripe remembers a key for 24 hours at least; an hour is kept for clocks and queues."""


@dataclass(frozen=True, slots=True)
class _Known:
    account: str
    payment: Payment
    attempts: list[PaymentAttempt]
    card: SavedMethod | None


async def ask(database: Database, tenant_id: UUID, payment_id: UUID) -> Truth:
    """Raises `ProcessorDown` or `ProcessorUnknown`: nobody knows yet."""
    processor = accounts.processor_of(database)
    async with database.tenant(tenant_id) as db:
        known = await _known(db, payment_id)
    truth = Truth(payment_id)
    for attempt in known.attempts:
        await _ask_attempt(processor, known, attempt, truth)
    return truth


async def by_intent(db: TenantSession, intent: IntentTold) -> UUID | None:
    """Whose payment it is: by what was recorded, else by the reference that we gave it."""
    found: UUID | None = await db.scalar(
        select(PaymentAttempt.payment_id).where(
            PaymentAttempt.tenant_id == db.tenant_id, PaymentAttempt.intent_id == intent.id
        )
    )
    return found or await _if_ours(db, intent.reference)


async def by_checkout(db: TenantSession, checkout: CheckoutTold) -> UUID | None:
    found: UUID | None = await db.scalar(
        select(PaymentAttempt.payment_id).where(
            PaymentAttempt.tenant_id == db.tenant_id, PaymentAttempt.checkout_id == checkout.id
        )
    )
    return found or await _if_ours(db, checkout.reference)


async def _if_ours(db: TenantSession, reference: UUID | None) -> UUID | None:
    if reference is None:
        return None
    found: UUID | None = await db.scalar(
        select(Payment.id).where(Payment.tenant_id == db.tenant_id, Payment.id == reference)
    )
    return found


async def _known(db: TenantSession, payment_id: UUID) -> _Known:
    payment = await db.scalar(
        select(Payment).where(Payment.tenant_id == db.tenant_id, Payment.id == payment_id)
    )
    if payment is None:
        raise PaymentNotFound("There is no such payment.")
    attempts = await db.scalars(
        select(PaymentAttempt)
        .where(PaymentAttempt.tenant_id == db.tenant_id, PaymentAttempt.payment_id == payment_id)
        .order_by(PaymentAttempt.n)
    )
    card = None
    if payment.saved_method_id is not None:
        card = await db.scalar(
            select(SavedMethod).where(
                SavedMethod.tenant_id == db.tenant_id, SavedMethod.id == payment.saved_method_id
            )
        )
    return _Known(await accounts.known(db), payment, list(attempts), card)


async def _ask_attempt(
    processor: PaymentProcessor, known: _Known, attempt: PaymentAttempt, truth: Truth
) -> None:
    if known.payment.method == "saved_card":
        await _ask_charge(processor, known, attempt, truth)
        return
    checkout = await _checkout(processor, known, attempt, truth)
    intent_id = (checkout.intent if checkout else "") or attempt.intent_id or ""
    intent = await _intent(processor, known.account, intent_id) if intent_id else None
    truth.paged(attempt.n, checkout, intent)


async def _checkout(
    processor: PaymentProcessor, known: _Known, attempt: PaymentAttempt, truth: Truth
) -> CheckoutTold | None:
    """Its page: by its id; else by the same key, which makes no second one; else by our reference."""
    if attempt.checkout_id is not None:
        call = ProcessorCall(account=known.account, ids={"checkout": attempt.checkout_id})
        return await processor.checkout_told(call)
    if attempt.state not in ("asked", "unknown"):
        return None
    asking = attempts.asking_of(known.account, known.payment, attempt)
    # A page made only now ends by an hour that may be over already: the processor would refuse it.
    if clock.now() - attempt.asked_at < min(KEYS_LIVE, attempts.PAGE_GOOD_FOR // 4):
        try:
            return await processor.checkout(asking.checkout())
        except ProcessorRefused as refused:
            truth.refused(attempt.n, refused.code)
            return None
    found = await processor.checkout_of(_searched(asking))
    return found[0] if found else None


async def _ask_charge(
    processor: PaymentProcessor, known: _Known, attempt: PaymentAttempt, truth: Truth
) -> None:
    if attempt.intent_id is not None:
        truth.charged(attempt.n, await _intent(processor, known.account, attempt.intent_id))
        return
    if attempt.state not in ("asked", "unknown") or known.card is None:
        return
    if clock.now() - attempt.asked_at < KEYS_LIVE:
        call = attempts.charge_call(known.account, known.payment, attempt, known.card)
        try:
            truth.charged(attempt.n, await processor.charge(call))
        except ProcessorRefused as refused:
            truth.refused(attempt.n, refused.code)
        return
    asking = attempts.asking_of(known.account, known.payment, attempt)
    found = await processor.intents_of(_searched(asking))
    of_this = [one for one in found if one.id not in {a.intent_id for a in known.attempts}]
    truth.charged(attempt.n, of_this[0] if of_this else "never_asked")


async def _intent(processor: PaymentProcessor, account: str, intent_id: str) -> IntentTold:
    return await processor.intent(ProcessorCall(account=account, ids={"intent": intent_id}))


def _searched(asking: Asking) -> ProcessorCall:
    return ProcessorCall(account=asking.account, reference=asking.payment_id, at=asking.asked_at)
