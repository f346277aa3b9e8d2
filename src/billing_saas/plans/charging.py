"""By the day, the card that was saved for a plan is charged for what is due: seldom, and never twice.

A try is written down before the card is asked (`plan_try`, at most one open for an instalment), so whoever
comes after a crash sees that a card may have been asked, and looks at the payment instead of asking again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import insert, select, text, update

from billing_saas.audit import trail
from billing_saas.kept_cards import charging as cards
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import Database, TenantSession
from billing_saas.kit.errors import DomainError
from billing_saas.kit.ids import new_id
from billing_saas.links import issuing
from billing_saas.messages import sending
from billing_saas.messages.rules import Words
from billing_saas.outbox import queue
from billing_saas.payments import rules as payments
from billing_saas.payments.errors import NoProcessor, NotTakingPayments, SavedCardEnded
from billing_saas.payments.jobs import TellPlan
from billing_saas.payments.tables import Payment, PaymentAttempt
from billing_saas.plans import queries, reckoning, rules, watching
from billing_saas.plans.jobs import ChargeInstalment, ChargePlans
from billing_saas.plans.queries import PlanShown
from billing_saas.plans.rules import State, Try
from billing_saas.plans.tables import PaymentPlan, PlanInstalment, PlanTry

_CANDIDATES = text(
    """
    SELECT plan.id, min(instalment.due_on) AS due_on
    FROM payment_plan plan
    JOIN plan_instalment instalment ON instalment.tenant_id = :tenant_id
      AND instalment.payment_plan_id = plan.id AND instalment.due_on <= :today
    WHERE plan.tenant_id = :tenant_id AND plan.state IN ('active', 'missed', 'grace')
      AND plan.autopay AND plan.autopay_stopped = '' AND plan.saved_method_id IS NOT NULL
    GROUP BY plan.id ORDER BY plan.id
    """
)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A card to be asked: written down as an open try."""

    try_id: UUID
    guarantor_id: UUID
    saved_method_id: UUID
    cents: int


async def find(db: TenantSession, actor: Actor, job: ChargePlans) -> None:
    """Owe a job for each plan with an instalment that its card may be asked for today."""
    today = await reckoning.today(db)
    plan_ids = list(await db.scalars(_CANDIDATES, {"tenant_id": db.tenant_id, "today": today}))
    due = {shown.id: _due(shown, today) for shown in await queries.plans_by_id(db, actor, plan_ids)}
    jobs = [ChargeInstalment(plan_id, one) for plan_id, one in due.items() if one is not None]
    await queue.add_many(db, jobs, request_id=actor.request_id)


async def charge(database: Database, tenant_id: UUID, actor: Actor, job: ChargeInstalment) -> None:
    """Three steps: the try committed, the card asked, the outcome written. May be run again after each."""
    async with database.tenant(tenant_id) as db:
        wanted = await _prepare(db, actor, job)
    if wanted is None:
        return
    code = ""
    try:
        charged = await cards.charge_saved(
            database,
            tenant_id,
            actor,
            wanted.guarantor_id,
            wanted.saved_method_id,
            wanted.cents,
            plan_instalment_id=job.instalment_id,
        )
    except (NoProcessor, NotTakingPayments, SavedCardEnded) as refused:
        # No card was asked. Nothing else is caught: what is not known stays an open try.
        code = _word(refused)
    async with database.tenant(tenant_id) as db:
        await queries.lock(db, job.plan_id)  # first, as whoever prepares does
        if code:
            await _end_try(db, actor, wanted.try_id, "declined", code)
            await _after_decline(db, actor, job, code)
        else:
            await _resolve(db, actor, job.instalment_id, charged.payment_id)
        await watching.look_at(db, actor, [job.plan_id])


async def told(db: TenantSession, actor: Actor, job: TellPlan) -> None:
    """A payment of a plan moved on: its try ends, and the plan goes as far as that carries it."""
    found = (
        await db.execute(
            select(PlanInstalment.payment_plan_id, PlanInstalment.id)
            .join(
                Payment,
                (Payment.tenant_id == PlanInstalment.tenant_id)
                & (Payment.plan_instalment_id == PlanInstalment.id),
            )
            .where(Payment.tenant_id == db.tenant_id, Payment.id == job.payment_id)
        )
    ).one_or_none()
    if found is None:
        return
    await queries.lock(db, found.payment_plan_id)
    await _resolve(db, actor, found.id, job.payment_id)
    await watching.look_at(db, actor, [found.payment_plan_id])


# --- before the card is asked ---


async def _prepare(db: TenantSession, actor: Actor, job: ChargeInstalment) -> _Wanted | None:
    """Locked and looked at again: what was owed this morning may have been paid since."""
    row = await queries.row_for(db, actor, job.plan_id, lock=True)
    await watching.look_at(db, actor, [row.id])
    shown = await queries.plan(db, actor, row.id)
    today = await reckoning.today(db)
    if not _may_charge(row) or _due(shown, today) != job.instalment_id:
        return None
    if await reckoning.under_way(db, [row.id]):
        return None
    tries = await _tries(db, job.instalment_id)
    standing = next(one for one in queries.standings(shown) if one.left_cents)
    cents = rules.to_charge(standing, shown.still_owed_cents)
    if tries and tries[-1].outcome == "started":
        return await _taken_up(db, actor, row, tries[-1], job)
    if cents < payments.LEAST_CENTS or row.saved_method_id is None:
        return None
    day = rules.next_try_on(
        [
            Try(one.tried_on, one.code)
            for one in tries
            if one.saved_method_id == row.saved_method_id
        ],
        standing.due_on,
        standing.due_on + timedelta(days=row.grace_days),
        await _card_days(db, row.saved_method_id, today),
    )
    if day is None or day > today or any(one.outcome == "succeeded" for one in tries):
        return None
    return await _begin(db, actor, row, job, len(tries) + 1, cents, today)


def _may_charge(row: PaymentPlan) -> bool:
    return (
        row.autopay
        and not row.autopay_stopped
        and row.saved_method_id is not None
        and State(row.state) in (State.ACTIVE, State.MISSED, State.GRACE)
    )


def _due(shown: PlanShown, today: date) -> UUID | None:
    """The earliest instalment that is not paid, when its day has come."""
    first = next((one for one in shown.instalments if one.left_cents), None)
    return first.id if first is not None and first.due_on <= today else None


async def _begin(
    db: TenantSession,
    actor: Actor,
    row: PaymentPlan,
    job: ChargeInstalment,
    n: int,
    cents: int,
    today: date,
) -> _Wanted:
    assert row.saved_method_id is not None
    try_id = new_id()
    await db.execute(
        insert(PlanTry).values(
            tenant_id=db.tenant_id,
            id=try_id,
            plan_instalment_id=job.instalment_id,
            saved_method_id=row.saved_method_id,
            n=n,
            tried_on=today,
            amount_cents=cents,
            outcome="started",
            code="",
            started_at=clock.now(),
        )
    )
    await trail.record(
        db,
        actor,
        "plan.try",
        object_type="plan_try",
        object_id=try_id,
        subjects=[row.guarantor_id],
        detail={"count": n, "cents": cents},
    )
    return _Wanted(try_id, row.guarantor_id, row.saved_method_id, cents)


async def _taken_up(
    db: TenantSession, actor: Actor, row: PaymentPlan, before: PlanTry, job: ChargeInstalment
) -> _Wanted | None:
    """A try that nobody saw end: asked only if no attempt of a payment came of it."""
    attempt = await db.scalar(
        select(PaymentAttempt.payment_id)
        .join(
            Payment,
            (Payment.tenant_id == PaymentAttempt.tenant_id)
            & (Payment.id == PaymentAttempt.payment_id),
        )
        .where(
            Payment.tenant_id == db.tenant_id,
            Payment.plan_instalment_id == job.instalment_id,
            Payment.method == "saved_card",
            PaymentAttempt.asked_at >= before.started_at,
        )
        .order_by(PaymentAttempt.asked_at.desc())
        .limit(1)
    )
    if attempt is None:
        return _Wanted(before.id, row.guarantor_id, before.saved_method_id, before.amount_cents)
    await _resolve(db, actor, job.instalment_id, attempt)
    return None


async def _tries(db: TenantSession, instalment_id: UUID) -> Sequence[PlanTry]:
    found = await db.scalars(
        select(PlanTry)
        .where(PlanTry.tenant_id == db.tenant_id, PlanTry.plan_instalment_id == instalment_id)
        .order_by(PlanTry.n)
    )
    return found.all()


async def _card_days(db: TenantSession, saved_method_id: UUID, today: date) -> list[date]:
    found = await db.scalars(
        select(PlanTry.tried_on).where(
            PlanTry.tenant_id == db.tenant_id,
            PlanTry.saved_method_id == saved_method_id,
            PlanTry.tried_on > today - timedelta(days=rules.CARD_WINDOW_DAYS),
        )
    )
    return list(found)


# --- after it was asked ---


async def _resolve(db: TenantSession, actor: Actor, instalment_id: UUID, payment_id: UUID) -> None:
    """End the open try of an instalment by what its payment came to, if that is known."""
    tries = await _tries(db, instalment_id)
    payment = await db.scalar(
        select(Payment).where(Payment.tenant_id == db.tenant_id, Payment.id == payment_id)
    )
    if payment is None or payment.method != "saved_card":
        return
    if not tries or tries[-1].outcome != "started":
        return
    if payment.state == "succeeded":
        await _end_try(db, actor, tries[-1].id, "succeeded", "", payment_id)
    elif payment.state in ("failed", "expired"):
        code = payment.failure_code or "unknown"
        await _end_try(db, actor, tries[-1].id, "declined", code, payment_id)
        (plan_id,) = await db.scalars(
            select(PlanInstalment.payment_plan_id).where(
                PlanInstalment.tenant_id == db.tenant_id, PlanInstalment.id == instalment_id
            )
        )
        await _after_decline(db, actor, ChargeInstalment(plan_id, instalment_id), code)


async def _end_try(
    db: TenantSession,
    actor: Actor,
    try_id: UUID,
    outcome: str,
    code: str,
    payment_id: UUID | None = None,
) -> None:
    await db.execute(
        update(PlanTry)
        .where(PlanTry.tenant_id == db.tenant_id, PlanTry.id == try_id)
        .values(outcome=outcome, code=code, payment_id=payment_id, ended_at=clock.now())
        .execution_options(synchronize_session=False)
    )
    await trail.record(
        db,
        actor,
        "plan.tried",
        object_type="plan_try",
        object_id=try_id,
        detail={"state": outcome, "reason": code},
    )


async def _after_decline(db: TenantSession, actor: Actor, job: ChargeInstalment, code: str) -> None:
    """The guarantor is told and can pay in another way; a hard decline, or the last try, ends the asking."""
    row = await queries.row_for(db, actor, job.plan_id, lock=True)
    tries = await _tries(db, job.instalment_id)
    due_on = await db.scalar(
        select(PlanInstalment.due_on).where(
            PlanInstalment.tenant_id == db.tenant_id, PlanInstalment.id == job.instalment_id
        )
    )
    assert due_on is not None
    assert row.saved_method_id is not None
    following = rules.next_try_on(
        [
            Try(one.tried_on, one.code)
            for one in tries
            if one.saved_method_id == row.saved_method_id
        ],
        due_on,
        due_on + timedelta(days=row.grace_days),
        await _card_days(db, row.saved_method_id, await reckoning.today(db)),
    )
    if rules.is_hard(code):
        row.autopay_stopped = code
        await db.flush()
    if following is None or len(tries) == 1:
        link = await issuing.issue(db, actor, "plan", row.guarantor_id, row.id)
        await sending.ask(db, actor, row.guarantor_id, "payment_failed", Words(link=link))


def _word(refused: DomainError) -> str:
    return refused.name.replace("-", "_")
