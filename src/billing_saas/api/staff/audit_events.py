"""The audit trail, for those who review it."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import get
from litestar.params import QueryParameter

from billing_saas.api.declaring import declared
from billing_saas.api.deps import Asked, Db, Id, Who
from billing_saas.api.wire import Out, PageOut
from billing_saas.audit import queries
from billing_saas.audit.rules import Classes
from billing_saas.audit.tables import AuditEvent
from billing_saas.patients import accounting
from billing_saas.patients.accounting import Access


class AuditEventOut(Out, frozen=True):
    """`classes_read` names the kinds of sealed data that were opened."""

    id: UUID
    at: datetime
    actor_kind: str
    actor_id: UUID
    action: str
    object_type: str
    object_id: UUID | None
    purpose: str
    outcome: str
    request_id: str
    classes_read: list[str]
    detail: dict[str, Any]

    @classmethod
    def of(cls, event: AuditEvent) -> "AuditEventOut":
        return cls(
            id=event.id,
            at=event.at,
            actor_kind=event.actor_kind,
            actor_id=event.actor_id,
            action=event.action,
            object_type=event.object_type,
            object_id=event.object_id,
            purpose=event.purpose,
            outcome=event.outcome,
            request_id=event.request_id,
            classes_read=_classes(event),
            detail=event.detail,
        )


@get(
    "/audit-events",
    summary="Who saw or changed what, newest first",
    opt=declared("audit.read"),
)
async def list_audit_events(
    db: Db,
    actor: Who,
    page: Asked,
    patient_id: Annotated[
        UUID | None, QueryParameter(description="Only events that concern this patient.")
    ] = None,
) -> PageOut[AuditEventOut]:
    found = await queries.events(db, actor, page, patient_id=patient_id)
    return PageOut([AuditEventOut.of(event) for event in found.rows], found.next_cursor)


class AccessOut(Out, frozen=True):
    """`actor_name` is null for the system, and for people who never were members of the practice."""

    event_id: UUID
    at: datetime
    actor_kind: str
    actor_id: UUID
    actor_name: str | None
    on_behalf_of: UUID | None
    action: str
    purpose: str
    outcome: str
    classes_read: list[str]

    @classmethod
    def of(cls, access: Access) -> "AccessOut":
        event = access.event
        return cls(
            event_id=event.id,
            at=event.at,
            actor_kind=event.actor_kind,
            actor_id=event.actor_id,
            actor_name=access.actor_name,
            on_behalf_of=event.on_behalf_of,
            action=event.action,
            purpose=event.purpose,
            outcome=event.outcome,
            classes_read=_classes(event),
        )


def _classes(event: AuditEvent) -> list[str]:
    return [str(kind.name).lower() for kind in Classes(event.classes_read)]


@get(
    "/patients/{patient_id:uuid}/access",
    summary="Who saw or changed a patient's record, newest first",
    opt=declared("audit.read"),
)
async def list_accesses(db: Db, actor: Who, patient_id: Id, page: Asked) -> PageOut[AccessOut]:
    found = await accounting.accesses(db, actor, patient_id, page)
    return PageOut([AccessOut.of(access) for access in found.rows], found.next_cursor)


HANDLERS = [list_audit_events, list_accesses]
