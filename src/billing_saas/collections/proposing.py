"""Propose accounts for placement: by a person or the clock. A proposal moves no money and tells nobody."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec
from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Uuid

from billing_saas.audit import trail
from billing_saas.collections import gathering, moving, policies, rules
from billing_saas.collections.errors import (
    AgencyNotFound,
    AlreadyProposed,
    NoAgency,
    NoAgreement,
    NotEligible,
    PaidByAnother,
)
from billing_saas.collections.jobs import ProposePlacements
from billing_saas.collections.rules import Item, Verdict
from billing_saas.collections.tables import CollectionAgency, Placement, PlacementItem
from billing_saas.followups import cards
from billing_saas.followups.cards import NewCard
from billing_saas.kit import bulk, clock, logs
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.kit.ids import new_id
from billing_saas.outbox import queue
from billing_saas.patients import guarantors
from billing_saas.patients import queries as patients
from billing_saas.payments import laying
from billing_saas.statements import owing
from billing_saas.tenants import queries as tenants

PROPOSE = "collections.propose"
READ = "collections.read"
CARD = "placement_proposed"
_AT_A_TIME = 500


class Outcome(msgspec.Struct, frozen=True):
    looked_at: int
    proposed: int
    lapsed: int


async def eligibility(db: TenantSession, actor: Actor, guarantor_id: UUID) -> Verdict:
    """May this guarantor's account be placed, and if not, every reason."""
    actor.must(READ)
    await _must_pay(db, guarantor_id)
    policy = await policies.of(db)
    found = await gathering.accounts(db, actor, [guarantor_id])
    today = clock.today((await tenants.this_practice(db)).time_zone)
    return rules.judge(found[guarantor_id], policy.limits, today)


async def ask(db: TenantSession, actor: Actor) -> None:
    """All that is owed is looked through by a job."""
    actor.must(PROPOSE)
    policy = await policies.of(db)
    await policies.agreed(db, policy.agency_id)
    await queue.add(db, ProposePlacements(asked=1), request_id=actor.request_id)


async def look_through(db: TenantSession, actor: Actor, job: ProposePlacements) -> Outcome:
    """Every guarantor who owes: propose who is eligible, let lapse what is not any more.

    Without an agency that has signed, nothing is proposed: a list that cannot be placed is noise.
    """
    policy = await policies.of(db)
    agency: CollectionAgency | None = None
    if policy.propose or job.asked:
        try:
            agency = await policies.agreed(db, policy.agency_id)
        except (NoAgency, NoAgreement, AgencyNotFound) as error:
            logs.get().warning("no placements proposed", tenant=db.tenant_id, reason=error.name)
    proposed = await _proposed(db)
    everyone = sorted({*proposed, *(await owing.owing(db) if agency is not None else [])})
    made = lapsed = 0
    for start in range(0, len(everyone), _AT_A_TIME):
        batch = everyone[start : start + _AT_A_TIME]
        judged = await _judged(db, actor, batch)
        over = [proposed[one] for one in batch if one in proposed and not judged[one].eligible]
        lapsed += await _lapse(db, actor, over)
        if agency is not None:
            new = {o: v for o, v in judged.items() if v.eligible and o not in proposed}
            made += len(await _write(db, actor, agency, new))
    await trail.record(
        db,
        actor,
        "collections.propose",
        object_type="practice",
        object_id=db.tenant_id,
        detail={"count": made, "rows": len(everyone)},
    )
    return Outcome(len(everyone), made, lapsed)


async def propose(db: TenantSession, actor: Actor, guarantor_id: UUID) -> UUID:
    """One account, now. `NotEligible` names every reason."""
    actor.must(PROPOSE)
    actor.must(READ)
    await _must_pay(db, guarantor_id)
    policy = await policies.of(db)
    agency = await policies.agreed(db, policy.agency_id)
    await laying.lock_guarantor(db, guarantor_id)
    if guarantor_id in await _proposed(db, [guarantor_id]):
        raise AlreadyProposed("The account is proposed already.")
    verdict = (await _judged(db, actor, [guarantor_id]))[guarantor_id]
    if not verdict.eligible:
        raise NotEligible("The account may not be placed.", reasons=list(verdict.reasons))
    (placement_id,) = await _write(db, actor, agency, {guarantor_id: verdict})
    return placement_id


async def judge_again(db: TenantSession, actor: Actor, guarantor_id: UUID) -> Verdict:
    """For the act that places: what holds at this moment."""
    return (await _judged(db, actor, [guarantor_id]))[guarantor_id]


async def lapse_of(db: TenantSession, actor: Actor, guarantor_ids: Sequence[UUID]) -> int:
    """What was proposed of these guarantors is off the list: something came to be known of them."""
    proposed = await _proposed(db, guarantor_ids)
    return await _lapse(db, actor, list(proposed.values()))


async def _judged(
    db: TenantSession, actor: Actor, guarantor_ids: Sequence[UUID]
) -> dict[UUID, Verdict]:
    policy = await policies.of(db)
    today = clock.today((await tenants.this_practice(db)).time_zone)
    found = await gathering.accounts(db, actor, guarantor_ids)
    return {one: rules.judge(account, policy.limits, today) for one, account in found.items()}


async def _must_pay(db: TenantSession, guarantor_id: UUID) -> None:
    await patients.must_exist(db, guarantor_id)
    if (await guarantors.guarantor_of(db, [guarantor_id])).get(guarantor_id) != guarantor_id:
        raise PaidByAnother("Somebody else pays for this patient.", field="guarantor_id")


async def _proposed(
    db: TenantSession, guarantor_ids: Sequence[UUID] | None = None
) -> dict[UUID, UUID]:
    """Guarantor to what is proposed of them."""
    query = select(Placement.guarantor_id, Placement.id).where(
        Placement.tenant_id == db.tenant_id, Placement.state == "pre_placement"
    )
    if guarantor_ids is not None:
        asked = bindparam("ids", list(guarantor_ids), ARRAY(Uuid))
        query = query.where(Placement.guarantor_id == asked.any_())
    return {row.guarantor_id: row.id for row in await db.execute(query)}


async def _lapse(db: TenantSession, actor: Actor, placement_ids: Sequence[UUID]) -> int:
    rows = await moving.locked(db, placement_ids) if placement_ids else []
    lapsed = [row for row in rows if row.state == "pre_placement"]
    for row in lapsed:
        why = "not_eligible_any_more"
        await moving.move(db, actor, row, "lapsed", why, row.amount_cents, reason=why)
    if lapsed:
        await cards.withdraw(db, actor, [row.id for row in lapsed], outcome="lapsed")
    return len(lapsed)


async def _write(
    db: TenantSession, actor: Actor, agency: CollectionAgency, judged: dict[UUID, Verdict]
) -> list[UUID]:
    """The proposals, with a card each for whoever places."""
    if not judged:
        return []
    now = clock.now()
    ids = {guarantor_id: new_id() for guarantor_id in judged}
    rows = [
        {
            "id": ids[guarantor_id],
            "guarantor_id": guarantor_id,
            "agency_id": agency.id,
            "state": "pre_placement",
            "reference": rules.new_reference(),
            "amount_cents": verdict.cents,
            "rate_bps": agency.rate_bps,
            "first_statement_on": verdict.first_statement_on,
            "last_statement_on": verdict.last_statement_on,
            "proposed_by_kind": actor.kind.value,
            "proposed_by": actor.id,
            "proposed_at": now,
        }
        for guarantor_id, verdict in judged.items()
    ]
    await bulk.insert_rows(db, Placement, rows)
    items = {ids[guarantor_id]: verdict.items for guarantor_id, verdict in judged.items()}
    await write_items(db, items)
    worth = {ids[guarantor_id]: verdict.cents for guarantor_id, verdict in judged.items()}
    await moving.tell_many(db, actor, worth, "", "pre_placement", "eligible")
    await cards.open_cards(
        db,
        [
            NewCard(
                kind=CARD,
                why="An account may be placed with the agency: a person decides.",
                owner="practice",
                subject_type=moving.SUBJECT,
                subject_id=ids[guarantor_id],
                source=f"{CARD}:{ids[guarantor_id]}",
                worth_cents=verdict.cents,
            )
            for guarantor_id, verdict in judged.items()
        ],
    )
    return list(ids.values())


async def write_items(db: TenantSession, items: Mapping[UUID, Sequence[Item]]) -> None:
    """By placement, oldest first."""
    await bulk.insert_rows(
        db,
        PlacementItem,
        [
            {
                "placement_id": placement_id,
                "n": n,
                "patient_id": item.patient_id,
                "claim_id": item.claim_id,
                "charge_id": item.charge_id,
                "amount_cents": item.cents,
            }
            for placement_id, of_one in items.items()
            for n, item in enumerate(of_one, 1)
        ],
    )


async def replace_items(db: TenantSession, row: Placement, items: Sequence[Item]) -> None:
    """Less is owed than when it was proposed: what is placed is what is owed."""
    await db.execute(
        delete(PlacementItem).where(
            PlacementItem.tenant_id == db.tenant_id, PlacementItem.placement_id == row.id
        )
    )
    await write_items(db, {row.id: items})
    await db.execute(
        update(Placement)
        .where(Placement.tenant_id == db.tenant_id, Placement.id == row.id)
        .values(amount_cents=sum(item.cents for item in items))
        .execution_options(synchronize_session=False)
    )
