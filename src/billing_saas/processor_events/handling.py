"""What knocked: kept once, and handled by a job that asks the processor instead of believing the order."""

import hashlib
from collections.abc import Awaitable, Callable
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from billing_saas.kept_cards import saving
from billing_saas.kit import clock, points
from billing_saas.kit.actor import Actor, ActorKind
from billing_saas.kit.db import Database, TenantSession
from billing_saas.kit.ids import new_id
from billing_saas.kit.processing import EventTold, IntentTold, ProcessorCall
from billing_saas.kit.protocols import NotTheProcessor, ProcessorRefused
from billing_saas.outbox import queue
from billing_saas.payments import accounts
from billing_saas.payments.errors import NotForUs
from billing_saas.payments.jobs import AskAboutCard, AskAboutPayment, HandleEvent
from billing_saas.payments.tables import ProcessorAccount, ProcessorEvent
from billing_saas.settlements import asking, reconciling, settling

# Who knocks is nobody of ours: the trail names this one.
PROCESSOR = UUID(int=0x57)


async def receive(database: Database, body: bytes, signature: str, request_id: str = "") -> None:
    """Verify the very bytes, keep that it came, once, and owe the job. Raises `NotForUs`: nothing is kept."""
    processor = accounts.processor_of(database)
    try:
        told = processor.event(body, signature)
    except NotTheProcessor:
        raise NotForUs("This is not from the payment processor.") from None
    if told.livemode != processor.livemode:
        raise NotForUs("This is of the other mode.")
    async with database.glance() as glance:
        tenant_id = await _whose(glance, told)
    if tenant_id is None:
        raise NotForUs("This account is not kept here.")
    async with database.tenant(tenant_id) as db:
        await keep(db, told, hashlib.sha256(body).digest(), request_id)


async def _whose(glance: AsyncConnection, told: EventTold) -> UUID | None:
    """Only accounts of practices: what happens on the platform's own is no practice's business."""
    if not told.account:
        return None
    found = await glance.scalar(
        select(ProcessorAccount.tenant_id).where(
            ProcessorAccount.processor_id == told.account,
            ProcessorAccount.livemode == told.livemode,
        )
    )
    return UUID(str(found)) if found is not None else None


async def keep(db: TenantSession, told: EventTold, digest: bytes, request_id: str = "") -> None:
    event_id = await db.scalar(
        insert(ProcessorEvent)
        .values(
            tenant_id=db.tenant_id,
            id=new_id(),
            processor_id=told.id,
            kind=told.kind,
            object_id=told.object_id,
            body_sha256=digest,
            state="received",
            happened_at=told.at,
            received_at=clock.now(),
        )
        .on_conflict_do_nothing(index_elements=["tenant_id", "processor_id"])
        .returning(ProcessorEvent.id)
    )
    if event_id is not None:
        await queue.add(db, HandleEvent(event_id), request_id=request_id)


# --- the job ---

_GONE = ("resource_missing", "account_invalid", "account_closed", "platform_account_required")
"""The object is not of this account, or the account no longer lets us look."""

Way = Callable[[Database, UUID, Actor, str, str], Awaitable[bool]]


async def handle(database: Database, tenant_id: UUID, actor: Actor, job: HandleEvent) -> None:
    """Ask about the object, write down what it says. Knocks of one payment may be handled in any order."""
    async with database.tenant(tenant_id) as db:
        event = await db.scalar(
            select(ProcessorEvent).where(
                ProcessorEvent.tenant_id == tenant_id, ProcessorEvent.id == job.event_id
            )
        )
        if event is None or event.state != "received":
            return
        account = await accounts.known(db)
    way = way_of(event.kind)
    try:
        handled = way is not None and await way(
            database, tenant_id, actor, account, event.object_id
        )
    except ProcessorRefused as refused:
        if refused.code not in _GONE:
            raise  # we asked wrongly: not a word of Stripe's is let go for that
        handled = False
    points.reach("payments.handling.written")
    async with database.tenant(tenant_id) as db:
        await db.execute(
            update(ProcessorEvent)
            .where(ProcessorEvent.tenant_id == tenant_id, ProcessorEvent.id == job.event_id)
            .values(state="handled" if handled else "ignored", handled_at=clock.now())
        )


def way_of(kind: str) -> Way | None:
    """By the longest beginning of the event's type."""
    fitting = [begin for begin in _WAYS if kind.startswith(begin)]
    return _WAYS[max(fitting, key=len)] if fitting else None


async def _of_checkout(
    database: Database, tenant_id: UUID, actor: Actor, account: str, object_id: str
) -> bool:
    processor = accounts.processor_of(database)
    told = await processor.checkout_told(
        ProcessorCall(account=account, ids={"checkout": object_id})
    )
    async with database.tenant(tenant_id) as db:
        card_id = await saving.by_checkout(db, told.id)
        payment_id = await asking.by_checkout(db, told)
    if card_id is not None:
        await saving.ask_about(database, tenant_id, actor, AskAboutCard(card_id))
        return True
    return await _settled(database, tenant_id, actor, payment_id)


async def _of_intent(
    database: Database, tenant_id: UUID, actor: Actor, account: str, object_id: str
) -> bool:
    call = ProcessorCall(account=account, ids={"intent": object_id})
    told = await accounts.processor_of(database).intent(call)
    return await _of_told(database, tenant_id, actor, told)


def _of(kind: str) -> Way:
    """Charges, refunds and disputes: of the payment behind them."""

    async def way(
        database: Database, tenant_id: UUID, actor: Actor, account: str, object_id: str
    ) -> bool:
        call = ProcessorCall(account=account, ids={kind: object_id})
        told = await accounts.processor_of(database).intent_about(call)
        return await _of_told(database, tenant_id, actor, told)

    return way


async def _of_told(
    database: Database, tenant_id: UUID, actor: Actor, told: IntentTold | None
) -> bool:
    if told is None:
        return False
    async with database.tenant(tenant_id) as db:
        payment_id = await asking.by_intent(db, told)
    return await _settled(database, tenant_id, actor, payment_id)


async def _settled(
    database: Database, tenant_id: UUID, actor: Actor, payment_id: UUID | None
) -> bool:
    """False: a payment that was not made here; the practice's account is its own."""
    if payment_id is None:
        return False
    await ask_about(database, tenant_id, actor, AskAboutPayment(payment_id))
    return True


async def _of_payout(
    database: Database, tenant_id: UUID, actor: Actor, _account: str, object_id: str
) -> bool:
    truth = await reconciling.ask(database, tenant_id, object_id)
    async with database.tenant(tenant_id) as db:
        await reconciling.write(db, actor, truth)
    return True


async def _of_account(
    database: Database, tenant_id: UUID, actor: Actor, _account: str, _object_id: str
) -> bool:
    told = await accounts.told_of(database, tenant_id)
    if told is None:
        return False
    async with database.tenant(tenant_id) as db:
        await accounts.write_told(db, actor, told)
    return True


async def _cut_off(
    database: Database, tenant_id: UUID, actor: Actor, _account: str, _object_id: str
) -> bool:
    async with database.tenant(tenant_id) as db:
        await accounts.end(db, actor)
    return True


_WAYS: dict[str, Way] = {
    "account.": _of_account,
    "account.application.deauthorized": _cut_off,
    "capability.": _of_account,
    "charge.": _of("charge"),
    "charge.dispute.": _of("dispute"),
    "charge.refund.": _of("refund"),
    "checkout.session.": _of_checkout,
    "payment_intent.": _of_intent,
    "payout.": _of_payout,
    "refund.": _of("refund"),
}


async def ask_about(
    database: Database, tenant_id: UUID, actor: Actor, job: AskAboutPayment
) -> None:
    truth = await asking.ask(database, tenant_id, job.payment_id)
    points.reach("payments.handling.asked")
    async with database.tenant(tenant_id) as db:
        await settling.settle(db, actor, truth)


def knocker(request_id: str) -> Actor:
    return Actor(kind=ActorKind.SYSTEM, id=PROCESSOR, request_id=request_id)
