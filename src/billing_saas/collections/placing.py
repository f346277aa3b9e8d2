"""Place a proposed account, or decline to: line by line, by a person who proved it is them.

There is no other way into `placed`: nothing that runs by itself holds the permission, a step-up is
asked of every person, and machines have neither. The database refuses a placed row without a person.
"""

from uuid import UUID

from billing_saas.audit import trail
from billing_saas.collections import money_rules, moving, policies, proposing, rules
from billing_saas.collections.errors import (
    IllegalPlacementMove,
    NotEligible,
    ProposalStale,
)
from billing_saas.collections.rules import DeclineReason
from billing_saas.collections.tables import Placement
from billing_saas.followups import cards
from billing_saas.kit.actor import Actor, ActorKind, NotPermitted
from billing_saas.kit.db import TenantSession
from billing_saas.ledger import journal
from billing_saas.ledger.rules import Account
from billing_saas.payments import laying
from billing_saas.statements import owing

PLACE = "collections.place"


async def place(db: TenantSession, actor: Actor, placement_id: UUID) -> None:
    """What is owed moves to the agency, and the agency's next file names it.

    All is asked again under the locks of a payment: a cent that came meanwhile is not placed, and a
    bankruptcy that was recorded this minute stops it.
    """
    row = await _by_person(db, actor, placement_id)
    owed = await owing.owed_by(db, row.guarantor_id)
    await laying.lock_claims(db, {item.claim_id for item in owed if item.claim_id is not None})
    agency = await policies.agreed(db, row.agency_id)
    verdict = await proposing.judge_again(db, actor, row.guarantor_id)
    if not verdict.eligible:
        raise NotEligible("The account may not be placed any more.", reasons=list(verdict.reasons))
    proposed = (await moving.items_of(db, [placement_id]))[placement_id]
    if not rules.fits(verdict.items, proposed):
        raise ProposalStale("More is owed than was proposed: have it looked through again.")
    if list(verdict.items) != proposed:
        await proposing.replace_items(db, row, verdict.items)
    today = await laying.today(db)
    entry = money_rules.moved(
        money_rules.source(placement_id, "placed"),
        money_rules.PLACED,
        today,
        verdict.items,
        out_of=Account.PATIENT_RECEIVABLE,
        into=Account.AGENCY,
    )
    await journal.post(db, actor, [entry])
    await moving.move(
        db,
        actor,
        row,
        "placed",
        "placed_by_person",
        verdict.cents,
        placed_by=actor.id,
        placed_on=today,
        rate_bps=agency.rate_bps,
    )
    source = money_rules.source(placement_id, "placed")
    await moving.notify(db, row, "place", verdict.cents, today, source=source)
    await cards.withdraw(db, actor, [placement_id], outcome="placed")
    await trail.record(
        db,
        actor,
        "placement.place",
        object_type=moving.SUBJECT,
        object_id=placement_id,
        subjects=moving.subjects(row, verdict.items),
        detail={"cents": verdict.cents, "count": len(verdict.items)},
    )


async def decline(
    db: TenantSession, actor: Actor, placement_id: UUID, reason: DeclineReason
) -> None:
    """Not placed. It may be proposed again, by a person or when the clock looks next."""
    actor.must(PLACE)
    row = await moving.lock(db, placement_id)
    await moving.move(db, actor, row, "declined", reason, row.amount_cents, reason=reason)
    await cards.withdraw(db, actor, [placement_id], outcome="declined")
    await trail.record(
        db,
        actor,
        "placement.decline",
        object_type=moving.SUBJECT,
        object_id=placement_id,
        subjects=[row.guarantor_id],
        detail={"reason": reason},
    )


async def _by_person(db: TenantSession, actor: Actor, placement_id: UUID) -> Placement:
    actor.must(PLACE)
    # `must_have_stepped_up` lets the system pass: this never does.
    if actor.kind is not ActorKind.USER:
        raise NotPermitted("Only a person places an account.", permission=PLACE)
    actor.must_have_stepped_up()
    row = await moving.lock_account(db, placement_id)
    if row.state != "pre_placement":
        raise IllegalPlacementMove(
            f"Only what is proposed can be placed: the placement is {row.state!r}.",
            now=row.state,
            to="placed",
        )
    return row
