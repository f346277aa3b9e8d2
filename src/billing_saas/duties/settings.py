"""A practice's own settings: read by the acts that depend on them, changed by its admin, and told."""

from uuid import UUID

import msgspec
from sqlalchemy import bindparam, select, text, update
from sqlalchemy.dialects.postgresql import insert

from billing_saas.audit import trail
from billing_saas.duties.errors import SettingsChanged
from billing_saas.duties.tables import DutySetting
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession

READ = "duties.read"
WRITE = "duties.write"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What a small office needs, until its admin says otherwise."""

    front_desk_sees_diagnoses: bool = False
    coding_apart: bool = False
    posting_apart: bool = False
    refunds_apart: bool = False
    write_offs_apart: bool = False
    write_off_limit_cents: int = 0
    version: int = 0


_FIELDS = tuple(name for name in Settings.__struct_fields__ if name != "version")
# Put together once, not at every request.
_MINE = select(*(getattr(DutySetting, name) for name in Settings.__struct_fields__)).where(
    DutySetting.tenant_id == bindparam("tenant_id")
)

_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")


async def of(db: TenantSession) -> Settings:
    """For acts: opens nothing, and asks nobody's permission."""
    row = (await db.execute(_MINE, {"tenant_id": db.tenant_id})).one_or_none()
    return Settings(**row._mapping) if row is not None else Settings()


async def settings(db: TenantSession, actor: Actor) -> Settings:
    actor.must(READ)
    return await of(db)


async def lock(db: TenantSession, _: UUID) -> None:
    """For an act that changes them, also where the practice has said nothing yet."""
    await db.execute(_LOCK, {"name": f"duties:{db.tenant_id}"})


async def change(db: TenantSession, actor: Actor, wanted: Settings) -> None:
    """`wanted.version` is the one that was read: nobody's change is lost to another's."""
    actor.must(WRITE)
    before = await settings(db, actor)
    if before.version != wanted.version:
        raise SettingsChanged("The settings were changed since you read them.")
    values = {name: getattr(wanted, name) for name in _FIELDS}
    values |= {
        "version": wanted.version + 1,
        "changed_by": actor.id,
        "changed_at": clock.now(),
    }
    if not await _written(db, wanted.version, values):
        raise SettingsChanged("The settings were changed since you read them.")
    for name in _FIELDS:
        old, new = int(getattr(before, name)), int(getattr(wanted, name))
        if old != new:
            await trail.record(
                db,
                actor,
                "duties.change",
                object_type="practice",
                object_id=db.tenant_id,
                detail={"field": name, "from": old, "to": new},
            )


async def _written(db: TenantSession, read: int, values: dict[str, object]) -> bool:
    """Not when another transaction was quicker."""
    if read == 0:
        made = insert(DutySetting).values(tenant_id=db.tenant_id, **values)
        made = made.on_conflict_do_nothing()
        found: UUID | None = await db.scalar(made.returning(DutySetting.tenant_id))
    else:
        found = await db.scalar(
            update(DutySetting)
            .where(DutySetting.tenant_id == db.tenant_id, DutySetting.version == read)
            .values(**values)
            .returning(DutySetting.tenant_id)
        )
    return found is not None
