"""Put policies on file under their patients, many by a few statements."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from billing_saas.audit import contents, trail
from billing_saas.audit.rules import Classes
from billing_saas.coverage import finding, rules
from billing_saas.coverage.finding import Held
from billing_saas.coverage.rules import SeenCoverage
from billing_saas.coverage.tables import Coverage
from billing_saas.kit import bulk, clock
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.kit.ids import new_id
from billing_saas.phi import indexing, keyring
from billing_saas.phi.registry import COVERAGE_MEMBER_ID, COVERAGE_PHI_DEMO


async def enroll_many(db: TenantSession, actor: Actor, seen: Sequence[SeenCoverage]) -> list[UUID]:
    """The coverage of each, in order: the patient's own policy on file where it is the same one."""
    held = await finding.of_patients(db, {coverage.patient_id for coverage in seen})
    wallet = _Wallet(held)
    ids = [wallet.hold(coverage) for coverage in seen]
    await _write_new(db, actor, wallet.new)
    await _write_changed(db, actor, wallet.changed)
    return ids


class _Wallet:
    """The policies of these patients on file, and those this call adds."""

    def __init__(self, held: Mapping[UUID, Sequence[Held]]) -> None:
        self._held = {patient_id: list(policies) for patient_id, policies in held.items()}
        self.new: dict[UUID, Held] = {}
        self.changed: dict[UUID, Held] = {}

    def hold(self, seen: SeenCoverage) -> UUID:
        policies = self._held.setdefault(seen.patient_id, [])
        for at, known in enumerate(policies):
            if known.payer_id == seen.payer_id and rules.is_same_policy(known.policy, seen.policy):
                policies[at] = self._note(known, seen)
                return known.id
        added = Held(
            id=new_id(),
            patient_id=seen.patient_id,
            payer_id=seen.payer_id,
            sequence=seen.sequence,
            relationship=seen.relationship,
            filing_indicator=seen.filing_indicator,
            qualified_medicare_beneficiary=seen.qualified_medicare_beneficiary,
            policy=seen.policy,
        )
        policies.append(added)
        self.new[added.id] = added
        return added.id

    def _note(self, known: Held, seen: SeenCoverage) -> Held:
        """The order of payers and the like may change from visit to visit: the latest is on file."""
        noted = msgspec.structs.replace(
            known,
            policy=rules.amended(known.policy, seen.policy),
            sequence=seen.sequence,
            relationship=seen.relationship,
            filing_indicator=seen.filing_indicator or known.filing_indicator,
        )
        if noted == known:
            return known
        (self.new if known.id in self.new else self.changed)[known.id] = noted
        return noted


async def _write_new(db: TenantSession, actor: Actor, new: Mapping[UUID, Held]) -> None:
    if not new:
        return
    ring = await keyring.of(db)
    now = clock.now()
    rows: list[dict[str, Any]] = [
        {
            "id": held.id,
            "patient_id": held.patient_id,
            "payer_id": held.payer_id,
            "sequence": held.sequence,
            "relationship": held.relationship,
            "filing_indicator": held.filing_indicator,
            "qualified_medicare_beneficiary": held.qualified_medicare_beneficiary,
            "phi_demo": ring.seal(COVERAGE_PHI_DEMO, held.id, held.policy),
            "key_ver": ring.key_ver,
            "created_at": now,
        }
        for held in new.values()
    ]
    await bulk.insert_rows(db, Coverage, rows)
    await indexing.put(
        db,
        COVERAGE_MEMBER_ID,
        [
            (ring.token(COVERAGE_MEMBER_ID, held.policy.member_id), held.id)
            for held in new.values()
            if rules.comparable(held.policy.member_id)
        ],
    )
    await _tell(db, actor, "coverage.enroll", new, rows)


async def _write_changed(db: TenantSession, actor: Actor, changed: Mapping[UUID, Held]) -> None:
    if not changed:
        return
    ring = await keyring.of(db)
    rows: list[dict[str, Any]] = [
        {
            "id": held.id,
            "sequence": held.sequence,
            "relationship": held.relationship,
            "filing_indicator": held.filing_indicator,
            "phi_demo": ring.seal(COVERAGE_PHI_DEMO, held.id, held.policy),
            "key_ver": ring.key_ver,
        }
        for held in changed.values()
    ]
    await bulk.update_rows(db, Coverage, rows)
    await indexing.put(
        db,
        COVERAGE_MEMBER_ID,
        [
            (ring.token(COVERAGE_MEMBER_ID, held.policy.member_id), held.id)
            for held in changed.values()
            if rules.comparable(held.policy.member_id)
        ],
    )
    await _tell(db, actor, "coverage.amend", changed, rows)


async def _tell(
    db: TenantSession,
    actor: Actor,
    action: str,
    held: Mapping[UUID, Held],
    rows: Sequence[Mapping[str, Any]],
) -> None:
    await trail.record(
        db,
        actor,
        action,
        object_type="coverage",
        object_id=rows[0]["id"] if len(rows) == 1 else None,
        subjects=[coverage.patient_id for coverage in held.values()],
        classes=Classes.DEMOGRAPHIC,
        sealed=contents.of_rows(rows, COVERAGE_PHI_DEMO),
        detail={"count": len(rows)},
    )
