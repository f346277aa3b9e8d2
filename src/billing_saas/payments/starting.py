"""A payment by card begins: three steps, so that a call that nobody saw end can be asked about.

A page of the processor is made for the browser to go to; what the processor is told is our random id of
the payment, cents, and one fixed sentence. The key of a call is the payment's id with the number of the
attempt: asked again by it, the processor answers with the page it made.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import insert, select

from billing_saas.audit import trail
from billing_saas.kit import clock, points
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import Database, TenantSession
from billing_saas.kit.ids import new_id
from billing_saas.kit.processing import ProcessorCall, ProcessorText, ReturnTo
from billing_saas.kit.protocols import (
    PaymentProcessor,
    ProcessorDown,
    ProcessorRefused,
    ProcessorUnknown,
)
from billing_saas.payments import accounts, laying, recording, rules
from billing_saas.payments.errors import AmountRefused, PaymentUnderWay
from billing_saas.payments.rules import Purpose
from billing_saas.payments.tables import Payment, PaymentAttempt, SavedMethod
from billing_saas.payments.truth import AttemptTold
from billing_saas.tenants import queries as tenants

PAGE_GOOD_FOR = timedelta(hours=1)
"""Longer than anybody needs to find a card; the processor takes no less than half an hour."""
FIRST_LOOK = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Started:
    """`url` is where the browser goes. None: the processor did not answer; ask again by `again`."""

    payment_id: UUID
    url: str | None


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
            return await _ask(processor, database, tenant_id, asking_of(account, payment, attempt))
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
        attempt = await last_attempt(db, payment_id)
        if payment.method != "checkout" or attempt is None or payment.state == "succeeded":
            raise PaymentUnderWay("This payment cannot be started again.")
        if attempt.state == "open" and attempt.checkout_url is not None:
            return Started(payment_id, attempt.checkout_url)
        if attempt.state in ("failed", "expired"):
            attempt = await new_attempt(db, actor, payment)
        elif attempt.state == "processing":
            raise PaymentUnderWay("The bank has not said yet whether this payment arrives.")
        asking = asking_of(account, payment, attempt)
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
                PaymentAttempt.asked_at > clock.now() - PAGE_GOOD_FOR + timedelta(minutes=5),
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
        await write_attempt(db, locked, AttemptTold(attempt.n, "expired"))


async def _prepare(
    db: TenantSession,
    actor: Actor,
    account: str,
    guarantor_id: UUID,
    cents: int,
    statement_id: UUID | None,
    purpose: Purpose,
    plan_instalment_id: UUID | None,
) -> Asking:
    payment = await new_payment(
        db,
        actor,
        guarantor_id,
        cents,
        method="checkout",
        purpose=purpose,
        statement_id=statement_id,
        plan_instalment_id=plan_instalment_id,
    )
    attempt = await new_attempt(db, actor, payment)
    return asking_of(account, payment, attempt)


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


async def _ask(
    processor: PaymentProcessor, database: Database, tenant_id: UUID, asking: Asking
) -> Started:
    """Call and record. What was refused or not heard is written down as such."""
    try:
        told = await processor.checkout(asking.checkout())
    except (ProcessorUnknown, ProcessorDown) as error:
        state = "unknown" if isinstance(error, ProcessorUnknown) else "asked"
        await not_heard(database, tenant_id, asking.payment_id, asking.n, state)
        return Started(asking.payment_id, None)
    except ProcessorRefused as refused:
        async with database.tenant(tenant_id) as db:
            payment = await recording.lock(db, asking.payment_id)
            told_as = AttemptTold(asking.n, "failed", refused.code)
            await write_attempt(db, payment, told_as)
        return Started(asking.payment_id, None)
    points.reach("payments.starting.called")
    async with database.tenant(tenant_id) as db:
        payment = await recording.lock(db, asking.payment_id)
        await write_attempt(
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
        return now + max(timedelta(minutes=1), min(since / 2, timedelta(hours=2)))
    if state == "open":
        return max(now + timedelta(minutes=10), asked_at + PAGE_GOOD_FOR / 2)
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
