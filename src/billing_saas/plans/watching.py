"""By the hour: what was paid on plans, what is late, and who is told. A plan moves one step at a time.

What the rooms below know (a payment that succeeded, an insurer that paid) is asked, not told: whatever
order it came in, the same rows give the same state.
"""

from collections.abc import Collection, Sequence
from datetime import date, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Uuid

from billing_saas.followups import cards
from billing_saas.followups.cards import NewCard
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.links import issuing
from billing_saas.messages import sending
from billing_saas.messages.rules import NOTHING, Template, Words
from billing_saas.payments.tables import SavedMethod
from billing_saas.plans import moving, reckoning, rules
from billing_saas.plans.jobs import WatchPlans
from billing_saas.plans.rules import Standing, State
from billing_saas.plans.tables import PaymentPlan, PlanInstalment
from billing_saas.tenants import queries as tenants

_AT_A_TIME = 200
# From accepted to missed and into grace in one look, where nobody looked for days; never further.
_MOST_STEPS = 3


async def watch(db: TenantSession, actor: Actor, job: WatchPlans) -> None:
    """Every plan of the practice that stands."""
    after: UUID | None = None
    while True:
        query = select(PaymentPlan.id).where(
            PaymentPlan.tenant_id == db.tenant_id,
            PaymentPlan.state.in_(sorted(rules.STANDING)),
        )
        if after is not None:
            query = query.where(PaymentPlan.id > after)
        ids = (await db.scalars(query.order_by(PaymentPlan.id).limit(_AT_A_TIME))).all()
        await look_at(db, actor, ids)
        if len(ids) < _AT_A_TIME:
            return
        after = ids[-1]


async def look_at(db: TenantSession, actor: Actor, plan_ids: Collection[UUID]) -> None:
    """Those of these that stand, as far as they go. For acts that just changed what was paid, too."""
    if not plan_ids:
        return
    rows = (
        await db.scalars(
            select(PaymentPlan)
            .where(
                PaymentPlan.tenant_id == db.tenant_id,
                PaymentPlan.id == bindparam("plans", list(plan_ids), ARRAY(Uuid)).any_(),
                PaymentPlan.state.in_(sorted(rules.STANDING)),
            )
            .order_by(PaymentPlan.id)
            .with_for_update()
        )
    ).all()
    if not rows:
        return
    ids = [row.id for row in rows]
    instalments = await reckoning.instalments_of(db, ids)
    paid = await reckoning.paid_on(db, ids)
    waiting = await reckoning.under_way(db, ids)
    owed = await reckoning.still_owed_on(db, rows)
    cards_saved = await _saved_for(db, rows)
    time_zone = (await tenants.this_practice(db)).time_zone
    today = clock.today(time_zone)
    for row in rows:
        parts = instalments.get(row.id, [])
        if row.id in cards_saved:
            await _use_card(db, row, cards_saved[row.id])
        looked = _Look(
            db, actor, row, parts, paid.get(row.id, 0), owed.get(row.id, 0), today, time_zone
        )
        await looked.begin()
        await looked.step(is_waiting=row.id in waiting)
        await looked.give_notice()


class _Look:
    """One plan, locked, and what is known of it today."""

    def __init__(
        self,
        db: TenantSession,
        actor: Actor,
        row: PaymentPlan,
        parts: Sequence[PlanInstalment],
        paid_cents: int,
        still_owed_cents: int,
        today: date,
        time_zone: str,
    ) -> None:
        self.db, self.actor, self.row, self.parts = db, actor, row, parts
        self.today, self.time_zone = today, time_zone
        reckoned = rules.reckon([one.amount_cents for one in parts], paid_cents)
        self.standings = [
            Standing(one.n, one.due_on, one.amount_cents, part)
            for one, part in zip(parts, reckoned, strict=True)
        ]
        self.still_owed_cents = still_owed_cents

    async def begin(self) -> None:
        """A card was saved, or the day is near and none was: then it is paid by hand."""
        if State(self.row.state) is not State.ACCEPTED or not self.parts:
            return
        near = self.parts[0].due_on - timedelta(days=self.row.notice_days) <= self.today
        if self.row.saved_method_id is not None:
            await moving.move(self.db, self.actor, self.row, State.ACTIVE, "card_saved")
        elif near:
            await moving.move(self.db, self.actor, self.row, State.ACTIVE, "without_card")

    async def step(self, *, is_waiting: bool) -> None:
        """As far as the day says. While a payment is under way nothing is late: the bank has the word."""
        for _ in range(_MOST_STEPS):
            before = State(self.row.state)
            after = rules.state_now(
                before,
                self.standings,
                self.still_owed_cents,
                self.today,
                self.row.grace_days,
                self._told_on(),
            )
            late = after in (State.MISSED, State.GRACE, State.DEFAULTED)
            if after is before or (late and is_waiting):
                return
            await moving.move(self.db, self.actor, self.row, after, self._why(after))
            await self._tell_of(after)
            # Who is told that an instalment was missed has the days of grace before anything follows.
            if after in rules.OVER or after is State.GRACE:
                return

    def _told_on(self) -> date | None:
        """When the guarantor was told of the earliest instalment that is late."""
        left = {one.n for one in self.standings if one.left_cents}
        late = [one for one in self.parts if one.n in left and one.due_on < self.today]
        if not late:
            return None
        told_at = late[0].missed_told_at
        return told_at.astimezone(ZoneInfo(self.time_zone)).date() if told_at else self.today

    def _why(self, after: State) -> str:
        if after is State.COMPLETED:
            paid = not any(one.left_cents for one in self.standings)
            return "paid" if paid else "nothing_owed"
        return {
            State.ACTIVE: "caught_up",
            State.MISSED: "not_paid",
            State.GRACE: "told",
            State.DEFAULTED: "grace_over",
        }[after]

    async def _tell_of(self, after: State) -> None:
        if after is State.COMPLETED:
            await sending.ask(self.db, self.actor, self.row.guarantor_id, "plan_done", NOTHING)
        elif after is State.DEFAULTED:
            await cards.open_cards(
                self.db,
                [
                    NewCard(
                        kind="plan_default",
                        why="A payment plan ended because an instalment was not paid in time.",
                        owner="biller",
                        subject_type="payment_plan",
                        subject_id=self.row.id,
                        source=f"plan-default:{self.row.id}",
                        worth_cents=max(0, self.still_owed_cents),
                    )
                ],
            )

    async def give_notice(self) -> None:
        """Before an instalment is due, and once when it was missed."""
        if State(self.row.state) in rules.OVER or State(self.row.state) is State.ACCEPTED:
            return
        left = {one.n for one in self.standings if one.left_cents}
        overdue = [
            one
            for one in self.parts
            if one.n in left and one.due_on < self.today and one.missed_told_at is None
        ]
        if overdue:
            await self._notify("plan_missed", PlanInstalment.missed_told_at.key, overdue)
        soon = self.today + timedelta(days=self.row.notice_days)
        upcoming = [
            one
            for one in self.parts
            if one.n in left and self.today <= one.due_on <= soon and one.noticed_at is None
        ]
        if upcoming:
            await self._notify("plan_upcoming", PlanInstalment.noticed_at.key, upcoming)

    async def _notify(
        self, template: Template, column: str, parts: Sequence[PlanInstalment]
    ) -> None:
        await self.db.execute(
            update(PlanInstalment)
            .where(
                PlanInstalment.tenant_id == self.db.tenant_id,
                PlanInstalment.id
                == bindparam("parts", [one.id for one in parts], ARRAY(Uuid)).any_(),
            )
            .values({column: clock.now()})
            .execution_options(synchronize_session=False)
        )
        link = await issuing.issue(self.db, self.actor, "plan", self.row.guarantor_id, self.row.id)
        await sending.ask(self.db, self.actor, self.row.guarantor_id, template, Words(link=link))


async def _saved_for(db: TenantSession, rows: Sequence[PaymentPlan]) -> dict[UUID, UUID]:
    """By plan that waits for a card (or for another, since its own was declined), the one that its guarantor
    saved last since: a card that was kept for something else is not what was agreed to."""
    waiting = [
        row
        for row in rows
        if row.autopay
        and row.autopay_stopped != rules.WITHDRAWN
        and (row.saved_method_id is None or row.autopay_stopped)
    ]
    if not waiting:
        return {}
    guarantors = [row.guarantor_id for row in waiting]
    saved = (
        await db.execute(
            select(SavedMethod.guarantor_id, SavedMethod.id, SavedMethod.created_at)
            .where(
                SavedMethod.tenant_id == db.tenant_id,
                SavedMethod.guarantor_id == bindparam("guarantors", guarantors, ARRAY(Uuid)).any_(),
                SavedMethod.state == "active",
                SavedMethod.ended_at.is_(None),
            )
            .order_by(SavedMethod.id)
        )
    ).all()
    return {
        row.id: method.id
        for row in waiting
        for method in saved
        if method.guarantor_id == row.guarantor_id
        and method.created_at >= row.proposed_at
        and (row.saved_method_id is None or method.id > row.saved_method_id)
    }


async def _use_card(db: TenantSession, row: PaymentPlan, method_id: UUID) -> None:
    row.saved_method_id, row.autopay_stopped = method_id, ""
    await db.flush()
