"""Decide an application, by a person; and let one end whose time is over."""

from datetime import date, timedelta
from uuid import UUID

import msgspec
from sqlalchemy import or_, select

from billing_saas.audit import contents, trail
from billing_saas.audit.rules import Classes
from billing_saas.duties import separating
from billing_saas.duties.rules import DECIDE_HARDSHIP, HARDSHIP_DECIDED
from billing_saas.followups import cards
from billing_saas.followups.cards import NewCard
from billing_saas.hardship import moving, policies, rules
from billing_saas.hardship.errors import BeyondTheScale, NoGuideline
from billing_saas.hardship.jobs import ExpireHardship
from billing_saas.hardship.rules import Answers, Assessment, Denied
from billing_saas.hardship.tables import HardshipApplication
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.phi import keyring
from billing_saas.phi.registry import HARDSHIP_APPLICATION_PHI_DEMO
from billing_saas.tenants import queries as tenants

DECIDE = "hardship.decide"
CARD_WRITE_OFF = "hardship_to_write_off"
_AT_A_TIME = 500


class Assessed(msgspec.Struct, frozen=True):
    guideline_id: UUID
    assessment: Assessment


async def assess(db: TenantSession, row: HardshipApplication, answers: Answers) -> Assessed:
    """By the guideline in force when it was applied for, and the scale as it is now."""
    policy = await policies.in_force(db)
    found = await policies.guideline_on(db, policy.region, row.applied_on)
    if found is None:
        raise NoGuideline(
            "Enter the poverty guideline that was in force on the day it was applied for.",
            day=row.applied_on.isoformat(),
        )
    guideline_id, guideline = found
    return Assessed(guideline_id, rules.assess(answers, guideline, policy.steps))


async def approve(
    db: TenantSession, actor: Actor, application_id: UUID, percent: int, because: str = ""
) -> None:
    """`percent` is written off of what is open, in an act of its own. More than the scale gives needs a
    reason (`because`), which is sealed with the answers."""
    actor.must(DECIDE)
    row = await moving.lock(db, application_id)
    await separating.must_differ(db, actor, DECIDE_HARDSHIP, application_id)
    ring = await keyring.of(db, row.key_ver)
    answers = ring.open(HARDSHIP_APPLICATION_PHI_DEMO, row.id, row.phi_demo, Answers)
    assessed = await assess(db, row, answers)
    if percent > assessed.assessment.percent_off and not because.strip():
        raise BeyondTheScale(
            f"The scale gives {assessed.assessment.percent_off} percent: more needs a reason.",
            field="because",
        )
    sealed = ring.seal(
        HARDSHIP_APPLICATION_PHI_DEMO,
        row.id,
        msgspec.structs.replace(answers, decided_because=because.strip()),
    )
    policy = await policies.of(db)
    today = await _today(db)
    await moving.move(
        db,
        actor,
        row,
        "approved",
        "approved",
        phi_demo=sealed,
        key_ver=ring.key_ver,
        guideline_id=assessed.guideline_id,
        percent=percent,
        decided_by=actor.id,
        decided_on=today,
        good_until=today + timedelta(days=policy.good_days),
    )
    await separating.did(db, actor, HARDSHIP_DECIDED, application_id)
    await cards.withdraw(db, actor, [application_id], outcome="approved")
    await cards.open_cards(
        db,
        [
            NewCard(
                kind=CARD_WRITE_OFF,
                why="Financial assistance was approved: write off what it gives.",
                owner="biller",
                subject_type=moving.SOURCE,
                subject_id=application_id,
                source=f"{CARD_WRITE_OFF}:{application_id}",
                due_on=today + timedelta(days=3),
            )
        ],
    )
    await trail.record(
        db,
        actor,
        "hardship.approve",
        object_type=moving.SOURCE,
        object_id=application_id,
        subjects=[row.guarantor_id],
        classes=Classes.DEMOGRAPHIC,
        sealed=[contents.of(HARDSHIP_APPLICATION_PHI_DEMO, row.id, sealed)],
        detail={"count": percent},
    )


async def deny(db: TenantSession, actor: Actor, application_id: UUID, reason: Denied) -> None:
    """Asking for money goes on."""
    actor.must(DECIDE)
    row = await moving.lock(db, application_id)
    await separating.must_differ(db, actor, DECIDE_HARDSHIP, application_id)
    today = await _today(db)
    await moving.move(
        db, actor, row, "denied", reason, reason=reason, decided_by=actor.id, decided_on=today
    )
    await separating.did(db, actor, HARDSHIP_DECIDED, application_id)
    await _over(db, actor, row, "denied")
    await trail.record(
        db,
        actor,
        "hardship.deny",
        object_type=moving.SOURCE,
        object_id=application_id,
        subjects=[row.guarantor_id],
        detail={"reason": reason},
    )


async def expire(db: TenantSession, actor: Actor, _: ExpireHardship) -> int:
    """End those whose evidence did not come in time, and approvals whose days are over."""
    today = await _today(db)
    ids = await db.scalars(
        select(HardshipApplication.id)
        .where(
            HardshipApplication.tenant_id == db.tenant_id,
            or_(
                (HardshipApplication.state == "evidence_pending")
                & (HardshipApplication.evidence_due_on < today),
                (HardshipApplication.state == "approved")
                & (HardshipApplication.good_until < today),
            ),
        )
        .order_by(HardshipApplication.id)
        .limit(_AT_A_TIME)
    )
    expired = 0
    for application_id in ids.all():
        row = await moving.lock(db, application_id)
        if not rules.is_legal(row.state, "expired"):
            continue
        why = "no_evidence" if row.state == "evidence_pending" else "time_over"
        await moving.move(db, actor, row, "expired", why, reason=why)
        await _over(db, actor, row, "expired")
        expired += 1
    if expired:
        await trail.record(
            db,
            actor,
            "hardship.expire",
            object_type="practice",
            object_id=db.tenant_id,
            detail={"count": expired},
        )
    return expired


async def _over(db: TenantSession, actor: Actor, row: HardshipApplication, outcome: str) -> None:
    await moving.resume(db, actor, row.id)
    await cards.withdraw(db, actor, [row.id], outcome=outcome)


async def _today(db: TenantSession) -> date:
    return clock.today((await tenants.this_practice(db)).time_zone)
