"""Why do I owe this? Each claim, and all of a guarantor's, told as a sum that the ledger agrees with.

The same numbers for staff and patients. For acts and pages that check who asks and tell the trail; staff
come by `showing`.
"""

from collections.abc import Collection, Mapping
from datetime import date
from uuid import UUID

import msgspec
from sqlalchemy import bindparam, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Uuid

from billing_saas.claims.errors import ClaimNotFound
from billing_saas.claims.tables import Claim, LineAdjudication
from billing_saas.encounters.tables import Charge
from billing_saas.kit.db import TenantSession
from billing_saas.ledger.rules import Account
from billing_saas.patients import guarantors
from billing_saas.statements import explaining_rules, owing
from billing_saas.statements.explaining_rules import Moved, Said, Sums, Told


class ChargeExplanation(msgspec.Struct, frozen=True, kw_only=True):
    """One charge; `charge_id` is None for what concerns the claim as a whole."""

    charge_id: UUID | None
    n: int
    procedure_code: str
    service_on: date
    told: Told


class ClaimExplanation(msgspec.Struct, frozen=True, kw_only=True):
    """`told.sums.adds_up` holds, and its balances are the ledger's. `receivable` names who owes next."""

    claim_id: UUID
    patient_id: UUID
    receivable: str
    service_from: date
    service_to: date
    told: Told
    charges: tuple[ChargeExplanation, ...]


class GuarantorExplanation(msgspec.Struct, frozen=True, kw_only=True):
    """Every claim of whom the guarantor pays for of which anything is still owed, oldest first.

    `owed_cents` is what is to be paid (a claim in credit pays for no other); `credit_cents`, money of
    the guarantor that is not applied to anything yet.
    """

    guarantor_id: UUID
    patient_ids: tuple[UUID, ...]
    claims: tuple[ClaimExplanation, ...]
    sums: Sums
    owed_cents: int
    credit_cents: int


# The whole entry, not only its lines that name the claim: the other side tells who paid.
_MOVED = text(
    """
    WITH touching AS (
      SELECT DISTINCT claim_id, entry_id, recorded_at FROM ledger_line
      WHERE tenant_id = :tenant_id AND claim_id = ANY (CAST(:claim_ids AS uuid[]))
    )
    SELECT touching.claim_id AS of_claim, line.entry_id, line.account, line.amount_cents,
      line.party_kind, line.party_id, line.claim_id, line.charge_id, line.group_code, line.reason_code
    FROM touching JOIN ledger_line line ON line.tenant_id = :tenant_id
      AND line.recorded_at = touching.recorded_at AND line.entry_id = touching.entry_id
    """
)
_OPEN_CLAIMS = text(
    """
    SELECT line.claim_id FROM ledger_line line
    WHERE line.tenant_id = :tenant_id AND line.patient_id = ANY (CAST(:patient_ids AS uuid[]))
      AND line.claim_id IS NOT NULL
    GROUP BY line.claim_id
    HAVING sum(line.amount_cents) FILTER (WHERE line.account IN ('payer_receivable',
        'patient_receivable', 'other_party_receivable', 'agency')) <> 0
      OR sum(line.amount_cents) FILTER (WHERE line.account = 'patient_receivable') <> 0
    """
)


async def explain_claim(db: TenantSession, claim_id: UUID) -> ClaimExplanation:
    found = await explain_claims(db, [claim_id])
    if claim_id not in found:
        raise ClaimNotFound("There is no such claim.")
    return found[claim_id]


async def explain_claims(
    db: TenantSession, claim_ids: Collection[UUID]
) -> dict[UUID, ClaimExplanation]:
    """By claim, in five statements whatever their number; one that is not there is left out."""
    if not claim_ids:
        return {}
    ids = bindparam("ids", list(claim_ids), ARRAY(Uuid)).any_()
    claims = (
        await db.scalars(select(Claim).where(Claim.tenant_id == db.tenant_id, Claim.id == ids))
    ).all()
    charges = await _charges(db, claims)
    moved = await _moved(db, claim_ids)
    said = await _said(db, claim_ids)
    return {
        claim.id: _explained(
            claim,
            charges.get(claim.encounter_id, []),
            moved.get(claim.id, []),
            said.get(claim.id, []),
        )
        for claim in claims
    }


async def explain_guarantor(db: TenantSession, guarantor_id: UUID) -> GuarantorExplanation:
    """What the guarantor owes, for himself and those he pays for, and why."""
    patients = await guarantors.dependants_of(db, guarantor_id)
    ids = list(await db.scalars(_OPEN_CLAIMS, {"tenant_id": db.tenant_id, "patient_ids": patients}))
    explained = (await explain_claims(db, ids)).values()
    owed = await owing.owed_by(db, guarantor_id)
    credit = await owing.credits_of(db, [guarantor_id])
    return GuarantorExplanation(
        guarantor_id=guarantor_id,
        patient_ids=tuple(patients),
        claims=tuple(sorted(explained, key=lambda one: (one.service_from, one.claim_id))),
        sums=explaining_rules.together(one.told for one in explained),
        owed_cents=sum(item.cents for item in owed),
        credit_cents=credit.get(guarantor_id, 0),
    )


def _explained(
    claim: Claim, charges: Collection[Charge], moved: Collection[Moved], said: Collection[Said]
) -> ClaimExplanation:
    whole, by_charge = explaining_rules.explain(claim.id, moved, said)
    lines = [
        ChargeExplanation(
            charge_id=charge.id,
            n=charge.n,
            procedure_code=charge.procedure_code,
            service_on=charge.service_from,
            told=by_charge.pop(charge.id, Told(sums=Sums())),
        )
        for charge in charges
    ]
    lines += [
        ChargeExplanation(
            charge_id=charge_id, n=0, procedure_code="", service_on=claim.service_from, told=told
        )
        for charge_id, told in by_charge.items()
        if told.sums != Sums() or told.shares
    ]
    return ClaimExplanation(
        claim_id=claim.id,
        patient_id=claim.patient_id,
        receivable=claim.receivable,
        service_from=claim.service_from,
        service_to=claim.service_to,
        told=whole,
        charges=tuple(lines),
    )


async def _charges(db: TenantSession, claims: Collection[Claim]) -> Mapping[UUID, list[Charge]]:
    """By encounter, in their order."""
    ids = bindparam("ids", [claim.encounter_id for claim in claims], ARRAY(Uuid)).any_()
    rows = await db.scalars(
        select(Charge)
        .where(Charge.tenant_id == db.tenant_id, Charge.encounter_id == ids)
        .order_by(Charge.encounter_id, Charge.n)
    )
    found: dict[UUID, list[Charge]] = {}
    for row in rows:
        found.setdefault(row.encounter_id, []).append(row)
    return found


async def _moved(db: TenantSession, claim_ids: Collection[UUID]) -> Mapping[UUID, list[Moved]]:
    rows = await db.execute(_MOVED, {"tenant_id": db.tenant_id, "claim_ids": list(claim_ids)})
    found: dict[UUID, list[Moved]] = {}
    for row in rows:
        found.setdefault(row.of_claim, []).append(
            Moved(
                entry_id=row.entry_id,
                account=Account(row.account),
                cents=row.amount_cents,
                party_kind=row.party_kind,
                party_id=row.party_id,
                claim_id=row.claim_id,
                charge_id=row.charge_id,
                group=row.group_code,
                reason=row.reason_code,
            )
        )
    return found


async def _said(db: TenantSession, claim_ids: Collection[UUID]) -> Mapping[UUID, list[Said]]:
    """What stands: a payer's word that it took back does not count."""
    rows = await db.scalars(
        select(LineAdjudication)
        .where(
            LineAdjudication.tenant_id == db.tenant_id,
            LineAdjudication.claim_id == bindparam("ids", list(claim_ids), ARRAY(Uuid)).any_(),
            LineAdjudication.reversed_by.is_(None),
        )
        .order_by(LineAdjudication.id)
    )
    found: dict[UUID, list[Said]] = {}
    for row in rows:
        found.setdefault(row.claim_id, []).append(
            Said(
                charge_id=row.charge_id,
                payer_id=row.payer_id,
                sequence=row.sequence,
                adjudicated_on=row.adjudicated_on,
                allowed_cents=row.allowed_cents,
                denied=row.denied,
                adjustments=row.adjustments,
            )
        )
    return found
