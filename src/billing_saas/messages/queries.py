"""What patients were sent, and what was not: each with its decision. Reading it is told."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from billing_saas.audit import trail
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.kit.paging import Page, PageRequest, encode
from billing_saas.messages.contacts import READ
from billing_saas.messages.errors import MessageNotFound
from billing_saas.messages.tables import Message


async def messages(
    db: TenantSession,
    actor: Actor,
    page: PageRequest,
    *,
    patient_id: UUID | None = None,
    state: str | None = None,
) -> Page[Message]:
    """Newest first; of one patient, or in one state, when asked."""
    actor.must(READ)
    query = select(Message).where(Message.tenant_id == db.tenant_id)
    if actor.only_patient is not None:
        query = query.where(Message.patient_id == actor.only_patient)
    if patient_id is not None:
        query = query.where(Message.patient_id == patient_id)
    if state is not None:
        query = query.where(Message.state == state)
    if page.after is not None:
        query = query.where(Message.id < page.after)
    found = (await db.scalars(query.order_by(Message.id.desc()).limit(page.limit + 1))).all()
    rows = list(found[: page.limit])
    if rows:
        await _tell(db, actor, "message.list", rows)
    return Page(rows, encode(rows[-1].id) if len(found) > page.limit else None)


async def message(db: TenantSession, actor: Actor, message_id: UUID) -> Message:
    actor.must(READ)
    found = await db.scalar(
        select(Message).where(Message.tenant_id == db.tenant_id, Message.id == message_id)
    )
    if found is None or not actor.may_see(found.patient_id):
        raise MessageNotFound("There is no such message.")
    await _tell(db, actor, "message.read", [found], message_id)
    return found


async def _tell(
    db: TenantSession,
    actor: Actor,
    action: str,
    rows: Sequence[Message],
    object_id: UUID | None = None,
) -> None:
    await trail.record(
        db,
        actor,
        action,
        object_type="message",
        object_id=object_id,
        subjects=[person for row in rows for person in (row.patient_id, row.recipient_id)],
        detail={"count": len(rows)},
    )
