"""Read the trail; reading it is told too."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import select, tuple_

from billing_saas.audit import macs, rules, trail
from billing_saas.audit.tables import AuditEvent, AuditSubject
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.kit.paging import Page, PageRequest, encode


async def events(
    db: TenantSession, actor: Actor, page: PageRequest, *, patient_id: UUID | None = None
) -> Page[AuditEvent]:
    """Newest first; with `patient_id`, those that concern that patient."""
    actor.must("audit.read")
    query = select(AuditEvent).where(AuditEvent.tenant_id == db.tenant_id)
    if page.after is not None:
        query = query.where(AuditEvent.id < page.after)
    if patient_id is not None:
        query = query.join(
            AuditSubject,
            (AuditSubject.tenant_id == AuditEvent.tenant_id)
            & (AuditSubject.event_id == AuditEvent.id)
            & (AuditSubject.at == AuditEvent.at),
        ).where(AuditSubject.tenant_id == db.tenant_id, AuditSubject.patient_id == patient_id)
    found = (await db.scalars(query.order_by(AuditEvent.id.desc()).limit(page.limit + 1))).all()
    rows = list(found[: page.limit])
    await trail.record(
        db,
        actor,
        "audit.read",
        object_type="audit_event",
        subjects=[patient_id] if patient_id and rows else [],
        detail={"count": len(rows)},
    )
    more = len(found) > page.limit
    return Page(rows, encode(rows[-1].id) if more else None)


async def accesses(
    db: TenantSession, actor: Actor, patient_id: UUID, page: PageRequest
) -> Page[AuditEvent]:
    """Who saw or changed this patient's data, newest first (45 CFR 164.528, and more than it asks)."""
    actor.must("audit.read")
    return await own_accesses(db, actor, patient_id, page)


async def own_accesses(
    db: TenantSession, actor: Actor, patient_id: UUID, page: PageRequest
) -> Page[AuditEvent]:
    """As `accesses`. For acts that check that it is the patient who asks."""
    subject = select(AuditSubject.at, AuditSubject.event_id).where(
        AuditSubject.tenant_id == db.tenant_id, AuditSubject.patient_id == patient_id
    )
    if page.after is not None:
        last = subject.where(AuditSubject.event_id == page.after).subquery()
        subject = subject.where(
            tuple_(AuditSubject.at, AuditSubject.event_id)
            < select(last.c.at, last.c.event_id).scalar_subquery()
        )
    # The page is cut from the index on patients; only its events are then fetched, by their keys.
    cut = (
        subject.order_by(AuditSubject.at.desc(), AuditSubject.event_id.desc())
        .limit(page.limit + 1)
        .subquery()
    )
    query = (
        select(AuditEvent)
        .join(cut, (AuditEvent.at == cut.c.at) & (AuditEvent.id == cut.c.event_id))
        .where(AuditEvent.tenant_id == db.tenant_id)
        .order_by(AuditEvent.at.desc(), AuditEvent.id.desc())
    )
    found = (await db.scalars(query)).all()
    rows = list(found[: page.limit])
    await trail.record(
        db,
        actor,
        "audit.access_read",
        object_type="patient",
        object_id=patient_id,
        subjects=[patient_id] if rows else [],
        detail={"count": len(rows)},
    )
    return Page(rows, encode(rows[-1].id) if len(found) > page.limit else None)


async def broken_rows(db: TenantSession) -> list[UUID]:
    """Events of this practice that no longer are what was written: the row, or whom it concerns."""
    keys = await macs.by_version(db)
    subjects: dict[UUID, list[UUID]] = {}
    for event_id, patient_id in await db.execute(
        select(AuditSubject.event_id, AuditSubject.patient_id).where(
            AuditSubject.tenant_id == db.tenant_id
        )
    ):
        subjects.setdefault(event_id, []).append(patient_id)
    rows = await db.scalars(select(AuditEvent).where(AuditEvent.tenant_id == db.tenant_id))
    return [row.id for row in rows if not _is_whole(row, keys, subjects.get(row.id, []))]


def _is_whole(row: AuditEvent, keys: Mapping[int, bytes], subjects: Sequence[UUID]) -> bool:
    key = keys.get(row.mac_key)
    if key is None or rules.subjects_hash(subjects) != row.subjects_hash:
        return False
    return rules.mac(key, [getattr(row, column) for column in trail.COLUMNS]) == row.mac
