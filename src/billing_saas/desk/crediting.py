"""A guarantor's credit: money that came before it was owed. Seen, laid on what is owed, or due to be refunded."""

from uuid import UUID

import msgspec
from sqlalchemy import text

from billing_saas.audit import trail
from billing_saas.desk import rules
from billing_saas.desk.errors import NothingToApply
from billing_saas.desk.rules import Credit
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.kit.ids import new_id
from billing_saas.ledger import journal
from billing_saas.patients import queries as patients
from billing_saas.patients.errors import PatientNotFound
from billing_saas.payments import laying, recording
from billing_saas.payments import rules as payments
from billing_saas.payments.rules import Share
from billing_saas.statements import owing

READ = "desk.read"
APPLY = recording.TAKE

_CREDITS = text(
    """
    SELECT share.payment_id, share.patient_id, CAST(sum(share.amount_cents) AS bigint) AS cents
    FROM payment JOIN payment_share share
      ON share.tenant_id = :tenant_id AND share.payment_id = payment.id AND share.unapplied
    WHERE payment.tenant_id = :tenant_id AND payment.guarantor_id = :guarantor_id
    GROUP BY share.payment_id, share.patient_id HAVING sum(share.amount_cents) <> 0
    ORDER BY share.payment_id
    """
)


class CreditShown(msgspec.Struct, frozen=True, kw_only=True):
    """`credit_cents` lies unapplied; of it `applicable_cents` could be laid on what is owed now, and
    `refundable_cents` is more than anything that is owed: it is the guarantor's. `payments` are those it
    would be refunded from."""

    guarantor_id: UUID
    credit_cents: int
    owed_cents: int
    applicable_cents: int
    refundable_cents: int
    payments: list[Credit]


async def credit(db: TenantSession, actor: Actor, guarantor_id: UUID) -> CreditShown:
    actor.must(READ)
    await _must_see(db, actor, guarantor_id)
    held = await _held(db, guarantor_id)
    owed = sum(item.cents for item in await owing.owed_by(db, guarantor_id))
    total = sum(one.cents for one in held)
    await trail.record(
        db,
        actor,
        "credit.read",
        object_type="patient",
        object_id=guarantor_id,
        subjects=[guarantor_id],
    )
    return CreditShown(
        guarantor_id=guarantor_id,
        credit_cents=total,
        owed_cents=owed,
        applicable_cents=max(0, min(total, owed)),
        refundable_cents=max(0, total - owed),
        payments=[one for one in held if one.cents > 0],
    )


async def apply(
    db: TenantSession, actor: Actor, guarantor_id: UUID, cents: int | None = None
) -> UUID:
    """Lay credit on what is owed, the oldest on the oldest: all of it, or so many cents. The entry's id."""
    actor.must(APPLY)
    await _must_see(db, actor, guarantor_id)
    await laying.lock_guarantor(db, guarantor_id)
    items = await owing.owed_by(db, guarantor_id)
    await laying.lock_claims(db, {item.claim_id for item in items if item.claim_id is not None})
    items = await owing.owed_by(db, guarantor_id)
    owed = [Share(item.patient_id, item.claim_id, item.charge_id, item.cents) for item in items]
    held = [one for one in await _held(db, guarantor_id) if one.cents > 0]
    laid = rules.laid(held, owed, cents)
    if not laid:
        raise NothingToApply("There is no credit, or nothing is owed.")
    together = payments.standing(share for shares in laid.values() for share in shares)
    application_id = new_id()
    entry = payments.applied_entry(application_id, await laying.today(db), together)
    (entry_id,) = await journal.post(db, actor, [entry])
    for payment_id, shares in laid.items():
        await laying.keep(db, payment_id, shares)
    await trail.record(
        db,
        actor,
        "credit.apply",
        object_type="ledger_entry",
        object_id=entry_id,
        subjects=sorted({guarantor_id, *(share.patient_id for share in together)}),
        detail={"cents": sum(share.cents for share in together if not share.unapplied)},
    )
    return entry_id


async def _must_see(db: TenantSession, actor: Actor, guarantor_id: UUID) -> None:
    if not actor.may_see(guarantor_id):
        raise PatientNotFound("There is no such patient.")
    await patients.must_exist(db, guarantor_id)


async def _held(db: TenantSession, guarantor_id: UUID) -> list[Credit]:
    """By payment, the oldest first. Below zero: more was given back than lay there."""
    rows = await db.execute(_CREDITS, {"tenant_id": db.tenant_id, "guarantor_id": guarantor_id})
    return [Credit(row.payment_id, row.patient_id, row.cents) for row in rows]
