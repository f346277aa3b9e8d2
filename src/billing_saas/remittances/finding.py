"""Which claims of ours a batch of claim payments names, and as what they stand: found and locked.

CLP01 is our own random CLM01 and is tried first; a number of the practice's own system is found by
its blind index.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from billing_saas.claims import finding as claims
from billing_saas.kit.db import TenantSession
from billing_saas.phi.rules import identifier_1


@dataclass(frozen=True, slots=True)
class OurClaim:
    """A submission's claim, as matching and posting need it."""

    id: UUID
    patient_id: UUID
    submission_id: UUID
    sent_as: str
    adjudication: str
    charge_cents: int
    receivable: str
    payers: Mapping[str, UUID]
    spare_patient: bool


_CLAIM_COLUMNS = """
    s.patient_control_number, s.id AS submission_id, s.sequence, s.adjudication,
    c.id, c.patient_id, c.charge_cents, c.receivable
    """
_IDS_BY_NUMBER = text(
    """
    SELECT s.patient_control_number AS number, s.claim_id
    FROM unnest(CAST(:numbers AS text[])) AS paid (number)
    JOIN submission s ON s.tenant_id = :tenant_id AND s.patient_control_number = paid.number
    """
)
# In the order of their ids: two postings that share claims wait for each other, and not in a ring.
_LOCK = text(
    """
    SELECT c.id FROM unnest(CAST(:claim_ids AS uuid[])) AS found (id)
    JOIN claim c ON c.tenant_id = :tenant_id AND c.id = found.id
    ORDER BY c.id FOR UPDATE OF c
    """
)
_BY_NUMBER = text(
    f"""
    SELECT {_CLAIM_COLUMNS}
    FROM unnest(CAST(:numbers AS text[])) AS paid (number)
    JOIN submission s ON s.tenant_id = :tenant_id AND s.patient_control_number = paid.number
    JOIN claim c ON c.tenant_id = :tenant_id AND c.id = s.claim_id
    """  # noqa: S608  # a constant of this file
)
# The account number is the claim's, whoever it was sent to: the submission to this payer is meant.
_BY_CLAIM = text(
    f"""
    SELECT DISTINCT ON (c.id) {_CLAIM_COLUMNS}
    FROM unnest(CAST(:claim_ids AS uuid[])) AS found (id)
    JOIN claim c ON c.tenant_id = :tenant_id AND c.id = found.id
    JOIN submission s ON s.tenant_id = :tenant_id AND s.claim_id = c.id
    ORDER BY c.id, s.payer_id <> :payer_id, s.id DESC
    """  # noqa: S608  # a constant of this file
)
_PAYERS = text(
    """
    SELECT cc.claim_id, cc.sequence, cc.payer_id, coverage.qualified_medicare_beneficiary AS spared
    FROM unnest(CAST(:claim_ids AS uuid[])) AS found (id)
    JOIN claim_coverage cc ON cc.tenant_id = :tenant_id AND cc.claim_id = found.id
    JOIN coverage ON coverage.tenant_id = :tenant_id AND coverage.id = cc.coverage_id
    ORDER BY cc.claim_id, cc.sequence
    """
)


async def lock(db: TenantSession, claim_ids: Iterable[UUID]) -> None:
    """Until the transaction ends nobody else posts to, takes back from, or moves these claims."""
    await db.execute(_LOCK, {"tenant_id": db.tenant_id, "claim_ids": list(claim_ids)})


async def claims_by_number(
    db: TenantSession, payer_id: UUID, numbers: Collection[str]
) -> dict[str, OurClaim]:
    """CLP01 to our claim: by our own number, else by the practice's account number."""
    ours = {"tenant_id": db.tenant_id, "numbers": sorted(set(numbers))}
    sent = {row.number: row.claim_id for row in await db.execute(_IDS_BY_NUMBER, ours)}
    accounts = await _by_account_number(db, set(numbers) - sent.keys())
    claim_ids = {*sent.values(), *accounts.values()}
    if not claim_ids:
        return {}
    # Read after the lock: what another posting was just doing to these claims is done.
    await lock(db, claim_ids)
    found = {row.patient_control_number: row for row in await db.execute(_BY_NUMBER, ours)}
    if accounts:
        asked = {"tenant_id": db.tenant_id, "claim_ids": list(set(accounts.values()))}
        rows = await db.execute(_BY_CLAIM, {**asked, "payer_id": payer_id})
        by_claim = {row.id: row for row in rows}
        found |= {
            number: by_claim[claim_id]
            for number, claim_id in accounts.items()
            if claim_id in by_claim
        }
    payers, spared = await payers_of(db, claim_ids)
    return {
        number: _our_claim(row, payers.get(row.id, {}), row.id in spared)
        for number, row in found.items()
    }


def _our_claim(row: Row[Any], payers: Mapping[str, UUID], spared: bool) -> OurClaim:
    return OurClaim(
        id=row.id,
        patient_id=row.patient_id,
        submission_id=row.submission_id,
        sent_as=row.sequence,
        adjudication=row.adjudication,
        charge_cents=row.charge_cents,
        receivable=row.receivable,
        payers=payers,
        spare_patient=spared,
    )


async def payers_of(
    db: TenantSession, claim_ids: Iterable[UUID]
) -> tuple[dict[UUID, dict[str, UUID]], set[UUID]]:
    """By claim, its payers in their order; and the claims whose patient may not be billed."""
    payers: dict[UUID, dict[str, UUID]] = {}
    spared: set[UUID] = set()
    asked = {"tenant_id": db.tenant_id, "claim_ids": list(claim_ids)}
    for row in await db.execute(_PAYERS, asked):
        payers.setdefault(row.claim_id, {})[row.sequence] = row.payer_id
        if row.spared:
            spared.add(row.claim_id)
    return payers, spared


async def _by_account_number(db: TenantSession, numbers: Collection[str]) -> dict[str, UUID]:
    """A number that only one claim of the practice bears; one that several bear finds none."""
    found = await claims.by_account_numbers(db, numbers)
    only = {form: borne[0].claim_id for form, borne in found.items() if len(borne) == 1}
    return {number: only[form] for number in numbers if (form := identifier_1(number)) in only}
