"""What nobody knocked for: askings whose end was not heard, pages that ended, debits that take days."""

from uuid import UUID

from sqlalchemy import bindparam, select, union, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Uuid

from billing_saas.kit import clock
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import PlatformSession, TenantSession
from billing_saas.outbox import queue
from billing_saas.outbox.jobs import Job
from billing_saas.payments.attempts import FIRST_LOOK
from billing_saas.payments.jobs import (
    AskAboutCard,
    AskAboutPayment,
    FindSilentPayments,
    MakeRefund,
    SweepPayments,
)
from billing_saas.payments.tables import PaymentAttempt, Refund, SavedMethod

_MOST = 500


_DUE = union(
    *(
        select(model.tenant_id).where(model.look_at <= bindparam("now"))
        for model in (PaymentAttempt, Refund, SavedMethod)
    )
)


async def find(db: PlatformSession, _actor: Actor, _job: FindSilentPayments) -> None:
    """Which practices have something due: that alone, and no more, is the platform's to see."""
    await queue.add_owed(db, [(tenant_id, SweepPayments()) for tenant_id in await due(db)])


async def due(db: PlatformSession) -> list[UUID]:
    return list(await db.scalars(_DUE, {"now": clock.now()}))


async def sweep(db: TenantSession, actor: Actor, _job: SweepPayments) -> None:
    """Owe an asking for each, and look again later: the job may fail for good."""
    now = clock.now()
    again = now + 5 * FIRST_LOOK
    jobs: list[Job] = []
    for model, its_id, job in (
        (PaymentAttempt, PaymentAttempt.payment_id, AskAboutPayment),
        (Refund, Refund.id, MakeRefund),
        (SavedMethod, SavedMethod.id, AskAboutCard),
    ):
        due = select(its_id).where(model.tenant_id == db.tenant_id, model.look_at <= now)
        found = list(dict.fromkeys(await db.scalars(due.order_by(model.look_at).limit(_MOST))))
        jobs += [job(one) for one in found]
        await db.execute(
            update(model)
            .where(
                model.tenant_id == db.tenant_id,
                its_id == bindparam("ids", found, ARRAY(Uuid)).any_(),
                model.look_at <= now,
            )
            .values(look_at=again)
            .execution_options(synchronize_session=False)
        )
    await queue.add_many(db, jobs, request_id=actor.request_id)
