"""Applications for who may see them. Answers are opened for one at a time; a list opens none."""

from collections.abc import Sequence
from uuid import UUID

import msgspec
from sqlalchemy import func, select

from billing_saas.audit import trail
from billing_saas.audit.rules import Classes
from billing_saas.hardship import deciding
from billing_saas.hardship.errors import ApplicationNotFound, NoGuideline, NoHardshipPolicy
from billing_saas.hardship.rules import Answers, Assessment
from billing_saas.hardship.tables import (
    HardshipApplication,
    HardshipDocument,
    HardshipEvent,
    HardshipWriteOff,
)
from billing_saas.kit.actor import Actor, ActorKind
from billing_saas.kit.db import TenantSession
from billing_saas.kit.paging import Page, PageRequest, encode
from billing_saas.phi import keyring
from billing_saas.phi.registry import HARDSHIP_APPLICATION_PHI_DEMO

READ = "hardship.read"


class Application(msgspec.Struct, frozen=True, kw_only=True):
    """`assessment` is None where no guideline was in force, or there is no scale."""

    row: HardshipApplication
    answers: Answers
    assessment: Assessment | None
    documents: list[UUID]
    written_off_cents: int
    events: list[HardshipEvent]

    def __repr__(self) -> str:
        return f"<Application {self.row.id}>"


async def application(db: TenantSession, actor: Actor, application_id: UUID) -> Application:
    """To staff who may see them, and to the guarantor himself."""
    row = await db.scalar(
        select(HardshipApplication)
        .where(
            HardshipApplication.tenant_id == db.tenant_id, HardshipApplication.id == application_id
        )
        .execution_options(populate_existing=True)
    )
    if actor.kind is not ActorKind.PATIENT:
        actor.must(READ)
    if row is None or not _may_see(actor, row.guarantor_id):
        raise ApplicationNotFound("There is no such application.")
    ring = await keyring.of(db, row.key_ver)
    answers = ring.open(HARDSHIP_APPLICATION_PHI_DEMO, row.id, row.phi_demo, Answers)
    await trail.record(
        db,
        actor,
        "hardship.read",
        object_type="hardship_application",
        object_id=row.id,
        subjects=[row.guarantor_id],
        classes=Classes.DEMOGRAPHIC,
    )
    return Application(
        row=row,
        answers=answers,
        assessment=await _assessment(db, row, answers),
        documents=await _documents(db, row.id),
        written_off_cents=await _written_off(db, row.id),
        events=list(await _events(db, row.id)),
    )


async def applications(
    db: TenantSession,
    actor: Actor,
    page: PageRequest,
    *,
    state: str | None = None,
    guarantor_id: UUID | None = None,
) -> Page[HardshipApplication]:
    """Newest first, without their answers."""
    if guarantor_id is None or actor.kind is not ActorKind.PATIENT or actor.id != guarantor_id:
        actor.must(READ)
    query = select(HardshipApplication).where(HardshipApplication.tenant_id == db.tenant_id)
    if actor.only_patient is not None:
        query = query.where(HardshipApplication.guarantor_id == actor.only_patient)
    if state is not None:
        query = query.where(HardshipApplication.state == state)
    if guarantor_id is not None:
        query = query.where(HardshipApplication.guarantor_id == guarantor_id)
    if page.after is not None:
        query = query.where(HardshipApplication.id < page.after)
    rows = list(
        await db.scalars(query.order_by(HardshipApplication.id.desc()).limit(page.limit + 1))
    )
    shown = rows[: page.limit]
    await trail.record(
        db,
        actor,
        "hardship.list",
        object_type="hardship_application",
        subjects=[row.guarantor_id for row in shown],
        detail={"count": len(shown)},
    )
    return Page(shown, encode(shown[-1].id) if len(rows) > page.limit else None)


def _may_see(actor: Actor, guarantor_id: UUID) -> bool:
    if actor.kind is ActorKind.PATIENT:
        return actor.id == guarantor_id
    return actor.may_see(guarantor_id)


async def _assessment(
    db: TenantSession, row: HardshipApplication, answers: Answers
) -> Assessment | None:
    try:
        return (await deciding.assess(db, row, answers)).assessment
    except (NoGuideline, NoHardshipPolicy):
        return None


async def _documents(db: TenantSession, application_id: UUID) -> list[UUID]:
    found = await db.scalars(
        select(HardshipDocument.document_id)
        .where(
            HardshipDocument.tenant_id == db.tenant_id,
            HardshipDocument.application_id == application_id,
        )
        .order_by(HardshipDocument.document_id)
    )
    return list(found)


async def _written_off(db: TenantSession, application_id: UUID) -> int:
    cents = await db.scalar(
        select(func.sum(HardshipWriteOff.amount_cents)).where(
            HardshipWriteOff.tenant_id == db.tenant_id,
            HardshipWriteOff.application_id == application_id,
        )
    )
    return int(cents or 0)


async def _events(db: TenantSession, application_id: UUID) -> Sequence[HardshipEvent]:
    found = await db.scalars(
        select(HardshipEvent)
        .where(
            HardshipEvent.tenant_id == db.tenant_id,
            HardshipEvent.application_id == application_id,
        )
        .order_by(HardshipEvent.id)
    )
    return found.all()
