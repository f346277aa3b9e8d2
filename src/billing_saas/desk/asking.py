"""Asked at the desk, paid by card: on the patient's own phone or a screen of the practice, never typed by staff.

A page of the processor is begun for an amount, and shown as a code to be photographed. To a person on the phone
goes a link (`portal.giving`).
"""

from datetime import timedelta
from io import BytesIO
from uuid import UUID

import msgspec
import segno
from sqlalchemy import select

from billing_saas.audit import trail
from billing_saas.desk import taking
from billing_saas.desk.errors import NoOpenPage, NoPlanToPay
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import Database, TenantSession
from billing_saas.patients import guarantors
from billing_saas.patients.errors import PatientNotFound
from billing_saas.payments import recording, starting
from billing_saas.payments.rules import Purpose
from billing_saas.payments.starting import Started
from billing_saas.payments.tables import Payment, PaymentAttempt
from billing_saas.plans import paying
from billing_saas.plans import queries as plans

TAKE = recording.TAKE
_SAME_WITHIN = timedelta(minutes=50)
"""Shorter than a page of the processor is open."""


class CardAsked(msgspec.Struct, frozen=True, kw_only=True):
    guarantor_id: UUID
    cents: int
    purpose: Purpose = "copay"
    statement_id: UUID | None = None


async def ask_card(database: Database, tenant_id: UUID, actor: Actor, asked: CardAsked) -> Started:
    """A page of the processor for this amount; asked again within the hour, the same page. `url` is None when
    the processor did not answer."""
    actor.must(TAKE)
    async with database.tenant(tenant_id) as db:
        payer = await _payer(db, actor, asked.guarantor_id)
        await taking.must_be_payable(db, payer, asked.statement_id)
        plan_id = await _plan(db, payer) if asked.purpose == "plan" else None
        open_payment = await _open_page(db, payer, asked) if plan_id is None else None
    if plan_id is not None:
        return await paying.pay(database, tenant_id, actor, plan_id, "next")
    if open_payment is not None:
        return await starting.again(database, tenant_id, actor, open_payment)
    return await starting.start(
        database,
        tenant_id,
        actor,
        payer,
        asked.cents,
        statement_id=asked.statement_id,
        purpose=asked.purpose,
    )


def code_of(url: str) -> bytes:
    """The address as a picture (SVG) to be photographed from a screen."""
    out = BytesIO()
    segno.make(url, error="m", micro=False).save(out, kind="svg", scale=6, border=4)
    return out.getvalue()


async def page_of(db: TenantSession, actor: Actor, payment_id: UUID) -> str:
    """Where the payment that was asked for is paid, for as long as its page is open."""
    actor.must(TAKE)
    found = (
        await db.execute(
            select(Payment.guarantor_id, PaymentAttempt.checkout_url)
            .join(
                PaymentAttempt,
                (PaymentAttempt.tenant_id == Payment.tenant_id)
                & (PaymentAttempt.payment_id == Payment.id)
                & (PaymentAttempt.n == Payment.attempts),
            )
            .where(
                Payment.tenant_id == db.tenant_id,
                Payment.id == payment_id,
                Payment.state == "started",
                PaymentAttempt.state == "open",
            )
        )
    ).one_or_none()
    if found is None or found.checkout_url is None or not actor.may_see(found.guarantor_id):
        raise NoOpenPage("This payment has no page that is open.")
    await trail.record(
        db,
        actor,
        "payment.show_code",
        object_type="payment",
        object_id=payment_id,
        subjects=[found.guarantor_id],
    )
    return str(found.checkout_url)


async def _open_page(db: TenantSession, guarantor_id: UUID, asked: CardAsked) -> UUID | None:
    """A page for the same that was begun a moment ago: two would be two payments."""
    found: UUID | None = await db.scalar(
        select(Payment.id)
        .where(
            Payment.tenant_id == db.tenant_id,
            Payment.guarantor_id == guarantor_id,
            Payment.purpose == asked.purpose,
            Payment.method == "checkout",
            Payment.amount_cents == asked.cents,
            Payment.statement_id.is_not_distinct_from(asked.statement_id),
            Payment.state == "started",
            Payment.created_at > clock.now() - _SAME_WITHIN,
        )
        .order_by(Payment.id.desc())
        .limit(1)
    )
    return found


async def _payer(db: TenantSession, actor: Actor, patient_id: UUID) -> UUID:
    payer = (await guarantors.guarantor_of(db, [patient_id])).get(patient_id)
    if payer is None or not actor.may_see(patient_id):
        raise PatientNotFound("There is no such patient.")
    return payer


async def _plan(db: TenantSession, guarantor_id: UUID) -> UUID:
    found = await plans.to_pay(db, guarantor_id)
    if found is None:
        raise NoPlanToPay("This guarantor has no plan with anything left to pay.")
    return found[0]
