"""Sessions of patients: apart from those of staff, found at every request, ended at once.

A session keeps its id and changes its secret whenever it comes to mean more, so that a secret somebody
knew before is worth nothing after.
"""

import hashlib
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from billing_saas.audit import trail
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor, ActorKind, AuthLevel, Purpose
from billing_saas.kit.db import TenantSession
from billing_saas.kit.ids import new_id
from billing_saas.portal import rules
from billing_saas.portal.errors import NeedsMore, NotEntered
from billing_saas.portal.rules import Level
from billing_saas.portal.tables import PortalSession
from billing_saas.tenants.tables import Practice


@dataclass(frozen=True, slots=True)
class PortalVisitor:
    """Who visits, by a session that is good now. With a `statement_id` they came for that bill alone,
    and see no other before they are verified."""

    tenant_id: UUID
    session_id: UUID
    guarantor_id: UUID
    level: Level
    statement_id: UUID | None
    language: str

    @property
    def is_verified(self) -> bool:
        return self.level is Level.VERIFIED

    def must_be_verified(self) -> None:
        """`NeedsMore` for who showed only what others may know as well."""
        if not self.is_verified:
            raise NeedsMore

    def actor(self, *, request_id: str = "", ip_prefix: str = "") -> Actor:
        """The guarantor, with `portal.pay`; once verified with `portal.record` as well."""
        return Actor(
            kind=ActorKind.PATIENT,
            id=self.guarantor_id,
            permissions=rules.PERMISSIONS[self.level],
            purpose=Purpose.PATIENT_REQUEST,
            session=self.session_id,
            auth_level=AuthLevel.ONE_FACTOR if self.is_verified else AuthLevel.TOKEN,
            request_id=request_id,
            ip_prefix=ip_prefix,
        )


def secret_hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


async def practice_of(db: AsyncConnection, secret: str) -> UUID:
    """The practice in which this secret is looked for; `NotEntered` when it is nobody's."""
    found = await db.scalar(
        select(PortalSession.tenant_id)
        .join(Practice, Practice.tenant_id == PortalSession.tenant_id)
        .where(
            PortalSession.secret_hash == secret_hash(secret),
            Practice.status.in_(["active", "leaving"]),
        )
    )
    if found is None:
        raise NotEntered
    return UUID(str(found))


async def find(db: TenantSession, secret: str) -> PortalVisitor:
    """Whose session this is, whatever its level, or `NotEntered`, which does not say why."""
    row = await db.scalar(
        select(PortalSession).where(
            PortalSession.tenant_id == db.tenant_id,
            PortalSession.secret_hash == secret_hash(secret),
            PortalSession.ended_at.is_(None),
        )
    )
    if row is None:
        raise NotEntered
    now = clock.now()
    level = Level(row.level)
    if rules.over(level, row.opened_at, row.seen_at, row.expires_at, now):
        raise NotEntered
    if now - row.seen_at >= rules.SEEN_EVERY:
        await _change(db, row.id, seen_at=now)
    return PortalVisitor(
        tenant_id=row.tenant_id,
        session_id=row.id,
        guarantor_id=row.guarantor_id,
        level=level,
        statement_id=row.statement_id,
        language=row.language,
    )


async def open_session(
    db: TenantSession,
    guarantor_id: UUID,
    *,
    link_id: UUID | None,
    statement_id: UUID | None,
    language: str,
    request_id: str = "",
    ip_prefix: str = "",
) -> tuple[str, PortalVisitor]:
    """The secret for the cookie, which nobody knew before, and who visits by it."""
    secret = rules.new_secret()
    now = clock.now()
    visitor = PortalVisitor(
        tenant_id=db.tenant_id,
        session_id=new_id(),
        guarantor_id=guarantor_id,
        level=Level.KNOWS,
        statement_id=statement_id,
        language=language,
    )
    db.add(
        PortalSession(
            tenant_id=db.tenant_id,
            id=visitor.session_id,
            secret_hash=secret_hash(secret),
            guarantor_id=guarantor_id,
            link_id=link_id,
            statement_id=statement_id,
            level=visitor.level.value,
            language=language,
            opened_at=now,
            seen_at=now,
            raised_at=None,
            expires_at=now + rules.ABSOLUTE[visitor.level],
            ended_at=None,
            end_reason="",
        )
    )
    await db.flush()
    actor = visitor.actor(request_id=request_id, ip_prefix=ip_prefix)
    await _tell(db, actor, "portal.enter", visitor)
    return secret, visitor


async def raise_level(
    db: TenantSession, actor: Actor, visitor: PortalVisitor
) -> tuple[str, PortalVisitor]:
    """They showed more: a new secret. The old one is worth nothing from now on."""
    secret = rules.new_secret()
    now = clock.now()
    raised = replace(visitor, level=Level.VERIFIED)
    await _change(
        db,
        visitor.session_id,
        secret_hash=secret_hash(secret),
        level=raised.level.value,
        raised_at=now,
        seen_at=now,
        expires_at=now + rules.ABSOLUTE[raised.level],
    )
    await _tell(db, actor, "portal.verify", visitor)
    return secret, raised


async def end(db: TenantSession, actor: Actor, visitor: PortalVisitor, *, reason: str) -> None:
    await _change(db, visitor.session_id, ended_at=clock.now(), end_reason=reason)
    await _tell(db, actor, "portal.leave", visitor)


async def end_all_of(db: TenantSession, actor: Actor, guarantor_id: UUID, *, reason: str) -> None:
    """A contact changed hands, or a phone was lost: whoever is in, is out."""
    ended = (
        await db.execute(
            update(PortalSession)
            .where(
                PortalSession.tenant_id == db.tenant_id,
                PortalSession.guarantor_id == guarantor_id,
                PortalSession.ended_at.is_(None),
            )
            .values(ended_at=clock.now(), end_reason=reason)
            .returning(PortalSession.id)
            .execution_options(synchronize_session=False)
        )
    ).all()
    await trail.record(
        db,
        actor,
        "portal.end_all",
        object_type="patient",
        object_id=guarantor_id,
        subjects=[guarantor_id],
        detail={"count": len(ended), "reason": reason},
    )


async def _change(db: TenantSession, session_id: UUID, **changed: object) -> None:
    await db.execute(
        update(PortalSession)
        .where(
            PortalSession.tenant_id == db.tenant_id,
            PortalSession.id == session_id,
            PortalSession.ended_at.is_(None),
        )
        .values(**changed)
        .execution_options(synchronize_session=False)
    )


async def _tell(db: TenantSession, actor: Actor, action: str, visitor: PortalVisitor) -> None:
    await trail.record(
        db,
        actor,
        action,
        object_type="portal_session",
        object_id=visitor.session_id,
        subjects=[visitor.guarantor_id],
        detail={"state": visitor.level.value},
    )
