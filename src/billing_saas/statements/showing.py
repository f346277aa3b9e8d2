"""Explanations for staff: who may, what is masked, and what the trail is told."""

from collections.abc import Iterable
from uuid import UUID

import msgspec

from billing_saas.audit import trail
from billing_saas.audit.rules import Classes
from billing_saas.claims import queries as claims
from billing_saas.claims.errors import ClaimNotFound
from billing_saas.duties import visibility
from billing_saas.duties.errors import NotShown
from billing_saas.duties.visibility_rules import Field
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.patients import queries as patients
from billing_saas.patients.errors import PatientNotFound
from billing_saas.patients.rules import NameOnly
from billing_saas.payers import queries as payers
from billing_saas.statements import explaining
from billing_saas.statements.explaining import ClaimExplanation, GuarantorExplanation

READ = "statements.read"


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """The names that an explanation speaks of: of payers and of patients."""

    payers: dict[UUID, str]
    patients: dict[UUID, NameOnly]

    def __repr__(self) -> str:
        return "<Named>"


class ClaimShown(msgspec.Struct, frozen=True, kw_only=True):
    """`masked`: procedure codes are blank, because who asks does not see them."""

    claim: ClaimExplanation
    named: Named
    masked: tuple[str, ...]

    def __repr__(self) -> str:
        return f"<ClaimShown {self.claim.claim_id}>"


class GuarantorShown(msgspec.Struct, frozen=True, kw_only=True):
    guarantor: GuarantorExplanation
    named: Named
    masked: tuple[str, ...]

    def __repr__(self) -> str:
        return f"<GuarantorShown {self.guarantor.guarantor_id}>"


async def claim(db: TenantSession, actor: Actor, claim_id: UUID) -> ClaimShown:
    """Why anything is owed of a claim. `NotShown` to who sees no amounts: there is nothing else in it."""
    actor.must(READ)
    found = await claims.by_id(db, claim_id)
    if not actor.may_see(found.patient_id):
        raise ClaimNotFound("There is no such claim.")
    masked = await _masked(db, actor)
    explained = await explaining.explain_claim(db, claim_id)
    named = await names(db, [explained])
    await trail.record(
        db,
        actor,
        "claim.explanation",
        object_type="claim",
        object_id=claim_id,
        subjects=[found.patient_id],
        classes=Classes.DEMOGRAPHIC,
    )
    return ClaimShown(claim=_without_codes(explained, masked), named=named, masked=masked)


async def guarantor(db: TenantSession, actor: Actor, guarantor_id: UUID) -> GuarantorShown:
    """All that a guarantor owes, and why: his own, and of those he pays for."""
    actor.must(READ)
    await patients.must_exist(db, guarantor_id)
    if not actor.may_see(guarantor_id):
        raise PatientNotFound("There is no such patient.")
    masked = await _masked(db, actor)
    explained = await explaining.explain_guarantor(db, guarantor_id)
    named = await names(db, explained.claims, also=[guarantor_id])
    await trail.record(
        db,
        actor,
        "patient.explanation",
        object_type="patient",
        object_id=guarantor_id,
        subjects=[guarantor_id, *(one.patient_id for one in explained.claims)],
        classes=Classes.DEMOGRAPHIC,
        detail={"count": len(explained.claims)},
    )
    shown = tuple(_without_codes(one, masked) for one in explained.claims)
    return GuarantorShown(
        guarantor=msgspec.structs.replace(explained, claims=shown), named=named, masked=masked
    )


async def names(
    db: TenantSession, explained: Iterable[ClaimExplanation], *, also: Iterable[UUID] = ()
) -> Named:
    """For pages that check who asks, and tell the trail whose names they opened."""
    explained = list(explained)
    plans = {plan.payer_id for one in explained for plan in one.told.plans}
    people = {one.patient_id for one in explained} | set(also)
    return Named(
        payers={payer.id: payer.name for payer in (await payers.by_ids(db, plans)).values()},
        patients=await patients.names(db, people),
    )


async def _masked(db: TenantSession, actor: Actor) -> tuple[str, ...]:
    sight = await visibility.of(db, actor, Field.AMOUNTS, Field.PROCEDURES)
    if not sight.sees(Field.AMOUNTS):
        raise NotShown("Your roles show no amounts.", field="amounts")
    return sight.masked(Field.PROCEDURES)


def _without_codes(explained: ClaimExplanation, masked: tuple[str, ...]) -> ClaimExplanation:
    if not masked:
        return explained
    bare = [msgspec.structs.replace(one, procedure_code="") for one in explained.charges]
    return msgspec.structs.replace(explained, charges=tuple(bare))
