"""What a verdict on guarantors needs, by a handful of statements whatever their number."""

from collections.abc import Collection, Mapping
from datetime import date
from uuid import UUID

from sqlalchemy import bindparam, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Uuid

from billing_saas.claims.tables import Claim
from billing_saas.kit.db import TenantSession
from billing_saas.patients import guarantors
from billing_saas.statement_runs.running_rules import Facts
from billing_saas.statements import dunning, owing
from billing_saas.statements.dunning_rules import Clock

# Of a claim that stands here, no insurer has anything to say any more.
_FINISHED = ("patient", "settled")

_LAST = text(
    """
    SELECT guarantor_id, max(issued_on) AS issued_on FROM statement
    WHERE tenant_id = :tenant_id AND guarantor_id = ANY (CAST(:ids AS uuid[]))
      AND state <> 'void' AND state <> 'draft'
    GROUP BY guarantor_id
    """
)
_BILLED = text(
    """
    SELECT DISTINCT made.guarantor_id, line.patient_id, line.claim_id, line.charge_id
    FROM dunning_clock clock
    JOIN statement made ON made.tenant_id = :tenant_id AND made.guarantor_id = clock.guarantor_id
      AND made.issued_on >= clock.started_on AND made.state <> 'void'
    JOIN statement_line line ON line.tenant_id = :tenant_id AND line.statement_id = made.id
    WHERE clock.tenant_id = :tenant_id AND clock.guarantor_id = ANY (CAST(:ids AS uuid[]))
      AND clock.ended_on IS NULL
    """
)
Billed = tuple[UUID, UUID | None, UUID | None]


async def facts_of(db: TenantSession, guarantor_ids: Collection[UUID]) -> dict[UUID, Facts]:
    """By guarantor, of all that are asked for."""
    if not guarantor_ids:
        return {}
    dependants = await guarantors.dependants_of_many(db, guarantor_ids)
    owed = await owing.owed_by_many(db, guarantor_ids)
    claims = {item.claim_id for items in owed.values() for item in items if item.claim_id}
    finished = await _finished(db, claims)
    held = await dunning.held_by(db, dependants, guarantor_ids)
    credit = await owing.credits_of(db, guarantor_ids)
    clocks: Mapping[UUID, Clock] = await dunning.clocks_of(db, guarantor_ids)
    asked = {"tenant_id": db.tenant_id, "ids": list(guarantor_ids)}
    last: dict[UUID, date] = {
        row.guarantor_id: row.issued_on for row in await db.execute(_LAST, asked)
    }
    billed: dict[UUID, set[Billed]] = {}
    for row in await db.execute(_BILLED, asked):
        line = (row.patient_id, row.claim_id, row.charge_id)
        billed.setdefault(row.guarantor_id, set()).add(line)
    return {
        guarantor_id: Facts(
            guarantor_id=guarantor_id,
            items=owed.get(guarantor_id, []),
            finished=finished,
            held=held.get(guarantor_id, []),
            credit_cents=credit.get(guarantor_id, 0),
            clock=clocks.get(guarantor_id),
            last_issued_on=last.get(guarantor_id),
            billed=billed.get(guarantor_id, set()),
        )
        for guarantor_id in guarantor_ids
    }


async def _finished(db: TenantSession, claim_ids: Collection[UUID]) -> set[UUID]:
    found = await db.scalars(
        select(Claim.id).where(
            Claim.tenant_id == db.tenant_id,
            Claim.id == bindparam("ids", list(claim_ids), ARRAY(Uuid)).any_(),
            Claim.receivable.in_(_FINISHED),
        )
    )
    return set(found)
