"""Write off what an approval gives, of what is open now. Again while it is good: for what came since."""

from uuid import UUID

from sqlalchemy import func, select

from billing_saas.audit import trail
from billing_saas.duties import separating
from billing_saas.duties.rules import WRITE_OFF_HARDSHIP, WROTE_OFF
from billing_saas.followups import cards
from billing_saas.hardship import moving, rules
from billing_saas.hardship.errors import IllegalHardshipMove, NothingToWriteOff
from billing_saas.hardship.rules import Key
from billing_saas.hardship.tables import HardshipWriteOff
from billing_saas.kit import bulk, clock
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.kit.ids import new_id
from billing_saas.ledger import journal
from billing_saas.payments import laying
from billing_saas.statements import owing

WRITE_OFF = "hardship.write_off"


async def write_off(db: TenantSession, actor: Actor, application_id: UUID) -> int:
    """Charity for the approved percent of each open item that this application did not write down yet.

    In cents. Asking for the rest goes on.
    """
    actor.must(WRITE_OFF)
    row = await moving.lock(db, application_id)
    today = await laying.today(db)
    if row.state != "approved" or row.percent is None or (row.good_until or today) < today:
        raise IllegalHardshipMove(
            f"Only an approval that is good gives anything: the application is {row.state!r}.",
            now=row.state,
        )
    await separating.must_differ(db, actor, WRITE_OFF_HARDSHIP, application_id)
    await laying.lock_guarantor(db, row.guarantor_id)
    owed = await owing.owed_by(db, row.guarantor_id)
    await laying.lock_claims(db, {item.claim_id for item in owed if item.claim_id is not None})
    owed = await owing.owed_by(db, row.guarantor_id)
    times, done = await _done(db, application_id)
    parts = rules.written_off(owed, row.percent, done)
    if not parts:
        raise NothingToWriteOff("Nothing is open that was not written down already.")
    source = rules.source_write_off(application_id, times + 1)
    (entry_id,) = await journal.post(db, actor, [rules.entry_for(source, parts, today)])
    now = clock.now()
    await bulk.insert_rows(
        db,
        HardshipWriteOff,
        [
            {
                "id": new_id(),
                "application_id": application_id,
                "entry_id": entry_id,
                "patient_id": part.patient_id,
                "claim_id": part.claim_id,
                "charge_id": part.charge_id,
                "amount_cents": part.cents,
                "written_by": actor.id,
                "written_at": now,
            }
            for part in parts
        ],
    )
    cents = sum(part.cents for part in parts)
    await moving.change(db, row, written_off_on=today)
    await moving.resume(db, actor, application_id)
    await separating.did(db, actor, WROTE_OFF, application_id, amount_cents=cents)
    await cards.withdraw(db, actor, [application_id], outcome="written_off")
    await trail.record(
        db,
        actor,
        "hardship.write_off",
        object_type=moving.SOURCE,
        object_id=application_id,
        subjects=[row.guarantor_id, *(part.patient_id for part in parts)],
        detail={"cents": cents, "count": len(parts)},
    )
    return cents


async def _done(db: TenantSession, application_id: UUID) -> tuple[int, set[Key]]:
    """How often it wrote off, and which items."""
    rows = await db.execute(
        select(
            HardshipWriteOff.patient_id, HardshipWriteOff.claim_id, HardshipWriteOff.charge_id
        ).where(
            HardshipWriteOff.tenant_id == db.tenant_id,
            HardshipWriteOff.application_id == application_id,
        )
    )
    times = await db.scalar(
        select(func.count(HardshipWriteOff.entry_id.distinct())).where(
            HardshipWriteOff.tenant_id == db.tenant_id,
            HardshipWriteOff.application_id == application_id,
        )
    )
    return times or 0, {(row.patient_id, row.claim_id, row.charge_id) for row in rows}
