"""How long the sessions of a company's people last."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert

from billing_saas.audit import trail
from billing_saas.audit.rules import PLATFORM_LOG
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import PlatformSession
from billing_saas.signin import administering
from billing_saas.signin.rules import TimeLimits
from billing_saas.signin.tables import SignInPolicy

_MINUTE = timedelta(minutes=1)
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")


@dataclass(frozen=True, slots=True)
class Policy:
    idle_minutes: int = TimeLimits().idle // _MINUTE
    absolute_minutes: int = TimeLimits().absolute // _MINUTE


async def of(db: PlatformSession, actor: Actor, company_id: UUID) -> Policy:
    await administering.must_administer_company(db, actor, company_id)
    held = await db.get(SignInPolicy, company_id)
    return Policy(held.idle_minutes, held.absolute_minutes) if held is not None else Policy()


async def lock(db: PlatformSession, company_id: UUID) -> None:
    """For an act that changes it, also of a company that has none yet."""
    await db.execute(_LOCK, {"name": f"sign_in_policy:{company_id}"})


async def put(db: PlatformSession, actor: Actor, company_id: UUID, policy: Policy) -> None:
    """It holds at once, for sessions that are open too."""
    await administering.must_administer_company(db, actor, company_id)
    actor.must_have_stepped_up()
    values = {
        "idle_minutes": policy.idle_minutes,
        "absolute_minutes": policy.absolute_minutes,
        "changed_by": actor.id,
        "changed_at": clock.now(),
    }
    await db.execute(
        insert(SignInPolicy)
        .values(company_id=company_id, **values)
        .on_conflict_do_update(index_elements=["company_id"], set_=values)
    )
    await trail.record_in(
        db,
        PLATFORM_LOG,
        actor,
        "sign_in_policy.change",
        object_type="company",
        object_id=company_id,
        detail={"count": policy.idle_minutes, "to": f"{policy.absolute_minutes}"},
    )
