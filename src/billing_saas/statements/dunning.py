"""The clocks of guarantors who are being asked: looked at daily, moved on by statements, paused, ended."""

from collections.abc import Collection, Mapping
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.types import Uuid

from billing_saas.kit import bulk, clock
from billing_saas.kit.db import TenantSession
from billing_saas.messages import pausing
from billing_saas.statements import dunning_rules
from billing_saas.statements.dunning_rules import Clock, Held
from billing_saas.statements.tables import DunningClock
from billing_saas.tenants import queries as tenants

_COLUMNS = ("started_on", "stage", "stage_on", "paused_on", "paused_days", "ended_on")


async def clocks_of(db: TenantSession, guarantor_ids: Collection[UUID]) -> dict[UUID, Clock]:
    """By guarantor; also those that ended."""
    rows = await db.scalars(
        select(DunningClock).where(
            DunningClock.tenant_id == db.tenant_id,
            DunningClock.guarantor_id == bindparam("ids", list(guarantor_ids), ARRAY(Uuid)).any_(),
        )
    )
    return {row.guarantor_id: _clock(row) for row in rows}


async def running(db: TenantSession) -> dict[UUID, Clock]:
    rows = await db.scalars(
        select(DunningClock).where(
            DunningClock.tenant_id == db.tenant_id, DunningClock.ended_on.is_(None)
        )
    )
    return {row.guarantor_id: _clock(row) for row in rows}


async def held_by(
    db: TenantSession,
    dependants: Mapping[UUID, Collection[UUID]],
    guarantor_ids: Collection[UUID],
) -> dict[UUID, list[Held]]:
    """What is paused of each guarantor and of those he pays for. What stops one channel only (a bounce)
    is for the gate of messages: a statement can go by another."""
    zone = ZoneInfo((await tenants.this_practice(db)).time_zone)
    payers_of: dict[UUID, set[UUID]] = {one: {one} for one in guarantor_ids}
    for guarantor_id, patients in dependants.items():
        for patient_id in patients:
            payers_of.setdefault(patient_id, set()).add(guarantor_id)
    pauses = await pausing.pauses_of(db, list(payers_of))
    found: dict[UUID, list[Held]] = {}
    for patient_id, standing in pauses.items():
        for pause in standing:
            if pause.channel:
                continue
            claim_id = pause.source_id if pause.source_type == "claim" else None
            since = pause.begun_at.astimezone(zone).date()
            for guarantor_id in payers_of[patient_id]:
                found.setdefault(guarantor_id, []).append(
                    Held(patient_id, pause.kind, claim_id, since)
                )
    return found


async def keep(db: TenantSession, clocks: Mapping[UUID, Clock]) -> None:
    """Write clocks as they stand now."""
    if not clocks:
        return
    now = clock.now()
    rows = [
        {
            "tenant_id": db.tenant_id,
            "guarantor_id": guarantor_id,
            "updated_at": now,
            **{name: getattr(one, name) for name in _COLUMNS},
        }
        for guarantor_id, one in sorted(clocks.items())
    ]
    for start in range(0, len(rows), _AT_A_TIME):
        inserted = insert(bulk.table_of(DunningClock)).values(rows[start : start + _AT_A_TIME])
        changed = {name: inserted.excluded[name] for name in (*_COLUMNS, "updated_at")}
        await db.execute(
            inserted.on_conflict_do_update(
                index_elements=["tenant_id", "guarantor_id"], set_=changed
            )
        )


_AT_A_TIME = 1_000


def _clock(row: DunningClock) -> Clock:
    return Clock(**{name: getattr(row, name) for name in _COLUMNS})


def moved_on(standing: Clock | None, stage: dunning_rules.Stage, today: date) -> Clock:
    """After a statement of this stage went out."""
    if standing is None or standing.ended_on is not None:
        return dunning_rules.started(today)
    if stage == standing.stage:
        return standing
    return dunning_rules.advanced(standing, stage, today)
