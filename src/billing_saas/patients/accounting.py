"""Accounting for a patient: who saw or changed the record (45 CFR 164.528; here, every access)."""

from dataclasses import dataclass
from uuid import UUID

from billing_saas.audit import queries as audit
from billing_saas.audit.tables import AuditEvent
from billing_saas.clients import queries as clients
from billing_saas.identity import naming
from billing_saas.kit.actor import Actor, ActorKind
from billing_saas.kit.db import TenantSession
from billing_saas.kit.paging import Page, PageRequest
from billing_saas.patients import queries


@dataclass(frozen=True, slots=True)
class Access:
    event: AuditEvent
    actor_name: str | None
    """What the practice calls its machine. None for the system, and for people who never were members."""


async def accesses(
    db: TenantSession, actor: Actor, patient_id: UUID, page: PageRequest
) -> Page[Access]:
    """Newest first. Reading it is told, too."""
    actor.must("audit.read")
    await queries.must_exist(db, patient_id)
    found = await audit.accesses(db, actor, patient_id, page)
    people = {e.actor_id for e in found.rows if e.actor_kind == ActorKind.USER}
    machines = {e.actor_id for e in found.rows if e.actor_kind == ActorKind.CLIENT}
    names = await naming.names(db, people) | await clients.names(db, machines)
    rows = [Access(event, names.get(event.actor_id)) for event in found.rows]
    return Page(rows, found.next_cursor)
