"""Why messages to a patient stop: written down by the rooms above, and by what carriers report."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import bindparam, or_, select, update
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.types import Uuid

from billing_saas.audit import trail
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.kit.ids import new_id
from billing_saas.kit.paging import Page, PageRequest, encode
from billing_saas.messages.errors import PauseIsOfAnother, PauseNotFound
from billing_saas.messages.gate_rules import Pausing
from billing_saas.messages.tables import MessagePause
from billing_saas.patients import queries as patients
from billing_saas.patients.errors import PatientNotFound

READ = "messages.read"
WRITE = "messages.write"
STAFF = "staff"
"""The source of what staff set by hand."""
SAID = "opt_out"
"""The source of what a patient said, by any of the ways to opt out."""


class Pause(msgspec.Struct, frozen=True, kw_only=True):
    """One that stands. An empty `channel` is all of them."""

    id: UUID
    patient_id: UUID
    kind: str
    channel: str
    source_type: str
    source_id: UUID
    begun_at: datetime
    until: datetime | None


async def pause(
    db: TenantSession,
    actor: Actor,
    patient_id: UUID,
    kind: str,
    *,
    source_type: str,
    source_id: UUID,
    until: datetime | None = None,
    channel: str = "",
) -> UUID:
    """Stop messages of this patient because of this source. The same again changes `until` and no more.

    `kind` is one of `gate_rules.Pausing`: dispute, plan, appeal, insurer, bankruptcy, deceased, opt_out,
    returned_mail, hardship, bounce, complaint. The caller has checked who asks.
    """
    kind = Pausing(kind).value
    now = clock.now()
    key = ("tenant_id", "patient_id", "kind", "channel", "source_type", "source_id")
    inserted = insert(MessagePause).values(
        tenant_id=db.tenant_id,
        id=new_id(),
        patient_id=patient_id,
        kind=kind,
        channel=channel,
        source_type=source_type,
        source_id=source_id,
        begun_at=now,
        begun_by=actor.id,
        until=until,
    )
    found = await db.execute(
        inserted.on_conflict_do_update(
            index_elements=key,
            index_where=MessagePause.lifted_at.is_(None),
            set_={"until": inserted.excluded.until},
        ).returning(MessagePause.id)
    )
    pause_id = found.scalar_one()
    await trail.record(
        db,
        actor,
        "message.pause",
        object_type="pause",
        object_id=pause_id,
        subjects=[patient_id],
        detail={"kind": kind, "source": source_type},
    )
    return pause_id


async def lift(db: TenantSession, actor: Actor, *, source_type: str, source_id: UUID) -> int:
    """What this source stopped may go on; other pauses stand. Says how many were lifted."""
    return await _lift(
        db,
        actor,
        MessagePause.source_type == source_type,
        MessagePause.source_id == source_id,
    )


async def lift_kind(
    db: TenantSession,
    actor: Actor,
    patient_id: UUID,
    kind: str,
    *,
    channel: str,
    source_type: str,
) -> int:
    """Of one patient, kind and channel."""
    return await _lift(
        db,
        actor,
        MessagePause.patient_id == patient_id,
        MessagePause.kind == kind,
        MessagePause.channel == channel,
        MessagePause.source_type == source_type,
    )


async def pause_by_hand(
    db: TenantSession,
    actor: Actor,
    patient_id: UUID,
    kind: Pausing,
    *,
    until: datetime | None,
    channel: str = "",
) -> UUID:
    """What staff learnt: by telephone, from a court, from the post."""
    actor.must(WRITE)
    await patients.must_exist(db, patient_id)
    return await pause(
        db,
        actor,
        patient_id,
        kind,
        source_type=STAFF,
        source_id=patient_id,
        until=until,
        channel=channel,
    )


async def lift_by_hand(db: TenantSession, actor: Actor, pause_id: UUID) -> None:
    """Only what staff set, or what came back by mail: the rest is lifted by what set it, or by the patient."""
    actor.must(WRITE)
    row = await db.scalar(
        select(MessagePause).where(
            MessagePause.tenant_id == db.tenant_id,
            MessagePause.id == pause_id,
            MessagePause.lifted_at.is_(None),
        )
    )
    if row is None or not actor.may_see(row.patient_id):
        raise PauseNotFound("There is no such pause.")
    if row.source_type != STAFF:
        raise PauseIsOfAnother("This pause is lifted by what set it.", source=row.source_type)
    await _lift(db, actor, MessagePause.id == pause_id)


async def listed(
    db: TenantSession, actor: Actor, patient_id: UUID, page: PageRequest
) -> Page[MessagePause]:
    """Those that stand and those that stood, newest first."""
    actor.must(READ)
    if not actor.may_see(patient_id):
        raise PatientNotFound("There is no such patient.")
    await patients.must_exist(db, patient_id)
    query = select(MessagePause).where(
        MessagePause.tenant_id == db.tenant_id, MessagePause.patient_id == patient_id
    )
    if page.after is not None:
        query = query.where(MessagePause.id < page.after)
    found = (await db.scalars(query.order_by(MessagePause.id.desc()).limit(page.limit + 1))).all()
    rows = list(found[: page.limit])
    return Page(rows, encode(rows[-1].id) if len(found) > page.limit else None)


async def one(db: TenantSession, actor: Actor, pause_id: UUID) -> MessagePause:
    actor.must(READ)
    row = await db.scalar(
        select(MessagePause).where(
            MessagePause.tenant_id == db.tenant_id, MessagePause.id == pause_id
        )
    )
    if row is None or not actor.may_see(row.patient_id):
        raise PauseNotFound("There is no such pause.")
    return row


async def pauses_of(db: TenantSession, patient_ids: Collection[UUID]) -> dict[UUID, list[Pause]]:
    """Those that stand now, by patient. A patient without any is not in the answer."""
    if not patient_ids:
        return {}
    rows = await db.scalars(
        select(MessagePause)
        .where(
            MessagePause.tenant_id == db.tenant_id,
            MessagePause.patient_id == bindparam("ids", list(patient_ids), ARRAY(Uuid)).any_(),
            MessagePause.lifted_at.is_(None),
            or_(MessagePause.until.is_(None), MessagePause.until > clock.now()),
        )
        .order_by(MessagePause.id)
    )
    found: dict[UUID, list[Pause]] = {}
    for row in rows:
        found.setdefault(row.patient_id, []).append(
            Pause(**{name: getattr(row, name) for name in Pause.__struct_fields__})
        )
    return found


async def _lift(db: TenantSession, actor: Actor, *which: object) -> int:
    lifted = (
        await db.execute(
            update(MessagePause)
            .where(
                MessagePause.tenant_id == db.tenant_id,
                MessagePause.lifted_at.is_(None),
                *which,  # type: ignore[arg-type]  # conditions of ours
            )
            .values(lifted_at=clock.now(), lifted_by=actor.id)
            .returning(MessagePause.id, MessagePause.patient_id)
            .execution_options(synchronize_session=False)
        )
    ).all()
    if lifted:
        await trail.record(
            db,
            actor,
            "message.unpause",
            object_type="pause",
            object_id=lifted[0].id if len(lifted) == 1 else None,
            subjects=[row.patient_id for row in lifted],
            detail={"count": len(lifted)},
        )
    return len(lifted)
