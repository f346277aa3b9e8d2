"""The practice's own account at the processor: opened, completed by the practice there, looked after."""

from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from billing_saas.audit import trail
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import Database, TenantSession
from billing_saas.kit.ids import new_id
from billing_saas.kit.processing import AccountTold, ProcessorCall, ReturnTo
from billing_saas.kit.protocols import (
    PaymentProcessor,
    ProcessorDown,
    ProcessorRefused,
    ProcessorUnknown,
)
from billing_saas.outbox import queue
from billing_saas.payments.errors import (
    AccountStands,
    NoPaymentAccount,
    NoProcessor,
    NotTakingPayments,
    ProcessorSilent,
)
from billing_saas.payments.jobs import AskAboutAccount, OpenAccount
from billing_saas.payments.tables import ProcessorAccount

READ = "payment_account.read"
WRITE = "payment_account.write"


def processor_of(database: Database) -> PaymentProcessor:
    if database.processor is None:
        raise NoProcessor("This deployment has no payment processor.")
    return database.processor


async def standing(db: TenantSession) -> ProcessorAccount | None:
    found: ProcessorAccount | None = await db.scalar(
        select(ProcessorAccount).where(
            ProcessorAccount.tenant_id == db.tenant_id, ProcessorAccount.ended_at.is_(None)
        )
    )
    return found


async def taking(db: TenantSession) -> str:
    """The processor's id of the account, if payments can be taken by it now. For acts."""
    account = await standing(db)
    if account is None or account.processor_id is None or account.state != "active":
        raise NotTakingPayments("The practice does not take payments by card yet.")
    return account.processor_id


async def known(db: TenantSession) -> str:
    """The processor's id of the account, whatever it can do now: to ask about what it did."""
    found: str | None = await db.scalar(
        select(ProcessorAccount.processor_id)
        .where(
            ProcessorAccount.tenant_id == db.tenant_id, ProcessorAccount.processor_id.is_not(None)
        )
        .order_by(ProcessorAccount.id.desc())
        .limit(1)
    )
    if found is None:
        raise NoPaymentAccount("The practice has no account at the payment processor.")
    return found


async def shown(db: TenantSession, actor: Actor) -> ProcessorAccount:
    actor.must(READ)
    account = await standing(db)
    if account is None:
        raise NoPaymentAccount("The practice has no account at the payment processor.")
    return account


async def shown_by_id(db: TenantSession, actor: Actor, _account_id: UUID) -> ProcessorAccount:
    return await shown(db, actor)


async def ask_for(db: TenantSession, actor: Actor, processor: PaymentProcessor | None) -> UUID:
    """The practice wants to take cards: its account is opened by a job, then completed by the practice."""
    actor.must(WRITE)
    actor.must(READ)
    actor.must_have_stepped_up()
    if processor is None:
        raise NoProcessor("This deployment has no payment processor.")
    account_id = new_id()
    try:
        async with db.begin_nested():
            await db.execute(
                insert(ProcessorAccount).values(
                    tenant_id=db.tenant_id,
                    id=account_id,
                    livemode=processor.livemode,
                    state="opening",
                    created_by=actor.id,
                    created_at=clock.now(),
                )
            )
    except IntegrityError:
        raise AccountStands("The practice has an account already.") from None
    await queue.add(db, OpenAccount(account_id), request_id=actor.request_id)
    await trail.record(
        db, actor, "payment_account.open", object_type="payment_account", object_id=account_id
    )
    return account_id


async def open_at_processor(
    database: Database, tenant_id: UUID, actor: Actor, job: OpenAccount
) -> None:
    """The job. By the same key as often as it takes: one account."""
    async with database.tenant(tenant_id) as db:
        account = await standing(db)
    if account is None or account.id != job.account_id or account.processor_id is not None:
        return
    call = ProcessorCall(account="", key=f"account:{account.id}", reference=account.id)
    told = await processor_of(database).open_account(call)
    async with database.tenant(tenant_id) as db:
        await _write(db, actor, account.id, told)


async def ask_about(
    database: Database, tenant_id: UUID, actor: Actor, _job: AskAboutAccount
) -> None:
    told = await told_of(database, tenant_id)
    if told is not None:
        async with database.tenant(tenant_id) as db:
            await write_told(db, actor, told)


async def told_of(database: Database, tenant_id: UUID) -> AccountTold | None:
    async with database.tenant(tenant_id) as db:
        account = await standing(db)
    if account is None or account.processor_id is None:
        return None
    call = ProcessorCall(account="", ids={"account": account.processor_id})
    return await processor_of(database).account(call)


async def write_told(db: TenantSession, actor: Actor, told: AccountTold) -> None:
    """Unless the account ended, or is another by now."""
    account = await standing(db)
    if account is not None and account.processor_id == told.id:
        await _write(db, actor, account.id, told)


async def end(db: TenantSession, actor: Actor) -> None:
    """The practice cut us off at the processor: nothing can be asked by this account any more."""
    account = await standing(db)
    if account is None:
        return
    await db.execute(
        update(ProcessorAccount)
        .where(ProcessorAccount.tenant_id == db.tenant_id, ProcessorAccount.id == account.id)
        .values(state="ended", ended_at=clock.now(), charges_enabled=False, payouts_enabled=False)
    )
    await trail.record(
        db, actor, "payment_account.end", object_type="payment_account", object_id=account.id
    )


async def onboarding_link(database: Database, tenant_id: UUID, actor: Actor) -> str:
    """A page of the processor, good for minutes, where the practice tells it who it is."""
    actor.must(WRITE)
    actor.must(READ)
    actor.must_have_stepped_up()
    processor = processor_of(database)
    async with database.tenant(tenant_id) as db:
        account = await shown(db, actor)
        if account.processor_id is None:
            raise ProcessorSilent("The account is being opened. Ask again in a minute.")
        await trail.record(
            db,
            actor,
            "payment_account.onboard",
            object_type="payment_account",
            object_id=account.id,
        )
    call = ProcessorCall(
        account="",
        reference=tenant_id,
        return_to=ReturnTo.ACCOUNT,
        ids={"account": account.processor_id},
    )
    try:
        return await processor.onboarding(call)
    except (ProcessorDown, ProcessorUnknown, ProcessorRefused):
        raise ProcessorSilent("The payment processor cannot be asked right now.") from None


async def _write(db: TenantSession, actor: Actor, account_id: UUID, told: AccountTold) -> None:
    if told.charges_enabled and told.payouts_enabled:
        state = "active"
    else:
        state = "restricted" if told.details_submitted else "onboarding"
    before = await db.scalar(
        select(ProcessorAccount)
        .where(ProcessorAccount.tenant_id == db.tenant_id, ProcessorAccount.id == account_id)
        .with_for_update()
    )
    if before is None or before.ended_at is not None:
        return
    was = before.state
    await db.execute(
        update(ProcessorAccount)
        .where(ProcessorAccount.tenant_id == db.tenant_id, ProcessorAccount.id == account_id)
        .values(
            processor_id=told.id,
            state=state,
            charges_enabled=told.charges_enabled,
            payouts_enabled=told.payouts_enabled,
            details_submitted=told.details_submitted,
            requirements=" ".join(told.requirements),
            disabled_reason=told.disabled_reason,
            checked_at=clock.now(),
        )
    )
    if was != state:
        await trail.record(
            db,
            actor,
            "payment_account.change",
            object_type="payment_account",
            object_id=account_id,
            detail={"from": was, "to": state},
        )
