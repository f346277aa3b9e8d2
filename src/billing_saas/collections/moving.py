"""Move a placement from state to state: one table of legal moves, an event for each move, a notice
for its agency where the agency must know."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.types import Uuid

from billing_saas.collections import rules
from billing_saas.collections.errors import IllegalPlacementMove, PlacementNotFound
from billing_saas.collections.rules import Item
from billing_saas.collections.tables import AgencyNotice, Placement, PlacementEvent, PlacementItem
from billing_saas.kit import bulk, clock
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.kit.ids import new_id
from billing_saas.ledger.rules import Account
from billing_saas.payments import laying

SUBJECT = "placement"

_LEFT = text(
    """
    SELECT line.patient_id, line.claim_id, line.charge_id, line.account,
      CAST(sum(line.amount_cents) AS bigint) AS cents
    FROM ledger_line line
    WHERE line.tenant_id = :tenant_id AND line.patient_id = ANY (CAST(:patient_ids AS uuid[]))
    GROUP BY line.patient_id, line.claim_id, line.charge_id, line.account
    """
)


async def lock(db: TenantSession, placement_id: UUID) -> Placement:
    """For an act that changes it."""
    found = await locked(db, [placement_id])
    if not found:
        raise PlacementNotFound("There is no such placement.")
    return found[0]


async def lock_account(db: TenantSession, placement_id: UUID) -> Placement:
    """The guarantor's account first, then the placement: so does whoever records a bankruptcy, and
    neither misses what the other does."""
    guarantor_id = await db.scalar(
        select(Placement.guarantor_id).where(
            Placement.tenant_id == db.tenant_id, Placement.id == placement_id
        )
    )
    if guarantor_id is None:
        raise PlacementNotFound("There is no such placement.")
    await laying.lock_guarantor(db, guarantor_id)
    return await lock(db, placement_id)


async def locked(db: TenantSession, placement_ids: Collection[UUID]) -> list[Placement]:
    """In the order of their ids, so that two acts do not wait for each other in a ring."""
    found = await db.scalars(
        select(Placement)
        .where(
            Placement.tenant_id == db.tenant_id,
            Placement.id == bindparam("ids", list(placement_ids), ARRAY(Uuid)).any_(),
        )
        .order_by(Placement.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return list(found)


async def items_of(db: TenantSession, placement_ids: Collection[UUID]) -> dict[UUID, list[Item]]:
    """What was proposed or placed, oldest first."""
    rows = await db.scalars(
        select(PlacementItem)
        .where(
            PlacementItem.tenant_id == db.tenant_id,
            PlacementItem.placement_id == bindparam("ids", list(placement_ids), ARRAY(Uuid)).any_(),
        )
        .order_by(PlacementItem.placement_id, PlacementItem.n)
    )
    found: dict[UUID, list[Item]] = {placement_id: [] for placement_id in placement_ids}
    for row in rows:
        found[row.placement_id].append(
            Item(row.patient_id, row.claim_id, row.charge_id, row.amount_cents)
        )
    return found


async def left_of(
    db: TenantSession, placement_ids: Collection[UUID], account: Account = Account.AGENCY
) -> dict[UUID, list[Item]]:
    """What of each placement stands in `account` now, oldest first. What is zero is left out."""
    items = await items_of(db, placement_ids)
    patients = {item.patient_id for of_one in items.values() for item in of_one}
    rows = await db.execute(_LEFT, {"tenant_id": db.tenant_id, "patient_ids": sorted(patients)})
    standing = {
        (row.patient_id, row.claim_id, row.charge_id): row.cents
        for row in rows
        if row.account == account
    }
    return {
        placement_id: [
            Item(item.patient_id, item.claim_id, item.charge_id, standing[item.key])
            for item in of_one
            if standing.get(item.key, 0) > 0
        ]
        for placement_id, of_one in items.items()
    }


async def move(
    db: TenantSession, actor: Actor, row: Placement, to: str, why: str, cents: int, **changed: Any
) -> None:
    """`row` is locked; `cents` is what the move is about. `why` is a word of ours."""
    if not rules.is_legal(row.state, to):
        raise IllegalPlacementMove(
            f"There is no such move: the placement is {row.state!r} and was to become {to!r}.",
            now=row.state,
            to=to,
        )
    await db.execute(
        update(Placement)
        .where(Placement.tenant_id == db.tenant_id, Placement.id == row.id)
        .values(state=to, **changed, version=Placement.version + 1)
        .execution_options(synchronize_session=False)
    )
    await tell_many(db, actor, {row.id: cents}, row.state, to, why)


async def touch(db: TenantSession, placement_id: UUID) -> None:
    """What a reader saw of it is no longer so."""
    await db.execute(
        update(Placement)
        .where(Placement.tenant_id == db.tenant_id, Placement.id == placement_id)
        .values(version=Placement.version + 1)
        .execution_options(synchronize_session=False)
    )


async def tell_many(
    db: TenantSession, actor: Actor, moved: Mapping[UUID, int], now: str, to: str, why: str
) -> None:
    """The same move of each placement, with the cents that it is about."""
    at = clock.now()
    rows = [
        {
            "id": new_id(),
            "placement_id": placement_id,
            "at": at,
            "actor_kind": actor.kind.value,
            "actor_id": actor.id,
            "from_state": now,
            "to_state": to,
            "why": why,
            "amount_cents": cents,
        }
        for placement_id, cents in moved.items()
    ]
    await bulk.insert_rows(db, PlacementEvent, rows)


async def notify(
    db: TenantSession,
    row: Placement,
    kind: str,
    cents: int,
    happened_on: date,
    *,
    source: str,
    reason: str = "",
) -> None:
    """The agency is told in the next file made for it; once per source."""
    made = upsert(AgencyNotice).values(
        tenant_id=db.tenant_id,
        id=new_id(),
        agency_id=row.agency_id,
        placement_id=row.id,
        kind=kind,
        amount_cents=cents,
        happened_on=happened_on,
        reason=reason,
        source=source,
        at=clock.now(),
    )
    await db.execute(made.on_conflict_do_nothing(index_elements=["tenant_id", "source"]))


async def drop_if_untold(db: TenantSession, placement_id: UUID) -> bool:
    """Of an account that no file named yet the agency need not hear at all. Says whether that was so."""
    told = await db.scalar(
        select(AgencyNotice.id)
        .where(
            AgencyNotice.tenant_id == db.tenant_id,
            AgencyNotice.placement_id == placement_id,
            AgencyNotice.file_id.is_not(None),
        )
        .limit(1)
    )
    if told is not None:
        return False
    await db.execute(
        update(AgencyNotice)
        .where(AgencyNotice.tenant_id == db.tenant_id, AgencyNotice.placement_id == placement_id)
        .values(dropped=True)
        .execution_options(synchronize_session=False)
    )
    return True


def subjects(row: Placement, items: Sequence[Item]) -> list[UUID]:
    """The patients whom it concerns."""
    return [row.guarantor_id, *dict.fromkeys(item.patient_id for item in items)]
