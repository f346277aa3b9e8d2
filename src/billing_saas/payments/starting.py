"""A payment by card begins: three steps, so that a call that nobody saw end can be asked about.

A page of the processor is made for the browser to go to; what the processor is told is our random id of
the payment, cents, and one fixed sentence. The key of a call is the payment's id with the number of the
attempt: asked again by it, the processor answers with the page it made.
"""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from billing_saas.kit import clock, points
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import Database, TenantSession
from billing_saas.kit.processing import ProcessorCall
from billing_saas.kit.protocols import (
    PaymentProcessor,
    ProcessorDown,
    ProcessorRefused,
    ProcessorUnknown,
)
from billing_saas.payments import accounts, attempts, laying, recording, rules
from billing_saas.payments.errors import AmountRefused, PaymentUnderWay
from billing_saas.payments.rules import Purpose
from billing_saas.payments.tables import Payment, PaymentAttempt
from billing_saas.payments.truth import AttemptTold


@dataclass(frozen=True, slots=True)
class Started:
    """`url` is where the browser goes. None: the processor did not answer; ask again by `again`."""

    payment_id: UUID
    url: str | None


async def start(
    database: Database,
    tenant_id: UUID,
    actor: Actor,
    guarantor_id: UUID,
    amount_cents: int,
    *,
    statement_id: UUID | None = None,
    purpose: Purpose = "bill",
    plan_instalment_id: UUID | None = None,
) -> Started:
    """A page where `amount_cents` are paid. The caller has checked who asks, and that the bill is theirs.

    Of one bill there is one open page: who asks again for the same amount gets that one; another amount
    ends it first. Raises `NotTakingPayments`, `AmountRefused`, `PaymentUnderWay`.
    """
    processor = accounts.processor_of(database)
    if not rules.LEAST_CENTS <= amount_cents <= rules.MOST_CENTS:
        raise AmountRefused("A payment by card is at least fifty cents.", field="amount_cents")
    async with database.tenant(tenant_id) as db:
        account = await accounts.taking(db)
        await laying.lock_guarantor(db, guarantor_id)
        standing = await _open_page(db, guarantor_id, statement_id)
        if standing is not None and standing[0].amount_cents == amount_cents:
            payment, attempt = standing
            if attempt.checkout_url is not None:
                return Started(payment.id, attempt.checkout_url)
            return await _ask(
                processor, database, tenant_id, attempts.asking_of(account, payment, attempt)
            )
    if standing is not None:
        await _end_page(processor, database, tenant_id, account, *standing)
    async with database.tenant(tenant_id) as db:
        asking = await _prepare(
            db,
            actor,
            account,
            guarantor_id,
            amount_cents,
            statement_id,
            purpose,
            plan_instalment_id,
        )
    points.reach("payments.starting.prepared")
    return await _ask(processor, database, tenant_id, asking)


async def again(database: Database, tenant_id: UUID, actor: Actor, payment_id: UUID) -> Started:
    """A payment whose page was never seen, has ended, or whose card was declined: the same, or a new page.

    The caller has checked who asks. Raises `PaymentUnderWay` when money may be coming.
    """
    processor = accounts.processor_of(database)
    async with database.tenant(tenant_id) as db:
        account = await accounts.taking(db)
        payment = await recording.lock(db, payment_id)
        attempt = await attempts.last_attempt(db, payment_id)
        if payment.method != "checkout" or attempt is None or payment.state == "succeeded":
            raise PaymentUnderWay("This payment cannot be started again.")
        if attempt.state == "open" and attempt.checkout_url is not None:
            return Started(payment_id, attempt.checkout_url)
        if attempt.state in ("failed", "expired"):
            attempt = await attempts.new_attempt(db, actor, payment)
        elif attempt.state == "processing":
            raise PaymentUnderWay("The bank has not said yet whether this payment arrives.")
        asking = attempts.asking_of(account, payment, attempt)
    return await _ask(processor, database, tenant_id, asking)


async def _open_page(
    db: TenantSession, guarantor_id: UUID, statement_id: UUID | None
) -> tuple[Payment, PaymentAttempt] | None:
    if statement_id is None:
        return None
    found = (
        await db.execute(
            select(Payment, PaymentAttempt)
            .join(
                PaymentAttempt,
                (Payment.tenant_id == PaymentAttempt.tenant_id)
                & (Payment.id == PaymentAttempt.payment_id)
                & (Payment.attempts == PaymentAttempt.n),
            )
            .where(
                Payment.tenant_id == db.tenant_id,
                Payment.guarantor_id == guarantor_id,
                Payment.statement_id == statement_id,
                Payment.method == "checkout",
                PaymentAttempt.state.in_(("asked", "open", "unknown")),
                PaymentAttempt.asked_at
                > clock.now() - attempts.PAGE_GOOD_FOR + timedelta(minutes=5),
            )
            .order_by(Payment.id.desc())
            .limit(1)
        )
    ).one_or_none()
    return (found[0], found[1]) if found is not None else None


async def _end_page(
    processor: PaymentProcessor,
    database: Database,
    tenant_id: UUID,
    account: str,
    payment: Payment,
    attempt: PaymentAttempt,
) -> None:
    """The open page of the other amount: somebody may be paying on it this moment."""
    if attempt.checkout_id is None:
        raise PaymentUnderWay(
            "A payment of this bill was begun a moment ago. Try again in a minute."
        )
    call = ProcessorCall(
        account=account, key=f"{payment.id}:{attempt.n}:end", ids={"checkout": attempt.checkout_id}
    )
    try:
        await processor.expire(call)
    except (ProcessorDown, ProcessorUnknown, ProcessorRefused):
        raise PaymentUnderWay("Another payment of this bill is being made.") from None
    async with database.tenant(tenant_id) as db:
        locked = await recording.lock(db, payment.id)
        await attempts.write_attempt(db, locked, AttemptTold(attempt.n, "expired"))


async def _prepare(
    db: TenantSession,
    actor: Actor,
    account: str,
    guarantor_id: UUID,
    cents: int,
    statement_id: UUID | None,
    purpose: Purpose,
    plan_instalment_id: UUID | None,
) -> attempts.Asking:
    payment = await attempts.new_payment(
        db,
        actor,
        guarantor_id,
        cents,
        method="checkout",
        purpose=purpose,
        statement_id=statement_id,
        plan_instalment_id=plan_instalment_id,
    )
    attempt = await attempts.new_attempt(db, actor, payment)
    return attempts.asking_of(account, payment, attempt)


async def _ask(
    processor: PaymentProcessor, database: Database, tenant_id: UUID, asking: attempts.Asking
) -> Started:
    """Call and record. What was refused or not heard is written down as such."""
    try:
        told = await processor.checkout(asking.checkout())
    except (ProcessorUnknown, ProcessorDown) as error:
        state = "unknown" if isinstance(error, ProcessorUnknown) else "asked"
        await attempts.not_heard(database, tenant_id, asking.payment_id, asking.n, state)
        return Started(asking.payment_id, None)
    except ProcessorRefused as refused:
        async with database.tenant(tenant_id) as db:
            payment = await recording.lock(db, asking.payment_id)
            told_as = AttemptTold(asking.n, "failed", refused.code)
            await attempts.write_attempt(db, payment, told_as)
        return Started(asking.payment_id, None)
    points.reach("payments.starting.called")
    async with database.tenant(tenant_id) as db:
        payment = await recording.lock(db, asking.payment_id)
        await attempts.write_attempt(
            db,
            payment,
            AttemptTold(
                asking.n,
                "open",
                intent_id=told.intent,
                checkout_id=told.id,
                checkout_url=told.url,
                expires_at=told.expires_at,
            ),
        )
    return Started(asking.payment_id, told.url or None)
