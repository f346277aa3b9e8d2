"""A plan moves by one table of legal moves; each move is an event, and pauses or resumes reminders."""

from uuid import UUID

from sqlalchemy import insert

from billing_saas.audit import trail
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.kit.ids import new_id
from billing_saas.messages import pausing
from billing_saas.plans import queries, reckoning, rules
from billing_saas.plans.rules import State
from billing_saas.plans.tables import PaymentPlan, PlanEvent

SOURCE = "payment_plan"
CANCEL = "plans.write"


async def move(db: TenantSession, actor: Actor, row: PaymentPlan, after: State, why: str) -> None:
    """`row` is locked. `IllegalPlanMove` names both states. `why` is a word or a sentence without PHI."""
    before = State(row.state)
    rules.check_move(before, after)
    now = clock.now()
    row.state, row.version, row.changed_at = after.value, row.version + 1, now
    await db.flush()
    await db.execute(
        insert(PlanEvent).values(
            tenant_id=db.tenant_id,
            id=new_id(),
            payment_plan_id=row.id,
            at=now,
            actor_kind=actor.kind.value,
            actor_id=actor.id,
            from_state=before,
            to_state=after,
            why=why,
        )
    )
    await trail.record(
        db,
        actor,
        "plan.move",
        object_type="payment_plan",
        object_id=row.id,
        subjects=[row.guarantor_id],
        detail={"from": before, "to": after},
    )
    await _pause_or_resume(db, actor, row, before, after)


async def cancel(db: TenantSession, actor: Actor, plan_id: UUID, *, why: str = "ended") -> None:
    """By the office or the guarantor: what is still owed is then due as before."""
    row = await queries.row_for(db, actor, plan_id, lock=True, permission=CANCEL)
    await move(db, actor, row, State.CANCELLED, why)


async def _pause_or_resume(
    db: TenantSession, actor: Actor, row: PaymentPlan, before: State, after: State
) -> None:
    """While a plan stands nobody is reminded of what it is about: the guarantor, and whoever's bills."""
    if after in rules.STANDING and before not in rules.STANDING:
        items = (await reckoning.items_of(db, [row.id])).get(row.id, [])
        for patient_id in sorted({row.guarantor_id, *(one.patient_id for one in items)}):
            await pausing.pause(db, actor, patient_id, "plan", source_type=SOURCE, source_id=row.id)
    elif before in rules.STANDING and after in rules.OVER:
        await pausing.lift(db, actor, source_type=SOURCE, source_id=row.id)
