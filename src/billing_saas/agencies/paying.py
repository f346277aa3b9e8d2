"""The practice paid an agency's invoice."""

from datetime import date
from uuid import UUID

from sqlalchemy import BigInteger, cast, func, insert, select
from sqlalchemy.exc import IntegrityError

from billing_saas.agencies import money_rules
from billing_saas.agencies.errors import FeeBeyondDue, InvoicePaid
from billing_saas.agencies.tables import AgencyFeePayment
from billing_saas.audit import trail
from billing_saas.collections import policies
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.kit.ids import new_id
from billing_saas.ledger import journal, periods
from billing_saas.ledger.rules import Account
from billing_saas.ledger.tables import LedgerLine
from billing_saas.payments import laying

PAY = "agencies.pay"


async def due(db: TenantSession, agency_id: UUID) -> int:
    """What the agency earned and was not paid, in cents. For acts and screens that ask permission."""
    cents = await db.scalar(
        select(cast(func.sum(LedgerLine.amount_cents), BigInteger)).where(
            LedgerLine.tenant_id == db.tenant_id,
            LedgerLine.account == Account.AGENCY_FEES_DUE,
            LedgerLine.party_id == agency_id,
        )
    )
    return -(cents or 0)


async def pay(
    db: TenantSession, actor: Actor, agency_id: UUID, cents: int, paid_on: date, invoice: str
) -> UUID:
    """Record it. An invoice is paid once, and no more than was earned."""
    actor.must(PAY)
    await policies.lock_agency(db, agency_id)
    today = await laying.today(db)
    if paid_on > today:
        raise FeeBeyondDue("The day has not come yet.", field="paid_on")
    owed = await due(db, agency_id)
    if cents > owed:
        raise FeeBeyondDue("The agency has not earned so much.", field="cents", due_cents=owed)
    payment_id = new_id()
    effective_on = await periods.first_open_day(db, paid_on)
    entry = money_rules.fees_paid(f"agency-fee:{payment_id}", agency_id, effective_on, cents)
    try:
        async with db.begin_nested():
            (entry_id,) = await journal.post(db, actor, [entry])
            await db.execute(
                insert(AgencyFeePayment).values(
                    tenant_id=db.tenant_id,
                    id=payment_id,
                    agency_id=agency_id,
                    amount_cents=cents,
                    paid_on=paid_on,
                    invoice=invoice,
                    entry_id=entry_id,
                    paid_by=actor.id,
                    paid_at=clock.now(),
                )
            )
    except IntegrityError as error:
        if "agency_fee_payment_tenant_id_agency_id_invoice_key" in str(error.orig):
            raise InvoicePaid("This invoice is recorded as paid.", field="invoice") from None
        raise
    await trail.record(
        db,
        actor,
        "agency.pay",
        object_type="collection_agency",
        object_id=agency_id,
        detail={"cents": cents},
    )
    return payment_id
