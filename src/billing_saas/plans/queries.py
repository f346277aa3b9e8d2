"""Plans as the office and the guarantor see them. What both see comes from the same rows and sums.

A patient asks as an actor of kind `patient`, whose id is the guarantor's: their own plans are all there is.
Anybody else needs `plans.read`.
"""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec
from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Uuid

from billing_saas.audit import trail
from billing_saas.audit.rules import Classes
from billing_saas.blobs import storing
from billing_saas.kit.actor import Actor, ActorKind
from billing_saas.kit.db import TenantSession
from billing_saas.kit.paging import Page, PageRequest, encode
from billing_saas.plans import reckoning, rules, words
from billing_saas.plans.errors import NotTheirs, PlanNotFound
from billing_saas.plans.rules import Arithmetic, Instalment, Language, Standing, State
from billing_saas.plans.tables import PaymentPlan, PlanConsent, PlanEvent
from billing_saas.plans.words import Terms
from billing_saas.tenants import queries as tenants

READ = "plans.read"


class InstalmentShown(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    n: int
    due_on: date
    cents: int
    paid_cents: int

    @property
    def left_cents(self) -> int:
        return self.cents - self.paid_cents


class PlanShown(msgspec.Struct, frozen=True, kw_only=True):
    """`left_cents` is what of the plan is not paid; `due_cents`, what may be asked now: of instalments whose
    day has come, and never more than is still owed. `next_instalment_id`: the earliest that is not paid."""

    id: UUID
    number: str
    guarantor_id: UUID
    state: State
    language: Language
    arithmetic: Arithmetic
    instalments: tuple[InstalmentShown, ...]
    paid_cents: int
    left_cents: int
    still_owed_cents: int
    due_cents: int
    next_instalment_id: UUID | None
    grace_days: int
    autopay: bool
    autopay_stopped: str
    card_saved: bool
    supersedes: UUID | None
    proposed_at: datetime
    version: int

    @property
    def payoff_cents(self) -> int:
        """What ends it today."""
        return max(0, min(self.left_cents, self.still_owed_cents))


class Disclosure(msgspec.Struct, frozen=True, kw_only=True):
    """What the guarantor is shown before agreeing. `digest` (hex) goes into the acceptance: what is agreed to
    is what was shown. `future_charges` is a consent of its own; empty where no card is charged."""

    plan_id: UUID
    number: str
    language: Language
    total_cents: int
    arithmetic: str
    paragraphs: tuple[str, ...]
    instalments: tuple[Instalment, ...]
    future_charges: str
    version: str
    digest: str


class EventShown(msgspec.Struct, frozen=True, kw_only=True):
    at: datetime
    by_kind: str
    by: UUID
    before: str
    after: str
    why: str


class ConsentShown(msgspec.Struct, frozen=True, kw_only=True):
    kind: str
    words: str
    words_version: str
    language: str
    given_through: str
    given_by_kind: str
    given_by: UUID
    given_at: datetime


async def plans_of(db: TenantSession, actor: Actor, guarantor_id: UUID) -> list[PlanShown]:
    """The guarantor's plans, newest first. Drafts are the office's until they are laid open."""
    _must_see(actor, guarantor_id)
    query = select(PaymentPlan).where(
        PaymentPlan.tenant_id == db.tenant_id, PaymentPlan.guarantor_id == guarantor_id
    )
    if actor.kind is ActorKind.PATIENT:
        query = query.where(PaymentPlan.state != State.DRAFT)
    found = (await db.scalars(query.order_by(PaymentPlan.id.desc()).limit(100))).all()
    shown = await _shown(db, found)
    if shown:
        await _tell(db, actor, "plan.list", shown)
    return shown


async def plan(db: TenantSession, actor: Actor, plan_id: UUID) -> PlanShown:
    (shown,) = await _shown(db, [await row_for(db, actor, plan_id)])
    await _tell(db, actor, "plan.read", [shown], plan_id)
    return shown


async def plans_by_id(db: TenantSession, actor: Actor, plan_ids: Sequence[UUID]) -> list[PlanShown]:
    """For jobs that look at many: a handful of queries, whatever the number."""
    actor.must(READ)
    found = await db.scalars(
        select(PaymentPlan)
        .where(
            PaymentPlan.tenant_id == db.tenant_id,
            PaymentPlan.id == bindparam("ids", list(plan_ids), ARRAY(Uuid)).any_(),
        )
        .order_by(PaymentPlan.id)
    )
    shown = await _shown(db, found.all())
    if shown:
        await _tell(db, actor, "plan.list", shown)
    return shown


async def plans(
    db: TenantSession, actor: Actor, page: PageRequest, *, state: State | None = None
) -> Page[PlanShown]:
    """The practice's, newest first."""
    actor.must(READ)
    query = select(PaymentPlan).where(PaymentPlan.tenant_id == db.tenant_id)
    if actor.only_patient is not None:
        query = query.where(PaymentPlan.guarantor_id == actor.only_patient)
    if state is not None:
        query = query.where(PaymentPlan.state == state)
    if page.after is not None:
        query = query.where(PaymentPlan.id < page.after)
    found = (await db.scalars(query.order_by(PaymentPlan.id.desc()).limit(page.limit + 1))).all()
    rows = found[: page.limit]
    shown = await _shown(db, rows)
    if shown:
        await _tell(db, actor, "plan.list", shown)
    return Page(shown, encode(rows[-1].id) if len(found) > page.limit else None)


async def disclosure_of(db: TenantSession, actor: Actor, plan_id: UUID) -> Disclosure:
    """As it was laid open, or would be: the same words for the office and the guarantor."""
    row = await row_for(db, actor, plan_id)
    terms = await terms_of(db, row)
    await _tell_one(db, actor, "plan.disclosure", row)
    sums, *paragraphs = words.agreement(terms)
    return Disclosure(
        plan_id=row.id,
        number=row.number,
        language=terms.language,
        total_cents=row.total_cents,
        arithmetic=sums,
        paragraphs=tuple(paragraphs),
        instalments=terms.instalments,
        future_charges=words.future_charges(terms),
        version=row.terms_version or words.VERSION,
        digest=(row.terms_digest or words.digest(words.full_text(terms))).hex(),
    )


async def agreement(db: TenantSession, actor: Actor, plan_id: UUID) -> bytes:
    """The PDF as it was laid open. `PlanNotFound` while the plan is a draft."""
    row = await row_for(db, actor, plan_id)
    if row.agreement_blob_id is None:
        raise PlanNotFound("The agreement of this plan was not laid open yet.")
    await trail.record(
        db,
        actor,
        "plan.agreement",
        object_type="payment_plan",
        object_id=row.id,
        subjects=[row.guarantor_id],
        classes=Classes.FILE,
    )
    return b"".join([chunk async for chunk in storing.read(db, row.agreement_blob_id)])


async def events(db: TenantSession, actor: Actor, plan_id: UUID) -> list[EventShown]:
    """Each move, the oldest first: there are few."""
    row = await row_for(db, actor, plan_id)
    found = await db.scalars(
        select(PlanEvent)
        .where(PlanEvent.tenant_id == db.tenant_id, PlanEvent.payment_plan_id == row.id)
        .order_by(PlanEvent.id)
    )
    await _tell_one(db, actor, "plan.events", row)
    return [
        EventShown(
            at=one.at,
            by_kind=one.actor_kind,
            by=one.actor_id,
            before=one.from_state,
            after=one.to_state,
            why=one.why,
        )
        for one in found
    ]


async def consents(db: TenantSession, actor: Actor, plan_id: UUID) -> list[ConsentShown]:
    """What was agreed to, in its words, when, by whom and through what."""
    row = await row_for(db, actor, plan_id)
    found = await db.scalars(
        select(PlanConsent)
        .where(PlanConsent.tenant_id == db.tenant_id, PlanConsent.payment_plan_id == row.id)
        .order_by(PlanConsent.kind)
    )
    await _tell_one(db, actor, "plan.consents", row)
    return [
        ConsentShown(**{name: getattr(one, name) for name in ConsentShown.__struct_fields__})
        for one in found
    ]


# --- for the acts of this room ---


async def row_for(
    db: TenantSession, actor: Actor, plan_id: UUID, *, lock: bool = False, permission: str = READ
) -> PaymentPlan:
    """The plan, if it is the patient's own or the actor holds `permission`."""
    if actor.kind is not ActorKind.PATIENT:
        actor.must(permission)
    query = select(PaymentPlan).where(
        PaymentPlan.tenant_id == db.tenant_id, PaymentPlan.id == plan_id
    )
    row = await db.scalar(query.with_for_update() if lock else query)
    if row is None or not actor.may_see(row.guarantor_id):
        raise PlanNotFound("There is no such plan.")
    if actor.kind is ActorKind.PATIENT and (
        row.guarantor_id != actor.id or row.state == State.DRAFT
    ):
        raise PlanNotFound("There is no such plan.")
    return row


async def lock(db: TenantSession, plan_id: UUID) -> None:
    """For an act that changes it."""
    found = await db.scalar(
        select(PaymentPlan.id)
        .where(PaymentPlan.tenant_id == db.tenant_id, PaymentPlan.id == plan_id)
        .with_for_update()
    )
    if found is None:
        raise PlanNotFound("There is no such plan.")


async def to_pay(db: TenantSession, guarantor_id: UUID) -> tuple[UUID, UUID] | None:
    """The guarantor's plan that stands and its earliest instalment that is not paid. For acts that have asked
    for a permission of their own."""
    row = await db.scalar(
        select(PaymentPlan).where(
            PaymentPlan.tenant_id == db.tenant_id,
            PaymentPlan.guarantor_id == guarantor_id,
            PaymentPlan.state.in_(sorted(rules.STANDING)),
        )
    )
    if row is None:
        return None
    (shown,) = await _shown(db, [row])
    return (row.id, shown.next_instalment_id) if shown.next_instalment_id is not None else None


async def terms_of(db: TenantSession, row: PaymentPlan) -> Terms:
    practice = await tenants.this_practice(db)
    rows = (await reckoning.instalments_of(db, [row.id])).get(row.id, [])
    return Terms(
        language="es" if row.language == "es" else "en",
        practice=practice.name,
        number=row.number,
        sum=rules.arithmetic(row.total_cents, row.instalments),
        instalments=tuple(Instalment(one.n, one.due_on, one.amount_cents) for one in rows),
        grace_days=row.grace_days,
        notice_days=row.notice_days,
        autopay=row.autopay,
        truth_in_lending=row.truth_in_lending,
    )


def _must_see(actor: Actor, guarantor_id: UUID) -> None:
    if actor.kind is ActorKind.PATIENT:
        if actor.id != guarantor_id:
            raise NotTheirs("These are another's plans.")
        return
    actor.must(READ)
    if not actor.may_see(guarantor_id):
        raise PlanNotFound("There is no such plan.")


async def _shown(db: TenantSession, rows: Sequence[PaymentPlan]) -> list[PlanShown]:
    ids = [row.id for row in rows]
    instalments = await reckoning.instalments_of(db, ids)
    paid = await reckoning.paid_on(db, ids)
    still_owed = await reckoning.still_owed_on(db, rows)
    today = await reckoning.today(db)
    found = []
    for row in rows:
        parts = instalments.get(row.id, [])
        reckoned = rules.reckon([one.amount_cents for one in parts], paid.get(row.id, 0))
        shown = tuple(
            InstalmentShown(
                id=one.id, n=one.n, due_on=one.due_on, cents=one.amount_cents, paid_cents=part
            )
            for one, part in zip(parts, reckoned, strict=True)
        )
        due = sum(one.left_cents for one in shown if one.due_on <= today)
        owed = still_owed.get(row.id, 0)
        standing = State(row.state) in rules.STANDING
        found.append(
            PlanShown(
                id=row.id,
                number=row.number,
                guarantor_id=row.guarantor_id,
                state=State(row.state),
                language="es" if row.language == "es" else "en",
                arithmetic=rules.arithmetic(row.total_cents, row.instalments),
                instalments=shown,
                paid_cents=sum(reckoned),
                left_cents=row.total_cents - sum(reckoned),
                still_owed_cents=owed,
                due_cents=max(0, min(due, owed)) if standing else 0,
                next_instalment_id=next((one.id for one in shown if one.left_cents), None)
                if standing
                else None,
                grace_days=row.grace_days,
                autopay=row.autopay,
                autopay_stopped=row.autopay_stopped,
                card_saved=row.saved_method_id is not None,
                supersedes=row.supersedes,
                proposed_at=row.proposed_at,
                version=row.version,
            )
        )
    return found


def standings(shown: PlanShown) -> tuple[Standing, ...]:
    return tuple(
        Standing(one.n, one.due_on, one.cents, one.paid_cents) for one in shown.instalments
    )


async def _tell(
    db: TenantSession,
    actor: Actor,
    action: str,
    shown: Sequence[PlanShown],
    object_id: UUID | None = None,
) -> None:
    await trail.record(
        db,
        actor,
        action,
        object_type="payment_plan",
        object_id=object_id,
        subjects=[one.guarantor_id for one in shown],
        detail={"count": len(shown)},
    )


async def _tell_one(db: TenantSession, actor: Actor, action: str, row: PaymentPlan) -> None:
    await trail.record(
        db,
        actor,
        action,
        object_type="payment_plan",
        object_id=row.id,
        subjects=[row.guarantor_id],
    )
