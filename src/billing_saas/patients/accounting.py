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
from billing_saas.patients.errors import PatientNotFound


@dataclass(frozen=True, slots=True)
class Access:
    event: AuditEvent
    actor_name: str | None
    """What the practice calls its machine. None for the system, and for people who never were members."""


@dataclass(frozen=True, slots=True)
class AccessTold:
    """One access, as the patient is told of it: by what somebody was, not by who. `role` and `side` are
    of a person who worked here then; a machine is told by the name that the practice gave it."""

    event: AuditEvent
    role: str
    side: str
    machine: str


async def own_accesses(db: TenantSession, actor: Actor, page: PageRequest) -> Page[AccessTold]:
    """Who saw the record of the patient who asks. Reading it is told, too."""
    actor.must("portal.record")
    if actor.kind is not ActorKind.PATIENT:
        raise PatientNotFound("There is no such patient.")
    found = await audit.own_accesses(db, actor, actor.id, page)
    posts = await naming.posts(
        db, {e.actor_id for e in found.rows if e.actor_kind == ActorKind.USER}
    )
    machines = await clients.names(
        db, {e.actor_id for e in found.rows if e.actor_kind == ActorKind.CLIENT}
    )
    rows = []
    for event in found.rows:
        held = [post for post in posts.get(event.actor_id, ()) if post.held_at(event.at)]
        post = min(held, key=lambda one: one.role, default=None)
        rows.append(
            AccessTold(
                event,
                post.role if post else "",
                post.side if post else "",
                machines.get(event.actor_id, ""),
            )
        )
    return Page(rows, found.next_cursor)


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
