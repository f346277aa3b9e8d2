"""Move an application from state to state: one table of legal moves, and an event for each move."""

from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update

from billing_saas.hardship import rules
from billing_saas.hardship.errors import ApplicationNotFound, IllegalHardshipMove
from billing_saas.hardship.tables import HardshipApplication, HardshipEvent
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.kit.ids import new_id
from billing_saas.messages import pausing
from billing_saas.patients import guarantors

SOURCE = "hardship_application"


async def lock(db: TenantSession, application_id: UUID) -> HardshipApplication:
    """For an act that changes it."""
    found: HardshipApplication | None = await db.scalar(
        select(HardshipApplication)
        .where(
            HardshipApplication.tenant_id == db.tenant_id, HardshipApplication.id == application_id
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise ApplicationNotFound("There is no such application.")
    return found


async def move(
    db: TenantSession, actor: Actor, row: HardshipApplication, to: str, why: str, **changed: Any
) -> None:
    """`row` is locked. `why` is a word of ours."""
    if not rules.is_legal(row.state, to):
        raise IllegalHardshipMove(
            f"There is no such move: the application is {row.state!r} and was to become {to!r}.",
            now=row.state,
            to=to,
        )
    before = row.state
    await change(db, row, state=to, **changed)
    await tell(db, actor, row.id, before, to, why)


async def change(db: TenantSession, row: HardshipApplication, **changed: Any) -> None:
    await db.execute(
        update(HardshipApplication)
        .where(HardshipApplication.tenant_id == db.tenant_id, HardshipApplication.id == row.id)
        .values(**changed, version=HardshipApplication.version + 1, updated_at=clock.now())
        .execution_options(synchronize_session=False)
    )


async def tell(
    db: TenantSession, actor: Actor, application_id: UUID, now: str, to: str, why: str
) -> None:
    await db.execute(
        insert(HardshipEvent).values(
            tenant_id=db.tenant_id,
            id=new_id(),
            application_id=application_id,
            at=clock.now(),
            actor_kind=actor.kind.value,
            actor_id=actor.id,
            from_state=now,
            to_state=to,
            why=why,
        )
    )


async def pause(db: TenantSession, actor: Actor, guarantor_id: UUID, application_id: UUID) -> None:
    """Nobody in the guarantor's family is asked for money while it is not known what will be owed."""
    for patient_id in {guarantor_id, *await guarantors.dependants_of(db, guarantor_id)}:
        await pausing.pause(
            db, actor, patient_id, "hardship", source_type=SOURCE, source_id=application_id
        )


async def resume(db: TenantSession, actor: Actor, application_id: UUID) -> None:
    await pausing.lift(db, actor, source_type=SOURCE, source_id=application_id)
