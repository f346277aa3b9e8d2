"""What a practice forgives whom: its sliding scale, and the poverty guidelines it is measured by."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import msgspec
from sqlalchemy import delete, insert, select, text
from sqlalchemy.dialects.postgresql import insert as upsert

from billing_saas.audit import trail
from billing_saas.hardship import rules
from billing_saas.hardship.errors import (
    BadGuideline,
    GuidelineNotFound,
    NoHardshipPolicy,
    PolicyChanged,
)
from billing_saas.hardship.rules import Guideline, Region, Step
from billing_saas.hardship.tables import HardshipPolicy, HardshipStep, PovertyGuideline
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.kit.ids import new_id
from billing_saas.kit.paging import Page, PageRequest, encode

READ = "hardship.read"
WRITE = "hardship.policy"

_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """`steps` is empty until the practice has said anything: then nothing can be applied for."""

    region: Region = "contiguous"
    steps: tuple[Step, ...] = ()
    evidence_days: int = 30
    good_days: int = 180
    version: int = 0


class NewGuideline(msgspec.Struct, frozen=True, kw_only=True):
    """`source` says where the amounts stand, such as `91 FR 1797`."""

    region: Region
    effective_on: date
    ends_on: date
    one_person_cents: int
    each_more_cents: int
    source: str


async def of(db: TenantSession) -> Policy:
    """For acts: asks nobody's permission."""
    row = await db.scalar(select(HardshipPolicy).where(HardshipPolicy.tenant_id == db.tenant_id))
    if row is None:
        return Policy()
    steps = await db.execute(
        select(HardshipStep.up_to_percent, HardshipStep.percent_off)
        .where(HardshipStep.tenant_id == db.tenant_id)
        .order_by(HardshipStep.up_to_percent)
    )
    return Policy(
        region=msgspec.convert(row.region, Region),
        steps=tuple(Step(step.up_to_percent, step.percent_off) for step in steps),
        evidence_days=row.evidence_days,
        good_days=row.good_days,
        version=row.version,
    )


async def in_force(db: TenantSession) -> Policy:
    found = await of(db)
    if not found.steps:
        raise NoHardshipPolicy("The practice has not set its scale of financial assistance.")
    return found


async def policy(db: TenantSession, actor: Actor) -> Policy:
    actor.must(READ)
    return await of(db)


async def lock(db: TenantSession, _: UUID) -> None:
    """For an act that changes it, also where the practice has said nothing yet."""
    await db.execute(_LOCK, {"name": f"hardship-policy:{db.tenant_id}"})


async def change(db: TenantSession, actor: Actor, wanted: Policy) -> None:
    """`wanted.version` is the one that was read. Decisions that were made stay as they were."""
    actor.must(WRITE)
    rules.check_scale(wanted.steps)
    await lock(db, db.tenant_id)
    if (await of(db)).version != wanted.version:
        raise PolicyChanged("The policy was changed since you read it.")
    values = {
        "region": wanted.region,
        "evidence_days": wanted.evidence_days,
        "good_days": wanted.good_days,
        "version": wanted.version + 1,
        "changed_by": actor.id,
        "changed_at": clock.now(),
    }
    made = upsert(HardshipPolicy).values(tenant_id=db.tenant_id, **values)
    await db.execute(made.on_conflict_do_update(index_elements=["tenant_id"], set_=values))
    await _write_steps(db, wanted.steps)
    await trail.record(
        db,
        actor,
        "hardship.policy",
        object_type="practice",
        object_id=db.tenant_id,
        detail={"version": wanted.version + 1, "count": len(wanted.steps)},
    )


async def enter_guideline(db: TenantSession, actor: Actor, new: NewGuideline) -> UUID:
    """A year's table for a region. One that is entered stays: decisions name it."""
    actor.must(WRITE)
    rules.check_guideline(new.effective_on, new.ends_on)
    guideline_id = new_id()
    made = upsert(PovertyGuideline).values(
        tenant_id=db.tenant_id,
        id=guideline_id,
        entered_by=actor.id,
        entered_at=clock.now(),
        **msgspec.structs.asdict(new),
    )
    written = await db.scalar(
        made.on_conflict_do_nothing(
            index_elements=["tenant_id", "region", "effective_on"]
        ).returning(PovertyGuideline.id)
    )
    if written is None:
        raise BadGuideline(
            "There is a guideline of this region and day already.", field="effective_on"
        )
    await trail.record(
        db,
        actor,
        "hardship.guideline",
        object_type="poverty_guideline",
        object_id=guideline_id,
        detail={"kind": new.region, "cents": new.one_person_cents},
    )
    return guideline_id


async def guideline(db: TenantSession, actor: Actor, guideline_id: UUID) -> PovertyGuideline:
    actor.must(READ)
    found = await _guideline(db, guideline_id)
    if found is None:
        raise GuidelineNotFound("There is no such guideline.")
    return found


async def guidelines(db: TenantSession, actor: Actor, page: PageRequest) -> Page[PovertyGuideline]:
    """Newest first."""
    actor.must(READ)
    query = select(PovertyGuideline).where(PovertyGuideline.tenant_id == db.tenant_id)
    if page.after is not None:
        query = query.where(PovertyGuideline.id < page.after)
    found = await db.scalars(query.order_by(PovertyGuideline.id.desc()).limit(page.limit + 1))
    rows = list(found)
    shown = rows[: page.limit]
    return Page(shown, encode(shown[-1].id) if len(rows) > page.limit else None)


async def guideline_on(
    db: TenantSession, region: Region, day: date
) -> tuple[UUID, Guideline] | None:
    """The newest of a region that is in force on the day."""
    row = await db.scalar(
        select(PovertyGuideline)
        .where(
            PovertyGuideline.tenant_id == db.tenant_id,
            PovertyGuideline.region == region,
            PovertyGuideline.effective_on <= day,
            PovertyGuideline.ends_on >= day,
        )
        .order_by(PovertyGuideline.effective_on.desc())
        .limit(1)
    )
    return (row.id, _read(row)) if row is not None else None


async def guideline_of(db: TenantSession, guideline_id: UUID) -> Guideline:
    """For acts: one that a decision names."""
    row = await _guideline(db, guideline_id)
    assert row is not None, "a foreign key keeps it"
    return _read(row)


def _read(row: PovertyGuideline) -> Guideline:
    return Guideline(row.one_person_cents, row.each_more_cents)


async def _guideline(db: TenantSession, guideline_id: UUID) -> PovertyGuideline | None:
    found: PovertyGuideline | None = await db.scalar(
        select(PovertyGuideline).where(
            PovertyGuideline.tenant_id == db.tenant_id, PovertyGuideline.id == guideline_id
        )
    )
    return found


async def _write_steps(db: TenantSession, steps: Sequence[Step]) -> None:
    await db.execute(delete(HardshipStep).where(HardshipStep.tenant_id == db.tenant_id))
    await db.execute(
        insert(HardshipStep),
        [{"tenant_id": db.tenant_id, **msgspec.structs.asdict(step)} for step in steps],
    )
