"""Give money back: asked for by one person, above a limit approved by another, made by a job.

A refund of a card goes to that card. What was paid in cash or by cheque is given back in cash or by
cheque, and is journalled when it is handed over: with the approval.
"""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, insert, select

from billing_saas.audit import trail
from billing_saas.duties import separating
from billing_saas.duties.rules import APPROVE_REFUND, ASKED_REFUND, REFUND
from billing_saas.followups import cards
from billing_saas.followups.cards import NewCard
from billing_saas.kit import clock, points
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import Database, TenantSession
from billing_saas.kit.ids import new_id
from billing_saas.kit.processing import ProcessorCall, RefundTold
from billing_saas.kit.protocols import ProcessorRefused, ProcessorUnknown
from billing_saas.ledger import journal
from billing_saas.ledger.rules import Account
from billing_saas.outbox import queue
from billing_saas.payments import accounts, laying, recording, rules, settings
from billing_saas.payments.attempts import FIRST_LOOK
from billing_saas.payments.errors import (
    MoreThanPaid,
    NotRefundable,
    RefundNotFailed,
    RefundNotFound,
    RefundNotWaiting,
)
from billing_saas.payments.jobs import AskAboutPayment, MakeRefund
from billing_saas.payments.rules import RefundReason
from billing_saas.payments.tables import Payment, PaymentCharge, Refund
from billing_saas.settlements import returning

ASK = "refunds.ask"
APPROVE = "refunds.approve"


async def ask(
    db: TenantSession,
    actor: Actor,
    payment_id: UUID,
    amount_cents: int,
    reason: RefundReason,
    *,
    paper_number: str = "",
) -> UUID:
    """All or a part of a payment that came. Up to the practice's limit it is made at once; above, it waits
    for a second person. Raises `NotRefundable`, `MoreThanPaid`, `AnotherMust`, `StepUpRequired`."""
    actor.must(ASK)
    payment = await recording.lock(db, payment_id)
    actor.must_have_stepped_up()
    await separating.must_differ(db, actor, REFUND, payment_id)
    if payment.state != "succeeded" or payment.disputed in ("open", "lost"):
        raise NotRefundable("Nothing of this payment can be given back.", state=payment.state)
    charge_id, left, gone = await _left(db, payment)
    if amount_cents > left:
        raise MoreThanPaid("That is more than is left of the payment.", left_cents=left)
    # Of one payment as a whole: two halves under the limit are no way around the second person.
    at_once = gone + amount_cents <= (await settings.of(db)).refund_limit_cents
    refund_id, now = new_id(), clock.now()
    await db.execute(
        insert(Refund).values(
            tenant_id=db.tenant_id,
            id=refund_id,
            payment_id=payment_id,
            amount_cents=amount_cents,
            reason=reason,
            method=_method(payment, charge_id),
            state="awaiting_approval",
            paper_number=paper_number,
            asked_by_kind=actor.kind.value,
            asked_by=actor.id,
            asked_at=now,
            updated_at=now,
        )
    )
    await separating.did(db, actor, ASKED_REFUND, refund_id, amount_cents=amount_cents)
    await trail.record(
        db,
        actor,
        "refund.ask",
        object_type="refund",
        object_id=refund_id,
        subjects=[payment.guarantor_id],
        detail={"cents": amount_cents, "reason": reason},
    )
    _, refund = await locked(db, refund_id)
    if at_once:
        await _approved(db, actor, payment, refund)
    else:
        await cards.open_cards(db, [_waiting(refund)])
    return refund_id


async def approve(db: TenantSession, actor: Actor, refund_id: UUID) -> None:
    """By somebody else than who asked, whatever the practice keeps apart otherwise."""
    actor.must(APPROVE)
    payment, refund = await locked(db, refund_id)
    actor.must_have_stepped_up()
    if refund.state != "awaiting_approval":
        raise RefundNotWaiting("This refund does not wait for anybody.", state=refund.state)
    await separating.must_differ(db, actor, APPROVE_REFUND, refund_id)
    await separating.must_differ(db, actor, REFUND, payment.id)
    if payment.state != "succeeded" or payment.disputed in ("open", "lost"):
        raise NotRefundable("Nothing of this payment can be given back.", state=payment.state)
    refund.decided_by, refund.decided_at = actor.id, clock.now()
    await _approved(db, actor, payment, refund)
    await cards.withdraw(db, actor, [refund.id], outcome="approved", kind="refund_waits")


async def refuse(db: TenantSession, actor: Actor, refund_id: UUID) -> None:
    actor.must(APPROVE)
    _, refund = await locked(db, refund_id)
    if refund.state != "awaiting_approval":
        raise RefundNotWaiting("This refund does not wait for anybody.", state=refund.state)
    refund.decided_by, refund.decided_at = actor.id, clock.now()
    await _move(db, actor, refund, "refused")
    await cards.withdraw(db, actor, [refund.id], outcome="refused", kind="refund_waits")


async def repay(db: TenantSession, actor: Actor, refund_id: UUID, paper_number: str = "") -> None:
    """What could not reach the card was given by cheque: the debt to the patient is settled."""
    actor.must(APPROVE)
    payment, refund = await locked(db, refund_id)
    actor.must_have_stepped_up()
    if refund.state != "failed" or not refund.came_back:
        raise RefundNotFailed("Only a refund that failed is repaid.", state=refund.state)
    entry = rules.repaid_entry(
        refund.id, await laying.today(db), refund.amount_cents, payment.guarantor_id
    )
    await journal.post(db, actor, [entry])
    refund.paper_number = paper_number
    await _move(db, actor, refund, "repaid")
    await cards.withdraw(db, actor, [refund.id], outcome="repaid", kind="refund_failed")


async def locked(db: TenantSession, refund_id: UUID) -> tuple[Payment, Refund]:
    """The payment first, as everybody locks them who hears of both."""
    payment_id = await db.scalar(
        select(Refund.payment_id).where(Refund.tenant_id == db.tenant_id, Refund.id == refund_id)
    )
    if payment_id is None:
        raise RefundNotFound("There is no such refund.")
    payment = await recording.lock(db, payment_id)
    refund = await db.scalar(
        select(Refund)
        .where(Refund.tenant_id == db.tenant_id, Refund.id == refund_id)
        .with_for_update()
    )
    assert refund is not None
    return payment, refund


# --- the job: prepare, call, record ---


async def make(database: Database, tenant_id: UUID, actor: Actor, job: MakeRefund) -> None:
    """May run again after any of its steps: the key is the refund's id, for a day; then it is looked for."""
    async with database.tenant(tenant_id) as db:
        payment, refund = await locked(db, job.refund_id)
        if refund.state not in ("approved", "unknown"):
            return
        charge_id, _, _ = await _left(db, payment)
        account = await accounts.known(db)
        decided_at = refund.decided_at or refund.asked_at
        # Whatever happens to this process, somebody asks again.
        refund.look_at = clock.now() + FIRST_LOOK
        call = ProcessorCall(
            account=account,
            key=f"refund:{refund.id}",
            reference=refund.id,
            cents=refund.amount_cents,
            ids={"charge": charge_id},
        )
    points.reach("payments.refunding.prepared")
    processor = accounts.processor_of(database)
    told: RefundTold | None = None
    code = ""
    try:
        if clock.now() - decided_at < _KEYS_LIVE:
            told = await processor.refund(call)
        else:
            found = await processor.refunds_of(call)
            told = next((one for one in found if one.reference == refund.id), None)
            code = "never_asked"
    except ProcessorRefused as refused:
        code = refused.code
    except ProcessorUnknown:
        async with database.tenant(tenant_id) as db:
            _, refund = await locked(db, job.refund_id)
            await _move(db, actor, refund, "unknown")
        raise
    points.reach("payments.refunding.called")
    async with database.tenant(tenant_id) as db:
        payment, refund = await locked(db, job.refund_id)
        if told is None:
            await _not_made(db, actor, refund, code)
            return
        await returning.told(db, actor, payment, told)
        # Its movement is told with the payment.
        await queue.add(db, AskAboutPayment(payment.id), request_id=actor.request_id)


async def _not_made(db: TenantSession, actor: Actor, refund: Refund, code: str) -> None:
    """The processor said no: nothing went, and a person must look."""
    if refund.state not in ("approved", "unknown"):
        return
    refund.failure_code, refund.look_at = code, None
    await _move(db, actor, refund, "refused")
    await cards.open_cards(
        db,
        [
            NewCard(
                kind="refund_refused",
                why="The payment processor refused a refund: see why, and ask again if it is due.",
                owner="biller",
                subject_type="refund",
                subject_id=refund.id,
                source=f"refund-refused:{refund.id}",
                worth_cents=refund.amount_cents,
            )
        ],
    )


_KEYS_LIVE = timedelta(hours=23)


async def _left(db: TenantSession, payment: Payment) -> tuple[str, int, int]:
    """The processor's charge (none at the desk), what is left of it, and what was given back or asked for."""
    came = (
        await db.execute(
            select(PaymentCharge.processor_id, PaymentCharge.amount_cents)
            .where(PaymentCharge.tenant_id == db.tenant_id, PaymentCharge.payment_id == payment.id)
            .order_by(PaymentCharge.amount_cents.desc(), PaymentCharge.id)
        )
    ).all()
    pending = await db.scalar(
        select(func.coalesce(func.sum(Refund.amount_cents), 0)).where(
            Refund.tenant_id == db.tenant_id,
            Refund.payment_id == payment.id,
            Refund.journalled.is_(False),
            Refund.state.in_(("awaiting_approval", "approved", "unknown", "pending")),
        )
    )
    total = sum(row.amount_cents for row in came)
    charge_id = came[0].processor_id if came else None
    gone = payment.refunded_cents + int(pending or 0)
    return charge_id or "", total - gone, gone


def _method(payment: Payment, charge_id: str) -> str:
    if charge_id:
        return "processor"
    return "cash" if payment.method == "cash" else "cheque"


async def _approved(db: TenantSession, actor: Actor, payment: Payment, refund: Refund) -> None:
    await _move(db, actor, refund, "approved")
    if refund.method == "processor":
        refund.look_at = clock.now() + FIRST_LOOK
        await db.flush()
        await queue.add(db, MakeRefund(refund.id), request_id=actor.request_id)
        return
    account = Account.PATIENT_CASH if refund.method == "cash" else Account.BANK
    await returning.take_back(db, actor, payment, refund, f"refund:{refund.id}", account)
    await _move(db, actor, refund, "succeeded")


async def _move(db: TenantSession, actor: Actor, refund: Refund, state: str) -> None:
    before = refund.state
    refund.state = rules.refund_state(before, state)
    if refund.state == before:
        return
    refund.updated_at = clock.now()
    refund.version += 1
    await db.flush()
    await trail.record(
        db,
        actor,
        "refund.change",
        object_type="refund",
        object_id=refund.id,
        detail={"from": before, "to": refund.state},
    )


def _waiting(refund: Refund) -> NewCard:
    return NewCard(
        kind="refund_waits",
        why="A refund above the practice's limit waits for a second person.",
        owner="biller",
        subject_type="refund",
        subject_id=refund.id,
        source=f"refund-waits:{refund.id}",
        worth_cents=refund.amount_cents,
    )
