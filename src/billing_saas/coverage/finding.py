"""Policies on file, by member id (blind index, then opened and compared again) and by patient."""

from collections.abc import Iterable, Sequence
from uuid import UUID

import msgspec
from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.types import Uuid

from billing_saas.coverage import rules
from billing_saas.coverage.rules import Policy
from billing_saas.coverage.tables import Coverage
from billing_saas.kit.db import TenantSession
from billing_saas.phi import indexing, keyring
from billing_saas.phi.registry import COVERAGE_MEMBER_ID, COVERAGE_PHI_DEMO


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """A coverage on file, opened."""

    id: UUID
    patient_id: UUID
    payer_id: UUID
    sequence: str
    relationship: str
    filing_indicator: str
    qualified_medicare_beneficiary: bool
    policy: Policy

    def __repr__(self) -> str:
        return f"<Held {self.id}>"


async def by_member_id(db: TenantSession, member_ids: Iterable[str]) -> dict[str, list[Held]]:
    """The coverages of each member id, by its comparable form. The caller records that it looked."""
    comparable = {plain for member_id in member_ids if (plain := rules.comparable(member_id))}
    ring = await keyring.of(db)
    tokens = [ring.token(COVERAGE_MEMBER_ID, plain) for plain in comparable]
    found = await indexing.find(db, COVERAGE_MEMBER_ID, tokens)
    ids = [coverage_id for row_ids in found.values() for coverage_id in row_ids]
    held: dict[str, list[Held]] = {}
    for coverage in await by_ids(db, ids):
        plain = rules.comparable(coverage.policy.member_id)
        if plain in comparable:
            held.setdefault(plain, []).append(coverage)
    return held


async def of_patients(
    db: TenantSession, patient_ids: Iterable[UUID], *, sealed: bool = False
) -> dict[UUID, list[Held]]:
    """What each patient has on file; `sealed`: without opening the policies. The caller records that
    it looked."""
    held: dict[UUID, list[Held]] = {}
    for coverage in await _opened(db, Coverage.patient_id, list(patient_ids), sealed=sealed):
        held.setdefault(coverage.patient_id, []).append(coverage)
    return held


async def by_ids(db: TenantSession, ids: Iterable[UUID]) -> list[Held]:
    return await _opened(db, Coverage.id, list(ids))


async def _opened(
    db: TenantSession,
    column: InstrumentedAttribute[UUID],
    ids: Sequence[UUID],
    *,
    sealed: bool = False,
) -> list[Held]:
    if not ids:
        return []
    query = select(Coverage).where(
        Coverage.tenant_id == db.tenant_id,
        column == bindparam("ids", list(ids), ARRAY(Uuid)).any_(),
    )
    rows = (await db.scalars(query.order_by(Coverage.id))).all()
    ring = await keyring.of(db, max((row.key_ver for row in rows), default=0))
    return [
        Held(
            id=row.id,
            patient_id=row.patient_id,
            payer_id=row.payer_id,
            sequence=row.sequence,
            relationship=row.relationship,
            filing_indicator=row.filing_indicator,
            qualified_medicare_beneficiary=row.qualified_medicare_beneficiary,
            policy=(
                Policy() if sealed else ring.open(COVERAGE_PHI_DEMO, row.id, row.phi_demo, Policy)
            ),
        )
        for row in rows
    ]
