"""Two persons for two duties: what somebody did is written down, and who did it is not let do the next."""

from uuid import UUID

from sqlalchemy import bindparam, insert, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from billing_saas.duties import rules, settings
from billing_saas.duties.errors import AnotherMust
from billing_saas.duties.rules import Duty
from billing_saas.duties.tables import DutyDone
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor, ActorKind
from billing_saas.kit.db import TenantSession
from billing_saas.kit.ids import new_id


async def did(
    db: TenantSession, actor: Actor, step: str, object_id: UUID, *, amount_cents: int = 0
) -> None:
    """A person did a `step` of the table. Kept whatever the settings are: they may be switched on later."""
    if step not in rules.STEPS:
        raise ValueError(f"no duty follows {step!r}")
    if actor.kind is not ActorKind.USER:
        return
    await db.execute(
        insert(DutyDone).values(
            tenant_id=db.tenant_id,
            id=new_id(),
            step=step,
            object_id=object_id,
            user_id=actor.id,
            amount_cents=amount_cents,
            at=clock.now(),
        )
    )


async def who(db: TenantSession, step: str, object_id: UUID) -> UUID | None:
    """The person who did it last; None when it was no person, or nobody."""
    found: UUID | None = await db.scalar(
        select(DutyDone.user_id)
        .where(
            DutyDone.tenant_id == db.tenant_id,
            DutyDone.object_id == object_id,
            DutyDone.step == step,
        )
        .order_by(DutyDone.id.desc())
        .limit(1)
    )
    return found


async def must_differ(db: TenantSession, actor: Actor, duty: Duty, object_id: UUID) -> None:
    """Refuse (`another-must`) where the practice keeps this apart and the same person did what it follows.

    By the person, whatever roles they hold, and whoever did it since: four eyes, not two pairs of roles.
    """
    apart = await settings.of(db)
    if duty.setting and not getattr(apart, duty.setting):
        return
    limit = apart.write_off_limit_cents if duty.above_limit else None
    query = select(DutyDone.id).where(
        DutyDone.tenant_id == db.tenant_id,
        DutyDone.object_id == object_id,
        DutyDone.user_id == actor.id,
        DutyDone.step == bindparam("steps", sorted(duty.after), ARRAY(Text)).any_(),
    )
    if limit is not None:
        query = query.where(DutyDone.amount_cents > limit)
    if await db.scalar(query.limit(1)) is not None:
        raise AnotherMust(f"{duty.sentence} Ask a colleague.", duty=duty.name)
