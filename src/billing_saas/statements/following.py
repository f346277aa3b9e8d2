"""Statements and clocks follow the money: who pays moves them on, who takes it back moves them back.

`follow` is for acts that move a patient's money and want it told at once; `recent` comes after all others,
whichever room journalled; `look` is daily, for the clocks and for what both missed. What a bill is worth is asked of the
ledger wherever it is shown: nothing here has to run for that to be right.
"""

from collections.abc import Collection, Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import bindparam, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Uuid

from billing_saas.audit import trail
from billing_saas.followups import cards
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.patients import guarantors
from billing_saas.statements import dunning, dunning_rules, owing, queries, rules
from billing_saas.statements.errors import IllegalStatementMove, StatementNotFound
from billing_saas.statements.jobs import FollowStatements
from billing_saas.statements.rules import OpenItem
from billing_saas.statements.tables import Statement
from billing_saas.tenants import queries as tenants

_AT_A_TIME = 1_000
_LIVE = ("issued", "viewed", "part_paid", "paid")

# All that may have to move: what is open, and what was paid of guarantors who owe again.
_ASKED = text(
    """
    SELECT DISTINCT guarantor_id FROM statement
    WHERE tenant_id = :tenant_id AND state IN ('issued', 'viewed', 'part_paid')
    """
)
# By the primary key: what was recorded since, in the newest partition.
_TOUCHED = text(
    """
    SELECT DISTINCT patient_id FROM ledger_line
    WHERE tenant_id = :tenant_id AND recorded_at >= :since AND account = 'patient_receivable'
      AND patient_id IS NOT NULL
    """
)
# Longer than two rounds: a round that was missed, or a posting that took long, is made up for.
_LATELY = timedelta(hours=1)
_MOVE = text(
    """
    UPDATE statement SET state = new.state, version = version + 1, updated_at = :now
    FROM unnest(CAST(:ids AS uuid[]), CAST(:states AS text[])) AS new (id, state)
    WHERE statement.tenant_id = :tenant_id AND statement.id = new.id
    """
)


async def follow(db: TenantSession, actor: Actor, patient_ids: Collection[UUID]) -> None:
    """After money of these patients moved. The caller has checked who asks."""
    payers = await guarantors.guarantor_of(db, patient_ids)
    await _follow(db, actor, sorted(set(payers.values())))


async def recent(db: TenantSession, actor: Actor, _job: FollowStatements) -> None:
    """Every quarter of an hour: whoever's balance was journalled lately, by whichever room."""
    since = clock.now() - _LATELY
    patients = list(await db.scalars(_TOUCHED, {"tenant_id": db.tenant_id, "since": since}))
    await follow(db, actor, patients)


async def look(db: TenantSession, actor: Actor) -> None:
    """Every guarantor who owes or was asked."""
    asked = set(await db.scalars(_ASKED, {"tenant_id": db.tenant_id}))
    found = sorted(asked | set(await owing.owing(db)) | set(await dunning.running(db)))
    for start in range(0, len(found), _AT_A_TIME):
        await _follow(db, actor, found[start : start + _AT_A_TIME])


async def viewed(db: TenantSession, actor: Actor, statement_id: UUID) -> None:
    """The guarantor has opened it; once is enough. The caller has checked who asks."""
    found = await lock(db, statement_id)
    if found.viewed_at is not None or found.state not in _LIVE:
        return
    state = "viewed" if found.state == "issued" else found.state
    await db.execute(
        update(Statement)
        .where(Statement.tenant_id == db.tenant_id, Statement.id == statement_id)
        .values(
            state=state,
            viewed_at=clock.now(),
            updated_at=clock.now(),
            version=Statement.version + 1,
        )
    )
    await trail.record(
        db,
        actor,
        "statement.view",
        object_type="statement",
        object_id=statement_id,
        subjects=[found.guarantor_id],
    )


async def lock(db: TenantSession, statement_id: UUID) -> Statement:
    """For an act that changes it."""
    found = await db.scalar(
        select(Statement)
        .where(Statement.tenant_id == db.tenant_id, Statement.id == statement_id)
        .with_for_update()
    )
    if found is None:
        raise StatementNotFound("There is no such statement.")
    return found


def must_move(now: str, to: str) -> None:
    if not rules.is_legal(now, to):
        raise IllegalStatementMove(
            f"The statement is {now} and was to become {to}.", now=now, to=to
        )


async def _follow(db: TenantSession, actor: Actor, guarantor_ids: Sequence[UUID]) -> None:
    if not guarantor_ids:
        return
    # First held, then asked: of two payments at once the later one sees what the earlier one left.
    statements = await _held(db, guarantor_ids)
    owed = await owing.owed_by_many(db, guarantor_ids)
    await _move_statements(db, statements, owed)
    await _move_clocks(db, actor, guarantor_ids, owed)


async def _held(db: TenantSession, guarantor_ids: Sequence[UUID]) -> Sequence[Statement]:
    # In the order of their ids: two payments of one family do not wait in a ring.
    return (
        await db.scalars(
            select(Statement)
            .where(
                Statement.tenant_id == db.tenant_id,
                Statement.guarantor_id == bindparam("ids", list(guarantor_ids), ARRAY(Uuid)).any_(),
                Statement.state.in_(_LIVE),
            )
            .order_by(Statement.id)
            .with_for_update()
        )
    ).all()


async def _move_statements(
    db: TenantSession, statements: Sequence[Statement], owed: dict[UUID, list[OpenItem]]
) -> None:
    lines = await queries.lines_of(db, [one.id for one in statements])
    moved: dict[UUID, str] = {}
    for one in statements:
        left = rules.owed_of(lines.get(one.id, []), owed.get(one.guarantor_id, []))
        state = rules.state_of(
            one.state,
            total_cents=one.total_cents,
            balance_cents=sum(item.cents for item in left),
            viewed=one.viewed_at is not None,
        )
        if state != one.state:
            must_move(one.state, state)
            moved[one.id] = state
    if moved:
        await db.execute(
            _MOVE,
            {
                "tenant_id": db.tenant_id,
                "ids": list(moved),
                "states": list(moved.values()),
                "now": clock.now(),
            },
        )


async def _move_clocks(
    db: TenantSession,
    actor: Actor,
    guarantor_ids: Sequence[UUID],
    owed: dict[UUID, list[OpenItem]],
) -> None:
    standing = await dunning.clocks_of(db, guarantor_ids)
    running = [one for one in guarantor_ids if one in standing and not standing[one].ended_on]
    if not running:
        return
    today = clock.today((await tenants.this_practice(db)).time_zone)
    dependants = await guarantors.dependants_of_many(db, running)
    held = await dunning.held_by(db, dependants, running)
    changed = {}
    done = []
    for guarantor_id in running:
        looked = dunning_rules.looked_at(
            standing[guarantor_id],
            today,
            owed=bool(owed.get(guarantor_id)),
            paused_since=[
                one.since
                for one in held.get(guarantor_id, [])
                if dunning_rules.stops(one, guarantor_id)
            ],
        )
        if looked != standing[guarantor_id]:
            changed[guarantor_id] = looked
        if looked.ended_on is not None:
            done.append(guarantor_id)
    await dunning.keep(db, changed)
    for kind in ("statement_undeliverable", "hardship_screen", "credit_to_apply"):
        if done:
            await cards.withdraw(db, actor, done, outcome="nothing_owed", kind=kind)
