"""What was recorded of patients, for who may see it. Particulars are opened for one at a time."""

from uuid import UUID

import msgspec
from sqlalchemy import select

from billing_saas.audit import trail
from billing_saas.audit.rules import Classes
from billing_saas.circumstances.errors import CircumstanceNotFound
from billing_saas.circumstances.rules import Particulars
from billing_saas.circumstances.tables import Circumstance
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.kit.paging import Page, PageRequest, encode
from billing_saas.phi import keyring
from billing_saas.phi.registry import CIRCUMSTANCE_PHI_DEMO

READ = "circumstances.read"


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    row: Circumstance
    particulars: Particulars

    def __repr__(self) -> str:
        return f"<Circumstance {self.row.id}>"


async def circumstance(db: TenantSession, actor: Actor, circumstance_id: UUID) -> Shown:
    actor.must(READ)
    row = await db.scalar(
        select(Circumstance)
        .where(Circumstance.tenant_id == db.tenant_id, Circumstance.id == circumstance_id)
        .execution_options(populate_existing=True)
    )
    if row is None or not actor.may_see(row.patient_id):
        raise CircumstanceNotFound("There is no such circumstance.")
    ring = await keyring.of(db, row.key_ver)
    await trail.record(
        db,
        actor,
        "circumstance.read",
        object_type="circumstance",
        object_id=row.id,
        subjects=[row.patient_id],
        classes=Classes.DEMOGRAPHIC,
    )
    return Shown(
        row=row, particulars=ring.open(CIRCUMSTANCE_PHI_DEMO, row.id, row.phi_demo, Particulars)
    )


async def circumstances(
    db: TenantSession,
    actor: Actor,
    page: PageRequest,
    *,
    patient_id: UUID | None = None,
    standing: bool = False,
) -> Page[Circumstance]:
    """Newest first; with `standing` those that are not over."""
    actor.must(READ)
    query = select(Circumstance).where(Circumstance.tenant_id == db.tenant_id)
    if actor.only_patient is not None:
        query = query.where(Circumstance.patient_id == actor.only_patient)
    if patient_id is not None:
        query = query.where(Circumstance.patient_id == patient_id)
    if standing:
        query = query.where(Circumstance.ended_at.is_(None))
    if page.after is not None:
        query = query.where(Circumstance.id < page.after)
    rows = list(await db.scalars(query.order_by(Circumstance.id.desc()).limit(page.limit + 1)))
    shown = rows[: page.limit]
    await trail.record(
        db,
        actor,
        "circumstance.list",
        object_type="circumstance",
        subjects=[row.patient_id for row in shown],
        detail={"count": len(shown)},
    )
    return Page(shown, encode(shown[-1].id) if len(rows) > page.limit else None)
