"""Statements as those who may see them see them, and as bills to be paid."""

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

import msgspec
from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Uuid

from billing_saas.kit.db import TenantSession
from billing_saas.statements import owing, rules
from billing_saas.statements.errors import StatementNotFound
from billing_saas.statements.rules import OpenItem
from billing_saas.statements.tables import Statement, StatementLine

# A draft is not told yet, a void one not any more.
_SHOWN = ("issued", "viewed", "part_paid", "paid")


class Bill(msgspec.Struct, frozen=True, kw_only=True):
    """A statement to be paid. `total_cents` is what was asked when it was issued; `balance_cents`, what
    of its lines is owed now, by the ledger, and `state` follows from that. Statements repeat what is still
    owed: balances of several are not added up (`owing.owed_by` is the sum); `latest` is the newest."""

    id: UUID
    number: str
    guarantor_id: UUID
    issued_on: date
    due_on: date
    total_cents: int
    balance_cents: int
    state: str
    latest: bool


async def bills_for(db: TenantSession, guarantor_id: UUID) -> list[Bill]:
    """Newest first, without drafts and those made void. For acts that check who asks."""
    found = (
        await db.scalars(
            select(Statement)
            .where(
                Statement.tenant_id == db.tenant_id,
                Statement.guarantor_id == guarantor_id,
                Statement.state.in_(_SHOWN),
            )
            .order_by(Statement.id.desc())
        )
    ).all()
    return await _bills(db, guarantor_id, found)


async def payable_bill(db: TenantSession, guarantor_id: UUID, statement_id: UUID) -> Bill:
    """One of them; another guarantor's, a draft or a void one is not found."""
    found = await db.scalar(
        select(Statement).where(
            Statement.tenant_id == db.tenant_id,
            Statement.id == statement_id,
            Statement.guarantor_id == guarantor_id,
            Statement.state.in_(_SHOWN),
        )
    )
    if found is None:
        raise StatementNotFound("There is no such statement.")
    (bill,) = await _bills(db, guarantor_id, [found])
    return bill


async def open_items(db: TenantSession, statement_id: UUID) -> list[OpenItem]:
    """What of the statement's lines is owed now, oldest first: what a payment of it is applied to."""
    found = await db.scalar(
        select(Statement).where(Statement.tenant_id == db.tenant_id, Statement.id == statement_id)
    )
    if found is None:
        raise StatementNotFound("There is no such statement.")
    lines = (await lines_of(db, [statement_id])).get(statement_id, [])
    owed = await owing.owed_by(db, found.guarantor_id)
    return rules.owed_of(lines, owed)


async def lines_of(
    db: TenantSession, statement_ids: Sequence[UUID]
) -> Mapping[UUID, Sequence[StatementLine]]:
    """In their order on the statement."""
    rows = await db.scalars(
        select(StatementLine)
        .where(
            StatementLine.tenant_id == db.tenant_id,
            StatementLine.statement_id == bindparam("ids", list(statement_ids), ARRAY(Uuid)).any_(),
        )
        .order_by(StatementLine.statement_id, StatementLine.n)
    )
    found: dict[UUID, list[StatementLine]] = {}
    for row in rows:
        found.setdefault(row.statement_id, []).append(row)
    return found


async def _bills(
    db: TenantSession, guarantor_id: UUID, statements: Sequence[Statement]
) -> list[Bill]:
    if not statements:
        return []
    lines = await lines_of(db, [one.id for one in statements])
    owed = await owing.owed_by(db, guarantor_id)
    newest = await db.scalar(
        select(Statement.id)
        .where(
            Statement.tenant_id == db.tenant_id,
            Statement.guarantor_id == guarantor_id,
            Statement.state.in_(_SHOWN),
        )
        .order_by(Statement.id.desc())
        .limit(1)
    )
    bills: list[Bill] = []
    for one in statements:
        balance = sum(item.cents for item in rules.owed_of(lines.get(one.id, []), owed))
        state = rules.state_of(
            one.state,
            total_cents=one.total_cents,
            balance_cents=balance,
            viewed=one.viewed_at is not None,
        )
        bills.append(
            Bill(
                id=one.id,
                number=one.number,
                guarantor_id=one.guarantor_id,
                issued_on=one.issued_on,
                due_on=one.due_on,
                total_cents=one.total_cents,
                balance_cents=balance,
                state=state,
                latest=one.id == newest,
            )
        )
    return bills
