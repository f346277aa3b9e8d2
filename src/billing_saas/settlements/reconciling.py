"""Payouts: what went to the bank, and of which payments it is made. The bank's statement must show it."""

from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from billing_saas.audit import trail
from billing_saas.followups import cards
from billing_saas.followups.cards import NewCard
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import Database, TenantSession
from billing_saas.kit.ids import new_id
from billing_saas.kit.processing import BalanceLine, PayoutTold, ProcessorCall
from billing_saas.kit.protocols import ProcessorRefused
from billing_saas.ledger import journal, periods
from billing_saas.ledger.rules import Entry, source_stripe
from billing_saas.payments import accounts, laying, rules
from billing_saas.payments.tables import BalanceTransaction, Payout
from billing_saas.payments.truth import Truth
from billing_saas.settlements import asking, booking, settling

_FEES = ("fee", "stripe_fee", "tax_fee", "network_cost", "contribution")

# A payout that failed, in the next one. Our own part of it was booked back when it failed.
_CAME_BACK = ("payout_reversal", "payout_failure", "payout_cancel")


@dataclass(frozen=True, slots=True)
class PayoutTruth:
    payout: PayoutTold
    truths: tuple[Truth, ...] = field(default=())
    """Of the payments behind movements that were not known here yet."""


async def ask(database: Database, tenant_id: UUID, payout_id: str) -> PayoutTruth:
    processor = accounts.processor_of(database)
    async with database.tenant(tenant_id) as db:
        account = await accounts.known(db)
    told = await processor.payout(ProcessorCall(account=account, ids={"payout": payout_id}))
    async with database.tenant(tenant_id) as db:
        known = await booking.known(db, [line.id for line in told.lines])
    wanted: dict[UUID, None] = {}
    for line in told.lines:
        kind = _kind_of(line.source)
        if line.id in known or kind is None:
            continue
        try:
            about = await processor.intent_about(
                ProcessorCall(account=account, ids={kind: line.source})
            )
        except ProcessorRefused:
            continue
        if about is None:
            continue
        async with database.tenant(tenant_id) as db:
            payment_id = await asking.by_intent(db, about)
        if payment_id is not None:
            wanted[payment_id] = None
    truths = [await asking.ask(database, tenant_id, payment_id) for payment_id in wanted]
    return PayoutTruth(told, tuple(truths))


async def write(db: TenantSession, actor: Actor, truth: PayoutTruth) -> None:
    """Payments first, so that their movements are known; then the payout is made of them."""
    for one in sorted(truth.truths, key=lambda one: one.payment_id):
        await settling.settle(db, actor, one)
    told = truth.payout
    row = await _row(db, told)
    booker = await booking.booker(db, actor, told.lines)
    for line in told.lines:
        if line.kind in _FEES:
            await booker.book(line, "fee", None, rules.own_fee_entry)
        elif line.kind in _CAME_BACK:
            await booker.book(line, "payout", await _earlier(db, line.source), _nothing)
        else:
            await booker.book(line, "other", None, _nothing)
    await db.execute(
        update(BalanceTransaction)
        .where(
            BalanceTransaction.tenant_id == db.tenant_id,
            BalanceTransaction.processor_id.in_([line.id for line in told.lines]),
        )
        .values(payout_id=row.id)
        .execution_options(synchronize_session=False)
    )
    await _reckon(db, row, told)
    await _move(db, actor, row, told)


async def _reckon(db: TenantSession, row: Payout, told: PayoutTold) -> None:
    """By id, a payout is its movements: ours, and those of business that is not kept here."""
    lines = (
        await db.execute(
            select(BalanceTransaction.net_cents, BalanceTransaction.matched, Payout.other_cents)
            .outerjoin(
                Payout,
                (Payout.tenant_id == BalanceTransaction.tenant_id)
                & (Payout.id == BalanceTransaction.object_id)
                & (BalanceTransaction.matched == "payout"),
            )
            .where(
                BalanceTransaction.tenant_id == db.tenant_id,
                BalanceTransaction.payout_id == row.id,
            )
        )
    ).all()
    row.amount_cents = told.cents
    row.other_cents = sum(
        line.net_cents if line.matched == "other" else line.other_cents or 0 for line in lines
    )
    if not told.automatic:
        # Stripe does not say what a payout is made of that a person asked for: it is taken as ours.
        row.ours_cents, row.reconciled = told.cents, "by_hand"
        return
    row.ours_cents = told.cents - row.other_cents
    whole = sum(line.net_cents for line in lines)
    if whole != told.cents:
        row.reconciled = "by_hand"
    else:
        row.reconciled = "with_others" if row.other_cents else "balanced"


async def _move(db: TenantSession, actor: Actor, row: Payout, told: PayoutTold) -> None:
    rank = {"pending": 0, "in_transit": 1, "paid": 2, "canceled": 3, "failed": 3}
    before = row.state
    if rank.get(told.status, 0) > rank[before]:
        row.state = told.status
    row.arrival_on = told.arrival_on
    row.updated_at = clock.now()
    if row.state == "paid" and row.entry_id is None:
        day = await periods.first_open_day(db, told.arrival_on)
        entry = rules.payout_entry(told.id, day, row.ours_cents)
        if entry is not None:
            (row.entry_id,) = await journal.post(db, actor, [entry])
    elif row.state in ("failed", "canceled") and before == "paid" and row.entry_id is not None:
        await journal.reverse(
            db,
            actor,
            [row.entry_id],
            effective_on=await laying.today(db),
            source_of=lambda _: source_stripe(f"{told.id}:failed"),
        )
    await db.flush()
    if row.state != before:
        await trail.record(
            db,
            actor,
            "payout.change",
            object_type="payout",
            object_id=row.id,
            detail={"from": before, "to": row.state, "cents": row.amount_cents},
        )
    await cards.open_cards(db, _cards(row))


def _cards(row: Payout) -> list[NewCard]:
    found = []
    if row.state == "failed":
        found.append(("payout_failed", "A payout did not reach the bank: see to the bank account."))
    if row.state == "paid" and row.reconciled != "balanced":
        found.append(
            (
                "payout_by_hand",
                "A payout holds money that is not of payments kept here: look at it.",
            )
        )
    return [
        NewCard(
            kind=kind,
            why=why,
            owner="biller",
            subject_type="payout",
            subject_id=row.id,
            source=f"{kind}:{row.id}",
            worth_cents=abs(row.amount_cents),
        )
        for kind, why in found
    ]


async def _row(db: TenantSession, told: PayoutTold) -> Payout:
    now = clock.now()
    await db.execute(
        insert(Payout)
        .values(
            tenant_id=db.tenant_id,
            id=new_id(),
            processor_id=told.id,
            amount_cents=told.cents,
            state="pending",
            arrival_on=told.arrival_on,
            automatic=told.automatic,
            created_at=now,
            updated_at=now,
        )
        .on_conflict_do_nothing(index_elements=["tenant_id", "processor_id"])
    )
    row = await db.scalar(
        select(Payout)
        .where(Payout.tenant_id == db.tenant_id, Payout.processor_id == told.id)
        .with_for_update()
    )
    assert row is not None
    return row


async def _earlier(db: TenantSession, processor_id: str) -> UUID | None:
    found: UUID | None = await db.scalar(
        select(Payout.id).where(
            Payout.tenant_id == db.tenant_id, Payout.processor_id == processor_id
        )
    )
    return found


def _nothing(_line: BalanceLine, _day: date) -> Entry | None:
    """What is not of payments kept here is not in the books of payments."""
    return None


def _kind_of(source: str) -> str | None:
    """By the beginning of Stripe's ids: what kind of object a movement came of."""
    kinds = {"ch": "charge", "py": "charge", "re": "refund", "pyr": "refund"}
    kinds |= {"dp": "dispute", "du": "dispute", "pdp": "dispute"}
    return kinds.get(source.partition("_")[0])
