"""Bring together the rows that a batch of submissions speaks of, by a handful of statements."""

from collections.abc import Iterable, Sequence
from uuid import UUID

import msgspec
from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Uuid

from billing_saas.claims.errors import CannotBeSent, SubmissionNotFound
from billing_saas.claims.forms import Parts
from billing_saas.claims.rules import PayerControlNumber
from billing_saas.claims.tables import Claim, ClaimCoverage, Submission
from billing_saas.coverage import finding as coverages
from billing_saas.coverage.finding import Held
from billing_saas.encounters import queries as encounters
from billing_saas.encounters.queries import Visit
from billing_saas.kit.db import TenantSession
from billing_saas.patients import finding as patients
from billing_saas.patients.finding import Known
from billing_saas.payers import queries as payers
from billing_saas.payers.tables import Payer
from billing_saas.phi import keyring
from billing_saas.phi.registry import SUBMISSION_PHI_DEMO
from billing_saas.providers import queries as providers
from billing_saas.providers.tables import Provider


async def submissions(db: TenantSession, submission_ids: Sequence[UUID]) -> list[Submission]:
    rows = await db.scalars(
        select(Submission).where(
            Submission.tenant_id == db.tenant_id,
            Submission.id == bindparam("ids", list(submission_ids), ARRAY(Uuid)).any_(),
        )
    )
    by_id = {row.id: row for row in rows}
    if any(submission_id not in by_id for submission_id in submission_ids):
        raise SubmissionNotFound("There is no such submission.")
    return [by_id[submission_id] for submission_id in submission_ids]


class _Gathered(msgspec.Struct, frozen=True):
    """Everything that a batch of submissions speaks of, by id."""

    claims: dict[UUID, Claim]
    order: dict[UUID, list[ClaimCoverage]]
    held: dict[UUID, Held]
    visits: dict[UUID, Visit]
    patients: dict[UUID, Known]
    payers: dict[UUID, Payer]
    providers: dict[UUID, Provider]

    def __repr__(self) -> str:
        return "<Gathered>"


async def gather(db: TenantSession, submission_ids: Sequence[UUID]) -> list[Parts]:
    sent = await submissions(db, submission_ids)
    claim_ids = bindparam(
        "claim_ids", [submission.claim_id for submission in sent], ARRAY(Uuid)
    ).any_()
    claims = {
        claim.id: claim
        for claim in await db.scalars(
            select(Claim).where(Claim.tenant_id == db.tenant_id, Claim.id == claim_ids)
        )
    }
    order: dict[UUID, list[ClaimCoverage]] = {}
    for named in await db.scalars(
        select(ClaimCoverage)
        .where(ClaimCoverage.tenant_id == db.tenant_id, ClaimCoverage.claim_id == claim_ids)
        .order_by(ClaimCoverage.claim_id, ClaimCoverage.sequence)
    ):
        order.setdefault(named.claim_id, []).append(named)
    visits = await encounters.visits(db, [claim.encounter_id for claim in claims.values()])
    named_coverages = [named for chosen in order.values() for named in chosen]
    gathered = _Gathered(
        claims=claims,
        order=order,
        held={
            held.id: held
            for held in await coverages.by_ids(db, {named.coverage_id for named in named_coverages})
        },
        visits=visits,
        patients=await patients.known(db, {claim.patient_id for claim in claims.values()}),
        payers=await payers.by_ids(db, {named.payer_id for named in named_coverages}),
        providers=await providers.by_ids(db, _provider_ids(visits.values())),
    )
    references = await _references(db, sent)
    return [_parts(gathered, submission, references) for submission in sent]


def _provider_ids(visits: Iterable[Visit]) -> set[UUID]:
    ids = set()
    for visit in visits:
        ids.add(visit.encounter.billing_provider_id)
        if visit.encounter.rendering_provider_id is not None:
            ids.add(visit.encounter.rendering_provider_id)
    return ids


async def _references(
    db: TenantSession, sent: Iterable[Submission]
) -> dict[UUID, PayerControlNumber]:
    """What the payer called each submission that the ones to send replace."""
    replaced = {s.id: s.replaces for s in sent if s.replaces is not None}
    found: dict[UUID, PayerControlNumber] = {}
    if not replaced:
        return found
    originals = {row.id: row for row in await submissions(db, sorted(set(replaced.values())))}
    for submission_id, original_id in replaced.items():
        original = originals[original_id]
        if original.phi_demo is not None:
            ring = await keyring.of(db, original.key_ver or 0)
            found[submission_id] = ring.open(
                SUBMISSION_PHI_DEMO, original.id, original.phi_demo, PayerControlNumber
            )
    return found


def _parts(
    gathered: _Gathered, submission: Submission, references: dict[UUID, PayerControlNumber]
) -> Parts:
    claim = gathered.claims[submission.claim_id]
    visit = gathered.visits[claim.encounter_id]
    chosen = {named.sequence: named for named in gathered.order.get(claim.id, [])}
    asked = chosen[submission.sequence]
    reference = references.get(submission.id, PayerControlNumber())
    if submission.frequency != "1" and not reference.payer_control_number:
        raise CannotBeSent(
            "A replacement or a void must name the payer's own number of the claim (REF*F8).",
            submission_id=submission.id,
        )
    rendering = visit.encounter.rendering_provider_id
    return Parts(
        submission=submission,
        charge_cents=submission.charge_cents,
        visit=visit,
        patient=gathered.patients[claim.patient_id].demographics,
        coverage=gathered.held[asked.coverage_id],
        payer=gathered.payers[asked.payer_id],
        others=[
            (sequence, gathered.held[named.coverage_id], gathered.payers[named.payer_id])
            for sequence, named in sorted(chosen.items())
            if sequence != submission.sequence
        ],
        billing_provider=gathered.providers[visit.encounter.billing_provider_id],
        rendering_provider=gathered.providers[rendering] if rendering else None,
        reference=reference,
    )
