"""Answer a dispute: a person decides to, and a job hands in one of our fixed sentences, without PHI."""

import contextlib
from uuid import UUID

from sqlalchemy import select

from billing_saas.audit import trail
from billing_saas.followups import cards
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import Database, TenantSession
from billing_saas.kit.processing import DisputeTold, ProcessorCall, ProcessorText
from billing_saas.kit.protocols import ProcessorRefused
from billing_saas.outbox import queue
from billing_saas.payments import accounts, recording
from billing_saas.payments.errors import DisputeNotFound, NothingToAnswer
from billing_saas.payments.jobs import AnswerDispute
from billing_saas.payments.tables import Dispute, Payment
from billing_saas.settlements import withholding

ANSWER = "disputes.answer"


async def answer(db: TenantSession, actor: Actor, dispute_id: UUID) -> None:
    """What is said follows from how the payment was made; there is one chance at the bank."""
    actor.must(ANSWER)
    dispute = await locked(db, dispute_id)
    if dispute.state not in ("needs_response", "inquiry") or dispute.evidence_state in (
        "asked",
        "sent",
    ):
        raise NothingToAnswer("There is nothing to answer (any more).", state=dispute.state)
    dispute.evidence_state = "asked"
    dispute.evidence_by, dispute.evidence_at = actor.id, clock.now()
    dispute.version += 1
    await db.flush()
    await queue.add(db, AnswerDispute(dispute.id), request_id=actor.request_id)
    await trail.record(db, actor, "dispute.answer", object_type="dispute", object_id=dispute_id)


async def locked(db: TenantSession, dispute_id: UUID) -> Dispute:
    dispute = await db.scalar(
        select(Dispute)
        .where(Dispute.tenant_id == db.tenant_id, Dispute.id == dispute_id)
        .with_for_update()
    )
    if dispute is None:
        raise DisputeNotFound("There is no such dispute.")
    return dispute


async def hand_in(database: Database, tenant_id: UUID, actor: Actor, job: AnswerDispute) -> None:
    """The job. Handed in twice is handed in once: the key is the dispute's id."""
    async with database.tenant(tenant_id) as db:
        dispute = await locked(db, job.dispute_id)
        if dispute.evidence_state != "asked":
            return
        account = await accounts.known(db)
        method = await db.scalar(
            select(Payment.method).where(
                Payment.tenant_id == db.tenant_id, Payment.id == dispute.payment_id
            )
        )
    call = ProcessorCall(
        account=account,
        key=f"dispute:{dispute.id}",
        text=ProcessorText.SCHEDULED if method == "saved_card" else ProcessorText.AGREED,
        ids={"dispute": dispute.processor_id},
    )
    told: DisputeTold | None = None
    # Refused: it was decided meanwhile, or answered at the processor itself.
    with contextlib.suppress(ProcessorRefused):
        told = await accounts.processor_of(database).answer_dispute(call)
    async with database.tenant(tenant_id) as db:
        payment = await recording.lock(db, dispute.payment_id)
        row = await locked(db, job.dispute_id)
        row.evidence_state = "sent" if told is not None else "refused"
        row.version += 1
        await db.flush()
        if told is not None:
            await withholding.told(db, actor, payment, told)
            await cards.withdraw(db, actor, [row.id], outcome="answered", kind="dispute_open")
