"""Take a payment from a card that is kept, without its owner: by a plan, on its day.

For PLANS: `charge_saved` may be called any number of times for one instalment. While a payment of it is
under way, or came, it takes nothing; after one that failed it makes the next attempt of the same payment
(the card networks' limits on attempts are the caller's to keep). Where a call is made from a job, use
`workers.registry.vendor_act`. Whenever such a payment moves on
later, a job `payments.jobs.TellPlan` is owed, whose act is PLANS' own.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from billing_saas.kit import points
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
from billing_saas.payments.errors import AmountRefused, SavedCardEnded
from billing_saas.payments.tables import Payment, SavedMethod
from billing_saas.payments.truth import Truth
from billing_saas.settlements import settling


@dataclass(frozen=True, slots=True)
class Charged:
    """`state` is the payment's: succeeded, processing, unknown, failed (with a `failure_code`), started
    (the processor was not asked; ask again)."""

    payment_id: UUID
    state: str
    failure_code: str
    attempts: int


@dataclass(frozen=True, slots=True)
class _Wanted:
    payment_id: UUID
    n: int
    call: ProcessorCall


async def charge_saved(
    database: Database,
    tenant_id: UUID,
    actor: Actor,
    guarantor_id: UUID,
    saved_method_id: UUID,
    amount_cents: int,
    *,
    plan_instalment_id: UUID,
    statement_id: UUID | None = None,
) -> Charged:
    """Raises `NotTakingPayments`, `SavedCardEnded`, `AmountRefused`, `NoProcessor`."""
    processor = accounts.processor_of(database)
    if not rules.LEAST_CENTS <= amount_cents <= rules.MOST_CENTS:
        raise AmountRefused("A payment by card is at least fifty cents.", field="amount_cents")
    async with database.tenant(tenant_id) as db:
        account = await accounts.taking(db)
        card = await _card(db, guarantor_id, saved_method_id)
        await laying.lock_instalment(db, plan_instalment_id)
        payment = await _of_instalment(db, plan_instalment_id)
        if payment is None or _is_other(payment, saved_method_id, amount_cents):
            payment = await attempts.new_payment(
                db,
                actor,
                guarantor_id,
                amount_cents,
                method="saved_card",
                purpose="plan",
                statement_id=statement_id,
                plan_instalment_id=plan_instalment_id,
                saved_method_id=saved_method_id,
            )
        elif payment.state in ("succeeded", "processing", "unknown"):
            return _charged(payment)
        attempt = await attempts.last_attempt(db, payment.id)
        if attempt is None or attempt.state in ("failed", "expired"):
            attempt = await attempts.new_attempt(db, actor, payment)
        call = attempts.charge_call(account, payment, attempt, card)
        wanted = _Wanted(payment.id, attempt.n, call)
    points.reach("payments.charging.prepared")
    await _ask(processor, database, tenant_id, actor, wanted)
    async with database.tenant(tenant_id) as db:
        return _charged(await recording.lock(db, wanted.payment_id))


def _is_other(payment: Payment, saved_method_id: UUID, amount_cents: int) -> bool:
    """One that failed, of another card or amount: an insurer paid meanwhile, say. It is not asked again."""
    return payment.state in ("failed", "expired") and (
        payment.amount_cents != amount_cents or payment.saved_method_id != saved_method_id
    )


async def _ask(
    processor: PaymentProcessor,
    database: Database,
    tenant_id: UUID,
    actor: Actor,
    wanted: _Wanted,
) -> None:
    truth = Truth(wanted.payment_id)
    try:
        truth.charged(wanted.n, await processor.charge(wanted.call))
    except ProcessorRefused as refused:
        truth.refused(wanted.n, refused.code)
    except (ProcessorUnknown, ProcessorDown) as error:
        state = "unknown" if isinstance(error, ProcessorUnknown) else "asked"
        await attempts.not_heard(database, tenant_id, wanted.payment_id, wanted.n, state)
        return
    points.reach("payments.charging.called")
    async with database.tenant(tenant_id) as db:
        await settling.settle(db, actor, truth)


async def _card(db: TenantSession, guarantor_id: UUID, saved_method_id: UUID) -> SavedMethod:
    card = await db.scalar(
        select(SavedMethod).where(
            SavedMethod.tenant_id == db.tenant_id,
            SavedMethod.id == saved_method_id,
            SavedMethod.guarantor_id == guarantor_id,
        )
    )
    if card is None or card.state != "active":
        raise SavedCardEnded("This card is not kept (any more).")
    return card


async def _of_instalment(db: TenantSession, plan_instalment_id: UUID) -> Payment | None:
    found: Payment | None = await db.scalar(
        select(Payment)
        .where(
            Payment.tenant_id == db.tenant_id,
            Payment.plan_instalment_id == plan_instalment_id,
            Payment.method == "saved_card",
        )
        .order_by(Payment.id.desc())
        .limit(1)
        .with_for_update()
    )
    return found


def _charged(payment: Payment) -> Charged:
    return Charged(payment.id, payment.state, payment.failure_code, payment.attempts)
