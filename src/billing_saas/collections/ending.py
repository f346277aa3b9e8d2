"""End a placement: recall it, settle it, call it bad debt; or lower it, when less is owed."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import bindparam, or_, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Uuid

from billing_saas.audit import trail
from billing_saas.collections import money_rules, moving
from billing_saas.collections.errors import IllegalPlacementMove
from billing_saas.collections.rules import CloseReason, RecallReason
from billing_saas.collections.tables import Placement, PlacementItem
from billing_saas.duties import separating
from billing_saas.duties.rules import WROTE_OFF
from billing_saas.followups import cards
from billing_saas.followups.cards import NewCard
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.ledger import journal
from billing_saas.ledger.rules import Account
from billing_saas.payments import laying

CLOSE = "collections.close"
CARD_TELL = "agency_to_be_told"


async def recall(db: TenantSession, actor: Actor, placement_id: UUID, reason: RecallReason) -> None:
    """What is left is owed to the practice again, and the agency is told to stop."""
    actor.must(CLOSE)
    await _recall(db, actor, await moving.lock_account(db, placement_id), reason)


async def recall_of(
    db: TenantSession, actor: Actor, patient_ids: Collection[UUID], reason: RecallReason
) -> int:
    """Everything of these patients that is with an agency, theirs to pay or theirs to have caused.

    For acts that must stop collection whoever they are done by (11 U.S.C. 362(a)(6) stays "any act to
    collect"): they have asked for their own permission.
    """
    ids = bindparam("ids", list(patient_ids), ARRAY(Uuid)).any_()
    concerned = select(PlacementItem.placement_id).where(
        PlacementItem.tenant_id == db.tenant_id, PlacementItem.patient_id == ids
    )
    found = (
        await db.execute(
            select(Placement.id, Placement.guarantor_id).where(
                Placement.tenant_id == db.tenant_id,
                Placement.state == "placed",
                or_(Placement.guarantor_id == ids, Placement.id.in_(concerned)),
            )
        )
    ).all()
    for guarantor_id in sorted({row.guarantor_id for row in found}):
        await laying.lock_guarantor(db, guarantor_id)
    locked = await moving.locked(db, [row.id for row in found])
    rows = [row for row in locked if row.state == "placed"]
    for row in rows:
        await _recall(db, actor, row, reason)
    return len(rows)


async def settle(db: TenantSession, actor: Actor, placement_id: UUID) -> None:
    """The agency took less for all of it: what is left is given up as a discount."""
    await _close(db, actor, placement_id, "settled", "settled_for_less", Account.WRITE_OFF_DISCOUNT)


async def call_bad_debt(
    db: TenantSession, actor: Actor, placement_id: UUID, reason: CloseReason
) -> None:
    """Nobody expects what is left. Money that comes all the same is laid on it."""
    await _close(db, actor, placement_id, "bad_debt", reason, Account.BAD_DEBT)


async def settle_if_paid(db: TenantSession, actor: Actor, placement_ids: Collection[UUID]) -> None:
    """Of these, which are locked and got money, what nothing is left of is settled."""
    left = await moving.left_of(db, placement_ids)
    today = await laying.today(db)
    for row in await moving.locked(db, placement_ids):
        if row.state == "placed" and not left[row.id]:
            await moving.move(db, actor, row, "settled", "paid", 0, reason="paid", ended_on=today)
            await cards.withdraw(db, actor, [row.id], outcome="settled")
        else:
            await moving.touch(db, row.id)


async def open_again(db: TenantSession, actor: Actor, row: Placement, cents: int) -> None:
    """The payment that settled it bounced: the agency has it still."""
    await moving.move(db, actor, row, "placed", "payment_bounced", cents, reason="", ended_on=None)


async def _recall(db: TenantSession, actor: Actor, row: Placement, reason: RecallReason) -> None:
    if row.state != "placed":
        raise IllegalPlacementMove(
            f"Only what is placed is recalled: the placement is {row.state!r}.",
            now=row.state,
            to="recalled",
        )
    left = (await moving.left_of(db, [row.id]))[row.id]
    cents = sum(item.cents for item in left)
    today = await laying.today(db)
    source = money_rules.source(row.id, "recalled")
    if left:
        entry = money_rules.moved(
            source,
            money_rules.RECALLED,
            today,
            left,
            out_of=Account.AGENCY,
            into=Account.PATIENT_RECEIVABLE,
        )
        await journal.post(db, actor, [entry])
    await moving.move(db, actor, row, "recalled", reason, cents, reason=reason, ended_on=today)
    if not await moving.drop_if_untold(db, row.id):
        await moving.notify(db, row, "recall", cents, today, source=source, reason=reason)
        await open_card(db, row, "An account was recalled: tell the agency today.", source)
    await cards.withdraw(db, actor, [row.id], outcome="recalled", kind="placement_to_look_at")
    await trail.record(
        db,
        actor,
        "placement.recall",
        object_type=moving.SUBJECT,
        object_id=row.id,
        subjects=moving.subjects(row, left),
        detail={"cents": cents, "reason": reason},
    )


async def _close(
    db: TenantSession,
    actor: Actor,
    placement_id: UUID,
    to: str,
    reason: CloseReason,
    into: Account,
) -> None:
    actor.must(CLOSE)
    actor.must_have_stepped_up()
    row = await moving.lock_account(db, placement_id)
    if row.state != "placed":
        raise IllegalPlacementMove(
            f"Only what is placed is closed: the placement is {row.state!r}.",
            now=row.state,
            to=to,
        )
    left = (await moving.left_of(db, [row.id]))[row.id]
    cents = sum(item.cents for item in left)
    today = await laying.today(db)
    source = money_rules.source(row.id, to)
    if left:
        entry = money_rules.moved(
            source, money_rules.CLOSED, today, left, out_of=Account.AGENCY, into=into
        )
        await journal.post(db, actor, [entry])
        await separating.did(db, actor, WROTE_OFF, row.id, amount_cents=cents)
    await moving.move(db, actor, row, to, reason, cents, reason=reason, ended_on=today)
    if not await moving.drop_if_untold(db, row.id):
        await moving.notify(db, row, "close", cents, today, source=source, reason=reason)
    await cards.withdraw(db, actor, [row.id], outcome=to)
    await trail.record(
        db,
        actor,
        "placement.close",
        object_type=moving.SUBJECT,
        object_id=row.id,
        subjects=moving.subjects(row, left),
        detail={"cents": cents, "reason": reason, "state": to},
    )


async def open_card(db: TenantSession, row: Placement, why: str, source: str) -> None:
    """For whoever makes the next file of the agency."""
    today = await laying.today(db)
    await cards.open_cards(
        db,
        [
            NewCard(
                kind=CARD_TELL,
                why=why,
                owner="practice",
                subject_type="collection_agency",
                subject_id=row.agency_id,
                source=f"{CARD_TELL}:{source}",
                due_on=today,
            )
        ],
    )
