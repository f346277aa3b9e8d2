"""Keep a card at the processor for later, by recorded consent: a page of the processor, in three steps."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import insert, select, update

from billing_saas.audit import trail
from billing_saas.kit import clock, points
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import Database, TenantSession
from billing_saas.kit.ids import new_id
from billing_saas.kit.processing import CheckoutTold, ProcessorCall, ReturnTo, SetupTold
from billing_saas.kit.protocols import ProcessorDown, ProcessorRefused, ProcessorUnknown
from billing_saas.outbox import queue
from billing_saas.payments import accounts
from billing_saas.payments.attempts import FIRST_LOOK, PAGE_GOOD_FOR
from billing_saas.payments.errors import SavedCardNotFound
from billing_saas.payments.jobs import AskAboutCard, ForgetCard
from billing_saas.payments.tables import SavedMethod

CONSENT = "card-on-file-1"
"""Which text a person agreed to. A changed text has a new word; the text itself is the page's."""


@dataclass(frozen=True, slots=True)
class Saving:
    """`url` is where the card is given; None: the processor did not answer, begin again."""

    saved_method_id: UUID
    url: str | None


@dataclass(frozen=True, slots=True)
class CardTold:
    """What the processor says of a card that was being given."""

    checkout: CheckoutTold
    setup: SetupTold | None


async def begin(
    database: Database,
    tenant_id: UUID,
    actor: Actor,
    guarantor_id: UUID,
    *,
    consent: str = CONSENT,
) -> Saving:
    """The caller has shown the text of `consent` and has the person's yes to it. Raises
    `NotTakingPayments`, `NoProcessor`."""
    processor = accounts.processor_of(database)
    saved_id, now = new_id(), clock.now()
    async with database.tenant(tenant_id) as db:
        account = await accounts.taking(db)
        await db.execute(
            insert(SavedMethod).values(
                tenant_id=tenant_id,
                id=saved_id,
                guarantor_id=guarantor_id,
                state="asked",
                consent_version=consent,
                consented_at=now,
                consented_by_kind=actor.kind.value,
                consented_by=actor.id,
                look_at=now + FIRST_LOOK,
                created_at=now,
                updated_at=now,
            )
        )
        await trail.record(
            db,
            actor,
            "card.consent",
            object_type="saved_method",
            object_id=saved_id,
            subjects=[guarantor_id],
            detail={"kind": consent},
        )
    points.reach("payments.saving.prepared")
    call = ProcessorCall(
        account=account,
        key=f"card:{saved_id}",
        reference=saved_id,
        return_to=ReturnTo.CARD,
        at=now + PAGE_GOOD_FOR,
    )
    try:
        told = await processor.setup(call)
    except (ProcessorDown, ProcessorUnknown, ProcessorRefused):
        # Nothing was taken, and a page that nobody was shown keeps nothing: it is begun anew.
        async with database.tenant(tenant_id) as db:
            await _write(db, saved_id, state="failed", look_at=None)
        return Saving(saved_id, None)
    async with database.tenant(tenant_id) as db:
        await _write(
            db,
            saved_id,
            state="open",
            checkout_id=told.id,
            checkout_url=told.url or None,
            look_at=now + PAGE_GOOD_FOR,
        )
    return Saving(saved_id, told.url or None)


async def cards_of(db: TenantSession, guarantor_id: UUID) -> list[SavedMethod]:
    """Cards that are kept now, newest first. The caller has checked who asks."""
    rows = await db.scalars(
        select(SavedMethod)
        .where(
            SavedMethod.tenant_id == db.tenant_id,
            SavedMethod.guarantor_id == guarantor_id,
            SavedMethod.state == "active",
        )
        .order_by(SavedMethod.id.desc())
        .limit(50)
    )
    return list(rows)


async def card_of(db: TenantSession, guarantor_id: UUID, saved_method_id: UUID) -> SavedMethod:
    """One of them, in whatever state; another guarantor's is not found."""
    row = await db.scalar(
        select(SavedMethod).where(
            SavedMethod.tenant_id == db.tenant_id,
            SavedMethod.id == saved_method_id,
            SavedMethod.guarantor_id == guarantor_id,
        )
    )
    if row is None:
        raise SavedCardNotFound("There is no such card.")
    return row


async def end(db: TenantSession, actor: Actor, guarantor_id: UUID, saved_method_id: UUID) -> None:
    """Consent is withdrawn: nothing more is taken from this card, and the processor forgets it."""
    card = await card_of(db, guarantor_id, saved_method_id)
    if card.state == "ended":
        return
    await _write(db, saved_method_id, state="ended", ended_at=clock.now(), look_at=None)
    await queue.add(db, ForgetCard(saved_method_id), request_id=actor.request_id)
    await trail.record(
        db,
        actor,
        "card.end",
        object_type="saved_method",
        object_id=saved_method_id,
        subjects=[guarantor_id],
    )


# --- jobs: prepare, call, record ---


async def ask_about(database: Database, tenant_id: UUID, actor: Actor, job: AskAboutCard) -> None:
    """Whether the card was given, by the page it was to be given on."""
    processor = accounts.processor_of(database)
    async with database.tenant(tenant_id) as db:
        card = await _row(db, job.saved_method_id)
        account = await accounts.known(db)
    if card is None or card.state not in ("asked", "open", "unknown"):
        return
    told: CardTold | None = None
    if card.checkout_id is not None:
        page = ProcessorCall(account=account, ids={"checkout": card.checkout_id})
        checkout = await processor.checkout_told(page)
        setup = None
        if checkout.setup:
            call = ProcessorCall(account=account, ids={"setup": checkout.setup})
            setup = await processor.setup_told(call)
        told = CardTold(checkout, setup)
    async with database.tenant(tenant_id) as db:
        await _record(db, actor, job.saved_method_id, told)


async def _record(
    db: TenantSession, actor: Actor, saved_method_id: UUID, told: CardTold | None
) -> None:
    card = await _row(db, saved_method_id, lock=True)
    if card is None or card.state not in ("asked", "open", "unknown"):
        return
    if told is None or told.checkout.status == "expired":  # nobody was sent there, or gave one
        await _write(db, card.id, state="failed", look_at=None)
    elif told.setup is None or told.setup.status != "succeeded":
        await _write(db, card.id, look_at=clock.now() + timedelta(minutes=15))
    else:
        await _write(
            db,
            card.id,
            state="active",
            customer_id=told.setup.customer,
            method_id=told.setup.method,
            brand=told.setup.brand,
            expires_on=told.setup.expires_on,
            look_at=None,
        )
        await trail.record(
            db,
            actor,
            "card.keep",
            object_type="saved_method",
            object_id=card.id,
            subjects=[card.guarantor_id],
        )


async def forget(database: Database, tenant_id: UUID, actor: Actor, job: ForgetCard) -> None:
    async with database.tenant(tenant_id) as db:
        card = await _row(db, job.saved_method_id)
        account = await accounts.known(db)
    if card is None or card.method_id is None:
        return
    await accounts.processor_of(database).forget_card(
        ProcessorCall(account=account, ids={"method": card.method_id})
    )
    async with database.tenant(tenant_id) as db:
        await trail.record(
            db, actor, "card.forget", object_type="saved_method", object_id=job.saved_method_id
        )


async def by_checkout(db: TenantSession, checkout_id: str) -> UUID | None:
    found: UUID | None = await db.scalar(
        select(SavedMethod.id).where(
            SavedMethod.tenant_id == db.tenant_id, SavedMethod.checkout_id == checkout_id
        )
    )
    return found


async def _row(
    db: TenantSession, saved_method_id: UUID, *, lock: bool = False
) -> SavedMethod | None:
    query = select(SavedMethod).where(
        SavedMethod.tenant_id == db.tenant_id, SavedMethod.id == saved_method_id
    )
    found: SavedMethod | None = await db.scalar(query.with_for_update() if lock else query)
    return found


async def _write(db: TenantSession, saved_method_id: UUID, **values: object) -> None:
    await db.execute(
        update(SavedMethod)
        .where(SavedMethod.tenant_id == db.tenant_id, SavedMethod.id == saved_method_id)
        .values(updated_at=clock.now(), **values)
        .execution_options(synchronize_session=False)
    )
