"""Money that came to the office after placement, and what insurers changed: the agency must know both.

Who pays the office is heard by the office: no payment waits as credit while an agency still asks for it.
"""

from datetime import date
from uuid import UUID

from sqlalchemy import BigInteger, Select, cast, func, select, text

from billing_saas.agencies.jobs import WatchPlacements
from billing_saas.audit import trail
from billing_saas.collections import ending, money_rules, moving
from billing_saas.collections.rules import Item
from billing_saas.collections.tables import Placement
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.ledger import journal
from billing_saas.ledger.rules import Account, Entry
from billing_saas.payments import laying
from billing_saas.payments.rules import Share
from billing_saas.payments.tables import Payment, PaymentShare
from billing_saas.statements import owing

CLOSE = "collections.close"

_LOWERED = text(
    """
    SELECT line.patient_id, line.claim_id, line.charge_id,
      CAST(-sum(line.amount_cents) AS bigint) AS cents
    FROM ledger_line line
    WHERE line.tenant_id = :tenant_id AND line.account = 'patient_receivable'
      AND line.patient_id = ANY (CAST(:patient_ids AS uuid[]))
    GROUP BY line.patient_id, line.claim_id, line.charge_id
    HAVING sum(line.amount_cents) < 0
    """
)


async def watch(db: TenantSession, actor: Actor, _: WatchPlacements) -> int:
    """Look at every account that is with an agency. Says of how many something was recognised."""
    ids = await db.scalars(
        select(Placement.id)
        .where(Placement.tenant_id == db.tenant_id, Placement.state == "placed")
        .order_by(Placement.id)
    )
    found = 0
    for placement_id in ids.all():
        found += bool(await _recognise(db, actor, placement_id))
    return found


async def recognise(db: TenantSession, actor: Actor, placement_id: UUID) -> int:
    """The same of one account, now, by a person. In cents."""
    actor.must(CLOSE)
    return await _recognise(db, actor, placement_id)


async def _recognise(db: TenantSession, actor: Actor, placement_id: UUID) -> int:
    row = await moving.lock_account(db, placement_id)
    if row.state != "placed":
        return 0
    today = await laying.today(db)
    cents = await _lower(db, actor, row, today) + await _direct(db, actor, row, today)
    if cents:
        await ending.settle_if_paid(db, actor, [row.id])
        await trail.record(
            db,
            actor,
            "placement.recognise",
            object_type=moving.SUBJECT,
            object_id=row.id,
            subjects=[row.guarantor_id],
            detail={"cents": cents},
        )
    return cents


async def _direct(db: TenantSession, actor: Actor, row: Placement, today: date) -> int:
    """Payments to the office that found nothing owed to it, laid on what the agency has."""
    credit = (await owing.credits_of(db, [row.guarantor_id])).get(row.guarantor_id, 0)
    payments = await db.execute(_credits(db, row))
    left = (await moving.left_of(db, [row.id]))[row.id]
    recognised = 0
    for payment in payments.all():
        laid = money_rules.spread(min(payment.cents, credit - recognised), left)
        if not laid.items:
            break
        cents = sum(item.cents for item in laid.items)
        source = money_rules.source(row.id, f"direct:{payment.id}")
        await journal.post(db, actor, [_direct_entry(source, today, row.guarantor_id, laid.items)])
        # The payment knows where its money went: taken back, it is taken from there.
        shares = [Share(i.patient_id, i.claim_id, i.charge_id, i.cents) for i in laid.items]
        credit_used = Share(row.guarantor_id, None, None, -cents, unapplied=True)
        await laying.keep(db, payment.id, [credit_used, *shares])
        await moving.notify(db, row, "payment", cents, today, source=source)
        await ending.open_card(
            db, row, "A patient paid the office for an account with the agency: tell it.", source
        )
        left = money_rules.without(left, laid.items)
        recognised += cents
    return recognised


def _credits(db: TenantSession, row: Placement) -> Select[UUID, int]:
    """Payments since placement that found nothing to be laid on. Only money meant for a bill: what was
    paid ahead, or for a plan, is not the agency's."""
    unapplied = cast(func.sum(PaymentShare.amount_cents), BigInteger).label("cents")
    return (
        select(Payment.id, unapplied)
        .join(
            PaymentShare,
            (PaymentShare.tenant_id == Payment.tenant_id) & (PaymentShare.payment_id == Payment.id),
        )
        .where(
            Payment.tenant_id == db.tenant_id,
            Payment.guarantor_id == row.guarantor_id,
            Payment.purpose == "bill",
            Payment.received_on >= row.placed_on,
            PaymentShare.unapplied.is_(True),
        )
        .group_by(Payment.id)
        .having(func.sum(PaymentShare.amount_cents) > 0)
        .order_by(Payment.id)
    )


def _direct_entry(source: str, day: date, guarantor_id: UUID, items: tuple[Item, ...]) -> Entry:
    cents = sum(item.cents for item in items)
    return Entry(
        source=source,
        kind=money_rules.DIRECT,
        effective_on=day,
        lines=(
            money_rules.unapplied(guarantor_id, cents),
            *(money_rules.of_item(Account.AGENCY, item, -item.cents) for item in items),
        ),
    )


async def _lower(db: TenantSession, actor: Actor, row: Placement, today: date) -> int:
    """An insurer paid after all, or somebody wrote off: less is owed than the agency asks for."""
    left = (await moving.left_of(db, [row.id]))[row.id]
    rows = await db.execute(
        _LOWERED,
        {
            "tenant_id": db.tenant_id,
            "patient_ids": sorted({item.patient_id for item in left}),
        },
    )
    less = {(one.patient_id, one.claim_id, one.charge_id): one.cents for one in rows}
    lowered = [
        Item(item.patient_id, item.claim_id, item.charge_id, min(item.cents, less[item.key]))
        for item in left
        if item.key in less
    ]
    if not lowered:
        return 0
    times = await _times_lowered(db, row.id)
    source = money_rules.source(row.id, f"lowered:{times + 1}")
    entry = money_rules.moved(
        source,
        money_rules.LOWERED,
        today,
        lowered,
        out_of=Account.AGENCY,
        into=Account.PATIENT_RECEIVABLE,
    )
    await journal.post(db, actor, [entry])
    cents = sum(item.cents for item in lowered)
    await moving.notify(db, row, "adjust", cents, today, source=source, reason="less_is_owed")
    await ending.open_card(db, row, "Less is owed than the agency asks for: tell it.", source)
    return cents


async def _times_lowered(db: TenantSession, placement_id: UUID) -> int:
    found = await db.scalar(
        text(
            "SELECT count(*) FROM agency_notice WHERE tenant_id = :tenant_id"
            " AND placement_id = :placement_id AND kind = 'adjust'"
        ),
        {"tenant_id": db.tenant_id, "placement_id": placement_id},
    )
    return int(found or 0)
