"""Open an emergency and end it. Who opens one is told of at once, and judged afterwards."""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import IntegrityError

from billing_saas.audit import contents, trail
from billing_saas.audit.rules import Classes
from billing_saas.emergencies import rules
from billing_saas.emergencies.errors import (
    EmergencyNotFound,
    EmergencyOpen,
    EmergencyOver,
    NoReason,
    NoSuchPatientHere,
)
from billing_saas.emergencies.rules import Why
from billing_saas.emergencies.tables import EmergencyAccess
from billing_saas.followups import cards
from billing_saas.followups.cards import NewCard
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.kit.ids import new_id
from billing_saas.phi import keyring
from billing_saas.phi.registry import EMERGENCY_ACCESS_PHI_CLIN

OPEN = "emergencies.open"


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Without `patient_id`: the whole practice, to read."""

    reason: str
    ticket: str = ""
    patient_id: UUID | None = None
    minutes: int = rules.USUAL_MINUTES

    def __repr__(self) -> str:
        return "<Asked>"


class Opened(msgspec.Struct, frozen=True):
    id: UUID
    patient_id: UUID | None
    opened_at: datetime
    expires_at: datetime


async def open_access(db: TenantSession, actor: Actor, asked: Asked) -> Opened:
    """`actor` is the company's, not the practice's: see `identity.emergencies.asker`."""
    actor.must(OPEN)
    actor.must_have_stepped_up()
    if not rules.says_something(asked.reason):
        raise NoReason("Say in a sentence why this cannot wait.", field="reason")
    if not rules.LEAST_MINUTES <= asked.minutes <= rules.MOST_MINUTES:
        raise NoReason(
            f"An emergency lasts {rules.LEAST_MINUTES} to {rules.MOST_MINUTES} minutes.",
            field="minutes",
        )
    await _one_at_a_time(db, actor)
    opened = await _written(db, actor, asked)
    await cards.open_cards(
        db,
        [
            NewCard(
                kind="emergency_access",
                why="Somebody of the billing company entered in an emergency. Judge whether it was one.",
                owner="practice",
                subject_type="emergency_access",
                subject_id=opened.id,
                source=f"emergency:{opened.id}",
                due_on=(opened.opened_at + rules.UNREVIEWED_AFTER).date(),
            )
        ],
    )
    return opened


async def opened(db: TenantSession, actor: Actor, access_id: UUID) -> Opened:
    """Told again to who opened it."""
    row = await db.scalar(
        select(EmergencyAccess).where(
            EmergencyAccess.tenant_id == db.tenant_id,
            EmergencyAccess.id == access_id,
            EmergencyAccess.user_id == actor.id,
        )
    )
    if row is None:
        raise EmergencyNotFound("There is no such emergency.")
    return Opened(row.id, row.patient_id, row.opened_at, row.expires_at)


async def end(db: TenantSession, actor: Actor, access_id: UUID) -> None:
    """By who opened it, when it is over sooner; by the practice's admin, at any time."""
    row = await db.scalar(
        select(EmergencyAccess)
        .where(EmergencyAccess.tenant_id == db.tenant_id, EmergencyAccess.id == access_id)
        .with_for_update()
    )
    if row is None or (row.user_id != actor.id and not actor.may("emergencies.review")):
        raise EmergencyNotFound("There is no such emergency.")
    if row.ended_at is not None or row.expires_at <= clock.now():
        raise EmergencyOver("It is over already.")
    await db.execute(
        update(EmergencyAccess)
        .where(EmergencyAccess.tenant_id == db.tenant_id, EmergencyAccess.id == access_id)
        .values(ended_at=clock.now())
    )
    await trail.record(
        db, actor, "emergency.end", object_type="emergency_access", object_id=access_id
    )


async def _one_at_a_time(db: TenantSession, actor: Actor) -> None:
    """Two at once would make one patient's emergency a way into another's."""
    await db.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"emergency:{actor.id}"))))
    open_one = await db.scalar(
        select(EmergencyAccess.id)
        .where(
            EmergencyAccess.tenant_id == db.tenant_id,
            EmergencyAccess.user_id == actor.id,
            EmergencyAccess.ended_at.is_(None),
            EmergencyAccess.expires_at > clock.now(),
        )
        .limit(1)
    )
    if open_one is not None:
        raise EmergencyOpen("One is open already: end it first.", emergency_access_id=open_one)


async def _written(db: TenantSession, actor: Actor, asked: Asked) -> Opened:
    ring = await keyring.of(db)
    now = clock.now()
    opened = Opened(new_id(), asked.patient_id, now, now + timedelta(minutes=asked.minutes))
    sealed = ring.seal(
        EMERGENCY_ACCESS_PHI_CLIN, opened.id, Why(reason=asked.reason, ticket=asked.ticket)
    )
    try:
        async with db.begin_nested():
            await db.execute(
                insert(EmergencyAccess).values(
                    tenant_id=db.tenant_id,
                    id=opened.id,
                    user_id=actor.id,
                    patient_id=asked.patient_id,
                    phi_clin=sealed,
                    key_ver=ring.key_ver,
                    opened_at=opened.opened_at,
                    expires_at=opened.expires_at,
                )
            )
    except IntegrityError as error:
        # Patients are neighbours: the foreign key knows whether there is such a one.
        if "patient_id" in str(error.orig):
            raise NoSuchPatientHere("There is no such patient.", field="patient_id") from None
        raise
    await trail.record(
        db,
        actor,
        "emergency.open",
        object_type="emergency_access",
        object_id=opened.id,
        subjects=[asked.patient_id] if asked.patient_id else [],
        classes=Classes.CLINICAL,
        sealed=[contents.of(EMERGENCY_ACCESS_PHI_CLIN, opened.id, sealed)],
        detail={
            "kind": "one_patient" if asked.patient_id else "whole_practice",
            "count": asked.minutes,
        },
    )
    return opened
