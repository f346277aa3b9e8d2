"""One payment and its attempts, by their rows: made, moved on, and when to be looked at again."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import insert, select

from billing_saas.audit import trail
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import Database, TenantSession
from billing_saas.kit.ids import new_id
from billing_saas.kit.processing import ProcessorCall, ProcessorText, ReturnTo
from billing_saas.payments import recording, rules
from billing_saas.payments.tables import Payment, PaymentAttempt, SavedMethod
from billing_saas.payments.truth import AttemptTold
from billing_saas.tenants import queries as tenants

PAGE_GOOD_FOR = timedelta(hours=1)
"""Longer than anybody needs to find a card; the processor takes no less than half an hour."""
FIRST_LOOK = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Asking:
    """One attempt, as it is told to the processor: made of what is in its row, and so always the same."""

    account: str
    payment_id: UUID
    n: int
    cents: int
    purpose: str
    asked_at: datetime

    @property
    def key(self) -> str:
        return f"{self.payment_id}:{self.n}"

    @property
    def text(self) -> ProcessorText:
        return ProcessorText.INSTALMENT if self.purpose == "plan" else ProcessorText.PAYMENT

    def checkout(self) -> ProcessorCall:
        return ProcessorCall(
            account=self.account,
            key=self.key,
            reference=self.payment_id,
            cents=self.cents,
            text=self.text,
            return_to=ReturnTo.PAYMENT,
            at=self.asked_at + PAGE_GOOD_FOR,
        )


async def new_payment(
    db: TenantSession,
    actor: Actor,
    guarantor_id: UUID,
    cents: int,
    *,
    method: str,
    purpose: str,
    statement_id: UUID | None = None,
    plan_instalment_id: UUID | None = None,
    saved_method_id: UUID | None = None,
) -> Payment:
    now = clock.now()
    practice = await tenants.this_practice(db)
    payment_id = new_id()
    await db.execute(
        insert(Payment).values(
            tenant_id=db.tenant_id,
            id=payment_id,
            guarantor_id=guarantor_id,
            statement_id=statement_id,
            plan_instalment_id=plan_instalment_id,
            saved_method_id=saved_method_id,
            method=method,
            purpose=purpose,
            state="started",
            amount_cents=cents,
            received_on=clock.today(practice.time_zone),
            started_by_kind=actor.kind.value,
            started_by=actor.id,
            created_at=now,
            updated_at=now,
        )
    )
    await trail.record(
        db,
        actor,
        "payment.start",
        object_type="payment",
        object_id=payment_id,
        subjects=[guarantor_id],
        detail={"kind": method, "cents": cents},
    )
    return await recording.lock(db, payment_id)


async def new_attempt(db: TenantSession, actor: Actor, payment: Payment) -> PaymentAttempt:
    """The next one, of a payment whose row is locked."""
    now = clock.now()
    n = payment.attempts + 1
    await db.execute(
        insert(PaymentAttempt).values(
            tenant_id=db.tenant_id,
            payment_id=payment.id,
            n=n,
            state="asked",
            asked_at=now,
            look_at=now + FIRST_LOOK,
            updated_at=now,
        )
    )
    payment.attempts = n
    await write_payment(db, payment, "started")
    await db.flush()
    attempt = await last_attempt(db, payment.id)
    assert attempt is not None
    return attempt


async def last_attempt(db: TenantSession, payment_id: UUID) -> PaymentAttempt | None:
    found: PaymentAttempt | None = await db.scalar(
        select(PaymentAttempt)
        .where(PaymentAttempt.tenant_id == db.tenant_id, PaymentAttempt.payment_id == payment_id)
        .order_by(PaymentAttempt.n.desc())
        .limit(1)
    )
    return found


async def not_heard(
    database: Database, tenant_id: UUID, payment_id: UUID, n: int, state: str
) -> None:
    async with database.tenant(tenant_id) as db:
        payment = await recording.lock(db, payment_id)
        await write_attempt(db, payment, AttemptTold(n, state))


async def write_attempt(db: TenantSession, payment: Payment, told: AttemptTold) -> str:
    """Of a payment whose row is locked: move the attempt on, and with it the payment. Says where it is."""
    attempt = await db.scalar(
        select(PaymentAttempt).where(
            PaymentAttempt.tenant_id == db.tenant_id,
            PaymentAttempt.payment_id == payment.id,
            PaymentAttempt.n == told.n,
        )
    )
    assert attempt is not None
    now = clock.now()
    state = attempt.state = rules.attempt_state(attempt.state, told.state)
    attempt.checkout_id = attempt.checkout_id or told.checkout_id or None
    attempt.intent_id = attempt.intent_id or told.intent_id or None
    attempt.checkout_url = attempt.checkout_url or told.checkout_url or None
    attempt.expires_at = attempt.expires_at or told.expires_at
    attempt.failure_code = (
        told.failure_code if told.state == state == "failed" else attempt.failure_code
    )
    look_at = next_look(state, attempt.asked_at, now)
    if look_at is not None or attempt.look_at is not None:
        attempt.look_at, attempt.updated_at = look_at, now
    await db.flush()
    if told.n == payment.attempts:
        came = payment.state == "succeeded"
        await write_payment(
            db,
            payment,
            rules.payment_state(state, came=came),
            attempt.failure_code if state == "failed" and not came else "",
        )
    return state


def next_look(state: str, asked_at: datetime, now: datetime) -> datetime | None:
    """When to ask about it, if nobody knocks. A minute after an asking that was not heard, then less often."""
    if state in ("succeeded", "failed", "expired"):
        return None
    if state in ("asked", "unknown"):
        since = now - asked_at
        return now + max(timedelta(minutes=1), min(since // 2, timedelta(hours=2)))
    if state == "open":
        return max(now + timedelta(minutes=10), asked_at + PAGE_GOOD_FOR // 2)
    return now + timedelta(hours=6)  # a bank debit takes days


async def write_payment(
    db: TenantSession, payment: Payment, state: str, failure_code: str = ""
) -> None:
    """Of a payment whose row is locked."""
    if (state, failure_code) == (payment.state, payment.failure_code):
        return
    now = clock.now()
    came = payment.succeeded_at or (now if state == "succeeded" else None)
    payment.state, payment.failure_code, payment.succeeded_at = state, failure_code, came
    payment.updated_at = now
    payment.version += 1
    await db.flush()


def asking_of(account: str, payment: Payment, attempt: PaymentAttempt) -> Asking:
    return Asking(
        account, payment.id, attempt.n, payment.amount_cents, payment.purpose, attempt.asked_at
    )


def charge_call(
    account: str, payment: Payment, attempt: PaymentAttempt, card: SavedMethod
) -> ProcessorCall:
    """Made of rows that do not change: asked again by the same key, it is the same request."""
    asking = asking_of(account, payment, attempt)
    return ProcessorCall(
        account=account,
        key=asking.key,
        reference=payment.id,
        cents=payment.amount_cents,
        text=asking.text,
        ids={"customer": card.customer_id or "", "method": card.method_id or ""},
    )
