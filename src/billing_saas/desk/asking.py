"""Asked at the desk, paid by card: on the patient's own phone or a screen of the practice, never typed by staff.

A page of the processor is begun for an amount, and shown as a code to be photographed; or a link is sent to the
person on the phone, which opens the portal for who knows the birth date.
"""

from io import BytesIO
from typing import Literal
from uuid import UUID

import msgspec
import segno

from billing_saas.audit import trail
from billing_saas.desk.errors import NoPlanToPay
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import Database, TenantSession
from billing_saas.links import issuing
from billing_saas.messages import sending
from billing_saas.messages.rules import Words
from billing_saas.messages.sending import Decision
from billing_saas.patients import guarantors
from billing_saas.patients.errors import PatientNotFound
from billing_saas.payments import recording, starting
from billing_saas.payments.rules import Purpose
from billing_saas.payments.starting import Started
from billing_saas.plans import paying
from billing_saas.plans import queries as plans
from billing_saas.statements import queries as statements

TAKE = recording.TAKE


class CardAsked(msgspec.Struct, frozen=True, kw_only=True):
    guarantor_id: UUID
    cents: int
    purpose: Purpose = "copay"
    statement_id: UUID | None = None


async def ask_card(database: Database, tenant_id: UUID, actor: Actor, asked: CardAsked) -> Started:
    """A page of the processor for this amount. `url` is None when the processor did not answer."""
    actor.must(TAKE)
    async with database.tenant(tenant_id) as db:
        payer = await _payer(db, actor, asked.guarantor_id)
        if asked.statement_id is not None:
            await statements.payable_bill(db, payer, asked.statement_id)
        plan_id = await _plan(db, actor, payer) if asked.purpose == "plan" else None
    if plan_id is not None:
        return await paying.pay(database, tenant_id, actor, plan_id, "next")
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


async def send_link(
    db: TenantSession,
    actor: Actor,
    guarantor_id: UUID,
    *,
    channel: Literal["email", "text"],
    statement_id: UUID | None = None,
) -> Decision:
    """By phone: a link to pay goes to the person's own phone or mailbox, if the gate lets it; the decision
    says why where it does not."""
    actor.must(TAKE)
    payer = await _payer(db, actor, guarantor_id)
    if statement_id is not None:
        await statements.payable_bill(db, payer, statement_id)
    link = await issuing.issue(db, actor, "pay", payer, statement_id)
    decision = await sending.ask(db, actor, payer, "pay_link", Words(link=link), channel=channel)
    await trail.record(
        db,
        actor,
        "desk.send_link",
        object_type="message",
        object_id=decision.message_id,
        subjects=[payer],
        detail={"kind": channel, "state": decision.outcome},
    )
    return decision


async def _payer(db: TenantSession, actor: Actor, patient_id: UUID) -> UUID:
    payer = (await guarantors.guarantor_of(db, [patient_id])).get(patient_id)
    if payer is None or not actor.may_see(patient_id):
        raise PatientNotFound("There is no such patient.")
    return payer


async def _plan(db: TenantSession, actor: Actor, guarantor_id: UUID) -> UUID:
    for shown in await plans.plans_of(db, actor, guarantor_id):
        if shown.next_instalment_id is not None:
            return shown.id
    raise NoPlanToPay("This guarantor has no plan with anything left to pay.")
