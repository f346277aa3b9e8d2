"""Make claims of visits that are ready to bill, each with its payers and its first submission."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

import msgspec

from billing_saas.audit import contents, trail
from billing_saas.audit.rules import Classes
from billing_saas.claims import rules, transitions
from billing_saas.claims.rules import AccountNumber, Standing
from billing_saas.claims.tables import Claim, ClaimCoverage, ClaimEvent, Submission
from billing_saas.claims.transitions import Move
from billing_saas.kit import bulk, clock
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.kit.ids import new_id
from billing_saas.phi import indexing, keyring
from billing_saas.phi.registry import CLAIM_ACCOUNT_NUMBER, CLAIM_PHI_DEMO
from billing_saas.phi.rules import identifier_1


class ClaimPayer(msgspec.Struct, frozen=True):
    """One payer of a claim, in its place of order: P, S or T."""

    sequence: str
    coverage_id: UUID
    payer_id: UUID


class NewClaim(msgspec.Struct, frozen=True, kw_only=True):
    """`asked` is the place of the payer to bill first, empty where the patient pays for himself."""

    id: UUID
    encounter_id: UUID
    patient_id: UUID
    billing_provider_id: UUID
    charge_cents: int
    service_from: date
    service_to: date
    payers: tuple[ClaimPayer, ...]
    asked: str
    account_number: str = ""

    def __repr__(self) -> str:
        return f"<NewClaim {self.id}>"


class Assembled(msgspec.Struct, frozen=True):
    """`submission_id` is None for a claim that no payer is asked to pay."""

    claim_id: UUID
    submission_id: UUID | None


async def assemble_many(
    db: TenantSession,
    actor: Actor,
    claims: Sequence[NewClaim],
    *,
    why: str,
    source_type: str,
    source_id: UUID | None,
) -> list[Assembled]:
    """Write claims that are ready, and queue a submission to the payer asked first.

    `why`, `source_type` and `source_id` say in each claim's first events where it came from.
    """
    if not claims:
        return []
    rows = await _write_claims(db, claims)
    await bulk.insert_rows(
        db,
        ClaimCoverage,
        [
            {
                "claim_id": claim.id,
                "sequence": payer.sequence,
                "coverage_id": payer.coverage_id,
                "payer_id": payer.payer_id,
            }
            for claim in claims
            for payer in claim.payers
        ],
    )
    submissions = await _write_submissions(db, claims)
    births = [
        Move(
            field=field,
            claim_id=claim.id,
            submission_id=submissions.get(claim.id) if field in rules.OF_SUBMISSION else None,
            to_state=state,
            why=why,
            source_type=source_type,
            source_id=source_id,
        )
        for claim in claims
        for field, state in _first_states(claim)
    ]
    at = clock.now()
    await bulk.insert_rows(
        db, ClaimEvent, [transitions.event(actor, at, move, rules.NEW) for move in births]
    )
    await trail.record(
        db,
        actor,
        "claim.assemble",
        object_type="claim",
        object_id=claims[0].id if len(claims) == 1 else None,
        subjects=[claim.patient_id for claim in claims],
        classes=Classes.DEMOGRAPHIC,
        sealed=contents.of_rows(rows, CLAIM_PHI_DEMO),
        detail={"claims": len(claims)},
    )
    return [Assembled(claim.id, submissions.get(claim.id)) for claim in claims]


def _first_states(claim: NewClaim) -> list[tuple[str, str]]:
    states = [("work", "ready"), ("receivable", _receivable(claim))]
    return [*states, ("delivery", "queued")] if claim.asked else states


def _receivable(claim: NewClaim) -> str:
    # Self-pay starts at the patient.
    return rules.RECEIVABLE_OF[claim.asked] if claim.asked else "patient"


async def _write_claims(db: TenantSession, claims: Sequence[NewClaim]) -> list[dict[str, Any]]:
    ring = await keyring.of(db)
    now = clock.now()
    rows: list[dict[str, Any]] = [
        {
            "id": claim.id,
            "encounter_id": claim.encounter_id,
            "patient_id": claim.patient_id,
            "billing_provider_id": claim.billing_provider_id,
            "work": "ready",
            "receivable": _receivable(claim),
            "next_action_owner": rules.next_action_owner(
                Standing("ready", _receivable(claim), "queued" if claim.asked else "")
            ),
            "charge_cents": claim.charge_cents,
            "service_from": claim.service_from,
            "service_to": claim.service_to,
            "phi_demo": ring.seal(
                CLAIM_PHI_DEMO, claim.id, AccountNumber(account_number=claim.account_number)
            ),
            "key_ver": ring.key_ver,
            "version": 1,
            "created_at": now,
        }
        for claim in claims
    ]
    await bulk.insert_rows(db, Claim, rows)
    await indexing.put(
        db,
        CLAIM_ACCOUNT_NUMBER,
        [
            (ring.token(CLAIM_ACCOUNT_NUMBER, claim.account_number), claim.id)
            for claim in claims
            if identifier_1(claim.account_number)
        ],
    )
    return rows


async def _write_submissions(db: TenantSession, claims: Sequence[NewClaim]) -> dict[UUID, UUID]:
    """The first submission of each claim that a payer is asked to pay, by claim."""
    now = clock.now()
    rows: list[dict[str, Any]] = []
    for claim in claims:
        asked = [payer for payer in claim.payers if payer.sequence == claim.asked]
        rows += [
            {
                "id": new_id(),
                "claim_id": claim.id,
                "payer_id": payer.payer_id,
                "sequence": payer.sequence,
                "frequency": "1",
                "patient_control_number": rules.new_claim_number(),
                "delivery": "queued",
                "adjudication": "none",
                "charge_cents": claim.charge_cents,
                "created_at": now,
            }
            for payer in asked
        ]
    await bulk.insert_rows(db, Submission, rows)
    return {row["claim_id"]: row["id"] for row in rows}
