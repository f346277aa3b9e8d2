"""The practice's admin judges each emergency; one that nobody judged in a week is an alarm."""

from uuid import UUID

import msgspec
from sqlalchemy import select, update

from billing_saas.audit import trail
from billing_saas.audit.rules import Classes
from billing_saas.emergencies import rules
from billing_saas.emergencies.errors import EmergencyNotFound, EmergencyReviewed, OwnEmergency
from billing_saas.emergencies.jobs import WatchEmergencies
from billing_saas.emergencies.rules import Judgment, Why
from billing_saas.emergencies.tables import EmergencyAccess
from billing_saas.followups import cards
from billing_saas.followups.cards import NewCard
from billing_saas.kit import clock, logs
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.kit.paging import Page, PageRequest, encode
from billing_saas.phi import keyring
from billing_saas.phi.registry import EMERGENCY_ACCESS_PHI_CLIN

READ = "emergencies.read"
REVIEW = "emergencies.review"


class Emergency(msgspec.Struct, frozen=True, kw_only=True):
    """One emergency with its reason opened."""

    access: EmergencyAccess
    why: Why

    def __repr__(self) -> str:
        return f"<Emergency {self.access.id}>"


async def emergencies(db: TenantSession, actor: Actor, page: PageRequest) -> Page[Emergency]:
    """Newest first."""
    actor.must(READ)
    query = select(EmergencyAccess).where(EmergencyAccess.tenant_id == db.tenant_id)
    if page.after is not None:
        query = query.where(EmergencyAccess.id < page.after)
    found = await db.scalars(query.order_by(EmergencyAccess.id.desc()).limit(page.limit + 1))
    rows = found.all()
    shown = await _opened(db, actor, list(rows[: page.limit]), "emergency.list")
    return Page(shown, encode(shown[-1].access.id) if len(rows) > page.limit else None)


async def emergency(db: TenantSession, actor: Actor, access_id: UUID) -> Emergency:
    actor.must(READ)
    (shown,) = await _opened(db, actor, [await _row(db, access_id)], "emergency.read", access_id)
    return shown


async def judge(db: TenantSession, actor: Actor, access_id: UUID, judgment: Judgment) -> None:
    actor.must(REVIEW)
    row = await _row(db, access_id, lock=True)
    if row.user_id == actor.id:
        raise OwnEmergency("Somebody else must judge it.")
    if row.review:
        raise EmergencyReviewed("It was judged already.", state=row.review)
    await db.execute(
        update(EmergencyAccess)
        .where(EmergencyAccess.tenant_id == db.tenant_id, EmergencyAccess.id == access_id)
        .values(review=judgment, reviewed_by=actor.id, reviewed_at=clock.now())
    )
    await cards.withdraw(db, actor, [access_id], outcome=judgment)
    await trail.record(
        db,
        actor,
        "emergency.review",
        object_type="emergency_access",
        object_id=access_id,
        detail={"state": judgment},
    )


async def watch(db: TenantSession, actor: Actor, _: WatchEmergencies) -> int:
    """A card and an alarm, again each week, for every emergency that nobody has judged in a week."""
    now = clock.now()
    overdue = (
        await db.execute(
            select(EmergencyAccess.id, EmergencyAccess.opened_at).where(
                EmergencyAccess.tenant_id == db.tenant_id,
                EmergencyAccess.review == "",
                EmergencyAccess.opened_at <= now - rules.UNREVIEWED_AFTER,
            )
        )
    ).all()
    await cards.open_cards(
        db,
        [
            NewCard(
                kind="emergency_unreviewed",
                why="An emergency access waits for its review for more than a week.",
                owner="practice",
                subject_type="emergency_access",
                subject_id=row.id,
                source=f"emergency:{row.id}:{(now - row.opened_at) // rules.UNREVIEWED_AFTER}",
                due_on=now.date(),
            )
            for row in overdue
        ],
    )
    if overdue:
        logs.get().error("emergency not reviewed", tenant=db.tenant_id, count=len(overdue))
        await trail.record(
            db,
            actor,
            "emergency.unreviewed",
            object_type="practice",
            object_id=db.tenant_id,
            detail={"count": len(overdue)},
        )
    return len(overdue)


async def _row(db: TenantSession, access_id: UUID, *, lock: bool = False) -> EmergencyAccess:
    query = select(EmergencyAccess).where(
        EmergencyAccess.tenant_id == db.tenant_id, EmergencyAccess.id == access_id
    )
    found = await db.scalar(query.with_for_update() if lock else query)
    if found is None:
        raise EmergencyNotFound("There is no such emergency.")
    return found


async def _opened(
    db: TenantSession,
    actor: Actor,
    rows: list[EmergencyAccess],
    action: str,
    object_id: UUID | None = None,
) -> list[Emergency]:
    ring = await keyring.of(db, max((row.key_ver for row in rows), default=0))
    await trail.record(
        db,
        actor,
        action,
        object_type="emergency_access",
        object_id=object_id,
        subjects=[row.patient_id for row in rows if row.patient_id is not None],
        classes=Classes.CLINICAL if rows else Classes.NONE,
        detail={"count": len(rows)},
    )
    return [
        Emergency(access=row, why=ring.open(EMERGENCY_ACCESS_PHI_CLIN, row.id, row.phi_clin, Why))
        for row in rows
    ]
