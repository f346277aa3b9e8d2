"""Write to the trail, in the transaction of what is told. No event, no answer: a failure here fails all."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec
from sqlalchemy import text

from billing_saas.audit import contents, macs, rules
from billing_saas.audit.contents import Content
from billing_saas.audit.rules import Classes, Event
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import PlatformSession, TenantSession
from billing_saas.kit.ids import new_id

# One round trip: the event, everyone it concerns, and what it wrote.
_EVENT = """
      INSERT INTO audit_event (id, tenant_id, at, actor_kind, actor_id, on_behalf_of, session_id,
        action, object_type, object_id, purpose, outcome, request_id, ip_prefix, classes_read,
        content_hash, subjects_hash, detail, mac_key, mac)
      VALUES (:id, :tenant_id, :at, :actor_kind, :actor_id, :on_behalf_of, :session_id, :action,
        :object_type, :object_id, :purpose, :outcome, :request_id, :ip_prefix, :classes_read,
        :content_hash, :subjects_hash, cast(:detail AS jsonb), :mac_key, :mac)"""
_INSERT = text(
    f"""
    WITH event AS ({_EVENT}
    ), content AS (
      INSERT INTO audit_content (tenant_id, row_id, table_number, column_number, at, event_id, hash)
      SELECT :tenant_id, row_id, table_number, column_number, :at, :id, hash
      FROM unnest(cast(:content_rows AS uuid[]), cast(:content_tables AS smallint[]),
                  cast(:content_columns AS smallint[]), cast(:content_hashes AS bytea[]))
        AS written (row_id, table_number, column_number, hash)
    )
    INSERT INTO audit_subject (tenant_id, patient_id, at, event_id)
    SELECT :tenant_id, subject, :at, :id FROM unnest(cast(:subjects AS uuid[])) AS subject
    """  # noqa: S608  # constants of ours
)
_INSERT_EVENT = text(_EVENT)

# The order of the columns under the MAC. Never change it: add a new version of the MAC instead.
COLUMNS = (
    *("id", "tenant_id", "at", "actor_kind", "actor_id", "on_behalf_of", "session_id", "action"),
    *("object_type", "object_id", "purpose", "outcome", "request_id", "ip_prefix"),
    *("classes_read", "content_hash", "subjects_hash", "detail", "mac_key"),
)


async def record(
    db: TenantSession,
    actor: Actor,
    action: str,
    *,
    object_type: str,
    object_id: UUID | None = None,
    subjects: Sequence[UUID] = (),
    classes: Classes = Classes.NONE,
    sealed: Sequence[Content] = (),
    outcome: str = "done",
    detail: Mapping[str, int | str] | None = None,
) -> UUID:
    """Record that `actor` did `action`; `subjects` are the patients whose data was shown or changed,
    `sealed` every sealed cell that was written: what is not told here is `unattested` to `phi verify`.

    Actions are `thing.verb`, e.g. `claim.read`, `remittance.post`. Returns the event's id.
    """
    event = Event(
        id=new_id(),
        tenant_id=db.tenant_id,
        at=clock.now(),
        actor=actor,
        action=action,
        object_type=object_type,
        object_id=object_id,
        subjects=tuple(dict.fromkeys(subjects)),
        classes=classes,
        content_hash=contents.digest(sealed),
        outcome=outcome,
        detail=detail,
    )
    values = await _signed(db, event)
    await db.execute(_INSERT, {**values, "subjects": list(event.subjects), **_contents(sealed)})
    return event.id


async def record_in(
    db: PlatformSession,
    log: UUID,
    actor: Actor,
    action: str,
    *,
    object_type: str,
    object_id: UUID,
    outcome: str = "done",
    detail: Mapping[str, int | str] | None = None,
) -> UUID:
    """What the platform did, told in a practice's log or in its own (`rules.PLATFORM_LOG`)."""
    event = Event(
        id=new_id(),
        tenant_id=log,
        at=clock.now(),
        actor=actor,
        action=action,
        object_type=object_type,
        object_id=object_id,
        outcome=outcome,
        detail=detail,
    )
    await db.execute(_INSERT_EVENT, await _signed(db, event))
    return event.id


async def record_in_each(
    db: PlatformSession,
    logs: Sequence[UUID],
    actor: Actor,
    action: str,
    *,
    object_type: str,
    object_id: UUID,
    detail: Mapping[str, int | str] | None = None,
) -> None:
    """One thing that concerns several practices, told in the log of each; sent as one batch."""
    events = [
        Event(
            id=new_id(),
            tenant_id=log,
            at=clock.now(),
            actor=actor,
            action=action,
            object_type=object_type,
            object_id=object_id,
            detail=detail,
        )
        for log in logs
    ]
    if events:
        await db.execute(_INSERT_EVENT, [await _signed(db, event) for event in events])


async def _signed(db: PlatformSession | TenantSession, event: Event) -> dict[str, object]:
    """The columns of the event with its MAC, as they are inserted."""
    rules.check_detail(event.detail or {})
    mac_key = await macs.current(db)
    values = _columns(event, mac_key.version)
    values["mac"] = rules.mac(mac_key.key, [values[column] for column in COLUMNS])
    values["detail"] = msgspec.json.encode(values["detail"]).decode()
    return values


def _contents(sealed: Sequence[Content]) -> dict[str, object]:
    return {
        "content_rows": [one.row_id for one in sealed],
        "content_tables": [one.table_number for one in sealed],
        "content_columns": [one.column_number for one in sealed],
        "content_hashes": [one.hash for one in sealed],
    }


def _columns(event: Event, mac_key: int) -> dict[str, object]:
    actor = event.actor
    return {
        "id": event.id,
        "tenant_id": event.tenant_id,
        "at": event.at,
        "actor_kind": actor.kind.value,
        "actor_id": actor.id,
        "on_behalf_of": actor.on_behalf_of,
        "session_id": actor.session,
        "action": event.action,
        "object_type": event.object_type,
        "object_id": event.object_id,
        "purpose": actor.purpose.value,
        "outcome": event.outcome,
        "request_id": actor.request_id,
        "ip_prefix": actor.ip_prefix,
        "classes_read": int(event.classes),
        "content_hash": event.content_hash,
        "subjects_hash": event.subjects_hash,
        "detail": dict(event.detail or {}),
        "mac_key": mac_key,
    }
