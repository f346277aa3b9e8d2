"""Record a bankruptcy, a death, a dispute or returned mail: asking stops at once, everywhere."""

from datetime import date
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from billing_saas.audit import contents, trail
from billing_saas.audit.rules import Classes
from billing_saas.circumstances import rules
from billing_saas.circumstances.errors import (
    AlreadyRecorded,
    CircumstanceEnded,
    CircumstanceNotFound,
)
from billing_saas.circumstances.rules import Kind, Outcome, Particulars
from billing_saas.circumstances.tables import Circumstance
from billing_saas.collections import ending, proposing
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.kit.ids import new_id
from billing_saas.messages import pausing
from billing_saas.patients import guarantors, queries
from billing_saas.payments import laying
from billing_saas.phi import keyring
from billing_saas.phi.registry import CIRCUMSTANCE_PHI_DEMO
from billing_saas.tenants import queries as tenants

WRITE = "circumstances.write"
SOURCE = "circumstance"


async def record(
    db: TenantSession,
    actor: Actor,
    patient_id: UUID,
    kind: Kind,
    since_on: date,
    particulars: Particulars,
) -> UUID:
    """It pauses messages, takes what is proposed off the list, and recalls what an agency has.

    In one transaction: nobody can be told afterwards that the recall was forgotten. Whoever may record
    it need not be one who may recall.
    """
    actor.must(WRITE)
    await queries.must_exist(db, patient_id)
    rules.check(since_on, clock.today((await tenants.this_practice(db)).time_zone))
    payers = await guarantors.guarantor_of(db, [patient_id])
    # Whoever is placing the account at this moment is waited for, or waits and then finds the pause.
    concerned = sorted({patient_id, *payers.values()})
    for one in concerned:
        await laying.lock_guarantor(db, one)
    circumstance_id = new_id()
    ring = await keyring.of(db)
    sealed = ring.seal(CIRCUMSTANCE_PHI_DEMO, circumstance_id, particulars)
    try:
        async with db.begin_nested():
            await db.execute(
                insert(Circumstance).values(
                    tenant_id=db.tenant_id,
                    id=circumstance_id,
                    patient_id=patient_id,
                    kind=kind,
                    since_on=since_on,
                    phi_demo=sealed,
                    key_ver=ring.key_ver,
                    recorded_by_kind=actor.kind.value,
                    recorded_by=actor.id,
                    recorded_at=clock.now(),
                )
            )
    except IntegrityError as error:
        if "circumstance_open_idx" in str(error.orig):
            raise AlreadyRecorded("One of this kind stands for the patient already.") from None
        raise
    await pausing.pause(db, actor, patient_id, kind, source_type=SOURCE, source_id=circumstance_id)
    await proposing.lapse_of(db, actor, concerned)
    reason = rules.RECALLS.get(kind)
    recalled = await ending.recall_of(db, actor, [patient_id], reason) if reason else 0
    await trail.record(
        db,
        actor,
        "circumstance.record",
        object_type=SOURCE,
        object_id=circumstance_id,
        subjects=[patient_id],
        classes=Classes.DEMOGRAPHIC,
        sealed=[contents.of(CIRCUMSTANCE_PHI_DEMO, circumstance_id, sealed)],
        detail={"kind": kind, "count": recalled},
    )
    return circumstance_id


async def lock(db: TenantSession, circumstance_id: UUID) -> Circumstance:
    """For an act that changes it."""
    found: Circumstance | None = await db.scalar(
        select(Circumstance)
        .where(Circumstance.tenant_id == db.tenant_id, Circumstance.id == circumstance_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise CircumstanceNotFound("There is no such circumstance.")
    return found


async def end(db: TenantSession, actor: Actor, circumstance_id: UUID, outcome: Outcome) -> None:
    """Its pause is lifted. What was recalled stays with the practice."""
    actor.must(WRITE)
    row = await lock(db, circumstance_id)
    if row.ended_at is not None:
        raise CircumstanceEnded("It is over already.", outcome=row.outcome)
    rules.check_end(row.kind, outcome)
    await db.execute(
        update(Circumstance)
        .where(Circumstance.tenant_id == db.tenant_id, Circumstance.id == circumstance_id)
        .values(
            ended_by=actor.id,
            ended_at=clock.now(),
            outcome=outcome,
            version=Circumstance.version + 1,
        )
        .execution_options(synchronize_session=False)
    )
    await pausing.lift(db, actor, source_type=SOURCE, source_id=circumstance_id)
    await trail.record(
        db,
        actor,
        "circumstance.end",
        object_type=SOURCE,
        object_id=circumstance_id,
        subjects=[row.patient_id],
        detail={"kind": row.kind, "state": outcome},
    )
