"""What coders are certified as: recorded by the practice's admin or supervisor, never by the coder."""

from datetime import date
from uuid import UUID

import msgspec
from sqlalchemy import insert, select, update

from billing_saas.audit import trail
from billing_saas.duties import rules
from billing_saas.duties.errors import (
    AnotherMust,
    CredentialEnded,
    CredentialNotFound,
    NoSuchMember,
)
from billing_saas.duties.rules import Credential, Held
from billing_saas.duties.tables import CoderCredential
from billing_saas.identity.tables import Membership
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.kit.ids import new_id
from billing_saas.kit.paging import Page, PageRequest, encode

READ = "credentials.read"
WRITE = "credentials.write"


class NewCredential(msgspec.Struct, frozen=True, kw_only=True):
    user_id: UUID
    kind: Credential
    expires_on: date


async def record(db: TenantSession, actor: Actor, new: NewCredential) -> UUID:
    actor.must(WRITE)
    if new.user_id == actor.id:
        raise AnotherMust("Nobody records a credential of their own.", duty="record_credential")
    if not await _works_here(db, new.user_id):
        raise NoSuchMember("Nobody with this id works here.", field="user_id")
    credential_id = new_id()
    await db.execute(
        insert(CoderCredential).values(
            tenant_id=db.tenant_id,
            id=credential_id,
            user_id=new.user_id,
            kind=new.kind,
            expires_on=new.expires_on,
            recorded_by=actor.id,
            recorded_at=clock.now(),
        )
    )
    await trail.record(
        db,
        actor,
        "credential.record",
        object_type="user",
        object_id=new.user_id,
        detail={"kind": new.kind, "to": new.expires_on.isoformat()},
    )
    return credential_id


async def end(db: TenantSession, actor: Actor, credential_id: UUID) -> None:
    """It was recorded wrongly, or withdrawn by who gave it."""
    actor.must(WRITE)
    found = await credential(db, actor, credential_id)
    if found.ended_at is not None:
        raise CredentialEnded("The credential has ended already.")
    await db.execute(
        update(CoderCredential)
        .where(CoderCredential.tenant_id == db.tenant_id, CoderCredential.id == credential_id)
        .values(ended_by=actor.id, ended_at=clock.now())
    )
    await trail.record(
        db,
        actor,
        "credential.end",
        object_type="user",
        object_id=found.user_id,
        detail={"kind": found.kind},
    )


async def credential(db: TenantSession, actor: Actor, credential_id: UUID) -> CoderCredential:
    actor.must(READ)
    found = await db.scalar(
        select(CoderCredential).where(
            CoderCredential.tenant_id == db.tenant_id, CoderCredential.id == credential_id
        )
    )
    if found is None:
        raise CredentialNotFound("There is no such credential.")
    return found


async def credentials(db: TenantSession, actor: Actor, page: PageRequest) -> Page[CoderCredential]:
    """Those that stand, expired or not, newest first."""
    actor.must(READ)
    query = select(CoderCredential).where(
        CoderCredential.tenant_id == db.tenant_id, CoderCredential.ended_at.is_(None)
    )
    if page.after is not None:
        query = query.where(CoderCredential.id < page.after)
    found = await db.scalars(query.order_by(CoderCredential.id.desc()).limit(page.limit + 1))
    seen = found.all()
    rows = list(seen[: page.limit])
    return Page(rows, encode(rows[-1].id) if len(seen) > page.limit else None)


async def held(db: TenantSession, user_id: UUID) -> list[Held]:
    """What is recorded of this person here, expired or not."""
    rows = await db.execute(
        select(CoderCredential.kind, CoderCredential.expires_on).where(
            CoderCredential.tenant_id == db.tenant_id,
            CoderCredential.user_id == user_id,
            CoderCredential.ended_at.is_(None),
        )
    )
    return [Held(row.kind, row.expires_on) for row in rows]


async def needs_review(db: TenantSession, user_id: UUID) -> bool:
    return rules.needs_review(await held(db, user_id), clock.now().date())


async def _works_here(db: TenantSession, user_id: UUID) -> bool:
    found = await db.scalar(
        select(Membership.id)
        .where(
            Membership.tenant_id == db.tenant_id,
            Membership.user_id == user_id,
            Membership.ended_at.is_(None),
        )
        .limit(1)
    )
    return found is not None
