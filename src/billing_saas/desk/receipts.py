"""Receipts: numbered per practice without a gap, one for each payment that was money, whoever took it.

The number is given in the transaction that first asks for it; a payment that was taken back keeps its
receipt, which says so.
"""

from datetime import date, datetime
from uuid import UUID

import msgspec
from sqlalchemy import insert, select
from sqlalchemy.dialects.postgresql import insert as upsert

from billing_saas.audit import trail
from billing_saas.audit.rules import Classes
from billing_saas.desk import receipt_pdf
from billing_saas.desk.errors import ReceiptNotFound
from billing_saas.desk.rules import Language
from billing_saas.desk.tables import ReceiptCounter, ReceiptRow
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor, ActorKind
from billing_saas.kit.db import TenantSession
from billing_saas.kit.ids import new_id
from billing_saas.patients import queries as patients
from billing_saas.payments import queries as payments
from billing_saas.payments.errors import PaymentNotFound
from billing_saas.payments.tables import Payment
from billing_saas.tenants import queries as tenants

READ = "desk.read"


class ReceiptShown(msgspec.Struct, frozen=True, kw_only=True):
    """`applied_cents` lies on what was owed, `credit_cents` is kept for what will be; of what was given back,
    neither. `state`: succeeded, part_refunded, refunded, disputed, voided."""

    id: UUID
    number: int
    payment_id: UUID
    guarantor_id: UUID
    practice_name: str
    method: str
    paper_number: str
    purpose: str
    state: str
    amount_cents: int
    refunded_cents: int
    applied_cents: int
    credit_cents: int
    received_on: date
    issued_at: datetime


async def receipt(db: TenantSession, actor: Actor, payment_id: UUID) -> ReceiptShown:
    """Of a payment that was money, at the desk or by card. A guarantor (an actor of kind `patient`) sees
    his own. `ReceiptNotFound` where no money came."""
    guarantor_id = await _whose(db, actor, payment_id)
    try:
        found = await payments.receipt_of(db, guarantor_id, payment_id)
    except PaymentNotFound:
        raise ReceiptNotFound("There is no receipt of this payment.") from None
    row = await number(db, actor, payment_id, guarantor_id)
    practice = await tenants.this_practice(db)
    await trail.record(
        db,
        actor,
        "receipt.read",
        object_type="receipt",
        object_id=row.id,
        subjects=[guarantor_id],
    )
    return ReceiptShown(
        id=row.id,
        number=row.number,
        payment_id=payment_id,
        guarantor_id=guarantor_id,
        practice_name=practice.name,
        method=found.payment.method,
        paper_number=found.payment.paper_number,
        purpose=found.payment.purpose,
        state=found.payment.state,
        amount_cents=found.payment.amount_cents,
        refunded_cents=found.payment.refunded_cents,
        applied_cents=sum(share.cents for share in found.shares),
        credit_cents=found.unapplied_cents,
        received_on=found.payment.received_on,
        issued_at=row.issued_at,
    )


async def paper(
    db: TenantSession, actor: Actor, payment_id: UUID, language: Language = "en"
) -> bytes:
    """The receipt as a PDF, with the name of who paid."""
    shown = await receipt(db, actor, payment_id)
    name = (await patients.names(db, [shown.guarantor_id]))[shown.guarantor_id]
    await trail.record(
        db,
        actor,
        "receipt.print",
        object_type="receipt",
        object_id=shown.id,
        subjects=[shown.guarantor_id],
        classes=Classes.DEMOGRAPHIC,
    )
    return receipt_pdf.drawn(shown, f"{name.first_name} {name.last_name}".strip(), language)


async def _whose(db: TenantSession, actor: Actor, payment_id: UUID) -> UUID:
    if actor.kind is not ActorKind.PATIENT:
        actor.must(READ)
    guarantor_id = await db.scalar(
        select(Payment.guarantor_id).where(
            Payment.tenant_id == db.tenant_id, Payment.id == payment_id
        )
    )
    theirs = actor.kind is not ActorKind.PATIENT or guarantor_id == actor.id
    if guarantor_id is None or not theirs or not actor.may_see(guarantor_id):
        raise ReceiptNotFound("There is no receipt of this payment.")
    return guarantor_id


async def number(
    db: TenantSession, actor: Actor, payment_id: UUID, guarantor_id: UUID
) -> ReceiptRow:
    """The receipt of this payment, made now if nobody asked before."""
    found = await _row(db, payment_id)
    if found is not None:
        return found
    # Whoever counts holds the counter until the commit, so that no number is lost or given twice.
    counter = upsert(ReceiptCounter).values(tenant_id=db.tenant_id, last_number=1)
    given = await db.scalar(
        counter.on_conflict_do_update(
            index_elements=["tenant_id"], set_={"last_number": ReceiptCounter.last_number + 1}
        ).returning(ReceiptCounter.last_number)
    )
    assert given is not None
    found = await _row(db, payment_id)
    if found is not None:  # somebody else made it while we waited for the counter
        await db.execute(
            counter.on_conflict_do_update(
                index_elements=["tenant_id"], set_={"last_number": given - 1}
            )
        )
        return found
    receipt_id = new_id()
    await db.execute(
        insert(ReceiptRow).values(
            tenant_id=db.tenant_id,
            id=receipt_id,
            number=given,
            payment_id=payment_id,
            guarantor_id=guarantor_id,
            issued_by_kind=actor.kind.value,
            issued_by=actor.id,
            issued_at=clock.now(),
        )
    )
    await trail.record(
        db,
        actor,
        "receipt.issue",
        object_type="receipt",
        object_id=receipt_id,
        subjects=[guarantor_id],
        detail={"count": given},
    )
    made = await _row(db, payment_id)
    assert made is not None
    return made


async def _row(db: TenantSession, payment_id: UUID) -> ReceiptRow | None:
    found: ReceiptRow | None = await db.scalar(
        select(ReceiptRow).where(
            ReceiptRow.tenant_id == db.tenant_id, ReceiptRow.payment_id == payment_id
        )
    )
    return found
