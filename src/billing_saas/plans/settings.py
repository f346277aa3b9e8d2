"""What a practice offers to pay in parts: read by the acts, changed by its admin, and told."""

from uuid import UUID

from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert

from billing_saas.audit import trail
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.plans.errors import PlanRefused, PlanSettingsChanged
from billing_saas.plans.rules import Settings
from billing_saas.plans.tables import PlanSetting

READ = "plans.read"
WRITE = "plans.configure"

_FIELDS = tuple(name for name in Settings.__struct_fields__ if name != "version")
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")


async def of(db: TenantSession) -> Settings:
    """For acts: asks nobody's permission."""
    found = await db.execute(
        select(*(getattr(PlanSetting, name) for name in Settings.__struct_fields__)).where(
            PlanSetting.tenant_id == db.tenant_id
        )
    )
    row = found.one_or_none()
    return Settings(**row._mapping) if row is not None else Settings()


async def settings(db: TenantSession, actor: Actor) -> Settings:
    actor.must(READ)
    return await of(db)


async def lock(db: TenantSession, _: UUID) -> None:
    """For an act that changes them, also where the practice has said nothing yet."""
    await db.execute(_LOCK, {"name": f"plans:{db.tenant_id}"})


async def change(db: TenantSession, actor: Actor, wanted: Settings) -> None:
    """`wanted.version` is the one that was read. Plans that stand keep what they were agreed with."""
    actor.must(WRITE)
    faults = wanted.faults()
    if faults:
        raise PlanRefused("A practice cannot offer this.", reason="settings", fields=faults)
    before = await of(db)
    values = {name: getattr(wanted, name) for name in _FIELDS}
    values |= {"version": wanted.version + 1, "changed_by": actor.id, "changed_at": clock.now()}
    if before.version != wanted.version or not await _written(db, wanted.version, values):
        raise PlanSettingsChanged("The settings were changed since you read them.")
    for name in _FIELDS:
        old, new = int(getattr(before, name)), int(getattr(wanted, name))
        if old != new:
            await trail.record(
                db,
                actor,
                "plans.configure",
                object_type="practice",
                object_id=db.tenant_id,
                detail={"field": name, "from": old, "to": new},
            )


async def _written(db: TenantSession, read: int, values: dict[str, object]) -> bool:
    if read == 0:
        made = insert(PlanSetting).values(tenant_id=db.tenant_id, **values)
        found = await db.scalar(made.on_conflict_do_nothing().returning(PlanSetting.tenant_id))
    else:
        found = await db.scalar(
            update(PlanSetting)
            .where(PlanSetting.tenant_id == db.tenant_id, PlanSetting.version == read)
            .values(**values)
            .returning(PlanSetting.tenant_id)
        )
    return found is not None
